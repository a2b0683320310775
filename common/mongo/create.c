/* Making collections on the target. */
#include "base/doc.h"
#include "mongo/catalog.h"

#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "mongo/driver.h"
#include "mongo/fields.h"
#include "mongo/raw.h"

#define CODE_BUSY 12587
#define BUSY_MS 500

enum option_class { OPTION_SENT, OPTION_HOST, OPTION_OWN, OPTION_UNKNOWN };

/* What create takes, what it takes from a server of the same make (and is left
 * out of what a log says: oplogs are applied on others), and what a server sets
 * itself. */
static enum option_class
option_class(const char *name)
{
	static const char *const sent[] = {"capped", "size", "max", "validator",
	    "validationLevel", "validationAction", "viewOn", "pipeline",
	    "collation", "indexOptionDefaults", "clusteredIndex",
	    "changeStreamPreAndPostImages", "expireAfterSeconds"};
	static const char *const host[] = {"storageEngine", "recordPreImages"};
	static const char *const own[] = {"create", "uuid", "idIndex", "temp",
	    "autoIndexId", "flags", "recordIdsReplicated"};

	for (size_t i = 0; i < sizeof sent / sizeof *sent; i++)
		if (strcmp(name, sent[i]) == 0)
			return OPTION_SENT;
	for (size_t i = 0; i < sizeof host / sizeof *host; i++)
		if (strcmp(name, host[i]) == 0)
			return OPTION_HOST;
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
put_options(struct buf *cmd, const char *ns, const bson_t *options, bool host)
{
	struct walk w;
	struct elem e;

	bool clustered = bson_has_field(options, "clusteredIndex");

	if (!walk_init(&w, bson_get_data(options), options->len))
		return;
	while (walk_next(&w, &e))
		switch (option_class(e.name)) {
		case OPTION_HOST:
			if (host)
				raw_elem(cmd, &e);
			break;
		case OPTION_SENT:
			if (!clustered ||
			    strcmp(e.name, "expireAfterSeconds") != 0)
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

bool
driver_split(const char *ns, char *db, const char **coll, bson_error_t *error)
{
	if (ns_split(ns, db, coll))
		return true;
	return error_set(
	    error, MM_EXIT_REFUSED, 0, "\"%s\" is not a namespace", ns);
}

/* With the server's code. */
static bool
send_create(struct conn *c, const char *ns, const bson_t *options,
    const bson_t *indexes, bool host, bson_error_t *error)
{
	struct buf b = BUF_INIT;
	char db[NS_MAX + 1];
	const char *coll;
	bson_t cmd;
	bool ok;

	if (!driver_split(ns, db, &coll, error))
		return false;
	raw_begin(&b);
	raw_text(&b, "create", coll);
	if (options)
		put_options(&b, ns, options, host);
	if (options && indexes)
		put_id_index(&b, options, indexes);
	raw_end(&b, 0);
	raw_view(&b, 0, &cmd);
	ok = conn_ddl(c, db, &cmd, NULL, error);
	buf_release(&b);
	return ok;
}

static bool
has_host(const bson_t *options)
{
	struct walk w;
	struct elem e;

	if (options && walk_init(&w, bson_get_data(options), options->len))
		while (walk_next(&w, &e))
			if (option_class(e.name) == OPTION_HOST)
				return true;
	return false;
}

/* It may take the rest. */
static bool
turned_down(struct conn *c, const bson_error_t *why)
{
	return !conn_no_reply(c) && why->code != CODE_EXISTS &&
	    why->code != CODE_UNAUTHORIZED && !code_transient(why->code);
}

static bool
create(struct conn *c, const char *ns, const bson_t *options,
    const bson_t *indexes, bool host, bool *existed, bson_error_t *error)
{
	bson_error_t why, first;
	int found;
	bool ok;

	*existed = false;
	/* From 7.0 on create of what is there with equal options is fine. */
	found = catalog_has(c, ns, error);
	if (found) {
		*existed = found > 0;
		return found > 0;
	}
	ok = send_create(c, ns, options, indexes, host, &why);
	if (!ok && host && turned_down(c, &why)) {
		first = why;
		ok = send_create(c, ns, options, indexes, false, &why);
		if (ok)
			msg_warn("\"%s\" is made without options that the "
				 "target does not take (storageEngine, "
				 "recordPreImages): %s",
			    ns, first.message);
	}
	if (!ok && why.code == CODE_EXISTS)
		return *existed = true;
	if (!ok && error)
		*error = why;
	return ok || error_prefix(error, "could not create \"%s\"", ns);
}

bool
catalog_create(struct conn *c, const char *ns, const bson_t *options,
    const bson_t *indexes, bool *existed, bson_error_t *error)
{
	return create(c, ns, options, indexes, false, existed, error);
}

bool
catalog_create_copy(struct conn *c, const char *ns, const bson_t *options,
    const bson_t *indexes, bool *existed, bson_error_t *error)
{
	return create(
	    c, ns, options, indexes, has_host(options), existed, error);
}

bool
catalog_drop(struct conn *c, const char *ns, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	bson_error_t why;
	char db[NS_MAX + 1];
	const char *coll;
	int told = 0;
	bool ok;

	if (!driver_split(ns, db, &coll, error))
		return false;
	BSON_APPEND_UTF8(&cmd, "drop", coll);
	/* Servers before 4.4 drop no collection whose indexes are being built;
	 * later ones end the build. */
	while (!(ok = conn_ddl(c, db, &cmd, NULL, &why)) &&
	    why.code == CODE_BUSY && sig_sleep(BUSY_MS))
		if (!told++)
			msg_info("\"%s\": the target is building indexes of "
				 "it: is dropped after that",
			    ns);
	ok = ok || why.code == CODE_NO_NAMESPACE;
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

static enum field_rule
option_rule(const char *name)
{
	if (option_class(name) != OPTION_SENT)
		return FIELD_SKIP;
	return strcmp(name, "capped") == 0 ? FIELD_TRUTH : FIELD_VALUE;
}

static enum field_rule
cluster_rule(const char *name)
{
	return strcmp(name, "expireAfterSeconds") == 0 ? FIELD_SKIP
						       : option_rule(name);
}

bool
options_same(const bson_t *a, const bson_t *b, char **what)
{
	return fields_same(a, b,
	    bson_has_field(a, "clusteredIndex") ? cluster_rule : option_rule,
	    what);
}
