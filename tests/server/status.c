/* mongosim: what a server says about itself. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "commands.h"

static const int *
version(void)
{
	static const int v44[] = {4, 4, 29, 0}, v49[] = {4, 9, 0, 0},
			 v50[] = {5, 0, 31, 0}, v60[] = {6, 0, 19, 0},
			 v80[] = {8, 0, 4, 0};

	switch (sim.set.fcv) {
	case 44:
		return v44;
	case 49:
		return v49;
	case 50:
		return v50;
	case 60:
		return v60;
	default:
		return v80;
	}
}

static void
put_version(struct request *r)
{
	const int *v = version();
	char text[32];

	snprintf(text, sizeof text, "%d.%d.%d", v[0], v[1], v[2]);
	out_text(r->reply, "version", text);
}

bool
cmd_build_info(struct request *r, bson_error_t *error)
{
	static const char *const engines[] = {
	    "devnull", "ephemeralForTest", "wiredTiger"};
	static const char *const environment[] = {"distmod", "distarch", "cc",
	    "ccflags", "cxx", "cxxflags", "linkflags", "target_arch",
	    "target_os", "cppdefines"};
	const int *v = version();
	char text[INDEX_TEXT];
	size_t mark;

	(void)error;
	put_version(r);
	out_text(r->reply, "gitVersion", "mongosim");
	out_close(r->reply, out_open(r->reply, "modules", BSON_TYPE_ARRAY));
	out_text(r->reply, "allocator", "system");
	out_text(r->reply, "javascriptEngine", "none");
	out_text(r->reply, "sysInfo", "deprecated");
	mark = out_open(r->reply, "versionArray", BSON_TYPE_ARRAY);
	for (uint32_t i = 0; i < 4; i++)
		out_i32(r->reply, index_text(i, text), v[i]);
	out_close(r->reply, mark);
	mark = out_open(r->reply, "openssl", BSON_TYPE_DOCUMENT);
	out_text(r->reply, "running", "disabled");
	out_text(r->reply, "compiled", "disabled");
	out_close(r->reply, mark);
	mark = out_open(r->reply, "buildEnvironment", BSON_TYPE_DOCUMENT);
	for (size_t i = 0; i < sizeof environment / sizeof *environment; i++)
		out_text(r->reply, environment[i], "");
	out_close(r->reply, mark);
	out_i32(r->reply, "bits", 64);
	out_bool(r->reply, "debug", false);
	out_i32(r->reply, "maxBsonObjectSize", MAX_DOC);
	mark = out_open(r->reply, "storageEngines", BSON_TYPE_ARRAY);
	for (uint32_t i = 0; i < 3; i++)
		out_text(r->reply, index_text(i, text), engines[i]);
	out_close(r->reply, mark);
	return true;
}

bool
cmd_get_parameter(struct request *r, bson_error_t *error)
{
	size_t mark;

	if (!arg_bool(r, "featureCompatibilityVersion"))
		return refuse(error, 0, "no option found to get");
	mark = out_open(
	    r->reply, "featureCompatibilityVersion", BSON_TYPE_DOCUMENT);
	out_text(r->reply, "version", sim.set.fcv_text);
	out_close(r->reply, mark);
	return true;
}

bool
cmd_get_cmd_line_opts(struct request *r, bson_error_t *error)
{
	size_t mark, net;

	(void)error;
	mark = out_open(r->reply, "argv", BSON_TYPE_ARRAY);
	out_text(r->reply, "0", "mongosim");
	out_close(r->reply, mark);
	mark = out_open(r->reply, "parsed", BSON_TYPE_DOCUMENT);
	net = out_open(r->reply, "net", BSON_TYPE_DOCUMENT);
	out_i32(r->reply, "port", sim.set.port);
	out_close(r->reply, net);
	net = out_open(r->reply, "replication", BSON_TYPE_DOCUMENT);
	out_text(r->reply, "replSet", sim.set.set_name);
	out_close(r->reply, net);
	out_close(r->reply, mark);
	return true;
}

static void
put_counters(struct request *r)
{
	size_t mark = out_open(r->reply, "connections", BSON_TYPE_DOCUMENT),
	       sub;

	out_int(r->reply, "current", sim.connections);
	out_int(r->reply, "available", 10000);
	out_int(r->reply, "totalCreated", sim.total_connections);
	out_close(r->reply, mark);
	mark = out_open(r->reply, "opcounters", BSON_TYPE_DOCUMENT);
	out_i64(r->reply, "insert", sim.inserts);
	out_i64(r->reply, "query", sim.queries);
	out_i64(r->reply, "update", sim.updates);
	out_i64(r->reply, "delete", sim.deletes);
	out_i64(r->reply, "getmore", sim.getmores);
	out_i64(r->reply, "command", sim.commands);
	out_close(r->reply, mark);
	mark = out_open(r->reply, "metrics", BSON_TYPE_DOCUMENT);
	sub = out_open(r->reply, "document", BSON_TYPE_DOCUMENT);
	out_i64(r->reply, "returned", sim.returned);
	out_close(r->reply, sub);
	out_close(r->reply, mark);
}

bool
cmd_server_status(struct request *r, bson_error_t *error)
{
	int64_t up = server_now() - sim.started_ms;
	size_t mark, sub;

	(void)error;
	out_text(r->reply, "host", sim.set.host);
	put_version(r);
	out_text(r->reply, "process", "mongod");
	out_i64(r->reply, "pid", getpid());
	out_double(r->reply, "uptime", (double)(up / 1000));
	out_i64(r->reply, "uptimeMillis", up);
	out_date(r->reply, "localTime", server_now());
	put_counters(r);
	mark = out_open(r->reply, "repl", BSON_TYPE_DOCUMENT);
	sub = out_open(r->reply, "hosts", BSON_TYPE_ARRAY);
	out_text(r->reply, "0", sim.set.host);
	out_close(r->reply, sub);
	out_text(r->reply, "setName", sim.set.set_name);
	out_i32(r->reply, "setVersion", 1);
	out_bool(r->reply, "isWritablePrimary", true);
	out_bool(r->reply, "secondary", false);
	out_text(r->reply, "primary", sim.set.host);
	out_text(r->reply, "me", sim.set.host);
	if (sim.set.fcv >= 60) /* 1: off, 2: on */
		out_i32(
		    r->reply, "userWriteBlockMode", sim.write_block ? 2 : 1);
	out_close(r->reply, mark);
	mark = out_open(r->reply, "storageEngine", BSON_TYPE_DOCUMENT);
	out_text(r->reply, "name", "wiredTiger");
	out_bool(r->reply, "supportsCommittedReads", true);
	out_bool(r->reply, "persistent", false);
	out_close(r->reply, mark);
	return true;
}

bool
cmd_end_sessions(struct request *r, bson_error_t *error)
{
	(void)r, (void)error;
	return true;
}
