/* mongosim: aggregate, count, distinct. */
#include <stdlib.h>
#include <string.h>

#include "collate.h"
#include "commands.h"
#include "concern.h"
#include "match.h"
#include "out_stage.h"
#include "reply.h"
#include "stages.h"

bool
cmd_aggregate(struct request *r, bson_error_t *error)
{
	int64_t max_docs = 101;
	bson_t pipeline, options, view;
	struct cursor *cur;
	struct coll *c;
	const char *name;
	bson_iter_t it;
	char ns[400];

	if (arg_int(r, "aggregate", 0) == 1) {
		name = "$cmd.aggregate";
		c = NULL;
	} else if (!arg_coll_name(r, &name, error) ||
	    !read_begin(r, name, &c, error)) {
		return false;
	}
	if (!arg_doc(r, "pipeline", &pipeline))
		return refuse(error, 14,
		    "'pipeline' option must be specified as an array");
	if (!arg_doc(r, "cursor", &options))
		return refuse(error, 9,
		    "The 'cursor' option is required, except for aggregate "
		    "with the explain argument");
	if (bson_iter_init_find(&it, &options, "batchSize"))
		max_docs = bson_iter_as_int64(&it);
	snprintf(ns, sizeof ns, "%s.%s", r->db, name);
	if (!c && catalog_view(r->db, name, &view))
		cur = stages_over_view(r, ns, &view, &pipeline, &c, error);
	else
		cur = stages_cursor(r, c, ns, &pipeline, error);
	if (cur && out_stage_find(&pipeline, &it) &&
	    !out_stage_run(r, cur, &it, error)) {
		cursor_free(cur);
		return false;
	}
	return cur && reply_first_batch(r, cur, c, max_docs, false, error);
}

static bool
count_one(void *ctx, const struct doc *d)
{
	(void)d;
	++*(int64_t *)ctx;
	return true;
}

/* Runs over the documents that `query` selects. */
static bool
each_match(struct request *r, each_doc *each, void *ctx,
    const struct collator **collator, bson_error_t *error)
{
	bson_t filter = BSON_INITIALIZER, none = BSON_INITIALIZER;
	struct plan plan;
	bool sorted, ok;
	const char *name;
	struct coll *c;

	if (!arg_coll_name(r, &name, error) || !read_begin(r, name, &c, error))
		return false;
	arg_doc(r, "query", &filter);
	if (!match_check(&filter, error))
		return false;
	if (!collate_asked(r, c, collator, error))
		return false;
	if (!c)
		return true;
	ok = plan_make(c, *collator, &filter, &none, NULL, NULL, NULL, &plan,
		 &sorted, error) &&
	    scan_each(c, &plan, &filter, view_now(r->majority, r->at), each,
		ctx, error);
	plan_release(&plan);
	return ok;
}

bool
cmd_count(struct request *r, bson_error_t *error)
{
	const struct collator *collator;
	int64_t n = 0, limit = llabs(arg_int(r, "limit", 0));

	if (!each_match(r, count_one, &n, &collator, error))
		return false;
	n -= arg_int(r, "skip", 0);
	if (n < 0)
		n = 0;
	if (limit > 0 && n > limit)
		n = limit;
	out_int(r->reply, "n", n);
	return true;
}

struct distinct {
	const char *path;
	struct value *v;
	size_t n, cap;
};

static void
add_value(struct distinct *d, const struct value *v)
{
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 64;
		d->v = bson_realloc(d->v, d->cap * sizeof *d->v);
	}
	d->v[d->n++] = *v;
}

static void
values_at(struct distinct *d, const struct value *v, const char *path)
{
	const char *dot = path ? strchr(path, '.') : NULL;
	char name[256];
	struct walk w;
	struct elem e;
	size_t n;

	if (v->type == BSON_TYPE_ARRAY && walk_init(&w, v->data, v->len)) {
		while (walk_next(&w, &e))
			if (!path)
				add_value(d, &e.value);
			else
				values_at(d, &e.value, path);
		return;
	}
	if (!path) {
		add_value(d, v);
		return;
	}
	n = dot ? (size_t)(dot - path) : strlen(path);
	if (n >= sizeof name || v->type != BSON_TYPE_DOCUMENT)
		return;
	memcpy(name, path, n);
	name[n] = '\0';
	if (walk_find(v->data, v->len, name, &e))
		values_at(d, &e.value, dot ? dot + 1 : NULL);
}

static bool
distinct_of(void *ctx, const struct doc *doc)
{
	struct distinct *d = ctx;
	struct value v = {BSON_TYPE_DOCUMENT, doc->data, doc->len};

	values_at(d, &v, d->path);
	return true;
}

static int
cmp_values(const void *a, const void *b)
{
	return collate_cmp(a, b);
}

bool
cmd_distinct(struct request *r, bson_error_t *error)
{
	struct distinct d = {.path = arg_text(r, "key")};
	const struct collator *before;
	char text[INDEX_TEXT];
	uint32_t n = 0;
	size_t mark;

	if (!d.path)
		return refuse(error, 14, "\"key\" had the wrong type");
	if (!each_match(r, distinct_of, &d, &before, error)) {
		bson_free(d.v);
		return false;
	}
	before = collate_use(before);
	if (d.n > 0)
		qsort(d.v, d.n, sizeof *d.v, cmp_values);
	mark = out_open(r->reply, "values", BSON_TYPE_ARRAY);
	for (size_t i = 0; i < d.n; i++)
		if (i == 0 || collate_cmp(&d.v[i - 1], &d.v[i]) != 0)
			out_value(r->reply, index_text(n++, text), &d.v[i]);
	out_close(r->reply, mark);
	collate_use(before);
	bson_free(d.v);
	return true;
}
