/* mongosim: what a member tells of its set. */
#include "commands.h"
#include "members.h"

static int32_t
majority(void)
{
	return (int32_t)members_count() / 2 + 1;
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
	out_i32(r->reply, "numVotesNeeded", majority());
	out_double(r->reply, "priorityAtElection", 1);
	out_i64(r->reply, "electionTimeoutMillis", 10000);
	out_i64(r->reply, "numCatchUpOps", 0);
	out_date(r->reply, "newTermStartDate", sim.started_ms);
	out_date(r->reply, "wMajorityWriteAvailabilityDate", sim.started_ms);
	out_close(r->reply, mark);
}

/* What the member that is asked knows of the others: their heartbeats. */
static void
put_heartbeats(struct request *r, const struct member *m)
{
	int64_t heard = server_now() - (server_tick() - m->heard);

	out_optime(r->reply, "optimeDurable", m->last);
	out_date(r->reply, "optimeDate", (int64_t)m->last.secs * 1000);
	out_date(r->reply, "optimeDurableDate", (int64_t)m->last.secs * 1000);
	out_date(r->reply, "lastHeartbeat", heard);
	out_date(r->reply, "lastHeartbeatRecv", heard);
	out_i64(r->reply, "pingMs", 0);
	out_text(r->reply, "lastHeartbeatMessage", "");
}

static void
put_state(struct request *r, const struct member *m, bool primary)
{
	bool alive = members_alive(m);

	out_double(r->reply, "health", alive);
	out_i32(r->reply, "state", !alive ? 8 : primary ? 1 : 2);
	out_text(r->reply, "stateStr",
	    !alive        ? "(not reachable/healthy)"
		: primary ? "PRIMARY"
			  : "SECONDARY");
}

static void
put_member(struct request *r, int32_t i)
{
	const struct member *m = members_at((size_t)i);
	bool self = members_is_self(m);
	bool primary = i == 0 && !(self && sim.secondary);
	const char *from = primary ? "" : members_at(0)->host;
	char text[INDEX_TEXT];
	size_t mark = out_open(
	    r->reply, index_text((uint32_t)i, text), BSON_TYPE_DOCUMENT);

	out_i32(r->reply, "_id", i);
	out_text(r->reply, "name", m->host);
	put_state(r, m, primary);
	out_int(r->reply, "uptime", (server_now() - sim.started_ms) / 1000);
	out_optime(r->reply, "optime", m->last);
	if (self)
		out_date(r->reply, "optimeDate", (int64_t)m->last.secs * 1000);
	else
		put_heartbeats(r, m);
	out_text(r->reply, "syncSourceHost", from);
	out_i32(r->reply, "syncSourceId", primary ? -1 : 0);
	out_text(r->reply, "infoMessage", "");
	if (primary) {
		out_ts(r->reply, "electionTime",
		    (uint64_t)(sim.started_ms / 1000) << 32 | 1);
		out_date(
		    r->reply, "electionDate", sim.started_ms / 1000 * 1000);
	}
	out_i32(r->reply, "configVersion", 1);
	out_i32(r->reply, "configTerm", 1);
	if (self) {
		out_bool(r->reply, "self", true);
		out_text(r->reply, "lastHeartbeatMessage", "");
	}
	out_close(r->reply, mark);
}

bool
cmd_repl_status(struct request *r, bson_error_t *error)
{
	int32_t n = (int32_t)members_count();
	size_t array;

	(void)error;
	out_text(r->reply, "set", sim.set.set_name);
	out_date(r->reply, "date", server_now());
	out_i32(r->reply, "myState", sim.secondary ? 2 : 1);
	out_i64(r->reply, "term", sim.last.term);
	out_text(r->reply, "syncSourceHost",
	    sim.set.follow ? members_at(0)->host : "");
	out_i32(r->reply, "syncSourceId", sim.set.follow ? 0 : -1);
	out_i64(r->reply, "heartbeatIntervalMillis", 2000);
	out_i32(r->reply, "majorityVoteCount", majority());
	out_i32(r->reply, "writeMajorityCount", majority());
	out_i32(r->reply, "votingMembersCount", n);
	out_i32(r->reply, "writableVotingMembersCount", n);
	put_optimes(r);
	if (!sim.secondary)
		put_election(r);
	array = out_open(r->reply, "members", BSON_TYPE_ARRAY);
	for (int32_t i = 0; i < n; i++)
		put_member(r, i);
	out_close(r->reply, array);
	return true;
}

static void
put_config_member(struct request *r, int32_t i)
{
	char text[INDEX_TEXT];
	size_t mark = out_open(
	    r->reply, index_text((uint32_t)i, text), BSON_TYPE_DOCUMENT);

	out_i32(r->reply, "_id", i);
	out_text(r->reply, "host", members_at((size_t)i)->host);
	out_bool(r->reply, "arbiterOnly", false);
	out_bool(r->reply, "buildIndexes", true);
	out_bool(r->reply, "hidden", false);
	out_double(r->reply, "priority", i == 0);
	out_close(r->reply, out_open(r->reply, "tags", BSON_TYPE_DOCUMENT));
	out_i64(r->reply, "slaveDelay", 0);
	out_i32(r->reply, "votes", 1);
	out_close(r->reply, mark);
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
	size_t mark = out_open(r->reply, "config", BSON_TYPE_DOCUMENT), array;

	(void)error;
	out_text(r->reply, "_id", sim.set.set_name);
	out_i32(r->reply, "version", 1);
	out_i32(r->reply, "term", 1);
	array = out_open(r->reply, "members", BSON_TYPE_ARRAY);
	for (size_t i = 0; i < members_count(); i++)
		put_config_member(r, (int32_t)i);
	out_close(r->reply, array);
	out_i64(r->reply, "protocolVersion", 1);
	out_bool(r->reply, "writeConcernMajorityJournalDefault", true);
	put_config_settings(r);
	out_close(r->reply, mark);
	return true;
}
