/* side_rights URI DB VERB [FILE]: common/mongo/rights.h and ops.h by hand, the
 * selection being one database.
 *
 *   plan        the plan of grants.h, as JSON; the own account is kept
 *   block FILE  takes away what the plan in FILE says; undo gives it back
 *   token FILE  how those that it changes are now
 *   ops, kill   open transactions and writes: counted; ended
 *   apps        who is there, as JSON
 */
#include <stdio.h>
#include <string.h>

#include "base/msg.h"
#include "model/grants.h"
#include "mongo/ops.h"
#include "mongo/rights.h"

static bool
selects_db(const void *arg, const char *db)
{
	return strcmp(arg, db) == 0;
}

static bool
selects_ns(const void *arg, const char *ns)
{
	size_t n = strlen(arg);

	return strncmp(ns, arg, n) == 0 && ns[n] == '.';
}

static void
print(const bson_t *doc)
{
	char *text = bson_as_canonical_extended_json(doc, NULL);

	puts(text);
	bson_free(text);
}

static bool
plan(struct conn *c, const char *db, bson_error_t *error)
{
	bson_t out = BSON_INITIALIZER, own = BSON_INITIALIZER;
	const char *keep = NULL;
	struct rights r;
	bson_iter_t it;
	bool ok = rights_fetch(c, &r, error) && rights_own(c, &own, error);

	if (bson_iter_init(&it, &own) && bson_iter_next(&it))
		keep = bson_iter_utf8(&it, NULL);
	ok = ok &&
	    grants_plan(&(struct grants_scope){selects_ns, selects_db,
			    selects_db, db, NULL, 0, &keep, keep ? 1 : 0},
		&r.users, &r.roles, &out, error);
	if (ok)
		print(&out);
	rights_release(&r);
	bson_destroy(&own);
	bson_destroy(&out);
	return ok;
}

static bool
with_plan(
    struct conn *c, const char *verb, const char *file, bson_error_t *error)
{
	bson_json_reader_t *reader =
	    bson_json_reader_new_from_file(file, error);
	bson_t doc = BSON_INITIALIZER;
	char token[65];
	bool ok = reader && bson_json_reader_read(reader, &doc, error) > 0;

	if (ok && strcmp(verb, "block") == 0) {
		ok = rights_block(c, &doc, error);
	} else if (ok && strcmp(verb, "undo") == 0) {
		ok = rights_undo(c, &doc, error);
	} else if (ok) {
		ok = rights_token(c, &doc, token, error);
		if (ok)
			puts(token);
	}
	if (reader)
		bson_json_reader_destroy(reader);
	bson_destroy(&doc);
	return ok;
}

static bool
running(struct conn *c, const char *db, const char *verb, bson_error_t *error)
{
	struct ops_scope scope = {selects_ns, db, "mm-"};
	bson_t names = BSON_INITIALIZER;
	struct ops o;
	bool ok;

	if (strcmp(verb, "apps") == 0) {
		ok = ops_by_app(c, &scope, &names, error);
		if (ok)
			print(&names);
		bson_destroy(&names);
		return ok;
	}
	ok = ops_list(c, &scope, &o, error) &&
	    (strcmp(verb, "kill") != 0 || ops_kill(c, &o, error));
	if (ok)
		printf("%u transactions, %u writes, %s\n", o.transactions,
		    o.writes, o.oldest_us > 0 ? "old" : "new");
	ops_release(&o);
	return ok;
}

int
main(int argc, char **argv)
{
	struct server_flags flags = {0};
	bson_error_t error = {0};
	struct server *s;
	struct conn *c;
	bool ok = false;

	msg_init("side_rights");
	if (argc < 4)
		return 2;
	flags.uri = bson_strdup(argv[1]);
	s = server_open(SIDE_TARGET, &flags, NULL, false, &error);
	c = s ? conn_open(s, &error) : NULL;
	if (c && strcmp(argv[3], "plan") == 0)
		ok = plan(c, argv[2], &error);
	else if (c && argc == 5)
		ok = with_plan(c, argv[3], argv[4], &error);
	else if (c)
		ok = running(c, argv[2], argv[3], &error);
	conn_close(c);
	if (s)
		server_close(s);
	if (!ok)
		msg_error("%s", error.message);
	return ok ? 0 : (int)error_status(&error);
}
