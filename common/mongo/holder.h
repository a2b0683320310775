/* mongo: who holds a lease or a lock, and whether that process is dead.
 */
#ifndef MM_MONGO_HOLDER_H
#define MM_MONGO_HOLDER_H

#include <stdbool.h>
#include <stdint.h>

struct holder {
	char host[256];
	char boot[128]; /* this boot and this space of process ids; "" when not
			   known */
	int64_t pid, ticks; /* ticks: start of the process */
};

void holder_self(struct holder *h);
/* Of a holder of the same host and boot: no such process is there, or one
 * that started at another time. */
bool holder_is_dead(int64_t pid, int64_t ticks);

#endif
