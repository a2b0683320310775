/* Reading the catalogue of a side. */
#include "mongo/catalog.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "mongo/cursor.h"
#include "mongo/driver.h"
#include "mongo/names.h"

/* Documents of a command's cursor, owned. */
struct docs {
	bson_t **item;
	size_t n;
};

static void
docs_release(struct docs *d)
{
	for (size_t i = 0; i < d->n; i++)
		bson_destroy(d->item[i]);
	bson_free(d->item);
	*d = (struct docs){0};
}

static bool
collect(struct conn *c, const char *db, const bson_t *command, struct docs *out,
    bson_error_t *error)
{
	struct cursor *cur = cursor_new_command(c, db, command);
	enum cursor_got got;
	const bson_t *doc;

	*out = (struct docs){0};
	while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC) {
		out->item =
		    bson_realloc(out->item, (out->n + 1) * sizeof *out->item);
		out->item[out->n++] = bson_copy(doc);
	}
	cursor_free(cur);
	if (got == CURSOR_END)
		return true;
	docs_release(out);
	return false;
}

static enum coll_type
type_of(const bson_t *info)
{
	const char *type = doc_text(info, "type");

	if (type && strcmp(type, "view") == 0)
		return COLL_VIEW;
	if ((type && strcmp(type, "timeseries") == 0) ||
	    bson_has_field(info, "options.timeseries"))
		return COLL_TIMESERIES;
	return doc_bool(info, "options.capped") ? COLL_CAPPED : COLL_PLAIN;
}

static bool
list_collections(struct conn *c, const char *db, const char *name,
    struct docs *out, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, filter;
	bool ok;

	BSON_APPEND_INT32(&cmd, "listCollections", 1);
	BSON_APPEND_DOCUMENT_BEGIN(&cmd, "filter", &filter);
	if (name)
		BSON_APPEND_UTF8(&filter, "name", name);
	bson_append_document_end(&cmd, &filter);
	ok = collect(c, db, &cmd, out, error);
	bson_destroy(&cmd);
	return ok;
}

/* 1, 0 the collection is gone, -1. */
static int
list_indexes(struct conn *c, const char *db, const char *name, bson_t *array,
    bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	bson_error_t why;
	struct docs docs;
	uint32_t n = 0;
	bool ok;

	BSON_APPEND_UTF8(&cmd, "listIndexes", name);
	ok = collect(c, db, &cmd, &docs, &why);
	bson_destroy(&cmd);
	if (!ok && error)
		*error = why;
	if (!ok)
		return why.code == CODE_NO_NAMESPACE ? 0 : -1;
	for (size_t i = 0; i < docs.n; i++)
		array_add(array, &n, docs.item[i]);
	docs_release(&docs);
	return 1;
}

/* Without the right to see it, 0. */
static void
read_stats(struct conn *c, struct coll *coll)
{
	bson_t cmd = BSON_INITIALIZER, reply;

	BSON_APPEND_UTF8(&cmd, "collStats", coll->name);
	if (conn_read(c, coll->db, &cmd, &reply, NULL)) {
		coll->est_docs = doc_int(&reply, "count");
		coll->est_bytes = doc_int(&reply, "size");
	}
	bson_destroy(&reply);
	bson_destroy(&cmd);
}

