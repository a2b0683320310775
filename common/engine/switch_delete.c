/* The old data are deleted, one collection after the other. What is deleted is
 * proved twice: all of it before the first is gone, so that a surprise costs
 * nothing, and each once more under its name in quarantine, which nobody else
 * uses, so that what is proved is what is dropped. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/switch_after_work.h"
#include "mongo/fence.h"
#include "mongo/job_part.h"

/* ------------------------------------------------------------------ guards */

static bool
confirmed(const struct switcher *s, bson_error_t *error)
{
	char *want = bson_strdup_printf("delete %s", s->job);
	bool ok = after.confirm && strcmp(after.confirm, want) == 0;

	if (!ok)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "nothing is deleted without --confirm \"%s\"", want);
	bson_free(want);
	return ok;
}

static void
note_commit(void *arg, enum switch_state state, int64_t at, const char *why)
{
	(void)why;
	if (state == SWITCH_COMMITTED)
		*(int64_t *)arg = at;
}

static bool
old_enough(const struct switcher *s, bson_error_t *error)
{
	int64_t at = 0, age;

	switch_log_each(s->log, note_commit, &at);
	age = clock_wall_ms() - at;
	return (at > 0 && age >= after.min_age_ms) ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"the way back was given up %" PRId64 " s ago, less than the "
		"%" PRId64 " s of --min-age",
		age / 1000, after.min_age_ms / 1000);
}

static bool
address_is_new(const struct switcher *s, bson_error_t *error)
{
	struct address_state now;

	if (!s->address)
		return true;
	return address_get(s->address, &now, error) &&
	    (now.held == ADDRESS_NEW ||
		error_set(error, MM_EXIT_REFUSED, 0,
		    "the address is not the new one at every endpoint: %s",
		    address_held_text(now.held)));
}

/* What the journal says that it was closed by; a hook has to be given. */
static struct block *
block_of(struct switcher *s, bson_error_t *error)
{
	struct block_opts o = {.job = s->job,
	    .conn = {[SIDE_SOURCE] = s->src, [SIDE_TARGET] = s->tgt},
	    .rules = s->rules,
	    .keep = s->o->keep.item,
	    .n_keep = s->o->keep.n};

	block_kind_parse(switch_log_config(s->log, "block"), &o.kind);
	return block_new(&o, error);
}

static bool
still_closed(struct switcher *s, bson_error_t *error)
{
	const char *kind = switch_log_config(s->log, "block");
	struct block *own = NULL;
	char token[BLOCK_TOKEN];
	bson_t plan;
	int got;

	if (!s->block && strcmp(kind, block_kind_text(BLOCK_HOOK)) == 0)
		return true;
	if (!s->block && !(own = block_of(s, error)))
		return false;
	*error = (bson_error_t){0};
	got = block_probe(s->block ? s->block : own, SIDE_SOURCE,
	    switch_plan(s, SIDE_SOURCE, &plan), token, error);
	block_free(own);
	if (got == 0) {
		error->domain = MM_ERR_DOMAIN + MM_EXIT_REFUSED;
		error_prefix(error, "the source is not closed");
	}
	return got == 1;
}

/* ------------------------------------------------------------------ digests */

static bool
unchanged(struct switcher *s, const struct old_list *old,
    const struct old_coll *o, int place, struct throttle *throttle,
    bson_error_t *error)
{
	struct digest now;

	status_text("collection", o->ns);
	if (!old_digest(
		s->src, old, o->ns, old_name(o, place), throttle, &now, error))
		return false;
	return digest_same(&now, &o->sum) ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"\"%s\" was written to since the way back was given up: "
		"%" PRId64 " documents then, %" PRId64 " now",
		o->ns, o->sum.docs, now.docs);
}

static bool
all_unchanged(struct switcher *s, bson_error_t *error)
{
	struct throttle *throttle = throttle_new(after.rate);
	struct old_list old;
	bool ok = old_open(&old, s->o->dir, s->log, error);

	for (size_t i = 0; ok && i < old.n; i++) {
		int place = old_where(s->src, &old.item[i], error);

		ok = place >= 0;
		if (ok && old_name(&old.item[i], place))
			ok = unchanged(
			    s, &old, &old.item[i], place, throttle, error);
	}
	old_close(&old);
	throttle_free(throttle);
	return ok;
}

bool
delete_may(struct switcher *s, bson_error_t *error)
{
	if (!confirmed(s, error) || !job_whole(s->tgt, s->job, error))
		return false;
	/* Some of it is gone already. */
	if (switch_log_state(s->log) == SWITCH_DELETING)
		return true;
	return old_enough(s, error) && address_is_new(s, error) &&
	    still_closed(s, error) && aside_views(s, error) &&
	    all_unchanged(s, error);
}

/* ----------------------------------------------------------------- deletion */

static bool
delete_one(struct switcher *s, const struct old_list *old,
    const struct old_coll *o, struct throttle *throttle, bson_error_t *error)
{
	int place;

	if (!ns_selected(s->rules, o->ns))
		return error_set(error, MM_EXIT_INTERNAL, 0,
		    "\"%s\" is none of the selection", o->ns);
	if (!aside_move(s, o, false, &place, error))
		return false;
	if (place == OLD_OTHER)
		msg_warn("\"%s\" is another collection now: left alone", o->ns);
	if (place == OLD_OTHER || place == OLD_GONE)
		return true;
	if (place != OLD_ASIDE)
		return error_set(
		    error, MM_EXIT_SOURCE, 0, "\"%s\" was not renamed", o->ns);
	if (!unchanged(s, old, o, place, throttle, error) ||
	    !catalog_drop(s->src, o->aside, error))
		return false;
	msg_info("deleted \"%s\": %" PRId64 " documents", o->ns, o->sum.docs);
	status_add("deleted", 1);
	return sig_sleep((int)after.pace_ms) ||
	    error_set(error, MM_EXIT_STOPPED, 0, "stopped by a signal");
}

/* A member that is no primary any more may not know of what was done: what it
 * says counts only after a fence was written there. */
static bool
none_left(struct switcher *s, const struct old_list *old, bson_error_t *error)
{
	struct optime at;
	bool ok = fence_write(s->src, s->job, &at, error);

	for (size_t i = 0; ok && i < old->n; i++) {
		int place = old_where(s->src, &old->item[i], error);

		ok = place >= 0 &&
		    (!old_name(&old->item[i], place) ||
			error_set(error, MM_EXIT_SOURCE, 0,
			    "\"%s\" is still there",
			    old_name(&old->item[i], place)));
	}
	return ok;
}

bool
delete_work(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	struct throttle *throttle = throttle_new(after.rate);
	struct old_list old;
	bool ok = old_open(&old, s->o->dir, s->log, error);

	(void)fields;
	for (size_t i = 0; ok && i < old.n; i++)
		ok = delete_one(s, &old, &old.item[i], throttle, error);
	ok = ok && none_left(s, &old, error);
	old_close(&old);
	throttle_free(throttle);
	return ok;
}
