#include "commands.h"

#include <string.h>

static const struct command table[] = {
    {"hello", cmd_hello, ACCESS_NONE, CMD_NO_FAULT},
    {"isMaster", cmd_is_master, ACCESS_NONE, CMD_NO_FAULT},
    {"ismaster", cmd_is_master, ACCESS_NONE, CMD_NO_FAULT},
    {"ping", cmd_ping, ACCESS_NONE, 0},
    {"buildInfo", cmd_build_info, ACCESS_NONE, 0},
    {"buildinfo", cmd_build_info, ACCESS_NONE, 0},
    {"saslStart", cmd_sasl_start, ACCESS_NONE, 0},
    {"saslContinue", cmd_sasl_continue, ACCESS_NONE, 0},
    {"logout", cmd_logout, ACCESS_NONE, 0},
    {"endSessions", cmd_end_sessions, ACCESS_NONE, 0},
    {"connectionStatus", cmd_connection_status, ACCESS_NONE, 0},
    {"getParameter", cmd_get_parameter, ACCESS_STATUS, CMD_ADMIN},
    {"getCmdLineOpts", cmd_get_cmd_line_opts, ACCESS_STATUS, CMD_ADMIN},
    {"serverStatus", cmd_server_status, ACCESS_STATUS, 0},
    {"replSetGetStatus", cmd_repl_status, ACCESS_STATUS, CMD_ADMIN},
    {"replSetGetConfig", cmd_repl_config, ACCESS_STATUS, CMD_ADMIN},
    {"find", cmd_find, ACCESS_READ, CMD_TRANSACTION},
    {"getMore", cmd_get_more, ACCESS_READ, CMD_TRANSACTION},
    {"killCursors", cmd_kill_cursors, ACCESS_ANY, CMD_TRANSACTION},
    {"aggregate", cmd_aggregate, ACCESS_READ, CMD_TRANSACTION},
    {"count", cmd_count, ACCESS_READ, 0},
    {"distinct", cmd_distinct, ACCESS_READ, CMD_TRANSACTION},
    {"insert", cmd_insert, ACCESS_WRITE, CMD_CONCERN | CMD_TRANSACTION},
    {"update", cmd_update, ACCESS_WRITE, CMD_CONCERN | CMD_TRANSACTION},
    {"delete", cmd_delete, ACCESS_WRITE, CMD_CONCERN | CMD_TRANSACTION},
    {"findAndModify", cmd_find_and_modify, ACCESS_WRITE,
	CMD_CONCERN | CMD_TRANSACTION},
    {"findandmodify", cmd_find_and_modify, ACCESS_WRITE,
	CMD_CONCERN | CMD_TRANSACTION},
    {"listDatabases", cmd_list_databases, ACCESS_ANY, CMD_ADMIN},
    {"listCollections", cmd_list_collections, ACCESS_READ, 0},
    {"listIndexes", cmd_list_indexes, ACCESS_READ, 0},
    {"collStats", cmd_coll_stats, ACCESS_READ, 0},
    {"collstats", cmd_coll_stats, ACCESS_READ, 0},
    {"dbStats", cmd_db_stats, ACCESS_READ, 0},
    {"dbstats", cmd_db_stats, ACCESS_READ, 0},
    {"create", cmd_create, ACCESS_WRITE, CMD_CONCERN | CMD_TRANSACTION},
    {"drop", cmd_drop, ACCESS_WRITE, CMD_CONCERN | CMD_CATALOG},
    {"dropDatabase", cmd_drop_database, ACCESS_WRITE,
	CMD_CONCERN | CMD_CATALOG},
    {"renameCollection", cmd_rename_collection, ACCESS_WRITE,
	CMD_ADMIN | CMD_CONCERN | CMD_CATALOG},
    {"convertToCapped", cmd_convert_to_capped, ACCESS_WRITE,
	CMD_CONCERN | CMD_CATALOG},
    {"collMod", cmd_coll_mod, ACCESS_WRITE, CMD_CONCERN | CMD_CATALOG},
    {"createIndexes", cmd_create_indexes, ACCESS_WRITE,
	CMD_CONCERN | CMD_CATALOG},
    {"dropIndexes", cmd_drop_indexes, ACCESS_WRITE, CMD_CONCERN | CMD_CATALOG},
    {"deleteIndexes", cmd_drop_indexes, ACCESS_WRITE,
	CMD_CONCERN | CMD_CATALOG},
    {"appendOplogNote", cmd_append_oplog_note, ACCESS_CLUSTER,
	CMD_ADMIN | CMD_CONCERN},
    {"commitTransaction", cmd_commit_transaction, ACCESS_ANY,
	CMD_ADMIN | CMD_CONCERN | CMD_TRANSACTION},
    {"abortTransaction", cmd_abort_transaction, ACCESS_ANY,
	CMD_ADMIN | CMD_CONCERN | CMD_TRANSACTION},
    {"prepareTransaction", cmd_prepare_transaction, ACCESS_ANY,
	CMD_ADMIN | CMD_CONCERN | CMD_TRANSACTION},
    {"applyOps", cmd_apply_ops, ACCESS_CLUSTER, CMD_ADMIN | CMD_CONCERN},
    {"replSetStepDown", cmd_step_down, ACCESS_CLUSTER, CMD_ADMIN},
    {"simulate", cmd_simulate, ACCESS_NONE, CMD_ADMIN | CMD_NO_FAULT},
};

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}
