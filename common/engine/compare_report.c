#include "engine/compare_report.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/hash.h"
#include "base/msg.h"
#include "base/status.h"
#include "engine/compare_record.h"
#include "engine/compare_repair.h"
#include "engine/compare_text.h"
#include "io/fdio.h"
#include "model/doc_class.h"
#include "model/docid.h"

enum { TEXT_PIECE = 1 << 16 };

struct report {
	struct report_opts opts;
	struct stream_out *stream; /* REPORT_STREAM, REPORT_REPAIR */
	struct optime after;       /* of a repair */
	atomic_int_fast64_t left;  /* what it cannot mend */
	pthread_mutex_t lock;      /* of the text */
};

struct report_part {
	struct report *r;
	struct pair *pair;
	struct buf text;
	struct block block;
};

static bool
is_repair(const struct report *r)
{
	return r->opts.format == REPORT_REPAIR;
}

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
	if (opts->format == REPORT_STREAM || is_repair(r)) {
		optime_read(head, "after", &r->after);
		r->stream = stream_out_new(&out,
		    is_repair(r) ? STREAM_OPLOG : STREAM_DIFF, head, error);
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

static bool
put(struct report *r, bson_t *doc, bson_error_t *error)
{
	bool ok = stream_put(r->stream, doc, error);

	bson_destroy(doc);
	return ok;
}

bool
report_pairs(
    struct report *r, const struct pair_list *pairs, bson_error_t *error)
{
	bool ok = true;

	for (size_t i = 0; ok && r->stream && !is_repair(r) && i < pairs->n;
	     i++) {
		bson_t doc;

		record_coll(&pairs->item[i], &doc);
		ok = put(r, &doc, error);
	}
	return ok;
}

static bool
put_cend(struct report *r, const struct pair *p, bson_error_t *error)
{
	bson_t doc;

	record_cend(p, &doc);
	return put(r, &doc, error);
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
	record_counts(&extra, &sum);
	BSON_APPEND_INT64(&extra, "differences", tally_differences(&sum));
	ok = ok &&
	    stream_put_end(
		r->stream, stopped ? "signal" : "complete", &extra, error);
	bson_destroy(&extra);
	return ok;
}

/* The log that is a repair; what else there is to say is for people. */
static bool
end_repair(struct report *r, const struct pair_list *pairs, bool stopped,
    bson_error_t *error)
{
	bson_t extra = BSON_INITIALIZER;
	struct buf text = BUF_INIT;
	int64_t left = (int64_t)atomic_load(&r->left);
	bool ok;

	ok = repair_end(r->opts.source, &extra, error) &&
	    stream_put_end(
		r->stream, stopped ? "signal" : "complete", &extra, error);
	bson_destroy(&extra);
	text_total(&text, pairs, stopped);
	buf_add_byte(&text, 0);
	msg_info("%s", (const char *)text.data);
	buf_release(&text);
	if (left > 0)
		msg_warn("%" PRId64 " differences are not in the repair: of "
			 "the catalog, or in capped collections",
		    left);
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

	if (is_repair(r))
		return end_repair(r, pairs, stopped, error);
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
	p->block.c = is_repair(p->r) ? 0 : pair->c;
	return true;
}

/* Destroys doc. */
static bool
put_doc(struct report_part *p, bson_t *doc, bson_error_t *error)
{
	struct tally *t = &p->pair->tally;
	const uint8_t *data = bson_get_data(doc);

	atomic_fetch_add(&t->out_docs, 1);
	atomic_fetch_add(&t->out_bytes, doc->len);
	atomic_fetch_add(&t->out_sum, hash_xxh64(data, doc->len, 0));
	block_add(&p->block, data, doc->len);
	bson_destroy(doc);
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

static bool
cannot_mend(struct report *r, bool differs)
{
	atomic_fetch_add(&r->left, differs);
	return true;
}

static bool
put_repair(
    struct report_part *p, const struct report_doc *doc, bson_error_t *error)
{
	if (doc->resolved || diff_class_undecided(doc->class))
		return true;
	if (!repair_entries(p->pair, doc, p->r->after, &p->block))
		return cannot_mend(p->r, true);
	return !block_full(&p->block) || report_flush(p, error);
}

bool
report_doc(
    struct report_part *p, const struct report_doc *doc, bson_error_t *error)
{
	struct value id;
	bson_t row;

	if (doc->id)
		id = *doc->id;
	else if (!docid_of(doc->source ? doc->source : doc->target, &id, error))
		return false;
	count(p, doc->class, doc->resolved ? -1 : 1);
	if (is_repair(p->r))
		return put_repair(p, doc, error);
	if (p->r->stream) {
		record_document(p->pair, doc, &id, &row);
		return put_doc(p, &row, error);
	}
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
report_range(struct report_part *p, const struct report_range *range,
    bson_error_t *error)
{
	bson_t row;

	count(p, DIFF_RANGE, 1);
	if (is_repair(p->r))
		return cannot_mend(p->r, true);
	if (p->r->stream) {
		record_range(p->pair, range, &row);
		return put_doc(p, &row, error);
	}
	if (p->r->opts.format == REPORT_JSON)
		json_range(&p->text, p->pair, range);
	else
		text_range(&p->text, p->pair, range);
	return text_grown(p, error);
}

bool
report_fact(
    struct report_part *p, const struct report_fact *fact, bson_error_t *error)
{
	bson_t row;

	count(p, fact->class, 1);
	if (is_repair(p->r))
		return cannot_mend(p->r, diff_class_differs(fact->class));
	if (p->r->stream) {
		record_fact(p->pair, fact, &row);
		return put_doc(p, &row, error);
	}
	if (p->r->opts.format == REPORT_JSON)
		json_fact(&p->text, p->pair, fact);
	else
		text_fact(&p->text, p->pair, fact);
	return text_grown(p, error);
}
