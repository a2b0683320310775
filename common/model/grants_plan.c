/* Who can write is found by following roles from every user; what is narrowed
 * is the right itself, wherever it stands: in a role that people made, or with
 * a user. So a role that nobody has is left alone. */
#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "model/grants.h"
#include "model/grants_right.h"

struct holder {
	bool role;
	const char *db, *name;
	char *id;                           /* db.name */
	struct textset before, after, wide; /* wide: what cannot be taken */
	bool kept;                          /* a user of scope->keep */
	bool free; /* a user not kept, or a role that such a one has */
	bool ours; /* a role that a kept one has */
};

struct plan {
	const struct grants_scope *scope;
	struct holder *item;
	size_t n;
};

/* The first COLL_WRITES can be given for one collection. */
enum { COLL_WRITES = 9 };
static const char *const writes[] = {"insert", "update", "remove",
    "createCollection", "createIndex", "dropCollection", "dropIndex", "collMod",
    "convertToCapped", "renameCollectionSameDB", "dropDatabase", "anyAction"};
static const char *const reads[] = {"find", "changeStream"};
enum { N_READS = 2 };
/* Of the database admin: they reach every database. */
static const char *const everywhere[] = {"root", "__system", "restore",
    "readWriteAnyDatabase", "dbAdminAnyDatabase", "clusterAdmin",
    "clusterManager"};
static const char *const everywhere_read[] = {"readAnyDatabase", "backup"};

static bool
one_of(const char *text, size_t len, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i]) == len && memcmp(text, list[i], len) == 0)
			return true;
	return false;
}

#define ONE_OF(text, len, list)                                                \
	one_of(text, len, list, sizeof(list) / sizeof *(list))

static void
add_holder(struct plan *p, bool role, const bson_t *doc)
{
	struct holder *h;

	p->item = bson_realloc(p->item, (p->n + 1) * sizeof *p->item);
	h = &p->item[p->n++];
	*h = (struct holder){.role = role};
	h->db = doc_text_or(doc, "db", "");
	h->name = doc_text_or(doc, role ? "role" : "user", "");
	h->id = bson_strdup_printf("%s.%s", h->db, h->name);
	rights_read(doc, &h->before);
	textset_join(&h->after, &h->before);
	for (size_t i = 0; !role && i < p->scope->n_keep; i++)
		h->kept = h->kept || strcmp(p->scope->keep[i], h->id) == 0;
	h->free = !role && !h->kept;
}

static void
add_holders(struct plan *p, bool role, const bson_t *list)
{
	bson_iter_t it;
	bson_t doc;

	if (!bson_iter_init(&it, list))
		return;
	while (doc_next(&it, &doc))
		/* Names are views into the caller's document. */
		add_holder(p, role, &doc);
}

/* Marks the roles that this one reaches, once for each mark. */
static void
follow(struct plan *p, const struct holder *from, bool ours)
{
	for (size_t i = 0; i < p->n; i++) {
		struct holder *h = &p->item[i];
		char *text;

		if (!h->role || (ours ? h->ours : h->free))
			continue;
		text = right_role(h->db, h->name);
		if (textset_has(&from->before, text)) {
			*(ours ? &h->ours : &h->free) = true;
			follow(p, h, ours);
		}
		bson_free(text);
	}
}

/* That right on each collection of the database that is not selected. */
static void
leave_others(
    struct plan *p, struct holder *h, const char *db, const char *action)
{
	size_t len = strlen(db);

	for (size_t i = 0; i < p->scope->n_collections; i++) {
		const char *ns = p->scope->collections[i];
		bson_t resource;

		if (strncmp(ns, db, len) != 0 || ns[len] != '.' ||
		    p->scope->ns(p->scope->arg, ns))
			continue;
		bson_init(&resource);
		BSON_APPEND_UTF8(&resource, "db", db);
		BSON_APPEND_UTF8(&resource, "collection", ns + len + 1);
		textset_take(&h->after, right_action(action, &resource));
		bson_destroy(&resource);
	}
}

/* All that can be given for one collection. */
static void
leave_all(struct plan *p, struct holder *h, const char *db, bool writing)
{
	for (size_t i = 0; writing && i < COLL_WRITES; i++)
		leave_others(p, h, db, writes[i]);
	for (size_t i = 0; p->scope->readers && i < N_READS; i++)
		leave_others(p, h, db, reads[i]);
}

static void
drop_right(struct holder *h, const char *right)
{
	struct textset one = {0};

	textset_add(&one, right);
	textset_cut(&h->after, &one);
	textset_release(&one);
}

static void
narrow_role(struct plan *p, struct holder *h, const char *right)
{
	const char *db = right + 2, *dot = strchr(db, '.');
	const char *role = dot ? dot + 1 : "";
	bool readers = p->scope->readers, read = strcmp(role, "read") == 0;
	bool data = strcmp(role, "readWrite") == 0 ||
	    strcmp(role, "dbOwner") == 0 || (readers && read);
	const void *arg = p->scope->arg;
	char *name;

	if (strncmp(db, "admin.", 6) == 0 &&
	    (ONE_OF(role, strlen(role), everywhere) ||
		(readers && ONE_OF(role, strlen(role), everywhere_read)))) {
		textset_add(&h->wide, right);
		return;
	}
	if (!dot || (!data && strcmp(role, "dbAdmin") != 0))
		return;
	name = bson_strndup(db, (size_t)(dot - db));
	if (!p->scope->db_any(arg, name)) {
		bson_free(name);
		return;
	}
	if (!p->scope->db_whole(arg, name) && (!h->role || !data)) {
		textset_add(&h->wide, right);
	} else {
		drop_right(h, right);
		if (data && !readers)
			textset_take(&h->after, right_role(name, "read"));
		if (data && !p->scope->db_whole(arg, name))
			leave_all(p, h, name, !read);
	}
	bson_free(name);
}

