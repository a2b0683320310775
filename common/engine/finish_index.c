#include "engine/finish_index.h"

#include <string.h>

#include "base/array.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/again.h"
#include "engine/duplicates.h"
#include "engine/held_build.h"
#include "engine/index_build.h"
#include "engine/index_crew.h"
#include "engine/index_watch.h"
#include "mongo/catalog.h"

enum { CODE_DUPLICATE = 11000 };

/* The work on one collection. */
struct finish {
	const struct finish_opts *o;
	struct conn *conn;
	struct finish_result *out; /* of this collection */
	bson_error_t *error;
};

/* ---------------------------------------------------------------- making */

static bool
set_lifetime(struct finish *f, const char *ns, const bson_t *spec)
{
	bson_t command = BSON_INITIALIZER;
	char db[NS_MAX + 1];
	const char *coll;
	unsigned tries = 0;
	int64_t seconds;
	bool ok;

	if (!index_is_ttl(spec, &seconds) || !ns_split(ns, db, &coll))
		return error_set(f->error, MM_EXIT_REFUSED, 0,
		    "\"%s\": index \"%s\" of the job has no lifetime", ns,
		    held_name(spec));
	BSON_APPEND_UTF8(&command, "collMod", coll);
	if (index_is_cluster(spec))
		BSON_APPEND_INT64(&command, "expireAfterSeconds", seconds);
	else
		BCON_APPEND(&command, "index", "{", "name",
		    BCON_UTF8(held_name(spec)), "expireAfterSeconds",
		    BCON_INT64(seconds), "}");
	do
		ok = conn_ddl(f->conn, db, &command, NULL, f->error);
	while (!ok && again(f->conn, f->error, &tries));
	bson_destroy(&command);
	return ok || error_prefix(f->error, "\"%s\"", ns);
}

/* *made: it exists now. */
static bool
build(struct finish *f, const char *ns, const bson_t *spec, bool *made)
{
	bson_t one = BSON_INITIALIZER;
	bool ok;

	*made = false;
	BSON_APPEND_DOCUMENT(&one, "0", spec);
	ok = index_is_ttl(spec, NULL)
	    ? index_build_asleep(f->conn, ns, spec, f->error)
	    : index_build(f->conn, ns, &one, f->error);
	bson_destroy(&one);
	*made = ok;
	if (ok || f->error->code != CODE_DUPLICATE)
		return ok;
	duplicates_list(f->conn, ns, spec, f->error->message, &f->out->refused);
	f->out->n_refused++;
	return true;
}

/* All unique ones with one scan. Where some have duplicates, none is made: then
 * each is tried for itself. */
static bool
build_together(struct finish *f, const char *ns, const bson_t *list)
{
	bson_t specs = BSON_INITIALIZER;
	uint32_t n = 0;
	struct held h;
	bool ok = true;

	for (uint32_t i = 0; held_at(list, i, &h); i++)
		if (strcmp(h.why, "unique") == 0 &&
		    !index_is_ttl(&h.spec, NULL))
			array_add(&specs, &n, &h.spec);
	if (n > 1)
		ok = index_build(f->conn, ns, &specs, f->error) ||
		    f->error->code == CODE_DUPLICATE;
	bson_destroy(&specs);
	return ok;
}

/* One index; the list is saved after each, so that a stop loses nothing. */
static bool
one(struct finish *f, const char *ns, const struct held *h, bson_t *list,
    bool born)
{
	bool made = true;
	bson_t spec;
	bool ok;

	if (sig_stopping())
		return error_set(f->error, MM_EXIT_STOPPED, 0,
		    "stopped by a signal before all indexes were made");
	if (strcmp(h->why, "unique") != 0 && !f->o->wake)
		return true;
	bson_copy_to(&h->spec, &spec);
	if (strcmp(h->why, "unique") == 0) {
		ok = build(f, ns, &spec, &made);
		f->out->built += ok && made;
		if (made && index_is_ttl(&spec, NULL))
			held_put(list, ns, &spec, "ttl");
		else if (made)
			held_remove(list, held_name(&spec));
	} else {
		ok = set_lifetime(f, ns, &spec);
		f->out->woken += ok;
		held_remove(list, held_name(&spec));
	}
	ok = ok && (!made || job_own_as(f->o->job, ns, list, born, f->error));
	bson_destroy(&spec);
	return ok;
}

/* A unique index with a lifetime is first built, then woken. */
static bool
both_passes(struct finish *f, const char *ns)
{
	bson_t list, copy;
	struct held h;
	bool born, ok = true;

	for (int pass = 0; ok && pass < 2; pass++) {
		ok = job_owned(f->o->job, ns, &list, &born, f->error) >= 0;
		ok = ok && (pass > 0 || build_together(f, ns, &list));
		bson_copy_to(&list, &copy);
		for (uint32_t i = 0; ok && held_at(&copy, i, &h); i++)
			if ((strcmp(h.why, "unique") == 0) == (pass == 0))
				ok = one(f, ns, &h, &list, born);
		bson_destroy(&copy);
		bson_destroy(&list);
	}
	return ok;
}

