/* mongosim: a small replica-set member for tests, demo and benchmarks. Not
 * installed; no program knows of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/sig.h"
#include "catalog.h"
#include "feed.h"
#include "follow.h"
#include "net.h"
#include "request.h"
#include "server.h"

static int64_t port = 27017, entries = 1000000, txn_bytes = MAX_DOC;
static int64_t feed_rate = -1, window = 300, idle = 10;
static const char *set_name = "sim", *fcv = "4.9", *pose, *pidfile, *feed,
		  *follow;
static char *login;

static const struct opt rows[] = {
    {0, "port", "N", OPT_COUNT, &port,
	"listen on 127.0.0.1:N; 0: any free port (27017)", 0, 65535},
    {0, "replSet", "NAME", OPT_TEXT, &set_name, "name of the set (sim)"},
    {0, "fcv", "VERSION", OPT_CHOICE, &fcv,
	"behave as this version: 4.4, 4.9, 5.0, 6.0 or 8.0 (4.9)", 0, 0,
	"4.4|4.9|5.0|6.0|8.0"},
    {0, "oplog-entries", "N", OPT_COUNT, &entries,
	"size of the oplog, at most 1 GiB (1000000)", 2, INT64_MAX},
    {0, "txn-entry-bytes", "N", OPT_COUNT, &txn_bytes,
	"split a transaction over entries of about N bytes (16777216)", 1,
	MAX_DOC},
    {0, "snapshot-window", "SECONDS", OPT_COUNT, &window,
	"how far back snapshot reads can go, within 256 MiB; 0: not at all "
	"(300)",
	0, 1000000},
    {0, "noop-interval", "SECONDS", OPT_COUNT, &idle,
	"write a noop when nothing was written for so long; 0: never (10)", 0,
	1000000},
    {0, "auth", "USER:PASSWORD", OPT_SECRET, &login,
	"require a login (SCRAM-SHA-256): USER may do all; with the same "
	"password `reader` reads, `noplog` does all but local"},
    {0, "pose", "KIND", OPT_CHOICE, &pose,
	"look like a router, a shard member or no member of a set: mongos, "
	"shard or standalone",
	0, 0, "mongos|shard|standalone"},
    {0, "feed", "DIR", OPT_TEXT, &feed,
	"serve the recording in that folder (no writes of its own)"},
    {0, "feed-rate", "N", OPT_COUNT, &feed_rate,
	"N of its entries a second; 0: all at once (else: when told to)", 0,
	1000000},
    {0, "follow", "HOST:PORT", OPT_TEXT, &follow,
	"be a secondary of that mongosim of the same --replSet, from the "
	"begin of its oplog on"},
    {0, "pidfile", "FILE", OPT_TEXT, &pidfile, "write the process id there"},
};

static const struct opt_group groups[] = {OPT_GROUP("Options", rows)};

static const struct opt_program program = {
    "mongosim",
    "a small replica-set member for tests, in memory",
    "[options]",
    groups,
    1,
    0,
    0,
};

/* Before 4.9 there is no snapshot read outside of transactions. */
static int64_t
set_window(void)
{
	return strcmp(fcv, "4.4") == 0 ? 0 : window;
}

static bool
settings(struct settings *set, bson_error_t *error)
{
	char *colon = login ? strchr(login, ':') : NULL;

	*set = (struct settings){.set_name = set_name,
	    .port = (int)port,
	    .fcv_text = fcv,
	    .fcv = (fcv[0] - '0') * 10 + fcv[2] - '0',
	    .oplog_entries = entries,
	    .txn_entry_bytes = txn_bytes,
	    .window = set_window(),
	    .idle_ms = idle * 1000,
	    .pose = pose,
	    .feed = feed,
	    .follow = follow};
	if (follow && (feed || login || pose))
		return error_set(error, MM_EXIT_USAGE, 0,
		    "--follow goes without --feed, --auth and --pose");
	if (login && !colon)
		return error_set(
		    error, MM_EXIT_USAGE, 0, "--auth must be USER:PASSWORD");
	if (login) {
		*colon = '\0';
		set->user = login;
		set->password = colon + 1;
	}
	if (!net_listen(&set->port, error))
		return false;
	snprintf(set->host, sizeof set->host, "127.0.0.1:%d", set->port);
	return true;
}

static bool
write_pid(bson_error_t *error)
{
	FILE *f = pidfile ? fopen(pidfile, "w") : NULL;

	if (!pidfile)
		return true;
	if (!f || fprintf(f, "%ld\n", (long)getpid()) < 0 || fclose(f) != 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not write \"%s\"", pidfile);
	return true;
}

int
main(int argc, char **argv)
{
	struct settings set;
	bson_error_t error;
	int first, status;

	msg_init("mongosim");
	if (opt_parse(&program, argc, argv, &first, &status) == OPT_DONE)
		return status;
	sig_init();
	if (!settings(&set, &error) || !write_pid(&error)) {
		msg_error("%s", error.message);
		return error_status(&error);
	}
	server_init(&set);
	catalog_init();
	auth_init();
	if (feed && !feed_open(feed, feed_rate, &error)) {
		msg_error("%s", error.message);
		return error_status(&error);
	}
	if (follow && !follow_open(follow, &error)) {
		msg_error("%s", error.message);
		return error_status(&error);
	}
	printf("ready %s\n", set.host);
	fflush(stdout);
	net_serve();
	net_stop();
	if (pidfile)
		unlink(pidfile);
	bson_free(login);
	return 0;
}
