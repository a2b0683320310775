/* Old data out of reach: renamed within their database (the UUID stays, and a
 * name that only we use is where they can be deleted without a mistake), or
 * their readers' rights taken away. */
#include <string.h>

#include "base/doc.h"
#include "base/msg.h"
#include "base/sig.h"
#include "engine/switch_after_work.h"
#include "model/quarantine.h"
#include "model/textset.h"

/* ------------------------------------------------------------------- views */

struct views {
	const struct switcher *s;
	struct textset read; /* "db.name": the old data, and views of them */
	const char *db;
	size_t db_len;
	bool grown;
	char *foreign; /* the first that is not ours */
};

static bool
is_read(const void *arg, const char *name)
{
	const struct views *v = arg;
	char *ns = bson_strdup_printf("%.*s.%s", (int)v->db_len, v->db, name);
	bool yes = textset_has(&v->read, ns);

	bson_free(ns);
	return yes;
}

static bool
look_at(void *arg, const char *ns, const bson_t *info)
{
	struct views *v = arg;
	bson_t options;

	v->db = ns;
	v->db_len = (size_t)(strchr(ns, '.') - ns);
	if (textset_has(&v->read, ns) || !doc_sub(info, "options", &options) ||
	    !bson_has_field(&options, "viewOn") ||
	    !quarantine_view_reads(&options, is_read, v))
		return true;
	textset_add(&v->read, ns);
	v->grown = true;
	if (!v->foreign && !ns_selected(v->s->rules, ns))
		v->foreign = bson_strdup(ns);
	return true;
}

bool
aside_views(struct switcher *s, bson_error_t *error)
{
	struct views v = {.s = s};
	struct old_list old;
	bool ok = old_open(&old, s->o->dir, s->log, error);

	for (size_t i = 0; ok && i < old.n; i++) {
		textset_add(&v.read, old.item[i].ns);
		textset_add(&v.read, old.item[i].aside);
	}
	old_close(&old);
	/* A view may read a view. */
	do {
		v.grown = false;
		ok = ok && catalog_each(s->src, s->rules, look_at, &v, error);
	} while (ok && v.grown);
	if (ok && v.foreign)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "the view \"%s\" is none of the selection and reads the "
		    "old data: whom it belongs to has to change or drop it "
		    "first",
		    v.foreign);
	bson_free(v.foreign);
	textset_release(&v.read);
	return ok;
}

/* ----------------------------------------------------------------- renaming */

bool
aside_move(struct switcher *s, const struct old_coll *o, bool back, int *place,
    bson_error_t *error)
{
	const char *from = back ? o->aside : o->ns;
	const char *to = back ? o->ns : o->aside;

	*place = old_where(s->src, o, error);
	if (*place != (back ? OLD_ASIDE : OLD_IN_PLACE))
		return *place >= 0;
	if (!catalog_rename(s->src, from, to, error))
		return false;
	*place = old_where(s->src, o, error);
	/* Somebody has put another one in its place just then. */
	if (*place == OLD_OTHER && !catalog_rename(s->src, to, from, error))
		return false;
	return *place >= 0;
}

static bool
move_all(struct switcher *s, bool back, bson_error_t *error)
{
	struct old_list old;
	bool ok = old_open(&old, s->o->dir, s->log, error);
	int place;

	for (size_t i = 0; ok && i < old.n; i++) {
		const struct old_coll *o = &old.item[i];

		ok = aside_move(s, o, back, &place, error);
		if (ok && place == OLD_OTHER)
			msg_warn("\"%s\" is another collection now: left alone",
			    o->ns);
		else if (ok && place == OLD_GONE)
			msg_warn("\"%s\" is not there any more", o->ns);
		else if (ok && place != (back ? OLD_IN_PLACE : OLD_ASIDE))
			ok = error_set(error, MM_EXIT_SOURCE, 0,
			    "\"%s\" was not renamed", o->ns);
		if (ok && !sig_sleep((int)after.pace_ms))
			ok = error_set(
			    error, MM_EXIT_STOPPED, 0, "stopped by a signal");
	}
	old_close(&old);
	return ok;
}

/* ---------------------------------------------------------------- the states
 */

static bool
by_renaming(const struct switcher *s)
{
	return strcmp(switch_log_text(s->log, "quarantine"), "rename") == 0;
}

bool
aside_plan(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	bool rename =
	    after.quarantine && strcmp(after.quarantine, "rename") == 0;

	BSON_APPEND_UTF8(fields, "quarantine", rename ? "rename" : "readers");
	/* A view has rights of its own: who reads it reads on. */
	return rename ? aside_views(s, error) : readers_plan(s, fields, error);
}

bool
aside_work(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	(void)fields;
	return by_renaming(s) ? move_all(s, false, error)
			      : readers_stop(s, error);
}

bool
release_work(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	(void)fields;
	return by_renaming(s) ? move_all(s, true, error)
			      : readers_let(s, error);
}