/* 1, 0, -1 */
static int
has_work(struct finish *f, const char *ns)
{
	struct held h;
	bson_t list;
	bool born;
	int got = job_owned(f->o->job, ns, &list, &born, f->error), any = 0;

	for (uint32_t i = 0; got > 0 && held_at(&list, i, &h); i++)
		any |= f->o->wake || strcmp(h.why, "ttl") != 0;
	bson_destroy(&list);
	return got < 0 ? got : any;
}

static bool
collection(struct finish *f, const char *ns)
{
	bool ok;

	if (f->o->enter && !f->o->enter(f->o->arg, ns, f->error))
		return false;
	ok = held_build(f->conn, f->o->job, ns, f->error) && both_passes(f, ns);
	if (f->o->leave)
		f->o->leave(f->o->arg, ns);
	return ok;
}

struct names {
	char **item;
	struct finish_result *result; /* of each */
	size_t n;
};

static void
note(void *arg, const char *ns)
{
	struct names *names = arg;

	names->item =
	    bson_realloc(names->item, (names->n + 1) * sizeof *names->item);
	names->item[names->n++] = bson_strdup(ns);
}

/* Those that have something to do stay. */
static bool
with_work(struct finish *f, struct names *names)
{
	size_t kept = 0;
	int any = 0;

	for (size_t i = 0; i < names->n; i++) {
		any = any < 0 ? any : has_work(f, names->item[i]);
		if (any > 0)
			names->item[kept++] = names->item[i];
		else
			bson_free(names->item[i]);
	}
	names->n = kept;
	return any >= 0;
}

void
finish_result_init(struct finish_result *r)
{
	*r = (struct finish_result){.built = 0};
	bson_init(&r->refused);
}

void
finish_result_release(struct finish_result *r)
{
	bson_destroy(&r->refused);
}

struct together {
	const struct finish_opts *o;
	struct names *names;
};

static bool
finish_one(void *arg, struct conn *c, size_t i, bson_error_t *error)
{
	struct together *t = arg;
	struct finish f = {t->o, c, &t->names->result[i], error};
	bool ok = collection(&f, t->names->item[i]);

	status_add("index_collections", 1);
	return ok;
}

static bool
is_ours(void *arg, const char *ns)
{
	struct names *names = arg;

	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->item[i], ns) == 0)
			return true;
	return false;
}

static bool
run(const struct finish_opts *opts, struct names *names, bson_error_t *error)
{
	struct together t = {opts, names};

	if (names->n == 0)
		return true;
	names->result = bson_aligned_alloc(BSON_ALIGNOF(struct finish_result),
	    names->n * sizeof *names->result);
	for (size_t i = 0; i < names->n; i++)
		finish_result_init(&names->result[i]);
	status_int("index_collections", 0);
	status_int("index_collections_total", (int64_t)names->n);
	index_watch_found(opts->conn, is_ours, names);
	return index_crew_run(
	    opts->conn, names->n, opts->jobs, finish_one, &t, error);
}

/* In the order of the names, whoever was done first. */
static void
add_up(struct names *names, struct finish_result *out)
{
	uint32_t lines = bson_count_keys(&out->refused);
	const char *text;
	bson_iter_t it;

	for (size_t i = 0; i < names->n; i++) {
		struct finish_result *r = &names->result[i];

		out->built += r->built;
		out->woken += r->woken;
		out->n_refused += r->n_refused;
		bson_iter_init(&it, &r->refused);
		while (bson_iter_next(&it))
			if (lines < DUPLICATES_LINES &&
			    (text = bson_iter_utf8(&it, NULL)))
				array_add_text(&out->refused, &lines, text);
		finish_result_release(r);
	}
}

bool
finish_indexes(const struct finish_opts *opts, struct finish_result *out,
    bson_error_t *error)
{
	struct finish f = {
	    .o = opts, .conn = opts->conn, .out = out, .error = error};
	struct names names = {0};
	bool ok;

	job_each_owned(opts->job, note, &names);
	ok = with_work(&f, &names) && run(opts, &names, error);
	if (names.result)
		add_up(&names, out);
	for (size_t i = 0; i < names.n; i++)
		bson_free(names.item[i]);
	bson_free(names.item);
	bson_free(names.result);
	if (!ok || out->n_refused == 0)
		return ok;
	return error_set(error, MM_EXIT_NO, 0,
	    "%lld unique indexes could not be built: the documents named have "
	    "equal keys",
	    (long long)out->n_refused);
}
