/* Making indexes on the target. */
#include <string.h>
#include <time.h>

#include "base/doc.h"
#include "mongo/catalog.h"
#include "mongo/driver.h"
#include "mongo/raw.h"

#define DAY_SECONDS 86400
#define COLL_MOD_MS 2000
#define CODE_OPTIONS_CONFLICT 85
#define NAMES_SHOWN 5

/* Name of the index that the server's text about duplicate keys tells, or of
 * the first one. The text itself holds keys of documents. */
static char *
guilty_index(const char *text, const bson_t *specs)
{
	const char *at = strstr(text, " index: "), *name;
	bson_t first;

	if (at) {
		at += strlen(" index: ");
		return bson_strndup(at, strcspn(at, " "));
	}
	name = doc_sub(specs, "0", &first) ? doc_text(&first, "name") : NULL;
	return bson_strdup(name ? name : "?");
}

/* "index "a"", or "indexes "a", "b"". */
static char *
names_of(const bson_t *specs)
{
	struct buf b = BUF_INIT;
	bson_iter_t it;
	char *list, *text;
	bson_t spec;
	int n = 0;

	bson_iter_init(&it, specs);
	while (doc_next(&it, &spec))
		if (n++ < NAMES_SHOWN)
			buf_add_format(&b, "%s\"%s\"", n > 1 ? ", " : "",
			    doc_text_or(&spec, "name", "?"));
	if (n > NAMES_SHOWN)
		buf_add_format(&b, " and %d more", n - NAMES_SHOWN);
	list = buf_take_text(&b);
	text = bson_strdup_printf("%s %s", n > 1 ? "indexes" : "index", list);
	bson_free(list);
	return text;
}

static bool
send_indexes(struct conn *c, const char *ns, const bson_t *cmd,
    const bson_t *specs, bson_error_t *error)
{
	bson_error_t why;
	char db[NS_MAX + 1], *name;
	const char *coll;

	if (!driver_split(ns, db, &coll, error))
		return false;
	if (conn_ddl(c, db, cmd, NULL, &why))
		return true;
	name = guilty_index(why.message, specs);
	if (why.code == CODE_DUPLICATE)
		error_set(error, error_status(&why), (int)why.code,
		    "could not build unique index \"%s\" of \"%s\": "
		    "duplicate keys",
		    name, ns);
	else if (error) {
		char *names = names_of(specs);

		*error = why;
		error_prefix(error, "could not build %s of \"%s\"", names, ns);
		bson_free(names);
	}
	bson_free(name);
	return false;
}

/* An index without collation that stands in a collection with one was made with
 * the simple one: without a word it would get that of the collection, and a
 * text index would be refused. */
static void
append_simple(bson_t *spec)
{
	bson_t collation;

	BSON_APPEND_DOCUMENT_BEGIN(spec, "collation", &collation);
	BSON_APPEND_UTF8(&collation, "locale", "simple");
	bson_append_document_end(spec, &collation);
}

static bool
has_collation(
    struct conn *c, const char *ns, bool *collated, bson_error_t *error)
{
	struct coll there;
	int got = catalog_one(c, ns, &there, error);

	*collated = got > 0 && there.collated;
	coll_release(&there);
	return got >= 0;
}

bool
catalog_create_indexes(
    struct conn *c, const char *ns, const bson_t *specs, bson_error_t *error)
{
	struct buf b = BUF_INIT;
	char db[NS_MAX + 1];
	const char *coll;
	size_t array;
	struct walk w;
	struct elem e;
	bson_t cmd, spec, clean;
	bool ok, collated;

