#include "engine/verify_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/sig.h"
#include "engine/verify_state_in.h"
#include "io/fdio.h"
#include "io/file.h"

enum { PIECE = 1 << 20, VERSION = 1, LOCK_TRIES = 20, LOCK_MS = 100 };

/* A run that was just killed may not be quite dead. */
static bool
take_lock(struct state *s, bson_error_t *error)
{
	for (int tries = 0; flock(s->lock, LOCK_EX | LOCK_NB) != 0; tries++)
		if (tries == LOCK_TRIES || !sig_sleep(LOCK_MS))
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "another comparison is at work in \"%s\"", s->dir);
	return true;
}

struct state *
state_open(const char *dir, bson_error_t *error)
{
	struct state *s = bson_malloc0(sizeof *s);
	char *lock = bson_strdup_printf("%s/lock", dir);

	s->dir = bson_strdup(dir);
	s->file = bson_strdup_printf("%s/state", dir);
	s->lock = -1;
	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		error_errno(
		    error, MM_EXIT_IO, "could not make directory \"%s\"", dir);
	else if ((s->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666)) < 0)
		error_errno(error, MM_EXIT_IO, "could not open \"%s\"", lock);
	else if (take_lock(s, error)) {
		bson_free(lock);
		return s;
	}
	bson_free(lock);
	state_close(s);
	return NULL;
}

void
state_close(struct state *s)
{
	if (!s)
		return;
	state_forget(s);
	if (s->lock >= 0)
		close(s->lock);
	bson_free(s->file);
	bson_free(s->dir);
	bson_free(s);
}

void
state_finish(struct state *s)
{
	if (unlink(s->file) == 0)
		file_sync_dir(s->dir, NULL);
}

/* ------------------------------------------------------------------ saving */

struct writer {
	struct verify *v;
	const char *name;
	struct buf bytes;
	int fd;
	int64_t n;
	bool telling;
};

static bool
put(struct writer *w, const bson_t *doc, bson_error_t *error)
{
	bool ok = true;

	w->n++;
	buf_add(&w->bytes, bson_get_data(doc), doc->len);
	if (w->bytes.len >= PIECE) {
		ok = fdio_write_all(
		    w->fd, w->name, w->bytes.data, w->bytes.len, error);
		buf_clear(&w->bytes);
	}
	return ok;
}

void
state_identity(struct verify *v, bson_t *doc)
{
	bson_t filters;

	BSON_APPEND_UTF8(doc, "mm", "diff state");
	BSON_APPEND_INT32(doc, "v", VERSION);
	server_append(v->o->source, "source", doc);
	server_append(v->o->target, "target", doc);
	BSON_APPEND_DOCUMENT_BEGIN(doc, "selection", &filters);
	ns_rules_append(v->o->rules, &filters);
	bson_append_document_end(doc, &filters);
	BSON_APPEND_UTF8(doc, "job", v->o->job);
}

static bool
put_head(struct writer *w, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	struct optime at, read_from, first, last;
	bool ok;

	state_identity(w->v, &doc);
	at = feed_progress(w->v->feed, &read_from);
	optime_append(&doc, "at", at);
	optime_append(&doc, "readFrom", read_from);
	if (feed_catalog(w->v->feed, &first, &last))
		optime_append(&doc, "catalog", last);
	ok = put(w, &doc, error);
	bson_destroy(&doc);
	return ok;
}

static void
append_units(bson_t *doc, struct verify *v, const struct vpair *p)
{
	bson_t list, unit;
	uint32_t n = 0;

	BSON_APPEND_ARRAY_BEGIN(doc, "units", &list);
	for (size_t i = 0; i < v->plan.n; i++) {
		const struct compare_unit *u = &v->plan.unit[i];

		if (u->pair != &p->pair || v->unit_gone[i])
			continue;
		array_begin(&list, &n, &unit);
		if (u->from)
			BSON_APPEND_DOCUMENT(&unit, "from", u->from);
		if (u->to)
			BSON_APPEND_DOCUMENT(&unit, "to", u->to);
		BSON_APPEND_BOOL(&unit, "done", v->unit_done[i]);
		bson_append_document_end(&list, &unit);
	}
	bson_append_array_end(doc, &list);
}

