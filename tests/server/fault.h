/* mongosim: faults on demand: the command {simulate: WHAT, ...} on admin.
 *
 * feed {entries} (of the recording that --feed names, the next so many, -1
 * or "all": all; answers {fed, left}).
 *
 * At once: hold, release, rollover {entries}, clock {ms}, ttl (a pass of the
 * monitor, which else runs once a minute), killCursors (without `after`),
 * clear {what} (all without it), status, entry {entry, behind} (an oplog entry
 * with these fields, then ts, t, wall, v, then those of `behind`; for kinds
 * that mongosim does not write itself; answers {opTime}).
 *
 * stepDown, stepUp (election.h; other connections are closed), rollback (what
 * is held; answers {entries}), oplogHole (holds, and the next entry is not
 * seen by any reader, though those behind it are), fillHole (it is seen, and
 * all is released).
 *
 * Armed, each on the commands that `command` and `ns` (DB or DB.COLLECTION)
 * select, all save the handshake without them; not on the first `after` of
 * these, then on `times` (1; 0: until cleared):
 *   killCursors     the cursor of a getMore is gone when it comes
 *   loseReply       done, but the connection closes without an answer
 *   dropConnection  {bytes}: so much of the reply, then the connection closes
 *   delay           {ms} before it is done
 *   stall           not done until cleared, though the client may be gone
 *   fail            {code, errmsg, labels} instead of doing it
 *   writeConcernError {code, errmsg}: done, but answered with that
 *   slowDown        {perSecond}: documents a second of a reply
 *   holdBuild       {done}: an index build of a collection that holds
 *                   documents stands still behind so many until cleared
 *                   (building.h)
 *   duplicateReply  the reply is sent twice
 *
 * {simulate: "status"} answers {held, armed: [...], fired: {WHAT: COUNT}}.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "building.h"
#include "commands.h"

/* Before the command is run: may wait. False: it fails with that error. */
bool fault_before(struct request *r, bson_error_t *error);
/* Whether this index build is to stand still. */
void fault_hold_build(struct request *r, struct building_hold *hold);
/* After it was run: true when a writeConcernError was put into the reply, and
 * the real wait is to be left out. */
bool fault_concern(struct request *r);
/* Last, with the reply complete: may set r->drop, r->cut_after, or wait. */
void fault_after(struct request *r);

#endif
