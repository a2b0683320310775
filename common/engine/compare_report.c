#include "engine/compare_report.h"

#include <pthread.h>
#include <string.h>

#include "base/hash.h"
#include "base/status.h"
#include "engine/compare_task.h"
#include "engine/compare_text.h"
#include "io/fdio.h"
#include "model/doc_class.h"
#include "model/docid.h"

enum { TEXT_PIECE = 1 << 16 };

struct report {
	struct report_opts opts;
	struct stream_out *stream; /* REPORT_STREAM */
	pthread_mutex_t lock;      /* of the text */
};

struct report_part {
	struct report *r;
	struct pair *pair;
	struct buf text;
	struct block block;
};

struct report *
report_new(
    const struct report_opts *opts, const bson_t *head, bson_error_t *error)
{
	struct report *r = bson_malloc0(sizeof *r);
	struct stream_out_opts out = {
	    .fd = opts->fd, .name = opts->name, .level = opts->level};

	r->opts = *opts;
	pthread_mutex_init(&r->lock, NULL);
	/* A reader of the status sees 0, not nothing. */
	for (int k = 0; k < DIFF_CLASSES; k++)
		status_add(diff_class_field(k), 0);
	if (opts->format == REPORT_STREAM) {
		r->stream = stream_out_new(&out, STREAM_DIFF, head, error);
		if (!r->stream) {
			report_free(r);
			return NULL;
		}
	}
	return r;
}

void
report_free(struct report *r)
{
	if (!r)
		return;
	if (r->stream)
		stream_out_free(r->stream);
	pthread_mutex_destroy(&r->lock);
	bson_free(r);
}

static void
append_ns(bson_t *doc, const char *key, const char *ns)
{
	char db[NS_MAX + 1] = "";
	const char *coll = "";

	ns_split(ns, db, &coll);
	if (key) {
		bson_t in;

		BSON_APPEND_DOCUMENT_BEGIN(doc, key, &in);
		BSON_APPEND_UTF8(&in, "db", db);
		BSON_APPEND_UTF8(&in, "coll", coll);
		bson_append_document_end(doc, &in);
		return;
	}
	BSON_APPEND_UTF8(doc, "db", db);
	BSON_APPEND_UTF8(doc, "coll", coll);
}

bool
report_pairs(
    struct report *r, const struct pair_list *pairs, bson_error_t *error)
{
	bool ok = true;

	if (!r->stream)
		return true;
	for (size_t i = 0; ok && i < pairs->n; i++) {
		const struct pair *p = &pairs->item[i];
		bson_t doc = BSON_INITIALIZER;

		BSON_APPEND_UTF8(&doc, "$mm", "coll");
		BSON_APPEND_INT32(&doc, "c", p->c);
		append_ns(&doc, NULL, p->ns);
		append_ns(&doc, "target", p->target_ns);
		ok = stream_put(r->stream, &doc, error);
		bson_destroy(&doc);
	}
	return ok;
}

static void
append_found(bson_t *doc, const struct tally *t)
{
	for (int k = 0; k < DIFF_CLASSES; k++)
		BSON_APPEND_INT64(
		    doc, diff_class_field(k), atomic_load(&t->found[k]));
}

static void
append_side(
    bson_t *doc, const char *key, int64_t docs, int64_t bytes, uint64_t sum)
{
	bson_t in;

	BSON_APPEND_DOCUMENT_BEGIN(doc, key, &in);
	BSON_APPEND_INT64(&in, "docs", docs);
	BSON_APPEND_INT64(&in, "bytes", bytes);
	BSON_APPEND_INT64(&in, "sum", (int64_t)sum);
	bson_append_document_end(doc, &in);
}

