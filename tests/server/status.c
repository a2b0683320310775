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
			 v50[] = {5, 0, 31, 0}, v60[] = {6, 0, 19, 0};

	switch (sim.set.fcv) {
	case 44:
		return v44;
	case 49:
		return v49;
	case 50:
		return v50;
	default:
		return v60;
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
	size_t mark = out_open(r->reply, "connections", BSON_TYPE_DOCUMENT);

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
	out_close(r->reply, mark);
	mark = out_open(r->reply, "storageEngine", BSON_TYPE_DOCUMENT);
	out_text(r->reply, "name", "wiredTiger");
	out_bool(r->reply, "supportsCommittedReads", true);
	out_bool(r->reply, "persistent", false);
	out_close(r->reply, mark);
	return true;
}

bool
cmd_connection_status(struct request *r, bson_error_t *error)
{
	(void)error;
	auth_put_status(r);
	return true;
}

bool
cmd_end_sessions(struct request *r, bson_error_t *error)
{
	(void)r, (void)error;
	return true;
}

static void
put_optimes(struct request *r)
{
	size_t mark = out_open(r->reply, "optimes", BSON_TYPE_DOCUMENT);

	out_optime(r->reply, "lastCommittedOpTime", sim.committed);
	out_date(r->reply, "lastCommittedWallTime", sim.committed_wall);
	out_optime(r->reply, "readConcernMajorityOpTime", sim.committed);
	out_optime(r->reply, "appliedOpTime", sim.last);
	out_optime(r->reply, "durableOpTime", sim.last);
	out_date(r->reply, "lastAppliedWallTime", sim.last_wall);
	out_date(r->reply, "lastDurableWallTime", sim.last_wall);
	out_close(r->reply, mark);
	out_ts(r->reply, "lastStableRecoveryTimestamp", ts_of(sim.committed));
}

static void
put_election(struct request *r)
{
	struct optime none = {0, 0, -1};
	size_t mark =
	    out_open(r->reply, "electionCandidateMetrics", BSON_TYPE_DOCUMENT);

	out_text(r->reply, "lastElectionReason", "electionTimeout");
	out_date(r->reply, "lastElectionDate", sim.started_ms);
	out_i64(r->reply, "electionTerm", 1);
	out_optime(r->reply, "lastCommittedOpTimeAtElection", none);
	out_optime(r->reply, "lastSeenOpTimeAtElection", none);
	out_i32(r->reply, "numVotesNeeded", 1);
	out_double(r->reply, "priorityAtElection", 1);
	out_i64(r->reply, "electionTimeoutMillis", 10000);
	out_i64(r->reply, "numCatchUpOps", 0);
	out_date(r->reply, "newTermStartDate", sim.started_ms);
	out_date(r->reply, "wMajorityWriteAvailabilityDate", sim.started_ms);
	out_close(r->reply, mark);
}

static void
put_member(struct request *r)
{
	size_t array = out_open(r->reply, "members", BSON_TYPE_ARRAY);
	size_t mark = out_open(r->reply, "0", BSON_TYPE_DOCUMENT);

	out_i32(r->reply, "_id", 0);
	out_text(r->reply, "name", sim.set.host);
	out_double(r->reply, "health", 1);
	out_i32(r->reply, "state", 1);
	out_text(r->reply, "stateStr", "PRIMARY");
	out_int(r->reply, "uptime", (server_now() - sim.started_ms) / 1000);
	out_optime(r->reply, "optime", sim.last);
	out_date(r->reply, "optimeDate", (int64_t)sim.last.secs * 1000);
	out_text(r->reply, "syncSourceHost", "");
	out_i32(r->reply, "syncSourceId", -1);
	out_text(r->reply, "infoMessage", "");
	out_ts(r->reply, "electionTime",
	    (uint64_t)(sim.started_ms / 1000) << 32 | 1);
	out_date(r->reply, "electionDate", sim.started_ms / 1000 * 1000);
	out_i32(r->reply, "configVersion", 1);
	out_i32(r->reply, "configTerm", 1);
	out_bool(r->reply, "self", true);
	out_text(r->reply, "lastHeartbeatMessage", "");
	out_close(r->reply, mark);
	out_close(r->reply, array);
}

bool
cmd_repl_status(struct request *r, bson_error_t *error)
{
	(void)error;
	out_text(r->reply, "set", sim.set.set_name);
	out_date(r->reply, "date", server_now());
	out_i32(r->reply, "myState", 1);
	out_i64(r->reply, "term", sim.last.term);
	out_text(r->reply, "syncSourceHost", "");
	out_i32(r->reply, "syncSourceId", -1);
	out_i64(r->reply, "heartbeatIntervalMillis", 2000);
	out_i32(r->reply, "majorityVoteCount", 1);
	out_i32(r->reply, "writeMajorityCount", 1);
	out_i32(r->reply, "votingMembersCount", 1);
	out_i32(r->reply, "writableVotingMembersCount", 1);
	put_optimes(r);
	put_election(r);
	put_member(r);
	return true;
}

static void
put_config_member(struct request *r)
{
	size_t array = out_open(r->reply, "members", BSON_TYPE_ARRAY);
	size_t mark = out_open(r->reply, "0", BSON_TYPE_DOCUMENT);

	out_i32(r->reply, "_id", 0);
	out_text(r->reply, "host", sim.set.host);
	out_bool(r->reply, "arbiterOnly", false);
	out_bool(r->reply, "buildIndexes", true);
	out_bool(r->reply, "hidden", false);
	out_double(r->reply, "priority", 1);
	out_close(r->reply, out_open(r->reply, "tags", BSON_TYPE_DOCUMENT));
	out_i64(r->reply, "slaveDelay", 0);
	out_i32(r->reply, "votes", 1);
	out_close(r->reply, mark);
	out_close(r->reply, array);
}

static void
put_config_settings(struct request *r)
{
	size_t mark = out_open(r->reply, "settings", BSON_TYPE_DOCUMENT), sub;

	out_bool(r->reply, "chainingAllowed", true);
	out_i32(r->reply, "heartbeatIntervalMillis", 2000);
	out_i32(r->reply, "heartbeatTimeoutSecs", 10);
	out_i32(r->reply, "electionTimeoutMillis", 10000);
	out_i32(r->reply, "catchUpTimeoutMillis", -1);
	out_i32(r->reply, "catchUpTakeoverDelayMillis", 30000);
	out_close(r->reply,
	    out_open(r->reply, "getLastErrorModes", BSON_TYPE_DOCUMENT));
	sub = out_open(r->reply, "getLastErrorDefaults", BSON_TYPE_DOCUMENT);
	out_i32(r->reply, "w", 1);
	out_i32(r->reply, "wtimeout", 0);
	out_close(r->reply, sub);
	out_oid(r->reply, "replicaSetId", &sim.set_id);
	out_close(r->reply, mark);
}

bool
cmd_repl_config(struct request *r, bson_error_t *error)
{
	size_t mark = out_open(r->reply, "config", BSON_TYPE_DOCUMENT);

	(void)error;
	out_text(r->reply, "_id", sim.set.set_name);
	out_i32(r->reply, "version", 1);
	out_i32(r->reply, "term", 1);
	put_config_member(r);
	out_i64(r->reply, "protocolVersion", 1);
	out_bool(r->reply, "writeConcernMajorityJournalDefault", true);
	put_config_settings(r);
	out_close(r->reply, mark);
	return true;
}
