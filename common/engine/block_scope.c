#include "engine/block_scope.h"

#include <string.h>

#include "mongo/names.h"
#include "mongo/rights.h"

enum { MAX_TRIES = 32 };

/* What no collection is called: stands for those to come. */
#define ANY_NAME "mm_any_other_name"

static bool
is_selected(const void *arg, const char *ns)
{
	const struct block_scope *s = arg;
	char from[NS_MAX + 1];

	return s->side == SIDE_SOURCE ? ns_selected(s->rules, ns)
				      : ns_unmap(s->rules, ns, from);
}

/* Of the target: a collection that was made there now. */
static bool
any_name(const struct block_scope *s, const char *db)
{
	char *ns = bson_strdup_printf("%s." ANY_NAME, db), from[NS_MAX + 1];
	bool got = ns_unmap(s->rules, ns, from);

	bson_free(ns);
	return got;
}

static bool
db_any(const void *arg, const char *db)
{
	const struct block_scope *s = arg;

	if (s->side == SIDE_SOURCE)
		return ns_db_selected(s->rules, db);
	return textset_has(&s->any, db) || any_name(s, db);
}

static bool
db_whole(const void *arg, const char *db)
{
	const struct block_scope *s = arg;

	if (s->side == SIDE_SOURCE)
		return ns_db_whole(s->rules, db);
	return !textset_has(&s->partial, db) && any_name(s, db);
}

static void
note_db(struct textset *dbs, const char *ns)
{
	textset_take(dbs, bson_strndup(ns, strcspn(ns, ".")));
}

/* Selected collections of the source, by their names on this side. */
static bool
read_selected(const struct block_opts *o, enum side side, struct textset *out,
    bson_error_t *error)
{
	struct conn *c = o->conn[SIDE_SOURCE];
	struct textset dbs = {0}, all = {0};
	char to[NS_MAX + 1];
	bool ok = names_databases(c, &dbs, error);

	for (size_t i = 0; ok && i < dbs.n; i++)
		if (ns_db_selected(o->rules, dbs.item[i]))
			ok = names_collections(
			    c, dbs.item[i], false, &all, error);
	for (size_t i = 0; ok && i < all.n; i++) {
		const char *ns = all.item[i];

		if (!ns_selected(o->rules, ns) || strstr(ns, ".system."))
			continue;
		if (side == SIDE_TARGET)
			ok = ns_map(o->rules, ns, to, error);
		if (ok)
			textset_add(out, side == SIDE_TARGET ? to : ns);
	}
	textset_release(&dbs);
	textset_release(&all);
	return ok;
}

/* One of each database first. */
static void
choose(const struct textset *selected, struct textset *tries)
{
	struct textset dbs = {0};

	for (int all = 0; all < 2; all++)
		for (size_t i = 0; i < selected->n && tries->n < MAX_TRIES;
		     i++) {
			size_t before = dbs.n;

			note_db(&dbs, selected->item[i]);
			if (all || dbs.n > before)
				textset_add(tries, selected->item[i]);
		}
	textset_release(&dbs);
}

bool
block_scope_tries(const struct block_opts *o, enum side side,
    struct textset *tries, bson_error_t *error)
{
	struct textset selected = {0};
	bool ok = read_selected(o, side, &selected, error);

	if (ok)
		choose(&selected, tries);
	textset_release(&selected);
	return ok;
}

/* What there is on this side in databases that have something selected. */
static bool
read_names(struct block_scope *s, struct conn *c, bson_error_t *error)
{
	struct textset dbs = {0};
	bool ok = names_databases(c, &dbs, error);

	for (size_t i = 0; ok && i < dbs.n; i++)
		if (db_any(s, dbs.item[i]))
			ok = names_collections(
			    c, dbs.item[i], true, &s->names, error);
	for (size_t i = 0; i < s->names.n; i++) {
		const char *ns = s->names.item[i];

		if (strstr(ns, ".system."))
			continue;
		note_db(is_selected(s, ns) ? &s->any : &s->partial, ns);
	}
	textset_release(&dbs);
	return ok;
}

/* That of the connection, and those that were named. */
static bool
read_keep(struct block_scope *s, const struct block_opts *o, struct conn *c,
    bson_error_t *error)
{
	size_t n = 0;
	bson_iter_t it;

	if (!rights_own(c, &s->own, error))
		return false;
	if (bson_empty(&s->own))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the %s has no access control (or nobody is logged in): "
		    "rights keep nobody from writing there",
		    side_name(s->side));
	s->keep = bson_malloc0(
	    (bson_count_keys(&s->own) + o->n_keep) * sizeof *s->keep);
	bson_iter_init(&it, &s->own);
	while (bson_iter_next(&it))
		s->keep[n++] = bson_iter_utf8(&it, NULL);
	for (size_t i = 0; i < o->n_keep; i++)
		s->keep[n++] = o->keep[i];
	s->grants.n_keep = n;
	return true;
}

bool
block_scope_read(struct block_scope *s, const struct block_opts *o,
    enum side side, bson_error_t *error)
{
	struct conn *c = o->conn[side];
	struct textset selected = {0};
	bool ok;

	*s = (struct block_scope){.rules = o->rules, .side = side};
	bson_init(&s->own);
	ok = read_keep(s, o, c, error) &&
	    read_selected(o, side, &selected, error);
	for (size_t i = 0; ok && i < selected.n; i++)
		note_db(&s->any, selected.item[i]);
	if (ok)
		choose(&selected, &s->tries);
	textset_release(&selected);
	ok = ok && read_names(s, c, error);
	s->grants.ns = is_selected;
	s->grants.db_any = db_any;
	s->grants.db_whole = db_whole;
	s->grants.arg = s;
	s->grants.collections = (const char *const *)s->names.item;
	s->grants.n_collections = s->names.n;
	s->grants.keep = s->keep;
	return ok;
}

void
block_scope_release(struct block_scope *s)
{
	textset_release(&s->names);
	textset_release(&s->any);
	textset_release(&s->partial);
	textset_release(&s->tries);
	bson_destroy(&s->own);
	bson_free(s->keep);
	*s = (struct block_scope){0};
}