	if (bson_count_keys(specs) == 0)
		return true;
	if (!driver_split(ns, db, &coll, error) ||
	    !has_collation(c, ns, &collated, error))
		return false;
	raw_begin(&b);
	raw_text(&b, "createIndexes", coll);
	array = raw_begin_in(&b, BSON_TYPE_ARRAY, "indexes");
	if (walk_init(&w, bson_get_data(specs), specs->len))
		while (walk_next(&w, &e)) {
			if (!bson_init_static(&spec, e.value.data, e.value.len))
				continue;
			index_normalise(&spec, &clean);
			if (collated && !bson_has_field(&clean, "collation"))
				append_simple(&clean);
			raw_bytes(&b, BSON_TYPE_DOCUMENT, e.name,
			    bson_get_data(&clean), clean.len);
			bson_destroy(&clean);
		}
	raw_end(&b, array);
	raw_end(&b, 0);
	raw_view(&b, 0, &cmd);
	ok = send_indexes(c, ns, &cmd, specs, error);
	buf_release(&b);
	return ok;
}

/* The spec with another lifetime, as the only one of an array. */
static void
with_lifetime(const bson_t *spec, int32_t seconds, bson_t *array)
{
	bson_t one = BSON_INITIALIZER;

	bson_copy_to_excluding_noinit(spec, &one, "expireAfterSeconds", NULL);
	BSON_APPEND_INT32(&one, "expireAfterSeconds", seconds);
	bson_init(array);
	BSON_APPEND_DOCUMENT(array, "0", &one);
	bson_destroy(&one);
}

bool
catalog_set_ttl(struct conn *c, const char *ns, const char *index,
    int64_t seconds, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	char db[NS_MAX + 1];
	const char *coll;
	bool ok;

	if (!driver_split(ns, db, &coll, error))
		return false;
	BSON_APPEND_UTF8(&cmd, "collMod", coll);
	if (*index)
		BCON_APPEND(&cmd, "index", "{", "name", BCON_UTF8(index),
		    "expireAfterSeconds", BCON_INT64(seconds), "}");
	else if (seconds == TTL_ASLEEP)
		BSON_APPEND_UTF8(&cmd, "expireAfterSeconds", "off");
	else
		BSON_APPEND_INT64(&cmd, "expireAfterSeconds", seconds);
	BSON_APPEND_INT32(&cmd, "maxTimeMS", COLL_MOD_MS);
	ok = conn_ddl(c, db, &cmd, NULL, error);
	bson_destroy(&cmd);
	return ok ||
	    error_prefix(error,
		"could not set the lifetime of index \"%s\" of \"%s\"", index,
		ns);
}

/* No createIndexes takes such a lifetime: it was set when the index was ready.
 */
static bool
was_ready(const bson_t *spec)
{
	int64_t seconds;

	return index_is_ttl(spec, &seconds) && seconds > time(NULL);
}

/* An index of that name with another lifetime: of a load before; or being made
 * by a run that was killed, and then its very own specification waits for it
 * (of one that is ready it does nothing). */
static bool
wait_for_name(
    struct conn *c, const char *ns, const char *name, bson_error_t *error)
{
	bson_t one, array = BSON_INITIALIZER;
	struct coll there;
	bson_iter_t it;
	bool ok = catalog_one(c, ns, &there, error) >= 0;

	bson_iter_init(&it, &there.indexes);
	while (ok && bson_empty(&array) && doc_next(&it, &one))
		if (strcmp(doc_text_or(&one, "name", ""), name) == 0 &&
		    !was_ready(&one))
			BSON_APPEND_DOCUMENT(&array, "0", &one);
	ok = ok && catalog_create_indexes(c, ns, &array, error);
	coll_release(&there);
	bson_destroy(&array);
	return ok;
}

bool
catalog_create_ttl_asleep(
    struct conn *c, const char *ns, const bson_t *spec, bson_error_t *error)
{
	const char *name = doc_text_or(spec, "name", "");
	bson_error_t why;
	bson_t array;
	bool ok;

	/* The longest that every version takes: up to the present time. */
	with_lifetime(spec, (int32_t)(time(NULL) - DAY_SECONDS), &array);
	ok = catalog_create_indexes(c, ns, &array, &why);
	bson_destroy(&array);
	if (!ok && why.code == CODE_OPTIONS_CONFLICT)
		ok = wait_for_name(c, ns, name, &why);
	if (!ok) {
		if (error)
			*error = why;
		return false;
	}
	return catalog_set_ttl(c, ns, name, TTL_ASLEEP, error);
}
