/* One table of commands. What is in no table is refused: a command that nobody
 * here has heard of may change anything. */
#include "model/ddl.h"

#include <stdio.h>
#include <string.h>

#include "model/ddl_work.h"

/* ------------------------------------------------- what readers share */

bool
ddl_refuse(const struct ddl_work *w, const char *why)
{
	char text[OPTIME_TEXT];

	return error_set(w->error, MM_EXIT_REFUSED, 0, "%s on \"%s\" at %s: %s",
	    w->e->command ? w->e->command : "change", w->d->ns,
	    optime_text(w->e->at, text), why);
}

const char *
ddl_text(const struct value *v)
{
	const char *text = (const char *)v->data + 4;

	return v->type == BSON_TYPE_UTF8 && strlen(text) == v->len - 5 ? text
								       : NULL;
}

bool
ddl_set_ns(struct ddl_work *w, const char *coll)
{
	int len = coll ? snprintf(w->d->ns, sizeof w->d->ns, "%.*s.%s",
			     (int)w->e->db_len, w->e->ns, coll)
		       : -1;

	if (len > 0 && (size_t)len < sizeof w->d->ns &&
	    ns_split(w->d->ns, NULL, NULL))
		return true;
	return ddl_refuse(w, "names no collection");
}

bool
ddl_map(struct ddl_work *w)
{
	char text[OPTIME_TEXT];

	if (!ns_map(w->rules, w->d->ns, w->d->target, w->error))
		return error_prefix(w->error, "%s at %s",
		    w->e->command ? w->e->command : "change",
		    optime_text(w->e->at, text));
	return ns_split(w->d->target, w->d->db, NULL) ||
	    ddl_refuse(w, "its new name is no namespace");
}

void
ddl_leave_out(struct ddl *d, const char *name)
{
	size_t used = strlen(d->left_out);

	snprintf(d->left_out + used, sizeof d->left_out - used, "%s%.60s",
	    used ? ", " : "", name);
}

/* d->ns from the argument; false with *go false: not selected, nothing to do
 * (true is returned), or refused (false). */
static bool
begin(struct ddl_work *w, bool *go)
{
	*go = false;
	if (!ddl_set_ns(w, ddl_text(&w->first->value)))
		return false;
	if (!ns_selected(w->rules, w->d->ns))
		return true;
	*go = true;
	return ddl_map(w);
}

static const char *
target_coll(const struct ddl *d)
{
	return strchr(d->target, '.') + 1;
}

/* ------------------------------------------------- simple commands */

static bool
read_drop_views(struct ddl_work *w)
{
	char db[64];

	snprintf(db, sizeof db, "%.*s", (int)w->e->db_len, w->e->ns);
	if (ns_db_selected(w->rules, db))
		w->d->kind = DDL_DROP_VIEWS;
	return ddl_set_ns(w, "system.views");
}

/* system.js goes with its database alone: a server refuses to drop it. */
static void
put_delete_all(struct buf *out, const char *coll)
{
	size_t list, one, q;

	put_text(out, "delete", coll);
	list = put_begin_in(out, BSON_TYPE_ARRAY, "deletes");
	one = put_begin_in(out, BSON_TYPE_DOCUMENT, "0");
	q = put_begin_in(out, BSON_TYPE_DOCUMENT, "q");
	put_end(out, q);
	put_int32(out, "limit", 0);
	put_end(out, one);
	put_end(out, list);
}

static bool
read_drop(struct ddl_work *w)
{
	const char *coll = ddl_text(&w->first->value);
	bool go, ok;

	if (coll && strcmp(coll, "system.views") == 0)
		return read_drop_views(w);
	ok = begin(w, &go);
	if (!ok || !go)
		return ok;
	w->d->kind = DDL_DROP;
	put_begin(&w->d->command);
	if (strcmp(coll, "system.js") == 0)
		put_delete_all(&w->d->command, target_coll(w->d));
	else
		put_text(&w->d->command, "drop", target_coll(w->d));
	put_end(&w->d->command, 0);
	return true;
}

