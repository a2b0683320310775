#include "engine/switch_block.h"

#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/msg.h"
#include "engine/block_work.h"
#include "io/secret.h"
#include "mongo/rights.h"
#include "mongo/withheld.h"
#include "mongo/write_block.h"

enum { MAX_URI = 16 << 10, MAX_TOLD = 5, DOUBT_MS = 3000 };

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

static bool
make_probe(struct block *b, enum side side, bson_error_t *error)
{
	char *uri;

	if (!b->o.probe[side])
		return true;
	uri = secret_read(b->o.probe[side], MAX_URI, error);
	if (!uri)
		return false;
	b->probe[side] = probe_new(side, uri, error);
	secret_free(uri);
	return b->probe[side] != NULL;
}

struct block *
block_new(const struct block_opts *o, bson_error_t *error)
{
	struct block *b;

	if (o->kind == BLOCK_HOOK &&
	    (!strchr(o->hook, '/') || access(o->hook, X_OK) != 0)) {
		error_set(error, MM_EXIT_USAGE, 0,
		    "\"%s\" is no program: give its path", o->hook);
		return NULL;
	}
	b = bson_malloc0(sizeof *b);
	b->o = *o;
	if (make_probe(b, SIDE_SOURCE, error) &&
	    make_probe(b, SIDE_TARGET, error))
		return b;
	block_free(b);
	return NULL;
}

void
block_free(struct block *b)
{
	if (!b)
		return;
	for (int i = 0; i < BLOCK_SIDES; i++) {
		probe_free(b->probe[i]);
		if (b->known[i])
			block_scope_release(&b->scope[i]);
	}
	bson_free(b);
}

bool
block_learn(struct block *b, enum side side, bool again, bson_error_t *error)
{
	struct block_scope *s = &b->scope[side];

	if (b->known[side] && !again)
		return true;
	if (b->known[side])
		block_scope_release(s);
	b->known[side] = block_scope_read(s, &b->o, side, error);
	if (!b->known[side])
		block_scope_release(s);
	return b->known[side];
}

/* -------------------------------------------------------------------- plan */

static bool
has_any(const bson_t *plan, const char *list)
{
	bson_iter_t it, sub;

	return bson_iter_init_find(&it, plan, list) &&
	    bson_iter_recurse(&it, &sub) && bson_iter_next(&sub);
}

/* What is known to be taken already: by an earlier attempt, or withheld. */
static bool
taken(struct block *b, enum side side, const bson_t *recorded, bson_t *all,
    bool *withheld, bson_error_t *error)
{
	bson_t held, none = BSON_INITIALIZER;
	bool ok = true;

	bson_init(all);
	*withheld = false;
	if (side == SIDE_SOURCE || !b->o.conn[side]) {
		grants_union(recorded ? recorded : &none, &none, all);
		return true;
	}
	ok = withheld_read(b->o.conn[side], b->o.job, &held, error);
	if (ok) {
		grants_union(recorded ? recorded : &none, &held, all);
		*withheld = has_any(&held, "changes");
	}
	bson_destroy(&held);
	return ok;
}

bool
block_plan(struct block *b, enum side side, const bson_t *recorded,
    bson_t *plan, bson_error_t *error)
{
	bool withheld, ok;
	bson_t all;

	bson_init(plan);
	ok = taken(b, side, recorded, &all, &withheld, error);
	if (ok && b->o.kind == BLOCK_ROLE)
		ok = block_role_plan(b, side, &all, plan, error);
	if (ok && b->o.kind == BLOCK_CLUSTER)
		ok = block_cluster_plan(b, side, recorded, plan, error);
	if (ok && b->o.kind != BLOCK_ROLE && has_any(&all, "changes"))
		bson_concat(plan, &all);
	if (ok && withheld)
		BSON_APPEND_BOOL(plan, "withheld", true);
	bson_destroy(&all);
	return ok;
}

bool
block_stops_all(const bson_t *plan, enum side side, bson_error_t *error)
{
	struct buf text = BUF_INIT;
	bson_iter_t it, sub, field;
	unsigned n = 0;
	char *names;

	if (!bson_iter_init_find(&it, plan, "open") ||
	    !bson_iter_recurse(&it, &sub))
		return true;
	while (bson_iter_next(&sub)) {
		if (!bson_iter_recurse(&sub, &field) ||
		    !bson_iter_find(&field, "name") ||
		    !BSON_ITER_HOLDS_UTF8(&field) || n++ >= MAX_TOLD)
			continue;
		buf_add_text(&text, n > 1 ? ", \"" : "\"");
		buf_add_text(&text, bson_iter_utf8(&field, NULL));
		buf_add_byte(&text, '"');
	}
	if (n == 0)
		return true;
	names = buf_take_text(&text);
	error_set(error, MM_EXIT_REFUSED, 0,
	    "%u can write to the %s whatever is taken away: %s%s "
	    "(--keep-user where that is meant)",
	    n, side_name(side), names, n > MAX_TOLD ? " ..." : "");
	bson_free(names);
	return false;
}

