#include "engine/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/msg.h"
#include "base/stage.h"
#include "base/thread.h"

/* What waits for a block before it, in one part: beyond that the part stays
 * where it is. */
#define AHEAD_MAX (1 << 20)

struct ahead {
	int64_t i;
	bson_t *at; /* NULL: as before */
	struct ahead *next;
};

struct part {
	int64_t next;        /* block that is due */
	struct ahead *ahead; /* acknowledged before it, by number */
	size_t held;
	bson_t *at; /* to be saved, or NULL */
	bool lost;  /* no longer followed */
};

struct progress_coll {
	const char *ns;
	struct part *part;
	size_t n;
	bool dirty, done;
	struct progress_coll *next_dirty, *next;
};

struct progress {
	struct job *job;
	pthread_mutex_t lock;
	pthread_cond_t more, saved;
	pthread_t thread;
	bool running, ending, failed;
	uint64_t noted, kept; /* numbers given; saved up to */
	struct progress_coll *colls, *dirty;
	bson_error_t error;
};

/* ------------------------------------------------------------------ saving */

static bson_t *
changes(struct progress_coll *c)
{
	bson_t *set = bson_new();
	char key[40];

	for (size_t i = 0; i < c->n; i++) {
		bson_t *at = c->part[i].at;

		if (!at)
			continue;
		snprintf(key, sizeof key, "load.at.%zu", i);
		BSON_APPEND_BINARY(
		    set, key, BSON_SUBTYPE_BINARY, bson_get_data(at), at->len);
		bson_destroy(at);
		c->part[i].at = NULL;
	}
	if (c->done)
		BSON_APPEND_BOOL(set, "load.done", true);
	return set;
}

/* With the lock held: what is new, as updates. */
static struct job_progress *
take(struct progress *p, size_t *n)
{
	struct job_progress *list = NULL;
	struct progress_coll *c;

	for (*n = 0; (c = p->dirty); p->dirty = c->next_dirty) {
		bson_t *set = changes(c);

		c->dirty = false;
		if (bson_empty(set)) {
			bson_destroy(set);
			continue;
		}
		if ((*n & (*n - 1)) == 0)
			list = bson_realloc(
			    list, (*n ? 2 * *n : 1) * sizeof *list);
		list[(*n)++] = (struct job_progress){c->ns, set};
	}
	return list;
}

static void *
run(void *arg)
{
	struct progress *p = arg;
	struct job_progress *list;
	bson_error_t error;
	uint64_t upto;
	size_t n;
	bool ok;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->ending && p->kept == p->noted)
			pthread_cond_wait(&p->more, &p->lock);
		if (p->kept == p->noted || p->failed)
			break;
		upto = p->noted;
		list = take(p, &n);
		pthread_mutex_unlock(&p->lock);
		ok = n == 0 || job_save_progress(p->job, list, n, &error);
		for (size_t i = 0; i < n; i++)
			bson_destroy(list[i].set);
		bson_free(list);
		pthread_mutex_lock(&p->lock);
		p->kept = upto;
		if (!ok) {
			p->failed = true;
			p->error = error;
		}
		pthread_cond_broadcast(&p->saved);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct progress *
progress_new(struct job *j)
{
	struct progress *p = bson_malloc0(sizeof *p);

	p->job = j;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	pthread_cond_init(&p->saved, NULL);
	p->running = thread_start(&p->thread, run, p, &p->error);
	if (!p->running)
		p->failed = true;
	return p;
}

static void
part_release(struct part *part)
{
	struct ahead *a;

	while ((a = part->ahead)) {
		part->ahead = a->next;
		if (a->at)
			bson_destroy(a->at);
		bson_free(a);
	}
	part->held = 0;
}

static void
free_coll(struct progress_coll *c)
{
	for (size_t i = 0; i < c->n; i++) {
		part_release(&c->part[i]);
		if (c->part[i].at)
			bson_destroy(c->part[i].at);
	}
	bson_free(c->part);
	bson_free(c);
}

