#include "cursor.h"

#include <openssl/rand.h>
#include <string.h>

#include "collate.h"
#include "concern.h"
#include "match.h"
#include "project.h"
#include "scan.h"

static struct cursor *cursors;

struct cursor *
cursor_new(const char *ns, const struct coll *c)
{
	struct cursor *cur = bson_malloc0(sizeof *cur);

	cur->ns = bson_strdup(ns);
	if (c) {
		memcpy(cur->uuid, c->uuid, sizeof cur->uuid);
		cur->has_coll = true;
	}
	bson_init(&cur->filter);
	bson_init(&cur->projection);
	cur->limit = -1;
	return cur;
}

void
cursor_reads_as(struct cursor *cur, const struct request *r)
{
	cur->majority = r->majority;
	cur->at = r->at;
}

uint64_t
cursor_view(const struct cursor *cur)
{
	return view_now(cur->majority, cur->at);
}

void
cursor_free(struct cursor *cur)
{
	if (!cur)
		return;
	plan_release(&cur->plan);
	bson_destroy(&cur->filter);
	bson_destroy(&cur->projection);
	buf_release(&cur->last_id);
	buf_release(&cur->docs);
	bson_free(cur->ns);
	bson_free(cur);
}

void
cursor_register(struct cursor *cur)
{
	do {
		RAND_bytes((uint8_t *)&cur->id, sizeof cur->id);
		cur->id &= INT64_MAX;
	} while (cur->id <= INT32_MAX || cursor_find(cur->id));
	cur->next = cursors;
	cursors = cur;
}

struct cursor *
cursor_find(int64_t id)
{
	struct cursor *cur = cursors;

	while (cur && cur->id != id)
		cur = cur->next;
	return cur;
}

bool
cursor_kill(int64_t id)
{
	for (struct cursor **p = &cursors; *p; p = &(*p)->next) {
		struct cursor *cur = *p;

		if (cur->id != id)
			continue;
		*p = cur->next;
		cursor_free(cur);
		return true;
	}
	return false;
}

int64_t
cursor_kill_all(int64_t min_batches, const char *ns)
{
	int64_t n = 0;

	for (struct cursor *cur = cursors, *next; cur; cur = next) {
		next = cur->next;
		if (cur->batches >= min_batches &&
		    (!ns || strcmp(ns, cur->ns) == 0)) {
			cursor_kill(cur->id);
			n++;
		}
	}
	return n;
}

/* One document into the batch: projected, with its record id. */
static bool
put_doc(struct cursor *cur, const uint8_t *doc, size_t len, int64_t rid,
    struct batch *batch, struct buf *out, bson_error_t *error)
{
	char text[INDEX_TEXT];
	const char *name;
	size_t mark = out->len;
	bson_t d;

	if (!cur->project && !cur->show_rid) {
		out_index(out, (uint32_t)batch->n++, doc, len);
		batch->bytes += len;
		return true;
	}
	bson_init_static(&d, doc, len);
	buf_add_byte(out, BSON_TYPE_DOCUMENT);
	name = index_text((uint32_t)batch->n++, text);
	buf_add(out, name, strlen(name) + 1);
	mark = out->len;
	if (!project_doc(&cur->projection, &d, out, error))
		return false;
	if (cur->show_rid) {
		out->len--;
		out_i64(out, "$recordId", rid);
		out_close(out, mark);
	}
	batch->bytes += out->len - mark;
	return true;
}

static bool
full(const struct cursor *cur, const struct batch *batch, size_t more)
{
	return cur->limit == 0 ||
	    (batch->max_docs >= 0 && batch->n >= batch->max_docs) ||
	    (batch->n > 0 && batch->bytes + more > BATCH_BYTES);
}

static bool
fill_list(struct cursor *cur, struct batch *batch, struct buf *out,
    bson_error_t *error)
{
	while (cur->docs_at < cur->docs.len) {
		const uint8_t *doc = cur->docs.data + cur->docs_at;
		size_t len = doc_len(doc);

		if (full(cur, batch, len))
			break;
		cur->docs_at += len;
		cur->limit -= cur->limit > 0;
		if (!put_doc(cur, doc, len, 0, batch, out, error))
			return false;
	}
	cur->eof = cur->limit == 0 || cur->docs_at == cur->docs.len;
	return true;
}

