/* A scan is a row of cursors: each goes on where the one before was lost.
 *
 * `_id` order: the next cursor has min = the last `_id` given, and its first
 * document is left out when it has that `_id`. A min without a max leaves out
 * a document whose `_id` is MaxKey, so an open end is followed by one more
 * find for exactly that one.
 *
 * Natural order: a resume token stands after the last document of its reply,
 * and a cursor is lost only between replies. When the record it names has been
 * deleted meanwhile (211), the token of the reply before is used, and the
 * documents of the last reply are left out the second time.
 */
#include "mongo/scan.h"

#include <string.h>

#include "base/sig.h"
#include "model/docid.h"
#include "mongo/raw.h"
#include "mongo/scan_work.h"

#define TRIES 5 /* reopenings without a document in between */
#define WIRE_RESUME 9

struct scan *
scan_new(struct conn *c, const struct scan_opts *o)
{
	struct scan *s = BSON_ALIGNED_ALLOC0(struct scan);

	s->c = c;
	s->db = bson_strdup(o->db);
	s->coll = bson_strdup(o->coll);
	s->read_concern = bson_strdup(o->read_concern);
	s->natural = o->natural;
	s->ids_only = o->ids_only;
	s->collated = o->collation != NULL;
	s->batch_bytes = o->batch_bytes;
	s->query = o->query ? bson_copy(o->query) : NULL;
	s->first_docs = o->first_docs;
	s->most_docs = o->most_docs;
	s->tokens = c->server->info.wire >= WIRE_RESUME;
	if (o->from)
		scan_put_bound(&s->from, o->from);
	if (o->to)
		scan_put_bound(&s->to, o->to);
	place_init(&s->token);
	place_init(&s->prev);
	place_init(&s->ahead);
	if (o->after)
		scan_start_after(s, o->after);
	return s;
}

void
scan_free(struct scan *s)
{
	if (!s)
		return;
	cursor_free(s->cur);
	buf_release(&s->from);
	buf_release(&s->to);
	buf_release(&s->last);
	buf_release(&s->reply);
	place_release(&s->token);
	place_release(&s->prev);
	place_release(&s->ahead);
	if (s->query)
		bson_destroy(s->query);
	bson_free(s->db);
	bson_free(s->coll);
	bson_free(s->read_concern);
	bson_free(s);
}

unsigned
scan_reopened(const struct scan *s)
{
	return s->reopened;
}

static void
put_limit(struct buf *more, const char *name, const struct buf *bound)
{
	struct value v;
	size_t place;

	if (!scan_get_bound(bound, &v))
		return;
	place = raw_begin_in(more, BSON_TYPE_DOCUMENT, name);
	raw_value(more, "_id", &v);
	raw_end(more, place);
}

static void
put_hint(struct buf *more, const char *name, const char *field)
{
	size_t place = raw_begin_in(more, BSON_TYPE_DOCUMENT, name);

	raw_int32(more, field, 1);
	raw_end(more, place);
}

static void
put_more(struct scan *s, struct buf *more)
{
	raw_begin(more);
	if (s->ids_only)
		put_hint(more, "projection", "_id");
	if (s->natural) {
		put_hint(more, "hint", "$natural");
		if (s->tokens)
			raw_bool(more, "$_requestResumeToken", true);
		if (s->token.known)
			raw_bytes(more, BSON_TYPE_DOCUMENT, "$_resumeAfter",
			    bson_get_data(&s->token.token), s->token.token.len);
	} else if (s->stage == STAGE_SCAN) {
		put_hint(more, "hint", "_id");
		put_hint(more, "sort", "_id");
		s->has_min = s->last.len || s->from.len;
		put_limit(more, "min", s->last.len ? &s->last : &s->from);
		put_limit(more, "max", &s->to);
	}
	raw_end(more, 0);
}

/* Of the find at hand. */
static void
put_filter(const struct scan *s, bson_t *filter)
{
	bson_t id = BSON_INITIALIZER;

	BSON_APPEND_MAXKEY(&id, "_id");
	if (s->stage == STAGE_MAXKEY && s->query)
		BCON_APPEND(filter, "$and", "[", BCON_DOCUMENT(&id),
		    BCON_DOCUMENT(s->query), "]");
	else if (s->stage == STAGE_MAXKEY)
		bson_concat(filter, &id);
	else if (s->query)
		bson_concat(filter, s->query);
	bson_destroy(&id);
}

static void
open_cursor(struct scan *s)
{
	struct buf more = BUF_INIT;
	bson_t view, filter = BSON_INITIALIZER;
	struct cursor_opts o = {.db = s->db,
	    .coll = s->coll,
	    .filter = &filter,
	    .more = &view,
	    .batch_bytes = s->batch_bytes,
	    .first_docs = s->first_docs,
	    .most_docs = s->most_docs,
	    .read_concern = s->read_concern};

	put_more(s, &more);
	raw_view(&more, 0, &view);
	put_filter(s, &filter);
	s->cur = cursor_new(s->c, &o);
	s->given_here = false;
	place_set(&s->ahead, s->token.known ? &s->token.token : NULL);
	bson_destroy(&filter);
	buf_release(&more);
}

