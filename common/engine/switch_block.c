#include "engine/switch_block.h"

#include <string.h>
#include <unistd.h>

#include "io/child.h"

enum { MAX_OUT = 4096, CLOSED = 0, OPEN = 1 };

struct block {
	char *program, *job;
	int seconds;
};

struct block *
block_new(
    const char *program, const char *job, int seconds, bson_error_t *error)
{
	struct block *b;

	if (!strchr(program, '/') || access(program, X_OK) != 0) {
		error_set(error, MM_EXIT_USAGE, 0,
		    "\"%s\" is no program: give its path", program);
		return NULL;
	}
	b = bson_malloc0(sizeof *b);
	b->program = bson_strdup(program);
	b->job = bson_strdup(job);
	b->seconds = seconds;
	return b;
}

void
block_free(struct block *b)
{
	if (!b)
		return;
	bson_free(b->program);
	bson_free(b->job);
	bson_free(b);
}

static const char *
name(enum side side)
{
	return side == SIDE_SOURCE ? "source" : "target";
}

static enum mm_exit
status(enum side side)
{
	return side == SIDE_SOURCE ? MM_EXIT_SOURCE : MM_EXIT_TARGET;
}

static bool
call(struct block *b, const char *verb, enum side side, struct child_result *r,
    bson_error_t *error)
{
	char *argv[] = {
	    b->program, (char *)verb, (char *)name(side), b->job, NULL};

	return child_run(argv, b->seconds, MAX_OUT, r, error);
}

static bool
complain(const struct block *b, const char *verb, enum side side,
    const struct child_result *r, bson_error_t *error)
{
	return error_set(error, status(side), r->status, "%s %s %s: %s%s%s",
	    b->program, verb, name(side),
	    r->late ? "no answer in time" : "failed",
	    r->complaint[0] ? ": " : "", r->complaint);
}

int
block_probe(struct block *b, enum side side, char token[BLOCK_TOKEN],
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
	return got;
}

static bool
change(struct block *b, enum side side, bool close, char token[BLOCK_TOKEN],
    bson_error_t *error)
{
	const char *verb = close ? "block" : "unblock";
	struct child_result r;
	bool ok = call(b, verb, side, &r, error);
	int got;

	if (ok && (r.late || r.status != 0))
		ok = complain(b, verb, side, &r, error);
	child_release(&r);
	if (!ok || (got = block_probe(b, side, token, error)) < 0)
		return false;
	return got == close ||
	    error_set(error, status(side), 0,
		"the %s %s writes after \"%s %s\"", name(side),
		close ? "still takes" : "still refuses", b->program, verb);
}

bool
block_close(struct block *b, enum side side, char token[BLOCK_TOKEN],
    bson_error_t *error)
{
	return change(b, side, true, token, error);
}

bool
block_open(struct block *b, enum side side, bson_error_t *error)
{
	char token[BLOCK_TOKEN];

	return change(b, side, false, token, error);
}
