#include "mongo/build_op.h"

#include <stdio.h>
#include <string.h>

#include "base/doc.h"

#define PREFIX "Index Build"

/* "Index Build: PHASE Index Build: PHASE: 5/10 50%", or "Index Build: PHASE".
 * Before 4.2 there are no phases: "Index Build Index Build: 5/10 50%". */
static void
read_phase(const char *msg, char *phase, size_t size)
{
	const char *from, *end;

	if (strncmp(msg, PREFIX ": ", strlen(PREFIX ": ")) != 0)
		return;
	from = msg + strlen(PREFIX ": ");
	end = strstr(from, " " PREFIX);
	if (!end)
		end = from + strcspn(from, ":");
	snprintf(phase, size, "%.*s", (int)(end - from), from);
}

bool
build_op_read(const bson_t *op, struct build_op *out)
{
	const char *coll = doc_text(op, "command.createIndexes");
	const char *db = doc_text(op, "ns"), *msg = doc_text(op, "msg");
	size_t len = db ? strcspn(db, ".") : 0;

	*out = (struct build_op){.ns = ""};
	if (!coll || len == 0 || len + 1 + strlen(coll) > NS_MAX)
		return false;
	snprintf(out->ns, sizeof out->ns, "%.*s.%s", (int)len, db, coll);
	if (msg)
		read_phase(msg, out->phase, sizeof out->phase);
	out->done = doc_int(op, "progress.done");
	out->total = doc_int(op, "progress.total");
	return true;
}

/* The specifications stay where they are. */
static void
make_command(bool all, bson_t *cmd)
{
	BCON_APPEND(cmd, "aggregate", BCON_INT32(1), "pipeline", "[", "{",
	    "$currentOp", "{", "allUsers", BCON_BOOL(all), "}", "}", "{",
	    "$match", "{", "command.createIndexes", "{", "$exists",
	    BCON_BOOL(true), "}", "}", "}", "{", "$project", "{", "ns",
	    BCON_INT32(1), "msg", BCON_INT32(1), "progress", BCON_INT32(1),
	    "command.createIndexes", BCON_INT32(1), "}", "}", "]", "cursor",
	    "{", "batchSize", BCON_INT32(100000), "}");
}

bool
build_ops_each(struct conn *c, bool all,
    void (*each)(void *arg, const struct build_op *op), void *arg,
    bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, reply, list, op;
	struct build_op found;
	bson_iter_t it;
	bool ok;

	make_command(all, &cmd);
	ok = conn_command(c, "admin", &cmd, &reply, error);
	if (ok && doc_sub(&reply, "cursor.firstBatch", &list) &&
	    bson_iter_init(&it, &list))
		while (doc_next(&it, &op))
			if (build_op_read(&op, &found))
				each(arg, &found);
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return ok;
}
