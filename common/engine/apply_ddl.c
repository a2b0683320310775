#include "engine/apply_ddl.h"

#include <stdio.h>
#include <string.h>

static bool
refuse(
    const struct entry *e, const char *ns, const char *why, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return error_set(error, MM_EXIT_REFUSED, 0,
	    "cannot apply \"%s\" on \"%s\" at position %s: %s",
	    e->command ? e->command : "a change of a view", ns,
	    optime_text(e->at, text), why);
}

bool
apply_ddl_harmless(const struct entry *e)
{
	static const char *const names[] = {
	    "startIndexBuild", "abortIndexBuild", "dbCheck"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(e->command, names[i]) == 0)
			return true;
	return false;
}

/* "db.coll" that the command names by its first field. */
static bool
command_ns(const struct entry *e, char *ns, size_t size)
{
	bson_iter_t it;

	if (!bson_iter_init(&it, &e->o) || !bson_iter_next(&it) ||
	    !BSON_ITER_HOLDS_UTF8(&it))
		return false;
	snprintf(ns, size, "%.*s.%s", (int)e->db_len, e->ns,
	    bson_iter_utf8(&it, NULL));
	return true;
}

/* Options and idIndex as catalog_create wants them. */
static void
split_create(const bson_t *o, bson_t *options, bson_t *indexes)
{
	bson_iter_t it;

	bson_init(options);
	bson_init(indexes);
	if (!bson_iter_init(&it, o) || !bson_iter_next(&it))
		return;
	while (bson_iter_next(&it)) {
		const char *key = bson_iter_key(&it);

		if (strcmp(key, "idIndex") == 0)
			bson_append_iter(indexes, "0", -1, &it);
		else
			bson_append_iter(options, key, -1, &it);
	}
}

static bool
compare_existing(struct conn *c, const struct entry *e, const char *ns,
    const bson_t *options, bson_error_t *error)
{
	struct coll there;
	char *what = NULL, why[256];
	int got = catalog_one(c, ns, &there, error);
	bool same;

	if (got < 0)
		return false;
	if (got == 0)
		return error_set(error, MM_EXIT_TARGET, 0,
		    "\"%s\" was there and is gone", ns);
	same = options_same(options, &there.options, &what);
	coll_release(&there);
	if (!same) {
		snprintf(why, sizeof why,
		    "it exists on the target with other options (%s)",
		    what ? what : "?");
		refuse(e, ns, why, error);
	}
	bson_free(what);
	return same;
}

static bool
create(struct conn *c, struct targets *targets, const struct entry *e,
    const char *source, bson_error_t *error)
{
	struct target *t = targets_find(targets, source, e->at, error);
	bson_t options, indexes;
	bool existed = false, ok;

	if (!t)
		return false;
	split_create(&e->o, &options, &indexes);
	if (bson_has_field(&options, "timeseries") ||
	    bson_has_field(&options, "viewOn") ||
	    bson_has_field(&options, "encryptedFields"))
		ok = refuse(e, t->ns,
		    "views, time series and encrypted collections are not "
		    "supported",
		    error);
	else
		ok = catalog_create(
		    c, t->ns, &options, &indexes, &existed, error);
	if (ok && existed)
		ok = compare_existing(c, e, t->ns, &options, error);
	bson_destroy(&options);
	bson_destroy(&indexes);
	return ok && targets_refresh(targets, t, error);
}

bool
apply_ddl_run(struct conn *c, struct targets *targets, const struct entry *e,
    bson_error_t *error)
{
	char ns[2 * NS_MAX + 2];

	if (!command_ns(e, ns, sizeof ns))
		return refuse(e, e->ns, "not supported yet", error);
	if (strcmp(e->command, "create") != 0)
		return refuse(e, ns, "not supported yet", error);
	/* Made by the server itself with the first view. */
	if (strcmp(ns + e->db_len + 1, "system.views") == 0)
		return true;
	return create(c, targets, e, ns, error);
}

bool
apply_ddl_plain(const struct entry *e, bson_error_t *error)
{
	return strcmp(e->coll, "system.views") != 0 ||
	    refuse(e, e->ns, "not supported yet", error);
}
