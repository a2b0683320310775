/* Whether every name that a selection and a mapping can give lies within the
 * writer's selection is proved on the patterns before anything is written. A
 * pattern goes through the mapping like a name: what takes the `*` in it takes
 * whatever stands for it. Other pairs may catch some of those names first, so
 * all their new names count as possible too. A proof that fails refuses. */
#include "engine/grant.h"

#include <string.h>

#include "base/array.h"
#include "model/ddl.h"

struct grant {
	struct ns_rules *own;    /* the writer's flags */
	struct ns_rules *stream; /* as the stream has it */
	struct ns_rules
	    *rules;            /* selection of the stream, mapping that holds */
	bson_t *filters;       /* of rules */
	struct ns_rules *wide; /* rules, with what is renamed into them */
	bool own_mapping;
};

bool
grant_told(const struct ns_flags *flags, bson_error_t *error)
{
	return flags->db || flags->include.n > 0 ||
	    error_set(error, MM_EXIT_USAGE, 0,
		"the namespaces to write must be named: -d, -c or "
		"--nsInclude (\"*\" is everything in the stream)");
}

static bool
refuse(bson_error_t *error, const char *why)
{
	return error_set(error, MM_EXIT_REFUSED, 0, "%s", why);
}

static bool
array_of(const bson_t *filters, const char *field, bson_t *out)
{
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;

	if (!bson_iter_init_find(&it, filters, field) ||
	    !BSON_ITER_HOLDS_ARRAY(&it))
		return false;
	bson_iter_array(&it, &len, &data);
	return bson_init_static(out, data, len) && bson_count_keys(out) > 0;
}

static bool
same_array(const bson_t *a, const bson_t *b)
{
	return a->len == b->len &&
	    memcmp(bson_get_data(a), bson_get_data(b), a->len) == 0;
}

/* The stream's include and exclude with the rename of `from`. */
static bool
set_rules(struct grant *g, const struct ns_rules *from, bson_error_t *error)
{
	bson_t selection = BSON_INITIALIZER, mapping = BSON_INITIALIZER, array;

	ns_rules_append(g->stream, &selection);
	ns_rules_append(from, &mapping);
	bson_copy_to_excluding_noinit(
	    &selection, g->filters, "rename", (char *)NULL);
	if (array_of(&mapping, "rename", &array))
		bson_append_array(g->filters, "rename", -1, &array);
	g->rules = ns_rules_read(g->filters, error);
	bson_reinit(g->filters);
	if (g->rules)
		ns_rules_append(g->rules, g->filters);
	bson_destroy(&selection);
	bson_destroy(&mapping);
	g->wide = g->rules ? ddl_wide(g->rules, error) : NULL;
	return g->wide;
}

/* A new name such as "live_$x$.*" as a pattern: variables become stars. */
static char *
target_pattern(const char *to)
{
	char *out = bson_malloc(strlen(to) + 1), *o = out;

	while (*to) {
		const char *end = *to == '$' ? strchr(to + 1, '$') : NULL;

		if (end) {
			*o++ = '*';
			to = end + 1;
		} else {
			*o++ = *to++;
		}
	}
	*o = '\0';
	return out;
}

static void
add_mapped_includes(
    const struct grant *g, const bson_t *doc, bson_t *include, uint32_t *n)
{
	char mapped[NS_MAX + 1];
	bson_t array;
	bson_iter_t it;

	if (!array_of(doc, "include", &array))
		array_add_text(include, n, "*");
	else if (bson_iter_init(&it, &array))
		while (bson_iter_next(&it)) {
			const char *p = bson_iter_utf8(&it, NULL);

			if (ns_map(g->stream, p, mapped, NULL))
				array_add_text(include, n, mapped);
			else
				array_add_text(include, n, p);
		}
}

