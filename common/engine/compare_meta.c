#include "engine/compare_meta.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "base/msg.h"
#include "mongo/job.h"

struct staged {
	char *ns, *why;
	bson_t *spec;
};

struct staged_list {
	struct staged *item;
	size_t n;
};

struct staged_list *
staged_new(void)
{
	return bson_malloc0(sizeof(struct staged_list));
}

void
staged_add(struct staged_list *list, const char *ns, const char *why,
    const bson_t *spec)
{
	list->item =
	    bson_realloc(list->item, (list->n + 1) * sizeof *list->item);
	list->item[list->n++] =
	    (struct staged){bson_strdup(ns), bson_strdup(why), bson_copy(spec)};
}

static bool
keep(void *arg, const char *ns, const char *why, const bson_t *spec)
{
	staged_add(arg, ns, why, spec);
	return true;
}

void
staged_append(const struct staged_list *list, const char *ns, bson_t *array)
{
	uint32_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		bson_t one;

		if (strcmp(list->item[i].ns, ns) != 0)
			continue;
		array_begin(array, &n, &one);
		BSON_APPEND_DOCUMENT(&one, "spec", list->item[i].spec);
		BSON_APPEND_UTF8(&one, "why", list->item[i].why);
		bson_append_document_end(array, &one);
	}
}

struct staged_list *
staged_read(
    struct conn *target, const char *job, bool required, bson_error_t *error)
{
	struct staged_list *list = staged_new();
	bson_error_t why;
	bson_t doc;
	int got;

	got = job_peek(target, job, &doc, &why);
	bson_destroy(&doc);
	if (got == 1 && job_each_staged(target, job, keep, list, &why))
		return list;
	if (!required && (got == 0 || why.code == 13)) {
		if (got != 0)
			msg_warn("could not read the job, so indexes that it "
				 "holds back count as differences: %s",
			    why.message);
		return list;
	}
	if (got == 0)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "there is no job \"%s\" on the target", job);
	else if (error)
		*error = why;
	staged_free(list);
	return NULL;
}

void
staged_free(struct staged_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++) {
		bson_free(list->item[i].ns);
		bson_free(list->item[i].why);
		bson_destroy(list->item[i].spec);
	}
	bson_free(list->item);
	bson_free(list);
}

static const char *
index_name(const bson_t *spec)
{
	return doc_text_or(spec, "name", "");
}

static const struct staged *
staged_of(const struct staged_list *list, const char *ns, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->item[i].ns, ns) == 0 &&
		    strcmp(index_name(list->item[i].spec), name) == 0)
			return &list->item[i];
	return NULL;
}

/* The index of that name in an array of specs, as view. */
static bool
find_index(const bson_t *array, const char *name, bson_t *spec)
{
	bson_iter_t it;

	for (bool more = bson_iter_init(&it, array);
	     more && doc_next(&it, spec);) {
		if (strcmp(index_name(spec), name) == 0)
			return true;
	}
	return false;
}

static bool
tell_index(const struct fact_to *to, enum diff_class class, const char *detail,
    const bson_t *source, const bson_t *target, bson_error_t *error)
{
	struct report_fact fact = {
	    .class = class,
	    .what = "index",
	    .name = index_name(source ? source : target),
	    .detail = detail,
	    .source = source,
	    .target = target,
	};

	return to->fact(to->arg, &fact, error);
}

static bool
tell_fields(const struct fact_to *to, struct report_fact *fact, char *fields,
    bson_error_t *error)
{
	char *detail = bson_strdup_printf(
	    "differs in %s", fields && *fields ? fields : "its definition");
	bool ok;

	fact->class = DIFF_METADATA;
	fact->detail = detail;
	ok = to->fact(to->arg, fact, error);
	bson_free(detail);
	return ok;
}

/* The spec as it is while it sleeps: it must be asleep, not just any. */
static bool
sleeps(const bson_t *spec)
{
	int64_t seconds;

	if (index_is_cluster(spec))
		return !index_is_ttl(spec, NULL);
	return index_is_ttl(spec, &seconds) && seconds == TTL_ASLEEP;
}

static void
without_ttl(const bson_t *spec, bson_t *out)
{
	bson_init(out);
	bson_copy_to_excluding_noinit(spec, out, "expireAfterSeconds", NULL);
}

static bool
same_but_ttl(const bson_t *a, const bson_t *b)
{
	bson_t x, y;
	bool same;

	without_ttl(a, &x);
	without_ttl(b, &y);
	same = index_same(&x, &y, NULL);
	bson_destroy(&x);
	bson_destroy(&y);
	return same;
}

