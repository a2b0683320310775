#include "options.h"
#include "collate.h"
#include "doc.h"
#include "text.h"

#include <string.h>

/* The order and defaults in which the server stores a collation; a NULL text
 * stands for a boolean or number. */
static const struct field {
	const char *name;
	uint8_t type;
	const char *text;
	int number;
} fields[] = {{"locale", BSON_TYPE_UTF8, NULL, 0},
    {"caseLevel", BSON_TYPE_BOOL, NULL, 0},
    {"caseFirst", BSON_TYPE_UTF8, "off", 0},
    {"strength", BSON_TYPE_INT32, NULL, 3},
    {"numericOrdering", BSON_TYPE_BOOL, NULL, 0},
    {"alternate", BSON_TYPE_UTF8, "non-ignorable", 0},
    {"maxVariable", BSON_TYPE_UTF8, "punct", 0},
    {"normalization", BSON_TYPE_BOOL, NULL, 0},
    {"backwards", BSON_TYPE_BOOL, NULL, 0},
    {"version", BSON_TYPE_UTF8, "57.1", 0}};

#define FIELDS (sizeof fields / sizeof *fields)

static bool
refuse_field(const char *name, const bson_t *collation, bson_error_t *error)
{
	char *text = text_doc(collation);

	error_set(error, MM_EXIT_REFUSED, 2, "Field '%s' is invalid in: %s",
	    name, text);
	bson_free(text);
	return false;
}

static bool
known_field(const char *name, size_t *at)
{
	for (*at = 0; *at < FIELDS; ++*at) {
		if (strcmp(fields[*at].name, name) == 0)
			return true;
	}
	return false;
}

static bool
check(const bson_t *collation, bson_error_t *error)
{
	bool locale = false;
	bson_iter_t iter;
	size_t at;

	bson_iter_init(&iter, collation);
	while (bson_iter_next(&iter)) {
		if (!known_field(bson_iter_key(&iter), &at))
			return error_set(error, MM_EXIT_REFUSED, 2,
			    "Collation spec contains unknown field: %s",
			    bson_iter_key(&iter));
		if (fields[at].type == BSON_TYPE_INT32
			? !BSON_ITER_HOLDS_NUMBER(&iter)
			: bson_iter_type(&iter) != (bson_type_t)fields[at].type)
			return refuse_field(fields[at].name, collation, error);
		locale |= at == 0;
		if (strcmp(fields[at].name, "strength") == 0 &&
		    (bson_iter_as_int64(&iter) < 1 ||
			bson_iter_as_int64(&iter) > 5))
			return refuse_field("strength", collation, error);
	}
	if (!locale)
		return error_set(error, MM_EXIT_REFUSED, 40414,
		    "BSON field 'collation.locale' is missing but a required "
		    "field");
	return true;
}

bool
options_collation(const bson_t *collation, bson_t *full, bson_error_t *error)
{
	const struct collator *known;
	bson_iter_t iter;
	size_t i;

	bson_init(full);
	if (bson_empty(collation))
		return true;
	if (!check(collation, error))
		return false;
	bson_iter_init_find(&iter, collation, "locale");
	if (strcmp(bson_iter_utf8(&iter, NULL), "simple") == 0)
		return true;
	for (i = 0; i < FIELDS; i++) {
		if (bson_iter_init_find(&iter, collation, fields[i].name) &&
		    fields[i].type != BSON_TYPE_INT32)
			bson_append_iter(full, NULL, 0, &iter);
		else if (bson_iter_init_find(&iter, collation, fields[i].name))
			bson_append_int32(full, fields[i].name, -1,
			    (int32_t)bson_iter_as_int64(&iter));
		else if (fields[i].type == BSON_TYPE_UTF8)
			bson_append_utf8(
			    full, fields[i].name, -1, fields[i].text, -1);
		else if (fields[i].type == BSON_TYPE_BOOL)
			bson_append_bool(full, fields[i].name, -1, false);
		else
			bson_append_int32(
			    full, fields[i].name, -1, fields[i].number);
	}
	return collate_find(full, &known, NULL) ||
	    refuse_field("locale", collation, error);
}
