#include "engine/compare_pair.h"

#include <stdlib.h>
#include <string.h>

#include "mongo/job_part.h"

static int64_t
sum_of(const struct tally *t, bool in(enum diff_class class))
{
	int64_t sum = 0;

	for (enum diff_class k = 0; k < DIFF_CLASSES; k++)
		if (in(k))
			sum += atomic_load(&t->found[k]);
	return sum;
}

int64_t
tally_differences(const struct tally *t)
{
	return sum_of(t, diff_class_differs);
}

int64_t
tally_undecided(const struct tally *t)
{
	return sum_of(t, diff_class_undecided);
}

/* Rules without selection that map by one pair of patterns, backwards. */
static struct ns_rules *
backwards(const struct ns_flags *flags, size_t i)
{
	struct ns_flags one = {
	    .from = {.item = &flags->to.item[i], .n = 1},
	    .to = {.item = &flags->from.item[i], .n = 1},
	};
	bson_error_t ignored;

	return ns_rules_new(&one, &ignored);
}

static bool
is_image(
    const struct ns_rules *rules, const char *source_ns, const char *target_ns)
{
	char mapped[NS_MAX + 1];
	bson_error_t ignored;

	return ns_selected(rules, source_ns) &&
	    ns_map(rules, source_ns, mapped, &ignored) &&
	    strcmp(mapped, target_ns) == 0;
}

/* Each pair of patterns gives one candidate, and the name itself another; the
 * forward mapping decides, so that the order of the pairs counts as it does
 * there. */
bool
pair_unmap(const struct ns_flags *flags, const struct ns_rules *rules,
    const char *target_ns, char *source_ns)
{
	bson_error_t ignored;
	struct ns_rules *back;
	bool found = false;

	for (size_t i = 0; i < flags->to.n && !found; i++) {
		back = backwards(flags, i);
		found = back && ns_map(back, target_ns, source_ns, &ignored) &&
		    is_image(rules, source_ns, target_ns);
		ns_rules_free(back);
	}
	if (!found) {
		bson_strncpy(source_ns, target_ns, NS_MAX + 1);
		found = is_image(rules, source_ns, target_ns);
	}
	return found;
}

/* The database of a pattern when it has no wildcard, variable or escape:
 * then "db.*" is appended to list (owned text). */
static bool
add_database(struct opt_list *list, const char *pattern)
{
	size_t len = strcspn(pattern, ".");

	if (strcspn(pattern, "*$\\") < len)
		return false;
	list->item =
	    bson_realloc(list->item, (list->n + 1) * sizeof *list->item);
	list->item[list->n++] = bson_strdup_printf("%.*s.*", (int)len, pattern);
	return true;
}

struct ns_rules *
pair_target_rules(const struct ns_flags *flags, bson_error_t *error)
{
	struct ns_flags wide = {0};
	bool named = flags->db || flags->include.n > 0;
	struct ns_rules *rules;

	if (flags->db)
		named = add_database(&wide.include, flags->db);
	for (size_t i = 0; i < flags->include.n; i++)
		named = named &&
		    add_database(&wide.include, flags->include.item[i]);
	for (size_t i = 0; i < flags->to.n; i++)
		named = named && add_database(&wide.include, flags->to.item[i]);
	if (named) {
		rules = ns_rules_new(&wide, error);
	} else {
		struct ns_flags all = {0};

		rules = ns_rules_new(&all, error);
	}
	for (size_t i = 0; i < wide.include.n; i++)
		bson_free((char *)wide.include.item[i]);
	opt_list_release(&wide.include);
	return rules;
}

static int
by_target(const void *a, const void *b)
{
	const struct pair *p = a, *q = b;

	return strcmp(p->target_ns, q->target_ns);
}

static int
by_source(const void *a, const void *b)
{
	const struct pair *p = a, *q = b;

	return strcmp(p->ns, q->ns);
}

static int
by_ns(const void *a, const void *b)
{
	const struct coll *const *p = a, *const *q = b;

	return strcmp((*p)->ns, (*q)->ns);
}

static bool
add_sources(
    struct pair_list *list, const struct ns_rules *rules, bson_error_t *error)
{
	struct pair *p;

