#include "fault.h"

#include <string.h>

#include "concern.h"
#include "cursor.h"
#include "election.h"
#include "feed.h"
#include "history.h"
#include "hold.h"
#include "net.h"
#include "ttl.h"

#define MAX_ARMED 32

enum kind {
	KILL_CURSORS,
	LOSE_REPLY,
	DROP_CONNECTION,
	DELAY,
	STALL,
	FAIL,
	CONCERN_ERROR,
	SLOW_DOWN,
	DUPLICATE_REPLY,
	HOLD_BUILD,
	N_ARMED_KINDS,
	HOLD = N_ARMED_KINDS,
	RELEASE,
	ROLLOVER,
	CLOCK,
	TTL,
	STEP_DOWN,
	STEP_UP,
	ROLLBACK,
	OPLOG_HOLE,
	FILL_HOLE,
	FORGET_HISTORY,
	PAUSE,
	RESUME,
	N_KINDS
};

static const char *const names[N_KINDS] = {"killCursors", "loseReply",
    "dropConnection", "delay", "stall", "fail", "writeConcernError", "slowDown",
    "duplicateReply", "holdBuild", "hold", "release", "rollover", "clock",
    "ttl", "stepDown", "stepUp", "rollback", "oplogHole", "fillHole",
    "forgetHistory", "pause", "resume"};

struct fault {
	bool armed;
	int64_t generation; /* of the arming: a stalled command knows its own */
	enum kind kind;
	char command[64], ns[256]; /* empty: any */
	int64_t after, times;      /* still to come; times -1: no limit */
	int64_t number;            /* ms, bytes or documents a second */
	int code;
	char errmsg[256];
	bson_t *labels;
};

static struct fault faults[MAX_ARMED];
static int64_t fired[N_KINDS], generations;

static void
disarm(struct fault *f)
{
	f->armed = false;
	bson_destroy(f->labels);
	f->labels = NULL;
}

static const char *
coll_of(const struct request *r)
{
	bson_iter_t it;

	if (strcmp(r->name, "getMore") == 0)
		return arg_text(r, "collection");
	bson_iter_init(&it, &r->body);
	return bson_iter_next(&it) && BSON_ITER_HOLDS_UTF8(&it)
	    ? bson_iter_utf8(&it, NULL)
	    : NULL;
}

static bool
selects(const struct fault *f, const struct request *r)
{
	const char *coll = coll_of(r);
	char ns[512];

	if (f->command[0] && strcmp(f->command, r->name) != 0)
		return false;
	if (!f->ns[0] || strcmp(f->ns, r->db) == 0)
		return true;
	snprintf(ns, sizeof ns, "%s.%s", r->db, coll ? coll : "");
	return strcmp(f->ns, ns) == 0;
}

/* The armed fault of that kind whose turn it is at this command. */
static struct fault *
fire(enum kind kind, const struct request *r)
{
	for (size_t i = 0; i < MAX_ARMED; i++) {
		struct fault *f = &faults[i];

		if (!f->armed || f->kind != kind || f->times == 0 ||
		    !selects(f, r))
			continue;
		if (f->after > 0) {
			f->after--;
			continue;
		}
		if (f->times > 0)
			f->times--;
		fired[kind]++;
		return f;
	}
	return NULL;
}

static bool
stands(int64_t generation)
{
	for (size_t i = 0; i < MAX_ARMED; i++)
		if (faults[i].armed && faults[i].generation == generation)
			return true;
	return false;
}

static void
stall(int64_t generation)
{
	while (stands(generation) && server_wait(-1))
		;
}

static void
sleep_ms(int64_t ms)
{
	int64_t deadline = server_tick() + ms + 1; /* not less */

	while (server_tick() < deadline && !sim.stopping)
		server_wait(deadline);
}

bool
fault_before(struct request *r, bson_error_t *error)
{
	struct fault *f;

	if ((f = fire(DELAY, r)) != NULL)
		sleep_ms(f->number);
	if ((f = fire(STALL, r)) != NULL)
		stall(f->generation);
	if (strcmp(r->name, "getMore") == 0 && fire(KILL_CURSORS, r) != NULL)
		cursor_kill(arg_int(r, "getMore", 0));
	if ((f = fire(FAIL, r)) != NULL) {
		if (f->labels)
			r->labels = bson_copy(f->labels);
		return refuse(error, f->code, "%s", f->errmsg);
	}
	return true;
}

void
fault_hold_build(struct request *r, struct building_hold *hold)
{
	struct fault *f = fire(HOLD_BUILD, r);

	if (f)
		*hold =
		    (struct building_hold){stands, f->generation, f->number};
}

bool
fault_concern(struct request *r)
{
	struct fault *f = fire(CONCERN_ERROR, r);

	if (f)
		concern_put_error(r, f->code, f->errmsg, f->code == 64);
	return f != NULL;
}

void
fault_after(struct request *r)
{
	struct fault *f;

	if (r->n_docs > 0 && (f = fire(SLOW_DOWN, r)) != NULL)
		sleep_ms(r->n_docs * 1000 / f->number);
	if (fire(DUPLICATE_REPLY, r))
		r->twice = true;
	if (fire(LOSE_REPLY, r))
		r->drop = true;
	else if ((f = fire(DROP_CONNECTION, r)) != NULL)
		r->cut_after = f->number;
}

