#include "stages.h"

#include <stdlib.h>
#include <string.h>

#include "collate.h"
#include "concern.h"
#include "group.h"
#include "info_stage.h"
#include "match.h"
#include "project.h"
#include "reply.h"
#include "sort.h"

typedef bool stage_fn(
    struct buf *docs, const bson_iter_t *it, bson_error_t *error);

static bool
stage_match(struct buf *docs, const bson_iter_t *it, bson_error_t *error)
{
	struct buf kept = BUF_INIT;
	bson_t filter, doc;
	bool yes, ok;

	if (!iter_doc(it, &filter))
		return refuse(error, 15959,
		    "the match filter must be an expression in an object");
	ok = match_check(&filter, error);
	for (size_t at = 0; ok && at < docs->len; at += doc.len) {
		bson_init_static(
		    &doc, docs->data + at, doc_len(docs->data + at));
		ok = match_doc(&filter, &doc, &yes, error);
		if (ok && yes)
			buf_add(&kept, docs->data + at, doc.len);
	}
	buf_release(docs);
	*docs = kept;
	return ok;
}

static bool
stage_sort(struct buf *docs, const bson_iter_t *it, bson_error_t *error)
{
	bson_t sort;

	if (!iter_doc(it, &sort))
		return refuse(error, 15973,
		    "the $sort key specification must be an object");
	return sort_docs(docs, &sort, error);
}

static size_t
skip_docs(const struct buf *docs, int64_t n)
{
	size_t at = 0;

	for (; n > 0 && at < docs->len; n--)
		at += doc_len(docs->data + at);
	return at;
}

static bool
stage_skip(struct buf *docs, const bson_iter_t *it, bson_error_t *error)
{
	size_t at;

	if (!BSON_ITER_HOLDS_NUMBER(it) || bson_iter_as_int64(it) < 0)
		return refuse(
		    error, 5107200, "invalid argument to $skip stage");
	at = skip_docs(docs, bson_iter_as_int64(it));
	if (at > 0)
		memmove(docs->data, docs->data + at, docs->len - at);
	docs->len -= at;
	return true;
}

static bool
stage_limit(struct buf *docs, const bson_iter_t *it, bson_error_t *error)
{
	if (!BSON_ITER_HOLDS_NUMBER(it) || bson_iter_as_int64(it) <= 0)
		return refuse(error, 15958, "the limit must be positive");
	docs->len = skip_docs(docs, bson_iter_as_int64(it));
	return true;
}

static bool
stage_project(struct buf *docs, const bson_iter_t *it, bson_error_t *error)
{
	struct buf made = BUF_INIT;
	bson_t projection, doc;
	bool ok = true;

	if (!iter_doc(it, &projection) || bson_empty(&projection))
		return refuse(error, 51272,
		    "Invalid $project :: caused by :: projection specification "
		    "must have at least one field");
	for (size_t at = 0; ok && at < docs->len; at += doc.len) {
		bson_init_static(
		    &doc, docs->data + at, doc_len(docs->data + at));
		ok = project_doc(&projection, &doc, &made, error);
	}
	buf_release(docs);
	*docs = made;
	return ok;
}

static bool
stage_count(struct buf *docs, const bson_iter_t *it, bson_error_t *error)
{
	int64_t n = 0;
	size_t mark;

	if (!BSON_ITER_HOLDS_UTF8(it) || *bson_iter_utf8(it, NULL) == '\0')
		return refuse(
		    error, 40156, "the count field must be a non-empty string");
	for (size_t at = 0; at < docs->len; at += doc_len(docs->data + at))
		n++;
	buf_clear(docs);
	if (n == 0)
		return true;
	mark = out_open(docs, NULL, BSON_TYPE_DOCUMENT);
	out_int(docs, bson_iter_utf8(it, NULL), n);
	out_close(docs, mark);
	return true;
}

