#include "server.h"

#include <string.h>
#include <malloc.h>
#include <time.h>

#include "members.h"
#include "oplog.h"
#include "ops.h"

struct server sim;

void
server_init(const struct settings *set)
{
	pthread_condattr_t attr;

	/* All allocation is under one lock anyway: one arena that grows in
	 * large steps has the fewest page faults. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TOP_PAD, 64 << 20);
	sim.set = *set;
	bson_oid_init(&sim.process_id, NULL);
	bson_oid_init(&sim.set_id, NULL);
	bson_oid_init_from_string(&sim.election_id, "7fffffff0000000000000001");
	memcpy(sim.sync_id, &sim.process_id, sizeof sim.process_id);
	sim.topology = 6;
	sim.term = 1;
	sim.started_ms = server_now();
	pthread_mutex_init(&sim.lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&sim.changed, &attr);
	pthread_condattr_destroy(&attr);
	members_init();
	oplog_init();
}

int64_t
server_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 +
	    sim.clock_offset;
}

int64_t
server_tick(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool
server_wait(int64_t deadline)
{
	struct timespec t = {deadline / 1000, deadline % 1000 * 1000000};

	struct trans *trans = sim.trans;
	uint64_t mark = sim.mark;
	int e = 0;

	if (sim.stopping || ops_killed())
		return false;
	if (deadline < 0)
		pthread_cond_wait(&sim.changed, &sim.lock);
	else
		e = pthread_cond_timedwait(&sim.changed, &sim.lock, &t);
	sim.trans = trans;
	sim.mark = mark;
	return e == 0 && !sim.stopping && !ops_killed();
}

void
server_wake(void)
{
	pthread_cond_broadcast(&sim.changed);
}
