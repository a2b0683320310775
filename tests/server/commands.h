/* mongosim: every command there is. Defined by subject in the files named. */
#ifndef SIM_COMMANDS_H
#define SIM_COMMANDS_H

#include "request.h"

/* What a caller must be allowed to do (auth.h). */
enum access {
	ACCESS_NONE, /* the handshake: before a login */
	ACCESS_ANY,  /* whoever is logged in */
	ACCESS_READ, /* of the database, or collection, in the command */
	ACCESS_WRITE,
	ACCESS_STATUS, /* cluster-wide reads */
	ACCESS_CLUSTER /* cluster-wide changes */
};

enum {
	CMD_ADMIN = 1,       /* only on the database admin */
	CMD_CONCERN = 2,     /* waits for its write concern */
	CMD_NO_FAULT = 4,    /* simulate itself, and the handshake */
	CMD_TRANSACTION = 8, /* allowed in a transaction */
	CMD_CATALOG = 16     /* waits for open transactions */
};

struct command {
	const char *name;
	command_fn *run;
	enum access access;
	int flags;
};

/* write_block.c: 371. */
bool write_block_allows(
    const struct request *r, const struct command *c, bson_error_t *error);
/* NULL: no such command. */
const struct command *command_find(const char *name);

/* hello.c */
void put_topology(struct request *r);
command_fn cmd_hello, cmd_is_master, cmd_ping, cmd_build_info;
/* status.c */
command_fn cmd_get_parameter, cmd_get_cmd_line_opts, cmd_server_status,
    cmd_end_sessions;
/* repl_status.c */
command_fn cmd_repl_status, cmd_repl_config;
/* members.c */
command_fn cmd_update_position;
/* fsync.c */
command_fn cmd_fsync, cmd_fsync_unlock;
/* auth.c */
command_fn cmd_sasl_start, cmd_sasl_continue, cmd_logout;
/* find.c */
command_fn cmd_find, cmd_get_more, cmd_kill_cursors;
/* aggregate.c */
command_fn cmd_aggregate, cmd_count, cmd_distinct;
/* write.c, update_cmd.c */
command_fn cmd_insert, cmd_update, cmd_delete;
/* bulk_cmd.c */
command_fn cmd_bulk_write;
/* find_modify.c */
command_fn cmd_find_and_modify;
/* list.c */
command_fn cmd_list_databases, cmd_list_collections, cmd_list_indexes,
    cmd_coll_stats, cmd_db_stats;
/* ddl.c */
command_fn cmd_create, cmd_drop, cmd_drop_database, cmd_rename_collection,
    cmd_convert_to_capped, cmd_coll_mod, cmd_append_oplog_note;
/* index_cmd.c */
command_fn cmd_create_indexes, cmd_drop_indexes;
/* trans_cmd.c */
command_fn cmd_commit_transaction, cmd_abort_transaction,
    cmd_prepare_transaction;
/* ops.c */
command_fn cmd_current_op, cmd_kill_op, cmd_kill_sessions;
/* write_block.c */
command_fn cmd_write_block;
/* account_info.c */
command_fn cmd_users_info, cmd_roles_info, cmd_connection_status;
/* user_cmd.c, role_cmd.c, merge_accounts.c */
command_fn cmd_create_user, cmd_update_user, cmd_drop_user,
    cmd_grant_roles_to_user, cmd_revoke_roles_from_user,
    cmd_invalidate_user_cache, cmd_create_role, cmd_update_role, cmd_drop_role,
    cmd_grant_to_role, cmd_revoke_from_role, cmd_merge_accounts;
/* apply_ops.c */
command_fn cmd_apply_ops;
/* election.c */
command_fn cmd_step_down;
/* fault.c */
command_fn cmd_simulate;

#endif
