/* $set $unset $inc $mul $min $max $rename $currentDate $setOnInsert $bit */
#include "mods.h"
#include "model/number.h"
#include "text.h"

#include <math.h>
#include <string.h>

static enum mod_result
keep(struct mod_at *at, uint8_t type, const void *data, size_t len)
{
	buf_clear(&at->store);
	buf_add(&at->store, data, len);
	at->value = value_doc(type, at->store.data, len);
	if (at->cur && at->cur->type == type && value_same(at->cur, &at->value))
		return MOD_NOOP;
	return MOD_SET;
}

static enum mod_result
apply_set(struct mod_at *at)
{
	at->value = at->mod->arg;
	if (at->cur && at->cur->type == at->value.type &&
	    value_same(at->cur, &at->value))
		return MOD_NOOP;
	return MOD_SET;
}

/* An array keeps its length: the element becomes null, and that counts as a
 * change even where it was null (recorded). */
static enum mod_result
apply_unset(struct mod_at *at)
{
	(void)at;
	return MOD_REMOVE;
}

struct operand {
	uint8_t type;
	int64_t i;
	double d;
};

static bool
operand_of(const struct value *v, struct operand *n)
{
	int32_t i32;

	n->type = v->type;
	switch (v->type) {
	case BSON_TYPE_INT32:
		memcpy(&i32, v->data, 4);
		n->i = i32;
		break;
	case BSON_TYPE_INT64:
		memcpy(&n->i, v->data, 8);
		break;
	case BSON_TYPE_DOUBLE:
		memcpy(&n->d, v->data, 8);
		return true;
	default:
		return false;
	}
	n->d = (double)n->i;
	return true;
}

static enum mod_result
overflow(struct mod_at *at, const char *name)
{
	char *id = mod_id_text(at->doc);
	int64_t n;

	number_int64(at->cur, &n);
	error_set(at->error, MM_EXIT_REFUSED, 2,
	    "Failed to apply %s operations to current value ((%s)%lld) for "
	    "document %s",
	    name, at->cur->type == BSON_TYPE_INT64 ? "NumberLong" : "NumberInt",
	    (long long)n, id);
	bson_free(id);
	return MOD_FAILED;
}

static enum mod_result
not_a_number(struct mod_at *at, const char *name)
{
	char *id = mod_id_text(at->doc);

	error_set(at->error, MM_EXIT_REFUSED, 14,
	    "Cannot apply %s to a value of non-numeric type. %s has the field "
	    "'%s' of non-numeric type %s",
	    name, id, at->name, text_type(at->cur->type));
	bson_free(id);
	return MOD_FAILED;
}

static enum mod_result
arithmetic(struct mod_at *at, const char *name, bool multiply)
{
	struct operand a, b;
	int64_t r;
	int32_t r32;
	double d;

	if (!number_is(at->cur->type))
		return not_a_number(at, name);
	if (!operand_of(at->cur, &a) || !operand_of(&at->mod->arg, &b)) {
		error_set(at->error, MM_EXIT_REFUSED, 238,
		    "%s of Decimal128 is not implemented", name);
		return MOD_FAILED;
	}
	if (a.type == BSON_TYPE_DOUBLE || b.type == BSON_TYPE_DOUBLE) {
		d = multiply ? a.d * b.d : a.d + b.d;
		/* NaN is never what was there before (recorded). */
		return keep(at, BSON_TYPE_DOUBLE, &d, 8) == MOD_SET || isnan(d)
		    ? MOD_SET
		    : MOD_NOOP;
	}
	if (multiply ? __builtin_mul_overflow(a.i, b.i, &r)
		     : __builtin_add_overflow(a.i, b.i, &r))
		return overflow(at, name);
	r32 = (int32_t)r;
	if (a.type == BSON_TYPE_INT32 && b.type == BSON_TYPE_INT32 && r == r32)
		return keep(at, BSON_TYPE_INT32, &r32, 4);
	return keep(at, BSON_TYPE_INT64, &r, 8);
}