/* ------------------------------------------------------------------- probe */

static int
look(struct block *b, enum side side, const bson_t *plan,
    char token[BLOCK_TOKEN], bson_error_t *error)
{
	token[0] = '\0';
	switch (b->o.kind) {
	case BLOCK_HOOK:
		return block_hook_look(b, side, token, error);
	case BLOCK_CLUSTER:
		return block_cluster_look(b, side, error);
	case BLOCK_ROLE:
		break;
	}
	return block_role_look(b, side, plan, token, error);
}

int
block_account(struct block *b, enum side side, bson_error_t *error)
{
	struct textset tries = {0};
	int got = -1;

	/* A server that takes no writes takes one that changes nothing. */
	if (!b->probe[side] || b->o.kind == BLOCK_CLUSTER)
		return 2;
	if (b->known[side])
		return probe_ask(b->probe[side], &b->scope[side].tries, error);
	if (block_scope_tries(&b->o, side, &tries, error))
		got = probe_ask(b->probe[side], &tries, error);
	textset_release(&tries);
	return got;
}

int
block_probe(struct block *b, enum side side, const bson_t *plan,
    char token[BLOCK_TOKEN], bson_error_t *error)
{
	int got = look(b, side, plan, token, error);
	int account = got < 0 ? 2 : block_account(b, side, error);

	return account == 2 ? got : account == 1 ? got : account;
}

/* ------------------------------------------------------------------ change */

static bool
change(struct block *b, enum side side, bool close, const bson_t *plan,
    bson_error_t *error)
{
	struct conn *c = b->o.conn[side];

	if (b->o.kind == BLOCK_HOOK && !block_hook_set(b, side, close, error))
		return false;
	if (b->o.kind == BLOCK_CLUSTER && !write_block_set(c, close, error))
		return false;
	if (close)
		return b->o.kind != BLOCK_ROLE || rights_block(c, plan, error);
	return !has_any(plan, "changes") || rights_undo(c, plan, error);
}

bool
block_close(struct block *b, enum side side, const bson_t *plan,
    char token[BLOCK_TOKEN], bson_error_t *error)
{
	int got;

	if (!change(b, side, true, plan, error))
		return false;
	got = block_probe(b, side, plan, token, error);
	if (got == 0)
		error_prefix(
		    error, "the %s still takes writes", side_name(side));
	return got == 1;
}

/* A host that does not answer keeps nobody waiting for long: what was to be
 * given back is. */
static bool
doubted(struct block *b, enum side side, const bson_error_t *why)
{
	int64_t now = clock_ms();

	if (b->in_doubt[side] == 0)
		b->in_doubt[side] = now;
	if (now - b->in_doubt[side] < DOUBT_MS)
		return false;
	msg_warn("the %s was opened, but is not probed: %s", side_name(side),
	    why->message);
	return true;
}

/* By rights: whoever has them back is let in, and some may never have been. */
static bool
is_open(struct block *b, enum side side, bson_error_t *error)
{
	char token[BLOCK_TOKEN];
	bson_error_t why = {0};
	int got = 0;

	if (b->o.kind != BLOCK_ROLE)
		got = look(b, side, NULL, token, error);
	if (got != 0)
		return got == 1 &&
		    error_set(error, side_status(side), 0,
			"the %s still refuses writes", side_name(side));
	got = block_account(b, side, &why);
	if (got >= 0)
		b->in_doubt[side] = 0;
	if (got == 1)
		error_set(&why, side_status(side), 0,
		    "the %s still refuses writes of the probing account",
		    side_name(side));
	if (got == 0 || got == 2 || (got < 0 && doubted(b, side, &why)))
		return true;
	if (error)
		*error = why;
	if (error && got < 0) /* worth another look, whatever it was */
		error->domain = MM_ERR_DOMAIN + side_status(side);
	return false;
}

bool
block_open(
    struct block *b, enum side side, const bson_t *plan, bson_error_t *error)
{
	return change(b, side, false, plan, error) && is_open(b, side, error) &&
	    (!bson_has_field(plan, "withheld") ||
		withheld_remove(b->o.conn[side], b->o.job, error));
}

/* ----------------------------------------------------------------- writers */

bool
block_writers(struct block *b, enum side side, bson_t *writers, bson_t *passing,
    bson_error_t *error)
{
	bson_t recorded = BSON_INITIALIZER;

	bson_init(passing);
	return block_role_writers(b, side, writers, error) &&
	    (b->o.kind != BLOCK_CLUSTER ||
		block_cluster_plan(b, side, &recorded, passing, error));
}
