/* Whether a change of the catalog may be made: nothing of others is touched,
 * and nothing moves that was not all there. */
#include <stdio.h>
#include <string.h>

#include "engine/apply_ddl_work.h"

static bool
refuse_foreign(struct apply_ddl *a, const struct entry *e, const char *ns,
    const char *owner, bson_error_t *error)
{
	char why[2 * NS_MAX + 100];

	if (owner)
		snprintf(why, sizeof why, "\"%s\" belongs to job \"%.200s\"",
		    ns, owner);
	else
		snprintf(why, sizeof why,
		    "the target has a \"%s\" that is not of this job", ns);
	return apply_ddl_refuse(a, e, why, error);
}

/* The name is ours from here on; nothing of others is touched. */
static bool
claim(struct apply_ddl *a, const struct entry *e, const char *ns,
    bson_error_t *error)
{
	struct coll there;
	bson_t staged;
	bool born;
	int got;

	got = job_owned(a->o.job, ns, &staged, &born, error);
	bson_destroy(&staged);
	if (got != 0)
		return got > 0;
	if (!a->others &&
	    !(a->others = owners_read(a->o.conn, job_name(a->o.job), error)))
		return false;
	if (owners_of(a->others, ns))
		return refuse_foreign(
		    a, e, ns, owners_of(a->others, ns), error);
	got = catalog_one(a->o.conn, ns, &there, error);
	if (got > 0)
		coll_release(&there);
	if (got != 0)
		return got > 0 && refuse_foreign(a, e, ns, NULL, error);
	return job_own(a->o.job, ns, NULL, error);
}

/* What is changed or dropped must be ours, or not there: a copy may lack what
 * its log still speaks of, and the target may have something of that name. */
static bool
not_foreign(struct apply_ddl *a, const struct entry *e, bson_error_t *error)
{
	struct coll there;
	bson_t staged;
	bool born;
	int got;

	if (a->d.kind == DDL_CREATE_INDEXES)
		return claim(a, e, a->d.target, error);
	if (a->d.kind == DDL_DROP_VIEWS || a->d.kind == DDL_DROP_DATABASE)
		return true;
	got = job_owned(a->o.job, a->d.target, &staged, &born, error);
	bson_destroy(&staged);
	if (got != 0)
		return got > 0;
	got = catalog_one(a->o.conn, a->d.target, &there, error);
	if (got <= 0)
		return got == 0;
	coll_release(&there);
	return refuse_foreign(a, e, a->d.target, NULL, error);
}

/* A rename moves what the target has under the old name, so that must be all
 * there was: not what a copy found at some time in between. */
bool
apply_ddl_may(
    struct apply_ddl *a, const struct entry *e, bool born, bson_error_t *error)
{
	char text[OPTIME_TEXT], to[OPTIME_TEXT];

	if (a->d.kind == DDL_RENAME_IN)
		return apply_ddl_refuse(a, e,
		    "a collection that is not selected takes a selected name, "
		    "and its documents were not followed: dump again",
		    error);
	if (a->d.kind != DDL_RENAME || born)
		return true;
	if (!ns_selected(grant_rules(a->o.grant), a->d.ns))
		return apply_ddl_refuse(a, e,
		    "its documents are not in the log from the first one on: "
		    "dump again",
		    error);
	if (optime_cmp(e->at, a->to) > 0)
		return true;
	return error_set(error, MM_EXIT_POSITION, 0,
	    "\"%s\" was renamed to \"%s\" at position %s, while it was copied "
	    "(up to %s): dump again",
	    a->d.ns, a->d.to, optime_text(e->at, text), optime_text(a->to, to));
}

bool
apply_ddl_before(
    struct apply_ddl *a, const struct entry *e, bson_error_t *error)
{
	bson_t staged;
	bool born;
	int got;

	switch (a->d.kind) {
	case DDL_CREATE:
		return claim(a, e, a->d.target, error);
	case DDL_RENAME:
		got = job_owned(a->o.job, a->d.target, &staged, &born, error);
		bson_destroy(&staged);
		return got >= 0 && apply_ddl_may(a, e, born, error) &&
		    not_foreign(a, e, error) &&
		    claim(a, e, a->d.to_target, error);
	default:
		return apply_ddl_may(a, e, false, error) &&
		    not_foreign(a, e, error);
	}
}