static bool
stage_sample(struct buf *docs, const bson_iter_t *it, bson_error_t *error)
{
	struct buf picked = BUF_INIT;
	size_t n = 0, want, *at;
	bson_iter_t size;

	if (!BSON_ITER_HOLDS_DOCUMENT(it) || !bson_iter_recurse(it, &size) ||
	    !bson_iter_find(&size, "size") || bson_iter_as_int64(&size) < 0)
		return refuse(error, 28745,
		    "size argument to $sample must be a positive number");
	at = bson_malloc(docs->len / 5 * sizeof *at + sizeof *at);
	for (size_t p = 0; p < docs->len; p += doc_len(docs->data + p))
		at[n++] = p;
	want = (size_t)bson_iter_as_int64(&size);
	for (size_t i = 0; i < n && i < want; i++) {
		size_t j = i + (size_t)random() % (n - i), t = at[i];

		at[i] = at[j];
		at[j] = t;
		buf_add(
		    &picked, docs->data + at[i], doc_len(docs->data + at[i]));
	}
	bson_free(at);
	buf_release(docs);
	*docs = picked;
	return true;
}

static bool
stage_group(struct buf *docs, const bson_iter_t *it, bson_error_t *error)
{
	bson_t spec;

	if (!iter_doc(it, &spec))
		return refuse(error, 15947,
		    "a group's fields must be specified in an object");
	return group_docs(docs, &spec, error);
}

static const struct {
	const char *name;
	stage_fn *run;
} stages[] = {{"$match", stage_match}, {"$sort", stage_sort},
    {"$skip", stage_skip}, {"$limit", stage_limit}, {"$project", stage_project},
    {"$count", stage_count}, {"$sample", stage_sample},
    {"$group", stage_group}};

/* Stages of the server that are not played here. */
static bool
is_known(const char *name)
{
	static const char *const known[] = {"$addFields", "$bucket",
	    "$bucketAuto", "$changeStream", "$facet", "$geoNear",
	    "$graphLookup", "$indexStats", "$listLocalSessions",
	    "$listSessions", "$lookup", "$merge", "$planCacheStats", "$redact",
	    "$replaceRoot", "$replaceWith", "$set", "$sortByCount",
	    "$unionWith", "$unset", "$unwind"};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(name, known[i]) == 0)
			return true;
	return false;
}

static bool
run_stage(
    struct buf *docs, const bson_iter_t *stage, bool last, bson_error_t *error)
{
	bson_iter_t it;

	if (!BSON_ITER_HOLDS_DOCUMENT(stage) ||
	    !bson_iter_recurse(stage, &it) || !bson_iter_next(&it))
		return refuse(error, 40323,
		    "A pipeline stage specification object must contain "
		    "exactly one field.");
	/* What it does is done with the whole result: out_stage.h. */
	if (strcmp(bson_iter_key(&it), "$out") == 0)
		return last ||
		    refuse(error, 40601,
			"$out can only be the final stage in the pipeline");
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
		if (strcmp(bson_iter_key(&it), stages[i].name) == 0)
			return stages[i].run(docs, &it, error);
	if (is_known(bson_iter_key(&it)))
		return refuse(error, 238, "mongosim does not know the stage %s",
		    bson_iter_key(&it));
	return refuse(error, 40324, "Unrecognized pipeline stage name: '%s'",
	    bson_iter_key(&it));
}

static bool
collect(void *ctx, const struct doc *d)
{
	buf_add(ctx, d->data, d->len);
	return true;
}

/* The filter of a leading $match is the cursor's own. */
static bool
leading_match(const bson_t *pipeline, bson_iter_t *it, bson_t *filter)
{
	bson_iter_t stage;

	return bson_iter_init(it, pipeline) && bson_iter_next(it) &&
	    BSON_ITER_HOLDS_DOCUMENT(it) && bson_iter_recurse(it, &stage) &&
	    bson_iter_next(&stage) &&
	    strcmp(bson_iter_key(&stage), "$match") == 0 &&
	    iter_doc(&stage, filter);
}

