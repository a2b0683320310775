#include "engine/cut.h"

#include <string.h>

#include "engine/group_cut.h"

struct cut_log {
	struct cut_opts o;
	struct tail_filter *filter;
	bson_t *head; /* of the first stream: all must be of its source */
	struct segment_dir *dir;
	struct stream_out *out;
	bool open;          /* a stream is being written */
	struct optime seen; /* of it */
	struct optime at;   /* everything up to here is in it */
	struct optime from; /* readFrom, as last heard */
	char reason[32];    /* why the input ended */
	struct block block;
	struct optime first, last; /* of the block */
	struct group_cut *group;
};

static struct stream_out *
stream_of(const struct cut_log *l)
{
	return l->dir ? segment_stream(l->dir) : l->out;
}

static bool
put_block(struct cut_log *l, bson_error_t *error)
{
	bson_t extra = BSON_INITIALIZER;
	bool ok;

	if (l->block.n == 0)
		return true;
	optime_append(&extra, "first", l->first);
	optime_append(&extra, "last", l->last);
	ok = stream_put_block(stream_of(l), &l->block, &extra, error);
	bson_destroy(&extra);
	return ok;
}

static bool
put_entry(void *arg, const uint8_t *data, size_t len, struct optime at,
    bson_error_t *error)
{
	struct cut_log *l = arg;

	if (l->block.n > 0 && l->block.docs.len + len > STREAM_BLOCK_BYTES &&
	    !put_block(l, error))
		return false;
	if (l->block.n == 0)
		l->first = at;
	l->last = at;
	block_add(&l->block, data, len);
	return true;
}

struct cut_log *
cut_log_new(const struct cut_opts *opts, bson_error_t *error)
{
	struct cut_log *l = bson_malloc0(sizeof *l);

	l->o = *opts;
	l->at = l->from = l->seen = OPTIME_NULL;
	l->filter = tail_filter_new(opts->rules, error);
	if (l->filter) {
		l->group = group_cut_new(l->filter, put_entry, l);
		return l;
	}
	cut_log_free(l);
	return NULL;
}

void
cut_log_free(struct cut_log *l)
{
	if (!l)
		return;
	group_cut_free(l->group);
	tail_filter_free(l->filter);
	if (l->head)
		bson_destroy(l->head);
	stream_out_free(l->out);
	segment_dir_free(l->dir);
	block_release(&l->block);
	bson_free(l);
}

/* ----------------------------------------------------------------- writing */

/* Between groups: the reader gets what there is, a segment may rotate. */
static bool
settle(struct cut_log *l, bson_error_t *error)
{
	if (!put_block(l, error))
		return false;
	return l->dir ? segment_progress(l->dir, l->at, l->from, false, error)
		      : stream_flush(l->out, error);
}

static bool
close_log(struct cut_log *l, const char *reason, bson_error_t *error)
{
	bson_t extra = BSON_INITIALIZER;
	bool ok;

	if (!l->open)
		return true;
	l->open = false;
	if (!put_block(l, error))
		return false;
	if (l->dir)
		return segment_dir_close(l->dir, reason, l->at, l->from, error);
	optime_append(&extra, "to", l->at);
	optime_append(&extra, "readFrom", l->from);
	ok = stream_put_end(l->out, reason, &extra, error);
	bson_destroy(&extra);
	stream_out_free(l->out);
	l->out = NULL;
	return ok;
}

/* The directory may hold a part of the log already: *at is where it ends. */
static bool
open_dir(struct cut_log *l, const bson_t *head, bson_error_t *error)
{
	struct segment_opts opts = {.dir = l->o.dir,
	    .level = l->o.level,
	    .max_bytes = l->o.max_bytes,
	    .max_ms = INT64_MAX,
	    .fsync_ms = INT64_MAX};
	struct optime from;

	l->dir = segment_dir_open(&opts, head, &l->at, &from, error);
	return l->dir != NULL;
}

static bool
open_stream(struct cut_log *l, const bson_t *head, bson_error_t *error)
{
	struct stream_out_opts opts = {.level = l->o.level, .live = true};
	bson_t doc = BSON_INITIALIZER;

	if (l->dir)
		return segment_start(l->dir, l->at, l->seen, l->from, error);
	opts.fd = output_fd(l->o.out);
	opts.name = output_name(l->o.out);
	bson_concat(&doc, head);
	optime_append(&doc, "after", l->at);
	optime_append(&doc, "seen", l->seen);
	optime_append(&doc, "readFrom", l->from);
	l->out = stream_out_new(&opts, STREAM_OPLOG, &doc, error);
	bson_destroy(&doc);
	return l->out != NULL;
}

/* ----------------------------------------------------------------- reading */

static bool
no_group(const struct cut_log *l, const char *what, bson_error_t *error)
{
	return !group_cut_open(l->group) ||
	    error_set(error, MM_EXIT_STREAM, 0,
		"%s stands inside a transaction", what);
}

