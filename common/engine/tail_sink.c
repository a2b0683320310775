#include "engine/tail_sink.h"

struct tail_sink {
	struct stream_out_opts opts; /* live stream */
	bson_t head;
	struct stream_out *out;
	struct segment_dir *dir;
	struct tail_calls calls; /* entry NULL: not this kind */
	struct block block;
	struct optime first, last; /* of the block */
	int64_t entries, bytes;
};

struct tail_sink *
tail_sink_stream(int fd, const char *name, int level, const bson_t *head)
{
	struct tail_sink *s = BSON_ALIGNED_ALLOC0(struct tail_sink);

	s->opts = (struct stream_out_opts){
	    .fd = fd, .name = name, .level = level, .live = true};
	bson_copy_to(head, &s->head);
	return s;
}

struct tail_sink *
tail_sink_dir(struct segment_dir *dir)
{
	struct tail_sink *s = BSON_ALIGNED_ALLOC0(struct tail_sink);

	bson_init(&s->head);
	s->dir = dir;
	return s;
}

struct tail_sink *
tail_sink_calls(const struct tail_calls *calls)
{
	struct tail_sink *s = BSON_ALIGNED_ALLOC0(struct tail_sink);

	bson_init(&s->head);
	s->calls = *calls;
	return s;
}

bool
tail_sink_writes(const struct tail_sink *s)
{
	return !s->calls.entry;
}

void
tail_sink_free(struct tail_sink *s)
{
	if (!s)
		return;
	stream_out_free(s->out);
	segment_dir_free(s->dir);
	block_release(&s->block);
	bson_destroy(&s->head);
	bson_free(s);
}

bool
tail_sink_begin(struct tail_sink *s, struct optime after, struct optime seen,
    struct optime read_from, bson_error_t *error)
{
	if (s->calls.entry)
		return s->calls.reached(s->calls.arg, after, read_from, error);
	if (s->dir)
		return segment_start(s->dir, after, seen, read_from, error);
	optime_append(&s->head, "after", after);
	optime_append(&s->head, "seen", seen);
	s->out = stream_out_new(&s->opts, STREAM_OPLOG, &s->head, error);
	return s->out != NULL;
}

static struct stream_out *
stream_of(struct tail_sink *s)
{
	return s->dir ? segment_stream(s->dir) : s->out;
}

static bool
put_block(struct tail_sink *s, bson_error_t *error)
{
	bson_t extra = BSON_INITIALIZER;
	bool ok;

	if (s->block.n == 0)
		return true;
	optime_append(&extra, "first", s->first);
	optime_append(&extra, "last", s->last);
	ok = stream_put_block(stream_of(s), &s->block, &extra, error);
	bson_destroy(&extra);
	return ok;
}

bool
tail_sink_entry(struct tail_sink *s, const uint8_t *entry, size_t len,
    struct optime at, bson_error_t *error)
{
	if (s->calls.entry)
		return s->calls.entry(s->calls.arg, entry, len, at, error);
	if (s->block.n > 0 && s->block.docs.len + len > STREAM_BLOCK_BYTES &&
	    !put_block(s, error))
		return false;
	if (s->block.n == 0)
		s->first = at;
	s->last = at;
	block_add(&s->block, entry, len);
	s->entries++;
	s->bytes += (int64_t)len;
	return true;
}

bool
tail_sink_mark(struct tail_sink *s, struct optime at, struct optime read_from,
    int64_t wall, const char *reason, bson_error_t *error)
{
	bson_t mark = BSON_INITIALIZER;
	bool ok;

	if (s->calls.entry)
		return s->calls.reached(s->calls.arg, at, read_from, error);
	BSON_APPEND_UTF8(&mark, "$mm", "mark");
	BSON_APPEND_TIMESTAMP(&mark, "ts", at.secs, at.inc);
	BSON_APPEND_INT64(&mark, "t", at.term);
	optime_append(&mark, "readFrom", read_from);
	BSON_APPEND_DATE_TIME(&mark, "wall", wall);
	BSON_APPEND_UTF8(&mark, "reason", reason);
	ok = put_block(s, error) && stream_put(stream_of(s), &mark, error);
	bson_destroy(&mark);
	return ok;
}

bool
tail_sink_flush(struct tail_sink *s, struct optime at, struct optime read_from,
    bool rotate, bson_error_t *error)
{
	if (s->calls.entry)
		return s->calls.reached(s->calls.arg, at, read_from, error);
	if (!put_block(s, error))
		return false;
	if (s->dir)
		return segment_progress(s->dir, at, read_from, rotate, error);
	return stream_flush(s->out, error);
}

bool
tail_sink_end(struct tail_sink *s, const char *reason, struct optime at,
    struct optime read_from, bson_error_t *error)
{
	bson_t extra = BSON_INITIALIZER;
	bool ok;

	if (s->calls.entry)
		return s->calls.reached(s->calls.arg, at, read_from, error);
	ok = put_block(s, error);
	if (ok && s->dir) {
		ok = segment_dir_close(s->dir, reason, at, read_from, error);
	} else if (ok) {
		optime_append(&extra, "to", at);
		optime_append(&extra, "readFrom", read_from);
		ok = stream_put_end(s->out, reason, &extra, error);
	}
	bson_destroy(&extra);
	return ok;
}

int64_t
tail_sink_entries(const struct tail_sink *s)
{
	return s->entries;
}

int64_t
tail_sink_bytes(const struct tail_sink *s)
{
	return s->bytes;
}
