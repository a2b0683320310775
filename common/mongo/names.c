#include "mongo/names.h"

#include <string.h>

#include "mongo/cursor.h"
#include "mongo/driver.h"

bool
names_databases(struct conn *c, struct textset *names, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, reply, dbs;
	bson_iter_t it, field;
	bool ok;

	BCON_APPEND(
	    &cmd, "listDatabases", BCON_INT32(1), "nameOnly", BCON_BOOL(true));
	ok = conn_read(c, "admin", &cmd, &reply, error);
	if (ok && doc_sub(&reply, "databases", &dbs) &&
	    bson_iter_init(&it, &dbs))
		while (bson_iter_next(&it))
			if (bson_iter_recurse(&it, &field) &&
			    bson_iter_find(&field, "name") &&
			    BSON_ITER_HOLDS_UTF8(&field))
				textset_add(
				    names, bson_iter_utf8(&field, NULL));
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return ok;
}

static bool
is_view(const bson_t *doc)
{
	const char *type = doc_text(doc, "type");

	return type && strcmp(type, "view") == 0;
}

bool
names_collections(struct conn *c, const char *db, bool views,
    struct textset *names, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	struct cursor *cur;
	enum cursor_got got;
	const bson_t *doc;

	BCON_APPEND(&cmd, "listCollections", BCON_INT32(1), "nameOnly",
	    BCON_BOOL(true));
	cur = cursor_new_command(c, db, &cmd);
	while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		if (doc_text(doc, "name") && (views || !is_view(doc)))
			textset_take(names,
			    bson_strdup_printf(
				"%s.%s", db, doc_text(doc, "name")));
	cursor_free(cur);
	bson_destroy(&cmd);
	return got == CURSOR_END;
}
