/* Making collections and indexes on the target. */
#include "base/doc.h"
#include "mongo/catalog.h"

#include <string.h>
#include <time.h>

#include "base/msg.h"
#include "mongo/driver.h"
#include "mongo/fields.h"
#include "mongo/raw.h"

#define DAY_SECONDS 86400
#define COLL_MOD_MS 2000
#define CODE_OPTIONS_CONFLICT 85

enum option_class { OPTION_SENT, OPTION_OWN, OPTION_UNKNOWN };

/* What create takes, and what a server sets itself. */
static enum option_class
option_class(const char *name)
{
	static const char *const sent[] = {"capped", "size", "max", "validator",
	    "validationLevel", "validationAction", "viewOn", "pipeline",
	    "collation", "indexOptionDefaults", "clusteredIndex",
	    "changeStreamPreAndPostImages", "expireAfterSeconds"};
	static const char *const own[] = {"create", "uuid", "idIndex", "temp",
	    "autoIndexId", "flags", "storageEngine", "recordIdsReplicated",
	    "recordPreImages"};

	for (size_t i = 0; i < sizeof sent / sizeof *sent; i++)
		if (strcmp(name, sent[i]) == 0)
			return OPTION_SENT;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strcmp(name, own[i]) == 0)
			return OPTION_OWN;
	return OPTION_UNKNOWN;
}

/* The _id index with a collation of its own, without ns. */
static void
put_id_index(struct buf *cmd, const bson_t *options, const bson_t *indexes)
{
	bson_t spec, clean;
	bson_iter_t it;

	if (!bson_iter_init(&it, indexes))
		return;
	while (doc_next(&it, &spec)) {
		if (!index_is_id(&spec) || !bson_has_field(&spec, "collation"))
			continue;
		/* Clustered collections have no index of that kind. */
		if (bson_has_field(options, "clusteredIndex"))
			continue;
		index_normalise(&spec, &clean);
		raw_bytes(cmd, BSON_TYPE_DOCUMENT, "idIndex",
		    bson_get_data(&clean), clean.len);
		bson_destroy(&clean);
		return;
	}
}

static void
put_options(struct buf *cmd, const char *ns, const bson_t *options)
{
	struct walk w;
	struct elem e;

	if (!walk_init(&w, bson_get_data(options), options->len))
		return;
	while (walk_next(&w, &e))
		switch (option_class(e.name)) {
		case OPTION_SENT:
			raw_elem(cmd, &e);
			break;
		case OPTION_UNKNOWN:
			msg_warn("\"%s\": unknown option \"%s\" is left out",
			    ns, e.name);
			break;
		case OPTION_OWN:
			break;
		}
}

static bool
split(const char *ns, char *db, const char **coll, bson_error_t *error)
{
	if (ns_split(ns, db, coll))
		return true;
	return error_set(
	    error, MM_EXIT_REFUSED, 0, "\"%s\" is not a namespace", ns);
}

bool
catalog_create(struct conn *c, const char *ns, const bson_t *options,
    const bson_t *indexes, bool *existed, bson_error_t *error)
{
	struct buf b = BUF_INIT;
	bson_error_t why;
	char db[NS_MAX + 1];
	const char *coll;
	bson_t cmd;
	int found;
	bool ok;

	*existed = false;
	if (!split(ns, db, &coll, error))
		return false;
	/* From 7.0 on create of what is there with equal options is fine. */
	found = catalog_has(c, ns, error);
	if (found) {
		*existed = found > 0;
		return found > 0;
	}
	raw_begin(&b);
	raw_text(&b, "create", coll);
	if (options)
		put_options(&b, ns, options);
	if (options && indexes)
		put_id_index(&b, options, indexes);
	raw_end(&b, 0);
	raw_view(&b, 0, &cmd);
	ok = conn_ddl(c, db, &cmd, NULL, &why);
	buf_release(&b);
	if (!ok && why.code == CODE_EXISTS)
		return *existed = true;
	if (!ok && error)
		*error = why;
	return ok || error_prefix(error, "could not create \"%s\"", ns);
}

bool
catalog_drop(struct conn *c, const char *ns, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	bson_error_t why;
	char db[NS_MAX + 1];
	const char *coll;
	bool ok;

	if (!split(ns, db, &coll, error))
		return false;
	BSON_APPEND_UTF8(&cmd, "drop", coll);
	ok = conn_ddl(c, db, &cmd, NULL, &why) || why.code == CODE_NO_NAMESPACE;
	bson_destroy(&cmd);
	if (!ok && error)
		*error = why;
	return ok || error_prefix(error, "could not drop \"%s\"", ns);
}

