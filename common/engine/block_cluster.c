/* By the server itself, for all databases at once. */
#include <stdlib.h>
#include <string.h>

#include "engine/block_work.h"
#include "mongo/names.h"
#include "mongo/rights.h"
#include "mongo/write_block.h"

static bool
all_selected(struct block *b, enum side side, bson_error_t *error)
{
	static const char *const own[] = {
	    "admin", "config", "local", "mm_control"};
	const struct grants_scope *g = &b->scope[side].grants;
	struct textset dbs = {0};
	bool ok = names_databases(b->o.conn[side], &dbs, error);

	for (size_t i = 0; ok && i < dbs.n; i++) {
		bool other = false;

		for (size_t k = 0; k < sizeof own / sizeof *own; k++)
			other = other || strcmp(own[k], dbs.item[i]) == 0;
		if (!other && !g->db_whole(g->arg, dbs.item[i]))
			ok = error_set(error, MM_EXIT_REFUSED, 0,
			    "the whole %s would take no writes, but \"%s\" is "
			    "not of the selection, or not all of it",
			    side_name(side), dbs.item[i]);
	}
	textset_release(&dbs);
	return ok;
}

static bool
we_may(struct block *b, enum side side, bson_error_t *error)
{
	int got = write_block_bypassed(b->o.conn[side], error);

	return got == 1 ||
	    (got == 0 &&
		error_set(error, MM_EXIT_REFUSED, 0,
		    "this account needs bypassWriteBlockingMode on the %s",
		    side_name(side)));
}

static bool
not_blocked(struct block *b, enum side side, bson_error_t *error)
{
	int got = write_block_now(b->o.conn[side], error);

	return got == 0 ||
	    (got == 1 &&
		error_set(error, MM_EXIT_REFUSED, 0,
		    "the %s takes no writes, and not because of us",
		    side_name(side)));
}

bool
block_cluster_plan(struct block *b, enum side side, const bson_t *recorded,
    bson_t *plan, bson_error_t *error)
{
	struct conn *c = b->o.conn[side];
	struct rights r;
	bool ok;

	if (write_block_now(c, error) < 0 ||
	    !block_learn(b, side, true, error) ||
	    !all_selected(b, side, error) || !we_may(b, side, error) ||
	    (!recorded && !not_blocked(b, side, error)))
		return false;
	ok = rights_fetch(c, &r, error);
	if (ok)
		grants_bypass(b->scope[side].grants.keep,
		    b->scope[side].grants.n_keep, &r.users, &r.roles, plan);
	rights_release(&r);
	return ok;
}

int
block_cluster_look(struct block *b, enum side side, bson_error_t *error)
{
	int got = write_block_now(b->o.conn[side], error);

	if (got == 0)
		error_set(
		    error, side_status(side), 0, "userWriteBlockMode is off");
	return got;
}
