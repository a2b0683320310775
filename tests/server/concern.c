#include "concern.h"
#include "members.h"

#include <string.h>

static const char unsatisfiable[] = "Not enough data-bearing nodes";

bool
concern_parse(struct request *r, bson_error_t *error)
{
	struct concern *c = &r->concern;
	bson_t doc;
	bson_iter_t it;

	*c =
	    (struct concern){.w = 1, .mode = "", .majority = sim.set.fcv >= 50};
	if (!arg_doc(r, "writeConcern", &doc))
		return true;
	c->given = true;
	if (bson_iter_init_find(&it, &doc, "w")) {
		c->majority = false;
		if (BSON_ITER_HOLDS_UTF8(&it)) {
			c->w = -1;
			c->mode = bson_iter_utf8(&it, NULL);
			c->majority = strcmp(c->mode, "majority") == 0;
		} else if (BSON_ITER_HOLDS_NUMBER(&it)) {
			c->w = bson_iter_as_int64(&it);
		} else {
			return refuse(
			    error, 9, "w has to be a number or a string");
		}
		if (c->w < -1 || c->w > 50)
			return refuse(error, 9,
			    "w has to be a non-negative number and not greater "
			    "than 50");
	}
	if (bson_iter_init_find(&it, &doc, "wtimeout"))
		c->timeout = bson_iter_as_int64(&it);
	if (bson_iter_init_find(&it, &doc, "j"))
		c->journal = bson_iter_as_bool(&it);
	return true;
}

void
concern_put_error(
    struct request *r, int code, const char *message, bool timed_out)
{
	size_t error =
	    out_open(r->reply, "writeConcernError", BSON_TYPE_DOCUMENT);
	size_t info, wc;

	r->concern_code = code;
	out_i32(r->reply, "code", code);
	out_text(r->reply, "codeName", code_name(code));
	out_text(r->reply, "errmsg", message);
	info = out_open(r->reply, "errInfo", BSON_TYPE_DOCUMENT);
	if (timed_out)
		out_bool(r->reply, "wtimeout", true);
	wc = out_open(r->reply, "writeConcern", BSON_TYPE_DOCUMENT);
	if (r->concern.w < 0)
		out_text(r->reply, "w", r->concern.mode);
	else if (r->concern.majority)
		out_text(r->reply, "w", "majority");
	else
		out_int(r->reply, "w", r->concern.w);
	if (r->concern.journal)
		out_bool(r->reply, "j", true);
	out_int(r->reply, "wtimeout", r->concern.timeout);
	out_text(r->reply, "provenance",
	    r->concern.given ? "clientSupplied" : "implicitDefault");
	out_close(r->reply, wc);
	out_close(r->reply, info);
	out_close(r->reply, error);
}

static bool
is_safe(const struct concern *c, struct optime at)
{
	if (c->majority && optime_cmp(sim.committed, at) < 0)
		return false;
	return c->w <= 1 || optime_cmp(members_reached((size_t)c->w), at) >= 0;
}

void
concern_wait(struct request *r)
{
	const struct concern *c = &r->concern;
	struct optime at = sim.last;
	int64_t deadline = c->timeout > 0 ? server_tick() + c->timeout : -1;
	char text[300];

	if (c->w > sim.members + 1) {
		concern_put_error(r, 100, unsatisfiable, false);
		return;
	}
	if (c->w < 0 && !c->majority) {
		snprintf(text, sizeof text,
		    "No write concern mode named '%s' found in replica set "
		    "configuration",
		    c->mode);
		concern_put_error(r, 79, text, false);
		return;
	}
	while (!is_safe(c, at)) {
		if (sim.secondary) {
			concern_put_error(r, 189,
			    "Primary stepped down while waiting for "
			    "replication",
			    false);
			return;
		}
		if (server_wait(deadline))
			continue;
		if (!sim.stopping)
			concern_put_error(
			    r, 64, "waiting for replication timed out", true);
		return;
	}
}
