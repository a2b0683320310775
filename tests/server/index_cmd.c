/* mongosim: createIndexes, dropIndexes. */
#include <string.h>

#include "building.h"
#include "commands.h"
#include "ddl.h"
#include "fault.h"
#include "index_build.h"
#include "options.h"
#include "text.h"
#include "plan.h"

#define MAX_INDEXES 64

struct wanted {
	bson_t spec[MAX_INDEXES];
	size_t n;
	bool busy; /* one of them is being built */
};

static void
release(struct wanted *w)
{
	for (size_t i = 0; i < w->n; i++)
		bson_destroy(&w->spec[i]);
	w->n = 0;
	w->busy = false;
}

static bool
have_already(struct request *r, const struct coll *c, const bson_t *spec,
    bool *same, bson_error_t *error)
{
	*same = false;
	for (size_t i = 0; c && i < c->n_indexes && !*same; i++)
		if (!options_same_index(
			c->index[i].spec, spec, same, &r->errmsg, error))
			return false;
	return true;
}

/* Those that are not there yet, normalised. */
static bool
read_specs(struct request *r, const struct coll *c, struct wanted *w,
    bson_error_t *error)
{
	bson_t none = BSON_INITIALIZER, list, spec;
	bson_iter_t it;
	bool same;

	if (!arg_doc(r, "indexes", &list))
		return refuse(error, 9,
		    "The 'indexes' field is a required argument of the "
		    "createIndexes command");
	if (bson_empty(&list))
		return refuse(
		    error, 2, "Must specify at least one index to create");
	bson_iter_init(&it, &list);
	while (bson_iter_next(&it)) {
		if (!iter_doc(&it, &spec))
			return refuse(error, 14,
			    "The elements of the 'indexes' array must be "
			    "objects");
		if (w->n == MAX_INDEXES)
			return refuse(
			    error, 67, "add index fails, too many indexes");
		if (!options_index(&spec, c ? &c->options : &none,
			server_now() / 1000, &w->spec[w->n++], error) ||
		    !have_already(r, c, &w->spec[w->n - 1], &same, error) ||
		    (c &&
			!building_meets(
			    r, c, &w->spec[w->n - 1], &w->busy, error)))
			return false;
		if (same)
			bson_destroy(&w->spec[--w->n]);
	}
	return true;
}

static bool
create_indexes(
    struct request *r, const char *name, struct wanted *w, bson_error_t *error)
{
	struct coll *c = catalog_find(r->db, name);
	bson_t none = BSON_INITIALIZER, view;
	struct building_hold hold = {.stands = NULL};
	bool made = !c;
	size_t before;

	if (!c && catalog_view(r->db, name, &view))
		return refuse(error, 166,
		    "Namespace %s.%s is a view, not a collection", r->db, name);
	if (!read_specs(r, c, w, error))
		return false;
	if (w->busy) {
		/* Since 4.2 a server waits, then looks anew (its 285 is seen
		 * by nobody). */
		release(w);
		return building_wait(r, c->uuid)
		    ? create_indexes(r, name, w, error)
		    : refuse(error, sim.secondary ? 11602 : 11601,
			  "operation was interrupted");
	}
	if (c && w->n == 0) {
		out_i32(r->reply, "numIndexesBefore", (int32_t)c->n_indexes);
		out_i32(r->reply, "numIndexesAfter", (int32_t)c->n_indexes);
		out_text(r->reply, "note", "all indexes already exist");
		return true;
	}
	if (!c)
		c = ddl_create(r->db, name, &none);
	before = c->n_indexes;
	if (c->n_docs > 0)
		fault_hold_build(r, &hold);
	if (!index_build(r, c, w->spec, w->n, &hold, error))
		return false;
	c = catalog_find(r->db, name);
	out_bool(r->reply, "createdCollectionAutomatically", made);
	out_i32(r->reply, "numIndexesBefore", (int32_t)before);
	out_i32(r->reply, "numIndexesAfter", (int32_t)(c ? c->n_indexes : 0));
	out_text(r->reply, "commitQuorum", "votingMembers");
	return true;
}

