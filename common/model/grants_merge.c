/* Plans and what has become of those they are about: a side that is closed
 * already is planned again, and the state of all in one word. */
#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "base/hash.h"
#include "model/grants.h"
#include "model/grants_right.h"

typedef bool each_fn(const bson_t *doc, void *arg);

/* Until it says false, which is returned then. */
static bool
each_doc(const bson_t *list, each_fn *each, void *arg)
{
	bson_iter_t it;
	bson_t doc;

	if (!bson_iter_init(&it, list))
		return true;
	while (doc_next(&it, &doc))
		if (!each(&doc, arg))
			return false;
	return true;
}

static bool
each_change(const bson_t *plan, each_fn *each, void *arg)
{
	bson_t list;

	return !doc_sub(plan, "changes", &list) || each_doc(&list, each, arg);
}

/* ------------------------------------------------------------------ finding */

struct wanted {
	const char *kind, *db, *name;
	const char *field; /* that has the name */
	bson_t *view;
};

static bool
is_other(const bson_t *doc, void *arg)
{
	struct wanted *w = arg;

	if (strcmp(doc_text_or(doc, w->field, ""), w->name) != 0 ||
	    strcmp(doc_text_or(doc, "db", ""), w->db) != 0 ||
	    (w->kind && strcmp(doc_text_or(doc, "kind", ""), w->kind) != 0))
		return true;
	return !bson_init_static(w->view, bson_get_data(doc), doc->len);
}

/* The account of a change, as it is. */
static bool
find_account(const bson_t *change, const bson_t *users, const bson_t *roles,
    bson_t *view)
{
	bool role = strcmp(doc_text_or(change, "kind", ""), "role") == 0;
	struct wanted w = {.db = doc_text_or(change, "db", ""),
	    .name = doc_text_or(change, "name", ""),
	    .field = role ? "role" : "user",
	    .view = view};

	return !each_doc(role ? roles : users, is_other, &w);
}

/* The change of the same account in that plan. */
static bool
find_change(const bson_t *change, const bson_t *plan, bson_t *view)
{
	struct wanted w = {.kind = doc_text_or(change, "kind", ""),
	    .db = doc_text_or(change, "db", ""),
	    .name = doc_text_or(change, "name", ""),
	    .field = "name",
	    .view = view};

	return !each_change(plan, is_other, &w);
}

/* ------------------------------------------------------------------ merging */

struct merge {
	const bson_t *plan, *recorded, *users, *roles;
	bson_t list;
	uint32_t n;
	bson_error_t *error;
};

static void
append(struct merge *m, const bson_t *change)
{
	array_add(&m->list, &m->n, change);
}

/* before: what it gets back; after: what it may keep until then. */
static void
append_sets(struct merge *m, const bson_t *change, const struct textset *before,
    const struct textset *now, const struct textset *after)
{
	bson_t doc = BSON_INITIALIZER;

	BSON_APPEND_UTF8(&doc, "kind", doc_text_or(change, "kind", ""));
	BSON_APPEND_UTF8(&doc, "db", doc_text_or(change, "db", ""));
	BSON_APPEND_UTF8(&doc, "name", doc_text_or(change, "name", ""));
	rights_append(&doc, "before", before);
	rights_append(&doc, "after", after);
	if (!textset_same(now, before) && !textset_same(now, after))
		rights_append(&doc, "found", now);
	append(m, &doc);
	bson_destroy(&doc);
}

static bool
merge_recorded(const bson_t *change, void *arg)
{
	struct textset before = {0}, now = {0}, after = {0};
	struct merge *m = arg;
	bson_t present, fresh;
	bool ok;

	if (!find_account(change, m->users, m->roles, &present)) {
		append(m, change);
		return true;
	}
	ok = rights_undone(change, &present, &before, m->error);
	rights_read(&present, &now);
	if (find_change(change, m->plan, &fresh))
		rights_list(&fresh, "after", &after);
	else
		textset_join(&after, &now);
	if (ok && !textset_same(&before, &after))
		append_sets(m, change, &before, &now, &after);
	textset_release(&before);
	textset_release(&now);
	textset_release(&after);
	return ok;
}

static bool
merge_fresh(const bson_t *change, void *arg)
{
	struct merge *m = arg;
	bson_t other;

	if (!find_change(change, m->recorded, &other))
		append(m, change);
	return true;
}

bool
grants_merge(const bson_t *plan, const bson_t *recorded, const bson_t *users,
    const bson_t *roles, bson_t *out, bson_error_t *error)
{
	struct merge m = {.plan = plan,
	    .recorded = recorded,
	    .users = users,
	    .roles = roles,
	    .error = error};
	bool ok;

	BSON_APPEND_ARRAY_BEGIN(out, "changes", &m.list);
	ok = each_change(recorded, merge_recorded, &m) &&
	    each_change(plan, merge_fresh, &m);
	bson_append_array_end(out, &m.list);
	array_copy(plan, "open", out);
	array_copy(plan, "kept", out);
	return ok;
}

static bool
append_one(const bson_t *change, void *arg)
{
	append(arg, change);
	return true;
}

void
grants_union(const bson_t *a, const bson_t *b, bson_t *out)
{
	struct merge m = {.recorded = a};

	BSON_APPEND_ARRAY_BEGIN(out, "changes", &m.list);
	each_change(a, append_one, &m);
	each_change(b, merge_fresh, &m);
	bson_append_array_end(out, &m.list);
}

/* -------------------------------------------------------------------- token */

struct digesting {
	const bson_t *users, *roles;
	struct sha256 *sha;
};

static bool
add_digest(const bson_t *change, void *arg)
{
	struct digesting *d = arg;
	char text[65] = "gone";
	bson_t present;

	if (find_account(change, d->users, d->roles, &present))
		grants_digest(&present, text);
	sha256_add(d->sha, text, strlen(text) + 1);
	return true;
}

void
grants_token(
    const bson_t *plan, const bson_t *users, const bson_t *roles, char text[65])
{
	struct digesting d = {users, roles, sha256_new()};

	each_change(plan, add_digest, &d);
	sha256_finish(d.sha, text);
}
