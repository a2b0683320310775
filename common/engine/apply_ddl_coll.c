/* Collections and views: made, dropped, renamed. */
#include <stdio.h>
#include <string.h>

#include "base/msg.h"
#include "engine/apply_ddl_work.h"
#include "engine/held.h"

/* ---------------------------------------------------------------- create */

/* Options and idIndex as catalog_create wants them. */
static bool
split_create(const struct ddl *d, bson_t *options, bson_t *indexes)
{
	bson_iter_t it;
	bson_t doc;

	bson_init(options);
	bson_init(indexes);
	if (!bson_init_static(&doc, d->doc.data, d->doc.len) ||
	    !bson_iter_init(&it, &doc))
		return false;
	while (bson_iter_next(&it)) {
		const char *key = bson_iter_key(&it);

		if (strcmp(key, "idIndex") == 0)
			bson_append_iter(indexes, "0", -1, &it);
		else
			bson_append_iter(options, key, -1, &it);
	}
	return true;
}

/* 1: the same options, 0: others (named in what, caller frees), -1. */
static int
compare(struct apply_ddl *a, const bson_t *options, char **what,
    bson_error_t *error)
{
	struct coll there;
	int got = catalog_one(a->o.conn, a->d.target, &there, error);

	if (got <= 0)
		return got < 0 ||
			!error_set(error, MM_EXIT_TARGET, 0,
			    "\"%s\" was there and is gone", a->d.target)
		    ? -1
		    : 0;
	got = options_same(options, &there.options, what);
	coll_release(&there);
	return got;
}

/* At the position of this entry the collection is empty, and all that comes
 * after it is in the log: where the copy has met a later one of that name, it
 * can be made anew. */
static bool
make_anew(struct apply_ddl *a, const bson_t *options, const bson_t *indexes,
    bson_error_t *error)
{
	bool existed;

	if (!catalog_drop(a->o.conn, a->d.target, error) ||
	    !catalog_create(
		a->o.conn, a->d.target, options, indexes, &existed, error))
		return false;
	a->born = !existed;
	return true;
}

static bool
existing(struct apply_ddl *a, const struct entry *e, const bson_t *options,
    const bson_t *indexes, bson_error_t *error)
{
	char *what = NULL, why[300];
	int same = compare(a, options, &what, error);

	snprintf(why, sizeof why,
	    "it exists on the target with other options (%.200s)",
	    what ? what : "?");
	bson_free(what);
	if (same < 0)
		return false;
	if (a->replay && (!same || ddl_is_temporary(strchr(a->d.ns, '.') + 1)))
		return make_anew(a, options, indexes, error);
	if (!same)
		return apply_ddl_refuse(a, e, why, error);
	if (!a->replay)
		msg_warn("\"%s\" exists already on the target", a->d.target);
	return true;
}

static bool
create(struct apply_ddl *a, const struct entry *e, bson_error_t *error)
{
	bson_t options, indexes;
	bool existed = false, ok;

	ok = split_create(&a->d, &options, &indexes)
	    ? catalog_create(
		  a->o.conn, a->d.target, &options, &indexes, &existed, error)
	    : apply_ddl_refuse(a, e, "no options", error);
	a->born = ok && !existed;
	if (ok && existed)
		ok = existing(a, e, &options, &indexes, error);
	bson_destroy(&options);
	bson_destroy(&indexes);
	return ok;
}

/* ------------------------------------------------------- many at a time */

struct names {
	const char *db; /* NULL: all */
	char **item;
	size_t n;
};

static void
note_name(void *arg, const char *ns)
{
	struct names *names = arg;
	size_t len = names->db ? strlen(names->db) : 0;

	if (names->db && (strncmp(ns, names->db, len) != 0 || ns[len] != '.'))
		return;
	names->item =
	    bson_realloc(names->item, (names->n + 1) * sizeof *names->item);
	names->item[names->n++] = bson_strdup(ns);
}

/* Whether the view of that name on the target comes from the entry's
 * database. */
static bool
is_view_of(struct apply_ddl *a, const struct entry *e, const char *ns,
    bool *view, bson_error_t *error)
{
	char source[NS_MAX + 1];
	struct coll there;
	int got = catalog_one(a->o.conn, ns, &there, error);

	*view = false;
	if (got <= 0)
		return got == 0;
	*view = there.type == COLL_VIEW;
	coll_release(&there);
	if (!*view)
		return true;
	if (!ns_unmap(grant_rules(a->o.grant), ns, source)) {
		char why[NS_MAX + 100];

		snprintf(why, sizeof why,
		    "cannot tell whether view \"%s\" comes from it", ns);
		return apply_ddl_refuse(a, e, why, error);
	}
	*view = strncmp(source, a->d.ns, strcspn(a->d.ns, ".") + 1) == 0;
	return true;
}

