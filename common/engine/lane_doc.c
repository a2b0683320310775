#include "engine/lane_doc.h"

#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "model/docid.h"

/* Up to `seen` (and after an unclear outcome) entries may meet documents that
 * are newer, so nothing is learned from what they find. */
static bool
counts(const struct doc *d, const struct work *w)
{
	/* After its first entry a document is known in any case. */
	return !d->unclear && (d->base != DOC_UNKNOWN || w != d->first);
}

bool
doc_self_contained(const struct doc *d)
{
	const struct entry *e = &d->first->entry;
	enum delta_form form;

	if (d->must_read || d->whole_needed)
		return false;
	if (e->op == ENTRY_INSERT)
		return true;
	/* outside the replay window it is worth knowing whether it is there */
	if (!d->first->replay)
		return false;
	if (e->op == ENTRY_DELETE)
		return true;
	return delta_form_of(&e->o, &form, NULL) && form == DELTA_REPLACEMENT;
}

/* Nulls are filled in whenever an application sets an index beyond the end:
 * they say nothing. Nor does a delete in a capped collection, which drops
 * documents by itself. */
static bool
note_divergence(struct lane *lane, const struct work *w,
    const struct entry_note *note, int64_t *diverged, bson_error_t *error)
{
	const char *what, *detail;

	if (note->missing) {
		if (w->entry.op == ENTRY_DELETE && w->order == ORDER_CAPPED)
			return true;
		what = "missing", detail = "the document is not there";
	} else if (note->existed) {
		what = "existed";
		detail = "the document is there with other content";
	} else if (note->delta.clashes) {
		what = "clash";
		detail = "a field to be changed is of another type";
	} else if (note->delta.absent) {
		what = "absent", detail = "a field to be changed is not there";
	} else {
		return true;
	}
	++*diverged;
	return lane_diverged(lane, w, what, detail, error);
}

static bool
check_base(struct lane *lane, const struct doc *d, bson_error_t *error)
{
	if (d->base != DOC_HELD || value_sound(d->base_data, d->base_len))
		return true;
	return lane_refuse(lane, d->first,
	    "the document on the target is damaged", NULL, 0, error);
}

static void
conclude(struct doc *d, const struct buf *now, bool there)
{
	bool first_insert = d->first->entry.op == ENTRY_INSERT;

	if (!there) {
		d->result = d->base == DOC_ABSENT ? DOC_NOTHING : DOC_DELETE;
	} else if (d->base == DOC_HELD) {
		d->result = now->len == d->base_len &&
			memcmp(now->data, d->base_data, now->len) == 0
		    ? DOC_NOTHING
		    : DOC_REPLACE;
	} else {
		/* An upsert where it may be there. */
		d->result =
		    d->base == DOC_ABSENT || (first_insert && !d->first->replay)
		    ? DOC_INSERT
		    : DOC_REPLACE;
	}
}

/* Takes one entry: *there and *now are the document before and after it; next
 * is where the new one may be built. */
struct state {
	bool there, built; /* built: in now, else it is the base */
	struct buf *now, *next;
};

static bool
step(struct lane *lane, const struct doc *d, const struct work *w,
    struct state *s, int64_t *diverged, bson_error_t *error)
{
	struct entry_note note = {0};
	enum entry_effect effect;
	struct buf *swap;
	bson_t pre;

	if (s->there &&
	    !bson_init_static(&pre, s->built ? s->now->data : d->base_data,
		s->built ? s->now->len : d->base_len))
		return lane_refuse(
		    lane, w, "the document cannot be read", NULL, 0, error);
	buf_clear(s->next);
	if (!entry_apply(&w->entry, s->there ? &pre : NULL, s->next, &effect,
		&note, error))
		return lane_refuse(lane, w, error->message, NULL, 0, error);
	if (!w->replay && counts(d, w) &&
	    !note_divergence(lane, w, &note, diverged, error))
		return false;
	if (lane_journal(lane) &&
	    !journal_change(lane_journal(lane), &w->entry,
		s->there ? &pre : NULL, effect, s->next, error))
		return false;
	if (effect == EFFECT_STORED) {
		swap = s->now, s->now = s->next, s->next = swap;
		s->there = s->built = true;
	} else if (effect == EFFECT_DELETED) {
		s->there = s->built = false;
	}
	return true;
}

bool
doc_compute(struct lane *lane, struct doc *d, struct buf *spare,
    int64_t *diverged, bson_error_t *error)
{
	struct state s = {
	    .there = d->base == DOC_HELD, .now = &d->image, .next = spare};
	struct buf swap;

	if (!check_base(lane, d, error))
		return false;
	if (d->other && d->first->entry.op != ENTRY_DELETE) {
		/* Ours was deleted later in the log, so what it would bring
		 * is gone again; replacing would change the other's _id. */
		d->result = DOC_NOTHING;
		return d->first->replay ||
		    lane_refuse(lane, d->first,
			"another _id that is equal by the collation is there",
			NULL, 0, error);
	}
	for (const struct work *w = d->first; w; w = w->next)
		if (!step(lane, d, w, &s, diverged, error))
			return false;
	if (s.built && s.now != &d->image)
		swap = d->image, d->image = *spare, *spare = swap;
	if (s.there && !s.built) {
		d->result = DOC_NOTHING;
		return true;
	}
	conclude(d, &d->image, s.there);
	return d->result == DOC_DELETE || d->result == DOC_NOTHING ||
	    d->image.len <= LANE_DOC_MAX ||
	    lane_refuse(lane, d->last, "the document would exceed 16 MiB", NULL,
		0, error);
}

void
doc_release(struct doc *d)
{
	buf_release(&d->read);
	buf_release(&d->image);
}

/* ---------------------------------------------------------------- retries */

enum { RETRY_MS = 120000, RETRY_STOPPING_MS = 20000, PAUSE_MOST_MS = 2000 };

bool
retry_wait(struct retry *r, const char *ns, bson_error_t *error)
{
	int64_t limit = sig_stopping() ? RETRY_STOPPING_MS : RETRY_MS;
	struct timespec pause = {.tv_sec = r->pause_ms / 1000,
	    .tv_nsec = r->pause_ms % 1000 * 1000000L};

	if (!r->since)
		r->since = clock_ms();
	else if (clock_ms() - r->since > limit)
		return error_prefix(error,
		    "gave up \"%s\" after %d s without acknowledgement", ns,
		    (int)(limit / 1000));
	msg_verbose("write to \"%s\" is not acknowledged, reading again: %s",
	    ns, error->message);
	nanosleep(&pause, NULL);
	r->pause_ms = r->pause_ms ? r->pause_ms * 2 : 50;
	if (r->pause_ms > PAUSE_MOST_MS)
		r->pause_ms = PAUSE_MOST_MS;
	return true;
}
