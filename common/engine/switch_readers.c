/* Rights to read the old data, taken from whoever has them as the block takes
 * those to write. */
#include "base/doc.h"
#include "base/msg.h"
#include "engine/block_scope.h"
#include "engine/switch_after_work.h"
#include "mongo/rights.h"

static void
tell_open(const bson_t *plan)
{
	bson_iter_t it;
	bson_t list, one;

	if (!doc_sub(plan, "open", &list) || !bson_iter_init(&it, &list))
		return;
	while (doc_next(&it, &one))
		msg_warn("%s \"%s\" can read the old data on: %s",
		    doc_text_or(&one, "kind", ""),
		    doc_text_or(&one, "name", ""),
		    doc_text_or(&one, "why", ""));
}

static bool
make_plan(struct switcher *s, struct block_scope *scope, bson_t *plan,
    bson_error_t *error)
{
	struct rights r;
	bool ok = rights_fetch(s->src, &r, error);

	scope->grants.readers = true;
	ok = ok && grants_plan(&scope->grants, &r.users, &r.roles, plan, error);
	rights_release(&r);
	return ok;
}

bool
readers_plan(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	struct block_opts o = {.conn = {[SIDE_SOURCE] = s->src},
	    .rules = s->rules,
	    .keep = s->o->keep.item,
	    .n_keep = s->o->keep.n};
	bson_t plan = BSON_INITIALIZER;
	struct block_scope scope;
	bool ok = block_scope_read(&scope, &o, SIDE_SOURCE, error) &&
	    make_plan(s, &scope, &plan, error);

	if (ok) {
		tell_open(&plan);
		BSON_APPEND_DOCUMENT(fields, "plan_readers", &plan);
	}
	block_scope_release(&scope);
	bson_destroy(&plan);
	return ok;
}

static const bson_t *
recorded(const struct switcher *s, bson_t *view)
{
	if (!switch_log_doc(s->log, "plan_readers", view))
		bson_init(view);
	return view;
}

bool
readers_stop(struct switcher *s, bson_error_t *error)
{
	bson_t plan;

	return rights_block(s->src, recorded(s, &plan), error);
}

bool
readers_let(struct switcher *s, bson_error_t *error)
{
	bson_t plan;

	return rights_undo(s->src, recorded(s, &plan), error);
}
