/* The order is what makes it safe to be killed anywhere: what an account is to
 * get is written down first, then it is made without rights. So there is no
 * account of ours whose rights nobody knows, and none that can write before
 * the switch. */
#include "base/doc.h"
#include "engine/users.h"

#include "base/hash.h"
#include "base/status.h"
#include "engine/identity.h"
#include "engine/load_job.h"
#include "engine/users_in.h"
#include "engine/users_new.h"
#include "model/grants_bring.h"
#include "stream/record.h"

struct loading {
	struct conn *conn;
	const struct users_load_opts *opts;
	const char *job;
	char text[SHA256_TEXT];
	struct grant *grant;
	struct users_in in;
	struct users_new *fresh;
};

/* An unfinished load of the same job may be under way: the lease is for data.
 */
static bool
check_job(struct loading *l, const bson_t *source, bson_error_t *error)
{
	bson_t doc;
	int got = job_peek(l->conn, l->job, &doc, error);
	bool ok = got >= 0;

	if (got > 0)
		ok = identity_check(&doc, source, l->grant, error) ||
		    error_prefix(error, "job \"%s\"", l->job);
	if (ok && got > 0 && job_doc_phase(&doc) == JOB_SWITCHED)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" was switched: nobody would give these their "
		    "rights any more",
		    l->job);
	bson_destroy(&doc);
	return ok;
}

static bool
admit(struct loading *l, bson_error_t *error)
{
	bson_t filters, source;

	if (!record_doc(&l->in.head, "filters", &filters, error) ||
	    !record_doc(&l->in.head, "source", &source, error))
		return false;
	l->grant = grant_new(l->opts->flags, &filters, error);
	if (!l->grant)
		return false;
	l->job = load_job_name(
	    l->opts->job, &l->in.head, &source, l->grant, l->text);
	status_text("job", l->job);
	return bring_check(
		   grant_rules(l->grant), &l->in.users, &l->in.roles, error) &&
	    check_job(l, &source, error);
}

static bool
map_all(
    struct loading *l, const bson_t *accounts, bool role, bson_error_t *error)
{
	bson_t account, doc, change;
	bson_iter_t it;
	bool ok = bson_iter_init(&it, accounts);

	while (ok && doc_next(&it, &account)) {
		bson_init(&doc);
		bson_init(&change);
		ok = bring_map(grant_rules(l->grant), &account, role, &doc,
			 &change, error) &&
		    users_new_add(l->fresh, role, &doc, &change, error);
		bson_destroy(&doc);
		bson_destroy(&change);
	}
	return ok;
}

bool
users_load(struct server *s, int fd, const char *name,
    const struct users_load_opts *opts, struct users_count *n,
    bson_error_t *error)
{
	struct loading l = {.opts = opts};
	bool ok;

	*n = (struct users_count){0};
	l.conn = conn_open(s, error);
	if (!l.conn)
		return false;
	status_state("loading");
	ok = users_in_read(&l.in, fd, name, error) && admit(&l, error);
	if (ok) {
		l.fresh = users_new_begin(l.conn, l.job, opts->skip, error);
		ok = l.fresh && map_all(&l, &l.in.roles, true, error) &&
		    map_all(&l, &l.in.users, false, error) &&
		    users_new_make(l.fresh, n, error);
	}
	users_new_free(l.fresh);
	grant_free(l.grant);
	users_in_release(&l.in);
	conn_close(l.conn);
	return ok;
}
