#include "engine/apply_intent.h"

#include <string.h>

#include "base/doc.h"
#include "mongo/catalog.h"

static bool
look(struct conn *c, const char *ns, bool *there, bool *has, uint8_t *uuid,
    bson_error_t *error)
{
	struct coll coll;
	int got;

	*there = *has = false;
	if (!strchr(ns, '.'))
		return true; /* a database */
	got = catalog_one(c, ns, &coll, error);
	if (got <= 0)
		return got == 0;
	*there = true;
	*has = coll.has_uuid;
	if (*has)
		memcpy(uuid, coll.uuid, sizeof coll.uuid);
	coll_release(&coll);
	return true;
}

bool
intent_look(struct conn *c, const struct ddl *d, struct intent_uuids *now,
    bson_error_t *error)
{
	memset(now, 0, sizeof *now);
	return look(c, d->target, &now->there, &now->has, now->uuid, error) &&
	    (d->kind != DDL_RENAME ||
		look(c, d->to_target, &now->there_to, &now->has_to,
		    now->to_uuid, error));
}

static void
place(const struct entry *e, bson_t *out)
{
	bson_init(out);
	optime_append(out, "at", e->at);
	BSON_APPEND_INT32(out, "i", e->txn_index);
}

static void
append_uuid(bson_t *out, const char *key, const uint8_t *uuid)
{
	bson_append_binary(out, key, -1, BSON_SUBTYPE_UUID, uuid, 16);
}

void
intent_write(const struct entry *e, const struct ddl *d,
    const struct intent_uuids *before, bson_t *out)
{
	place(e, out);
	BSON_APPEND_UTF8(out, "command", ddl_name(d->kind));
	BSON_APPEND_UTF8(out, "ns", d->target);
	if (before->has)
		append_uuid(out, "uuid", before->uuid);
	else if (before->there)
		BSON_APPEND_NULL(out, "uuid");
	if (d->kind != DDL_RENAME)
		return;
	BSON_APPEND_UTF8(out, "to", d->to_target);
	if (before->has_to)
		append_uuid(out, "to_uuid", before->to_uuid);
}

void
intent_write_done(const struct entry *e, bson_t *out)
{
	place(e, out);
	BSON_APPEND_BOOL(out, "done", true);
}

/* The end of a group saves the checkpoint first, so a run that was killed then
 * leaves the intent behind. */
bool
intent_pending(const struct job *j)
{
	struct job_checkpoint cp;
	struct optime at;
	bson_t intent;

	return job_intent(j, &intent) &&
	    (!optime_read(&intent, "at", &at) || !job_read_checkpoint(j, &cp) ||
		optime_cmp(at, cp.applied) > 0);
}

enum intent_match
intent_match(
    const bson_t *intent, const struct entry *e, struct intent_uuids *before)
{
	struct optime at;
	bson_iter_t it;
	int64_t i;

	if (!optime_read(intent, "at", &at) || !optime_same(at, e->at) ||
	    !bson_iter_init_find(&it, intent, "i"))
		return INTENT_OTHER;
	i = bson_iter_as_int64(&it);
	if (e->txn_index < i)
		return INTENT_PASSED;
	if (e->txn_index > i)
		return INTENT_OTHER;
	if (bson_iter_init_find(&it, intent, "done"))
		return INTENT_PASSED;
	memset(before, 0, sizeof *before);
	before->has = doc_bytes(intent, "uuid", before->uuid, 16);
	before->there = bson_has_field(intent, "uuid");
	before->has_to = doc_bytes(intent, "to_uuid", before->to_uuid, 16);
	return INTENT_BEGUN;
}

static bool
is(bool has, const uint8_t *uuid, bool had, const uint8_t *then)
{
	return has == had && (!has || memcmp(uuid, then, 16) == 0);
}

enum intent_verdict
intent_judge(const struct ddl *d, const struct intent_uuids *before,
    const struct intent_uuids *now)
{
	bool same = is(now->has, now->uuid, before->has, before->uuid);

	switch (d->kind) {
	case DDL_CREATE:
		/* Views have none, and are compared by what they are. */
		return now->has && !same ? INTENT_DONE : INTENT_TODO;
	case DDL_DROP:
		return before->has && !same ? INTENT_DONE : INTENT_TODO;
	case DDL_TO_CAPPED:
		return before->has && now->has && !same ? INTENT_DONE
							: INTENT_TODO;
	case DDL_RENAME:
		if (before->there && !before->has)
			return now->there   ? INTENT_TODO
			    : now->there_to ? INTENT_DONE
					    : INTENT_LOST;
		if (!before->has)
			return INTENT_LOST;
		if (now->has_to && is(true, now->to_uuid, true, before->uuid))
			return INTENT_DONE;
		return same ? INTENT_TODO : INTENT_LOST;
	default:
		return INTENT_TODO;
	}
}
