#include "engine/digest_out.h"

#include <pthread.h>

#include "base/hash.h"

/* A reader hands blocks to its threads: small ones keep them all busy. */
enum { BLOCK_RANGES = 16 };

struct told {
	struct pair *pair;
	bool view;
	struct digest sum;
};

struct digest_out {
	struct stream_out *stream;
	pthread_mutex_t lock; /* of the sums */
	struct told *told;
	size_t n;
};

struct digest_out *
digest_out_new(
    const struct stream_out_opts *opts, const bson_t *head, bson_error_t *error)
{
	struct digest_out *o = bson_malloc0(sizeof *o);

	pthread_mutex_init(&o->lock, NULL);
	o->stream = stream_out_new(opts, STREAM_DIGEST, head, error);
	if (!o->stream) {
		digest_out_free(o);
		return NULL;
	}
	return o;
}

void
digest_out_free(struct digest_out *o)
{
	if (!o)
		return;
	if (o->stream)
		stream_out_free(o->stream);
	pthread_mutex_destroy(&o->lock);
	bson_free(o->told);
	bson_free(o);
}

static void
append_catalog(bson_t *doc, const struct coll *coll, const bson_t *staged)
{
	bool view = coll->type == COLL_VIEW;

	if (coll->has_uuid)
		BSON_APPEND_BINARY(
		    doc, "uuid", BSON_SUBTYPE_UUID, coll->uuid, 16);
	BSON_APPEND_UTF8(doc, "type", view ? "view" : "collection");
	BSON_APPEND_DOCUMENT(doc, "options", &coll->options);
	if (!view)
		BSON_APPEND_ARRAY(doc, "indexes", &coll->indexes);
	if (staged)
		BSON_APPEND_ARRAY(doc, "staged", staged);
}

static void
remember(struct digest_out *o, struct pair *pair, bool view)
{
	o->told = bson_realloc(o->told, (o->n + 1) * sizeof *o->told);
	o->told[o->n++] = (struct told){.pair = pair, .view = view};
}

bool
digest_out_coll(struct digest_out *o, struct pair *pair,
    enum digest_order order, const struct coll *coll, const bson_t *staged,
    bson_error_t *error)
{
	char db[NS_MAX + 1] = "", to[NS_MAX + 1] = "";
	const char *name = "", *to_name = "";
	bson_t doc = BSON_INITIALIZER, target;
	bool ok;

	ns_split(pair->ns, db, &name);
	ns_split(pair->target_ns, to, &to_name);
	BSON_APPEND_UTF8(&doc, "$mm", "coll");
	BSON_APPEND_INT32(&doc, "c", pair->c);
	BSON_APPEND_UTF8(&doc, "db", db);
	BSON_APPEND_UTF8(&doc, "coll", name);
	BSON_APPEND_DOCUMENT_BEGIN(&doc, "target", &target);
	BSON_APPEND_UTF8(&target, "db", to);
	BSON_APPEND_UTF8(&target, "coll", to_name);
	bson_append_document_end(&doc, &target);
	BSON_APPEND_UTF8(&doc, "order", digest_order_text(order));
	if (coll)
		append_catalog(&doc, coll, staged);
	ok = stream_put(o->stream, &doc, error);
	bson_destroy(&doc);
	remember(o, pair, coll && coll->type == COLL_VIEW);
	return ok || error_prefix(error, "\"%s\"", pair->ns);
}

static void
append_sum(bson_t *doc, const struct digest *d)
{
	uint8_t sum[DIGEST_LEAF];
	bson_t in;

	digest_store(d, sum);
	BSON_APPEND_DOCUMENT_BEGIN(doc, "digest", &in);
	BSON_APPEND_INT64(&in, "docs", d->docs);
	BSON_APPEND_INT64(&in, "bytes", d->bytes);
	BSON_APPEND_BINARY(&in, "sum", BSON_SUBTYPE_BINARY, sum, sizeof sum);
	bson_append_document_end(doc, &in);
}

static bool
put_cend(struct digest_out *o, const struct told *told, bool totals,
    bson_error_t *error)
{
	const struct tally *t = &told->pair->tally;
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&doc, "$mm", "cend");
	BSON_APPEND_INT32(&doc, "c", told->pair->c);
	BSON_APPEND_INT64(&doc, "docs", atomic_load(&t->out_docs));
	BSON_APPEND_INT64(&doc, "bytes", atomic_load(&t->out_bytes));
	BSON_APPEND_INT64(&doc, "sum", (int64_t)atomic_load(&t->out_sum));
	if (totals)
		append_sum(&doc, &told->sum);
	ok = stream_put(o->stream, &doc, error);
	bson_destroy(&doc);
	return ok;
}

bool
digest_out_end(
    struct digest_out *o, bool totals, struct optime to, bson_error_t *error)
{
	bson_t extra = BSON_INITIALIZER;
	bool ok = true;

	for (size_t i = 0; ok && i < o->n; i++)
		ok = o->told[i].view || put_cend(o, &o->told[i], totals, error);
	if (!optime_is_null(to))
		optime_append(&extra, "to", to);
	ok = ok && stream_put_end(o->stream, "complete", &extra, error);
	bson_destroy(&extra);
	return ok;
}

/* ------------------------------------------------------------------ parts */

bool
digest_part_flush(struct digest_part *p, bson_error_t *error)
{
	struct digest_out *o = p->out;

	if (!p->pair)
		return true;
	pthread_mutex_lock(&o->lock);
	for (size_t i = 0; i < o->n; i++)
		if (o->told[i].pair == p->pair)
			digest_add(&o->told[i].sum, &p->sum);
	pthread_mutex_unlock(&o->lock);
	p->sum = (struct digest){0};
	return stream_put_block(o->stream, &p->block, NULL, error);
}

bool
digest_part_begin(struct digest_part *p, struct pair *pair, bson_error_t *error)
{
	if (p->pair == pair)
		return true;
	if (!digest_part_flush(p, error))
		return false;
	p->pair = pair;
	p->block.c = pair->c;
	return true;
}

bool
digest_part_range(
    struct digest_part *p, const struct digest_range *r, bson_error_t *error)
{
	struct tally *t = &p->pair->tally;
	const uint8_t *data;
	bson_t doc;

	digest_range_write(r, &doc);
	data = bson_get_data(&doc);
	atomic_fetch_add(&t->out_docs, 1);
	atomic_fetch_add(&t->out_bytes, doc.len);
	atomic_fetch_add(&t->out_sum, hash_xxh64(data, doc.len, 0));
	block_add(&p->block, data, doc.len);
	bson_destroy(&doc);
	digest_add(&p->sum, &r->sum);
	if (p->block.n < BLOCK_RANGES && !block_full(&p->block))
		return true;
	return digest_part_flush(p, error);
}

void
digest_part_release(struct digest_part *p)
{
	block_release(&p->block);
}
