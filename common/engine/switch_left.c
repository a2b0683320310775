/* A list for people: what they may still want to look after. */
#include "engine/switch_left.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/doc.h"
#include "engine/switch_after_work.h"
#include "model/grants_only.h"
#include "model/textset.h"
#include "mongo/job_left.h"
#include "mongo/rights.h"

struct left {
	struct switcher *s;
	struct old_list old;
	enum side side;
	const char *job;
};

/* Names are somebody's choice: nothing of them moves the cursor. */
static void
line(enum side side, const char *kind, const char *name, const char *why)
{
	printf("left %s %s \"", side_name(side), kind);
	for (; *name; name++)
		putchar(
		    (unsigned char)*name < ' ' || *name == 127 ? '?' : *name);
	printf("\": %s\n", why);
}

/* ---------------------------------------------------------------- old data */

static const char *
old_as(const struct left *l, const char *ns, const bson_t *info)
{
	uint8_t uuid[16];
	bool has = doc_bytes(info, "info.uuid", uuid, sizeof uuid);

	for (size_t i = 0; i < l->old.n; i++) {
		const struct old_coll *o = &l->old.item[i];
		bool ours = has && memcmp(uuid, o->uuid, sizeof uuid) == 0;

		if (strcmp(o->ns, ns) == 0)
			return ours ? "the old data"
				    : "another collection than was moved";
		if (strcmp(o->aside, ns) == 0)
			return ours ? "the old data, in quarantine"
				    : "another collection than was moved";
	}
	return NULL;
}

static bool
tell_data(void *arg, const char *ns, const bson_t *info)
{
	struct left *l = arg;
	const char *name = strchr(ns, '.') + 1;
	const char *type = doc_text_or(info, "type", "collection");
	const char *as = old_as(l, ns, info);

	if (as)
		line(SIDE_SOURCE, "collection", ns, as);
	else if (strcmp(name, "system.views") == 0 ||
	    !ns_selected(l->s->rules, ns))
		return true;
	else if (strcmp(type, "view") == 0)
		line(SIDE_SOURCE, "view", ns, "it holds no data");
	else if (strcmp(type, "timeseries") == 0)
		line(SIDE_SOURCE, "time series", ns, "it was not moved");
	else if (strncmp(name, "system.", 7) == 0)
		line(SIDE_SOURCE, "collection", ns, "of the server");
	else
		line(SIDE_SOURCE, "collection", ns,
		    l->old.n ? "it was not there when the way back was given up"
			     : "of the selection");
	return true;
}

/* ---------------------------------------------------------------- accounts */

static bool
sel_ns(const void *rules, const char *ns)
{
	return ns_selected(rules, ns);
}

static bool
sel_whole(const void *rules, const char *db)
{
	return ns_db_whole(rules, db);
}

/* kind: "user" or "role". */
static void
tell_account(struct textset *told, const bson_t *doc, const char *kind,
    const char *name, const char *why)
{
	char *full = bson_strdup_printf(
	    "%s.%s", doc_text_or(doc, "db", ""), doc_text_or(doc, name, ""));
	char *id = bson_strdup_printf("%s %s", kind, full);

	if (!textset_has(told, id))
		line(SIDE_SOURCE, kind, full, why);
	textset_take(told, id);
	bson_free(full);
}

typedef void each_account(
    const struct left *l, struct textset *told, const bson_t *doc, void *arg);

static void
each_of(const struct left *l, const bson_t *list, struct textset *told,
    each_account *each, void *arg)
{
	bson_iter_t it;
	bson_t doc;

	for (bool more = bson_iter_init(&it, list);
	     more && doc_next(&it, &doc);)
		each(l, told, &doc, arg);
}

static void
if_only(
    const struct left *l, struct textset *told, const bson_t *doc, void *roles)
{
	const char *kind = bson_has_field(doc, "user") ? "user" : "role";

	if (grants_only(doc, roles, sel_ns, sel_whole, l->s->rules))
		tell_account(told, doc, kind, kind,
		    "it reaches nothing but the selection");
}

static void
if_changed(
    const struct left *l, struct textset *told, const bson_t *doc, void *arg)
{
	(void)l;
	(void)arg;
	tell_account(told, doc, doc_text_or(doc, "kind", ""), "name",
	    "its rights on the selection were taken away");
}

static void
accounts(const struct left *l)
{
	static const char *const plans[] = {"plan_source", "plan_readers"};
	struct textset told = {0};
	bson_error_t why;
	bson_t plan, list;
	struct rights r;

	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
		if (switch_log_doc(l->s->log, plans[i], &plan) &&
		    doc_sub(&plan, "changes", &list))
			each_of(l, &list, &told, if_changed, NULL);
	if (rights_fetch(l->s->src, &r, &why)) {
		each_of(l, &r.users, &told, if_only, &r.roles);
		each_of(l, &r.roles, &told, if_only, &r.roles);
	} else {
		line(SIDE_SOURCE, "users and roles", "?", why.message);
	}
	rights_release(&r);
	textset_release(&told);
}

/* -------------------------------------------------------------- of our own */

static void
tell_control(void *arg, const char *coll, int64_t n)
{
	const struct left *l = arg;
	char name[64], why[300];

	snprintf(name, sizeof name, "mm_control.%s", coll);
	snprintf(why, sizeof why, "%" PRId64 " documents of job %s", n, l->job);
	line(l->side, "documents", name, why);
}

static bool
control(struct left *l, bson_error_t *error)
{
	bool ok = true;

	for (int i = 0; ok && i < 4; i++) {
		l->side = i < 2 ? SIDE_SOURCE : SIDE_TARGET;
		l->job = i % 2 ? l->s->back_job : l->s->job;
		ok = job_each_left(i < 2 ? l->s->src : l->s->tgt, l->job,
		    tell_control, l, error);
	}
	return ok;
}

static void
asleep(const struct left *l, const char *field)
{
	bson_iter_t it;
	bson_t list, one;

	if (switch_log_state(l->s->log) == SWITCH_DELETED ||
	    !switch_log_doc(l->s->log, field, &list) ||
	    !bson_iter_init(&it, &list))
		return;
	while (doc_next(&it, &one))
		line(SIDE_SOURCE, "TTL index", doc_text_or(&one, "ns", ""),
		    "put to sleep");
}

static void
files(const struct left *l)
{
	char *path = bson_strdup_printf("%s/back", l->s->o->dir);

	if (access(path, F_OK) == 0)
		printf("left here segments \"%s\": of the way back\n", path);
	bson_free(path);
}

bool
left_list(struct switcher *s, bson_error_t *error)
{
	struct left l = {.s = s};
	bson_t old;
	bool ok = !switch_log_doc(s->log, "old", &old) ||
	    old_open(&l.old, s->o->dir, s->log, error);

	ok = ok && catalog_each(s->src, s->rules, tell_data, &l, error);
	if (ok) {
		accounts(&l);
		asleep(&l, "lifetimes");
		asleep(&l, "lifetimes_old");
		ok = control(&l, error);
	}
	if (ok)
		files(&l);
	old_close(&l.old);
	return ok &&
	    (fflush(stdout) == 0 ||
		error_errno(
		    error, MM_EXIT_IO, "could not write to standard output"));
}
