/* Renames, and the border of the selection that they may cross. */
#include <stdio.h>
#include <string.h>

#include "model/ddl_work.h"

static bool
find(const struct ddl_work *w, const char *name, struct elem *e)
{
	return walk_find(bson_get_data(&w->e->o), w->e->o.len, name, e);
}

/* dropTarget: true, or the UUID of what is dropped. */
static bool
drops_target(struct ddl_work *w)
{
	struct elem e;

	if (!find(w, "dropTarget", &e))
		return false;
	if (e.value.type == BSON_TYPE_BINARY) {
		if (e.value.len == 5 + 16)
			w->d->drop = e.value.data + 5;
		return true;
	}
	return e.value.type == BSON_TYPE_BOOL && *e.value.data;
}

static bool
both(struct ddl_work *w)
{
	struct ddl *d = w->d;
	bool drop = drops_target(w);

	if (!ddl_map(w) || !ns_map(w->rules, d->to, d->to_target, w->error))
		return false;
	if (strcmp(d->target, d->to_target) == 0)
		return ddl_refuse(w, "both names are one on the target");
	d->kind = DDL_RENAME;
	strcpy(d->db, "admin");
	put_begin(&d->command);
	put_text(&d->command, "renameCollection", d->target);
	put_text(&d->command, "to", d->to_target);
	put_bool(&d->command, "dropTarget", drop);
	put_end(&d->command, 0);
	return true;
}

static bool
only_from(struct ddl_work *w)
{
	if (!ddl_map(w))
		return false;
	w->d->kind = DDL_DROP;
	put_begin(&w->d->command);
	put_text(&w->d->command, "drop", strchr(w->d->target, '.') + 1);
	put_end(&w->d->command, 0);
	return true;
}

bool
ddl_read_rename(struct ddl_work *w)
{
	struct ddl *d = w->d;
	const char *from = ddl_text(&w->first->value), *to = NULL;
	struct elem e;
	bool has_from, has_to;

	if (find(w, "to", &e))
		to = ddl_text(&e.value);
	if (!from || !to || !ns_split(from, NULL, NULL) ||
	    !ns_split(to, NULL, NULL))
		return ddl_refuse(w, "is not complete");
	snprintf(d->ns, sizeof d->ns, "%s", from);
	snprintf(d->to, sizeof d->to, "%s", to);
	has_from = ns_selected(w->rules, from);
	has_to = ns_selected(w->rules, to);
	if (has_from && has_to)
		return both(w);
	if (has_from)
		return only_from(w);
	if (!has_to)
		return true;
	drops_target(w);
	d->kind = DDL_RENAME_IN;
	return ns_map(w->rules, d->to, d->to_target, w->error);
}
