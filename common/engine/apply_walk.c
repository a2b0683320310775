/* Positions only grow within a stream, and a group is one timestamp, so
 * `reached` (the last whole group that was met) is all there is to know about
 * what may be skipped: in a stream that starts earlier, in segments read anew,
 * in a log that is given twice.
 */
#include "engine/apply_walk.h"

static bool
damaged(const struct entry *e, const char *why, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return error_set(error, MM_EXIT_STREAM, 0, "entry at position %s: %s",
	    optime_text(e->at, text), why);
}

static bool
other_history(struct apply_walk *w, struct optime at, bson_error_t *error)
{
	char text[OPTIME_TEXT], mine[OPTIME_TEXT];

	return error_set(error, MM_EXIT_POSITION, 0,
	    "the stream is of another history: applied up to %s, it has %s",
	    optime_text(w->reached.at, mine), optime_text(at, text));
}

/* ---------------------------------------------------------------- headers */

static bool
begin_stream(struct apply_walk *w, enum stream_kind kind, const bson_t *head,
    bson_error_t *error)
{
	struct optime after, seen;
	char text[OPTIME_TEXT], mine[OPTIME_TEXT];

	if (!w->ops->begin(w->arg, kind, head, error) ||
	    !record_optime(head, "after", &after, error) ||
	    !record_optime(head, "seen", &seen, error))
		return false;
	if (optime_cmp(after, w->reached.at) > 0)
		return error_set(error, MM_EXIT_POSITION, 0,
		    "there is a gap: applied up to %s, the stream begins after "
		    "%s",
		    optime_text(w->reached.at, mine), optime_text(after, text));
	if (optime_cmp(after, w->reached.at) == 0 &&
	    !optime_same(after, w->reached.at))
		return other_history(w, after, error);
	if (w->ops->seen)
		w->ops->seen(w->arg, seen);
	w->in_stream = after;
	w->group = OPTIME_NULL;
	return true;
}

/* ---------------------------------------------------------------- entries */

/* Opens, continues or closes the entry's group. */
static bool
enter(struct apply_walk *w, const struct entry *e, bson_error_t *error)
{
	bool open = !optime_is_null(w->group);

	if (open && optime_cmp(e->at, w->group) != 0)
		return damaged(e, "the group before it has no end", error);
	if (!open && optime_cmp(e->at, w->in_stream) <= 0)
		return damaged(
		    e, "not after the entry before it in this stream", error);
	if (!open) {
		if (!optime_is_null(w->until) &&
		    optime_cmp(e->at, w->until) > 0) {
			w->done = true;
			return true;
		}
		w->skipping = optime_cmp(e->at, w->reached.at) <= 0;
		if (optime_cmp(e->at, w->reached.at) == 0 &&
		    !optime_same(e->at, w->reached.at))
			return other_history(w, e->at, error);
		w->in_stream = w->group = e->at;
	}
	return true;
}

static void
leave(struct apply_walk *w, const struct entry *e)
{
	if (e->txn_index >= 0 && !e->txn_last)
		return;
	w->group = OPTIME_NULL;
	if (w->skipping)
		return;
	w->reached.at = e->at;
	if (e->wall)
		w->reached.wall = e->wall;
}

/* What is left out of a group may be its last operation. */
static bool
bad(struct apply_walk *w, const uint8_t *data, uint32_t len,
    bson_error_t *error)
{
	bson_t doc;
	bson_iter_t it, last;

	if (!w->ops->bad || !w->ops->bad(w->arg, data, len, error))
		return false;
	if (bson_init_static(&doc, data, len) && bson_iter_init(&it, &doc) &&
	    bson_iter_find_descendant(&it, "txn.last", &last))
		w->group = OPTIME_NULL;
	return true;
}

static bool
one_entry(struct apply_walk *w, const uint8_t *data, uint32_t len,
    bson_error_t *error)
{
	struct entry e;

	if (!entry_parse(data, len, &e, error))
		return bad(w, data, len, error);
	if (!enter(w, &e, error))
		return false;
	if (w->done)
		return true;
	if (w->skipping && w->ops->behind)
		w->ops->behind(w->arg, &e);
	else if (!w->skipping && e.op != ENTRY_NOOP &&
	    !w->ops->entry(w->arg, &e, error))
		return false;
	leave(w, &e);
	return !w->ops->left ||
	    w->ops->left(w->arg, &e, optime_is_null(w->group), error);
}

static bool
block(struct apply_walk *w, const struct block_view *view, bson_error_t *error)
{
	struct block_cursor cur;
	const uint8_t *doc;
	uint32_t len;

	block_rewind(&cur, view);
	while (!w->done && block_next(&cur, &doc, &len))
		if (!one_entry(w, doc, len, error))
			return false;
	return w->ops->pause(w->arg, error);
}

/* ------------------------------------------------------------------ marks */

/* A mark, or an end: everything up to `at` has been in the stream. */
static bool
mark(struct apply_walk *w, const bson_t *doc, struct optime at,
    bson_error_t *error)
{
	bson_iter_t it;
	bool ok;

	if (!optime_is_null(w->group))
		return error_set(
		    error, MM_EXIT_STREAM, 0, "a mark or end within a group");
	w->in_stream = optime_max(w->in_stream, at);
	if (!optime_is_null(w->until) && optime_cmp(at, w->until) >= 0) {
		w->done = true;
		/* Between the last group and here is nothing, so the limit
		 * itself is reached, but only a real position is kept. */
		if (optime_cmp(at, w->until) > 0)
			return true;
	}
	if (optime_cmp(at, w->reached.at) < 0)
		return true;
	w->reached.at = at;
	w->reached.read_from = at;
	optime_read(doc, "readFrom", &w->reached.read_from);
	if (bson_iter_init_find(&it, doc, "wall") &&
	    BSON_ITER_HOLDS_DATE_TIME(&it))
		w->reached.wall = bson_iter_date_time(&it);
	w->reached.awaited = bson_iter_init_find(&it, doc, "reason") &&
	    BSON_ITER_HOLDS_UTF8(&it) &&
	    strcmp(bson_iter_utf8(&it, NULL), "fence") == 0;
	ok = w->ops->pause(w->arg, error);
	w->reached.awaited = false;
	return ok;
}

bool
apply_walk_item(struct apply_walk *w, const struct stream_item *i,
    enum stream_kind kind, bson_error_t *error)
{
	struct optime at;

	switch (i->type) {
	case RECORD_STREAM:
		return begin_stream(w, kind, &i->control, error);
	case RECORD_BLOCK:
		return block(w, &i->block, error);
	case RECORD_MARK:
		return !optime_of(&i->control, &at) ||
		    mark(w, &i->control, at, error);
	case RECORD_END:
		return record_optime(&i->control, "to", &at, error) &&
		    mark(w, &i->control, at, error);
	default:
		return true;
	}
}

bool
apply_walk_within(const struct apply_walk *w)
{
	return !optime_is_null(w->group) && !w->skipping;
}