/* `out` is filled from one document of listCollections. 1, 0 gone, -1. */
static int
fill(struct conn *c, const char *db, const bson_t *info, struct coll *out,
    bson_error_t *error)
{
	const char *name = doc_text(info, "name"), *locale;
	bson_t options;
	int n;

	memset(out, 0, sizeof *out);
	bson_init(&out->options);
	bson_init(&out->indexes);
	n = snprintf(out->ns, sizeof out->ns, "%s.%s", db, name);
	if (n < 0 || (size_t)n >= sizeof out->ns ||
	    !ns_split(out->ns, out->db, &out->name)) {
		error_set(error, MM_EXIT_REFUSED, 0,
		    "%s: namespace \"%s.%s\" is too long", c->server->where, db,
		    name);
		return -1;
	}
	out->type = type_of(info);
	if (doc_sub(info, "options", &options))
		bson_concat(&out->options, &options);
	out->has_uuid =
	    doc_bytes(info, "info.uuid", out->uuid, sizeof out->uuid);
	locale = doc_text(info, "options.collation.locale");
	out->collated = locale && strcmp(locale, "simple") != 0;
	if (out->type == COLL_VIEW || out->type == COLL_TIMESERIES)
		return 1;
	n = list_indexes(c, db, out->name, &out->indexes, error);
	if (n == 1)
		index_add_lifetime(&out->options, &out->indexes);
	return n;
}

static bool
is_data(const struct ns_rules *rules, const char *db, const bson_t *info)
{
	const char *name = doc_text(info, "name");
	char ns[2 * NS_MAX];

	/* What system.views holds is carried as views. */
	if (!name || strcmp(name, "system.views") == 0)
		return false;
	snprintf(ns, sizeof ns, "%s.%s", db, name);
	return ns_selected(rules, ns);
}

struct listing {
	struct coll **item;
	size_t n;
};

static void
listing_add(struct listing *l, struct coll *coll)
{
	l->item = bson_realloc(l->item, (l->n + 1) * sizeof *l->item);
	l->item[l->n++] = coll;
}

struct listed {
	struct conn *conn;
	const struct ns_rules *rules;
	bool with_stats;
	struct listing out;
};

/* The server keeps collections of its own beside an encrypted one, and looks
 * into its documents: it is more than they are. */
static const char *
unsupported(const struct coll *c)
{
	if (c->type == COLL_TIMESERIES)
		return "a time series";
	return bson_has_field(&c->options, "encryptedFields") ? "an encrypted"
							      : NULL;
}

static bool
list_db(void *arg, const char *db, bson_error_t *error)
{
	struct listed *l = arg;
	struct docs docs;
	bool ok = list_collections(l->conn, db, NULL, &docs, error);

	for (size_t i = 0; ok && i < docs.n; i++) {
		const char *what;
		struct coll *coll;
		int got;

		if (!is_data(l->rules, db, docs.item[i]))
			continue;
		coll = BSON_ALIGNED_ALLOC(struct coll);
		got = fill(l->conn, db, docs.item[i], coll, error);
		if (got == 1 && (what = unsupported(coll))) {
			error_set(error, MM_EXIT_REFUSED, 0,
			    "%s: \"%s\" is %s collection: not supported, "
			    "exclude it",
			    l->conn->server->where, coll->ns, what);
			got = -1;
		}
		if (got == 1) {
			if (l->with_stats && coll->type != COLL_VIEW)
				read_stats(l->conn, coll);
			listing_add(&l->out, coll);
		} else {
			coll_release(coll);
			bson_free(coll);
		}
		ok = got >= 0;
	}
	docs_release(&docs);
	return ok;
}

static int
by_name(const void *a, const void *b)
{
	const struct coll *x = *(struct coll *const *)a,
			  *y = *(struct coll *const *)b;

	if ((x->type == COLL_VIEW) != (y->type == COLL_VIEW))
		return x->type == COLL_VIEW ? 1 : -1;
	return strcmp(x->ns, y->ns);
}

typedef bool each_db(void *arg, const char *db, bson_error_t *error);

/* Every database of which something is selected. */
static bool
each_selected(struct conn *c, const struct ns_rules *rules, each_db *each,
    void *arg, bson_error_t *error)
{
	struct textset names = {0};
	bool ok = names_databases(c, &names, error);

	for (size_t i = 0; ok && i < names.n; i++)
		if (ns_db_selected(rules, names.item[i]))
			ok = each(arg, names.item[i], error);
	textset_release(&names);
	return ok;
}

