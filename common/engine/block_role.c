/* By the rights of users and roles. Whether a side is closed is asked anew each
 * time, by planning it again: an account that was made meanwhile counts. */
#include "base/doc.h"
#include "base/hash.h"
#include "engine/block_work.h"
#include "mongo/ops.h"
#include "mongo/rights.h"
#include "mongo/withheld.h"

static bool
plan_now(struct block *b, enum side side, struct rights *r, bson_t *plan,
    bson_error_t *error)
{
	return rights_fetch(b->o.conn[side], r, error) &&
	    grants_plan(
		&b->scope[side].grants, &r->users, &r->roles, plan, error);
}

bool
block_role_writers(
    struct block *b, enum side side, bson_t *plan, bson_error_t *error)
{
	struct rights r;
	bool ok;

	bson_init(plan);
	if (!block_learn(b, side, true, error))
		return false;
	ok = plan_now(b, side, &r, plan, error);
	rights_release(&r);
	return ok;
}

static void
add_account(void *accounts, const bson_t *user)
{
	char sha[SHA256_TEXT];

	textset_add(accounts, ops_account(user, sha));
}

void
block_apart(struct block *b, enum side side, const bson_t *recorded,
    struct textset *accounts)
{
	bson_t now = BSON_INITIALIZER;
	bson_error_t why;
	struct rights r;

	if (b->o.conn[side] && block_learn(b, side, false, &why)) {
		if (plan_now(b, side, &r, &now, &why))
			grants_apart(&now, recorded, &r.users, &r.roles,
			    add_account, accounts);
		rights_release(&r);
	}
	bson_destroy(&now);
}

bool
block_role_plan(struct block *b, enum side side, const bson_t *recorded,
    bson_t *plan, bson_error_t *error)
{
	bson_t fresh = BSON_INITIALIZER;
	struct rights r;
	bool ok;

	if (!block_learn(b, side, true, error))
		return false;
	ok = plan_now(b, side, &r, &fresh, error) &&
	    grants_merge(&fresh, recorded, &r.users, &r.roles, plan, error);
	rights_release(&r);
	bson_destroy(&fresh);
	return ok;
}

/* Who can still write: the first of either list. */
static void
tell_first(const bson_t *plan, enum side side, bson_error_t *error)
{
	static const char *const fields[] = {
	    "changes.0.db", "changes.0.name", "open.0.name"};
	const char *text[3];

	for (int i = 0; i < 3; i++)
		text[i] = doc_text_or(plan, fields[i], "");
	error_set(error, side_status(side), 0, "\"%s%s%s\" can write",
	    *text[1] ? text[0] : "", *text[1] ? "." : "",
	    *text[1] ? text[1] : text[2]);
}

static bool
any_of(const bson_t *plan, const char *list)
{
	bson_iter_t it, sub;

	return bson_iter_init_find(&it, plan, list) &&
	    bson_iter_recurse(&it, &sub) && bson_iter_next(&sub);
}

int
block_role_look(struct block *b, enum side side, const bson_t *plan,
    char token[BLOCK_TOKEN], bson_error_t *error)
{
	bson_t now = BSON_INITIALIZER;
	struct rights r;
	int got = -1;

	token[0] = '\0';
	if (!block_learn(b, side, false, error)) {
		bson_destroy(&now);
		return -1;
	}
	if (plan_now(b, side, &r, &now, error)) {
		got = !any_of(&now, "changes") && !any_of(&now, "open");
		if (got == 0)
			tell_first(&now, side, error);
		if (plan)
			grants_token(plan, &r.users, &r.roles, token);
	}
	rights_release(&r);
	bson_destroy(&now);
	return got;
}
