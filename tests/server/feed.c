#include "feed.h"

#include <pthread.h>

#include "base/msg.h"
#include "catalog.h"
#include "oplog.h"
#include "out.h"
#include "play.h"
#include "server.h"

static struct buf entries; /* of the recording */
static size_t next_at;
static struct play *play;
static int64_t rate;

bool
feed_pending(void)
{
	return play != NULL;
}

static bool
feed_one(bson_error_t *error)
{
	const uint8_t *doc = entries.data + next_at;
	size_t len = doc_len(doc);

	if (!play_logged(play, doc, len, error))
		return false;
	next_at += len;
	return true;
}

static void
finish(void)
{
	play_free(play);
	play = NULL;
	buf_release(&entries);
	next_at = 0;
	sim.relaxed = false;
}

static int64_t
count_left(void)
{
	int64_t n = 0;

	for (size_t at = next_at; at < entries.len; n++)
		at += doc_len(entries.data + at);
	return n;
}

bool
feed_step(int64_t n, int64_t *came, int64_t *left, bson_error_t *error)
{
	bool ok = true;

	*came = 0;
	while (ok && next_at < entries.len && *came != n) {
		ok = feed_one(error);
		*came += ok;
	}
	*left = count_left();
	if (ok && *left == 0 && play)
		finish();
	return ok;
}

static void
feed_or_die(int64_t n)
{
	bson_error_t error;
	int64_t came, left;

	if (feed_step(n, &came, &left, &error))
		return;
	msg_error("feed: %s", error.message);
	_Exit(MM_EXIT_INTERNAL);
}

static void *
feed_main(void *arg)
{
	int64_t start, done = 0;

	(void)arg;
	pthread_mutex_lock(&sim.lock);
	start = server_tick();
	while (feed_pending() && !sim.stopping) {
		int64_t due = (server_tick() - start) * rate / 1000;

		if (due > done)
			feed_or_die(due - done);
		done = due;
		server_wait(server_tick() + (rate > 200 ? 5 : 1000 / rate));
	}
	pthread_mutex_unlock(&sim.lock);
	return NULL;
}

bool
feed_open(const char *folder, int64_t wanted_rate, bson_error_t *error)
{
	struct optime start;
	pthread_t thread;

	rate = wanted_rate;
	/* A snapshot that was read during writes may hold a value twice. */
	sim.relaxed = true;
	if (!feed_load(folder, &entries, &start, error))
		return false;
	oplog_restart(start);
	play = play_new();
	if (rate == 0)
		feed_or_die(-1);
	else if (rate > 0 &&
	    pthread_create(&thread, NULL, feed_main, NULL) == 0)
		pthread_detach(thread);
	return true;
}
