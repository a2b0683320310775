#include "election.h"

#include <string.h>

#include "cursor.h"
#include "hold.h"
#include "session.h"
#include "trans.h"

static bool
reads_here(const struct request *r)
{
	bson_t preference;
	bson_iter_t it;

	return arg_doc(r, "$readPreference", &preference) &&
	    bson_iter_init_find(&it, &preference, "mode") &&
	    BSON_ITER_HOLDS_UTF8(&it) &&
	    strcmp(bson_iter_utf8(&it, NULL), "primary") != 0;
}

bool
secondary_allows(
    const struct request *r, const struct command *c, bson_error_t *error)
{
	const char *name = sim.set.fcv >= 50 ? "primary" : "master";

	if (!sim.secondary)
		return true;
	if (c->flags & CMD_CONCERN)
		return refuse(error, 10107, "not %s", name);
	if (c->access == ACCESS_READ && strcmp(c->name, "getMore") != 0 &&
	    !reads_here(r))
		return refuse(error, 13435, "not %s and %s=false", name,
		    sim.set.fcv >= 50 ? "secondaryOk" : "slaveOk");
	return true;
}

static void
new_term(void)
{
	bson_t *o = BCON_NEW("msg", "new primary");

	sim.term++;
	sim.topology++;
	sim.secondary = false;
	oplog_note(bson_get_data(o), o->len);
	bson_destroy(o);
}

void
step_down(void)
{
	trans_abort_open();
	sim.secondary = true;
	sim.topology++;
	server_wake();
}

void
step_up(void)
{
	if (sim.secondary && !sim.set.follow)
		new_term();
}

/* An entry that can be undone by the versions of documents alone. */
static bool
can_undo(const struct doc *d, bson_error_t *error)
{
	static const char *const known[] = {"create", "applyOps",
	    "commitTransaction", "abortTransaction", NULL};
	struct elem op, o, first;
	struct walk w;

	if (!walk_find(d->data, d->len, "op", &op) || op.value.data[4] != 'c' ||
	    !walk_find(d->data, d->len, "o", &o) ||
	    !walk_init(&w, o.value.data, o.value.len) || !walk_next(&w, &first))
		return true;
	for (size_t i = 0; known[i]; i++)
		if (strcmp(first.name, known[i]) == 0)
			return true;
	return refuse(
	    error, 238, "mongosim cannot roll back the command %s", first.name);
}

static bool
check(const struct coll *ring, int64_t *entries, bson_error_t *error)
{
	struct order_at at;

	*entries = 0;
	for (bool more = order_last(&ring->natural, &at); more;
	     more = order_prev(&ring->natural, &at)) {
		const struct doc *d = order_item(&ring->natural, &at);

		if ((uint64_t)d->rid <= ts_of(sim.committed))
			return true;
		if (!can_undo(d, error))
			return false;
		++*entries;
	}
	return true;
}

bool
roll_back(int64_t *entries, bson_error_t *error)
{
	uint64_t keep = ts_of(sim.committed);
	struct coll *c, *next;

	if (sim.members > 0)
		return refuse(error, 238,
		    "mongosim rolls back no set of several members");
	trans_abort_open();
	if (!check(catalog_find("local", "oplog.rs"), entries, error))
		return false;
	for (c = catalog_next(NULL, NULL); c; c = next) {
		next = catalog_next(c, NULL);
		if (c->visible > keep)
			catalog_remove(c);
		else
			coll_revert_all(c, keep);
	}
	session_roll_back(keep);
	sim.last = sim.committed;
	sim.last_wall = sim.committed_wall;
	release();
	cursor_kill_all(0, NULL);
	new_term();
	return true;
}

bool
cmd_step_down(struct request *r, bson_error_t *error)
{
	if (sim.secondary)
		return refuse(error, 10107, "not primary so can't step down");
	if (!arg_bool(r, "force"))
		return refuse(error, 262,
		    "No electable secondaries caught up: use {force: true}");
	step_down();
	return true;
}
