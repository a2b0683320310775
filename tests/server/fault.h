/* mongosim: faults on demand (admin command `simulate`). */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "commands.h"

/* Before the command is run: may wait, may set r->drop, may make it fail. */
bool fault_before(struct request *r, bson_error_t *error);
/* After it was run, before the reply is sent. True: a writeConcernError was
 * put into the reply, so the real wait is left out. */
bool fault_concern(struct request *r);
void fault_after(struct request *r);
/* ms to wait after each batch of n documents (slowDown). */

#endif
