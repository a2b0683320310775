#include "engine/finish_index.h"

#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "engine/again.h"
#include "engine/held.h"
#include "mongo/catalog.h"

enum { CODE_DUPLICATE = 11000, VIOLATORS = 20 };

struct finish {
	struct conn *conn;
	struct job *job;
	bool wake;
	int64_t *built, *woken;
	int64_t refused;
	bool ok;
	bson_error_t *error;
};

/* ------------------------------------------------------------ violators */

/* {$group: {_id: {the key's values}, n: {$sum: 1}, first and last _id}}: two of
 * each group are enough, and bounded. */
static void
append_group(const bson_t *key, bson_t *stage)
{
	bson_t group, id;
	bson_iter_t it;

	BSON_APPEND_DOCUMENT_BEGIN(stage, "$group", &group);
	BSON_APPEND_DOCUMENT_BEGIN(&group, "_id", &id);
	for (bool more = bson_iter_init(&it, key);
	     more && bson_iter_next(&it);) {
		char *path = bson_strdup_printf("$%s", bson_iter_key(&it));
		char name[16];
		const char *k;

		bson_uint32_to_string(
		    bson_count_keys(&id), &k, name, sizeof name);
		BSON_APPEND_UTF8(&id, k, path);
		bson_free(path);
	}
	bson_append_document_end(&group, &id);
	BCON_APPEND(&group, "n", "{", "$sum", BCON_INT32(1), "}", "first", "{",
	    "$min", BCON_UTF8("$_id"), "}", "last", "{", "$max",
	    BCON_UTF8("$_id"), "}");
	bson_append_document_end(stage, &group);
}

static void
append_pipeline(const bson_t *spec, const bson_t *key, bson_t *command)
{
	bson_t pipeline, stage;
	bson_iter_t it;
	const char *k[] = {"0", "1", "2", "3"};
	int n = 0;

	BSON_APPEND_ARRAY_BEGIN(command, "pipeline", &pipeline);
	if (bson_iter_init_find(&it, spec, "partialFilterExpression")) {
		BSON_APPEND_DOCUMENT_BEGIN(&pipeline, k[n], &stage);
		bson_append_iter(&stage, "$match", -1, &it);
		bson_append_document_end(&pipeline, &stage);
		n++;
	}
	BSON_APPEND_DOCUMENT_BEGIN(&pipeline, k[n], &stage);
	append_group(key, &stage);
	bson_append_document_end(&pipeline, &stage);
	BSON_APPEND_DOCUMENT_BEGIN(&pipeline, k[n + 1], &stage);
	BCON_APPEND(
	    &stage, "$match", "{", "n", "{", "$gt", BCON_INT32(1), "}", "}");
	bson_append_document_end(&pipeline, &stage);
	BSON_APPEND_DOCUMENT_BEGIN(&pipeline, k[n + 2], &stage);
	BSON_APPEND_INT32(&stage, "$limit", VIOLATORS);
	bson_append_document_end(&pipeline, &stage);
	bson_append_array_end(command, &pipeline);
}

/* The `_id`s alone: documents are not logged, nor are their values. */
static void
tell(const char *ns, const char *name, const bson_t *reply)
{
	static const char *const fields[] = {"n", "first", "last"};
	bson_iter_t it, batch, field;

	if (!bson_iter_init(&it, reply) ||
	    !bson_iter_find_descendant(&it, "cursor.firstBatch", &batch) ||
	    !bson_iter_recurse(&batch, &it))
		return;
	while (bson_iter_next(&it)) {
		bson_t one = BSON_INITIALIZER;
		char *text;

		for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
			if (bson_iter_recurse(&it, &field) &&
			    bson_iter_find(&field, fields[i]))
				bson_append_iter(&one, NULL, 0, &field);
		text = bson_as_relaxed_extended_json(&one, NULL);
		msg_warn("\"%s\": documents with equal keys of index \"%s\", "
			 "first and last _id: %.1000s",
		    ns, name, text ? text : "?");
		bson_free(text);
		bson_destroy(&one);
	}
}

/* Keys that are arrays are told by the server's message alone. */
static void
list_violators(struct conn *c, const char *ns, const bson_t *spec)
{
	bson_t command = BSON_INITIALIZER, key, reply;
	char db[NS_MAX + 1];
	const char *coll;
	const uint8_t *data;
	bson_error_t why;
	bson_iter_t it;
	uint32_t len;

	if (ns_split(ns, db, &coll) && bson_iter_init_find(&it, spec, "key") &&
	    BSON_ITER_HOLDS_DOCUMENT(&it)) {
		bson_iter_document(&it, &len, &data);
		bson_init_static(&key, data, len);
		BSON_APPEND_UTF8(&command, "aggregate", coll);
		append_pipeline(spec, &key, &command);
		BCON_APPEND(&command, "cursor", "{", "}", "allowDiskUse",
		    BCON_BOOL(true));
		if (bson_iter_init_find(&it, spec, "collation"))
			bson_append_iter(&command, "collation", -1, &it);
		if (conn_read(c, db, &command, &reply, &why))
			tell(ns, held_name(spec), &reply);
		else
			msg_warn("\"%s\": could not list duplicates: %s", ns,
			    why.message);
		bson_destroy(&reply);
	}
	bson_destroy(&command);
}

