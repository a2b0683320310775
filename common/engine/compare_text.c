#include "engine/compare_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/compare_task.h"

static void
add_hex(struct buf *out, const struct value *v)
{
	buf_add_format(out, "{\"$raw\": {\"type\": %d, \"hex\": \"", v->type);
	for (uint32_t i = 0; i < v->len; i++) {
		static const char digits[] = "0123456789abcdef";

		buf_add_byte(out, (uint8_t)digits[v->data[i] >> 4]);
		buf_add_byte(out, (uint8_t)digits[v->data[i] & 15]);
	}
	buf_add_format(out, "\"}}");
}

void
text_value(struct buf *out, const struct value *v)
{
	static const char head[] = "{ \"v\" : ", tail[] = " }";
	const size_t skip = sizeof head - 1, end = sizeof tail - 1;
	bson_t doc = BSON_INITIALIZER;
	size_t len = 0;
	char *json;

	compare_append_value(&doc, "v", v);
	json = bson_as_canonical_extended_json(&doc, &len);
	if (json && len > skip + end && strncmp(json, head, skip) == 0)
		buf_add(out, json + skip, len - skip - end);
	else
		add_hex(out, v);
	bson_free(json);
	bson_destroy(&doc);
}

/* A name must not break lines or columns, nor reach a terminal as a command. */
static void
add_name(struct buf *out, const char *name)
{
	for (; *name; name++) {
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			buf_add_format(out, "\\x%02x", (unsigned char)*name);
		else
			buf_add_byte(out, (uint8_t)*name);
	}
}

static void
add_position(struct buf *out, const char *what, struct optime o)
{
	char text[OPTIME_TEXT];

	if (!optime_is_null(o))
		buf_add_format(out, "%s %s", what, optime_text(o, text));
}

/* What more is known, as a last column. */
static void
add_note(struct buf *out, const struct report_doc *doc)
{
	size_t before = out->len;

	buf_add_byte(out, '\t');
	if (doc->resolved)
		buf_add_format(out, "was %s", diff_class_text(doc->class));
	add_position(
	    out, doc->resolved ? ", version of" : "version of", doc->version);
	add_position(out, out->len == before + 1 ? "waits for" : ", waits for",
	    doc->next);
	if (out->len == before + 1 && doc->class == DIFF_UNSTABLE)
		buf_add_format(out, "changed in %d looks", doc->rounds);
	if (out->len == before + 1)
		out->len = before;
}

void
text_document(struct buf *out, const struct pair *pair,
    const struct report_doc *doc, const struct value *id)
{
	buf_add_format(out, "%s\t",
	    doc->resolved ? "resolved" : diff_class_text(doc->class));
	add_name(out, pair->ns);
	buf_add_byte(out, '\t');
	text_value(out, id);
	add_note(out, doc);
	buf_add_byte(out, '\n');
}

void
text_fact(
    struct buf *out, const struct pair *pair, const struct report_fact *fact)
{
	buf_add_format(out, "%s\t", diff_class_text(fact->class));
	add_name(out, pair->ns);
	buf_add_format(out, "\t%s", fact->what);
	if (fact->name) {
		buf_add_byte(out, ' ');
		add_name(out, fact->name);
	}
	buf_add_byte(out, '\t');
	add_name(out, fact->detail);
	buf_add_byte(out, '\n');
}

void
text_range(
    struct buf *out, const struct pair *pair, const struct report_range *r)
{
	buf_add_text(out, "range\t");
	add_name(out, pair->ns);
	buf_add_text(out, "\t[");
	if (r->from)
		text_value(out, r->from);
	buf_add_text(out, ", ");
	if (r->to)
		text_value(out, r->to);
	buf_add_format(out,
	    ")\t%" PRId64 " documents (%" PRId64
	    " bytes) on the source, %" PRId64 " (%" PRId64 ") on the target\n",
	    r->source_docs, r->source_bytes, r->target_docs, r->target_bytes);
}

void
pairs_total(const struct pair_list *pairs, struct tally *sum)
{
	memset(sum, 0, sizeof *sum);
	for (size_t i = 0; i < pairs->n; i++) {
		const struct tally *t = &pairs->item[i].tally;

		sum->source_docs += t->source_docs;
		sum->source_bytes += t->source_bytes;
		sum->target_docs += t->target_docs;
		sum->target_bytes += t->target_bytes;
		sum->waiting += t->waiting;
		for (int k = 0; k < DIFF_CLASSES; k++)
			sum->found[k] += t->found[k];
	}
}

/* "-" where there is none. */
static void
add_verified(struct buf *out, const struct tally *t)
{
	uint64_t v = atomic_load(&t->verified);
	char text[32] = "-";

	if (v)
		snprintf(text, sizeof text, "%" PRIu32 ":%" PRIu32,
		    (uint32_t)(v >> 32), (uint32_t)v);
	buf_add_format(out, " %21s", text);
}

static void
add_row(struct buf *out, const struct pair *p, bool sums)
{
	const struct tally *t = &p->tally;

	buf_add_format(out,
	    "%12" PRId64 " %12" PRId64 " %11" PRId64 " %9" PRId64,
	    atomic_load(&t->source_docs), atomic_load(&t->target_docs),
	    tally_differences(t),
	    tally_undecided(t) + atomic_load(&t->waiting));
	add_verified(out, t);
	if (sums)
		buf_add_format(out, " %016" PRIx64 " %016" PRIx64,
		    atomic_load(&t->source_sum), atomic_load(&t->target_sum));
	buf_add_text(out, "  ");
	add_name(out, p->ns);
	if (strcmp(p->ns, p->target_ns) != 0) {
		buf_add_text(out, " -> ");
		add_name(out, p->target_ns);
	}
	buf_add_byte(out, '\n');
}

void
text_total(struct buf *out, const struct pair_list *pairs, bool stopped)
{
	struct tally sum;

	pairs_total(pairs, &sum);
	buf_add_format(out,
	    "%s: collections=%zu source=%" PRId64 " target=%" PRId64,
	    stopped ? "stopped, not a result" : "total", pairs->n,
	    atomic_load(&sum.source_docs), atomic_load(&sum.target_docs));
	for (int k = 0; k < DIFF_CLASSES; k++)
		buf_add_format(out, " %s=%" PRId64, diff_class_text(k),
		    atomic_load(&sum.found[k]));
	buf_add_format(out, " differences=%" PRId64, tally_differences(&sum));
}

void
text_summary(
    struct buf *out, const struct pair_list *pairs, bool sums, bool stopped)
{
	buf_add_format(out, "%12s %12s %11s %9s %21s", "source", "target",
	    "differences", "pending", "verified");
	if (sums)
		buf_add_format(out, " %16s %16s", "source-sum", "target-sum");
	buf_add_text(out, "  collection\n");
	for (size_t i = 0; i < pairs->n; i++)
		add_row(out, &pairs->item[i], sums);
	text_total(out, pairs, stopped);
	buf_add_byte(out, '\n');
}
