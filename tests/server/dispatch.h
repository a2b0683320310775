/* mongosim: from a request to its reply. */
#ifndef SIM_DISPATCH_H
#define SIM_DISPATCH_H

#include "request.h"

/* Runs the command and leaves the whole reply in r->reply, with the document
 * still open. Takes and gives back sim.lock. */
void dispatch(struct request *r);

#endif
