/* engine: where a tail begins.
 *
 * `--from` is now, a position, or a file whose position is taken: of a
 * snapshot the one before its first read, of a log stream its end. Where a
 * segment directory holds something already, it goes on at its end, whatever
 * --from says, as long as the directory reaches back to it: so the same
 * command can be given again and again.
 */
#ifndef MM_ENGINE_TAIL_START_H
#define MM_ENGINE_TAIL_START_H

#include "mongo/server.h"

struct tail_start {
	struct optime after;     /* the stream holds what is newer */
	struct optime read_from; /* read from here: transactions that are
				    open at `after` begin at or after it */
	struct optime seen;      /* majority position now */
};

/* The directory's state; `last` null when it is empty. */
struct tail_dir {
	struct optime first; /* `after` of its first segment */
	struct optime last, read_from;
};

/* from may be NULL when the directory has an end. Proves both positions.
 * Status 2: from is none of the three; 3: damaged file; 6: position gone, or
 * older than what the directory begins with. */
bool tail_start_find(struct conn *c, const char *from,
    const struct tail_dir *dir, struct tail_start *start, bson_error_t *error);

#endif
