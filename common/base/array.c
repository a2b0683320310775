#include "base/array.h"

#include "base/doc.h"

const char *
array_key(uint32_t *n, char room[ARRAY_KEY])
{
	const char *key;

	bson_uint32_to_string((*n)++, &key, room, ARRAY_KEY);
	return key;
}

/* Not by the macros of libbson: they look at the key twice. */

void
array_add(bson_t *array, uint32_t *n, const bson_t *doc)
{
	char room[ARRAY_KEY];

	bson_append_document(array, array_key(n, room), -1, doc);
}

void
array_add_text(bson_t *array, uint32_t *n, const char *text)
{
	char room[ARRAY_KEY];

	bson_append_utf8(array, array_key(n, room), -1, text, -1);
}

void
array_begin(bson_t *array, uint32_t *n, bson_t *doc)
{
	char room[ARRAY_KEY];

	bson_append_document_begin(array, array_key(n, room), -1, doc);
}

void
array_copy(const bson_t *from, const char *field, bson_t *to)
{
	bson_t array;

	if (doc_sub(from, field, &array))
		BSON_APPEND_ARRAY(to, field, &array);
}
