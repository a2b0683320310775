/* A server makes a new collection aside and renames it onto the one that is
 * wanted ($out, mapReduce, convertToCapped, a rename across databases). Where
 * only the latter is selected, the former must be followed too. */
#include <string.h>

#include "base/array.h"
#include "model/ddl.h"

static const char *const temporary[] = {".tmp.agg_out.*", ".tmp.mr.*",
    ".tmp*.renameCollection", ".tmp*.convertToCapped.*"};

/* Bytes of the part of a pattern that stands for the database; too much may
 * match, never too little. */
static size_t
db_part(const char *pattern)
{
	size_t n = 0;

	while (pattern[n] && pattern[n] != '.') {
		if (pattern[n] == '*' && !strchr(pattern + n, '.'))
			return n + 1;
		n += pattern[n] == '\\' && pattern[n + 1] ? 2 : 1;
	}
	return n;
}

static void
widen(const bson_t *filters, bson_t *include)
{
	bson_iter_t it, each;
	uint32_t n = 0;

	bson_iter_init_find(&it, filters, "include");
	bson_iter_recurse(&it, &each);
	while (bson_iter_next(&each)) {
		const char *p = bson_iter_utf8(&each, NULL);

		array_add_text(include, &n, p);
		for (size_t i = 0; i < sizeof temporary / sizeof *temporary;
		     i++) {
			char *more = bson_strdup_printf(
			    "%.*s%s", (int)db_part(p), p, temporary[i]);

			array_add_text(include, &n, more);
			bson_free(more);
		}
	}
}

struct ns_rules *
ddl_wide(const struct ns_rules *rules, bson_error_t *error)
{
	bson_t filters = BSON_INITIALIZER, wide = BSON_INITIALIZER, include;
	struct ns_rules *out;

	ns_rules_append(rules, &filters);
	if (ns_rules_all(rules)) {
		out = ns_rules_read(&filters, error);
	} else {
		BSON_APPEND_ARRAY_BEGIN(&wide, "include", &include);
		widen(&filters, &include);
		bson_append_array_end(&wide, &include);
		bson_copy_to_excluding_noinit(
		    &filters, &wide, "include", (char *)NULL);
		out = ns_rules_read(&wide, error);
	}
	bson_destroy(&filters);
	bson_destroy(&wide);
	return out;
}
