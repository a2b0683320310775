#include "engine/digest_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "engine/apply_job.h"
#include "mongo/job.h"

enum digest_order
digest_pair_order(const struct pair *p, enum compare_which which)
{
	const struct coll *c = which == COMPARE_SOURCE ? p->source : p->target;

	if (c && c->type == COLL_CAPPED)
		return DIGEST_NATURAL;
	return c && c->collated ? DIGEST_WHOLE : DIGEST_BY_ID;
}

static int
by_ns(const void *a, const void *b)
{
	const struct pair *p = a, *q = b;

	return strcmp(p->ns, q->ns);
}

struct pair *
digest_pair_of(struct pair_list *pairs, const struct digest_coll *coll)
{
	struct pair key, *p;

	memcpy(key.ns, coll->ns, sizeof key.ns);
	p = bsearch(&key, pairs->item, pairs->n, sizeof key, by_ns);
	return p && strcmp(p->target_ns, coll->target_ns) == 0 ? p : NULL;
}

bool
digest_in_check(const struct digest_in *in, const struct ns_rules *rules,
    enum side side, bson_error_t *error)
{
	bson_t filters, own = BSON_INITIALIZER;
	bool same;

	if (in->side != side)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the digests are of the other side");
	if (!record_doc(&in->head, "filters", &filters, error))
		return false;
	ns_rules_append(rules, &own);
	same = bson_equal(&own, &filters);
	bson_destroy(&own);
	return same ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"the digests are of another selection or mapping");
}

struct staged_list *
digest_staged(struct conn *target, const char *job,
    const struct ns_rules *rules, bson_error_t *error)
{
	struct staged_list *list;
	bson_error_t none;
	char *found = NULL;

	if (!job)
		found = apply_job_find(target, NULL, rules, &none);
	if (!job && !found)
		return staged_new();
	list = staged_read(target, job ? job : found, job != NULL, error);
	bson_free(found);
	return list;
}

void
digest_pairs_join(struct pair_list *own, const struct digest_in *in,
    struct pair_list *out, struct pair ***of_in)
{
	memset(out, 0, sizeof *out);
	out->item = bson_malloc0((own->n + in->n + 1) * sizeof *out->item);
	for (size_t i = 0; i < own->n; i++) {
		struct pair *p = &out->item[out->n++];

		memcpy(p->ns, own->item[i].ns, sizeof p->ns);
		memcpy(
		    p->target_ns, own->item[i].target_ns, sizeof p->target_ns);
		p->source = own->item[i].source;
		p->target = own->item[i].target;
	}
	for (size_t i = 0; i < in->n; i++) {
		struct pair *p;

		if (digest_pair_of(own, &in->coll[i]))
			continue;
		p = &out->item[out->n++];
		memcpy(p->ns, in->coll[i].ns, sizeof p->ns);
		memcpy(
		    p->target_ns, in->coll[i].target_ns, sizeof p->target_ns);
	}
	qsort(out->item, out->n, sizeof *out->item, by_ns);
	*of_in = bson_malloc0((in->n + 1) * sizeof **of_in);
	for (size_t i = 0; i < in->n; i++)
		(*of_in)[i] = digest_pair_of(out, &in->coll[i]);
	for (size_t i = 0; i < out->n; i++)
		out->item[i].c = (int32_t)i;
}
