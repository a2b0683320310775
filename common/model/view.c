#include "model/view.h"

#include <string.h>

/* A server takes no deeper document. */
#define DEPTH_MAX 200

struct search {
	void (*each)(void *arg, const char *name);
	void *arg;
};

static void
tell(const struct search *s, const bson_iter_t *it)
{
	if (BSON_ITER_HOLDS_UTF8(it))
		s->each(s->arg, bson_iter_utf8(it, NULL));
}

/* The argument of a stage that reads another collection. */
static void
look_in_stage(const struct search *s, const bson_iter_t *stage)
{
	const char *name = bson_iter_key(stage);
	const char *field = strcmp(name, "$unionWith") == 0 ? "coll"
	    : strcmp(name, "$lookup") == 0 || strcmp(name, "$graphLookup") == 0
	    ? "from"
	    : NULL;
	bson_iter_t sub;

	if (!field)
		return;
	if (*field == 'c')
		tell(s, stage);
	if (BSON_ITER_HOLDS_DOCUMENT(stage) && bson_iter_recurse(stage, &sub) &&
	    bson_iter_find(&sub, field))
		tell(s, &sub);
}

static void
look_through(const struct search *s, const bson_iter_t *value, int depth)
{
	bson_iter_t it;

	if (depth == DEPTH_MAX ||
	    !(BSON_ITER_HOLDS_DOCUMENT(value) ||
		BSON_ITER_HOLDS_ARRAY(value)) ||
	    !bson_iter_recurse(value, &it))
		return;
	while (bson_iter_next(&it)) {
		look_in_stage(s, &it);
		look_through(s, &it, depth + 1);
	}
}

void
view_each_source(
    const bson_t *options, void (*each)(void *arg, const char *name), void *arg)
{
	struct search s = {each, arg};
	bson_iter_t it;

	if (bson_iter_init_find(&it, options, "viewOn"))
		tell(&s, &it);
	if (bson_iter_init_find(&it, options, "pipeline"))
		look_through(&s, &it, 0);
}
