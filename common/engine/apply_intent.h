/* engine: what was about to be done to the catalog of the target, and whether
 * it has been.
 *
 * Stands in the job document, with the checkpoint just before, while a change
 * is under way: {at, i, command, ns, to, uuid, to_uuid} with the names and the
 * UUIDs on the target before it (absent: there was none; null: a
 * collection without one); `i` is the place
 * within a transaction. {at, i, done: true} between two of one transaction.
 */
#ifndef MM_ENGINE_APPLY_INTENT_H
#define MM_ENGINE_APPLY_INTENT_H

#include "model/ddl.h"
#include "mongo/job.h"
#include "mongo/server.h"

/* Which collections there are under the names concerned. A server that gives
 * no UUIDs (none of MongoDB's, but some that speak its protocol) tells by names
 * alone: what the job owns is then whatever has the name, and a rename that was
 * begun has happened when the old name is gone and the new one there. */
struct intent_uuids {
	bool there, there_to; /* with a UUID or without */
	bool has, has_to;     /* with one */
	uint8_t uuid[16], to_uuid[16];
};

enum intent_match {
	INTENT_OTHER, /* says nothing of this entry */
	INTENT_BEGUN, /* this entry was about to be carried out */
	INTENT_PASSED /* it was carried out */
};

enum intent_verdict { INTENT_TODO, INTENT_DONE, INTENT_LOST };

/* On the target, now. */
bool intent_look(struct conn *c, const struct ddl *d, struct intent_uuids *now,
    bson_error_t *error);
void intent_write(const struct entry *e, const struct ddl *d,
    const struct intent_uuids *before, bson_t *out);
/* The job's intent is about something that its checkpoint is not past. */
bool intent_pending(const struct job *j);
void intent_write_done(const struct entry *e, bson_t *out);
enum intent_match intent_match(
    const bson_t *intent, const struct entry *e, struct intent_uuids *before);
/* Whether a change that was begun over `before` has happened. LOST: neither
 * the collection of then nor its successor is there. Changes that mean the
 * same a second time are always TODO. */
enum intent_verdict intent_judge(const struct ddl *d,
    const struct intent_uuids *before, const struct intent_uuids *now);

#endif