static bool
put_cend(struct report *r, const struct pair *p, bson_error_t *error)
{
	const struct tally *t = &p->tally;
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&doc, "$mm", "cend");
	BSON_APPEND_INT32(&doc, "c", p->c);
	BSON_APPEND_INT64(&doc, "docs", atomic_load(&t->out_docs));
	BSON_APPEND_INT64(&doc, "bytes", atomic_load(&t->out_bytes));
	BSON_APPEND_INT64(&doc, "sum", (int64_t)atomic_load(&t->out_sum));
	append_side(&doc, "source", atomic_load(&t->source_docs),
	    atomic_load(&t->source_bytes), atomic_load(&t->source_sum));
	append_side(&doc, "target", atomic_load(&t->target_docs),
	    atomic_load(&t->target_bytes), atomic_load(&t->target_sum));
	append_found(&doc, t);
	ok = stream_put(r->stream, &doc, error);
	bson_destroy(&doc);
	return ok;
}

static bool
end_stream(struct report *r, const struct pair_list *pairs, bool stopped,
    bson_error_t *error)
{
	bson_t extra = BSON_INITIALIZER;
	struct tally sum;
	bool ok = true;

	/* Without result the collections have no end either. */
	for (size_t i = 0; ok && !stopped && i < pairs->n; i++)
		ok = put_cend(r, &pairs->item[i], error);
	pairs_total(pairs, &sum);
	append_found(&extra, &sum);
	BSON_APPEND_INT64(&extra, "differences", tally_differences(&sum));
	ok = ok &&
	    stream_put_end(
		r->stream, stopped ? "signal" : "complete", &extra, error);
	bson_destroy(&extra);
	return ok;
}

static bool
write_text(struct report *r, struct buf *text, bson_error_t *error)
{
	bool ok;

	pthread_mutex_lock(&r->lock);
	ok = fdio_write_all(
	    r->opts.fd, r->opts.name, text->data, text->len, error);
	pthread_mutex_unlock(&r->lock);
	buf_clear(text);
	return ok;
}

bool
report_end(struct report *r, const struct pair_list *pairs, bool stopped,
    bson_error_t *error)
{
	struct buf text = BUF_INIT;
	bool ok;

	if (r->stream)
		return end_stream(r, pairs, stopped, error);
	if (r->opts.format == REPORT_JSON)
		json_summary(&text, pairs, r->opts.sums, stopped);
	else
		text_summary(&text, pairs, r->opts.sums, stopped);
	ok = write_text(r, &text, error);
	buf_release(&text);
	return ok;
}

struct report_part *
report_part_new(struct report *r)
{
	struct report_part *p = bson_malloc0(sizeof *p);

	p->r = r;
	return p;
}

void
report_part_free(struct report_part *p)
{
	if (!p)
		return;
	buf_release(&p->text);
	block_release(&p->block);
	bson_free(p);
}

bool
report_flush(struct report_part *p, bson_error_t *error)
{
	if (p->r->stream)
		return stream_put_block(p->r->stream, &p->block, NULL, error);
	return p->text.len == 0 || write_text(p->r, &p->text, error);
}

bool
report_begin(struct report_part *p, struct pair *pair, bson_error_t *error)
{
	if (!report_flush(p, error))
		return false;
	p->pair = pair;
	p->block.c = pair->c;
	return true;
}

static bool
put_doc(struct report_part *p, const bson_t *doc, bson_error_t *error)
{
	struct tally *t = &p->pair->tally;
	const uint8_t *data = bson_get_data(doc);

	atomic_fetch_add(&t->out_docs, 1);
	atomic_fetch_add(&t->out_bytes, doc->len);
	atomic_fetch_add(&t->out_sum, hash_xxh64(data, doc->len, 0));
	block_add(&p->block, data, doc->len);
	return !block_full(&p->block) || report_flush(p, error);
}

static bool
text_grown(struct report_part *p, bson_error_t *error)
{
	return p->text.len < TEXT_PIECE || report_flush(p, error);
}

static void
count(struct report_part *p, enum diff_class class, int n)
{
	atomic_fetch_add(&p->pair->tally.found[class], n);
	status_add(diff_class_field(class), n);
}