/* The document at which the cursor before this one ended. */
static bool
is_last(struct scan *s, const bson_t *doc)
{
	struct value id, last;

	if (s->natural)
		return place_of(doc) == s->last_hash;
	if (!docid_of(doc, &id, NULL) || !scan_get_bound(&s->last, &last))
		return false;
	/* Under a collation only the same bytes are surely the same key. */
	return s->collated ? value_same(&id, &last)
			   : value_cmp(&id, &last) == 0;
}

static bool
remember(struct scan *s, const bson_t *doc, bson_error_t *error)
{
	struct value id;

	s->given = s->given_here = true;
	s->fruitless = 0;
	if (s->natural) {
		s->last_hash = place_of(doc);
		buf_add(&s->reply, &s->last_hash, sizeof s->last_hash);
		return true;
	}
	if (!docid_of(doc, &id, NULL))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s.%s\": document without _id", s->db, s->coll);
	scan_put_bound(&s->last, &id);
	return true;
}

/* Where to go on, before the lost cursor goes. */
static void
keep_place(struct scan *s)
{
	if (s->natural && s->given_here)
		place_set(&s->token, cursor_resume_token(s->cur));
	cursor_free(s->cur);
	s->cur = NULL;
	s->reopening = s->given && !s->token.known && !s->back;
}

/* The record at the token is gone: one reply back. */
static bool
go_back(struct scan *s, const bson_error_t *why)
{
	if (!s->natural || why->code != CODE_KEY_NOT_FOUND || s->back ||
	    s->given_here)
		return false;
	place_set(&s->token, s->prev.known ? &s->prev.token : NULL);
	s->back = true;
	return true;
}

static int
fail(struct scan *s, const bson_error_t *why, bson_error_t *error)
{
	if (error)
		*error = *why;
	error_prefix(error, "could not read \"%s.%s\"", s->db, s->coll);
	return -1;
}

/* 1 to go on, -1, or 2 for a stop signal. */
static int
reopen(struct scan *s, const bson_error_t *why, bson_error_t *error)
{
	static const int ms[TRIES] = {0, 200, 1000, 3000, 8000};

	keep_place(s);
	if (s->fruitless == TRIES || why->code == CODE_POSITION_LOST)
		return fail(s, why, error);
	if (s->fruitless && !sig_sleep(ms[s->fruitless]))
		return 2;
	if (s->fruitless == 0 && sig_stopping())
		return 2;
	s->fruitless++;
	s->reopened++;
	return 1;
}

static bool
wants_maxkey(const struct scan *s)
{
	struct value last;

	return !s->natural && s->stage == STAGE_SCAN && s->to.len == 0 &&
	    s->has_min &&
	    !(scan_get_bound(&s->last, &last) && last.type == BSON_TYPE_MAXKEY);
}

/* The cursor came to its end. 1 to go on, -1. */
static int
next_stage(struct scan *s, bson_error_t *error)
{
	if (s->natural && s->reopening) {
		error_set(error, side_status(s->c->server->side), 0,
		    "could not go on in \"%s.%s\": the document at which "
		    "its cursor was lost is gone",
		    s->db, s->coll);
		return -1;
	}
	s->stage = wants_maxkey(s) ? STAGE_MAXKEY : STAGE_END;
	s->reopening = false;
	cursor_free(s->cur);
	s->cur = NULL;
	return 1;
}

/* After a reopening: leaves out what was given already. */
static bool
seen_before(struct scan *s, const bson_t *doc)
{
	bool last;

	if (s->back) {
		s->back = place_is_among(&s->reply, doc);
		return s->back;
	}
	if (!s->reopening)
		return false;
	last = is_last(s, doc);
	/* By key it is the first document or none. */
	s->reopening = s->natural && !last;
	return last || s->natural;
}

/* A reply came: what the one before it ended with is the place before this
 * one. */
static void
note_reply(struct scan *s)
{
	if (!s->back) {
		place_set(&s->prev, s->ahead.known ? &s->ahead.token : NULL);
		buf_clear(&s->reply);
	}
	place_set(&s->ahead, cursor_resume_token(s->cur));
}

int
scan_next(struct scan *s, const bson_t **doc, bson_error_t *error)
{
	bson_error_t why;
	bool fresh;
	int go = 1;

	while (go == 1 && s->stage != STAGE_END) {
		if (!s->cur)
			open_cursor(s);
		fresh = s->natural && cursor_buffered(s->cur) == 0;
		switch (cursor_next(s->cur, doc, &why)) {
		case CURSOR_DOC:
			if (fresh)
				note_reply(s);
			if (seen_before(s, *doc))
				break;
			return remember(s, *doc, error) ? 1 : -1;
		case CURSOR_END:
			go = next_stage(s, error);
			break;
		case CURSOR_LOST:
			go = reopen(s, &why, error);
			break;
		default:
			go = go_back(s, &why) ? reopen(s, &why, error)
					      : fail(s, &why, error);
		}
	}
	*doc = NULL;
	return go == 1 ? 0 : go;
}
