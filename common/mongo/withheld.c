#include "mongo/withheld.h"

#include "base/array.h"
#include "mongo/control.h"
#include "mongo/cursor.h"

#define COLL "withheld"

/* A user and a role may have the same name. False: it names none. */
static bool
make_id(const char *job, const bson_t *change, bson_t *q)
{
	const char *kind = doc_text(change, "kind");
	const char *db = doc_text(change, "db");
	const char *name = doc_text(change, "name");

	bson_init(q);
	if (!kind || !db || !name)
		return false;
	BCON_APPEND(q, "_id", "{", "job", BCON_UTF8(job), "kind",
	    BCON_UTF8(kind), "db", BCON_UTF8(db), "name", BCON_UTF8(name), "}");
	return true;
}

bool
withheld_add(
    struct conn *c, const char *job, const bson_t *change, bson_error_t *error)
{
	struct control_result result;
	bson_t q, doc;
	bool ok = make_id(job, change, &q) ||
	    error_set(error, MM_EXIT_INTERNAL, 0, "withheld rights of nobody");

	if (ok) {
		bson_copy_to(&q, &doc);
		array_copy(change, "before", &doc);
		array_copy(change, "after", &doc);
		ok = control_update(c, COLL, &q, &doc, true, &result, error);
		bson_destroy(&doc);
	}
	bson_destroy(&q);
	return ok;
}

static void
append_change(bson_t *list, uint32_t *n, const bson_t *doc)
{
	bson_t id, change;

	if (!doc_sub(doc, "_id", &id) || !doc_text(&id, "kind") ||
	    !doc_text(&id, "db") || !doc_text(&id, "name"))
		return;
	array_begin(list, n, &change);
	BSON_APPEND_UTF8(&change, "kind", doc_text(&id, "kind"));
	BSON_APPEND_UTF8(&change, "db", doc_text(&id, "db"));
	BSON_APPEND_UTF8(&change, "name", doc_text(&id, "name"));
	array_copy(doc, "before", &change);
	array_copy(doc, "after", &change);
	bson_append_document_end(list, &change);
}

bool
withheld_read(
    struct conn *c, const char *job, bson_t *plan, bson_error_t *error)
{
	bson_t filter = BSON_INITIALIZER, list;
	struct cursor_opts opts = {
	    .db = CONTROL_DB, .coll = COLL, .filter = &filter};
	struct cursor *cur;
	enum cursor_got got;
	const bson_t *doc;
	uint32_t n = 0;

	bson_init(plan);
	BSON_APPEND_UTF8(&filter, "_id.job", job);
	cur = cursor_new(c, &opts);
	BSON_APPEND_ARRAY_BEGIN(plan, "changes", &list);
	while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		append_change(&list, &n, doc);
	bson_append_array_end(plan, &list);
	cursor_free(cur);
	bson_destroy(&filter);
	return got == CURSOR_END;
}

bool
withheld_remove(struct conn *c, const char *job, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&q, "_id.job", job);
	ok = control_delete(c, COLL, &q, error);
	bson_destroy(&q);
	return ok;
}
