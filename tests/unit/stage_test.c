/* base/stage: where the time of threads goes. */
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stage.h"
#include "base/status.h"
#include "tap.h"

enum { THREADS = 3, NAP_MS = 30, MARKS = 200000 };

struct times {
	int64_t inner, outer; /* ns, of one thread */
	enum stage was[3];
};

static void
nap(void)
{
	usleep(NAP_MS * 1000);
}

static void
work(int64_t ms)
{
	int64_t end = clock_thread_ns() + ms * 1000000;

	while (clock_thread_ns() < end)
		;
}

/* A server that works in between is in nobody's way: spans lie in spans. */
static void *
counted(void *arg)
{
	struct times *t = arg;
	int64_t before = clock_ns(), began;

	stage_begin();
	began = clock_ns();
	t->was[0] = stage_enter(STAGE_SERVER);
	nap();
	t->was[1] = stage_enter(STAGE_READ);
	nap();
	stage_enter(t->was[1]);
	nap();
	t->was[2] = stage_enter(t->was[0]);
	work(NAP_MS);
	t->inner = clock_ns() - began;
	stage_end();
	t->outer = clock_ns() - before;
	/* Over: counts nothing any more. */
	stage_enter(STAGE_PACK);
	nap();
	stage_enter(STAGE_DOCS);
	return NULL;
}

static void *
uncounted(void *unused)
{
	stage_enter(STAGE_UNPACK);
	nap();
	stage_enter(STAGE_DOCS);
	stage_end();
	return unused;
}

static double
all(double (*of)(enum stage s))
{
	double sum = 0;

	for (int s = 0; s < STAGES; s++)
		sum += of(s);
	return sum;
}

static void
test_threads(void)
{
	double nap_s = NAP_MS / 1000.0, inner = 0, outer = 0;
	struct times t[THREADS];
	pthread_t thread[THREADS], other;

	pthread_create(&other, NULL, uncounted, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, counted, &t[i]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		inner += (double)t[i].inner / 1e9;
		outer += (double)t[i].outer / 1e9;
	}
	pthread_join(other, NULL);
	OK(t[0].was[0] == STAGE_DOCS && t[0].was[1] == STAGE_SERVER &&
		t[0].was[2] == STAGE_SERVER,
	    "a mark gives the stage before");
	OK(all(stage_seconds) >= inner - 1e-6 &&
		all(stage_seconds) <= outer + 1e-6,
	    "all stages: %.6f s, of %.6f to %.6f s", all(stage_seconds), inner,
	    outer);
	OK(stage_seconds(STAGE_SERVER) >= 2 * THREADS * nap_s,
	    "two naps in the outer span: %.3f s", stage_seconds(STAGE_SERVER));
	OK(stage_seconds(STAGE_READ) >= THREADS * nap_s,
	    "one in the inner: %.3f s", stage_seconds(STAGE_READ));
	OK(stage_cpu(STAGE_DOCS) >= THREADS * nap_s, "work is CPU time: %.3f s",
	    stage_cpu(STAGE_DOCS));
	OK(stage_cpu(STAGE_SERVER) < stage_cpu(STAGE_DOCS) / 2,
	    "naps are not: %.3f s", stage_cpu(STAGE_SERVER));
	OK(stage_seconds(STAGE_UNPACK) == 0 && stage_seconds(STAGE_PACK) == 0,
	    "neither a thread that never began nor one that ended counts");
}

/* What a mark costs is noted, not judged. */
static void
test_cost(void)
{
	int64_t before;

	stage_begin();
	before = clock_thread_ns();
	for (int i = 0; i < MARKS; i++)
		stage_enter(i % 2 ? STAGE_DOCS : STAGE_WRITE);
	tap_note(
	    "a mark: %.0f ns", (double)(clock_thread_ns() - before) / MARKS);
	stage_end();
	before = clock_thread_ns();
	for (int i = 0; i < MARKS; i++)
		stage_enter(i % 2 ? STAGE_DOCS : STAGE_HELD);
	tap_note("in another thread: %.1f ns",
	    (double)(clock_thread_ns() - before) / MARKS);
	OK(stage_seconds(STAGE_WRITE) > 0 && stage_seconds(STAGE_HELD) == 0,
	    "counted, and not");
}

int
main(void)
{
	for (int s = 0; s < STAGES; s++)
		if (!OK(stage_name(s) && stage_seconds(s) == 0,
			"stage %d has a name", s))
			return tap_done();
	test_threads();
	test_cost();
	return tap_done();
}
