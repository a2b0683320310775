#include "engine/compare_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/compare_task.h"

static void add(struct buf *out, const char *format, ...)
    BSON_GNUC_PRINTF(2, 3);

static void
add(struct buf *out, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	text = bson_strdupv_printf(format, ap);
	va_end(ap);
	buf_add(out, text, strlen(text));
	bson_free(text);
}

static void
add_hex(struct buf *out, const struct value *v)
{
	add(out, "{\"$raw\": {\"type\": %d, \"hex\": \"", v->type);
	for (uint32_t i = 0; i < v->len; i++) {
		static const char digits[] = "0123456789abcdef";

		buf_add_byte(out, (uint8_t)digits[v->data[i] >> 4]);
		buf_add_byte(out, (uint8_t)digits[v->data[i] & 15]);
	}
	add(out, "\"}}");
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
			add(out, "\\x%02x", (unsigned char)*name);
		else
			buf_add_byte(out, (uint8_t)*name);
	}
}

void
text_document(struct buf *out, const struct pair *pair, enum diff_class class,
    const struct value *id)
{
	add(out, "%s\t", diff_class_text(class));
	add_name(out, pair->ns);
	buf_add_byte(out, '\t');
	text_value(out, id);
	buf_add_byte(out, '\n');
}

void
text_fact(
    struct buf *out, const struct pair *pair, const struct report_fact *fact)
{
	add(out, "%s\t", diff_class_text(fact->class));
	add_name(out, pair->ns);
	add(out, "\t%s", fact->what);
	if (fact->name) {
		buf_add_byte(out, ' ');
		add_name(out, fact->name);
	}
	buf_add_byte(out, '\t');
	add_name(out, fact->detail);
	buf_add_byte(out, '\n');
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
		for (int k = 0; k < DIFF_CLASSES; k++)
			sum->found[k] += t->found[k];
	}
}

static void
add_row(struct buf *out, const struct tally *t)
{
	add(out, "%12" PRId64 " %12" PRId64, atomic_load(&t->source_docs),
	    atomic_load(&t->target_docs));
	for (int k = 0; k < DIFF_CLASSES; k++)
		add(out, " %9" PRId64, atomic_load(&t->found[k]));
	add(out, "  ");
}

void
text_summary(struct buf *out, const struct pair_list *pairs, bool stopped)
{
	struct tally sum;

	add(out, "%12s %12s", "source", "target");
	for (int k = 0; k < DIFF_CLASSES; k++)
		add(out, " %9s", diff_class_text(k));
	add(out, "  collection\n");
	for (size_t i = 0; i < pairs->n; i++) {
		const struct pair *p = &pairs->item[i];

		add_row(out, &p->tally);
		add_name(out, p->ns);
		if (strcmp(p->ns, p->target_ns) != 0) {
			add(out, " -> ");
			add_name(out, p->target_ns);
		}
		buf_add_byte(out, '\n');
	}
	pairs_total(pairs, &sum);
	add(out, "%s: collections=%zu source=%" PRId64 " target=%" PRId64,
	    stopped ? "stopped, not a result" : "total", pairs->n,
	    atomic_load(&sum.source_docs), atomic_load(&sum.target_docs));
	for (int k = 0; k < DIFF_CLASSES; k++)
		add(out, " %s=%" PRId64, diff_class_text(k),
		    atomic_load(&sum.found[k]));
	add(out, " differences=%" PRId64 "\n", tally_differences(&sum));
}

static void
add_quoted(struct buf *out, const char *field, const char *text)
{
	char *quoted = bson_utf8_escape_for_json(text, -1);

	add(out, ", \"%s\": \"%s\"", field, quoted ? quoted : "");
	bson_free(quoted);
}

static void
json_begin(struct buf *out, const struct pair *pair, enum diff_class class)
{
	add(out, "{\"class\": \"%s\"", diff_class_text(class));
	add_quoted(out, "ns", pair->ns);
	if (strcmp(pair->ns, pair->target_ns) != 0)
		add_quoted(out, "target_ns", pair->target_ns);
}

void
json_document(struct buf *out, const struct pair *pair, enum diff_class class,
    const bson_t *source, const bson_t *target, const struct value *id)
{
	json_begin(out, pair, class);
	add(out, ", \"_id\": ");
	text_value(out, id);
	if (source)
		add(out, ", \"source_bytes\": %" PRIu32, source->len);
	if (target)
		add(out, ", \"target_bytes\": %" PRIu32, target->len);
	add(out, "}\n");
}

static void
add_definition(struct buf *out, const char *field, const bson_t *doc)
{
	char *json = doc ? bson_as_canonical_extended_json(doc, NULL) : NULL;

	if (json)
		add(out, ", \"%s\": %s", field, json);
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
	add(out, "}\n");
}

static void
json_tally(struct buf *out, const struct tally *t)
{
	add(out, ", \"source_docs\": %" PRId64 ", \"target_docs\": %" PRId64,
	    atomic_load(&t->source_docs), atomic_load(&t->target_docs));
	for (int k = 0; k < DIFF_CLASSES; k++)
		add(out, ", \"%s\": %" PRId64, diff_class_text(k),
		    atomic_load(&t->found[k]));
	add(out, ", \"differences\": %" PRId64 "}\n", tally_differences(t));
}

void
json_summary(struct buf *out, const struct pair_list *pairs, bool stopped)
{
	struct tally sum;
	char *quoted;

	for (size_t i = 0; i < pairs->n; i++) {
		const struct pair *p = &pairs->item[i];

		quoted = bson_utf8_escape_for_json(p->ns, -1);
		add(out, "{\"collection\": \"%s\"", quoted ? quoted : "");
		bson_free(quoted);
		if (strcmp(p->ns, p->target_ns) != 0)
			add_quoted(out, "target_ns", p->target_ns);
		json_tally(out, &p->tally);
	}
	pairs_total(pairs, &sum);
	add(out, "{\"total\": \"%s\", \"collections\": %zu",
	    stopped ? "stopped" : "complete", pairs->n);
	json_tally(out, &sum);
}