static enum mod_result
apply_inc(struct mod_at *at)
{
	if (!at->cur)
		return apply_set(at);
	return arithmetic(at, "$inc", false);
}

/* A missing field becomes 0 of the argument's type. */
static enum mod_result
apply_mul(struct mod_at *at)
{
	static const uint8_t zero[8];
	static const uint8_t decimal_zero[16] = {[14] = 0x40, [15] = 0x30};
	uint8_t type = at->mod->arg.type;

	if (at->cur)
		return arithmetic(at, "$mul", true);
	if (type == BSON_TYPE_DECIMAL128)
		return keep(at, type, decimal_zero, 16);
	return keep(at, type, zero, type == BSON_TYPE_INT32 ? 4 : 8);
}

static enum mod_result
apply_min(struct mod_at *at)
{
	if (at->cur && value_cmp(&at->mod->arg, at->cur) >= 0)
		return MOD_NOOP;
	return apply_set(at);
}

static enum mod_result
apply_max(struct mod_at *at)
{
	if (at->cur && value_cmp(&at->mod->arg, at->cur) <= 0)
		return MOD_NOOP;
	return apply_set(at);
}

static enum mod_result
apply_current_date(struct mod_at *at)
{
	const struct value *arg = &at->mod->arg;
	uint32_t ts[2] = {BSON_UINT32_TO_LE(at->args->increment),
	    BSON_UINT32_TO_LE(at->args->seconds)};
	struct elem e;

	if (arg->type == BSON_TYPE_DOCUMENT &&
	    walk_find(arg->data, arg->len, "$type", &e) &&
	    strcmp((const char *)e.value.data + 4, "timestamp") == 0)
		return keep(at, BSON_TYPE_TIMESTAMP, ts, 8);
	return keep(at, BSON_TYPE_DATE_TIME, &at->args->now, 8);
}

static enum mod_result
apply_bit(struct mod_at *at)
{
	struct operand a = {BSON_TYPE_INT32, 0, 0}, b;
	const struct value *arg = &at->mod->arg;
	struct walk w;
	struct elem e;
	int32_t r32;
	char *id;

	if (at->cur && at->cur->type != BSON_TYPE_INT32 &&
	    at->cur->type != BSON_TYPE_INT64) {
		id = mod_id_text(at->doc);
		error_set(at->error, MM_EXIT_REFUSED, 2,
		    "Cannot apply $bit to a value of non-integral type.%s has "
		    "the field %s of non-integer type %s",
		    id, at->name, text_type(at->cur->type));
		bson_free(id);
		return MOD_FAILED;
	}
	if (at->cur)
		operand_of(at->cur, &a);
	for (walk_init(&w, arg->data, arg->len); walk_next(&w, &e);) {
		operand_of(&e.value, &b);
		if (!at->cur && b.type == BSON_TYPE_INT64)
			a.type = b.type;
		a.type = BSON_MAX(a.type, b.type);
		if (e.name[0] == 'a')
			a.i &= b.i;
		else if (e.name[0] == 'o')
			a.i |= b.i;
		else
			a.i ^= b.i;
	}
	if (a.type == BSON_TYPE_INT64)
		return keep(at, BSON_TYPE_INT64, &a.i, 8);
	r32 = (int32_t)a.i;
	return keep(at, BSON_TYPE_INT32, &r32, 4);
}

static bool
bad_number(const char *verb, const char *path, const struct value *arg,
    bson_error_t *error)
{
	char *text = text_elem(path, arg);

	error_set(error, MM_EXIT_REFUSED, 14,
	    "Cannot %s with non-numeric argument: {%s}", verb, text);
	bson_free(text);
	return false;
}

static bool
check_inc(const char *path, const struct value *arg, bson_error_t *error)
{
	return number_is(arg->type) ||
	    bad_number("increment", path, arg, error);
}