bool
cmd_create_indexes(struct request *r, bson_error_t *error)
{
	struct wanted *w = bson_malloc0(sizeof *w);
	const char *name;
	bool ok =
	    arg_coll_name(r, &name, error) && create_indexes(r, name, w, error);

	release(w);
	bson_free(w);
	return ok;
}

static void
drop_one(struct request *r, struct coll *c, size_t i)
{
	struct buf o = BUF_INIT;
	struct buf o2 = {(uint8_t *)bson_get_data(c->index[i].spec),
	    c->index[i].spec->len, 0};
	size_t mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);

	out_text(&o, "dropIndexes", c->name);
	out_text(&o, "index", c->index[i].name);
	out_close(&o, mark);
	c->visible = ts_of(oplog_command(r->db, c->uuid, &o, &o2));
	buf_release(&o);
	coll_drop_index(c, i);
}

static bool
find_index(const struct coll *c, const bson_iter_t *want, size_t *i,
    bson_error_t *error)
{
	bson_t key;
	char *text;

	for (*i = 0; *i < c->n_indexes; ++*i)
		if (hint_names(want, &c->index[*i]))
			break;
	if (*i < c->n_indexes) {
		if (*i > 0 || !c->has_id)
			return true;
		return refuse(error, 72, "cannot drop _id index");
	}
	if (BSON_ITER_HOLDS_UTF8(want))
		return refuse(error, 27, "index not found with name [%s]",
		    bson_iter_utf8(want, NULL));
	if (!iter_doc(want, &key))
		return refuse(error, 14, "index must be a string or an object");
	text = text_doc(&key);
	refuse(error, 27, "can't find index with key: %s", text);
	bson_free(text);
	return false;
}

/* Of a build under way: it is aborted, or has just come to its end. */
static bool
drop_building(struct request *r, struct coll *c, const bson_iter_t *want)
{
	size_t i;

	if (!building_drop(r, c, want))
		return false;
	if (find_index(c, want, &i, NULL))
		drop_one(r, c, i);
	return true;
}

static bool
drop_named(struct request *r, struct coll *c, const bson_iter_t *want,
    bson_error_t *error)
{
	bson_iter_t each;
	size_t i;

	if (!BSON_ITER_HOLDS_ARRAY(want)) {
		if (drop_building(r, c, want))
			return true;
		if (!find_index(c, want, &i, error))
			return false;
		drop_one(r, c, i);
		return true;
	}
	bson_iter_recurse(want, &each);
	while (bson_iter_next(&each))
		if (!find_index(c, &each, &i, error))
			return false;
	bson_iter_recurse(want, &each);
	while (bson_iter_next(&each))
		if (find_index(c, &each, &i, NULL))
			drop_one(r, c, i);
	return true;
}

bool
cmd_drop_indexes(struct request *r, bson_error_t *error)
{
	const char *name;
	bson_iter_t want;
	struct coll *c;
	size_t before;

	if (!arg_coll_name(r, &name, error))
		return false;
	c = ddl_coll(r, name, "ns not found", error);
	if (!c)
		return false;
	if (!arg_find(r, "index", &want))
		return refuse(error, 40414,
		    "BSON field 'dropIndexes.index' is missing but a required "
		    "field");
	before = c->n_indexes;
	if (BSON_ITER_HOLDS_UTF8(&want) &&
	    strcmp(bson_iter_utf8(&want, NULL), "*") == 0) {
		building_abort(c);
		while (c->n_indexes > (size_t)c->has_id)
			drop_one(r, c, c->has_id);
		out_i32(r->reply, "nIndexesWas", (int32_t)before);
		out_text(
		    r->reply, "msg", "non-_id indexes dropped for collection");
		return true;
	}
	out_i32(r->reply, "nIndexesWas", (int32_t)before);
	return drop_named(r, c, &want, error);
}
