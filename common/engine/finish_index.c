#include "engine/finish_index.h"

#include <string.h>

#include "base/sig.h"
#include "engine/again.h"
#include "engine/duplicates.h"
#include "engine/held_build.h"
#include "mongo/catalog.h"

enum { CODE_DUPLICATE = 11000 };

struct finish {
	const struct finish_opts *o;
	struct finish_result *out;
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
		ok = conn_ddl(f->o->conn, db, &command, NULL, f->error);
	while (!ok && again(f->o->conn, f->error, &tries));
	bson_destroy(&command);
	return ok || error_prefix(f->error, "\"%s\"", ns);
}

/* *made: it exists now. */
static bool
build(struct finish *f, const char *ns, const bson_t *spec, bool *made)
{
	bson_t one = BSON_INITIALIZER;
	unsigned tries = 0;
	bool ok;

	*made = false;
	BSON_APPEND_DOCUMENT(&one, "0", spec);
	do
		ok = index_is_ttl(spec, NULL)
		    ? catalog_create_ttl_asleep(f->o->conn, ns, spec, f->error)
		    : catalog_create_indexes(f->o->conn, ns, &one, f->error);
	while (!ok && again(f->o->conn, f->error, &tries));
	bson_destroy(&one);
	*made = ok;
	if (ok || f->error->code != CODE_DUPLICATE)
		return ok;
	duplicates_list(
	    f->o->conn, ns, spec, f->error->message, &f->out->refused);
	f->out->n_refused++;
	return true;
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
	int any = has_work(f, ns);
	bool ok;

	if (any <= 0)
		return any == 0;
	if (f->o->enter && !f->o->enter(f->o->arg, ns, f->error))
		return false;
	ok = held_build(f->o->conn, f->o->job, ns, f->error) &&
	    both_passes(f, ns);
	if (f->o->leave)
		f->o->leave(f->o->arg, ns);
	return ok;
}

struct names {
	char **item;
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

bool
finish_indexes(const struct finish_opts *opts, struct finish_result *out,
    bson_error_t *error)
{
	struct finish f = {.o = opts, .out = out, .error = error};
	struct names names = {0};
	bool ok = true;

	job_each_owned(opts->job, note, &names);
	for (size_t i = 0; i < names.n; i++) {
		ok = ok && collection(&f, names.item[i]);
		bson_free(names.item[i]);
	}
	bson_free(names.item);
	if (!ok || out->n_refused == 0)
		return ok;
	return error_set(error, MM_EXIT_NO, 0,
	    "%lld unique indexes could not be built: the documents named have "
	    "equal keys",
	    (long long)out->n_refused);
}
