/* The old data come to rest: nobody may write to them, nothing is sent back to
 * them any more, and their TTL indexes sleep. Only then a digest of them means
 * something. It is made collection by collection; a run after a kill goes on
 * with the next one. */
#include <string.h>

#include "base/msg.h"
#include "base/status.h"
#include "engine/switch_after_work.h"

bool
commit_plan(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	bson_t list;
	bool ok = lifetimes_read(s->src, s->rules, &list, error);

	if (ok)
		BSON_APPEND_DOCUMENT(fields, "lifetimes_old", &list);
	bson_destroy(&list);
	return ok;
}

/* Those of the record; most have slept since the switch. */
static bool
put_to_sleep(struct switcher *s, bson_error_t *error)
{
	bson_t list;

	return !switch_log_doc(s->log, "lifetimes_old", &list) ||
	    lifetimes_sleep(s->src, &list, error);
}

/* Views hold nothing, and what a server keeps itself cannot be renamed. */
static bool
is_old(const struct coll *coll)
{
	return (coll->type == COLL_PLAIN || coll->type == COLL_CAPPED) &&
	    strncmp(coll->name, "system.", 7) != 0;
}

static bool
add_one(struct switcher *s, struct old_list *old, const struct coll *coll,
    struct throttle *throttle, bson_error_t *error)
{
	struct digest sum;

	status_text("collection", coll->ns);
	if (!coll->has_uuid)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\": its UUID may not be read", coll->ns);
	return old_digest(
		   s->src, old, coll->ns, coll->ns, throttle, &sum, error) &&
	    old_add(old, s->job, coll, &sum, error);
}

bool
commit_work(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	struct throttle *throttle;
	struct coll_list colls;
	struct old_list old;
	bool ok;

	if (!finish_end_back(s, error) || !put_to_sleep(s, error) ||
	    !catalog_list(s->src, s->rules, false, &colls, error))
		return false;
	throttle = throttle_new(after.rate);
	ok = old_begin(&old, s->o->dir, s->job, error);
	for (size_t i = 0; ok && i < colls.n; i++)
		if (!is_old(&colls.item[i]))
			msg_info("\"%s\" is left where it is: no collection of "
				 "data",
			    colls.item[i].ns);
		else if (!old_find(&old, colls.item[i].ns))
			ok = add_one(s, &old, &colls.item[i], throttle, error);
	if (ok)
		old_append(&old, "old", fields);
	old_close(&old);
	throttle_free(throttle);
	coll_list_release(&colls);
	return ok;
}
