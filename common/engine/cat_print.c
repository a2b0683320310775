/* Documents as JSON lines or plain BSON. */
#include <inttypes.h>
#include <string.h>

#include "engine/cat_tally.h"
#include "model/value.h"

#define PIECE_BYTES (256u << 10)

static bool
add_json(const struct cat_opts *o, const bson_t *doc, struct buf *out,
    bson_error_t *error)
{
	char *text;
	size_t len;

	/* libbson shows what it cannot read as something else. */
	if (!value_sound(bson_get_data(doc), doc->len))
		return error_set(
		    error, MM_EXIT_REFUSED, 0, "a document is no sound BSON");
	text = o->form == CAT_RELAXED
	    ? bson_as_relaxed_extended_json(doc, &len)
	    : bson_as_canonical_extended_json(doc, &len);
	if (!text)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "a document cannot be written as JSON (a text that is no "
		    "UTF-8?); \"mm-cat bson\" gives it as it is");
	buf_add(out, text, len);
	bson_free(text);
	return true;
}

static void
add_ns(const bson_t *doc, const char *ns, struct buf *out)
{
	bson_iter_t it;
	char *quoted;

	/* A log has no collections; its entries tell. */
	if (!ns && bson_iter_init_find(&it, doc, "ns") &&
	    BSON_ITER_HOLDS_UTF8(&it))
		ns = bson_iter_utf8(&it, NULL);
	quoted = bson_utf8_escape_for_json(ns ? ns : "", -1);
	cat_printf(out, "{\"ns\":\"%s\",\"doc\":", quoted ? quoted : "");
	bson_free(quoted);
}

static bool
print_block(const struct cat_opts *o, const struct cat_tally *t,
    const struct block_view *block, struct buf *out, bson_error_t *error)
{
	struct block_cursor cur;
	const uint8_t *data;
	uint32_t len;
	bson_t doc;

	if (o->form == CAT_BSON) {
		buf_add(out, block->docs, block->len);
		return true;
	}
	block_rewind(&cur, block);
	while (block_next(&cur, &data, &len)) {
		if (!bson_init_static(&doc, data, len))
			return error_set(
			    error, MM_EXIT_STREAM, 0, "a document is no BSON");
		if (o->with_ns)
			add_ns(&doc, cat_tally_ns(t, block->c), out);
		if (!add_json(o, &doc, out, error))
			return false;
		buf_add(out, "}\n", 2);
		if (!o->with_ns) {
			out->len -= 2;
			buf_add_byte(out, '\n');
		}
		if (out->len >= PIECE_BYTES && !cat_write(o, out, error))
			return false;
	}
	return true;
}

static bool
print_item(const struct cat_opts *o, const struct cat_tally *t,
    const struct stream_item *item, struct buf *out, bson_error_t *error)
{
	if (o->control) {
		if (!add_json(o, &item->control, out, error))
			return false;
		buf_add_byte(out, '\n');
	}
	if (item->type == RECORD_BLOCK &&
	    !print_block(o, t, &item->block, out, error))
		return error_prefix(error, "block %" PRId64, item->block.seq);
	return true;
}

/* Credentials are not shown, not even by accident. */
static bool
may_print(enum stream_kind kind, bson_error_t *error)
{
	return kind != STREAM_USERS ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"a stream of users holds secrets: it is not printed");
}

bool
cat_print(const char *path, const struct cat_opts *o, bson_error_t *error)
{
	struct cat_source *s = cat_source_open(path, error);
	struct cat_tally *t = cat_tally_new();
	struct buf out = BUF_INIT;
	struct stream_item item;
	enum stream_got got = STREAM_ERROR;
	bool ok = s != NULL;

	while (ok && (got = cat_source_next(s, &item, error)) == STREAM_GOT) {
		ok =
		    cat_tally_add(t, cat_source_kind(s), &item, false, error) &&
		    may_print(cat_source_kind(s), error) &&
		    print_item(o, t, &item, &out, error);
		if (!ok)
			error_prefix(error, "%s", path);
		/* What came before a document that cannot be shown is. */
		ok = cat_write(o, &out, ok ? error : NULL) && ok;
	}
	if (ok && got == STREAM_STOPPED)
		ok = cat_stopped(error);
	ok = ok && got != STREAM_ERROR;
	buf_release(&out);
	cat_tally_free(t);
	cat_source_close(s);
	return ok;
}