	list->item = bson_malloc0(
	    (list->source.n + list->target.n + 1) * sizeof *list->item);
	for (size_t i = 0; i < list->source.n; i++) {
		const struct coll *c = &list->source.item[i];

		p = &list->item[list->n++];
		bson_strncpy(p->ns, c->ns, sizeof p->ns);
		p->source = c;
		if (!ns_map(rules, c->ns, p->target_ns, error))
			return false;
	}
	qsort(list->item, list->n, sizeof *list->item, by_target);
	for (size_t i = 1; i < list->n; i++)
		if (by_target(&list->item[i - 1], &list->item[i]) == 0)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "\"%s\" and \"%s\" are both mapped to \"%s\"",
			    list->item[i - 1].ns, list->item[i].ns,
			    list->item[i].target_ns);
	return true;
}

/* Both in the order of target names: one walk finds partners, and what only
 * the target has. */
static void
add_targets(struct pair_list *list, const struct ns_flags *flags,
    const struct ns_rules *rules)
{
	size_t n = list->target.n, sources = list->n, at = 0;
	const struct coll **sorted = bson_malloc((n + 1) * sizeof *sorted);

	for (size_t i = 0; i < n; i++)
		sorted[i] = &list->target.item[i];
	qsort(sorted, n, sizeof *sorted, by_ns);
	for (size_t i = 0; i < n; i++) {
		const struct coll *c = sorted[i];
		struct pair *p;

		while (
		    at < sources && strcmp(list->item[at].target_ns, c->ns) < 0)
			at++;
		if (at < sources &&
		    strcmp(list->item[at].target_ns, c->ns) == 0) {
			list->item[at].target = c;
			continue;
		}
		p = &list->item[list->n];
		if (!pair_unmap(flags, rules, c->ns, p->ns))
			continue;
		bson_strncpy(p->target_ns, c->ns, sizeof p->target_ns);
		p->target = c;
		list->n++;
	}
	bson_free(sorted);
}

struct wholes {
	const struct pair_list *list;
	bson_error_t *error;
	bool part;
};

static bool
refuse_part(void *arg, const char *ns, const char *job)
{
	struct wholes *w = arg;

	for (size_t i = 0; !w->part && i < w->list->n; i++)
		w->part = strcmp(w->list->item[i].target_ns, ns) == 0;
	if (w->part)
		error_set(w->error, MM_EXIT_REFUSED, 0,
		    "\"%s\" on the target holds only the documents that match "
		    "a query (job \"%s\"): it cannot be compared",
		    ns, job);
	return !w->part;
}

/* What is there by mm-dump --query is not what the source has. */
static bool
all_whole(
    const struct pair_list *list, struct conn *target, bson_error_t *error)
{
	struct wholes w = {.list = list, .error = error};

	return job_each_part(target, refuse_part, &w, error) && !w.part;
}

bool
pair_list_read(struct pair_list *list, struct conn *source, struct conn *target,
    const struct ns_flags *flags, const struct ns_rules *rules,
    bson_error_t *error)
{
	struct ns_rules *wide;
	bool ok;

	memset(list, 0, sizeof *list);
	if (source && !catalog_list(source, rules, true, &list->source, error))
		return false;
	/* Without mapping the target is asked for the same selection. */
	wide = flags->to.n > 0 ? pair_target_rules(flags, error) : NULL;
	if (flags->to.n > 0 && !wide)
		return false;
	ok = !target ||
	    catalog_list(
		target, wide ? wide : rules, true, &list->target, error);
	ns_rules_free(wide);
	if (!ok || !add_sources(list, rules, error))
		return false;
	add_targets(list, flags, rules);
	qsort(list->item, list->n, sizeof *list->item, by_source);
	for (size_t i = 0; i < list->n; i++)
		list->item[i].c = (int32_t)i;
	return !target || all_whole(list, target, error);
}

void
pair_list_release(struct pair_list *list)
{
	coll_list_release(&list->source);
	coll_list_release(&list->target);
	bson_free(list->item);
	memset(list, 0, sizeof *list);
}
