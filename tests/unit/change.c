#include "change.h"

#include <stdio.h>
#include <string.h>

static uint64_t state;

void
change_seed(uint64_t seed)
{
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

uint32_t
change_random(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

/* ------------------------------------------------- documents */

static const char *const names[] = {
    "a", "b", "c", "0", "1", "u", "s0", "diff", "d", "l", "ü", "10"};
enum { NAMES = sizeof names / sizeof *names };

static void append_random(bson_t *doc, const char *name, int depth);

static void
append_container(bson_t *doc, const char *name, bool array, int depth)
{
	uint32_t n = change_random(4), first = change_random(NAMES);
	bson_t sub;
	char index[8];

	if (array)
		BSON_APPEND_ARRAY_BEGIN(doc, name, &sub);
	else
		BSON_APPEND_DOCUMENT_BEGIN(doc, name, &sub);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(index, sizeof index, "%u", i);
		append_random(&sub,
		    array ? index : names[(first + i * 5) % NAMES], depth + 1);
	}
	if (array)
		bson_append_array_end(doc, &sub);
	else
		bson_append_document_end(doc, &sub);
}

static void
append_random(bson_t *doc, const char *name, int depth)
{
	const char *text = change_random(2) ? "x" : "longer";

	switch (change_random(depth < 3 ? 8 : 4)) {
	case 0:
		BSON_APPEND_NULL(doc, name);
		break;
	case 1:
		BSON_APPEND_UTF8(doc, name, text);
		break;
	case 2:
	case 3:
		BSON_APPEND_INT32(doc, name, (int32_t)change_random(9));
		break;
	case 4:
	case 5:
		append_container(doc, name, true, depth);
		break;
	default:
		append_container(doc, name, false, depth);
		break;
	}
}

bson_t *
change_new(int id)
{
	bson_t *doc = BCON_NEW("_id", BCON_INT32(id));
	uint32_t n = change_random(5), first = change_random(NAMES);

	for (uint32_t i = 0; i < n; i++)
		append_random(doc, names[(first + i * 7) % NAMES], 0);
	return doc;
}

/* ------------------------------------------------- changes */

static void mutate(bson_iter_t *it, bson_t *out, bool array, int depth);

static void
mutate_value(bson_iter_t *it, bson_t *out, const char *key, int depth)
{
	bool array = BSON_ITER_HOLDS_ARRAY(it);
	bson_iter_t sub;
	bson_t child;

	if (!array && !BSON_ITER_HOLDS_DOCUMENT(it)) {
		append_random(out, key, depth);
		return;
	}
	bson_iter_recurse(it, &sub);
	if (array)
		BSON_APPEND_ARRAY_BEGIN(out, key, &child);
	else
		BSON_APPEND_DOCUMENT_BEGIN(out, key, &child);
	mutate(&sub, &child, array, depth + 1);
	if (array)
		bson_append_array_end(out, &child);
	else
		bson_append_document_end(out, &child);
}

static void
append_new(bson_t *out, int depth)
{
	const char *name = names[change_random(NAMES)];

	if (!bson_has_field(out, name))
		append_random(out, name, depth);
}

/* All fields of `it`: some changed, some gone, some new behind. */
static void
mutate(bson_iter_t *it, bson_t *out, bool array, int depth)
{
	uint32_t n = 0;
	char index[8];

	while (bson_iter_next(it)) {
		const char *key = bson_iter_key(it);
		uint32_t what = strcmp(key, "_id") == 0 && depth == 0
		    ? 9
		    : change_random(10);

		if (array) {
			snprintf(index, sizeof index, "%u", n);
			key = index;
			if (what == 0 && change_random(3) == 0)
				return; /* cut here */
		} else if (what == 0) {
			continue;
		}
		n++;
		if (what == 1)
			append_random(out, key, depth);
		else if (what < 4)
			mutate_value(it, out, key, depth);
		else
			bson_append_iter(out, key, -1, it);
	}
	for (uint32_t more = change_random(4); more > 2; more--) {
		if (!array) {
			append_new(out, depth);
		} else if (n < 12) {
			snprintf(index, sizeof index, "%u", n++);
			append_random(out, index, depth);
		}
	}
}

/* The same fields, one of them moved to the end. */
static bson_t *
moved(const bson_t *pre)
{
	uint32_t n = bson_count_keys(pre), at;
	bson_t *post = bson_new();
	bson_iter_t it, last;

	if (n < 3) {
		bson_destroy(post);
		return bson_copy(pre);
	}
	at = 1 + change_random(n - 1);
	bson_iter_init(&it, pre);
	for (uint32_t i = 0; bson_iter_next(&it); i++) {
		if (i == at)
			last = it;
		else
			bson_append_iter(post, bson_iter_key(&it), -1, &it);
	}
	bson_append_iter(post, bson_iter_key(&last), -1, &last);
	return post;
}

bson_t *
change_some(const bson_t *pre)
{
	bson_t *post;
	bson_iter_t it;

	if (change_random(8) == 0)
		return moved(pre);
	post = bson_new();
	bson_iter_init(&it, pre);
	mutate(&it, post, false, 0);
	return post;
}