/* ---------------------------------------------------------------- making */

static bool
set_lifetime(struct finish *f, const char *ns, const bson_t *spec)
{
	bson_t command = BSON_INITIALIZER;
	char db[NS_MAX + 1];
	const char *coll;
	unsigned tries = 0;
	int64_t seconds;
	bool ok;

	if (!index_is_ttl(spec, &seconds) || !ns_split(ns, db, &coll))
		return error_set(f->error, MM_EXIT_REFUSED, 0,
		    "\"%s\": index \"%s\" of the job has no lifetime", ns,
		    held_name(spec));
	BCON_APPEND(&command, "collMod", BCON_UTF8(coll), "index", "{", "name",
	    BCON_UTF8(held_name(spec)), "expireAfterSeconds",
	    BCON_INT64(seconds), "}");
	do
		ok = conn_ddl(f->conn, db, &command, NULL, f->error);
	while (!ok && again(f->conn, f->error, &tries));
	bson_destroy(&command);
	return ok || error_prefix(f->error, "\"%s\"", ns);
}

/* *made: it exists now. */
static bool
build(struct finish *f, const char *ns, const bson_t *spec, bool *made)
{
	bson_t one = BSON_INITIALIZER;
	unsigned tries = 0;
	bool ok;

	*made = false;
	BSON_APPEND_DOCUMENT(&one, "0", spec);
	do
		ok = index_is_ttl(spec, NULL)
		    ? catalog_create_ttl_asleep(f->conn, ns, spec, f->error)
		    : catalog_create_indexes(f->conn, ns, &one, f->error);
	while (!ok && again(f->conn, f->error, &tries));
	bson_destroy(&one);
	*made = ok;
	if (ok || f->error->code != CODE_DUPLICATE)
		return ok;
	msg_warn("%s", f->error->message);
	list_violators(f->conn, ns, spec);
	f->refused++;
	return true;
}

/* One index; the list is saved after each, so that a stop loses nothing. */
static bool
one(struct finish *f, const char *ns, const struct held *h, bson_t *list,
    bool born)
{
	bool made = true;
	bson_t spec;
	bool ok;

	if (sig_stopping())
		return error_set(f->error, MM_EXIT_STOPPED, 0,
		    "stopped by a signal before all indexes were made");
	if (strcmp(h->why, "unique") != 0 && !f->wake)
		return true;
	bson_copy_to(&h->spec, &spec);
	if (strcmp(h->why, "unique") == 0) {
		ok = build(f, ns, &spec, &made);
		*f->built += ok && made;
		if (made && index_is_ttl(&spec, NULL))
			held_put(list, ns, &spec, "ttl");
		else if (made)
			held_remove(list, held_name(&spec));
	} else {
		ok = set_lifetime(f, ns, &spec);
		*f->woken += ok;
		held_remove(list, held_name(&spec));
	}
	ok = ok && (!made || job_own_as(f->job, ns, list, born, f->error));
	bson_destroy(&spec);
	return ok;
}

static void
collection(void *arg, const char *ns)
{
	struct finish *f = arg;
	bson_t list, copy;
	struct held h;
	bool born;

	/* A unique index with a lifetime is first built, then woken. */
	for (int pass = 0; f->ok && pass < 2; pass++) {
		if (job_owned(f->job, ns, &list, &born, f->error) < 0) {
			f->ok = false;
			bson_destroy(&list);
			return;
		}
		bson_copy_to(&list, &copy);
		for (uint32_t i = 0; f->ok && held_at(&copy, i, &h); i++)
			if ((strcmp(h.why, "unique") == 0) == (pass == 0))
				f->ok = one(f, ns, &h, &list, born);
		bson_destroy(&copy);
		bson_destroy(&list);
	}
}

struct names {
	char **item;
	size_t n;
};

static void
note(void *arg, const char *ns)
{
	struct names *names = arg;

	names->item =
	    bson_realloc(names->item, (names->n + 1) * sizeof *names->item);
	names->item[names->n++] = bson_strdup(ns);
}

bool
finish_indexes(struct conn *c, struct job *j, bool wake, int64_t *built,
    int64_t *woken, bson_error_t *error)
{
	struct finish f = {.conn = c,
	    .job = j,
	    .wake = wake,
	    .built = built,
	    .woken = woken,
	    .ok = true,
	    .error = error};
	struct names names = {0};

	*built = *woken = 0;
	job_each_owned(j, note, &names);
	for (size_t i = 0; i < names.n; i++) {
		if (f.ok)
			collection(&f, names.item[i]);
		bson_free(names.item[i]);
	}
	bson_free(names.item);
	if (!f.ok || f.refused == 0)
		return f.ok;
	return error_set(error, MM_EXIT_NO, 0,
	    "%lld unique indexes could not be built: the documents named above "
	    "have equal keys",
	    (long long)f.refused);
}
