/* engine: what is left of a move, and taking away what is ours of it.
 */
#ifndef MM_ENGINE_SWITCH_LEFT_H
#define MM_ENGINE_SWITCH_LEFT_H

#include "engine/switch_run.h"

/* A line each to standard output, "left SIDE KIND \"NAME\": WHY". Needs a
 * list of the old data only where there is one. Nothing is changed. */
bool left_list(struct switcher *s, bson_error_t *error);

#endif
