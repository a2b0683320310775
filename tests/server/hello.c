/* mongosim: the handshake. */
#include <string.h>

#include "auth.h"
#include "commands.h"
#include "members.h"

static int32_t
wire_version(void)
{
	switch (sim.set.fcv) {
	case 44:
		return 9;
	case 49:
		return 12;
	case 50:
		return 13;
	case 60:
		return 17;
	default:
		return 25;
	}
}

/* A client that knows the present topology waits until it changes. */
static void
await_change(struct request *r)
{
	int64_t max = arg_int(r, "maxAwaitTimeMS", -1);
	int64_t deadline = server_tick() + max;
	bson_t known;
	bson_iter_t it;

	if (max < 0 || !arg_doc(r, "topologyVersion", &known) ||
	    !bson_iter_init_find(&it, &known, "counter"))
		return;
	r->exhaust = r->exhaust_ok;
	if (!r->streaming && bson_iter_as_int64(&it) != sim.topology)
		return;
	for (int64_t seen = sim.topology; seen == sim.topology;)
		if (!server_wait(deadline))
			return;
}

void
put_topology(struct request *r)
{
	size_t mark = out_open(r->reply, "topologyVersion", BSON_TYPE_DOCUMENT);

	out_oid(r->reply, "processId", &sim.process_id);
	out_i64(r->reply, "counter", sim.topology);
	out_close(r->reply, mark);
}

static void
put_last_write(struct request *r)
{
	size_t mark = out_open(r->reply, "lastWrite", BSON_TYPE_DOCUMENT);

	out_optime(r->reply, "opTime", sim.last);
	out_date(r->reply, "lastWriteDate", sim.last_wall / 1000 * 1000);
	out_optime(r->reply, "majorityOpTime", sim.committed);
	out_date(
	    r->reply, "majorityWriteDate", sim.committed_wall / 1000 * 1000);
	out_close(r->reply, mark);
}

static void
put_set(struct request *r, const char *writable)
{
	size_t mark = out_open(r->reply, "hosts", BSON_TYPE_ARRAY);
	char text[INDEX_TEXT];

	for (size_t i = 0; i < members_count(); i++)
		out_text(r->reply, index_text((uint32_t)i, text),
		    members_at(i)->host);
	out_close(r->reply, mark);
	out_text(r->reply, "setName", sim.set.set_name);
	out_i32(r->reply, "setVersion", 1);
	out_bool(r->reply, writable, !sim.secondary);
	out_bool(r->reply, "secondary", sim.secondary);
	if (members_primary())
		out_text(r->reply, "primary", members_primary());
	out_text(r->reply, "me", sim.set.host);
	if (!sim.secondary)
		out_oid(r->reply, "electionId", &sim.election_id);
	put_last_write(r);
}

static void
take_app_name(struct request *r)
{
	bson_iter_t it, name;

	if (arg_find(r, "client", &it) && bson_iter_init(&it, &r->body) &&
	    bson_iter_find_descendant(&it, "client.application.name", &name) &&
	    BSON_ITER_HOLDS_UTF8(&name))
		snprintf(r->conn->app, sizeof r->conn->app, "%s",
		    bson_iter_utf8(&name, NULL));
}

static void
put_hello(struct request *r, const char *writable)
{
	take_app_name(r);
	await_change(r);
	if (arg_bool(r, "helloOk"))
		out_bool(r->reply, "helloOk", true);
	put_topology(r);
	if (sim.set.pose && strcmp(sim.set.pose, "mongos") == 0) {
		out_bool(r->reply, writable, true);
		out_text(r->reply, "msg", "isdbgrid");
	} else if (sim.set.pose && strcmp(sim.set.pose, "standalone") == 0) {
		out_bool(r->reply, writable, true);
	} else {
		put_set(r, writable);
	}
	out_i32(r->reply, "maxBsonObjectSize", MAX_DOC);
	out_i32(r->reply, "maxMessageSizeBytes", MAX_MESSAGE);
	out_i32(r->reply, "maxWriteBatchSize", MAX_BATCH);
	out_date(r->reply, "localTime", server_now());
	out_i32(r->reply, "logicalSessionTimeoutMinutes", 30);
	out_int(r->reply, "connectionId", r->conn->id);
	out_i32(r->reply, "minWireVersion", 0);
	out_i32(r->reply, "maxWireVersion", wire_version());
	out_bool(r->reply, "readOnly", false);
	auth_put_mechanisms(r);
}

bool
cmd_hello(struct request *r, bson_error_t *error)
{
	(void)error;
	put_hello(r, "isWritablePrimary");
	return true;
}

bool
cmd_is_master(struct request *r, bson_error_t *error)
{
	(void)error;
	put_hello(r, "ismaster");
	return true;
}

bool
cmd_ping(struct request *r, bson_error_t *error)
{
	(void)r, (void)error;
	return true;
}
