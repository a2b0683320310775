/* How far an unfinished load is: field load of the job document (what the load
 * is) and of each document of mm_control.owned (what of a collection is
 * acknowledged). All of it is there before the load goes on, so that what a
 * killed one has done need not be done again. */
#include "mongo/job_work.h"

#include "base/array.h"

#define AT_ONCE 1000
#define AT_ONCE_BYTES (8 << 20)

bool
job_note_load(struct job *j, const bson_t *load, bson_error_t *error)
{
	bson_t set = BSON_INITIALIZER, none = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_DOCUMENT(&set, "load", load);
	ok = job_put(j, &set, &none, error);
	bson_destroy(&set);
	return ok;
}

bool
job_load(const struct job *j, bson_t *load)
{
	return doc_sub(&j->doc, "load", load);
}

bool
job_save_progress(
    struct job *j, const struct job_progress *p, size_t n, bson_error_t *error)
{
	bson_t list, one, q, id, u;
	bool ok = true;
	uint32_t k;

	for (size_t i = 0; ok && i < n;) {
		if (job_lost(j))
			return job_refuse_lost(j, error);
		bson_init(&list);
		for (k = 0; i < n && k < AT_ONCE && list.len < AT_ONCE_BYTES;
		     i++) {
			array_begin(&list, &k, &one);
			BSON_APPEND_DOCUMENT_BEGIN(&one, "q", &q);
			BSON_APPEND_DOCUMENT_BEGIN(&q, "_id", &id);
			BSON_APPEND_UTF8(&id, "job", j->name);
			BSON_APPEND_UTF8(&id, "ns", p[i].ns);
			bson_append_document_end(&q, &id);
			bson_append_document_end(&one, &q);
			BSON_APPEND_DOCUMENT_BEGIN(&one, "u", &u);
			BSON_APPEND_DOCUMENT(&u, "$set", p[i].set);
			bson_append_document_end(&one, &u);
			bson_append_document_end(&list, &one);
		}
		pthread_mutex_lock(&j->lock);
		ok = control_update_list(j->conn, "owned", &list, error);
		pthread_mutex_unlock(&j->lock);
		bson_destroy(&list);
	}
	return ok;
}

bool
job_forget_progress(struct job *j, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER, u = BSON_INITIALIZER;
	bool ok;

	BCON_APPEND(&q, "_id.job", BCON_UTF8(j->name), "load", "{", "$exists",
	    BCON_BOOL(true), "}");
	BCON_APPEND(&u, "$unset", "{", "load", BCON_INT32(1), "}");
	pthread_mutex_lock(&j->lock);
	ok = control_update_all(j->conn, "owned", &q, &u, error);
	pthread_mutex_unlock(&j->lock);
	bson_destroy(&u);
	bson_destroy(&q);
	return ok;
}

struct progress_walk {
	void (*each)(void *arg, const bson_t *load);
	void *arg;
};

static bool
each_progress(void *arg, const bson_t *doc)
{
	struct progress_walk *w = arg;
	bson_t load;

	if (doc_sub(doc, "load", &load))
		w->each(w->arg, &load);
	return true;
}

bool
job_each_progress(struct conn *c, const char *name,
    void (*each)(void *arg, const bson_t *load), void *arg, bson_error_t *error)
{
	struct progress_walk w = {each, arg};

	return control_owned(c, name, each_progress, &w, error);
}
