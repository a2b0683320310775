#include "engine/identity.h"

#include <string.h>

#include "base/doc.h"

/* Equal, or not known on one side. */
static bool
same_field(const bson_t *a, const bson_t *b, const char *field)
{
	bson_iter_t x, y;
	char *p, *q;
	bool same;

	if (!bson_iter_init_find(&x, a, field) ||
	    !bson_iter_init_find(&y, b, field))
		return true;
	if (BSON_ITER_HOLDS_OID(&x) && BSON_ITER_HOLDS_OID(&y))
		return bson_oid_equal(bson_iter_oid(&x), bson_iter_oid(&y));
	p = bson_iter_dup_utf8(&x, NULL);
	q = bson_iter_dup_utf8(&y, NULL);
	same = p && q && strcmp(p, q) == 0;
	bson_free(p);
	bson_free(q);
	return same;
}

bool
identity_same(const bson_t *a, const bson_t *b)
{
	return same_field(a, b, "set") && same_field(a, b, "replicaSetId");
}

bool
identity_check(const bson_t *job, const bson_t *source, const struct grant *g,
    bson_error_t *error)
{
	const bson_t *filters = grant_filters(g);
	bson_t of_job;

	if (doc_sub(job, "source", &of_job) && !identity_same(&of_job, source))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the job is of another source than the stream");
	if (doc_sub(job, "selection", &of_job) &&
	    (of_job.len != filters->len ||
		memcmp(bson_get_data(&of_job), bson_get_data(filters),
		    of_job.len) != 0))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the job is of another selection or mapping than the "
		    "stream");
	return true;
}
