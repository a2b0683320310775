/* mongosim: renameCollection, within a database and across two. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "ddl.h"

struct names {
	char from_db[128], to_db[128];
	const char *from, *to; /* collections */
};

static bool
split(const char *ns, char db[128], const char **name)
{
	const char *dot = strchr(ns, '.');

	if (!dot || dot - ns >= 128)
		return false;
	snprintf(db, 128, "%.*s", (int)(dot - ns), ns);
	*name = dot + 1;
	return true;
}

static bool
read_names(struct request *r, struct names *n, bson_error_t *error)
{
	const char *from = arg_text(r, "renameCollection");
	const char *to = arg_text(r, "to");
	bson_error_t why;

	if (!from || !to)
		return refuse(
		    error, 14, "'renameCollection' must be of type String");
	if (!split(from, n->from_db, &n->from))
		return refuse(error, 73, "Invalid source namespace: %s", from);
	if (!split(to, n->to_db, &n->to))
		return refuse(error, 73, "Invalid target namespace: %s", to);
	if (!catalog_check_name(n->to_db, n->to, &why))
		return refuse(
		    error, 20, "error with target namespace: %s", why.message);
	return true;
}

static bool
copy_all(const struct coll *from, struct coll *to, bson_error_t *error)
{
	struct order_at at;

	for (bool more = order_first(&from->natural, &at); more;
	     more = order_next(&from->natural, &at)) {
		const struct doc *d = order_item(&from->natural, &at);

		if (d->len > 0 && !ddl_insert(to, d->data, d->len, true, error))
			return false;
	}
	return true;
}

static struct coll *
temporary(
    const char *db, const char *kind, const char *name, const bson_t *options)
{
	char text[300];

	snprintf(
	    text, sizeof text, "tmp%05lX.%s%s", random() & 0xfffff, kind, name);
	return ddl_create(db, text, options);
}

/* The server copies into a temporary collection of the other database and
 * renames that. */
static bool
across(struct coll *from, const struct names *n, struct coll *target,
    bson_error_t *error)
{
	struct coll *tmp =
	    temporary(n->to_db, "renameCollection", "", &from->options);

	for (size_t i = from->has_id; i < from->n_indexes; i++)
		coll_add_index(tmp, from->index[i].spec);
	if (!copy_all(from, tmp, error))
		return false;
	ddl_rename(tmp, n->to_db, n->to, target);
	ddl_drop(from);
	return true;
}

bool
cmd_convert_to_capped(struct request *r, bson_error_t *error)
{
	int64_t size = arg_int(r, "size", 0);
	const char *name;
	struct coll *from, *tmp;
	bson_t *options;

	if (!arg_coll_name(r, &name, error))
		return false;
	from = ddl_coll(r, name, "source collection does not exist", error);
	if (!from)
		return false;
	if (size <= 0)
		return refuse(error, 72,
		    "Capped collection size must be greater than zero");
	size = (size + 255) / 256 * 256;
	options = bson_new();
	BSON_APPEND_BOOL(options, "capped", true);
	if (size <= INT32_MAX)
		BSON_APPEND_INT32(options, "size", (int32_t)size);
	else
		BSON_APPEND_INT64(options, "size", size);
	BSON_APPEND_BOOL(options, "temp", true);
	tmp = temporary(r->db, "convertToCapped.", name, options);
	bson_destroy(options);
	if (!copy_all(from, tmp, error))
		return false;
	ddl_rename(tmp, r->db, name, from);
	return true;
}

bool
cmd_rename_collection(struct request *r, bson_error_t *error)
{
	struct coll *from, *target;
	struct names n;
	bson_iter_t it;

	if (!read_names(r, &n, error))
		return false;
	from = catalog_find(n.from_db, n.from);
	if (!from)
		return refuse(error, 26,
		    "Source collection %s.%s does not exist", n.from_db,
		    n.from);
	target = catalog_find(n.to_db, n.to);
	if (target == from ||
	    (target &&
		!(arg_find(r, "dropTarget", &it) && bson_iter_as_bool(&it))))
		return refuse(error, 48, "target namespace exists");
	if (strcmp(n.from_db, n.to_db) != 0)
		return across(from, &n, target, error);
	ddl_rename(from, n.to_db, n.to, target);
	return true;
}
