/* Capped collections: their order is part of the data, so no key can be decided
 * by itself. The two are walked in natural order inside of a bracket; what is
 * found waits in a temporary file until it is known that nothing was written
 * meanwhile. */
#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/verify_work.h"
#include "io/spill.h"
#include "model/docid.h"

struct found_head {
	uint32_t class, source, target; /* lengths; 0: none */
};

struct walk_over {
	struct verify *v;
	struct spill *spill; /* NULL: only counted */
	uint64_t bytes;
	int64_t n;
};

static bool
found(void *arg, enum diff_class class, const bson_t *source,
    const bson_t *target, bson_error_t *error)
{
	struct walk_over *w = arg;
	struct found_head head = {
	    class, source ? source->len : 0, target ? target->len : 0};

	w->n++;
	if (!w->spill)
		return true;
	w->bytes += sizeof head + head.source + head.target;
	return spill_append(w->spill, &head, sizeof head, error) &&
	    (!source ||
		spill_append(
		    w->spill, bson_get_data(source), source->len, error)) &&
	    (!target ||
		spill_append(
		    w->spill, bson_get_data(target), target->len, error));
}

static bool
fetch(struct spill *s, uint64_t at, struct buf *bytes, uint32_t len,
    bson_t *view, bson_error_t *error)
{
	buf_clear(bytes);
	buf_reserve(bytes, len);
	return spill_read(s, at, bytes->data, len, error) &&
	    (bson_init_static(view, bytes->data, len) ||
		error_set(
		    error, MM_EXIT_INTERNAL, 0, "a kept document is damaged"));
}

static bool
tell_found(struct walk_over *w, struct vpair *p, const struct bracket *b,
    bson_error_t *error)
{
	struct buf one = BUF_INIT, two = BUF_INIT;
	bool ok = true;

	for (uint64_t at = 0; ok && at < w->bytes;) {
		struct verdict v = {.pair = &p->pair,
		    .m0 = b->from,
		    .p2 = b->to,
		    .rounds = p->rounds + 1};
		struct found_head head;
		bson_t source, target;

		ok = spill_read(w->spill, at, &head, sizeof head, error);
		if (!ok)
			break;
		at += sizeof head;
		v.class = (enum diff_class)head.class;
		if (head.source > 0) {
			ok = fetch(
			    w->spill, at, &one, head.source, &source, error);
			v.source = &source;
			at += head.source;
		}
		if (ok && head.target > 0) {
			ok = fetch(
			    w->spill, at, &two, head.target, &target, error);
			v.target = &target;
			at += head.target;
		}
		ok = ok &&
		    docid_of(v.source ? v.source : v.target, &v.id, error) &&
		    verify_tell(w->v, &v, error);
		p->told_by[v.class]++;
	}
	buf_release(&one);
	buf_release(&two);
	return ok;
}

/* What was told of the collection holds no longer. */
static void
take_back(struct vpair *p)
{
	for (int k = 0; k < DIFF_CLASSES; k++) {
		if (p->told_by[k] == 0)
			continue;
		atomic_fetch_sub(&p->pair.tally.found[k], p->told_by[k]);
		status_add(
		    diff_class_field((enum diff_class)k), -p->told_by[k]);
		p->told_by[k] = 0;
	}
	msg_info("\"%s\": what was told about it is resolved", p->pair.ns);
}

static bool
tell_unstable(struct verify *v, struct vpair *p, bson_error_t *error)
{
	struct report_fact fact = {.class = DIFF_UNSTABLE,
	    .what = "collection",
	    .detail = "capped, and written at each look"};
	bool ok;

	atomic_fetch_add(&v->undecided, 1);
	pthread_mutex_lock(&v->told_lock);
	ok = v->o->sink.fact(v->o->sink.arg, &p->pair, &fact, error);
	pthread_mutex_unlock(&v->told_lock);
	return ok;
}

static enum compare_got
walk(struct verify *v, struct pair *now, struct walk_over *w,
    const struct bracket *b, bson_error_t *error)
{
	struct compare_task task = {.pair = now,
	    .source = b->source,
	    .target = b->target,
	    .found = found,
	    .arg = w,
	    .abort = &v->abort,
	    .throttle = v->throttle};

	return compare_sequence(&task, error);
}

