/* Each keyword is a test of its own: a value to which it does not apply (a
 * minimum of a string) passes. */
#include "json_schema.h"
#include "doc.h"
#include "model/number.h"
#include "regex.h"

#include <string.h>

typedef bool keyword_fn(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v);

static bool
wrong_type(struct match_run *r, const char *name, const char *what)
{
	return match_refuse(
	    r, 14, "$jsonSchema keyword '%s' must be %s", name, what);
}

/* The types of `type` by the names of `bsonType`. */
static bool
type_bits(
    struct match_run *r, const struct value *arg, bool json, uint32_t *set)
{
	bson_error_t *error = r->failed ? NULL : r->error;
	const char *name;
	struct walk w;
	struct elem e;
	size_t len;
	bool ok = true;

	if (arg->type == BSON_TYPE_ARRAY) {
		walk_init(&w, arg->data, arg->len);
		while (ok && walk_next(&w, &e))
			ok = type_bits(r, &e.value, json, set);
		return ok;
	}
	if (!match_text(arg, &name, &len))
		return wrong_type(r, json ? "type" : "bsonType",
		    "either a string or an array of strings");
	if (json && strcmp(name, "boolean") == 0)
		*set |= 1u << BSON_TYPE_BOOL;
	else if (json && strcmp(name, "integer") == 0)
		return match_refuse(r, 9,
		    "$jsonSchema type 'integer' is not currently supported.");
	else
		ok = match_types(arg, set, error);
	r->failed |= !ok;
	return ok;
}

static bool
kw_bson_type(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	uint32_t set = 0;

	(void)schema;
	return type_bits(r, arg, false, &set) && match_has_type(set, v);
}

static bool
kw_type(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	uint32_t set = 0;

	(void)schema;
	return type_bits(r, arg, true, &set) && match_has_type(set, v);
}

static bool
kw_required(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	struct walk w;
	struct elem e, found;
	const char *name;
	size_t len;

	(void)schema;
	if (arg->type != BSON_TYPE_ARRAY)
		return wrong_type(r, "required", "an array");
	for (walk_init(&w, arg->data, arg->len); walk_next(&w, &e);) {
		if (!match_text(&e.value, &name, &len))
			return wrong_type(r, "required", "an array of strings");
		if (v->type == BSON_TYPE_DOCUMENT &&
		    !walk_find(v->data, v->len, name, &found) && !r->check)
			return false;
	}
	return true;
}

static bool
kw_properties(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	const struct value null = VALUE_NULL;
	struct walk w;
	struct elem e, found;
	bool all = true;

	(void)schema;
	if (arg->type != BSON_TYPE_DOCUMENT)
		return wrong_type(r, "properties", "an object");
	walk_init(&w, arg->data, arg->len);
	while ((all || r->check) && walk_next(&w, &e)) {
		if (r->check)
			json_schema(r, &e.value, &null);
		else if (v->type == BSON_TYPE_DOCUMENT &&
		    walk_find(v->data, v->len, e.name, &found))
			all = json_schema(r, &e.value, &found.value);
	}
	return all;
}

static bool
kw_additional(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	struct elem known, e, found;
	struct walk w;

	if (arg->type != BSON_TYPE_BOOL)
		return match_refuse(r, 238,
		    "additionalProperties other than true and false is not "
		    "implemented");
	if (arg->data[0] || v->type != BSON_TYPE_DOCUMENT)
		return true;
	if (!walk_find(schema->data, schema->len, "properties", &known))
		known.value = value_doc(
		    BSON_TYPE_DOCUMENT, (const uint8_t *)"\5\0\0\0", 5);
	for (walk_init(&w, v->data, v->len); walk_next(&w, &e);) {
		if (!walk_find(
			known.value.data, known.value.len, e.name, &found))
			return false;
	}
	return true;
}

static bool
kw_enum(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	struct walk w;
	struct elem e;

	(void)schema;
	if (arg->type != BSON_TYPE_ARRAY)
		return wrong_type(r, "enum", "an array");
	for (walk_init(&w, arg->data, arg->len); walk_next(&w, &e);) {
		if (value_cmp(&e.value, v) == 0)
			return true;
	}
	return false;
}

static bool
exclusive(const struct value *schema, const char *name)
{
	struct elem e;

	return walk_find(schema->data, schema->len, name, &e) &&
	    e.value.type == BSON_TYPE_BOOL && e.value.data[0];
}

static bool
kw_minimum(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	if (!number_is(arg->type))
		return wrong_type(r, "minimum", "a number");
	return !number_is(v->type) ||
	    match_compare(
		exclusive(schema, "exclusiveMinimum") ? CMP_GT : CMP_GTE, v,
		arg);
}

static bool
kw_maximum(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	if (!number_is(arg->type))
		return wrong_type(r, "maximum", "a number");
	return !number_is(v->type) ||
	    match_compare(
		exclusive(schema, "exclusiveMaximum") ? CMP_LT : CMP_LTE, v,
		arg);
}

