/* mongosim: a second member, which does what the primary's oplog says.
 *
 * It begins with the first entry of the primary's oplog, which has to be the
 * first of all: there is no initial sync of what is there without a log. It
 * never becomes primary.
 */
#ifndef SIM_FOLLOW_H
#define SIM_FOLLOW_H

#include "base/error.h"

/* Returns when it has caught up with what the primary had at the start. Status
 * 4: the primary cannot be reached, 8: it cannot be followed. */
bool follow_open(const char *address, bson_error_t *error);

#endif
