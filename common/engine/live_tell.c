#include "engine/live_tell.h"

#include "base/tags.h"
#include "engine/verify_known.h"

/* Beyond MOST no class is remembered, and what goes then is taken off content.
 */
enum { MOST = 1 << 20 };
_Static_assert((int)DIFF_CLASSES <= (int)TAGS_MAX, "a class fits a tag");

struct live_tell {
	struct report *report;
	struct report_part *part;
	struct pair *at; /* of the part */
	struct explain *explain;
	struct tags told; /* class + 1 of what was told, by key */
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
	tags_init(&t->told, MOST);
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
	tags_release(&t->told);
	bson_free(t);
}

/* ------------------------------------------------------------------ memory */

static uint64_t
tag_of(const struct pair *pair, const struct value *id)
{
	uint64_t key[2];

	wanted_key(pair->ns, id, key);
	return key[0];
}

/* An entry stays when its difference is gone: it may come back. */
static void
remember(struct live_tell *t, uint64_t tag, enum diff_class class)
{
	tags_set(&t->told, tag, (unsigned)class + 1);
}

static enum diff_class
remembered(const struct live_tell *t, uint64_t tag)
{
	unsigned found = tags_get(&t->told, tag);

	return found ? (enum diff_class)(found - 1) : DIFF_CONTENT;
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
