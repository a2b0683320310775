/* All that is listed for a collection goes into one createIndexes, so that it
 * is read once. */
#include "engine/held_build.h"

#include <string.h>

#include "base/array.h"
#include "engine/index_build.h"
#include "mongo/catalog.h"

enum { CODE_SAME_OPTIONS = 85, CODE_SAME_NAME = 86 };

bool
held_is_build(const struct held *h)
{
	return strcmp(h->why, "build") == 0 || strcmp(h->why, "replay") == 0;
}

static bool
failed(bson_error_t *error)
{
	bson_error_t why = *error;

	if (error_status(error) == MM_EXIT_TARGET && error->code != 0 &&
	    !code_transient(error->code))
		error_set(
		    error, MM_EXIT_REFUSED, (int)why.code, "%s", why.message);
	return false;
}

static bool
make(struct conn *c, const char *ns, const bson_t *spec, bool ttl, bool lenient,
    bson_error_t *error)
{
	bson_t specs = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_DOCUMENT(&specs, "0", spec);
	ok = ttl ? index_build_asleep(c, ns, spec, error)
		 : index_build(c, ns, &specs, error);
	bson_destroy(&specs);
	/* A later index of that name or key, which the log will come to. */
	if (!ok && lenient &&
	    (error->code == CODE_SAME_OPTIONS || error->code == CODE_SAME_NAME))
		return true;
	return ok || failed(error);
}

/* Those that no rule asks to look at one by one. */
static bool
make_together(
    struct conn *c, const char *ns, const bson_t *list, bson_error_t *error)
{
	bson_t specs = BSON_INITIALIZER;
	uint32_t n = 0;
	struct held h;
	bool ok;

	for (uint32_t i = 0; held_at(list, i, &h); i++) {
		if (strcmp(h.why, "build") != 0 || index_is_ttl(&h.spec, NULL))
			continue;
		array_add(&specs, &n, &h.spec);
	}
	ok = n == 0 || index_build(c, ns, &specs, error) || failed(error);
	bson_destroy(&specs);
	return ok;
}

static bool
make_all(struct conn *c, struct job *j, const char *ns, bson_t *list, bool born,
    bson_error_t *error)
{
	struct held h;
	bool ok = make_together(c, ns, list, error), any = false;
	bson_t copy, spec;

	bson_copy_to(list, &copy);
	for (uint32_t i = 0; ok && held_at(&copy, i, &h); i++) {
		bool ttl = index_is_ttl(&h.spec, NULL),
		     lenient = strcmp(h.why, "replay") == 0;

		if (!held_is_build(&h))
			continue;
		any = true;
		bson_copy_to(&h.spec, &spec);
		if (ttl || lenient)
			ok = make(c, ns, &spec, ttl, lenient, error);
		if (ok && ttl)
			held_put(list, ns, &spec, "ttl");
		else if (ok)
			held_remove(list, held_name(&spec));
		bson_destroy(&spec);
	}
	bson_destroy(&copy);
	return ok && (!any || job_own_as(j, ns, list, born, error));
}

bool
held_build(struct conn *c, struct job *j, const char *ns, bson_error_t *error)
{
	bson_t list;
	bool born, ok;
	int got = job_owned(j, ns, &list, &born, error);

	ok = got == 0 || (got > 0 && make_all(c, j, ns, &list, born, error));
	bson_destroy(&list);
	return ok;
}

/* ------------------------------------------------------------------ looking */

struct look {
	bool unique;
	char last[NS_MAX + 1];
	void (*each)(void *arg, const char *ns);
	void *arg;
};

static bool
look(void *arg, const char *ns, const char *why, const bson_t *spec)
{
	struct look *l = arg;
	struct held h = {.why = why};

	(void)spec;
	if ((l->unique ? strcmp(why, "unique") == 0 : held_is_build(&h)) &&
	    strcmp(l->last, ns) != 0) {
		bson_strncpy(l->last, ns, sizeof l->last);
		l->each(l->arg, ns);
	}
	return true;
}

bool
held_each_pending(struct conn *c, struct job *j, bool unique,
    void (*each)(void *arg, const char *ns), void *arg, bson_error_t *error)
{
	struct look l = {.unique = unique, .each = each, .arg = arg};

	return job_each_staged(c, job_name(j), look, &l, error);
}