bool
progress_end(struct progress *p, bson_error_t *error)
{
	struct progress_coll *c;
	bool ok;

	if (!p)
		return true;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
	if (p->running)
		pthread_join(p->thread, NULL);
	while ((c = p->colls)) {
		p->colls = c->next;
		free_coll(c);
	}
	ok = !p->failed;
	if (!ok && error)
		*error = p->error;
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->more);
	pthread_cond_destroy(&p->saved);
	bson_free(p);
	return ok;
}

struct progress_coll *
progress_add(struct progress *p, const char *ns, size_t parts)
{
	struct progress_coll *c = bson_malloc0(sizeof *c);

	c->ns = ns;
	c->n = parts;
	c->part = bson_malloc0(parts * sizeof *c->part);
	pthread_mutex_lock(&p->lock);
	c->next = p->colls;
	p->colls = c;
	pthread_mutex_unlock(&p->lock);
	return c;
}

/* ------------------------------------------------------------------ noting */

static void
move_on(struct part *part, bson_t *at)
{
	part->next++;
	if (!at)
		return;
	if (part->at)
		bson_destroy(part->at);
	part->at = at;
}

/* Takes at. */
static void
keep_ahead(struct part *part, int64_t i, bson_t *at)
{
	struct ahead **place = &part->ahead, *a;

	while (*place && (*place)->i < i)
		place = &(*place)->next;
	a = bson_malloc(sizeof *a);
	*a = (struct ahead){i, at, *place};
	*place = a;
	part->held += sizeof *a + (at ? at->len : 0);
	if (part->held <= AHEAD_MAX)
		return;
	part_release(part);
	part->lost = true;
}

static void
note_block(struct part *part, int64_t i, bson_t *at)
{
	struct ahead *a;

	if (part->lost || i < part->next) {
		if (at)
			bson_destroy(at);
		return;
	}
	if (i > part->next) {
		keep_ahead(part, i, at);
		return;
	}
	move_on(part, at);
	while ((a = part->ahead) && a->i == part->next) {
		part->ahead = a->next;
		part->held -= sizeof *a + (a->at ? a->at->len : 0);
		move_on(part, a->at);
		bson_free(a);
	}
}

/* With the lock held. */
static uint64_t
touch(struct progress *p, struct progress_coll *c)
{
	if (!c->dirty) {
		c->dirty = true;
		c->next_dirty = p->dirty;
		p->dirty = c;
	}
	pthread_cond_signal(&p->more);
	return ++p->noted;
}

uint64_t
progress_note(
    struct progress *p, struct progress_coll *c, const struct block_view *b)
{
	bson_t record, view, *at = NULL;
	bson_error_t ignored;
	uint64_t number;
	int32_t part;
	int64_t i;

	/* Whoever writes such streams may leave them out. */
	if (!bson_init_static(&record, b->record, b->record_len) ||
	    !record_int32(&record, "part", &part, &ignored) ||
	    !record_int64(&record, "i", &i, &ignored) || part < 0 ||
	    (size_t)part >= c->n)
		return 0;
	if (record_doc(&record, "at", &view, &ignored))
		at = bson_copy(&view);
	pthread_mutex_lock(&p->lock);
	note_block(&c->part[part], i, at);
	number = touch(p, c);
	pthread_mutex_unlock(&p->lock);
	return number;
}

void
progress_done(struct progress *p, struct progress_coll *c)
{
	pthread_mutex_lock(&p->lock);
	c->done = true;
	touch(p, c);
	pthread_mutex_unlock(&p->lock);
}

bool
progress_wait(struct progress *p, uint64_t number, bson_error_t *error)
{
	enum stage was = stage_enter(STAGE_SAVE);
	bool ok;

	pthread_mutex_lock(&p->lock);
	while (p->kept < number && !p->failed)
		pthread_cond_wait(&p->saved, &p->lock);
	stage_enter(was);
	ok = !p->failed;
	if (!ok && error)
		*error = p->error;
	pthread_mutex_unlock(&p->lock);
	return ok;
}
