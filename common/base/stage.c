/* Two clocks are read at each change of stage, about 0.7 us, nearly all for the
 * thread's CPU time, which takes a system call. A dump or load changes a few
 * times a block of 1 MiB, or some hundred thousand times for 10 GB. */
#include "base/stage.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/status.h"

#define TELL_NS 500000000

static const struct {
	const char *name, *seconds, *cpu;
} stages[STAGES] = {
    [STAGE_DOCS] = {"docs", "seconds_docs", "cpu_docs"},
    [STAGE_SERVER] = {"server", "seconds_server", "cpu_server"},
    [STAGE_READ] = {"read", "seconds_read", "cpu_read"},
    [STAGE_WRITE] = {"write", "seconds_write", "cpu_write"},
    [STAGE_PACK] = {"pack", "seconds_pack", "cpu_pack"},
    [STAGE_UNPACK] = {"unpack", "seconds_unpack", "cpu_unpack"},
    [STAGE_SAVE] = {"save", "seconds_save", "cpu_save"},
    [STAGE_TURN] = {"turn", "seconds_turn", "cpu_turn"},
    [STAGE_HELD] = {"held", "seconds_held", "cpu_held"},
    [STAGE_IDLE] = {"idle", "seconds_idle", "cpu_idle"},
};

struct span {
	int64_t wall, cpu; /* ns */
};

static _Thread_local struct {
	bool counts;
	enum stage now;
	struct span since, told, sum[STAGES];
} mine;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct span total[STAGES];

static struct span
look(void)
{
	return (struct span){clock_ns(), clock_thread_ns()};
}

static double
seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

/* The status file is set with the lock held, so that no older sum comes after
 * a newer one. */
static void
tell(void)
{
	pthread_mutex_lock(&lock);
	for (int s = 0; s < STAGES; s++) {
		struct span *all = &total[s];

		if (mine.sum[s].wall == 0)
			continue;
		all->wall += mine.sum[s].wall;
		all->cpu += mine.sum[s].cpu;
		mine.sum[s] = (struct span){0};
		status_double(stages[s].seconds, seconds(all->wall));
		status_double(stages[s].cpu, seconds(all->cpu));
	}
	pthread_mutex_unlock(&lock);
	mine.told = mine.since;
}

void
stage_begin(void)
{
	mine.counts = true;
	mine.now = STAGE_DOCS;
	mine.since = mine.told = look();
}

enum stage
stage_enter(enum stage s)
{
	enum stage was = mine.now;
	struct span now;

	if (!mine.counts || s == was)
		return was;
	now = look();
	mine.sum[was].wall += now.wall - mine.since.wall;
	mine.sum[was].cpu += now.cpu - mine.since.cpu;
	mine.since = now;
	mine.now = s;
	if (now.wall - mine.told.wall >= TELL_NS)
		tell();
	return was;
}

void
stage_end(void)
{
	if (!mine.counts)
		return;
	stage_enter(mine.now == STAGE_IDLE ? STAGE_DOCS : STAGE_IDLE);
	tell();
	mine.counts = false;
}

const char *
stage_name(enum stage s)
{
	return stages[s].name;
}

double
stage_seconds(enum stage s)
{
	double n;

	pthread_mutex_lock(&lock);
	n = seconds(total[s].wall);
	pthread_mutex_unlock(&lock);
	return n;
}

double
stage_cpu(enum stage s)
{
	double n;

	pthread_mutex_lock(&lock);
	n = seconds(total[s].cpu);
	pthread_mutex_unlock(&lock);
	return n;
}