static bool
read_drop_database(struct ddl_work *w)
{
	struct ddl *d = w->d;
	char some[NS_MAX + 1];

	snprintf(d->ns, sizeof d->ns, "%.*s", (int)w->e->db_len, w->e->ns);
	if (!ns_db_whole(w->rules, d->ns))
		return true; /* its collections were dropped one by one */
	snprintf(some, sizeof some, "%.63s.x", d->ns);
	if (!ns_map(w->rules, some, d->target, w->error))
		return false;
	*strchr(d->target, '.') = '\0';
	snprintf(d->db, sizeof d->db, "%.63s", d->target);
	d->kind = DDL_DROP_DATABASE;
	put_begin(&d->command);
	put_int32(&d->command, "dropDatabase", 1);
	put_end(&d->command, 0);
	return true;
}

/* The command with the new name and the fields wanted; the rest is ours to
 * ignore. `wanted` must be there. */
static bool
with_field(struct ddl_work *w, enum ddl_kind kind, const char *command,
    const char *wanted)
{
	bool go, ok = begin(w, &go);
	struct elem e;

	if (!ok || !go)
		return ok;
	if (!walk_find(bson_get_data(&w->e->o), w->e->o.len, wanted, &e))
		return ddl_refuse(w, "is not complete");
	w->d->kind = kind;
	put_begin(&w->d->command);
	put_text(&w->d->command, command, target_coll(w->d));
	put_elem(&w->d->command, &e);
	put_end(&w->d->command, 0);
	return true;
}

static bool
read_drop_indexes(struct ddl_work *w)
{
	return with_field(w, DDL_DROP_INDEXES, "dropIndexes", "index");
}

static bool
read_to_capped(struct ddl_work *w)
{
	return with_field(w, DDL_TO_CAPPED, "convertToCapped", "size");
}

/* ------------------------------------------------- indexes */

/* {createIndexes: c, v, key, name ..}: the specification is what follows. */
static bool
read_create_indexes(struct ddl_work *w)
{
	bool go, ok = begin(w, &go);
	const uint8_t *rest;
	size_t array, spec;

	if (!ok || !go)
		return ok;
	w->d->kind = DDL_CREATE_INDEXES;
	array = put_begin(&w->d->doc);
	spec = put_begin_in(&w->d->doc, BSON_TYPE_DOCUMENT, "0");
	rest = w->first->raw + w->first->raw_len;
	buf_add(&w->d->doc, rest,
	    (size_t)(bson_get_data(&w->e->o) + w->e->o.len - 1 - rest));
	put_end(&w->d->doc, spec);
	put_end(&w->d->doc, array);
	return true;
}

static bool
read_commit_build(struct ddl_work *w)
{
	bool go, ok = begin(w, &go);
	struct elem e;

	if (!ok || !go)
		return ok;
	if (!walk_find(bson_get_data(&w->e->o), w->e->o.len, "indexes", &e) ||
	    e.value.type != BSON_TYPE_ARRAY)
		return ddl_refuse(w, "is not complete");
	w->d->kind = DDL_CREATE_INDEXES;
	buf_add(&w->d->doc, e.value.data, e.value.len);
	return true;
}

/* ------------------------------------------------- skipped and refused */

static bool
read_nothing(struct ddl_work *w)
{
	(void)w;
	return true;
}

static bool
read_refused(struct ddl_work *w)
{
	bool go, ok = begin(w, &go);

	return ok && (!go || ddl_refuse(w, "cannot be followed: dump again"));
}

/* Its argument may be a whole namespace. Internal ones are fine. */
static bool
read_truncate(struct ddl_work *w)
{
	const char *ns = ddl_text(&w->first->value);
	const char *rest = ns && strlen(ns) > w->e->db_len &&
		strncmp(ns, w->e->ns, w->e->db_len) == 0 &&
		ns[w->e->db_len] == '.'
	    ? ns + w->e->db_len + 1
	    : ns;

	if (!ddl_set_ns(w, rest))
		return false;
	return !ns_selected(w->rules, w->d->ns) ||
	    ddl_refuse(w, "cannot be followed: dump again");
}

