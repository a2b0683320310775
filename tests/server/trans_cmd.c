/* mongosim: the commands that end a transaction. */
#include "commands.h"
#include "trans.h"

static bool
needs_one(const struct request *r, bson_error_t *error)
{
	return r->trans ||
	    refuse(error, 125, "%s must be run within a transaction", r->name);
}

bool
cmd_commit_transaction(struct request *r, bson_error_t *error)
{
	uint32_t secs = 0, inc = 0;
	bson_iter_t it;

	if (!needs_one(r, error))
		return false;
	if (r->trans->state == TRANS_COMMITTED)
		return true;
	if (arg_find(r, "commitTimestamp", &it))
		bson_iter_timestamp(&it, &secs, &inc);
	if (r->trans->state == TRANS_OPEN && secs)
		return refuse(
		    error, 72, "commitTimestamp is for prepared transactions");
	if (r->trans->state == TRANS_OPEN) {
		trans_commit(r->trans);
		return true;
	}
	if (((uint64_t)secs << 32 | inc) < ts_of(r->trans->last))
		return refuse(error, 72,
		    "commitTimestamp must not be before the prepare timestamp");
	trans_commit_prepared(r->trans, (uint64_t)secs << 32 | inc);
	return true;
}

bool
cmd_abort_transaction(struct request *r, bson_error_t *error)
{
	if (!needs_one(r, error))
		return false;
	if (r->trans->state == TRANS_COMMITTED)
		return refuse(error, 256,
		    "Transaction %lld has been committed.",
		    (long long)r->trans->number);
	trans_abort(r->trans);
	return true;
}

bool
cmd_prepare_transaction(struct request *r, bson_error_t *error)
{
	if (!needs_one(r, error))
		return false;
	if (r->trans->state == TRANS_OPEN)
		trans_prepare(r->trans);
	out_ts(r->reply, "prepareTimestamp", ts_of(r->trans->last));
	return true;
}