static bool
source_index(const struct pair *pair, const struct staged_list *list,
    const struct fact_to *to, const bson_t *spec, bson_error_t *error)
{
	const struct staged *held =
	    staged_of(list, pair->target_ns, index_name(spec));
	struct report_fact fact = {
	    .what = "index", .name = index_name(spec), .source = spec};
	bool ours = held && index_same(spec, held->spec, NULL);
	char *fields = NULL;
	bson_t there;
	bool ok;

	if (!pair->target ||
	    !find_index(&pair->target->indexes, index_name(spec), &there)) {
		if (ours)
			return tell_index(to, DIFF_STAGED,
			    "held back by the job", spec, NULL, error);
		return tell_index(to, DIFF_METADATA, "missing on the target",
		    spec, NULL, error);
	}
	if (index_same(spec, &there, &fields)) {
		bson_free(fields);
		return true;
	}
	if (ours && sleeps(&there) && same_but_ttl(spec, &there)) {
		bson_free(fields);
		return tell_index(to, DIFF_STAGED, "put to sleep by the job",
		    spec, &there, error);
	}
	fact.target = &there;
	ok = tell_fields(to, &fact, fields, error);
	bson_free(fields);
	return ok;
}

typedef bool index_fn(const struct pair *pair, const struct staged_list *list,
    const struct fact_to *to, const bson_t *spec, bson_error_t *error);

static bool
target_index(const struct pair *pair, const struct staged_list *list,
    const struct fact_to *to, const bson_t *spec, bson_error_t *error)
{
	bson_t there;

	(void)list;
	if (pair->source &&
	    find_index(&pair->source->indexes, index_name(spec), &there))
		return true;
	return tell_index(
	    to, DIFF_METADATA, "only on the target", NULL, spec, error);
}

static bool
each_index(const struct coll *coll, index_fn *f, const struct pair *pair,
    const struct staged_list *list, const struct fact_to *to,
    bson_error_t *error)
{
	bson_iter_t it;
	bson_t spec;

	for (bool more = bson_iter_init(&it, &coll->indexes);
	     more && doc_next(&it, &spec);)
		if (!f(pair, list, to, &spec, error))
			return false;
	return true;
}

/* The options as they must be on the target: a view shows the collection that
 * its own was mapped to. Caller destroys out. */
static void
mapped_options(
    const struct pair *pair, const struct ns_rules *rules, bson_t *out)
{
	const bson_t *options = &pair->source->options;
	char ns[2 * NS_MAX + 2], to[NS_MAX + 1], db[NS_MAX + 1];
	const char *coll;
	bson_error_t ignored;
	bson_iter_t it;

	if (pair->source->type != COLL_VIEW ||
	    !bson_iter_init_find(&it, options, "viewOn") ||
	    !BSON_ITER_HOLDS_UTF8(&it)) {
		bson_copy_to(options, out);
		return;
	}
	snprintf(ns, sizeof ns, "%s.%s", pair->source->db,
	    bson_iter_utf8(&it, NULL));
	if (!ns_map(rules, ns, to, &ignored) || !ns_split(to, db, &coll)) {
		bson_copy_to(options, out);
		return;
	}
	bson_init(out);
	BSON_APPEND_UTF8(out, "viewOn", coll);
	bson_copy_to_excluding_noinit(options, out, "viewOn", (char *)NULL);
}

static bool
compare_options(const struct pair *pair, const struct ns_rules *rules,
    const struct fact_to *to, bson_error_t *error)
{
	const struct coll *a = pair->source, *b = pair->target;
	struct report_fact fact = {
	    .what = a->type == COLL_VIEW ? "view" : "options",
	    .source = &a->options,
	    .target = &b->options,
	};
	char *fields = NULL;
	bson_t wanted;
	bool ok = true;

	mapped_options(pair, rules, &wanted);
	if (!options_same(&wanted, &b->options, &fields))
		ok = tell_fields(to, &fact, fields, error);
	bson_free(fields);
	bson_destroy(&wanted);
	return ok;
}

static bool
both_there(const struct pair *pair, const struct ns_rules *rules,
    const struct staged_list *staged, const struct fact_to *to,
    bson_error_t *error)
{
	const struct coll *a = pair->source, *b = pair->target;
	bool view = a->type == COLL_VIEW;
	struct report_fact fact = {
	    .class = DIFF_METADATA,
	    .what = "type",
	    .detail = view ? "a view on the source, a collection on the target"
			   : "a collection on the source, a view on the target",
	    .source = &a->options,
	    .target = &b->options,
	};

	if (view != (b->type == COLL_VIEW))
		return to->fact(to->arg, &fact, error);
	return compare_options(pair, rules, to, error) &&
	    each_index(a, source_index, pair, staged, to, error) &&
	    each_index(b, target_index, pair, staged, to, error);
}

bool
compare_meta(const struct pair *pair, const struct ns_rules *rules,
    const struct staged_list *staged, const struct fact_to *to,
    bson_error_t *error)
{
	const struct coll *one = pair->source ? pair->source : pair->target;
	struct report_fact fact = {
	    .class = DIFF_METADATA,
	    .what = one->type == COLL_VIEW ? "view" : "collection",
	    .detail =
		pair->source ? "missing on the target" : "only on the target",
	    .source = pair->source ? &one->options : NULL,
	    .target = pair->source ? NULL : &one->options,
	};

	if (pair->source && pair->target)
		return both_there(pair, rules, staged, to, error);
	return to->fact(to->arg, &fact, error);
}
