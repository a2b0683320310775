#include "mongo/members.h"

#include <stdio.h>
#include <string.h>

#include "base/doc.h"
#include "mongo/cursor.h"
#include "mongo/driver.h"

enum { STATE_PRIMARY = 1, STATE_SECONDARY = 2, STATE_ARBITER = 7 };

static bool
member_time(const bson_t *member, struct optime *o)
{
	bson_t view;

	return doc_sub(member, "optime", &view) && optime_of(&view, o);
}

static void
tell(char *text, size_t size, const bson_t *member, const char *what)
{
	size_t used = strlen(text);
	const char *name = doc_text(member, "name");

	snprintf(text + used, size - used, "%s%s %s", used ? ", " : "",
	    name ? name : "?", what);
}

/* newest: of the primary. */
static void
judge(const bson_t *member, struct optime newest, int64_t ms, char *text,
    size_t size)
{
	int64_t state = doc_int(member, "state");
	struct optime at;
	char lag[48];

	if (state == STATE_ARBITER)
		return;
	if (state != STATE_PRIMARY && state != STATE_SECONDARY) {
		tell(text, size, member, "is down");
		return;
	}
	if (!member_time(member, &at) || at.secs >= newest.secs ||
	    (int64_t)(newest.secs - at.secs) * 1000 <= ms)
		return;
	snprintf(lag, sizeof lag, "is %u s behind", newest.secs - at.secs);
	tell(text, size, member, lag);
}

static void
each_member(const bson_t *reply, int64_t ms, char *text, size_t size)
{
	struct optime newest = OPTIME_NULL, at;
	bson_t list, member;
	bson_iter_t it;

	if (!doc_sub(reply, "members", &list))
		return;
	for (int pass = 0; pass < 2; pass++) {
		if (!bson_iter_init(&it, &list))
			return;
		while (doc_next(&it, &member)) {
			if (pass == 1)
				judge(&member, newest, ms, text, size);
			else if (member_time(&member, &at) &&
			    optime_cmp(newest, at) < 0)
				newest = at;
		}
	}
}

static bool
majority_behind(
    struct conn *c, int64_t ms, char *text, size_t size, bson_error_t *error)
{
	struct optime majority, last;

	if (!conn_positions(c, &majority, &last, error))
		return false;
	if (last.secs > majority.secs &&
	    (int64_t)(last.secs - majority.secs) * 1000 > ms)
		snprintf(text, size, "the majority is %u s behind",
		    last.secs - majority.secs);
	return true;
}

bool
members_behind(
    struct conn *c, int64_t ms, char *text, size_t size, bson_error_t *error)
{
	bson_error_t why;
	bson_t reply;
	bool ok;

	*text = '\0';
	ok = conn_ask(c, "replSetGetStatus", false, &reply, &why);
	if (ok)
		each_member(&reply, ms, text, size);
	bson_destroy(&reply);
	if (!ok && why.code == CODE_UNAUTHORIZED)
		return majority_behind(c, ms, text, size, error);
	if (!ok && error)
		*error = why;
	return ok;
}

bool
members_oldest(
    struct conn *c, struct optime *oldest, bool *first, bson_error_t *error)
{
	bson_t more = BSON_INITIALIZER, doc;
	struct cursor_opts o = {.db = "local",
	    .coll = "oplog.rs",
	    .more = &more,
	    .limit = 1,
	    .read_concern = "local"};
	const char *msg;
	int got;

	BCON_APPEND(&more, "sort", "{", "$natural", BCON_INT32(1), "}");
	got = cursor_one(c, &o, &doc, error);
	if (got == 0)
		error_set(error, side_status(c->server->side), 0,
		    "%s: the oplog is empty", c->server->where);
	if (got > 0) {
		msg = doc_text(&doc, "o.msg");
		*first = msg && strcmp(msg, "initiating set") == 0;
		if (!optime_of(&doc, oldest))
			got = error_set(error, MM_EXIT_REFUSED, 0,
				  "%s: an entry of the oplog without a time",
				  c->server->where)
			    ? 1
			    : -1;
	}
	bson_destroy(&doc);
	bson_destroy(&more);
	return got > 0;
}