static bool
set_up(const struct request *r, struct cursor *cur, const struct coll *c,
    const struct collator *collator, const bson_t *pipeline,
    bson_error_t *error)
{
	bson_t filter = BSON_INITIALIZER, none = BSON_INITIALIZER;
	bson_iter_t it, stage;
	bool sorted, more, info;

	if (!leading_match(pipeline, &it, &filter))
		bson_iter_init(&it, pipeline);
	bson_destroy(&cur->filter);
	bson_copy_to(&filter, &cur->filter);
	if (!match_check(&cur->filter, error) ||
	    (c &&
		!plan_make(c, collator, &cur->filter, &none, NULL, NULL, NULL,
		    &cur->plan, &sorted, error)))
		return false;
	if (!info_stage(r, c, pipeline, &cur->docs, &info, error))
		return false;
	if (info) {
		bson_iter_init(&it, pipeline);
		bson_iter_next(&it);
	}
	more = bson_iter_next(&it);
	if (c && !more && !info)
		return true;
	cur->list = true;
	if (c && !info &&
	    !scan_each(c, &cur->plan, &cur->filter, cursor_view(cur), collect,
		&cur->docs, error))
		return false;
	while (more) {
		stage = it;
		more = bson_iter_next(&it);
		if (!run_stage(&cur->docs, &stage, !more, error))
			return false;
	}
	return true;
}

struct cursor *
stages_cursor(const struct request *r, const struct coll *c, const char *ns,
    const bson_t *pipeline, bson_error_t *error)
{
	struct cursor *cur = cursor_new(ns, c);
	const struct collator *collator, *before;
	bool ok;

	cursor_reads_as(cur, r);
	ok = collate_asked(r, c, &collator, error);
	if (ok) {
		before = collate_use(collator);
		ok = set_up(r, cur, c, collator, pipeline, error);
		collate_use(before);
	}
	if (ok)
		return cur;
	cursor_free(cur);
	return NULL;
}

static void
add_stage(bson_t *pipeline, const char *name, const bson_iter_t *value)
{
	char text[INDEX_TEXT];
	const char *key = index_text(bson_count_keys(pipeline), text);
	bson_t stage;

	bson_append_document_begin(pipeline, key, -1, &stage);
	bson_append_iter(&stage, name, -1, value);
	bson_append_document_end(pipeline, &stage);
}

struct cursor *
stages_over_view(struct request *r, const char *ns, const bson_t *view,
    const bson_t *pipeline, struct coll **c, bson_error_t *error)
{
	bson_t all = BSON_INITIALIZER, own;
	char text[INDEX_TEXT], on[300] = "";
	struct cursor *cur = NULL;
	bson_iter_t it;

	/* The definition goes with the wait. */
	if (bson_iter_init_find(&it, view, "viewOn"))
		snprintf(on, sizeof on, "%s", bson_iter_utf8(&it, NULL));
	if (bson_iter_init_find(&it, view, "pipeline") && iter_doc(&it, &own))
		bson_concat(&all, &own);
	bson_iter_init(&it, pipeline);
	while (bson_iter_next(&it))
		bson_append_iter(
		    &all, index_text(bson_count_keys(&all), text), -1, &it);
	if (read_begin(r, on, c, error))
		cur = stages_cursor(r, *c, ns, &all, error);
	bson_destroy(&all);
	return cur;
}

bool
stages_find_view(struct request *r, const char *name, const bson_t *view,
    bson_error_t *error)
{
	static const char *const field[][2] = {{"filter", "$match"},
	    {"sort", "$sort"}, {"skip", "$skip"}, {"limit", "$limit"},
	    {"projection", "$project"}};
	bson_t pipeline = BSON_INITIALIZER;
	struct cursor *cur;
	struct coll *c;
	bson_iter_t it;
	char ns[400];

	for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
		bson_t doc;

		if (arg_find(r, field[i][0], &it) &&
		    !(iter_doc(&it, &doc) && bson_empty(&doc)) &&
		    !(BSON_ITER_HOLDS_NUMBER(&it) &&
			bson_iter_as_int64(&it) == 0))
			add_stage(&pipeline, field[i][1], &it);
	}
	snprintf(ns, sizeof ns, "%s.%s", r->db, name);
	cur = stages_over_view(r, ns, view, &pipeline, &c, error);
	bson_destroy(&pipeline);
	return cur &&
	    reply_first_batch(r, cur, c, arg_int(r, "batchSize", -1),
		arg_bool(r, "singleBatch"), error);
}
