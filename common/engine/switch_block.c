#include "engine/switch_block.h"

#include <string.h>
#include <unistd.h>

#include "io/child.h"

enum { MAX_OUT = 4096, CLOSED = 0, OPEN = 1 };

struct block {
	struct block_opts o;
};

static const char *const kinds[] = {
    [BLOCK_ROLE] = "role", [BLOCK_HOOK] = "hook", [BLOCK_CLUSTER] = "cluster"};

const char *
block_kind_text(enum block_kind kind)
{
	return kinds[kind];
}

bool
block_kind_parse(const char *text, enum block_kind *kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i], text) == 0) {
			*kind = (enum block_kind)i;
			return true;
		}
	return false;
}

struct block *
block_new(const struct block_opts *o, bson_error_t *error)
{
	struct block *b;

	if (!strchr(o->hook, '/') || access(o->hook, X_OK) != 0) {
		error_set(error, MM_EXIT_USAGE, 0,
		    "\"%s\" is no program: give its path", o->hook);
		return NULL;
	}
	b = bson_malloc0(sizeof *b);
	b->o = *o;
	return b;
}

void
block_free(struct block *b)
{
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
	char *argv[] = {(char *)b->o.hook, (char *)verb, (char *)name(side),
	    (char *)b->o.job, NULL};

	return child_run(argv, b->o.seconds, MAX_OUT, r, error);
}

static bool
complain(const struct block *b, const char *verb, enum side side,
    const struct child_result *r, bson_error_t *error)
{
	return error_set(error, status(side), r->status, "%s %s %s: %s%s%s",
	    b->o.hook, verb, name(side),
	    r->late ? "no answer in time" : "failed",
	    r->complaint[0] ? ": " : "", r->complaint);
}

bool
block_plan(struct block *b, enum side side, const bson_t *recorded,
    bson_t *plan, bson_error_t *error)
{
	(void)b, (void)side, (void)recorded, (void)error;
	bson_init(plan);
	return true;
}

bool
block_stops_all(const bson_t *plan, enum side side, bson_error_t *error)
{
	(void)plan, (void)side, (void)error;
	return true;
}

int
block_probe(struct block *b, enum side side, const bson_t *plan,
    char token[BLOCK_TOKEN], bson_error_t *error)
{
	struct child_result r;
	const char *out;
	int got = -1;

	(void)plan;
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
change(struct block *b, enum side side, bool close, const bson_t *plan,
    char token[BLOCK_TOKEN], bson_error_t *error)
{
	const char *verb = close ? "block" : "unblock";
	struct child_result r;
	bool ok = call(b, verb, side, &r, error);
	int got;

	if (ok && (r.late || r.status != 0))
		ok = complain(b, verb, side, &r, error);
	child_release(&r);
	if (!ok || (got = block_probe(b, side, plan, token, error)) < 0)
		return false;
	return got == close ||
	    error_set(error, status(side), 0,
		"the %s %s writes after \"%s %s\"", name(side),
		close ? "still takes" : "still refuses", b->o.hook, verb);
}

bool
block_close(struct block *b, enum side side, const bson_t *plan,
    char token[BLOCK_TOKEN], bson_error_t *error)
{
	return change(b, side, true, plan, token, error);
}

bool
block_open(
    struct block *b, enum side side, const bson_t *plan, bson_error_t *error)
{
	char token[BLOCK_TOKEN];

	return change(b, side, false, plan, token, error);
}
