/* Indexes in a log: made, dropped, changed; those that would refuse or delete
 * documents are held back in the job, exactly as a load does it. */
#include <string.h>

#include "base/doc.h"
#include "engine/apply_ddl_work.h"
#include "engine/held.h"
#include "engine/load_index.h"

enum { CODE_SAME_OPTIONS = 85, CODE_SAME_NAME = 86, CODE_NO_INDEX = 27 };

static bool
held_read(struct apply_ddl *a, bson_t *list, bool *born, bson_error_t *error)
{
	if (job_owned(a->o.job, a->d.target, list, born, error) >= 0)
		return true;
	bson_destroy(list);
	return false;
}

/* -------------------------------------------------------------- making */

static bool
build(struct apply_ddl *a, const bson_t *specs, bson_error_t *error)
{
	bson_error_t why;

	if (catalog_create_indexes(a->o.conn, a->d.target, specs, &why))
		return true;
	/* A later index of that name, which the log will come to. */
	if (a->replay &&
	    (why.code == CODE_SAME_OPTIONS || why.code == CODE_SAME_NAME))
		return true;
	*error = why;
	return false;
}

static void
hold(bson_t *list, const char *ns, const bson_t *staged)
{
	struct held one;

	for (uint32_t i = 0; held_at(staged, i, &one); i++)
		held_put(list, ns, &one.spec, one.why);
}

bool
apply_ddl_create_indexes(
    struct apply_ddl *a, const struct entry *e, bson_error_t *error)
{
	struct load_indexes split;
	bson_t specs, list;
	bool born, ok;

	if (!bson_init_static(&specs, a->d.doc.data, a->d.doc.len))
		return apply_ddl_refuse(a, e, "no specifications", error);
	if (!held_read(a, &list, &born, error))
		return false;
	load_indexes_split(a->d.target, &specs, &split);
	hold(&list, a->d.target, &split.staged);
	ok = (bson_empty(&split.staged) ||
		 job_own_as(a->o.job, a->d.target, &list, born, error)) &&
	    load_indexes_asleep(a->o.conn, a->d.target, &split.asleep, error) &&
	    (!split.later || build(a, split.later, error));
	if (split.later)
		bson_destroy(split.later);
	load_indexes_release(&split);
	bson_destroy(&list);
	return ok;
}

/* Whoever ends now, it is built: it stands in the job before the checkpoint
 * moves past this entry. */
static bool
list_builds(struct apply_ddl *a, bson_t *list, const bson_t *specs)
{
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;
	bson_t one;
	bool any = false;

	for (bool more = specs && bson_iter_init(&it, specs);
	     more && bson_iter_next(&it); any = true) {
		bson_iter_document(&it, &len, &data);
		if (bson_init_static(&one, data, len))
			held_put(list, a->d.target, &one,
			    a->replay ? "replay" : "build");
	}
	return any;
}

bool
apply_ddl_begin_indexes(struct apply_ddl *a, const struct entry *e, bool *begun,
    bson_error_t *error)
{
	struct load_indexes split;
	bson_t specs, list;
	bool born, any, ok;
	int got;

	*begun = false;
	if (e->txn_index >= 0 ||
	    !bson_init_static(&specs, a->d.doc.data, a->d.doc.len))
		return true;
	got = job_owned(a->o.job, a->d.target, &list, &born, error);
	if (got <= 0) {
		bson_destroy(&list);
		return got == 0;
	}
	load_indexes_split(a->d.target, &specs, &split);
	hold(&list, a->d.target, &split.staged);
	any = list_builds(a, &list, &split.asleep);
	any |= list_builds(a, &list, split.later);
	ok = bson_empty(&list) ||
	    job_own_as(a->o.job, a->d.target, &list, born, error);
	if (ok && any)
		builds_add(a->o.builds, a->d.target, e->at);
	*begun = ok;
	if (split.later)
		bson_destroy(split.later);
	load_indexes_release(&split);
	bson_destroy(&list);
	return ok;
}

/* ------------------------------------------------------------ dropping */

