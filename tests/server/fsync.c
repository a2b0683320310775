/* mongosim: the lock on writes, with its count. Reads go on; a member that
 * follows takes nothing meanwhile. */
#include "commands.h"

bool
cmd_fsync(struct request *r, bson_error_t *error)
{
	(void)error;
	if (!arg_bool(r, "lock")) {
		out_i32(r->reply, "numFiles", 1);
		return true;
	}
	sim.locks++;
	out_text(r->reply, "info",
	    "now locked against writes, use db.fsyncUnlock() to unlock");
	out_i64(r->reply, "lockCount", sim.locks);
	out_text(
	    r->reply, "seeAlso", "http://dochub.mongodb.org/core/fsynccommand");
	return true;
}

bool
cmd_fsync_unlock(struct request *r, bson_error_t *error)
{
	if (sim.locks == 0)
		return refuse(error, 0, "fsyncUnlock called when not locked");
	sim.locks--;
	server_wake();
	out_text(r->reply, "info", "fsyncUnlock completed");
	out_i64(r->reply, "lockCount", sim.locks);
	return true;
}