static void
append_pair(bson_t *doc, struct verify *v, struct vpair *p)
{
	const struct tally *t = &p->pair.tally;
	bson_t in;

	BSON_APPEND_UTF8(doc, "pair", p->pair.ns);
	BSON_APPEND_UTF8(doc, "target", p->pair.target_ns);
	BSON_APPEND_ARRAY_BEGIN(doc, "has", &in);
	BSON_APPEND_BOOL(&in, "0", p->has[0]);
	BSON_APPEND_BOOL(&in, "1", p->has[1]);
	bson_append_array_end(doc, &in);
	BSON_APPEND_BINARY(
	    doc, "uuid", BSON_SUBTYPE_BINARY, p->uuid[0], sizeof p->uuid);
	BSON_APPEND_ARRAY_BEGIN(doc, "docs", &in);
	BSON_APPEND_INT64(&in, "0", atomic_load(&t->source_docs));
	BSON_APPEND_INT64(&in, "1", atomic_load(&t->source_bytes));
	BSON_APPEND_INT64(&in, "2", atomic_load(&t->target_docs));
	BSON_APPEND_INT64(&in, "3", atomic_load(&t->target_bytes));
	bson_append_array_end(doc, &in);
	append_units(doc, v, p);
}

/* What is done is read before the keys are: a unit that is done has put its
 * keys into the queue. */
static bool
put_pairs(struct writer *w, bson_error_t *error)
{
	struct verify *v = w->v;
	bool ok = true;

	pthread_mutex_lock(&v->lock);
	for (size_t i = 0; ok && i < v->n_pairs; i++) {
		struct vpair *p = v->pair[i];
		bson_t doc = BSON_INITIALIZER;

		if (p->scanned && !p->capped) {
			append_pair(&doc, v, p);
			ok = put(w, &doc, error);
		}
		bson_destroy(&doc);
	}
	pthread_mutex_unlock(&v->lock);
	return ok;
}

static bool
put_key(void *arg, const char *ns, const struct queued *item,
    struct optime event, bson_error_t *error)
{
	struct writer *w = arg;
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&doc, "key", ns);
	compare_append_value(&doc, "_id", &item->id);
	BSON_APPEND_INT32(
	    &doc, "flags", (int32_t)(item->flags & (KEY_SCAN | KEY_KNOWN)));
	optime_append(&doc, "since", item->since);
	optime_append(&doc, "event", event);
	ok = put(w, &doc, error);
	bson_destroy(&doc);
	return ok;
}

static bool
put_row_key(void *arg, const struct queued *item, bson_error_t *error)
{
	struct writer *w = arg;

	return put_key(
	    arg, keys_ns_name(w->v->keys, item->ns), item, OPTIME_NULL, error);
}

static bool
put_keys(struct writer *w, bson_error_t *error)
{
	struct verify *v = w->v;
	bool ok = keys_each(v->keys, put_key, w, error);

	pthread_mutex_lock(&v->told_lock);
	ok = ok && key_queue_each(v->differing, put_row_key, w, error) &&
	    key_queue_each(v->restless, put_row_key, w, error);
	pthread_mutex_unlock(&v->told_lock);
	return ok;
}

static bool
put_end(struct writer *w, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_INT64(&doc, "end", w->n);
	ok = put(w, &doc, error) &&
	    fdio_write_all(w->fd, w->name, w->bytes.data, w->bytes.len, error);
	bson_destroy(&doc);
	return ok;
}

/* The position is taken before the keys: what the log has told up to there is
 * in them, or settled. */
static bool
write_all(struct writer *w, bson_error_t *error)
{
	return put_head(w, error) && put_pairs(w, error) &&
	    put_keys(w, error) && put_end(w, error) &&
	    file_sync(w->fd, w->name, error);
}

bool
state_save(struct state *s, struct verify *v, bson_error_t *error)
{
	char *name = bson_strdup_printf("%s.new", s->file);
	struct writer w = {.v = v, .name = name};
	bool ok;

	w.fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (w.fd < 0) {
		ok = error_errno(
		    error, MM_EXIT_IO, "could not write \"%s\"", name);
	} else {
		ok = write_all(&w, error);
		ok = fdio_close(w.fd, name, ok ? error : NULL) && ok;
	}
	if (ok && rename(name, s->file) != 0)
		ok = error_errno(
		    error, MM_EXIT_IO, "could not replace \"%s\"", s->file);
	ok = ok && file_sync_dir(s->dir, error);
	buf_release(&w.bytes);
	bson_free(name);
	return ok;
}
