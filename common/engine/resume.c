#include "engine/resume.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/hash.h"
#include "base/le.h"
#include "engine/identity.h"
#include "io/file.h"

#define MARK "mm-resume-1:"
#define SUM_LEN 16
#define TEXT_MAX (512u << 20)

/* ------------------------------------------------------------------- text */

char *
resume_text(const bson_t *token)
{
	size_t len = 4 * ((size_t)token->len + 2) / 3 + 4, at;
	char *text = bson_malloc(sizeof MARK + SUM_LEN + 1 + len);

	at = (size_t)sprintf(text, MARK "%016" PRIx64 ":",
	    hash_xxh64(bson_get_data(token), token->len, 0));
	EVP_EncodeBlock(
	    (unsigned char *)text + at, bson_get_data(token), (int)token->len);
	return text;
}

static bool
damaged(const char *why, bson_error_t *error)
{
	return error_set(error, MM_EXIT_STREAM, 0, "resume token: %s", why);
}

/* The bytes of the document, or NULL. */
static bson_t *
decode(const char *text, size_t len, bson_error_t *error)
{
	size_t skip = strlen(MARK) + SUM_LEN + 1;
	char sum[SUM_LEN + 1];
	unsigned char *data;
	bson_t *doc = NULL;
	uint32_t size;
	int n;

	while (len > 0 && strchr("\r\n \t", text[len - 1]))
		len--;
	if (len < skip + 8 || text[skip - 1] != ':' || (len - skip) % 4 != 0)
		return damaged("it is cut or damaged", error), NULL;
	memcpy(sum, text + strlen(MARK), SUM_LEN);
	sum[SUM_LEN] = '\0';
	data = bson_malloc((len - skip) / 4 * 3 + 4);
	n = EVP_DecodeBlock(
	    data, (const unsigned char *)text + skip, (int)(len - skip));
	size = le32(data);
	/* The padding is decoded too. */
	if (n >= 5 && size >= 5 && size <= (uint32_t)n &&
	    hash_xxh64(data, size, 0) == strtoull(sum, NULL, 16))
		doc = bson_new_from_data(data, size);
	bson_free(data);
	if (!doc)
		damaged("it is cut or damaged", error);
	return doc;
}

/* --------------------------------------------------------------- documents */

/* As binary, because a server takes no `$recordId` in what is set. */
static void
put_packed(bson_t *doc, const bson_t *bounds)
{
	const uint8_t *data;
	bson_iter_t it;
	bson_t array;
	uint32_t len;

	BSON_APPEND_ARRAY_BEGIN(doc, "bounds", &array);
	if (bson_iter_init(&it, bounds))
		while (bson_iter_next(&it)) {
			len = 0;
			if (BSON_ITER_HOLDS_DOCUMENT(&it))
				bson_iter_document(&it, &len, &data);
			bson_append_binary(&array, bson_iter_key(&it), -1,
			    BSON_SUBTYPE_BINARY, len ? data : NULL, len);
		}
	bson_append_array_end(doc, &array);
}

void
resume_coll_doc(const char *ns, const uint8_t *uuid, bool natural,
    const bson_t *bounds, bson_t *doc)
{
	bson_init(doc);
	BSON_APPEND_UTF8(doc, "ns", ns);
	if (uuid)
		BSON_APPEND_BINARY(doc, "uuid", BSON_SUBTYPE_UUID, uuid, 16);
	BSON_APPEND_BOOL(doc, "natural", natural);
	if (bounds)
		put_packed(doc, bounds);
}

static bool
add_coll(struct resume *r, const bson_t *doc, bson_error_t *error)
{
	const char *ns = doc_text(doc, "ns");
	struct resume_coll *c, *other = NULL;
	bson_t sub;

	if (ns)
		HASH_FIND_STR(r->colls, ns, other);
	if (!ns || other)
		return damaged(
		    "a collection in it has no name of its own", error);
	c = bson_aligned_alloc0(BSON_ALIGNOF(struct resume_coll), sizeof *c);
	c->ns = bson_strdup(ns);
	bson_copy_to(doc, &c->doc);
	c->done = doc_bool(doc, "done");
	c->natural = doc_bool(doc, "natural");
	c->parts = 1;
	if (doc_sub(&c->doc, "bounds", &sub))
		c->parts += bson_count_keys(&sub);
	c->begun = doc_sub(&c->doc, "at", &sub) && !bson_empty(&sub);
	HASH_ADD_KEYPTR(hh, r->colls, c->ns, strlen(c->ns), c);
	return c->parts <= RESUME_PARTS_MAX ||
	    damaged("a collection in it has too many parts", error);
}

