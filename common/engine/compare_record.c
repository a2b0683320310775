#include "engine/compare_record.h"

#include "base/hash.h"
#include "engine/compare_task.h"

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

void
record_counts(bson_t *doc, const struct tally *t)
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

void
record_coll(const struct pair *p, bson_t *doc)
{
	bson_init(doc);
	BSON_APPEND_UTF8(doc, "$mm", "coll");
	BSON_APPEND_INT32(doc, "c", p->c);
	append_ns(doc, NULL, p->ns);
	append_ns(doc, "target", p->target_ns);
}

void
record_cend(const struct pair *p, bson_t *doc)
{
	const struct tally *t = &p->tally;

	bson_init(doc);
	BSON_APPEND_UTF8(doc, "$mm", "cend");
	BSON_APPEND_INT32(doc, "c", p->c);
	BSON_APPEND_INT64(doc, "docs", atomic_load(&t->out_docs));
	BSON_APPEND_INT64(doc, "bytes", atomic_load(&t->out_bytes));
	BSON_APPEND_INT64(doc, "sum", (int64_t)atomic_load(&t->out_sum));
	append_side(doc, "source", atomic_load(&t->source_docs),
	    atomic_load(&t->source_bytes), atomic_load(&t->source_sum));
	append_side(doc, "target", atomic_load(&t->target_docs),
	    atomic_load(&t->target_bytes), atomic_load(&t->target_sum));
	record_counts(doc, t);
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
begin(const struct pair *p, bson_t *doc, enum diff_class class)
{
	bson_init(doc);
	BSON_APPEND_UTF8(doc, "class", diff_class_text(class));
	BSON_APPEND_UTF8(doc, "ns", p->ns);
}

void
record_document(const struct pair *p, const struct report_doc *found,
    const struct value *id, bson_t *doc)
{
	begin(p, doc, found->class);
	compare_append_value(doc, "_id", id);
	append_document(doc, "source", found->source);
	append_document(doc, "target", found->target);
	append_position(doc, "from", found->from);
	append_position(doc, "to", found->to);
	append_position(doc, "version", found->version);
	append_position(doc, "next", found->next);
	if (found->rounds > 0)
		BSON_APPEND_INT32(doc, "rounds", found->rounds);
	if (found->resolved)
		BSON_APPEND_BOOL(doc, "resolved", true);
}

void
record_fact(const struct pair *p, const struct report_fact *fact, bson_t *doc)
{
	begin(p, doc, fact->class);
	BSON_APPEND_UTF8(doc, "what", fact->what);
	if (fact->name)
		BSON_APPEND_UTF8(doc, "name", fact->name);
	BSON_APPEND_UTF8(doc, "detail", fact->detail);
	if (fact->source)
		BSON_APPEND_DOCUMENT(doc, "source", fact->source);
	if (fact->target)
		BSON_APPEND_DOCUMENT(doc, "target", fact->target);
}

static void
append_amount(bson_t *doc, const char *key, int64_t docs, int64_t bytes)
{
	bson_t in;

	BSON_APPEND_DOCUMENT_BEGIN(doc, key, &in);
	BSON_APPEND_INT64(&in, "docs", docs);
	BSON_APPEND_INT64(&in, "bytes", bytes);
	bson_append_document_end(doc, &in);
}

void
record_range(
    const struct pair *p, const struct report_range *range, bson_t *doc)
{
	begin(p, doc, DIFF_RANGE);
	if (range->from)
		compare_append_value(doc, "begin", range->from);
	if (range->to)
		compare_append_value(doc, "until", range->to);
	append_amount(doc, "source", range->source_docs, range->source_bytes);
	append_amount(doc, "target", range->target_docs, range->target_bytes);
}