/* 1: decided, 0: not yet, -1 error. */
static int
decide(struct verify *v, struct vpair *p, struct bracket *b, bool tell,
    bson_error_t *error)
{
	struct walk_over w = {.v = v};
	struct catalog_view *view;
	enum bracket_got got;
	struct pair now;
	int rc = -1;

	got = bracket_begin(v, b, keys_ns_event(v->keys, p->ns), 0, error);
	if (got != BRACKET_READY)
		return got == BRACKET_FAILED ? -1 : 0;
	if (optime_cmp(keys_ns_event(v->keys, p->ns), b->from) > 0)
		return 0;
	if (!(view = view_hold(v, p, &now)))
		return 1;
	if (tell && !(w.spill = spill_open(error)))
		goto cleanup;
	/* It may have gone away: the catalog tells, and this comes again. */
	if (walk(v, &now, &w, b, error) == COMPARE_FAILED)
		rc = error_status(error) == MM_EXIT_IO ? -1 : 0;
	else if ((got = bracket_end(v, b, error)) == BRACKET_READY)
		rc = optime_cmp(keys_ns_event(v->keys, p->ns), b->from) <= 0;
	else
		rc = got == BRACKET_FAILED ? -1 : 0;
	if (rc == 1) {
		p->differs = w.n;
		if (tell && !tell_found(&w, p, b, error))
			rc = -1;
		else if (w.n == 0 && p->told && v->o->end == VERIFY_FOLLOW)
			take_back(p);
	}
cleanup:
	spill_close(w.spill);
	view_drop(v, view);
	return rc;
}

static bool
next_dirty(struct verify *v, size_t *i, struct vpair **p)
{
	bool any = false;

	pthread_rwlock_rdlock(&v->pairs_lock);
	for (; *i < v->n_pairs && !any; ++*i)
		if (v->pair[*i]->capped && v->pair[*i]->dirty) {
			*p = v->pair[*i];
			any = true;
		}
	pthread_rwlock_unlock(&v->pairs_lock);
	return any;
}

/* What was told was decided when all up to the goal was applied: what a key of
 * before that says later is nothing new, and must not be waited for. */
static void
drop_dirty(struct verify *v, struct vpair *p)
{
	pthread_rwlock_wrlock(&v->pairs_lock);
	p->dirty = false;
	pthread_rwlock_unlock(&v->pairs_lock);
}

/* What is written while it is decided makes it dirty again. */
static void
take_dirty(struct verify *v, struct vpair *p)
{
	pthread_rwlock_wrlock(&v->pairs_lock);
	p->dirty = false;
	p->busy = true;
	p->busy_since = p->since;
	pthread_rwlock_unlock(&v->pairs_lock);
}

static void
leave_dirty(struct verify *v, struct vpair *p, bool decided)
{
	if (!decided)
		verify_dirty(v, p->ns, p->busy_since);
	pthread_rwlock_wrlock(&v->pairs_lock);
	p->busy = false;
	pthread_rwlock_unlock(&v->pairs_lock);
}

static bool
take_pair(
    struct verify *v, struct vpair *p, struct bracket *b, bson_error_t *error)
{
	bool tell = atomic_load(&v->telling) && !p->told;
	int got;

	take_dirty(v, p);
	got = decide(v, p, b, tell, error);
	if (got < 0)
		return false;
	if (got == 0 && v->o->end != VERIFY_FOLLOW &&
	    ++p->rounds > v->o->rounds) {
		if (tell && !tell_unstable(v, p, error))
			return false;
		got = 1;
	}
	if (got == 1) {
		p->rounds = 0;
		p->told = (p->told || tell) &&
		    (v->o->end == VERIFY_ONCE || p->differs > 0);
	}
	leave_dirty(v, p, got == 1);
	return true;
}

bool
verify_whole(struct verify *v, struct bracket *b, bson_error_t *error)
{
	struct vpair *p;
	size_t i = 0;

	while (!verify_ending(v) && next_dirty(v, &i, &p)) {
		if (v->o->end == VERIFY_ONCE && p->told)
			drop_dirty(v, p);
		else if (!take_pair(v, p, b, error))
			return false;
	}
	return true;
}