static bool
forget(bson_t *list, const bson_iter_t *which)
{
	struct held one;
	bson_iter_t each;
	bool any = false;

	if (BSON_ITER_HOLDS_UTF8(which) &&
	    strcmp(bson_iter_utf8(which, NULL), "*") == 0) {
		any = !bson_empty(list);
		bson_reinit(list);
		return any;
	}
	if (BSON_ITER_HOLDS_ARRAY(which)) {
		for (bool more = bson_iter_recurse(which, &each);
		     more && bson_iter_next(&each);)
			any |= forget(list, &each);
		return any;
	}
	while (held_find(list, which, &one)) {
		char *name = bson_strdup(held_name(&one.spec));

		held_remove(list, name);
		bson_free(name);
		any = true;
	}
	return any;
}

bool
apply_ddl_drop_indexes(
    struct apply_ddl *a, const struct entry *e, bson_error_t *error)
{
	bson_t list, command;
	bson_iter_t it;
	bool born, ok = true;

	if (!bson_init_static(&command, a->d.command.data, a->d.command.len) ||
	    !bson_iter_init_find(&it, &command, "index"))
		return apply_ddl_refuse(a, e, "no index is named", error);
	/* One that is held back and not made is not there: 27, done. The list
	 * comes last, so that none is forgotten that is still there. */
	if (!apply_ddl_command(a, e, true, error) ||
	    !held_read(a, &list, &born, error))
		return false;
	if (forget(&list, &it))
		ok = job_own_as(a->o.job, a->d.target, &list, born, error);
	bson_destroy(&list);
	return ok;
}

/* ------------------------------------------------------------ changing */

/* What collMod says of one index. */
struct mod {
	bson_iter_t which;
	bson_t set;                     /* fields for the specification */
	bool lifetime, enforces, shows; /* TTL; unique; hidden */
};

static bool
read_mod(const bson_t *doc, struct mod *m)
{
	bool named = false;
	bson_iter_t it;

	bson_init(&m->set);
	for (bool more = bson_iter_init(&it, doc);
	     more && bson_iter_next(&it);) {
		const char *key = bson_iter_key(&it);

		if (strcmp(key, "name") == 0 ||
		    strcmp(key, "keyPattern") == 0) {
			m->which = it;
			named = true;
			continue;
		}
		m->lifetime |= strcmp(key, "expireAfterSeconds") == 0;
		m->shows |= strcmp(key, "hidden") == 0;
		m->enforces |= (strcmp(key, "unique") == 0 ||
				   strcmp(key, "prepareUnique") == 0) &&
		    bson_iter_as_bool(&it);
		bson_append_iter(&m->set, key, -1, &it);
	}
	return named;
}

/* The specification with the fields of `set`. hidden:false is no field, and
 * what has become unique is no longer prepared for it. */
static void
changed(const bson_t *spec, const bson_t *set, bson_t *out)
{
	bool unique = bson_has_field(set, "unique");
	bson_iter_t it;

	bson_init(out);
	for (bool more = bson_iter_init(&it, spec);
	     more && bson_iter_next(&it);)
		if (!bson_has_field(set, bson_iter_key(&it)) &&
		    !(unique &&
			strcmp(bson_iter_key(&it), "prepareUnique") == 0))
			bson_append_iter(out, NULL, 0, &it);
	for (bool more = bson_iter_init(&it, set); more && bson_iter_next(&it);)
		if (!BSON_ITER_HOLDS_BOOL(&it) || bson_iter_bool(&it))
			bson_append_iter(out, NULL, 0, &it);
}

/* The index on the target. 1, 0, -1. */
static int
find_there(
    struct apply_ddl *a, const struct mod *m, bson_t *spec, bson_error_t *error)
{
	struct coll there;
	bson_iter_t it;
	bson_t one;
	int found = 0, got;

	got = catalog_one(a->o.conn, a->d.target, &there, error);
	if (got <= 0)
		return got;
	for (bool more = bson_iter_init(&it, &there.indexes);
	     more && !found && doc_next(&it, &one);) {
		if (held_is(&one, &m->which)) {
			bson_copy_to(&one, spec);
			found = 1;
		}
	}
	coll_release(&there);
	return found;
}

