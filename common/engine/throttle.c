/* A file is looked at again every half second; nobody sleeps longer than that
 * without looking, so that a new rate counts at once. */
#include "engine/throttle.h"

#include <bson/bson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/sig.h"
#include "base/stage.h"

#define SECOND 1000000000ll
#define BURST (SECOND / 4)
#define LOOK (SECOND / 2)

struct throttle {
	pthread_mutex_t lock;
	int64_t rate, given;
	int64_t next; /* when everything spent so far is paid, monotonic ns */
	const char *file;
	int64_t looked;
	bool complained;
};

struct throttle *
throttle_new(int64_t bytes_per_second)
{
	struct throttle *t = bson_malloc0(sizeof *t);

	pthread_mutex_init(&t->lock, NULL);
	t->rate = t->given = bytes_per_second;
	return t;
}

void
throttle_free(struct throttle *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	bson_free(t);
}

/* What the file says; an unreadable one: the rate that was given. False: it
 * cannot be understood. */
static bool
read_rate(const struct throttle *t, int64_t *rate, bson_error_t *error)
{
	char text[64] = "";
	FILE *f = fopen(t->file, "re");

	*rate = t->given;
	if (!f)
		return true;
	if (!fgets(text, sizeof text, f))
		text[0] = '\0';
	fclose(f);
	text[strcspn(text, " \t\r\n")] = '\0';
	return !text[0] || opt_bytes(text, rate, error);
}

/* With the lock held. */
static void
look(struct throttle *t, int64_t now)
{
	bson_error_t error;
	int64_t rate;

	if (!t->file || (t->looked && now - t->looked < LOOK))
		return;
	t->looked = now;
	if (!read_rate(t, &rate, &error)) {
		if (!t->complained)
			msg_warn("throttle file \"%s\": %s; the rate stays",
			    t->file, error.message);
		t->complained = true;
		return;
	}
	t->complained = false;
	if (rate == t->rate)
		return;
	t->rate = rate;
	t->next = now;
	if (rate)
		msg_info("rate: at most %lld bytes a second", (long long)rate);
	else
		msg_info("rate: no limit");
}

void
throttle_watch(struct throttle *t, const char *file)
{
	pthread_mutex_lock(&t->lock);
	t->file = file;
	look(t, clock_ns());
	pthread_mutex_unlock(&t->lock);
}

/* What is to be waited for, in ns, after `bytes` more, at which rate. */
static int64_t
owed(struct throttle *t, size_t bytes, int64_t *rate)
{
	int64_t now = clock_ns(), wait = 0;

	pthread_mutex_lock(&t->lock);
	look(t, now);
	*rate = t->rate;
	if (t->rate > 0) {
		if (t->next < now - BURST)
			t->next = now - BURST;
		t->next += (int64_t)((double)bytes / (double)t->rate * SECOND);
		wait = t->next - now;
	}
	pthread_mutex_unlock(&t->lock);
	return wait;
}

/* Each thread waits for its own turn: what others spend meanwhile is theirs. */
static void
wait_owed(struct throttle *t, int64_t wait, int64_t rate)
{
	int64_t step;

	while (wait > 0) {
		step = t->file && wait > LOOK ? LOOK : wait;
		if (step > 3600 * SECOND)
			step = 3600 * SECOND;
		if (!sig_sleep((int)(step / 1000000)))
			return;
		wait -= step;
		if (!t->file || wait <= 0)
			break;
		pthread_mutex_lock(&t->lock);
		look(t, clock_ns());
		/* A new rate forgives what was owed under the old one. */
		if (rate != t->rate)
			wait = 0;
		pthread_mutex_unlock(&t->lock);
	}
}

bool
throttle_spend(struct throttle *t, size_t bytes)
{
	int64_t rate, wait = owed(t, bytes, &rate);
	enum stage was;

	if (wait > 0) {
		was = stage_enter(STAGE_HELD);
		wait_owed(t, wait, rate);
		stage_enter(was);
	}
	return !sig_stopping();
}