static void
narrow_action(struct plan *p, struct holder *h, const char *right)
{
	const char *action = right + 2, *json = strchr(right, '{');
	size_t len = (size_t)(json - action - 1);
	const void *arg = p->scope->arg;
	const char *db, *coll;
	bson_t *resource;
	char *name;

	if (!ONE_OF(action, len, writes) &&
	    (!p->scope->readers || !ONE_OF(action, len, reads)))
		return;
	resource = bson_new_from_json((const uint8_t *)json, -1, NULL);
	if (!resource)
		return;
	db = doc_text_or(resource, "db", "");
	coll = doc_text_or(resource, "collection", "");
	name = bson_strdup_printf("%s.%s", db, coll);
	if (bson_has_field(resource, "cluster")) {
		; /* not about data */
	} else if (*db == '\0') {
		textset_add(&h->wide, right);
	} else if (*coll ? p->scope->ns(arg, name)
			 : p->scope->db_whole(arg, db)) {
		drop_right(h, right);
	} else if (bson_has_field(resource, "system_buckets")) {
		; /* about time series, and none of those is selected */
	} else if (*coll == '\0' && p->scope->db_any(arg, db)) {
		char *text = bson_strndup(action, len);

		drop_right(h, right);
		leave_others(p, h, db, text);
		bson_free(text);
	}
	bson_free(name);
	bson_destroy(resource);
}

static void
narrow(struct plan *p, struct holder *h)
{
	for (size_t i = 0; i < h->before.n; i++) {
		if (h->before.item[i][0] == 'R')
			narrow_role(p, h, h->before.item[i]);
		else
			narrow_action(p, h, h->before.item[i]);
	}
}

static void
append_change(bson_t *list, uint32_t *n, const struct holder *h)
{
	bson_t doc;

	array_begin(list, n, &doc);
	BSON_APPEND_UTF8(&doc, "kind", h->role ? "role" : "user");
	BSON_APPEND_UTF8(&doc, "db", h->db);
	BSON_APPEND_UTF8(&doc, "name", h->name);
	rights_append(&doc, "before", &h->before);
	rights_append(&doc, "after", &h->after);
	bson_append_document_end(list, &doc);
}

/* A kept account may have a role that would be narrowed under it. */
static bool
kept_fits(const struct plan *p, bson_error_t *error)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct holder *h = &p->item[i];

		if (h->role && h->free && h->ours &&
		    !textset_same(&h->before, &h->after))
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "role \"%s\" gives rights to applications and to "
			    "an account that has to go on writing: give that "
			    "account a role of its own",
			    h->id);
	}
	return true;
}

static void
append_open(bson_t *list, uint32_t *n, const struct holder *h)
{
	bson_t doc;

	array_begin(list, n, &doc);
	BSON_APPEND_UTF8(&doc, "kind", h->role ? "role" : "user");
	BSON_APPEND_UTF8(&doc, "name", h->id);
	rights_append(&doc, "why", &h->wide);
	bson_append_document_end(list, &doc);
}

static void
append_kept(bson_t *list, uint32_t *n, const struct holder *h)
{
	bson_t doc;

	array_begin(list, n, &doc);
	BSON_APPEND_UTF8(&doc, "name", h->id);
	bson_append_document_end(list, &doc);
}

static void
append_plan(const struct plan *p, bson_t *out)
{
	uint32_t n = 0;
	bson_t list;

	BSON_APPEND_ARRAY_BEGIN(out, "changes", &list);
	for (size_t i = 0; i < p->n; i++)
		if (p->item[i].free &&
		    !textset_same(&p->item[i].before, &p->item[i].after))
			append_change(&list, &n, &p->item[i]);
	bson_append_array_end(out, &list);
	n = 0;
	BSON_APPEND_ARRAY_BEGIN(out, "open", &list);
	for (size_t i = 0; i < p->n; i++)
		if (p->item[i].wide.n > 0)
			append_open(&list, &n, &p->item[i]);
	bson_append_array_end(out, &list);
	n = 0;
	BSON_APPEND_ARRAY_BEGIN(out, "kept", &list);
	for (size_t i = 0; i < p->n; i++)
		if (p->item[i].kept)
			append_kept(&list, &n, &p->item[i]);
	bson_append_array_end(out, &list);
}

bool
grants_plan(const struct grants_scope *scope, const bson_t *users,
    const bson_t *roles, bson_t *plan, bson_error_t *error)
{
	struct plan p = {.scope = scope};
	bool ok;

	add_holders(&p, false, users);
	add_holders(&p, true, roles);
	for (size_t i = 0; i < p.n; i++)
		if (!p.item[i].role)
			follow(&p, &p.item[i], p.item[i].kept);
	for (size_t i = 0; i < p.n; i++)
		if (p.item[i].free)
			narrow(&p, &p.item[i]);
	ok = kept_fits(&p, error);
	if (ok)
		append_plan(&p, plan);
	for (size_t i = 0; i < p.n; i++) {
		textset_release(&p.item[i].before);
		textset_release(&p.item[i].after);
		textset_release(&p.item[i].wide);
		bson_free(p.item[i].id);
	}
	bson_free(p.item);
	return ok;
}