static bool
drop_one(struct apply_ddl *a, const struct entry *e, const char *ns,
    bson_error_t *error)
{
	bool drop = true;

	if (a->d.kind == DDL_DROP_VIEWS && !is_view_of(a, e, ns, &drop, error))
		return false;
	return !drop ||
	    (catalog_drop(a->o.conn, ns, error) &&
		job_disown(a->o.job, ns, error));
}

/* Only what the job owns: another job may write to a database of that name.
 * The log has dropped the collections before, so little is left. */
static bool
drop_many(struct apply_ddl *a, const struct entry *e, const char *db,
    bson_error_t *error)
{
	struct names names = {.db = db};
	bool ok = true;

	job_each_owned(a->o.job, note_name, &names);
	for (size_t i = 0; i < names.n; i++) {
		ok = ok && drop_one(a, e, names.item[i], error);
		bson_free(names.item[i]);
	}
	bson_free(names.item);
	return ok;
}

/* -------------------------------------------------------------- the change */

static bool
coll_mod(struct apply_ddl *a, const struct entry *e, bson_error_t *error)
{
	return (a->d.command.len == 0 ||
		   apply_ddl_command(a, e, a->replay, error)) &&
	    (a->d.doc.len == 0 || apply_ddl_mod_index(a, e, error));
}

bool
apply_ddl_change(
    struct apply_ddl *a, const struct entry *e, bson_error_t *error)
{
	switch (a->d.kind) {
	case DDL_CREATE:
		return create(a, e, error);
	case DDL_DROP:
		return apply_ddl_command(a, e, true, error);
	case DDL_DROP_VIEWS:
		/* Each may have got a name of its own, in any database. */
		return drop_many(a, e, NULL, error);
	case DDL_DROP_DATABASE:
		return drop_many(a, e, a->d.db, error);
	case DDL_RENAME:
		return apply_ddl_command(a, e, false, error);
	case DDL_COLL_MOD:
		return coll_mod(a, e, error);
	case DDL_CREATE_INDEXES:
		return apply_ddl_create_indexes(a, e, error);
	case DDL_DROP_INDEXES:
		return apply_ddl_drop_indexes(a, e, error);
	case DDL_TO_CAPPED:
		return apply_ddl_command(a, e, a->replay, error);
	default:
		return apply_ddl_refuse(a, e, "not known here", error);
	}
}

/* ------------------------------------------------------- the books after */

/* What is held back moves along. Done before when the old name is gone. */
static bool
move(struct apply_ddl *a, bson_error_t *error)
{
	bson_t staged, moved;
	bool born, ok;
	int got = job_owned(a->o.job, a->d.target, &staged, &born, error);

	held_move(&staged, a->d.to_target, &moved);
	ok = got == 0 ||
	    (got > 0 &&
		job_own_as(a->o.job, a->d.to_target, &moved, born, error) &&
		job_disown(a->o.job, a->d.target, error));
	bson_destroy(&staged);
	bson_destroy(&moved);
	return ok;
}

/* A collection that becomes capped loses its indexes, those held back too. */
static bool
forget_indexes(struct apply_ddl *a, bson_error_t *error)
{
	bson_t staged;
	bool born, ok;
	int got = job_owned(a->o.job, a->d.target, &staged, &born, error);

	ok = got == 0 ||
	    (got > 0 && job_own_as(a->o.job, a->d.target, NULL, born, error));
	bson_destroy(&staged);
	return ok;
}

static bool
note_born(struct apply_ddl *a, bson_error_t *error)
{
	bson_t staged, doc, spec;
	bool born, ok;
	int got = job_owned(a->o.job, a->d.target, &staged, &born, error);

	if (got >= 0 && !born &&
	    bson_init_static(&doc, a->d.doc.data, a->d.doc.len) &&
	    index_of_lifetime(&doc, &spec)) {
		held_put(&staged, a->d.target, &spec, "ttl");
		bson_destroy(&spec);
	}
	ok = got >= 0 &&
	    (born || job_own_as(a->o.job, a->d.target, &staged, true, error));
	bson_destroy(&staged);
	return ok;
}

bool
apply_ddl_books(struct apply_ddl *a, bson_error_t *error)
{
	switch (a->d.kind) {
	case DDL_CREATE:
		return !a->born || note_born(a, error);
	case DDL_DROP:
		return job_disown(a->o.job, a->d.target, error);
	case DDL_RENAME:
		return move(a, error);
	case DDL_TO_CAPPED:
		return forget_indexes(a, error);
	default:
		return true;
	}
}