static bool
check_mul(const char *path, const struct value *arg, bson_error_t *error)
{
	return number_is(arg->type) || bad_number("multiply", path, arg, error);
}

static bool
check_rename(const char *path, const struct value *arg, bson_error_t *error)
{
	char *text;
	bool ok;

	text = text_elem(path, arg);
	ok = arg->type == BSON_TYPE_UTF8;
	if (!ok)
		error_set(error, MM_EXIT_REFUSED, 2,
		    "The 'to' field for $rename must be a string: %s", text);
	else if (strcmp((const char *)arg->data + 4, path) == 0)
		ok = error_set(error, MM_EXIT_REFUSED, 2,
		    "The source and target field for $rename must differ: %s",
		    text);
	bson_free(text);
	return ok;
}

static bool
check_current_date(
    const char *path, const struct value *arg, bson_error_t *error)
{
	struct walk w;
	struct elem e;

	(void)path;
	if (arg->type == BSON_TYPE_BOOL)
		return true;
	if (arg->type != BSON_TYPE_DOCUMENT)
		return error_set(error, MM_EXIT_REFUSED, 2,
		    "%s is not valid type for $currentDate. Please use a "
		    "boolean ('true') or a $type expression ({$type: "
		    "'timestamp/date'}).",
		    text_type(arg->type));
	for (walk_init(&w, arg->data, arg->len); walk_next(&w, &e);) {
		if (strcmp(e.name, "$type") != 0)
			return error_set(error, MM_EXIT_REFUSED, 2,
			    "Unrecognized $currentDate option: %s", e.name);
		if (e.value.type == BSON_TYPE_UTF8 &&
		    (strcmp((const char *)e.value.data + 4, "date") == 0 ||
			strcmp((const char *)e.value.data + 4, "timestamp") ==
			    0))
			return true;
	}
	return error_set(error, MM_EXIT_REFUSED, 2,
	    "The '$type' string field is required to be 'date' or "
	    "'timestamp': {$currentDate: {field : {$type: 'date'}}}");
}

static bool
check_bit(const char *path, const struct value *arg, bson_error_t *error)
{
	bool any = false;
	struct walk w;
	struct elem e;

	(void)path;
	if (arg->type == BSON_TYPE_DOCUMENT)
		walk_init(&w, arg->data, arg->len);
	while (arg->type == BSON_TYPE_DOCUMENT && walk_next(&w, &e)) {
		any = true;
		if (strcmp(e.name, "and") != 0 && strcmp(e.name, "or") != 0 &&
		    strcmp(e.name, "xor") != 0)
			return error_set(error, MM_EXIT_REFUSED, 2,
			    "The $bit modifier only supports 'and', 'or', and "
			    "'xor', not '%s' which is an unknown operator: "
			    "{%s}",
			    e.name, e.name);
		if (e.value.type != BSON_TYPE_INT32 &&
		    e.value.type != BSON_TYPE_INT64)
			return error_set(error, MM_EXIT_REFUSED, 2,
			    "The $bit modifier field must be an "
			    "Integer(32/64 bit); a '%s' is not supported here",
			    text_type(e.value.type));
	}
	return any ||
	    error_set(error, MM_EXIT_REFUSED, 2,
		"You must pass in at least one bitwise operation. "
		"The format is: {$bit: {field: {and/or/xor: #}}");
}

const struct mod_def mod_scalar_defs[] = {
    {"$set", NULL, apply_set, true, false},
    {"$unset", NULL, apply_unset, false, false},
    {"$inc", check_inc, apply_inc, true, false},
    {"$mul", check_mul, apply_mul, true, false},
    {"$min", NULL, apply_min, true, false},
    {"$max", NULL, apply_max, true, false},
    {"$rename", check_rename, NULL, true, false},
    {"$currentDate", check_current_date, apply_current_date, true, false},
    {"$setOnInsert", NULL, apply_set, true, true},
    {"$bit", check_bit, apply_bit, true, false}, {NULL}};
