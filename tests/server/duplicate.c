/* mongosim: the errors of a unique index. */
#include <string.h>

#include "collate.h"
#include "out.h"
#include "request.h"
#include "text.h"
#include "unique.h"

#define MARK "CollationKey("

/* Sort keys are no UTF-8: the server shows them in hexadecimal. */
static void
put_hex(struct buf *b, const struct elem *e)
{
	struct buf text = BUF_INIT;
	char digits[3];

	buf_add_text(&text, MARK "0x");
	for (size_t i = 4; i + 1 < e->value.len; i++) {
		snprintf(digits, sizeof digits, "%02x", e->value.data[i]);
		buf_add_text(&text, digits);
	}
	buf_add(&text, ")", 2);
	out_text(b, e->name, (const char *)text.data);
	buf_release(&text);
}

static void
put_key(struct buf *b, const uint8_t *key, size_t len, bool collated)
{
	size_t mark = out_open(b, NULL, BSON_TYPE_DOCUMENT);
	struct walk w;
	struct elem e;

	walk_init(&w, key, len);
	while (walk_next(&w, &e))
		if (collated && e.value.type == BSON_TYPE_UTF8)
			put_hex(b, &e);
		else
			buf_add(b, e.raw, e.raw_len);
	out_close(b, mark);
}

/* "CollationKey(0x01)" -> CollationKey(0x01), in place. */
static void
unquote(char *text)
{
	char *to = text;
	bool inside = false;

	for (const char *from = text; *from; from++) {
		if (*from == '"' &&
		    (inside || strncmp(from + 1, MARK, strlen(MARK)) == 0))
			inside = !inside;
		else
			*to++ = *from;
	}
	*to = '\0';
}

bool
unique_refuse(const struct coll *c, const struct index *index,
    const uint8_t *key, size_t len, struct buf *info, bson_error_t *error)
{
	char *collation = NULL, *shown;
	struct buf value = BUF_INIT;
	bson_iter_t it;
	bson_t doc;

	if (bson_iter_init_find(&it, index->spec, "collation") &&
	    iter_doc(&it, &doc))
		collation = text_doc(&doc);
	put_key(&value, key, len, collation != NULL);
	if (info && bson_iter_init_find(&it, index->spec, "key") &&
	    iter_doc(&it, &doc))
		out_bson(info, "keyPattern", &doc);
	if (info)
		out_doc(info, "keyValue", value.data, value.len);
	bson_init_static(&doc, value.data, value.len);
	shown = text_doc(&doc);
	if (collation)
		unquote(shown);
	refuse(error, 11000,
	    "E11000 duplicate key error collection: %s index: %s%s%s dup key: "
	    "%s",
	    c->ns, index->name, collation ? " collation: " : "",
	    collation ? collation : "", shown);
	bson_free(collation);
	bson_free(shown);
	buf_release(&value);
	return false;
}

bool
unique_duplicate_id(const struct coll *c, const struct value *id,
    struct buf *info, bson_error_t *error)
{
	struct buf key = BUF_INIT, room = BUF_INIT;
	size_t mark = out_open(&key, NULL, BSON_TYPE_DOCUMENT);
	struct value v = *id;

	collate_key(c->collator, &v, &room);
	out_value(&key, "_id", &v);
	out_close(&key, mark);
	unique_refuse(c, &c->index[0], key.data, key.len, info, error);
	buf_release(&key);
	buf_release(&room);
	return false;
}