static bool
arm(struct request *r, enum kind kind, bson_error_t *error)
{
	static const char *const number[N_ARMED_KINDS] = {
	    [DROP_CONNECTION] = "bytes",
	    [DELAY] = "ms",
	    [HOLD_BUILD] = "done",
	    [SLOW_DOWN] = "perSecond"};
	const char *command = arg_text(r, "command"), *ns = arg_text(r, "ns");
	const char *errmsg = arg_text(r, "errmsg");
	struct fault *f = faults;
	bson_t labels;

	while (f < faults + MAX_ARMED && f->armed && f->times != 0)
		f++;
	if (f == faults + MAX_ARMED)
		return refuse(error, 2, "too many faults are armed");
	disarm(f);
	*f = (struct fault){.armed = true,
	    .kind = kind,
	    .generation = ++generations,
	    .after = arg_int(r, "after", 0),
	    .times = arg_int(r, "times", 1)};
	if (f->times == 0)
		f->times = -1;
	snprintf(f->command, sizeof f->command, "%s", command ? command : "");
	snprintf(f->ns, sizeof f->ns, "%s", ns ? ns : "");
	f->code = (int)arg_int(r, "code", kind == FAIL ? 1 : 64);
	snprintf(f->errmsg, sizeof f->errmsg, "%s",
	    errmsg             ? errmsg
		: kind == FAIL ? "simulated failure"
			       : "waiting for replication timed out");
	if (arg_doc(r, "labels", &labels))
		f->labels = bson_copy(&labels);
	if (number[kind])
		f->number = arg_int(r, number[kind], 0);
	if (kind == SLOW_DOWN && f->number < 1) {
		disarm(f);
		return refuse(error, 2, "perSecond must be positive");
	}
	return true;
}

static void
clear(const char *what)
{
	for (size_t i = 0; i < MAX_ARMED; i++)
		if (faults[i].armed &&
		    (!what || strcmp(what, names[faults[i].kind]) == 0))
			disarm(&faults[i]);
	server_wake();
}

static void
put_status(struct request *r)
{
	char text[INDEX_TEXT];
	uint32_t n = 0;
	size_t mark;

	out_bool(r->reply, "held", sim.held);
	mark = out_open(r->reply, "armed", BSON_TYPE_ARRAY);
	for (size_t i = 0; i < MAX_ARMED; i++)
		if (faults[i].armed && faults[i].times != 0)
			out_text(r->reply, index_text(n++, text),
			    names[faults[i].kind]);
	out_close(r->reply, mark);
	mark = out_open(r->reply, "fired", BSON_TYPE_DOCUMENT);
	for (size_t i = 0; i < N_KINDS; i++)
		if (fired[i] > 0)
			out_int(r->reply, names[i], fired[i]);
	out_close(r->reply, mark);
}

static bool
at_once(struct request *r, enum kind kind)
{
	switch (kind) {
	case HOLD:
		hold();
		break;
	case RELEASE:
		release();
		break;
	case ROLLOVER:
		oplog_drop_oldest(arg_int(r, "entries", 1));
		break;
	case CLOCK:
		sim.clock_offset = arg_int(r, "ms", 0);
		break;
	case TTL:
		out_int(r->reply, "removed", ttl_pass());
		break;
	case STEP_DOWN:
		step_down();
		net_close_all(r->conn);
		break;
	case STEP_UP:
		step_up();
		break;
	case OPLOG_HOLE:
		hold();
		sim.hole = true;
		break;
	case FILL_HOLE:
		oplog_fill();
		release();
		break;
	case PAUSE:
	case RESUME:
		sim.paused = kind == PAUSE;
		server_wake();
		break;
	case FORGET_HISTORY:
		history_forget();
		break;
	case KILL_CURSORS:
		if (arg_int(r, "after", -1) >= 0)
			return false;
		out_int(
		    r->reply, "killed", cursor_kill_all(0, arg_text(r, "ns")));
		server_wake();
		break;
	default:
		return false;
	}
	fired[kind]++;
	return true;
}

static bool
take_back(struct request *r, bson_error_t *error)
{
	int64_t entries;

	if (!roll_back(&entries, error))
		return false;
	fired[ROLLBACK]++;
	out_int(r->reply, "entries", entries);
	net_close_all(r->conn);
	return true;
}

static bool
write_entry(struct request *r, bson_error_t *error)
{
	bson_t entry, behind;
	bool more = arg_doc(r, "behind", &behind);

	if (!arg_doc(r, "entry", &entry) || !bson_has_field(&entry, "op"))
		return refuse(error, 2, "entry must be a document with op");
	out_optime(
	    r->reply, "opTime", oplog_write_as(&entry, more ? &behind : NULL));
	return true;
}

static bool
feed(struct request *r, bson_error_t *error)
{
	const char *all = arg_text(r, "entries");
	int64_t n = arg_int(r, "entries", 1), came, left;

	if (!sim.set.feed)
		return refuse(error, 2, "there is no recording to feed");
	if (!feed_step(all ? -1 : n, &came, &left, error))
		return false;
	out_int(r->reply, "fed", came);
	out_int(r->reply, "left", left);
	return true;
}

bool
cmd_simulate(struct request *r, bson_error_t *error)
{
	const char *what = arg_text(r, "simulate");
	size_t kind = 0;

	if (!what)
		return refuse(error, 14, "simulate must be a string");
	if (strcmp(what, "status") == 0) {
		put_status(r);
		return true;
	}
	if (strcmp(what, "entry") == 0)
		return write_entry(r, error);
	if (strcmp(what, names[ROLLBACK]) == 0)
		return take_back(r, error);
	if (strcmp(what, "feed") == 0)
		return feed(r, error);
	if (strcmp(what, "clear") == 0) {
		clear(arg_text(r, "what"));
		return true;
	}
	while (kind < N_KINDS && strcmp(what, names[kind]) != 0)
		kind++;
	if (kind == N_KINDS)
		return refuse(error, 2, "no such fault: '%s'", what);
	return at_once(r, kind) || arm(r, kind, error);
}