static void
add_new_names(const bson_t *doc, bson_t *include, uint32_t *n)
{
	bson_t array;
	bson_iter_t it, to;

	if (!array_of(doc, "rename", &array) || !bson_iter_init(&it, &array))
		return;
	while (bson_iter_next(&it))
		if (bson_iter_recurse(&it, &to) && bson_iter_find(&to, "to")) {
			char *pattern =
			    target_pattern(bson_iter_utf8(&to, NULL));

			array_add_text(include, n, pattern);
			bson_free(pattern);
		}
}

/* Everything that the stream's selection can be mapped to is in `own`. */
static bool
covers_mapped(const struct grant *g)
{
	bson_t doc = BSON_INITIALIZER, targets = BSON_INITIALIZER, include;
	struct ns_rules *inner;
	uint32_t n = 0;
	bool ok;

	ns_rules_append(g->stream, &doc);
	bson_append_array_begin(&targets, "include", -1, &include);
	add_mapped_includes(g, &doc, &include, &n);
	add_new_names(&doc, &include, &n);
	bson_append_array_end(&targets, &include);
	inner = ns_rules_read(&targets, NULL);
	ok = inner && ns_covers(g->own, inner);
	ns_rules_free(inner);
	bson_destroy(&doc);
	bson_destroy(&targets);
	return ok;
}

static bool
check(struct grant *g, bson_error_t *error)
{
	bson_t own = BSON_INITIALIZER, stream = BSON_INITIALIZER, a, b;
	bool stream_mapping, ok;

	ns_rules_append(g->own, &own);
	ns_rules_append(g->stream, &stream);
	g->own_mapping = array_of(&own, "rename", &a);
	stream_mapping = array_of(&stream, "rename", &b);
	if (g->own_mapping && stream_mapping && !same_array(&a, &b))
		ok = refuse(error,
		    "--nsFrom and --nsTo are not those the stream was made "
		    "with");
	else if (stream_mapping && !g->own_mapping)
		ok = covers_mapped(g) ||
		    refuse(error,
			"the namespaces to write do not cover what the "
			"stream renames its selection to");
	else
		ok = ns_covers(g->own, g->stream) ||
		    refuse(error,
			"the namespaces to write do not cover the selection "
			"of the stream");
	ok = ok && set_rules(g, g->own_mapping ? g->own : g->stream, error);
	bson_destroy(&own);
	bson_destroy(&stream);
	return ok;
}

struct grant *
grant_new(
    const struct ns_flags *flags, const bson_t *filters, bson_error_t *error)
{
	struct grant *g;

	if (!grant_told(flags, error))
		return NULL;
	g = bson_malloc0(sizeof *g);
	g->filters = bson_new();
	g->own = ns_rules_new(flags, error);
	g->stream = g->own ? ns_rules_read(filters, error) : NULL;
	if (g->stream && check(g, error))
		return g;
	grant_free(g);
	return NULL;
}

void
grant_free(struct grant *g)
{
	if (!g)
		return;
	ns_rules_free(g->own);
	ns_rules_free(g->stream);
	ns_rules_free(g->rules);
	ns_rules_free(g->wide);
	bson_destroy(g->filters);
	bson_free(g);
}

const struct ns_rules *
grant_rules(const struct grant *g)
{
	return g->rules;
}

const struct ns_rules *
grant_wide(const struct grant *g)
{
	return g->wide;
}

const bson_t *
grant_filters(const struct grant *g)
{
	return g->filters;
}

bool
grant_map(const struct grant *g, const char *ns, char out[NS_MAX + 1],
    bson_error_t *error)
{
	char db[64];
	const char *coll;

	/* Where something of its database may be written, it may be too. */
	if (ns_split(ns, db, &coll) && ddl_is_temporary(coll) &&
	    ns_selected(g->wide, ns))
		return ns_map(g->rules, ns, out, error);
	if (!ns_split(ns, NULL, NULL) || !ns_selected(g->stream, ns))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "namespace \"%s\" is not in the selection of its stream",
		    ns);
	if (!ns_map(g->rules, ns, out, error))
		return false;
	return ns_selected(g->own, g->own_mapping ? ns : out) ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"namespace \"%s\" is not one that may be written", out);
}
