/* create and collMod: which of their fields are the user's. */
#include <string.h>

#include "model/ddl_work.h"

static bool
in(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

static bool
has(const struct ddl_work *w, const char *name)
{
	struct elem e;

	return walk_find(bson_get_data(&w->e->o), w->e->o.len, name, &e);
}

/* Collections that are the inside of something which is not followed. */
const char *
ddl_inside(const char *coll, const char **outer)
{
	*outer = coll;
	if (strncmp(coll, "system.buckets.", 15) == 0) {
		*outer = coll + 15;
		return "time-series collections are not followed";
	}
	if (strncmp(coll, "enxcol_.", 8) == 0) {
		return "encrypted collections are not followed";
	}
	return NULL;
}

static bool
refuse_inside(struct ddl_work *w, const char *outer, const char *why)
{
	return ddl_set_ns(w, outer) &&
	    (!ns_selected(w->rules, w->d->ns) || ddl_refuse(w, why));
}

bool
ddl_read_inside(struct ddl_work *w)
{
	const char *outer, *why = ddl_inside(w->e->coll, &outer);

	return refuse_inside(w, outer, why);
}

/* The options go on as they are: which of them a server takes is known where
 * they are sent (catalog_create). */
static bool
put_options(struct ddl_work *w)
{
	struct ddl *d = w->d;
	const uint8_t *rest = w->first->raw + w->first->raw_len;

	d->kind = DDL_CREATE;
	put_begin(&d->doc);
	buf_add(&d->doc, rest,
	    (size_t)(bson_get_data(&w->e->o) + w->e->o.len - 1 - rest));
	put_end(&d->doc, 0);
	return true;
}

bool
ddl_read_create(struct ddl_work *w)
{
	const char *coll = ddl_text(&w->first->value), *outer, *why;

	if (!ddl_set_ns(w, coll))
		return false;
	if ((why = ddl_inside(coll, &outer)))
		return refuse_inside(w, outer, why);
	if (!ns_selected(w->rules, w->d->ns) ||
	    strcmp(coll, "system.views") == 0)
		return true;
	if (has(w, "timeseries"))
		return ddl_refuse(
		    w, "time-series collections are not followed");
	if (has(w, "encryptedFields"))
		return ddl_refuse(w, "encrypted collections are not followed");
	return ddl_map(w) && put_options(w);
}

/* What collMod takes from a user; `index` is kept apart. */
static const char *const coll_mod_fields[] = {"validator", "validationLevel",
    "validationAction", "viewOn", "pipeline", "changeStreamPreAndPostImages",
    "cappedSize", "cappedMax", NULL};
/* Of a server's own or of versions that are gone: not worth a warning. */
static const char *const coll_mod_own[] = {"noPadding", "usePowerOf2Sizes",
    "recordPreImages", "recordIdsReplicated", "isTimeseriesNamespace",
    "timeseriesBucketsMayHaveMixedSchemaData",
    "timeseriesBucketingParametersHaveChanged", "dryRun", NULL};

/* Of one index. */
static const char *const index_fields[] = {"name", "keyPattern",
    "expireAfterSeconds", "hidden", "unique", "prepareUnique", NULL};

/* A unique index made an ordinary one (in a downgrade) has no counterpart among
 * what a target can be asked for. */
static bool
read_index(struct ddl_work *w, const struct value *index)
{
	struct buf *doc = &w->d->doc;
	struct walk walk;
	struct elem e;

	put_begin(doc);
	walk_init(&walk, index->data, index->len);
	while (walk_next(&walk, &e)) {
		if (in(index_fields, e.name))
			put_elem(doc, &e);
		else if (strcmp(e.name, "forceNonUnique") == 0)
			return ddl_refuse(w, "forceNonUnique is not followed");
		else
			ddl_leave_out(w->d, e.name);
	}
	put_end(doc, 0);
	return true;
}

/* Of a clustered collection: the lifetime of the index that it is. */
static void
put_lifetime(struct buf *doc, const struct elem *lifetime)
{
	size_t place = put_begin(doc), key;

	key = put_begin_in(doc, BSON_TYPE_DOCUMENT, "keyPattern");
	put_int32(doc, "_id", 1);
	put_end(doc, key);
	put_elem(doc, lifetime);
	put_end(doc, place);
}

bool
ddl_read_coll_mod(struct ddl_work *w)
{
	struct ddl *d = w->d;
	struct walk walk;
	struct elem e;
	size_t empty;

	if (!ddl_set_ns(w, ddl_text(&w->first->value)))
		return false;
	if (!ns_selected(w->rules, d->ns))
		return true;
	if (!ddl_map(w))
		return false;
	if (has(w, "timeseries"))
		return ddl_refuse(
		    w, "time-series collections are not followed");
	put_begin(&d->command);
	put_text(&d->command, "collMod", strchr(d->target, '.') + 1);
	empty = d->command.len;
	walk_init(&walk, bson_get_data(&w->e->o), w->e->o.len);
	walk_next(&walk, &e);
	while (walk_next(&walk, &e)) {
		if (in(coll_mod_fields, e.name))
			put_elem(&d->command, &e);
		else if (strcmp(e.name, "expireAfterSeconds") == 0)
			put_lifetime(&d->doc, &e);
		else if (strcmp(e.name, "index") == 0 &&
		    e.value.type == BSON_TYPE_DOCUMENT) {
			if (!read_index(w, &e.value))
				return false;
		} else if (!in(coll_mod_own, e.name))
			ddl_leave_out(d, e.name);
	}
	if (d->command.len == empty)
		buf_clear(&d->command);
	else
		put_end(&d->command, 0);
	if (d->command.len > 0 || d->doc.len > 0)
		d->kind = DDL_COLL_MOD;
	return true;
}
