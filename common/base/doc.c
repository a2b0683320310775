#include "base/doc.h"

#include <string.h>

bool
doc_find(const bson_t *doc, const char *dotted, bson_iter_t *found)
{
	bson_iter_t it;

	return doc && bson_iter_init(&it, doc) &&
	    bson_iter_find_descendant(&it, dotted, found);
}

int64_t
doc_int(const bson_t *doc, const char *dotted)
{
	bson_iter_t it;

	return doc_find(doc, dotted, &it) && BSON_ITER_HOLDS_NUMBER(&it)
	    ? bson_iter_as_int64(&it)
	    : 0;
}

int64_t
doc_date(const bson_t *doc, const char *dotted)
{
	bson_iter_t it;

	return doc_find(doc, dotted, &it) && BSON_ITER_HOLDS_DATE_TIME(&it)
	    ? bson_iter_date_time(&it)
	    : 0;
}

bool
doc_bool(const bson_t *doc, const char *dotted)
{
	bson_iter_t it;

	return doc_find(doc, dotted, &it) && bson_iter_as_bool(&it);
}

const char *
doc_text(const bson_t *doc, const char *dotted)
{
	return doc_text_or(doc, dotted, NULL);
}

const char *
doc_text_or(const bson_t *doc, const char *dotted, const char *none)
{
	bson_iter_t it;

	return doc_find(doc, dotted, &it) && BSON_ITER_HOLDS_UTF8(&it)
	    ? bson_iter_utf8(&it, NULL)
	    : none;
}

bool
doc_bytes(const bson_t *doc, const char *dotted, uint8_t *out, uint32_t len)
{
	const uint8_t *data;
	bson_iter_t it;
	uint32_t n;

	if (!doc_find(doc, dotted, &it) || !BSON_ITER_HOLDS_BINARY(&it))
		return false;
	bson_iter_binary(&it, NULL, &n, &data);
	if (n != len)
		return false;
	memcpy(out, data, len);
	return true;
}

bool
doc_sub(const bson_t *doc, const char *dotted, bson_t *view)
{
	const uint8_t *data = NULL;
	bson_iter_t it;
	uint32_t len = 0;

	if (!doc_find(doc, dotted, &it))
		return false;
	if (BSON_ITER_HOLDS_DOCUMENT(&it))
		bson_iter_document(&it, &len, &data);
	else if (BSON_ITER_HOLDS_ARRAY(&it))
		bson_iter_array(&it, &len, &data);
	return data && bson_init_static(view, data, len);
}

bool
doc_next(bson_iter_t *it, bson_t *view)
{
	const uint8_t *data;
	uint32_t len;

	while (bson_iter_next(it)) {
		if (!BSON_ITER_HOLDS_DOCUMENT(it))
			continue;
		bson_iter_document(it, &len, &data);
		if (bson_init_static(view, data, len))
			return true;
	}
	return false;
}