static bool
read_elsewhere(struct ddl_work *w)
{
	return ddl_refuse(w, "belongs to a transaction");
}

static const struct {
	const char *name;
	bool (*read)(struct ddl_work *w);
} commands[] = {
    {"create", ddl_read_create},
    {"drop", read_drop},
    {"dropDatabase", read_drop_database},
    {"renameCollection", ddl_read_rename},
    {"collMod", ddl_read_coll_mod},
    {"createIndexes", read_create_indexes},
    {"commitIndexBuild", read_commit_build},
    {"dropIndexes", read_drop_indexes},
    {"deleteIndexes", read_drop_indexes},
    {"deleteIndex", read_drop_indexes},
    {"dropIndex", read_drop_indexes},
    {"convertToCapped", read_to_capped},
    {"startIndexBuild", read_nothing},
    {"abortIndexBuild", read_nothing},
    {"dbCheck", read_nothing},
    {"modifyCollectionShardingIndexCatalog", read_nothing},
    {"createGlobalIndex", read_nothing},
    {"dropGlobalIndex", read_nothing},
    {"createDatabaseMetadata", read_nothing},
    {"dropDatabaseMetadata", read_nothing},
    {"setMultikeyMetadata", read_nothing},
    {"dropIdent", read_nothing},
    {"truncateRange", read_truncate},
    {"emptycapped", read_refused},
    {"importCollection", read_refused},
    {"upgradeDowngradeViewlessTimeseries", read_refused},
    {"applyOps", read_elsewhere},
    {"commitTransaction", read_elsewhere},
    {"abortTransaction", read_elsewhere},
};

static bool
read_unknown(struct ddl_work *w)
{
	char db[64];

	snprintf(db, sizeof db, "%.*s", (int)w->e->db_len, w->e->ns);
	if (strcmp(db, "admin") != 0 && !ns_db_selected(w->rules, db))
		return true;
	return ddl_refuse(w, "unknown command");
}

static bool
read_command(struct ddl_work *w)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(w->e->command, commands[i].name) == 0)
			return commands[i].read(w);
	return read_unknown(w);
}

/* ------------------------------------------------- entries */

bool
ddl_is(const struct entry *e)
{
	const char *outer;

	if (e->op == ENTRY_COMMAND)
		return strcmp(e->command, "applyOps") != 0 &&
		    strcmp(e->command, "commitTransaction") != 0 &&
		    strcmp(e->command, "abortTransaction") != 0;
	if (e->op == ENTRY_NOOP)
		return false;
	return strcmp(e->coll, "system.views") == 0 ||
	    strcmp(e->coll, "system.indexes") == 0 ||
	    ddl_inside(e->coll, &outer);
}

bool
ddl_read(const struct entry *e, const struct ns_rules *rules, struct ddl *d,
    bson_error_t *error)
{
	struct ddl_work w = {e, rules, d, error, NULL};
	struct elem first;
	struct walk walk;

	ddl_release(d);
	d->ui = e->ui;
	snprintf(d->ns, sizeof d->ns, "%.255s", e->ns);
	walk_init(&walk, bson_get_data(&e->o), e->o.len);
	if (!value_sound(bson_get_data(&e->o), e->o.len) ||
	    !walk_next(&walk, &first))
		return ddl_refuse(&w, "not sound BSON");
	w.first = &first;
	if (e->op == ENTRY_COMMAND)
		return read_command(&w);
	if (strcmp(e->coll, "system.views") == 0)
		return ddl_read_views(&w);
	if (strcmp(e->coll, "system.indexes") == 0)
		return ddl_read_old_index(&w);
	return ddl_is(e) ? ddl_read_inside(&w)
			 : ddl_refuse(&w, "no change of the catalog");
}

void
ddl_release(struct ddl *d)
{
	buf_release(&d->doc);
	buf_release(&d->command);
	*d = (struct ddl)DDL_INIT;
}