static void
append_document(bson_t *doc, const char *key, const bson_t *side)
{
	bson_t in;

	if (!side)
		return;
	BSON_APPEND_DOCUMENT_BEGIN(doc, key, &in);
	BSON_APPEND_INT32(&in, "len", (int32_t)side->len);
	BSON_APPEND_INT64(&in, "xxh64",
	    (int64_t)hash_xxh64(bson_get_data(side), side->len, 0));
	bson_append_document_end(doc, &in);
}

static void
append_position(bson_t *doc, const char *key, struct optime o)
{
	if (!optime_is_null(o))
		optime_append(doc, key, o);
}

static void
begin_doc(struct report_part *p, bson_t *doc, enum diff_class class)
{
	bson_init(doc);
	BSON_APPEND_UTF8(doc, "class", diff_class_text(class));
	BSON_APPEND_UTF8(doc, "ns", p->pair->ns);
}

static bool
put_found(struct report_part *p, const struct report_doc *found,
    const struct value *id, bson_error_t *error)
{
	bson_t doc;
	bool ok;

	begin_doc(p, &doc, found->class);
	compare_append_value(&doc, "_id", id);
	append_document(&doc, "source", found->source);
	append_document(&doc, "target", found->target);
	append_position(&doc, "from", found->from);
	append_position(&doc, "to", found->to);
	append_position(&doc, "version", found->version);
	append_position(&doc, "next", found->next);
	if (found->rounds > 0)
		BSON_APPEND_INT32(&doc, "rounds", found->rounds);
	if (found->resolved)
		BSON_APPEND_BOOL(&doc, "resolved", true);
	ok = put_doc(p, &doc, error);
	bson_destroy(&doc);
	return ok;
}

bool
report_doc(
    struct report_part *p, const struct report_doc *doc, bson_error_t *error)
{
	struct value id;

	if (doc->id)
		id = *doc->id;
	else if (!docid_of(doc->source ? doc->source : doc->target, &id, error))
		return false;
	count(p, doc->class, doc->resolved ? -1 : 1);
	if (p->r->stream)
		return put_found(p, doc, &id, error);
	if (p->r->opts.format == REPORT_JSON)
		json_document(&p->text, p->pair, doc, &id);
	else
		text_document(&p->text, p->pair, doc, &id);
	return text_grown(p, error);
}

enum diff_class
report_class(enum diff_class class, const bson_t *source, const bson_t *target)
{
	if (class != DIFF_CONTENT || !source || !target)
		return class;
	switch (doc_class_of(source, target)) {
	case DOC_ORDER:
		return DIFF_ORDER;
	case DOC_TYPE:
		return DIFF_TYPE;
	default:
		return DIFF_CONTENT;
	}
}

bool
report_document(struct report_part *p, enum diff_class class,
    const bson_t *source, const bson_t *target, bson_error_t *error)
{
	const struct report_doc doc = {
	    .class = report_class(class, source, target),
	    .source = source,
	    .target = target,
	};

	return report_doc(p, &doc, error);
}

bool
report_fact(
    struct report_part *p, const struct report_fact *fact, bson_error_t *error)
{
	bson_t doc;
	bool ok;

	count(p, fact->class, 1);
	if (!p->r->stream) {
		if (p->r->opts.format == REPORT_JSON)
			json_fact(&p->text, p->pair, fact);
		else
			text_fact(&p->text, p->pair, fact);
		return text_grown(p, error);
	}
	begin_doc(p, &doc, fact->class);
	BSON_APPEND_UTF8(&doc, "what", fact->what);
	if (fact->name)
		BSON_APPEND_UTF8(&doc, "name", fact->name);
	BSON_APPEND_UTF8(&doc, "detail", fact->detail);
	if (fact->source)
		BSON_APPEND_DOCUMENT(&doc, "source", fact->source);
	if (fact->target)
		BSON_APPEND_DOCUMENT(&doc, "target", fact->target);
	ok = put_doc(p, &doc, error);
	bson_destroy(&doc);
	return ok;
}
