/* mongosim: removal of documents whose time is over (TTL indexes). */
#ifndef SIM_TTL_H
#define SIM_TTL_H

#include <stdint.h>

/* One pass over all collections, if the last is a minute ago. */
void ttl_tick(void);
/* One pass now; how many documents went. */
int64_t ttl_pass(void);

#endif
