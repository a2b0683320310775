/* mongosim: setUserWriteBlockMode (6.0): user databases take no writes but of
 * those who may bypass it; without access control everybody may. */
#include <string.h>

#include "auth.h"

bool
cmd_write_block(struct request *r, bson_error_t *error)
{
	bson_iter_t it;

	if (sim.set.fcv < 60)
		return refuse(
		    error, 59, "no such command: 'setUserWriteBlockMode'");
	if (!arg_find(r, "global", &it) || !BSON_ITER_HOLDS_BOOL(&it))
		return refuse(error, 40414,
		    "BSON field 'setUserWriteBlockMode.global' is missing but "
		    "a required field");
	sim.write_block = bson_iter_bool(&it);
	return true;
}

bool
write_block_allows(
    const struct request *r, const struct command *c, bson_error_t *error)
{
	if (!sim.write_block || c->access != ACCESS_WRITE ||
	    !(c->flags & CMD_CONCERN) || strcmp(r->db, "local") == 0 ||
	    strcmp(r->db, "config") == 0 ||
	    (strcmp(r->db, "admin") == 0 &&
		strcmp(c->name, "renameCollection") != 0) ||
	    auth_may_all(r, "bypassWriteBlockingMode"))
		return true;
	return refuse(error, 371, "User writes blocked");
}
