/* The server is asked to group by the key: it has to read the collection once
 * more, but it does so only after a build has failed. */
#include "engine/duplicates.h"

#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "base/msg.h"
#include "engine/held.h"
#include "mongo/catalog.h"

enum { GROUPS = 20, LINES = DUPLICATES_LINES, LINE_BYTES = 1000 };

/* {$group: {_id: {the key's values}, n: {$sum: 1}, first and last _id}}: two of
 * each group are enough, and bounded. */
static void
append_group(const bson_t *key, bson_t *stage)
{
	bson_t group, id;
	bson_iter_t it;
	uint32_t n = 0;

	BSON_APPEND_DOCUMENT_BEGIN(stage, "$group", &group);
	BSON_APPEND_DOCUMENT_BEGIN(&group, "_id", &id);
	for (bool more = bson_iter_init(&it, key);
	     more && bson_iter_next(&it);) {
		char *path = bson_strdup_printf("$%s", bson_iter_key(&it));

		array_add_text(&id, &n, path);
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
	BSON_APPEND_INT32(&stage, "$limit", GROUPS);
	bson_append_document_end(&pipeline, &stage);
	bson_append_array_end(command, &pipeline);
}

/* Cut between two characters. */
static void
add_line(bson_t *lines, const char *text)
{
	size_t len = strlen(text);
	char room[ARRAY_KEY];
	uint32_t n = bson_count_keys(lines);

	if (n >= LINES)
		return;
	if (len > LINE_BYTES)
		for (len = LINE_BYTES; (text[len] & 0xc0) == 0x80; len--)
			;
	bson_append_utf8(lines, array_key(&n, room), -1, text, (int)len);
}

static void
add_group(bson_t *lines, const char *ns, const char *name, bson_iter_t *group)
{
	static const char *const fields[] = {"n", "first", "last"};
	bson_t one = BSON_INITIALIZER;
	bson_iter_t field;
	char *text, *line;

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (bson_iter_recurse(group, &field) &&
		    bson_iter_find(&field, fields[i]))
			bson_append_iter(&one, NULL, 0, &field);
	text = bson_as_relaxed_extended_json(&one, NULL);
	line = bson_strdup_printf("\"%s\": documents with equal keys of index "
				  "\"%s\", first and last _id: %s",
	    ns, name, text ? text : "?");
	add_line(lines, line);
	bson_free(line);
	bson_free(text);
	bson_destroy(&one);
}

static uint32_t
add_groups(bson_t *lines, const char *ns, const char *name, const bson_t *reply)
{
	bson_iter_t it, batch;
	uint32_t n = 0;

	if (!bson_iter_init(&it, reply) ||
	    !bson_iter_find_descendant(&it, "cursor.firstBatch", &batch) ||
	    !bson_iter_recurse(&batch, &it))
		return 0;
	for (; bson_iter_next(&it); n++)
		add_group(lines, ns, name, &it);
	return n;
}

/* How many were found, or -1. */
static int
ask(struct conn *c, const char *ns, const bson_t *spec, const bson_t *key,
    bson_t *lines, bson_error_t *error)
{
	bson_t command = BSON_INITIALIZER, reply;
	char db[NS_MAX + 1];
	const char *coll;
	bson_iter_t it;
	int n = -1;

	if (!ns_split(ns, db, &coll))
		return 0;
	BSON_APPEND_UTF8(&command, "aggregate", coll);
	append_pipeline(spec, key, &command);
	BCON_APPEND(
	    &command, "cursor", "{", "}", "allowDiskUse", BCON_BOOL(true));
	if (bson_iter_init_find(&it, spec, "collation"))
		bson_append_iter(&command, "collation", -1, &it);
	if (conn_read(c, db, &command, &reply, error))
		n = (int)add_groups(lines, ns, held_name(spec), &reply);
	bson_destroy(&reply);
	bson_destroy(&command);
	return n;
}

void
duplicates_list(struct conn *c, const char *ns, const bson_t *spec,
    const char *why, bson_t *lines)
{
	bson_error_t error = {0};
	bson_t key;
	char *line;
	int n = 0;

	if (doc_sub(spec, "key", &key))
		n = ask(c, ns, spec, &key, lines, &error);
	if (n > 0)
		return;
	line = bson_strdup_printf("\"%s\": index \"%s\": %s%s%s", ns,
	    held_name(spec), why, n < 0 ? "; could not list duplicates: " : "",
	    n < 0 ? error.message : "");
	add_line(lines, line);
	bson_free(line);
}

void
duplicates_tell(const bson_t *lines)
{
	bson_iter_t it;

	for (bool more = bson_iter_init(&it, lines);
	     more && bson_iter_next(&it);)
		if (BSON_ITER_HOLDS_UTF8(&it))
			msg_warn("%s", bson_iter_utf8(&it, NULL));
}