static bool
coll_mod(struct apply_ddl *a, const char *name, const bson_t *set,
    bson_error_t *error)
{
	bson_t command = BSON_INITIALIZER, index;
	bool ok;

	BSON_APPEND_UTF8(&command, "collMod", strchr(a->d.target, '.') + 1);
	BSON_APPEND_DOCUMENT_BEGIN(&command, "index", &index);
	BSON_APPEND_UTF8(&index, "name", name);
	bson_concat(&index, set);
	bson_append_document_end(&command, &index);
	ok = conn_ddl(a->o.conn, a->d.db, &command, NULL, error);
	bson_destroy(&command);
	return ok;
}

static bool
drop_index(struct apply_ddl *a, const char *name, bson_error_t *error)
{
	bson_t command = BSON_INITIALIZER;
	bson_error_t why;
	bool ok;

	BSON_APPEND_UTF8(&command, "dropIndexes", strchr(a->d.target, '.') + 1);
	BSON_APPEND_UTF8(&command, "index", name);
	ok = conn_ddl(a->o.conn, a->d.db, &command, NULL, &why) ||
	    why.code == CODE_NO_INDEX;
	bson_destroy(&command);
	if (!ok)
		*error = why;
	return ok;
}

/* Brings the index on the target in line with the one that is held. */
static bool
align(struct apply_ddl *a, const struct mod *m, const bson_t *there,
    const bson_t *spec, bson_error_t *error)
{
	const char *name = held_name(there);
	bson_t set = BSON_INITIALIZER;
	bool ok = true, ttl = index_is_ttl(there, NULL);
	bson_iter_t it;

	/* A clustered collection has no lifetime here before it is woken. */
	if (index_is_cluster(there))
		;
	else if (m->enforces)
		ok = drop_index(a, name, error);
	else if (m->lifetime && !ttl)
		ok = drop_index(a, name, error) &&
		    catalog_create_ttl_asleep(
			a->o.conn, a->d.target, spec, error);
	else {
		if (m->lifetime)
			BSON_APPEND_INT64(
			    &set, "expireAfterSeconds", TTL_ASLEEP);
		if (m->shows && bson_iter_init_find(&it, &m->set, "hidden"))
			bson_append_iter(&set, "hidden", -1, &it);
		ok = bson_empty(&set) || coll_mod(a, name, &set, error);
	}
	bson_destroy(&set);
	return ok;
}

/* Which list it belongs to from now on, or NULL: to none. */
static const char *
why_held(const struct mod *m, const struct held *held)
{
	if (m->enforces)
		return "unique";
	return held ? held->why : m->lifetime ? "ttl" : NULL;
}

static bool
mod_one(struct apply_ddl *a, const struct mod *m, bson_t *list, bool born,
    const bson_t *there, bson_error_t *error)
{
	struct held held;
	bool is_held = held_find(list, &m->which, &held), ok;
	const char *why = why_held(m, is_held ? &held : NULL);
	bson_t spec;

	changed(is_held ? &held.spec : there, &m->set, &spec);
	if (why) {
		if (index_is_cluster(&spec) && !index_is_ttl(&spec, NULL))
			held_remove(list, held_name(&spec)); /* "off" */
		else
			held_put(list, a->d.target, &spec, why);
		ok = job_own_as(a->o.job, a->d.target, list, born, error);
	} else {
		ok = true;
	}
	ok = ok && (!there || align(a, m, there, &spec, error));
	bson_destroy(&spec);
	return ok;
}

bool
apply_ddl_mod_index(
    struct apply_ddl *a, const struct entry *e, bson_error_t *error)
{
	struct mod m = {.lifetime = false};
	bson_t doc, list, there;
	struct held held;
	bool born, ok;
	int got;

	if (!bson_init_static(&doc, a->d.doc.data, a->d.doc.len) ||
	    !read_mod(&doc, &m))
		return apply_ddl_refuse(a, e, "no index is named", error);
	got = find_there(a, &m, &there, error);
	ok = got >= 0 && held_read(a, &list, &born, error);
	if (ok) {
		if (got || held_find(&list, &m.which, &held))
			ok = mod_one(
			    a, &m, &list, born, got ? &there : NULL, error);
		else if (!a->replay)
			ok = apply_ddl_refuse(
			    a, e, "the target has no such index", error);
		bson_destroy(&list);
	}
	if (got > 0)
		bson_destroy(&there);
	bson_destroy(&m.set);
	return ok;
}
