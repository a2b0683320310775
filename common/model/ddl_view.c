/* Catalog changes that are written as changes of documents: views, and the
 * indexes of servers before 3.6's own format. */
#include <stdio.h>
#include <string.h>

#include "model/ddl_work.h"

/* {viewOn, pipeline, collation} of the view's document, the name of its source
 * mapped. */
static bool
put_definition(struct ddl_work *w, struct buf *out, bool collation)
{
	char from[NS_MAX + 1], to[NS_MAX + 1], db[64];
	const char *coll, *view_on;
	struct walk walk;
	struct elem e;

	walk_init(&walk, bson_get_data(&w->e->o), w->e->o.len);
	while (walk_next(&walk, &e)) {
		if (strcmp(e.name, "pipeline") == 0 ||
		    (collation && strcmp(e.name, "collation") == 0))
			put_elem(out, &e);
		if (strcmp(e.name, "viewOn") != 0)
			continue;
		view_on = ddl_text(&e.value);
		if (!view_on ||
		    (size_t)snprintf(from, sizeof from, "%.*s.%s",
			(int)w->e->db_len, w->e->ns, view_on) >= sizeof from)
			return ddl_refuse(w, "is not complete");
		if (!ns_map(w->rules, from, to, w->error))
			return false;
		if (!ns_split(to, db, &coll) || strcmp(db, w->d->db) != 0)
			return ddl_refuse(
			    w, "view and its source would be in two databases");
		put_text(out, "viewOn", coll);
	}
	return true;
}

static bool
define(struct ddl_work *w)
{
	struct ddl *d = w->d;

	d->kind = DDL_CREATE;
	put_begin(&d->doc);
	if (!put_definition(w, &d->doc, true))
		return false;
	put_end(&d->doc, 0);
	return true;
}

/* A view's document is always replaced whole. */
static bool
redefine(struct ddl_work *w)
{
	struct ddl *d = w->d;
	bson_t whole;

	if (!delta_whole(&w->e->o, &whole))
		return ddl_refuse(w, "a view is not changed by parts");
	d->kind = DDL_COLL_MOD;
	put_begin(&d->command);
	put_text(&d->command, "collMod", strchr(d->target, '.') + 1);
	if (!put_definition(w, &d->command, false))
		return false;
	put_end(&d->command, 0);
	return true;
}

static bool
undefine(struct ddl_work *w)
{
	struct ddl *d = w->d;

	d->kind = DDL_DROP;
	put_begin(&d->command);
	put_text(&d->command, "drop", strchr(d->target, '.') + 1);
	put_end(&d->command, 0);
	return true;
}

bool
ddl_read_views(struct ddl_work *w)
{
	struct value id;
	const char *ns;

	if (!entry_key(w->e, &id, w->error))
		return false;
	ns = ddl_text(&id);
	if (!ns || !ns_split(ns, NULL, NULL) ||
	    strncmp(ns, w->e->ns, w->e->db_len + 1) != 0)
		return ddl_refuse(w, "not the name of a view");
	strcpy(w->d->ns, ns);
	if (!ns_selected(w->rules, ns))
		return true;
	if (!ddl_map(w))
		return false;
	if (w->e->op == ENTRY_INSERT)
		return define(w);
	return w->e->op == ENTRY_UPDATE ? redefine(w) : undefine(w);
}

/* An insert into db.system.indexes creates one: {ns, key, name ..}. */
bool
ddl_read_old_index(struct ddl_work *w)
{
	struct ddl *d = w->d;
	const char *ns;
	struct elem e;
	size_t array;

	ns = walk_find(bson_get_data(&w->e->o), w->e->o.len, "ns", &e)
	    ? ddl_text(&e.value)
	    : NULL;
	if (w->e->op != ENTRY_INSERT || !ns || !ns_split(ns, NULL, NULL) ||
	    strncmp(ns, w->e->ns, w->e->db_len + 1) != 0)
		return ddl_refuse(w, "not the insert of an index");
	strcpy(d->ns, ns);
	if (!ns_selected(w->rules, ns))
		return true;
	if (!ddl_map(w))
		return false;
	d->kind = DDL_CREATE_INDEXES;
	array = put_begin(&d->doc);
	put_name(&d->doc, BSON_TYPE_DOCUMENT, "0", 1);
	buf_add(&d->doc, bson_get_data(&w->e->o), w->e->o.len);
	put_end(&d->doc, array);
	return true;
}
