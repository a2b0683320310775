#include "engine/dump_query.h"

#include "base/ejson.h"
#include "io/file.h"
#include "mongo/cursor.h"

/* The job keeps it: a server takes no larger document than 16 MiB. */
#define TEXT_MAX (1u << 20)

/* What a file says is not shown: it may be there so that nobody sees it. */
static bson_t *
read_text(const char *text, const char *file, bson_error_t *error)
{
	bson_error_t why;
	bson_t *query = ejson_parse(text, &why);

	if (!query)
		error_set(error, MM_EXIT_USAGE, 0,
		    "%s%s%s is no query in Extended JSON%s%s",
		    file ? "\"" : "--query", file ? file : "", file ? "\"" : "",
		    file ? "" : ": ", file ? "" : why.message);
	return query;
}

bson_t *
dump_query_read(const char *text, const char *file, bson_error_t *error)
{
	struct buf b = BUF_INIT;
	bson_t *query = NULL;

	if (text)
		return read_text(text, NULL, error);
	if (file_read(file, TEXT_MAX, &b, error)) {
		buf_add_byte(&b, 0);
		query = read_text((const char *)b.data, file, error);
	}
	buf_release(&b);
	return query;
}

/* Asks for no document that is likely to be there, in the way in which all are
 * read: not every query goes with that ($text, $near). */
static bool
try(struct conn *c, const struct coll *coll, const bson_t *query,
    bson_error_t *error)
{
	bson_t filter = BSON_INITIALIZER, more = BSON_INITIALIZER, doc;
	struct cursor_opts o = {.db = coll->db,
	    .coll = coll->name,
	    .filter = &filter,
	    .more = &more};
	int got;

	BCON_APPEND(&filter, "$and", "[", "{", "_id", BCON_MINKEY, "}",
	    BCON_DOCUMENT(query), "]");
	BCON_APPEND(&more, "hint", "{", "_id", BCON_INT32(1), "}");
	got = cursor_one(c, &o, &doc, error);
	bson_destroy(&doc);
	bson_destroy(&more);
	bson_destroy(&filter);
	if (got < 0 && !conn_no_reply(c) && !code_transient(error->code))
		error->domain = MM_ERR_DOMAIN + MM_EXIT_REFUSED;
	return got >= 0 || error_prefix(error, "\"%s\": the query", coll->ns);
}

bool
dump_query_check(struct conn *c, const struct ns_rules *rules,
    const bson_t *query, bson_error_t *error)
{
	struct coll_list list = {0};
	bool ok = catalog_list(c, rules, false, &list, error);

	if (ok && list.n > 1)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "a query is for one collection, %zu are selected", list.n);
	else if (ok && list.n == 1 && list.item[0].type == COLL_VIEW)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is a view: a query is for a collection",
		    list.item[0].ns);
	else if (ok && list.n == 1)
		ok = try(c, &list.item[0], query, error);
	coll_list_release(&list);
	return ok;
}
