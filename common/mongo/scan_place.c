/* Where a scan is, so that another one can go on there, in another process and
 * on another day. */
#include "mongo/raw.h"
#include "mongo/scan_work.h"

void
scan_put_bound(struct buf *b, const struct value *v)
{
	buf_clear(b);
	raw_begin(b);
	raw_value(b, "", v);
	raw_end(b, 0);
}

bool
scan_get_bound(const struct buf *b, struct value *v)
{
	struct elem e;

	if (b->len == 0 || !walk_find(b->data, b->len, "", &e))
		return false;
	*v = e.value;
	return true;
}

void
scan_start_after(struct scan *s, const bson_t *after)
{
	struct elem e;

	if (s->natural) {
		place_set(&s->token, after);
	} else if (walk_find(bson_get_data(after), after->len, "", &e)) {
		scan_put_bound(&s->last, &e.value);
		s->given = s->reopening = true;
	}
}

size_t
scan_buffered(const struct scan *s)
{
	return s->cur ? cursor_buffered(s->cur) : 0;
}

size_t
scan_reply_bytes(const struct scan *s)
{
	return s->cur ? cursor_reply_bytes(s->cur) : 0;
}

bool
scan_place(const struct scan *s, const bson_t *last, bson_t *at)
{
	const struct place *p = &s->prev;
	struct buf b = BUF_INIT;
	struct elem e;
	bson_t view;
	bool known;

	bson_init(at);
	if (s->natural) {
		/* A token stands behind a whole reply. */
		if (s->ahead.known && place_of(last) == s->last_hash &&
		    (!s->cur || cursor_buffered(s->cur) == 0))
			p = &s->ahead;
		return p->known && bson_concat(at, &p->token);
	}
	known = walk_find(bson_get_data(last), last->len, "_id", &e);
	if (known) {
		scan_put_bound(&b, &e.value);
		raw_view(&b, 0, &view);
		bson_concat(at, &view);
	}
	buf_release(&b);
	return known;
}
