/* Rights to read the old data, taken from whoever has them as the block takes
 * those to write. */
#include <string.h>

#include "base/doc.h"
#include "base/msg.h"
#include "engine/switch_after_work.h"
#include "model/grants.h"
#include "model/textset.h"
#include "mongo/rights.h"

struct others {
	const struct switcher *s;
	struct textset all; /* collections of databases selected in part */
};

static bool
sel_ns(const void *rules, const char *ns)
{
	return ns_selected(rules, ns);
}

static bool
sel_any(const void *rules, const char *db)
{
	return ns_db_selected(rules, db);
}

static bool
sel_whole(const void *rules, const char *db)
{
	return ns_db_whole(rules, db);
}

static bool
note_other(void *arg, const char *ns, const bson_t *info)
{
	struct others *o = arg;
	char *db = bson_strndup(ns, strcspn(ns, "."));

	(void)info;
	if (!ns_db_whole(o->s->rules, db))
		textset_add(&o->all, ns);
	bson_free(db);
	return true;
}

/* Own accounts, as texts of the array. */
static size_t
list_own(const bson_t *array, const char **names, size_t max)
{
	bson_iter_t it;
	size_t n = 0;

	if (bson_iter_init(&it, array))
		while (n < max && bson_iter_next(&it))
			if (BSON_ITER_HOLDS_UTF8(&it))
				names[n++] = bson_iter_utf8(&it, NULL);
	return n;
}

static void
tell_open(const bson_t *plan)
{
	bson_iter_t it;
	const uint8_t *data;
	bson_t list, one;
	uint32_t len;

	if (!doc_sub(plan, "open", &list) || !bson_iter_init(&it, &list))
		return;
	while (bson_iter_next(&it)) {
		if (!BSON_ITER_HOLDS_DOCUMENT(&it))
			continue;
		bson_iter_document(&it, &len, &data);
		if (bson_init_static(&one, data, len))
			msg_warn("%s \"%s\" can read the old data on: %s",
			    doc_text_or(&one, "kind", ""),
			    doc_text_or(&one, "name", ""),
			    doc_text_or(&one, "why", ""));
	}
}

static bool
make_plan(
    struct switcher *s, const bson_t *own, bson_t *plan, bson_error_t *error)
{
	enum { OWN = 16 };
	const char *keep[OWN];
	struct others o = {.s = s};
	struct rights r;
	bool ok = rights_fetch(s->src, &r, error) &&
	    catalog_each(s->src, s->rules, note_other, &o, error);
	struct grants_scope scope = {.ns = sel_ns,
	    .db_any = sel_any,
	    .db_whole = sel_whole,
	    .arg = s->rules,
	    .collections = (const char *const *)o.all.item,
	    .n_collections = o.all.n,
	    .keep = keep,
	    .n_keep = list_own(own, keep, OWN),
	    .readers = true};

	ok = ok && grants_plan(&scope, &r.users, &r.roles, plan, error);
	rights_release(&r);
	textset_release(&o.all);
	return ok;
}

bool
readers_plan(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	bson_t own = BSON_INITIALIZER, plan = BSON_INITIALIZER;
	bool ok = rights_own(s->src, &own, error);

	/* Without accounts there are no rights to take. */
	if (ok && bson_empty(&own))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "the source knows no accounts: --quarantine rename");
	ok = ok && make_plan(s, &own, &plan, error);
	if (ok) {
		tell_open(&plan);
		BSON_APPEND_DOCUMENT(fields, "plan_readers", &plan);
	}
	bson_destroy(&plan);
	bson_destroy(&own);
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
