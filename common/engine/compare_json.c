#include <inttypes.h>
#include <string.h>

#include "engine/compare_text.h"

static void
add_quoted(struct buf *out, const char *field, const char *text)
{
	char *quoted = bson_utf8_escape_for_json(text, -1);

	buf_add_format(out, ", \"%s\": \"%s\"", field, quoted ? quoted : "");
	bson_free(quoted);
}

static void
json_begin(struct buf *out, const struct pair *pair, enum diff_class class)
{
	buf_add_format(out, "{\"class\": \"%s\"", diff_class_text(class));
	add_quoted(out, "ns", pair->ns);
	if (strcmp(pair->ns, pair->target_ns) != 0)
		add_quoted(out, "target_ns", pair->target_ns);
}

static void
add_position(struct buf *out, const char *field, struct optime o)
{
	char text[OPTIME_TEXT];

	if (!optime_is_null(o))
		buf_add_format(
		    out, ", \"%s\": \"%s\"", field, optime_text(o, text));
}

void
json_document(struct buf *out, const struct pair *pair,
    const struct report_doc *doc, const struct value *id)
{
	json_begin(out, pair, doc->class);
	buf_add_text(out, ", \"_id\": ");
	text_value(out, id);
	if (doc->source)
		buf_add_format(
		    out, ", \"source_bytes\": %" PRIu32, doc->source->len);
	if (doc->target)
		buf_add_format(
		    out, ", \"target_bytes\": %" PRIu32, doc->target->len);
	add_position(out, "from", doc->from);
	add_position(out, "to", doc->to);
	add_position(out, "version", doc->version);
	add_position(out, "next", doc->next);
	if (doc->rounds > 0)
		buf_add_format(out, ", \"rounds\": %d", doc->rounds);
	if (doc->resolved)
		buf_add_text(out, ", \"resolved\": true");
	buf_add_text(out, "}\n");
}

static void
add_bound(struct buf *out, const char *field, const struct value *v)
{
	if (!v)
		return;
	buf_add_format(out, ", \"%s\": ", field);
	text_value(out, v);
}

void
json_range(
    struct buf *out, const struct pair *pair, const struct report_range *r)
{
	json_begin(out, pair, DIFF_RANGE);
	add_bound(out, "begin", r->from);
	add_bound(out, "until", r->to);
	buf_add_format(out,
	    ", \"source_docs\": %" PRId64 ", \"source_bytes\": %" PRId64
	    ", \"target_docs\": %" PRId64 ", \"target_bytes\": %" PRId64 "}\n",
	    r->source_docs, r->source_bytes, r->target_docs, r->target_bytes);
}

static void
add_definition(struct buf *out, const char *field, const bson_t *doc)
{
	char *json = doc ? bson_as_canonical_extended_json(doc, NULL) : NULL;

	if (json)
		buf_add_format(out, ", \"%s\": %s", field, json);
	bson_free(json);
}

void
json_fact(
    struct buf *out, const struct pair *pair, const struct report_fact *fact)
{
	json_begin(out, pair, fact->class);
	add_quoted(out, "what", fact->what);
	if (fact->name)
		add_quoted(out, "name", fact->name);
	add_quoted(out, "detail", fact->detail);
	add_definition(out, "source", fact->source);
	add_definition(out, "target", fact->target);
	buf_add_format(out, "}\n");
}

static void
json_tally(struct buf *out, const struct tally *t)
{
	buf_add_format(out,
	    ", \"source_docs\": %" PRId64 ", \"target_docs\": %" PRId64,
	    atomic_load(&t->source_docs), atomic_load(&t->target_docs));
	for (int k = 0; k < DIFF_CLASSES; k++)
		buf_add_format(out, ", \"%s\": %" PRId64, diff_class_field(k),
		    atomic_load(&t->found[k]));
	buf_add_format(out,
	    ", \"differences\": %" PRId64 ", \"waiting\": %" PRId64,
	    tally_differences(t), atomic_load(&t->waiting));
}

static void
json_pair(struct buf *out, const struct pair *p, bool sums)
{
	const struct tally *t = &p->tally;
	char *quoted = bson_utf8_escape_for_json(p->ns, -1);
	uint64_t v = atomic_load(&t->verified);

	buf_add_format(out, "{\"collection\": \"%s\"", quoted ? quoted : "");
	bson_free(quoted);
	if (strcmp(p->ns, p->target_ns) != 0)
		add_quoted(out, "target_ns", p->target_ns);
	json_tally(out, t);
	if (v)
		buf_add_format(out,
		    ", \"verified\": \"%" PRIu32 ":%" PRIu32 "\"",
		    (uint32_t)(v >> 32), (uint32_t)v);
	if (sums)
		buf_add_format(out,
		    ", \"source_sum\": \"%016" PRIx64
		    "\", \"target_sum\": \"%016" PRIx64 "\"",
		    atomic_load(&t->source_sum), atomic_load(&t->target_sum));
	buf_add_text(out, "}\n");
}

void
json_summary(
    struct buf *out, const struct pair_list *pairs, bool sums, bool stopped)
{
	struct tally sum;

	for (size_t i = 0; i < pairs->n; i++)
		json_pair(out, &pairs->item[i], sums);
	pairs_total(pairs, &sum);
	buf_add_format(out, "{\"total\": \"%s\", \"collections\": %zu",
	    stopped ? "stopped" : "complete", pairs->n);
	json_tally(out, &sum);
	buf_add_text(out, "}\n");
}
