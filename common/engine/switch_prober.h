/* engine: an application's account that tries to write to the source all the
 * time while a switch is rehearsed: what applications would see. A thread with
 * connections of its own.
 */
#ifndef MM_ENGINE_SWITCH_PROBER_H
#define MM_ENGINE_SWITCH_PROBER_H

#include "engine/switch_block.h"

struct prober_seen {
	int64_t tries, refused, unknown;
	/* From the first try of the longest row of refusals to the end of the
	 * first one that was taken again. */
	int64_t refused_ms;
};

struct prober;

/* o: of the block that is rehearsed, with an account for the source. */
struct prober *prober_new(
    struct server *source, const struct block_opts *o, bson_error_t *error);
/* Has seen the side open again, or waits a little for that; ends the thread
 * and frees. */
void prober_end(struct prober *p, struct prober_seen *seen);

#endif