/* The same source and joining, or all of it is behind us. */
static bool
join(struct cut_log *l, const bson_t *head, struct optime after,
    bson_error_t *error)
{
	char a[OPTIME_TEXT], b[OPTIME_TEXT];

	if (!l->head) {
		l->head = bson_copy(head);
		if (l->o.dir && !open_dir(l, head, error))
			return false;
	} else if (!segment_same_origin(l->head, head, error)) {
		return false;
	}
	if (optime_is_null(l->at))
		l->at = after;
	if (optime_cmp(after, l->at) > 0)
		return error_set(error, MM_EXIT_POSITION, 0,
		    "the log before ends at %s, this one begins at %s",
		    optime_text(l->at, a), optime_text(after, b));
	return true;
}

static bool
begin(struct cut_log *l, const bson_t *control, bson_error_t *error)
{
	bson_t head = BSON_INITIALIZER;
	struct optime after, seen;
	bool ok;

	ok = no_group(l, "record \"stream\"", error) &&
	    cut_head(l->o.rules, control, &head, error) &&
	    record_optime(control, "after", &after, error) &&
	    record_optime(control, "seen", &seen, error) &&
	    join(l, &head, after, error);
	if (!ok)
		goto cleanup;
	/* `seen` has its place in the header only. */
	if (l->open && optime_cmp(seen, l->seen) != 0)
		ok = close_log(l, "rotated", error);
	if (ok && !l->open) {
		l->seen = seen;
		l->from = l->at;
		optime_read(control, "readFrom", &l->from);
		ok = open_stream(l, &head, error);
		l->open = ok;
	}
cleanup:
	bson_destroy(&head);
	return ok;
}

static bool
add_grouped(struct cut_log *l, const uint8_t *data, size_t len,
    const bson_t *txn, struct optime at, bson_error_t *error)
{
	bool wanted = optime_cmp(at, l->at) > 0;

	if (!group_cut_add(l->group, data, len, txn, at, wanted, error))
		return false;
	if (wanted && !group_cut_open(l->group))
		l->at = at;
	return true;
}

static bool
add_entry(
    struct cut_log *l, const uint8_t *data, size_t len, bson_error_t *error)
{
	struct tail_look look;
	enum tail_part part;
	struct optime at;
	bson_t doc, txn;

	if (!bson_init_static(&doc, data, len) || !optime_of(&doc, &at))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "an entry has no field \"ts\" of type timestamp");
	if (bson_has_field(&doc, "txn") && record_doc(&doc, "txn", &txn, NULL))
		return add_grouped(l, data, len, &txn, at, error);
	if (!no_group(l, "an entry by itself", error))
		return false;
	if (optime_cmp(at, l->at) <= 0)
		return true;
	if (!tail_filter_look(l->filter, data, len, &look, &part, error) ||
	    !group_cut_flat(part, at, error) ||
	    (part == TAIL_TAKE && !put_entry(l, data, len, at, error)))
		return false;
	l->at = at;
	return true;
}

static bool
add_block(struct cut_log *l, const struct block_view *b, bson_error_t *error)
{
	struct block_cursor cur;
	const uint8_t *data;
	uint32_t len;

	block_rewind(&cur, b);
	while (block_next(&cur, &data, &len))
		if (!add_entry(l, data, len, error))
			return false;
	return group_cut_open(l->group) || !l->dir || !block_full(&l->block) ||
	    settle(l, error);
}

static bool
add_mark(struct cut_log *l, const bson_t *control, bson_error_t *error)
{
	bson_t copy = BSON_INITIALIZER;
	struct optime at;
	bool ok;

	if (!no_group(l, "record \"mark\"", error))
		return false;
	if (!optime_of(control, &at))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "record \"mark\": field \"ts\" is not as expected");
	if (optime_cmp(at, l->at) < 0)
		return true; /* behind us */
	l->at = at;
	optime_read(control, "readFrom", &l->from);
	bson_copy_to_excluding_noinit(control, &copy, "x", NULL);
	ok = put_block(l, error) && stream_put(stream_of(l), &copy, error) &&
	    settle(l, error);
	bson_destroy(&copy);
	return ok;
}

static bool
add_end(struct cut_log *l, const bson_t *control, bson_error_t *error)
{
	const char *reason;
	struct optime to;

	if (!no_group(l, "record \"end\"", error) ||
	    !record_text(control, "reason", &reason, error) ||
	    !record_optime(control, "to", &to, error))
		return false;
	bson_strncpy(l->reason, reason, sizeof l->reason);
	if (optime_cmp(to, l->at) < 0)
		return true;
	l->at = l->from = to;
	optime_read(control, "readFrom", &l->from);
	return settle(l, error);
}

bool
cut_log_item(
    struct cut_log *l, const struct stream_item *item, bson_error_t *error)
{
	switch (item->type) {
	case RECORD_STREAM:
		l->reason[0] = '\0';
		return begin(l, &item->control, error);
	case RECORD_BLOCK:
		return add_block(l, &item->block, error);
	case RECORD_MARK:
		return add_mark(l, &item->control, error);
	case RECORD_END:
		return add_end(l, &item->control, error);
	default:
		return true;
	}
}

bool
cut_log_end(struct cut_log *l, bson_error_t *error)
{
	return no_group(l, "the end", error) &&
	    close_log(l, l->reason[0] ? l->reason : "until", error);
}
