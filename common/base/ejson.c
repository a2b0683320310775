/* $regex, $options and $type are operators of a query: a value that is a
 * regular expression is written in another way. The parser of libbson takes
 * them for parts of one, or of binary data, all the same, so their keys have
 * another first byte while it is at work. */
#include "base/ejson.h"

#include <string.h>

#include "base/error.h"

#define MASK 0x7f
#define SPACE " \t\r\n"

static const char *const operators[] = {"regex", "options", "type"};

enum { OPERATORS = sizeof operators / sizeof *operators };

/* Binary data as they were written before 2017: {"$binary": "", "$type": ""}.
 */
static bool
old_binary(const char *text)
{
	static const char key[] = "\"$binary\"";

	for (const char *at = text; (at = strstr(at, key));) {
		at += sizeof key - 1;
		at += strspn(at, SPACE ":");
		if (*at == '"')
			return true;
	}
	return false;
}

static void
mask(char *text)
{
	size_t end = old_binary(text) ? OPERATORS - 1 : OPERATORS;

	for (size_t i = 0; i < end; i++) {
		size_t n = strlen(operators[i]);
		char key[16];

		bson_snprintf(key, sizeof key, "\"$%s\"", operators[i]);
		for (char *at = text; (at = strstr(at, key)); at += n)
			if ((at == text || at[-1] != '\\') &&
			    at[n + 3 + strspn(at + n + 3, SPACE)] == ':')
				at[1] = MASK;
	}
}

static void
unmask(bson_iter_t *it)
{
	bson_iter_t sub;

	while (bson_iter_next(it)) {
		char *key = (char *)it->raw + it->key;

		for (size_t i = 0; *key == MASK && i < OPERATORS; i++)
			if (strcmp(key + 1, operators[i]) == 0)
				*key = '$';
		if ((BSON_ITER_HOLDS_DOCUMENT(it) ||
			BSON_ITER_HOLDS_ARRAY(it)) &&
		    bson_iter_recurse(it, &sub))
			unmask(&sub);
	}
}

/* Behind the object that text begins with; NULL: it has no end. */
static const char *
object_end(const char *text)
{
	int depth = 0;
	bool inside = false; /* a string */

	for (; *text; text++) {
		if (inside && *text == '\\' && text[1])
			text++;
		else if (*text == '"')
			inside = !inside;
		else if (!inside && *text == '{')
			depth++;
		else if (!inside && *text == '}' && --depth == 0)
			return text + 1;
	}
	return NULL;
}

static const char *
wrong(const char *text)
{
	const char *end;

	if (*text != '{')
		return "it is no object";
	end = object_end(text);
	return !end ? "the object has no end"
	    : *(end + strspn(end, SPACE))
	    ? "something follows behind the object"
	    : NULL;
}

bson_t *
ejson_parse(const char *text, bson_error_t *error)
{
	char *copy = bson_strdup(text + strspn(text, SPACE));
	bool masked = !strchr(copy, MASK) && !strstr(copy, "\\u007");
	const char *why = wrong(copy);
	bson_t *doc = NULL;
	bson_iter_t it;

	if (why)
		error_set(error, MM_EXIT_USAGE, 0, "%s", why);
	if (masked)
		mask(copy);
	if (!why)
		doc = bson_new_from_json((const uint8_t *)copy, -1, error);
	if (doc && masked && bson_iter_init(&it, doc))
		unmask(&it);
	bson_free(copy);
	return doc;
}
