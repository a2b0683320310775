#include "engine/load_token.h"

#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/doc.h"
#include "engine/apply_job.h"
#include "engine/resume.h"
#include "io/fdio.h"

struct list {
	bson_t *array;
	uint32_t n;
};

static void
add(void *arg, const bson_t *load)
{
	struct list *l = arg;

	array_add(l->array, &l->n, load);
}

static bool
copy(const bson_t *from, const char *field, const char *as, bson_t *to)
{
	bson_iter_t it;

	return doc_find(from, field, &it) && bson_append_iter(to, as, -1, &it);
}

static bool
put_colls(struct conn *c, const char *name, bson_t *token, bson_error_t *error)
{
	bson_t array;
	struct list l = {&array, 0};
	bool ok;

	BSON_APPEND_ARRAY_BEGIN(token, "colls", &array);
	ok = job_each_progress(c, name, add, &l, error);
	bson_append_array_end(token, &array);
	return ok;
}

static bool
none(const char *name, bson_error_t *error)
{
	return error_set(
	    error, MM_EXIT_NO, 0, "job \"%s\" has no load to go on with", name);
}

static char *
make(struct conn *c, const char *name, const struct ns_rules *rules,
    bson_error_t *error)
{
	bson_t doc, token = BSON_INITIALIZER;
	char *found, *text = NULL;
	bool ok;
	int got;

	found = name ? bson_strdup(name) : NULL;
	if (!found && !(found = apply_job_find(c, NULL, rules, error))) {
		if (error_status(error) == MM_EXIT_REFUSED)
			error_set(error, MM_EXIT_NO, 0,
			    "no job has exactly this selection");
		bson_destroy(&token);
		return NULL;
	}
	got = job_peek(c, found, &doc, error);
	ok = got > 0;
	if (got == 0 || (ok && job_doc_phase(&doc) != JOB_LOADING))
		ok = none(found, error);
	BSON_APPEND_INT32(&token, "v", 1);
	if (ok &&
	    !(copy(&doc, "load.id", "load", &token) &&
		copy(&doc, "load.filters", "filters", &token) &&
		copy(&doc, "source", "source", &token) &&
		copy(&doc, "from", "from", &token)))
		ok = none(found, error);
	if (ok) {
		copy(&doc, "load.readFrom", "readFrom", &token);
		copy(&doc, "query", "query", &token);
		ok = put_colls(c, found, &token, error);
	}
	if (ok)
		text = resume_text(&token);
	bson_destroy(&doc);
	bson_destroy(&token);
	bson_free(found);
	return text;
}

bool
load_token_print(struct conn *c, const char *name, const struct ns_rules *rules,
    bson_error_t *error)
{
	static const char out[] = "standard output";
	char *token = make(c, name, rules, error);
	bool ok = token &&
	    fdio_write_all(STDOUT_FILENO, out, token, strlen(token), error) &&
	    fdio_write_all(STDOUT_FILENO, out, "\n", 1, error);

	bson_free(token);
	return ok;
}
