/* mongosim: rolesInfo. */
#include <string.h>

#include "accounts.h"

struct info {
	struct request *r;
	uint32_t n;
	bool show; /* privileges */
};

static void
put_inherited(struct info *info, const bson_t *role, const bson_t *privileges)
{
	struct buf *b = info->r->reply, all = BUF_INIT;
	bson_t roles = BSON_INITIALIZER, inherited;
	bson_iter_t it;

	if (bson_iter_init_find(&it, role, "roles"))
		iter_doc(&it, &roles);
	roles_expand(&roles, privileges, &all, &inherited);
	out_array(
	    b, "inheritedRoles", bson_get_data(&inherited), inherited.len);
	if (info->show)
		out_docs(b, "inheritedPrivileges", &all);
	out_bool(b, "isBuiltin", false);
	bson_destroy(&inherited);
	buf_release(&all);
}

static void
put_role(void *ctx, const bson_t *role)
{
	struct info *info = ctx;
	struct buf *b = info->r->reply;
	bson_t shown = BSON_INITIALIZER, privileges = BSON_INITIALIZER;
	char text[INDEX_TEXT];
	bson_iter_t it;
	size_t mark =
	    out_open(b, index_text(info->n++, text), BSON_TYPE_DOCUMENT);

	bson_copy_to_excluding_noinit(
	    role, &shown, info->show ? "" : "privileges", (char *)NULL);
	out_elements(b, bson_get_data(&shown), shown.len);
	bson_destroy(&shown);
	if (bson_iter_init_find(&it, role, "privileges"))
		iter_doc(&it, &privileges);
	put_inherited(info, role, &privileges);
	out_close(b, mark);
}

static void
put_builtin(struct info *info, const char *db, const char *name,
    const struct buf *privileges)
{
	struct buf *b = info->r->reply;
	char text[INDEX_TEXT];
	size_t mark =
	    out_open(b, index_text(info->n++, text), BSON_TYPE_DOCUMENT);

	out_text(b, "db", db);
	out_text(b, "role", name);
	out_close(b, out_open(b, "roles", BSON_TYPE_ARRAY));
	if (info->show)
		out_docs(b, "privileges", privileges);
	out_close(b, out_open(b, "inheritedRoles", BSON_TYPE_ARRAY));
	if (info->show)
		out_docs(b, "inheritedPrivileges", privileges);
	out_bool(b, "isBuiltin", true);
	out_close(b, mark);
}

static void
put_named(struct info *info, const char *db, const char *name)
{
	struct buf privileges = BUF_INIT;
	bson_t role;

	if (name && db && roles_builtin(db, name, &privileges))
		put_builtin(info, db, name, &privileges);
	else if (name && db && account_find(ROLES, db, name, &role))
		put_role(info, &role);
	buf_release(&privileges);
}

static void
put_wanted(struct info *info, const bson_iter_t *it)
{
	const char *name = NULL, *db = info->r->db;
	bson_iter_t field;
	bson_t doc;

	if (BSON_ITER_HOLDS_UTF8(it)) {
		put_named(info, db, bson_iter_utf8(it, NULL));
	} else if (BSON_ITER_HOLDS_ARRAY(it) && bson_iter_recurse(it, &field)) {
		while (bson_iter_next(&field))
			if (!BSON_ITER_HOLDS_ARRAY(&field))
				put_wanted(info, &field);
	} else if (iter_doc(it, &doc)) {
		if (bson_iter_init_find(&field, &doc, "role"))
			name = bson_iter_utf8(&field, NULL);
		if (bson_iter_init_find(&field, &doc, "db"))
			db = bson_iter_utf8(&field, NULL);
		put_named(info, db, name);
	} else {
		account_each(ROLES, db, put_role, info);
	}
}

bool
cmd_roles_info(struct request *r, bson_error_t *error)
{
	struct info info = {r, 0, arg_bool(r, "showPrivileges")};
	bson_iter_t it;
	size_t mark = out_open(r->reply, "roles", BSON_TYPE_ARRAY);

	(void)error;
	if (arg_find(r, "rolesInfo", &it))
		put_wanted(&info, &it);
	out_close(r->reply, mark);
	return true;
}
