/* mongosim: what a connection is told of its own account. */
#include "accounts.h"
#include "auth_user.h"

static void
put_roles(struct request *r, const struct user *u)
{
	size_t mark =
	    out_open(r->reply, "authenticatedUserRoles", BSON_TYPE_ARRAY);
	struct buf none = BUF_INIT;
	bson_t doc, roles, all;
	bson_iter_t it;

	if (u && u->rights != RIGHTS_STORED) {
		size_t role = out_open(r->reply, "0", BSON_TYPE_DOCUMENT);

		out_text(r->reply, "role", u->role);
		out_text(r->reply, "db", "admin");
		out_close(r->reply, role);
	} else if (u && account_find(USERS, u->db, u->name, &doc) &&
	    bson_iter_init_find(&it, &doc, "roles") && iter_doc(&it, &roles)) {
		roles_expand(&roles, NULL, &none, &all);
		out_elements(r->reply, bson_get_data(&all), all.len);
		bson_destroy(&all);
		buf_release(&none);
	}
	out_close(r->reply, mark);
}

void
auth_put_status(struct request *r)
{
	struct user *u = r->conn->user;
	size_t mark = out_open(r->reply, "authInfo", BSON_TYPE_DOCUMENT);
	size_t array =
	    out_open(r->reply, "authenticatedUsers", BSON_TYPE_ARRAY);
	struct buf none = BUF_INIT;

	if (u) {
		size_t doc = out_open(r->reply, "0", BSON_TYPE_DOCUMENT);

		out_text(r->reply, "user", u->name);
		out_text(r->reply, "db", u->db);
		out_close(r->reply, doc);
	}
	out_close(r->reply, array);
	put_roles(r, u);
	if (arg_bool(r, "showPrivileges"))
		out_docs(r->reply, "authenticatedUserPrivileges",
		    u && u->rights == RIGHTS_STORED ? user_privileges(u)
						    : &none);
	out_close(r->reply, mark);
}

void
auth_put_mechanisms(struct request *r)
{
	size_t mark;

	if (!sim.set.user || !arg_text(r, "saslSupportedMechs"))
		return;
	mark = out_open(r->reply, "saslSupportedMechs", BSON_TYPE_ARRAY);
	out_text(r->reply, "0", "SCRAM-SHA-256");
	out_close(r->reply, mark);
}
