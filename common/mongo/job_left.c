#include "mongo/job_left.h"

#include "mongo/control.h"
#include "mongo/cursor.h"

/* The job itself last: as long as it is there, it can be found what else is. */
static const struct {
	const char *coll;
	bool many; /* _id is {job, ...} */
} parts[] = {
    {"owned", true},
    {"withheld", true},
    {"fences", false},
    {"switches", false},
    {"jobs", false},
};

static void
filter(size_t i, const char *job, bson_t *q)
{
	bson_init(q);
	BSON_APPEND_UTF8(q, parts[i].many ? "_id.job" : "_id", job);
}

static bool
count(
    struct conn *c, size_t i, const char *job, int64_t *n, bson_error_t *error)
{
	struct cursor_opts o = {.db = CONTROL_DB, .coll = parts[i].coll};
	struct cursor *cur;
	enum cursor_got got;
	const bson_t *doc;
	bson_t q;

	filter(i, job, &q);
	o.filter = &q;
	cur = cursor_new(c, &o);
	for (*n = 0; (got = cursor_next(cur, &doc, error)) == CURSOR_DOC;)
		++*n;
	cursor_free(cur);
	bson_destroy(&q);
	return got == CURSOR_END;
}

bool
job_each_left(struct conn *c, const char *job,
    void (*each)(void *arg, const char *coll, int64_t n), void *arg,
    bson_error_t *error)
{
	int64_t n;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!count(c, i, job, &n, error))
			return false;
		if (n > 0)
			each(arg, parts[i].coll, n);
	}
	return true;
}

bool
job_left_remove(struct conn *c, const char *job, bson_error_t *error)
{
	bool ok = true;
	int64_t n;
	bson_t q;

	for (size_t i = 0; ok && i < sizeof parts / sizeof *parts; i++) {
		ok = count(c, i, job, &n, error);
		filter(i, job, &q);
		if (ok && n > 0)
			ok = control_delete(c, parts[i].coll, &q, error);
		bson_destroy(&q);
	}
	return ok;
}
