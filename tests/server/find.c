/* mongosim: find, getMore, killCursors. */
#include <string.h>

#include "collate.h"
#include "commands.h"
#include "concern.h"
#include "match.h"
#include "reply.h"
#include "stages.h"
#include "sort.h"
#include "text.h"

static bool
known_field(const char *name)
{
	static const char *const known[] = {"find", "filter", "projection",
	    "sort", "hint", "skip", "limit", "batchSize", "singleBatch",
	    "comment", "maxTimeMS", "readConcern", "max", "min", "returnKey",
	    "showRecordId", "tailable", "awaitData", "oplogReplay",
	    "noCursorTimeout", "allowPartialResults", "collation",
	    "allowDiskUse", "let", "lsid", "txnNumber", "autocommit",
	    "startTransaction", "apiVersion", "apiStrict",
	    "apiDeprecationErrors", "term", "ntoreturn"};

	if (name[0] == '$')
		return true;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i], name) == 0)
			return true;
	return false;
}

/* The command as a user wrote it, in words. */
static bool
unknown_field(struct request *r, const char *name, bson_error_t *error)
{
	bson_t shown = BSON_INITIALIZER;
	bson_iter_t it;
	char *text;

	bson_iter_init(&it, &r->body);
	while (bson_iter_next(&it))
		if (strcmp(bson_iter_key(&it), "lsid") != 0 &&
		    (bson_iter_key(&it)[0] != '$' ||
			strcmp(bson_iter_key(&it), "$db") == 0))
			bson_append_iter(&shown, NULL, 0, &it);
	text = text_doc(&shown);
	refuse(error, 9, "Failed to parse: %s. Unrecognized field '%s'.", text,
	    name);
	bson_free(text);
	bson_destroy(&shown);
	return false;
}

static bool
check_fields(struct request *r, bson_error_t *error)
{
	bson_iter_t it;
	int64_t n;

	bson_iter_init(&it, &r->body);
	while (bson_iter_next(&it))
		if (!known_field(bson_iter_key(&it)))
			return unknown_field(r, bson_iter_key(&it), error);
	if (arg_bool(r, "awaitData") && !arg_bool(r, "tailable"))
		return refuse(error, 9,
		    "Cannot set 'awaitData' without also setting 'tailable'");
	n = arg_int(r, "batchSize", 0);
	if (n < 0)
		return refuse(error, 2,
		    "BatchSize value must be non-negative, but received: %lld",
		    (long long)n);
	n = arg_int(r, "skip", 0);
	if (n < 0)
		return refuse(error, 2,
		    "Skip value must be non-negative, but received: %lld",
		    (long long)n);
	n = arg_int(r, "limit", 0);
	if (n < 0)
		return refuse(error, 2,
		    "Limit value must be non-negative, but received: %lld",
		    (long long)n);
	return true;
}

static bool
resume_after(struct request *r, struct cursor *cur, const struct coll *c,
    bson_error_t *error)
{
	bson_t doc;
	bson_iter_t it;
	struct key key = {0};
	const struct doc *d = NULL;
	struct order_at at;

	cur->token = arg_bool(r, "$_requestResumeToken");
	if (!arg_doc(r, "$_resumeAfter", &doc) || bson_empty(&doc))
		return true;
	if (!cur->token || cur->plan.kind != PLAN_NATURAL ||
	    !bson_iter_init_find(&it, &doc, "$recordId"))
		return refuse(error, 2,
		    "hint must be {$natural:1} if 'requestResumeToken' is "
		    "enabled");
	if (BSON_ITER_HOLDS_NULL(&it))
		return true;
	cur->last_rid = bson_iter_as_int64(&it);
	cur->placed = true;
	key.prefix = (uint64_t)cur->last_rid;
	if (order_seek(&c->natural, &key, &at))
		d = coll_visible(
		    order_item(&c->natural, &at), cursor_view(cur));
	if (!d || d->rid != cur->last_rid)
		return refuse(error, 211,
		    "Executor error during find command :: caused by :: Failed "
		    "to resume collection scan: the recordId from which we are "
		    "attempting to resume no longer exists in the collection. "
		    "recordId: RecordId(%lld)",
		    (long long)cur->last_rid);
	return true;
}

static bool
make_plan(struct request *r, struct cursor *cur, const struct coll *c,
    bson_error_t *error)
{
	bson_t sort = BSON_INITIALIZER, min, max;
	bson_iter_t hint;
	bool has_min = arg_doc(r, "min", &min) && !bson_empty(&min);
	bool has_max = arg_doc(r, "max", &max) && !bson_empty(&max);
	bool has_hint = arg_find(r, "hint", &hint), sorted;
	const struct collator *collator;
	bson_t h;

	if (has_hint && iter_doc(&hint, &h) && bson_empty(&h))
		has_hint = false;
	arg_doc(r, "sort", &sort);
	if (!collate_asked(r, c, &collator, error) ||
	    !plan_make(c, collator, &cur->filter, &sort,
		has_hint ? &hint : NULL, has_min ? &min : NULL,
		has_max ? &max : NULL, &cur->plan, &sorted, error) ||
	    !resume_after(r, cur, c, error))
		return false;
	return sorted || sort_cursor(cur, c, &sort, error);
}

static bool
set_up(struct request *r, struct cursor *cur, const struct coll *c,
    bson_error_t *error)
{
	bson_t doc;

	if (arg_doc(r, "filter", &doc)) {
		bson_destroy(&cur->filter);
		bson_copy_to(&doc, &cur->filter);
	}
	if (arg_doc(r, "projection", &doc) && !bson_empty(&doc)) {
		bson_destroy(&cur->projection);
		bson_copy_to(&doc, &cur->projection);
		cur->project = true;
	}
	cur->show_rid = arg_bool(r, "showRecordId");
	cur->tailable = arg_bool(r, "tailable");
	cur->await = arg_bool(r, "awaitData");
	cur->skip = arg_int(r, "skip", 0);
	cur->limit = arg_int(r, "limit", 0);
	if (cur->limit == 0)
		cur->limit = -1;
	if (cur->tailable && !c->capped)
		return refuse(error, 2,
		    "error processing query: ns=%sTree: $and\nSort: {}\nProj: "
		    "{}\n tailable cursor requested on non capped collection",
		    cur->ns);
	return match_check(&cur->filter, error) && make_plan(r, cur, c, error);
}

bool
cmd_find(struct request *r, bson_error_t *error)
{
	struct cursor *cur;
	const char *name;
	struct coll *c;
	char ns[400];
	bson_t view;

	sim.queries++;
	if (!check_fields(r, error) || !arg_coll_name(r, &name, error) ||
	    !read_begin(r, name, &c, error))
		return false;
	if (!c && catalog_view(r->db, name, &view))
		return stages_find_view(r, name, &view, error);
	if (!c) {
		snprintf(ns, sizeof ns, "%s.%s", r->db, name);
		return reply_nothing(r, ns);
	}
	cur = cursor_new(c->ns, c);
	cursor_reads_as(cur, r);
	if (!set_up(r, cur, c, error)) {
		cursor_free(cur);
		return false;
	}
	return reply_first_batch(r, cur, c, arg_int(r, "batchSize", -1),
	    arg_bool(r, "singleBatch"), error);
}