struct telling {
	struct conn *conn;
	bool (*each)(void *arg, const char *ns, const bson_t *info);
	void *arg;
};

static bool
tell_one(void *arg, const char *db, bson_error_t *error)
{
	struct telling *t = arg;
	struct docs docs;
	bool more = true,
	     ok = list_collections(t->conn, db, NULL, &docs, error);

	for (size_t i = 0; ok && more && i < docs.n; i++) {
		const char *name = doc_text(docs.item[i], "name");
		char *ns = bson_strdup_printf("%s.%s", db, name ? name : "");

		more = t->each(t->arg, ns, docs.item[i]);
		bson_free(ns);
	}
	docs_release(&docs);
	return ok && more;
}

bool
catalog_each(struct conn *c, const struct ns_rules *rules,
    bool (*each)(void *arg, const char *ns, const bson_t *info), void *arg,
    bson_error_t *error)
{
	struct telling t = {c, each, arg};

	return each_selected(c, rules, tell_one, &t, error);
}

/* A bson_t must not be moved in memory: each is copied to its place. */
static void
settle(struct coll *to, struct coll *from)
{
	memcpy(to, from, offsetof(struct coll, options));
	bson_copy_to(&from->options, &to->options);
	bson_copy_to(&from->indexes, &to->indexes);
	to->collated = from->collated;
	to->est_docs = from->est_docs;
	to->est_bytes = from->est_bytes;
	to->name = to->ns + (from->name - from->ns);
}

bool
catalog_list(struct conn *c, const struct ns_rules *rules, bool with_stats,
    struct coll_list *out, bson_error_t *error)
{
	struct listed listed = {c, rules, with_stats, {0}};
	bool ok = each_selected(c, rules, list_db, &listed, error);
	struct listing *l = &listed.out;

	*out = (struct coll_list){0};
	if (ok && l->n) {
		qsort(l->item, l->n, sizeof *l->item, by_name);
		out->item = bson_aligned_alloc0(
		    BSON_ALIGNOF(struct coll), l->n * sizeof *out->item);
		for (out->n = 0; out->n < l->n; out->n++)
			settle(&out->item[out->n], l->item[out->n]);
	}
	for (size_t i = 0; i < l->n; i++) {
		coll_release(l->item[i]);
		bson_free(l->item[i]);
	}
	bson_free(l->item);
	return ok;
}

/* The collection's document of listCollections, found by name: not every server
 * heeds the filter. `use` may be NULL. */
static int
look_up(struct conn *c, const char *ns, struct coll *use, bson_error_t *error)
{
	char db[NS_MAX + 1];
	const char *name;
	struct docs docs;
	int got = 0;

	if (!ns_split(ns, db, &name)) {
		error_set(
		    error, MM_EXIT_USAGE, 0, "\"%s\" is not a namespace", ns);
		return -1;
	}
	if (!list_collections(c, db, name, &docs, error))
		return -1;
	for (size_t i = 0; i < docs.n && got == 0; i++) {
		const char *there = doc_text(docs.item[i], "name");

		if (there && strcmp(there, name) == 0)
			got = use ? fill(c, db, docs.item[i], use, error) : 1;
	}
	docs_release(&docs);
	return got;
}

int
catalog_one(
    struct conn *c, const char *ns, struct coll *out, bson_error_t *error)
{
	memset(out, 0, sizeof *out);
	bson_init(&out->options);
	bson_init(&out->indexes);
	return look_up(c, ns, out, error);
}

int
catalog_has(struct conn *c, const char *ns, bson_error_t *error)
{
	return look_up(c, ns, NULL, error);
}

void
coll_release(struct coll *c)
{
	bson_destroy(&c->options);
	bson_destroy(&c->indexes);
}

void
coll_list_release(struct coll_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		coll_release(&list->item[i]);
	bson_free(list->item);
	*list = (struct coll_list){0};
}
