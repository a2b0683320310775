#include "follow.h"

#include <pthread.h>
#include <string.h>

#include "base/msg.h"
#include "caller.h"
#include "doc.h"
#include "members.h"
#include "play.h"
#include "request.h"

#define AWAIT_MS 200
#define RETRY_MS 100
#define CATCH_UP_MS 30000

static struct caller primary = {.fd = -1};
static struct play *play;
static const char *address;
static int64_t cursor; /* 0: none is open */
static bool begun, caught_up, failed;
static bson_error_t failure; /* the newest */

static bool
run(bson_t *command, bson_t *reply, bson_error_t *error)
{
	bool ok = caller_run(&primary, command, reply, error);

	bson_destroy(command);
	return ok;
}

static bool
same_set(bson_error_t *error)
{
	bson_t reply;
	bson_iter_t it;

	if (!run(BCON_NEW("hello", BCON_INT32(1), "$db", "admin"), &reply,
		error))
		return false;
	if (!bson_iter_init_find(&it, &reply, "setName") ||
	    strcmp(bson_iter_utf8(&it, NULL), sim.set.set_name) != 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is no member of the set \"%s\"", address,
		    sim.set.set_name);
	return true;
}

/* From the newest entry here on, which must be there, too; the first time
 * from the beginning. */
static bool
open_tail(bson_t *reply, bson_error_t *error)
{
	uint64_t from = begun ? ts_of(sim.last) : 0;
	bson_iter_t it, id;
	bson_t *find = BCON_NEW("find", "oplog.rs", "filter", "{", "ts", "{",
	    "$gte", BCON_TIMESTAMP((uint32_t)(from >> 32), (uint32_t)from), "}",
	    "}", "tailable", BCON_BOOL(true), "awaitData", BCON_BOOL(true),
	    "batchSize", BCON_INT32(10000), "$db", "local", "$readPreference",
	    "{", "mode", "primaryPreferred", "}");

	if (!run(find, reply, error))
		return false;
	if (!bson_iter_init(&it, reply) ||
	    !bson_iter_find_descendant(&it, "cursor.id", &id))
		return error_set(error, MM_EXIT_SOURCE, 0, "a strange reply");
	cursor = bson_iter_as_int64(&id);
	return true;
}

static bool
next(bson_t *reply, bson_error_t *error)
{
	return run(
	    BCON_NEW("getMore", BCON_INT64(cursor), "collection", "oplog.rs",
		"maxTimeMS", BCON_INT64(AWAIT_MS), "$db", "local"),
	    reply, error);
}

/* The first entry of a tail: where this member stands, or where all began. */
static bool
joins(const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct entry e;
	struct value msg = {0};
	bson_iter_t it;

	if (!entry_parse(doc, len, &e, error))
		return false;
	if (begun && optime_cmp(e.at, sim.last) == 0)
		return true;
	if (begun)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the primary's oplog does not hold the newest entry here");
	if (bson_iter_init_find(&it, &e.o, "msg"))
		msg = value_of(&it);
	if (msg.type != BSON_TYPE_UTF8 ||
	    strcmp((const char *)msg.data + 4, "initiating set") != 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the primary's oplog does not reach back to its start");
	oplog_clear(e.at);
	begun = true;
	return play_logged(play, doc, len, error);
}

static bool
take_batch(
    const bson_t *reply, const char *name, bool first, bson_error_t *error)
{
	bson_iter_t it, list;
	const uint8_t *data;
	uint32_t len;
	bson_t docs;
	bool ok = true;

	if (!bson_iter_init(&it, reply) ||
	    !bson_iter_find_descendant(&it, name, &list) ||
	    !iter_doc(&list, &docs))
		return error_set(error, MM_EXIT_SOURCE, 0, "a strange reply");
	bson_iter_init(&it, &docs);
	while (ok && bson_iter_next(&it)) {
		while (sim.paused || sim.locks > 0)
			if (!server_wait(-1))
				return true;
		bson_iter_document(&it, &len, &data);
		ok = first ? joins(data, len, error)
			   : play_logged(play, data, len, error);
		first = false;
	}
	if (ok && first && strcmp(name, "cursor.firstBatch") == 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the primary's oplog does not hold the newest entry here");
	return ok;
}

static bool
report(bson_t *reply, bson_error_t *error)
{
	struct optime at = begun ? sim.last : OPTIME_NULL;

	return run(BCON_NEW("replSetUpdatePosition", BCON_INT32(1), "host",
		       BCON_UTF8(sim.set.host), "optime", "{", "ts",
		       BCON_TIMESTAMP(at.secs, at.inc), "t",
		       BCON_INT64(at.term), "}", "$db", "admin"),
	    reply, error);
}

/* One round with the primary; the lock is held but while it is asked. */
static bool
round_trip(bson_error_t *error)
{
	bool first = cursor == 0, ok;
	bson_t reply;

	pthread_mutex_unlock(&sim.lock);
	if (primary.fd < 0)
		ok = caller_open(&primary, address, error) && same_set(error) &&
		    report(&reply, error) && open_tail(&reply, error);
	else
		ok = first ? open_tail(&reply, error) : next(&reply, error);
	pthread_mutex_lock(&sim.lock);
	if (!ok ||
	    !take_batch(&reply,
		first ? "cursor.firstBatch" : "cursor.nextBatch", first, error))
		return false;
	pthread_mutex_unlock(&sim.lock);
	ok = report(&reply, error);
	pthread_mutex_lock(&sim.lock);
	if (ok)
		members_take(&reply);
	return ok;
}

static bool
has_caught_up(void)
{
	return begun && optime_cmp(members_at(0)->last, sim.last) <= 0;
}

static void *
follow_main(void *arg)
{
	bson_error_t why;

	(void)arg;
	pthread_mutex_lock(&sim.lock);
	while (!sim.stopping && !failed) {
		if (round_trip(&why)) {
			caught_up = caught_up || has_caught_up();
			server_wake();
			continue;
		}
		failed = error_status(&why) != MM_EXIT_SOURCE;
		failure = why;
		/* A cursor that was killed, or a connection: once more. */
		cursor = 0;
		if (why.code == 0)
			caller_close(&primary);
		if (failed && caught_up)
			msg_error("follow: %s", why.message);
		server_wake();
		server_wait(server_tick() + RETRY_MS);
	}
	pthread_mutex_unlock(&sim.lock);
	return NULL;
}

bool
follow_open(const char *wanted, bson_error_t *error)
{
	int64_t deadline = server_tick() + CATCH_UP_MS;
	pthread_t thread;
	bool ok;

	address = wanted;
	play = play_new();
	pthread_mutex_lock(&sim.lock);
	sim.secondary = true;
	sim.members = 1;
	error_set(&failure, MM_EXIT_SOURCE, 0, "could not catch up in time");
	if (pthread_create(&thread, NULL, follow_main, NULL) == 0)
		pthread_detach(thread);
	while (!caught_up && !failed && server_tick() < deadline)
		server_wait(deadline);
	ok = caught_up;
	*error = failure;
	pthread_mutex_unlock(&sim.lock);
	return ok;
}
