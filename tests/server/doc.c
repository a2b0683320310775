/* A change rewrites the whole document into a new buffer: documents are small
 * here, and no tree has to be kept in step with the bytes. */
#include "doc.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
struct value
value_of(const bson_iter_t *iter)
{
	const uint8_t *at = iter->raw + iter->off;
	const uint8_t *data = at + 1 + strlen((const char *)at + 1) + 1;

	return (struct value){(uint8_t)bson_iter_type(iter), data,
	    (uint32_t)(iter->raw + iter->next_off - data)};
}

struct value
value_doc(uint8_t type, const uint8_t *data, size_t len)
{
	return (struct value){type, data, (uint32_t)len};
}

struct value
value_bson(const bson_t *doc)
{
	return value_doc(BSON_TYPE_DOCUMENT, bson_get_data(doc), doc->len);
}

void
value_to_bson(const struct value *v, bson_t *doc)
{
	if (!bson_init_static(doc, v->data, v->len))
		abort();
}

bool
doc_get(const bson_t *doc, const char *name, struct value *v)
{
	struct elem e;

	if (!walk_find(bson_get_data(doc), doc->len, name, &e))
		return false;
	*v = e.value;
	return true;
}

size_t
doc_open(struct buf *b)
{
	size_t start = b->len;

	buf_add(b, "\0\0\0\0", 4);
	return start;
}

void
doc_close(struct buf *b, size_t start)
{
	uint32_t len;

	buf_add_byte(b, 0);
	len = BSON_UINT32_TO_LE((uint32_t)(b->len - start));
	memcpy(b->data + start, &len, 4);
}

void
doc_put_name(struct buf *b, const char *name, uint8_t type)
{
	buf_add_byte(b, type);
	buf_add(b, name, strlen(name) + 1);
}

void
doc_put(struct buf *b, const char *name, const struct value *v)
{
	doc_put_name(b, name, v->type);
	if (v->len > 0)
		buf_add(b, v->data, v->len);
}

void
doc_put_raw(struct buf *b, const struct elem *e)
{
	buf_add(b, e->raw, e->raw_len);
}

const char *
doc_index(uint32_t index, char text[DOC_INDEX_MAX])
{
	snprintf(text, DOC_INDEX_MAX, "%u", index);
	return text;
}

bool
path_init(struct path *p, const char *text)
{
	char *at;

	p->text = bson_strdup(text);
	p->parts = 0;
	for (at = p->text; at; p->parts++) {
		if (p->parts == PATH_PARTS_MAX)
			return false;
		p->part[p->parts] = at;
		at = strchr(at, '.');
		if (at)
			*at++ = '\0';
	}
	return true;
}

void
path_release(struct path *p)
{
	bson_free(p->text);
	p->text = NULL;
	p->parts = 0;
}

char *
path_text(const struct path *p, unsigned parts)
{
	struct buf s_buf = BUF_INIT, *s = &s_buf;
	unsigned i;

	for (i = 0; i < parts && i < p->parts; i++) {
		if (i > 0)
			buf_add_byte(s, '.');
		buf_add_text(s, p->part[i]);
	}
	return buf_take_text(s);
}

bool
path_index(const char *part, uint32_t *index)
{
	uint64_t n = 0;
	const char *at;

	if (!*part || (part[0] == '0' && part[1]))
		return false;
	for (at = part; *at; at++) {
		if (*at < '0' || *at > '9' || n > INT32_MAX)
			return false;
		n = n * 10 + (uint64_t)(*at - '0');
	}
	*index = (uint32_t)n;
	return n <= INT32_MAX;
}

static bool
step(const struct value *at, const char *part, struct value *next)
{
	struct elem e;
	uint32_t index;

	if (!value_is_doc(at))
		return false;
	if (at->type == BSON_TYPE_ARRAY && !path_index(part, &index))
		return false;
	if (!walk_find(at->data, at->len, part, &e))
		return false;
	*next = e.value;
	return true;
}

unsigned
path_walk(const struct value *doc, const struct path *p, struct value *at,
    struct value *parent)
{
	struct value next;
	unsigned i;

	*at = *parent = *doc;
	for (i = 0; i < p->parts && step(at, p->part[i], &next); i++) {
		*parent = *at;
		*at = next;
	}
	return i;
}

/* Everything from part `from` on is new. */
static void
put_new(
    const struct path *p, unsigned from, const struct value *v, struct buf *out)
{
	size_t start;

	if (from + 1 == p->parts) {
		doc_put(out, p->part[from], v);
		return;
	}
	doc_put_name(out, p->part[from], BSON_TYPE_DOCUMENT);
	start = doc_open(out);
	put_new(p, from + 1, v, out);
	doc_close(out, start);
}

static void put_level(const struct value *doc, const struct path *p,
    unsigned from, const struct value *v, struct buf *out);

static void
put_found(const struct elem *e, bool in_array, const struct path *p,
    unsigned from, const struct value *v, struct buf *out)
{
	if (from + 1 < p->parts) {
		doc_put_name(out, e->name, e->value.type);
		put_level(&e->value, p, from + 1, v, out);
	} else if (v) {
		doc_put(out, e->name, v);
	} else if (in_array) {
		doc_put_name(out, e->name, BSON_TYPE_NULL);
	}
}

static void
put_level(const struct value *doc, const struct path *p, unsigned from,
    const struct value *v, struct buf *out)
{
	bool in_array = doc->type == BSON_TYPE_ARRAY, found = false;
	size_t start = doc_open(out);
	char name[DOC_INDEX_MAX];
	uint32_t count = 0, index = 0;
	struct walk w;
	struct elem e;

	for (walk_init(&w, doc->data, doc->len); walk_next(&w, &e); count++) {
		if (!found && strcmp(e.name, p->part[from]) == 0) {
			found = true;
			put_found(&e, in_array, p, from, v, out);
		} else {
			doc_put_raw(out, &e);
		}
	}
	if (!found && v) {
		if (in_array && path_index(p->part[from], &index)) {
			for (; count < index; count++)
				doc_put_name(out, doc_index(count, name),
				    BSON_TYPE_NULL);
		}
		put_new(p, from, v, out);
	}
	doc_close(out, start);
}

void
path_put(const struct value *doc, const struct path *p, const struct value *v,
    struct buf *out)
{
	put_level(doc, p, 0, v, out);
}
