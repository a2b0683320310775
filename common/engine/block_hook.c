/* By a program of the user's own. */
#include <string.h>

#include "engine/block_work.h"
#include "io/child.h"

enum { MAX_OUT = 4096, CLOSED = 0, OPEN = 1 };

static bool
call(struct block *b, const char *verb, enum side side, struct child_result *r,
    bson_error_t *error)
{
	char *argv[] = {(char *)b->o.hook, (char *)verb,
	    (char *)side_name(side), (char *)b->o.job, NULL};

	return child_run(argv, b->o.seconds, MAX_OUT, r, error);
}

static bool
complain(const struct block *b, const char *verb, enum side side,
    const struct child_result *r, bson_error_t *error)
{
	return error_set(error, side_status(side), r->status,
	    "%s %s %s: %s%s%s", b->o.hook, verb, side_name(side),
	    r->late ? "no answer in time" : "failed",
	    r->complaint[0] ? ": " : "", r->complaint);
}

int
block_hook_look(struct block *b, enum side side, char token[BLOCK_TOKEN],
    bson_error_t *error)
{
	struct child_result r;
	const char *out;
	int got = -1;

	token[0] = '\0';
	if (call(b, "probe", side, &r, error)) {
		out = (const char *)r.out.data;
		if (r.late || (r.status != CLOSED && r.status != OPEN))
			complain(b, "probe", side, &r, error);
		else
			got = r.status == CLOSED;
		if (out)
			snprintf(token, BLOCK_TOKEN, "%.*s",
			    (int)strcspn(out, "\r\n"), out);
	}
	child_release(&r);
	if (got == 0)
		error_set(error, side_status(side), 0, "says \"%s probe\"",
		    b->o.hook);
	return got;
}

bool
block_hook_set(struct block *b, enum side side, bool close, bson_error_t *error)
{
	const char *verb = close ? "block" : "unblock";
	struct child_result r;
	bool ok = call(b, verb, side, &r, error);

	if (ok && (r.late || r.status != 0))
		ok = complain(b, verb, side, &r, error);
	child_release(&r);
	return ok;
}