static void
save_place(struct cursor *cur, const struct doc *d)
{
	struct value id;

	cur->placed = true;
	cur->last_rid = d->rid;
	if (cur->plan.kind != PLAN_ID)
		return;
	doc_id(d, &id);
	buf_clear(&cur->last_id);
	buf_add_byte(&cur->last_id, id.type);
	buf_add(&cur->last_id, id.data, id.len);
}

static bool
resume(struct cursor *cur, const struct coll *c, struct scan *s,
    bson_error_t *error)
{
	uint64_t view = cursor_view(cur);
	struct value id = {0};

	if (!cur->placed) {
		scan_start(s, c, &cur->plan, view);
		s->point = cur->points_done;
		return true;
	}
	if (cur->last_id.len > 0)
		id = (struct value){cur->last_id.data[0], cur->last_id.data + 1,
		    (uint32_t)cur->last_id.len - 1};
	if (scan_after(s, c, &cur->plan, view, cur->last_rid,
		cur->last_id.len > 0 ? &id : NULL, cur->points_done))
		return true;
	return refuse(error, 136,
	    "CollectionScan died due to position in capped collection being "
	    "deleted. Last seen record id: RecordId(%lld)",
	    (long long)cur->last_rid);
}

static bool
wanted(const struct cursor *cur, const struct doc *d, bool *yes,
    bson_error_t *error)
{
	const struct collator *before;
	bson_t doc;
	bool ok;

	*yes = true;
	if (cur->plan.covered)
		return true;
	bson_init_static(&doc, d->data, d->len);
	before = collate_use(cur->plan.collator);
	ok = match_doc(&cur->filter, &doc, yes, error);
	collate_use(before);
	return ok;
}

/* A document too large for what is left of the batch comes first in the next:
 * the place is that of the one before it. */
static bool
fill_scan(struct cursor *cur, const struct coll *c, struct batch *batch,
    struct buf *out, bson_error_t *error)
{
	const struct doc *d = NULL, *last = NULL;
	struct scan s;
	size_t point;
	bool yes, ok = true;

	if (full(cur, batch, 0)) {
		cur->eof = cur->limit == 0;
		return true;
	}
	if (!resume(cur, c, &s, error))
		return false;
	for (point = s.point; (d = scan_next(&s)) != NULL; point = s.point) {
		if (!wanted(cur, d, &yes, error))
			return false;
		if (yes && cur->skip > 0) {
			cur->skip--;
		} else if (yes) {
			if (full(cur, batch, d->len))
				break;
			ok = put_doc(
			    cur, d->data, d->len, d->rid, batch, out, error);
			cur->limit -= cur->limit > 0;
		}
		last = d;
		if (!ok || full(cur, batch, 0)) {
			point = s.point;
			break;
		}
	}
	if (last)
		save_place(cur, last);
	cur->points_done = point;
	cur->eof = d == NULL || cur->limit == 0 ||
	    (cur->plan.kind == PLAN_POINTS && cur->plan.n_points == 1);
	return ok;
}

bool
cursor_fill(struct cursor *cur, const struct coll *c, struct batch *batch,
    struct buf *out, bson_error_t *error)
{
	cur->batches++;
	if (cur->list)
		return fill_list(cur, batch, out, error);
	return fill_scan(cur, c, batch, out, error);
}

bool
scan_each(const struct coll *c, const struct plan *plan, const bson_t *filter,
    uint64_t view, each_doc *each, void *ctx, bson_error_t *error)
{
	const struct collator *before = collate_use(plan->collator);
	const struct doc *d;
	struct scan s;
	bson_t doc;
	bool yes = true, ok = true;

	scan_start(&s, c, plan, view);
	while (ok && (d = scan_next(&s)) != NULL) {
		bson_init_static(&doc, d->data, d->len);
		if (!plan->covered)
			ok = match_doc(filter, &doc, &yes, error);
		if (ok && yes && !each(ctx, d))
			break;
	}
	collate_use(before);
	return ok;
}
