#include "engine/live_tell.h"

#include "engine/verify_known.h"

/* Classes of what was told, by key: a tag with the class in its lowest bits.
 * Beyond MOST nothing more is remembered, and what goes then is taken off
 * content. */
enum { FIRST = 1 << 10, MOST = 1 << 20, CLASS_BITS = 15 };

struct live_tell {
	struct report *report;
	struct report_part *part;
	struct pair *at; /* of the part */
	struct explain *explain;
	uint64_t *told;
	size_t size, used;
};

static bool tell(void *arg, struct pair *pair, const struct report_doc *doc,
    bson_error_t *error);

struct live_tell *
live_tell_new(
    struct report *r, const struct explain_opts *explain, bson_error_t *error)
{
	struct live_tell *t = bson_malloc0(sizeof *t);
	struct explain_opts opts = *explain;

	t->report = r;
	t->part = report_part_new(r);
	t->size = FIRST;
	t->told = bson_malloc0(t->size * sizeof *t->told);
	opts.tell = tell;
	opts.arg = t;
	if ((!opts.journal && !opts.segments) ||
	    (t->explain = explain_new(&opts, error)))
		return t;
	live_tell_free(t);
	return NULL;
}

void
live_tell_free(struct live_tell *t)
{
	if (!t)
		return;
	explain_free(t->explain);
	report_part_free(t->part);
	bson_free(t->told);
	bson_free(t);
}

/* ------------------------------------------------------------------ memory */

static uint64_t
tag_of(const struct pair *pair, const struct value *id)
{
	uint64_t key[2];

	wanted_key(pair->ns, id, key);
	return (key[0] & ~(uint64_t)CLASS_BITS) | (CLASS_BITS + 1);
}

static size_t
place(const struct live_tell *t, uint64_t tag)
{
	size_t i = (size_t)(tag >> 5) & (t->size - 1);

	while (t->told[i] && (t->told[i] & ~(uint64_t)CLASS_BITS) != tag)
		i = (i + 1) & (t->size - 1);
	return i;
}

static void
grow(struct live_tell *t)
{
	uint64_t *old = t->told;
	size_t n = t->size;

	t->size *= 2;
	t->told = bson_malloc0(t->size * sizeof *t->told);
	for (size_t i = 0; i < n; i++)
		if (old[i])
			t->told[place(t, old[i] & ~(uint64_t)CLASS_BITS)] =
			    old[i];
	bson_free(old);
}

/* An entry stays when its difference is gone: it may come back. */
static void
remember(struct live_tell *t, uint64_t tag, enum diff_class class)
{
	size_t i = place(t, tag);

	if (!t->told[i] && t->used == MOST)
		return;
	if (!t->told[i] && ++t->used * 2 > t->size) {
		grow(t);
		i = place(t, tag);
	}
	t->told[i] = tag | (uint64_t) class;
}

static enum diff_class
remembered(const struct live_tell *t, uint64_t tag)
{
	uint64_t found = t->told[place(t, tag)];

	return found ? (enum diff_class)(found & CLASS_BITS) : DIFF_CONTENT;
}

/* ----------------------------------------------------------------- telling */

static bool
turn_to(struct live_tell *t, struct pair *pair, bson_error_t *error)
{
	if (t->at == pair)
		return true;
	t->at = pair;
	return report_begin(t->part, pair, error);
}

static bool
tell(void *arg, struct pair *pair, const struct report_doc *doc,
    bson_error_t *error)
{
	struct live_tell *t = arg;
	struct report_doc now = *doc;
	uint64_t tag = tag_of(pair, doc->id);

	if (now.resolved)
		now.class = remembered(t, tag);
	else if (diff_class_differs(now.class))
		remember(t, tag, now.class);
	return turn_to(t, pair, error) && report_doc(t->part, &now, error);
}

static bool
sink_pair(void *arg, struct pair *pair, bson_error_t *error)
{
	struct live_tell *t = arg;
	struct pair_list one = {.item = pair, .n = 1};

	return report_pairs(t->report, &one, error);
}

static bool
sink_verdict(void *arg, const struct verdict *v, bson_error_t *error)
{
	struct live_tell *t = arg;
	const struct report_doc doc = {
	    .class = report_class(v->class, v->source, v->target),
	    .source = v->source,
	    .target = v->target,
	    .id = &v->id,
	    .from = v->m0,
	    .to = v->p2,
	    .version = OPTIME_NULL,
	    .next = v->class == DIFF_PENDING ? v->event : OPTIME_NULL,
	    .rounds = v->rounds,
	    .resolved = v->resolved,
	};

	return t->explain ? explain_add(t->explain, v->pair, &doc, error)
			  : tell(t, v->pair, &doc, error);
}

static bool
sink_fact(void *arg, struct pair *pair, const struct report_fact *fact,
    bson_error_t *error)
{
	struct live_tell *t = arg;

	return turn_to(t, pair, error) && report_fact(t->part, fact, error);
}

bool
live_tell_flush(struct live_tell *t, bson_error_t *error)
{
	return (!t->explain || explain_flush(t->explain, error)) &&
	    report_flush(t->part, error);
}

static bool
sink_flush(void *arg, bson_error_t *error)
{
	return live_tell_flush(arg, error);
}

void
live_tell_sink(struct live_tell *t, struct verify_sink *sink)
{
	*sink = (struct verify_sink){
	    t, sink_pair, sink_verdict, sink_fact, sink_flush};
}
