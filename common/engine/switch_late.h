/* engine: late writes: what is written to the selection of a side after the
 * fence, by whoever gets past the block. It would be on that side alone.
 *
 * A thread reads the log of that side from the fence on, until it is told to
 * end. Who wrote is in the entry where the driver sends retryable writes or
 * transactions (a digest of the account, lsid.uid), else only when.
 */
#ifndef MM_ENGINE_SWITCH_LATE_H
#define MM_ENGINE_SWITCH_LATE_H

#include "engine/switch_ready.h"
#include "model/ns.h"

struct late_opts {
	struct server *server;
	const struct ns_rules *rules; /* by the names on that side */
	struct optime fence;
};

struct late;

/* Copies o; what it points to stays the caller's. */
struct late *late_new(const struct late_opts *o, bson_error_t *error);
/* Ends the thread. */
void late_free(struct late *l);

/* READY_YES: nothing has been written up to what was the newest entry of the
 * member when it was asked first (after the last READY_YES). READY_NOT: not all
 * of it is read yet; waits for a moment. READY_NEVER: status 8, a late write:
 * position, namespace and, where it is known, account; or the log cannot be
 * read. c: a connection to that side. */
enum ready late_none(struct late *l, struct conn *c, bson_error_t *error);

#endif
