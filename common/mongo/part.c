#include "mongo/part.h"

#include <string.h>

#include "mongo/raw.h"

#define COMMAND_MAX (16 << 20) /* and 16 KiB more in the server */
#define OVERHEAD 512           /* names and options of a command */
#define KEEP (8 << 20)         /* of memory, for the next time */

static const struct {
	const char *command, *array;
} words[] = {
    [PART_INSERT] = {"insert", "documents"},
    [PART_UPDATE] = {"update", "updates"},
    [PART_DELETE] = {"delete", "deletes"},
    [PART_INSERT_ZERO] = {"insert", "documents"},
};

void
part_begin(struct part *p, enum part_kind kind, const char *coll)
{
	part_trim(p);
	buf_clear(&p->b);
	p->kind = kind;
	p->n = 0;
	p->zero_time = false;
	raw_begin(&p->b);
	raw_text(&p->b, words[kind].command, coll);
	p->array = raw_begin_in(&p->b, BSON_TYPE_ARRAY, words[kind].array);
	p->array_len = p->b.len;
}

void
part_release(struct part *p)
{
	buf_release(&p->b);
	bson_free(p->op);
	memset(p, 0, sizeof *p);
}

void
part_trim(struct part *p)
{
	if (p->b.cap > KEEP)
		buf_release(&p->b);
}

bool
part_fits(const struct part *p, size_t bytes, uint32_t max_ops)
{
	return p->n == 0 ||
	    (p->n < max_ops && p->kind != PART_INSERT_ZERO &&
		p->array_len + bytes + OVERHEAD <= COMMAND_MAX);
}

/* Opens the element of operation `op`: its type and its key. */
static void
begin_op(struct part *p, uint32_t op, size_t bytes)
{
	char digits[12], *at = digits + sizeof digits;
	uint32_t n = p->n;

	/* Large documents: exactly what is needed, instead of doubling. */
	p->b.len = p->array_len;
	if (p->b.cap - p->b.len < bytes + OVERHEAD && bytes > KEEP) {
		p->b.cap = p->b.len + bytes + OVERHEAD;
		p->b.data = bson_realloc(p->b.data, p->b.cap);
	}
	if (p->n == p->op_cap) {
		p->op_cap = p->op_cap ? 2 * p->op_cap : 64;
		p->op = bson_realloc(p->op, p->op_cap * sizeof *p->op);
	}
	p->op[p->n++] = op;
	*--at = '\0';
	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	raw_name(&p->b, BSON_TYPE_DOCUMENT, at);
}

static void
end_op(struct part *p)
{
	p->array_len = p->b.len;
}

void
part_insert(struct part *p, uint32_t op, const uint8_t *doc, size_t len)
{
	begin_op(p, op, len);
	buf_add(&p->b, doc, len);
	end_op(p);
}

/* {_id: v} finds by equality, but an object or a pattern would be taken for
 * operators or a match. */
static void
put_filter(struct buf *b, const struct value *id)
{
	size_t q = raw_begin_in(b, BSON_TYPE_DOCUMENT, "q"), sub;

	switch (id->type) {
	case BSON_TYPE_DOCUMENT:
	case BSON_TYPE_ARRAY:
	case BSON_TYPE_REGEX:
	case BSON_TYPE_UNDEFINED:
		sub = raw_begin_in(b, BSON_TYPE_DOCUMENT, "_id");
		raw_value(b, "$eq", id);
		raw_end(b, sub);
		break;
	default:
		raw_value(b, "_id", id);
	}
	raw_end(b, q);
}

void
part_replace(struct part *p, uint32_t op, const struct value *id,
    const uint8_t *doc, size_t len, bool literal, bool upsert)
{
	size_t place, array, stage, sub;
	struct buf *b = &p->b;

	begin_op(p, op, len + id->len + 100);
	place = raw_begin(b);
	put_filter(b, id);
	if (literal) {
		array = raw_begin_in(b, BSON_TYPE_ARRAY, "u");
		stage = raw_begin_in(b, BSON_TYPE_DOCUMENT, "0");
		sub = raw_begin_in(b, BSON_TYPE_DOCUMENT, "$replaceWith");
		raw_bytes(b, BSON_TYPE_DOCUMENT, "$literal", doc, len);
		raw_end(b, sub);
		raw_end(b, stage);
		raw_end(b, array);
	} else {
		raw_bytes(b, BSON_TYPE_DOCUMENT, "u", doc, len);
	}
	if (upsert)
		raw_bool(b, "upsert", true);
	raw_end(b, place);
	end_op(p);
}

void
part_delete(struct part *p, uint32_t op, const struct value *id)
{
	size_t place;

	begin_op(p, op, id->len + 100);
	place = raw_begin(&p->b);
	put_filter(&p->b, id);
	raw_int32(&p->b, "limit", 1);
	raw_end(&p->b, place);
	end_op(p);
}

void
part_finish(struct part *p, const struct part_options *o, bson_t *command)
{
	struct buf *b = &p->b;
	size_t place;

	b->len = p->array_len;
	raw_end(b, p->array);
	raw_bool(b, "ordered", o->ordered);
	if (o->bypass_validation && p->kind != PART_DELETE)
		raw_bool(b, "bypassDocumentValidation", true);
	if (o->keep_zero_time && p->zero_time)
		raw_bool(b, "bypassEmptyTsReplacement", true);
	place = raw_begin_in(b, BSON_TYPE_DOCUMENT, "writeConcern");
	raw_text(b, "w", "majority");
	raw_bool(b, "j", true);
	raw_int32(b, "wtimeout", WTIMEOUT_MS);
	raw_end(b, place);
	if (o->txn_number)
		raw_int64(b, "txnNumber", o->txn_number);
	raw_end(b, 0);
	raw_view(b, 0, command);
}