bool
catalog_rename(
    struct conn *c, const char *from, const char *to, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	bson_error_t why;
	bool ok;

	BSON_APPEND_UTF8(&cmd, "renameCollection", from);
	BSON_APPEND_UTF8(&cmd, "to", to);
	ok = conn_ddl(c, "admin", &cmd, NULL, &why);
	bson_destroy(&cmd);
	if (!ok && why.code == CODE_EXISTS)
		why.domain = MM_ERR_DOMAIN + MM_EXIT_REFUSED;
	if (!ok && error)
		*error = why;
	return ok ||
	    error_prefix(error, "could not rename \"%s\" to \"%s\"", from, to);
}

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

static bool
send_indexes(struct conn *c, const char *ns, const bson_t *cmd,
    const bson_t *specs, bson_error_t *error)
{
	bson_error_t why;
	char db[NS_MAX + 1], *name;
	const char *coll;

	if (!split(ns, db, &coll, error))
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
		*error = why;
		error_prefix(error, "could not build indexes of \"%s\"", ns);
	}
	bson_free(name);
	return false;
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
	bool ok;

	if (bson_count_keys(specs) == 0)
		return true;
	if (!split(ns, db, &coll, error))
		return false;
	raw_begin(&b);
	raw_text(&b, "createIndexes", coll);
	array = raw_begin_in(&b, BSON_TYPE_ARRAY, "indexes");
	if (walk_init(&w, bson_get_data(specs), specs->len))
		while (walk_next(&w, &e)) {
			if (!bson_init_static(&spec, e.value.data, e.value.len))
				continue;
			index_normalise(&spec, &clean);
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
	struct buf b = BUF_INIT;
	struct walk w;
	struct elem e;
	bson_t view;

	raw_begin(&b);
	if (walk_init(&w, bson_get_data(spec), spec->len))
		while (walk_next(&w, &e))
			if (strcmp(e.name, "expireAfterSeconds") != 0)
				raw_elem(&b, &e);
	raw_int32(&b, "expireAfterSeconds", seconds);
	raw_end(&b, 0);
	raw_view(&b, 0, &view);
	bson_init(array);
	BSON_APPEND_DOCUMENT(array, "0", &view);
	buf_release(&b);
}

bool
catalog_set_ttl(struct conn *c, const char *ns, const char *index,
    int64_t seconds, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	char db[NS_MAX + 1];
	const char *coll;
	bool ok;

	if (!split(ns, db, &coll, error))
		return false;
	BCON_APPEND(&cmd, "collMod", BCON_UTF8(coll), "index", "{", "name",
	    BCON_UTF8(index), "expireAfterSeconds", BCON_INT64(seconds), "}",
	    "maxTimeMS", BCON_INT32(COLL_MOD_MS));
	ok = conn_ddl(c, db, &cmd, NULL, error);
	bson_destroy(&cmd);
	return ok ||
	    error_prefix(error,
		"could not set the lifetime of index \"%s\" of \"%s\"", index,
		ns);
}

bool
catalog_create_ttl_asleep(
    struct conn *c, const char *ns, const bson_t *spec, bson_error_t *error)
{
	const char *name = doc_text(spec, "name");
	bson_error_t why;
	bson_t array;
	bool ok;

	/* The longest that every version takes: up to the present time. */
	with_lifetime(spec, (int32_t)(time(NULL) - DAY_SECONDS), &array);
	ok = catalog_create_indexes(c, ns, &array, &why);
	bson_destroy(&array);
	/* There already with another lifetime, when a load is done again. */
	if (!ok && why.code != CODE_OPTIONS_CONFLICT) {
		if (error)
			*error = why;
		return false;
	}
	return catalog_set_ttl(c, ns, name ? name : "", TTL_ASLEEP, error);
}

static enum field_rule
option_rule(const char *name)
{
	if (option_class(name) != OPTION_SENT)
		return FIELD_SKIP;
	return strcmp(name, "capped") == 0 ? FIELD_TRUTH : FIELD_VALUE;
}

bool
options_same(const bson_t *a, const bson_t *b, char **what)
{
	return fields_same(a, b, option_rule, what);
}
