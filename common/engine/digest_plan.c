#include "base/doc.h"
#include "engine/digest_work.h"

bool
against_source(const struct against *a)
{
	return a->own == COMPARE_SOURCE;
}

static bool
tell_fact(void *arg, const struct report_fact *f, bson_error_t *error)
{
	return report_fact(arg, f, error);
}

static bool
meta(struct against *a, bson_error_t *error)
{
	struct report_part *part = report_part_new(a->report);
	const struct fact_to to = {tell_fact, part};
	bool ok = true;

	for (size_t i = 0; ok && i < a->pairs.n; i++) {
		struct pair *p = &a->pairs.item[i];

		ok = report_begin(part, p, error) &&
		    compare_meta(p, a->o->rules, a->staged, &to, error);
	}
	ok = ok && report_flush(part, error);
	report_part_free(part);
	return ok;
}

/* What the stream tells of the other side. */
static void
attach(struct against *a)
{
	const struct digest_in *in = a->o->in;

	for (size_t i = 0; i < in->n; i++) {
		const struct coll *coll = &in->coll[i].coll;
		struct pair *p = a->of_in[i];

		if (a->o->other || !in->coll[i].known)
			continue;
		if (against_source(a))
			p->target = coll;
		else
			p->source = coll;
	}
}

static void
staged_of_stream(struct against *a)
{
	const struct digest_in *in = a->o->in;

	a->staged = staged_new();
	for (size_t i = 0; i < in->n; i++) {
		bson_iter_t it;
		bson_t one;

		for (bool more = bson_iter_init(&it, &in->coll[i].staged);
		     more && doc_next(&it, &one);) {
			const char *why;
			bson_t spec;

			if (record_doc(&one, "spec", &spec, NULL) &&
			    record_text(&one, "why", &why, NULL))
				staged_add(a->staged, in->coll[i].target_ns,
				    why, &spec);
		}
	}
}

static bool
open_differing(struct against *a, bson_error_t *error)
{
	const struct digest_in *in = a->o->in;
	bson_t head = BSON_INITIALIZER;
	bool ok = true;

	if (!a->o->differing)
		return true;
	bson_copy_to_excluding_noinit(&in->head, &head, "$mm", "v", "kind",
	    "id", "created", "tool", "host", "features", "x", "partial", NULL);
	BSON_APPEND_BOOL(&head, "partial", true);
	a->out = digest_out_new(a->o->differing, &head, error);
	bson_destroy(&head);
	for (size_t i = 0; ok && a->out && i < in->n; i++)
		ok = digest_out_coll(
		    a->out, a->of_in[i], in->coll[i].order, NULL, NULL, error);
	return a->out && ok;
}

bool
against_plan(struct against *a, struct conn *own, struct conn *other,
    bson_error_t *error)
{
	const struct digest_against_opts *o = a->o;
	bool source = against_source(a);

	if (!pair_list_read(&a->own_pairs, source ? own : other,
		source ? other : own, o->flags, o->rules, error))
		return false;
	digest_pairs_join(&a->own_pairs, o->in, &a->pairs, &a->of_in);
	attach(a);
	if (source && !other)
		staged_of_stream(a);
	else if (!(a->staged = digest_staged(
		       source ? other : own, o->job, o->rules, error)))
		return false;
	return report_pairs(a->report, &a->pairs, error) &&
	    open_differing(a, error) && (o->in->partial || meta(a, error));
}