/* Characters, not bytes. */
static bool
length_test(struct match_run *r, const struct value *arg, const struct value *v,
    bool least)
{
	int64_t limit, n = 0;
	const char *s;
	size_t len, i;

	if (!match_int(arg, &limit) || limit < 0)
		return match_refuse(
		    r, 9, "$jsonSchema length must be a non-negative integer");
	if (!match_text(v, &s, &len))
		return true;
	for (i = 0; i < len; i++)
		n += (s[i] & 0xc0) != 0x80;
	return least ? n >= limit : n <= limit;
}

static bool
kw_min_length(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	(void)schema;
	return length_test(r, arg, v, true);
}

static bool
kw_max_length(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	(void)schema;
	return length_test(r, arg, v, false);
}

static bool
kw_pattern(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	const char *pattern, *text = "";
	size_t len = 0;
	bool found = false, applies;

	(void)schema;
	if (!match_text(arg, &pattern, &len))
		return wrong_type(r, "pattern", "a string");
	len = 0;
	applies = match_text(v, &text, &len);
	if (!regex_search(
		pattern, "", text, len, &found, r->failed ? NULL : r->error))
		r->failed = true;
	return found || !applies;
}

static bool
kw_items(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	const struct value null = VALUE_NULL;
	struct walk w;
	struct elem e;

	(void)schema;
	if (arg->type != BSON_TYPE_DOCUMENT)
		return match_refuse(
		    r, 238, "items as an array is not implemented");
	if (r->check)
		json_schema(r, arg, &null);
	if (v->type != BSON_TYPE_ARRAY)
		return true;
	for (walk_init(&w, v->data, v->len); walk_next(&w, &e);) {
		if (!json_schema(r, arg, &e.value))
			return false;
	}
	return true;
}

/* How many of the schemas in the array fit. */
static bool
count_fits(struct match_run *r, const char *name, const struct value *arg,
    const struct value *v, unsigned *fits, unsigned *of)
{
	struct walk w;
	struct elem e;

	*fits = *of = 0;
	if (arg->type != BSON_TYPE_ARRAY)
		return wrong_type(r, name, "an array");
	for (walk_init(&w, arg->data, arg->len); walk_next(&w, &e); ++*of)
		*fits += json_schema(r, &e.value, v);
	return true;
}

static bool
kw_all_of(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	unsigned fits, of;

	(void)schema;
	return count_fits(r, "allOf", arg, v, &fits, &of) && fits == of;
}

static bool
kw_any_of(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	unsigned fits, of;

	(void)schema;
	return count_fits(r, "anyOf", arg, v, &fits, &of) && fits > 0;
}

static bool
kw_one_of(struct match_run *r, const struct value *schema,
    const struct value *arg, const struct value *v)
{
	unsigned fits, of;

	(void)schema;
	return count_fits(r, "oneOf", arg, v, &fits, &of) && fits == 1;
}

static bool
kw_not(struct match_run *r, const struct value *schema, const struct value *arg,
    const struct value *v)
{
	(void)schema;
	return !json_schema(r, arg, v);
}

/* NULL: says nothing about a value by itself. */
static const struct {
	const char *name;
	keyword_fn *fn;
} keywords[] = {{"bsonType", kw_bson_type}, {"type", kw_type},
    {"required", kw_required}, {"properties", kw_properties},
    {"additionalProperties", kw_additional}, {"enum", kw_enum},
    {"minimum", kw_minimum}, {"exclusiveMinimum", NULL},
    {"maximum", kw_maximum}, {"exclusiveMaximum", NULL},
    {"minLength", kw_min_length}, {"maxLength", kw_max_length},
    {"pattern", kw_pattern}, {"items", kw_items}, {"allOf", kw_all_of},
    {"anyOf", kw_any_of}, {"oneOf", kw_one_of}, {"not", kw_not},
    {"title", NULL}, {"description", NULL}};

static bool
keyword(struct match_run *r, const struct value *schema, const struct elem *e,
    const struct value *v)
{
	static const char *const known[] = {"additionalItems", "dependencies",
	    "encrypt", "encryptMetadata", "maxItems", "maxProperties",
	    "minItems", "minProperties", "multipleOf", "patternProperties",
	    "uniqueItems"};
	size_t i;

	for (i = 0; i < sizeof keywords / sizeof *keywords; i++) {
		if (strcmp(e->name, keywords[i].name) == 0)
			return !keywords[i].fn ||
			    keywords[i].fn(r, schema, &e->value, v);
	}
	for (i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(e->name, known[i]) == 0)
			return match_refuse(r, 238,
			    "$jsonSchema keyword '%s' is not implemented",
			    e->name);
	}
	return match_refuse(r, 9, "Unknown $jsonSchema keyword: %s", e->name);
}

bool
json_schema(
    struct match_run *r, const struct value *schema, const struct value *v)
{
	bool all = true;
	struct walk w;
	struct elem e;

	if (schema->type != BSON_TYPE_DOCUMENT)
		return match_refuse(r, 14, "$jsonSchema must be an object");
	walk_init(&w, schema->data, schema->len);
	while ((all || r->check) && walk_next(&w, &e))
		all &= keyword(r, schema, &e, v);
	return all && !r->failed;
}