static bool
parse(struct resume *r, bson_error_t *error)
{
	bson_t colls, one;
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;

	r->load = doc_text(&r->doc, "load");
	if (!r->load || !doc_sub(&r->doc, "source", &r->source) ||
	    !doc_sub(&r->doc, "filters", &r->filters) ||
	    !doc_sub(&r->doc, "colls", &colls) ||
	    !optime_read(&r->doc, "from", &r->from) ||
	    !bson_iter_init(&it, &colls))
		return damaged("a field is missing", error);
	r->read_from = r->from;
	optime_read(&r->doc, "readFrom", &r->read_from);
	r->me = doc_text_or(&r->source, "me", "");
	while (bson_iter_next(&it)) {
		if (!BSON_ITER_HOLDS_DOCUMENT(&it))
			return damaged("a collection is no document", error);
		bson_iter_document(&it, &len, &data);
		if (!bson_init_static(&one, data, len) ||
		    !add_coll(r, &one, error))
			return false;
	}
	return true;
}

struct resume *
resume_read(const char *arg, bson_error_t *error)
{
	struct buf b = BUF_INIT;
	struct resume *r = NULL;
	bson_t *doc = NULL;

	if (strncmp(arg, MARK, strlen(MARK)) == 0)
		doc = decode(arg, strlen(arg), error);
	else if (file_read(arg, TEXT_MAX, &b, error)) {
		buf_add_byte(&b, 0);
		if (strncmp((char *)b.data, MARK, strlen(MARK)) == 0)
			doc = decode((char *)b.data, b.len - 1, error);
		else
			damaged("there is none in the file", error);
	}
	buf_release(&b);
	if (!doc)
		return NULL;
	r = bson_aligned_alloc0(BSON_ALIGNOF(struct resume), sizeof *r);
	bson_copy_to(doc, &r->doc);
	bson_destroy(doc);
	if (parse(r, error))
		return r;
	resume_free(r);
	return NULL;
}

void
resume_free(struct resume *r)
{
	struct resume_coll *c, *next;

	if (!r)
		return;
	HASH_ITER(hh, r->colls, c, next)
	{
		HASH_DEL(r->colls, c);
		bson_destroy(&c->doc);
		bson_free(c->ns);
		bson_free(c);
	}
	bson_destroy(&r->doc);
	bson_free(r);
}

bool
resume_check(const struct resume *r, const bson_t *source,
    const bson_t *filters, const bson_t *query, bson_error_t *error)
{
	char *text =
	    query ? bson_as_canonical_extended_json(query, NULL) : NULL;
	bool same =
	    strcmp(doc_text_or(&r->doc, "query", ""), text ? text : "") == 0;

	bson_free(text);
	if (!same)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the resume token is of another --query");
	if (!identity_same(&r->source, source))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the resume token is of another source");
	return bson_equal(&r->filters, filters) ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"the resume token is of another selection");
}

const struct resume_coll *
resume_find(const struct resume *r, const struct coll *coll)
{
	struct resume_coll *c;
	uint8_t uuid[16];

	HASH_FIND_STR(r->colls, coll->ns, c);
	return c && coll->has_uuid && doc_bytes(&c->doc, "uuid", uuid, 16) &&
		memcmp(uuid, coll->uuid, 16) == 0
	    ? c
	    : NULL;
}

static bson_t *
member(const struct resume_coll *c, const char *list, size_t i)
{
	char key[24];
	bson_t sub;
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;

	snprintf(key, sizeof key, "%zu", i);
	if (!doc_sub(&c->doc, list, &sub) ||
	    !bson_iter_init_find(&it, &sub, key) ||
	    !BSON_ITER_HOLDS_BINARY(&it))
		return NULL;
	bson_iter_binary(&it, NULL, &len, &data);
	return bson_new_from_data(data, len);
}

bson_t *
resume_bound(const struct resume_coll *c, size_t i)
{
	return member(c, "bounds", i);
}

bson_t *
resume_at(const struct resume_coll *c, size_t i)
{
	return member(c, "at", i);
}
