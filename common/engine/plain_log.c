/* What is read goes out in blocks, each followed by a mark, so that a
 * checkpoint also says where open transactions began. An error waits until what
 * came before it is out. */
#include "engine/plain_log.h"

#include <inttypes.h>
#include <string.h>

#include "base/msg.h"
#include "engine/group_cut.h"
#include "engine/plain_doc.h"
#include "engine/tail_txn.h"

enum { LOOK_MAX = 20000 }; /* entries read for one block */

enum state { BEGIN, BLOCK, MARK, WHY, ENDED };

struct plain_log {
	struct plain_log_opts o;
	struct plain_doc in;
	struct tail_filter *filter;
	struct tail_txn *txn; /* from the first block on */
	struct group_cut *group;
	enum state state;
	struct optime after;
	struct optime at;   /* everything up to here is out, or in the block */
	struct optime last; /* of the last entry, for their order */
	int64_t wall;
	struct block block;
	int64_t blocks;
	bson_t control;
	bool failed, over; /* why holds an error to be given; no more input */
	bool about;        /* it is about doc */
	bson_error_t why;
};

static bool
emit(void *arg, const uint8_t *doc, size_t len, struct optime at,
    bson_error_t *error)
{
	struct plain_log *p = arg;

	(void)error;
	(void)at;
	block_add(&p->block, doc, len);
	return true;
}

struct plain_log *
plain_log_new(const struct plain_log_opts *opts, bson_error_t *error)
{
	struct plain_log *p = BSON_ALIGNED_ALLOC0(struct plain_log);

	p->o = *opts;
	p->after = opts->after;
	p->at = p->last = OPTIME_NULL;
	plain_doc_init(&p->in, opts->fd, opts->name);
	bson_init(&p->control);
	p->filter = tail_filter_new(opts->rules, error);
	if (!p->filter) {
		plain_log_free(p);
		return NULL;
	}
	p->group = group_cut_new(p->filter, emit, p);

	return p;
}

void
plain_log_free(struct plain_log *p)
{
	if (!p)
		return;
	plain_doc_release(&p->in);
	tail_txn_free(p->txn);
	group_cut_free(p->group);
	tail_filter_free(p->filter);
	block_release(&p->block);
	bson_destroy(&p->control);
	bson_free(p);
}

bool
plain_log_where(const struct plain_log *p, bson_error_t *error)
{
	return error_prefix(error, "%s: entry %" PRIu64 " at byte %" PRIu64,
	    p->o.name, p->in.number, p->in.offset);
}

bool
plain_log_entry(const struct plain_log *p, bson_t *entry)
{
	return p->about &&
	    bson_init_static(entry, p->in.doc.data, p->in.doc.len);
}

/* ---------------------------------------------------------------- reading */

static bool
cut_short(struct plain_log *p, const char *where, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return error_set(error,
	    p->o.allow_truncated ? MM_EXIT_STOPPED : MM_EXIT_STREAM, 0,
	    "cut short: the input ends inside %s; the last whole one is at %s",
	    where,
	    optime_is_null(p->at) ? "no position" : optime_text(p->at, text));
}

static enum stream_got
read_doc(struct plain_log *p, bson_error_t *error)
{
	bool cut;
	enum stream_got got = plain_doc_next(&p->in, &cut, error);

	if (cut)
		cut_short(p, "an entry", error);
	return got;
}

/* ---------------------------------------------------------------- entries */

/* An operation of a group that is open has the position of the one before. */
static bool
in_order(
    struct plain_log *p, struct optime at, bool grouped, bson_error_t *error)
{
	char text[OPTIME_TEXT], last[OPTIME_TEXT];
	bool open = group_cut_open(p->group);

	if (open && !grouped)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "an entry by itself stands inside a transaction");
	if (!open && !optime_is_null(p->last) && optime_cmp(at, p->last) <= 0)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "entry at position %s: not after the entry before it, "
		    "which is at %s",
		    optime_text(at, text), optime_text(p->last, last));
	p->last = at;
	return true;
}

/* A command that ends or holds a transaction, or what may belong to one. */
static bool
feed(struct plain_log *p, const struct tail_look *look, enum tail_part part,
    bson_error_t *error)
{
	enum tail_txn_got got = TAIL_TXN_PLAIN;
	struct optime first;

	if (part == TAIL_GROUP || tail_txn_open(p->txn, &first))
		got =
		    tail_txn_feed(p->txn, p->in.doc.data, p->in.doc.len, error);
	if (got != TAIL_TXN_PLAIN)
		return got == TAIL_TXN_TAKEN;
	if (part == TAIL_TAKE && optime_cmp(look->at, p->after) > 0)
		block_add(&p->block, p->in.doc.data, p->in.doc.len);
	return true;
}

static bool
take_plain(struct plain_log *p, bson_error_t *error)
{
	struct tail_look look;
	enum tail_part part;

	if (!tail_filter_look(
		p->filter, p->in.doc.data, p->in.doc.len, &look, &part, error))
		return false;
	if (look.wall)
		p->wall = look.wall;
	return feed(p, &look, part, error);
}

static bool
take(struct plain_log *p, bson_error_t *error)
{
	struct optime at;
	bson_t doc, txn;
	bool grouped;

	if (!bson_init_static(&doc, p->in.doc.data, p->in.doc.len))
		return error_set(error, MM_EXIT_STREAM, 0, "not a document");
	if (!optime_of(&doc, &at))
		return error_set(
		    error, MM_EXIT_REFUSED, 0, "an oplog entry without ts");
	grouped =
	    bson_has_field(&doc, "txn") && record_doc(&doc, "txn", &txn, NULL);
	if (!in_order(p, at, grouped, error))
		return false;
	if (grouped ? !group_cut_add(p->group, p->in.doc.data, p->in.doc.len,
			  &txn, at, optime_cmp(at, p->after) > 0, error)
		    : !take_plain(p, error))
		return false;
	if (!group_cut_open(p->group))
		p->at = at;
	return true;
}

static void
at_end(struct plain_log *p)
{
	struct optime first;
	char text[OPTIME_TEXT];

	p->over = true;
	if (group_cut_open(p->group)) {
		p->failed = true;
		p->about = false;
		cut_short(p, "a transaction", &p->why);
	} else if (tail_txn_open(p->txn, &first)) {
		msg_info("a transaction that began at %s is not committed in "
			 "this log: give it again together with the next one",
		    optime_text(first, text));
	}
}

/* Fills the block. False: a stop signal. */
static bool
gather(struct plain_log *p)
{
	int n = 0;

	while (!p->failed && !p->over && n++ < LOOK_MAX &&
	    !block_full(&p->block)) {
		enum stream_got got = read_doc(p, &p->why);

		if (got == STREAM_STOPPED)
			return false;
		if (got == STREAM_EOF) {
			at_end(p);
		} else if (got == STREAM_ERROR) {
			p->failed = p->over = true;
		} else {
			p->in.used = true;
			p->failed = p->about = !take(p, &p->why);
		}
	}
	return true;
}

/* ------------------------------------------------------------------ items */

static enum stream_got
give_position(struct plain_log *p, bool end, struct stream_item *item)
{
	struct optime at = optime_max(p->at, p->after), first;

	bson_reinit(&p->control);
	BSON_APPEND_UTF8(&p->control, "$mm", end ? "end" : "mark");
	if (end) {
		optime_append(&p->control, "to", at);
	} else {
		BSON_APPEND_TIMESTAMP(&p->control, "ts", at.secs, at.inc);
		BSON_APPEND_INT64(&p->control, "t", at.term);
	}
	if (!tail_txn_open(p->txn, &first) || optime_cmp(first, at) > 0)
		first = at;
	optime_append(&p->control, "readFrom", first);
	if (p->wall)
		BSON_APPEND_DATE_TIME(&p->control, "wall", p->wall);
	item->type = end ? RECORD_END : RECORD_MARK;
	return STREAM_GOT;
}

static enum stream_got
head(struct plain_log *p, struct stream_item *item, bson_error_t *error)
{
	enum stream_got got = read_doc(p, error);
	struct optime at;
	bson_t doc, sub;

	if (got == STREAM_EOF) {
		error_set(
		    error, MM_EXIT_STREAM, 0, "%s: empty input", p->o.name);
		return STREAM_ERROR;
	}
	if (got != STREAM_GOT)
		return got;
	if (!bson_init_static(&doc, p->in.doc.data, p->in.doc.len) ||
	    bson_has_field(&doc, "$mm") || !optime_of(&doc, &at)) {
		error_set(error, MM_EXIT_STREAM, 0,
		    "%s: it does not begin with an oplog entry%s", p->o.name,
		    bson_has_field(&doc, "$mm")
			? ", but is a stream: leave out --input-format"
			: "");
		return STREAM_ERROR;
	}
	if (optime_is_null(p->after))
		p->after = at;
	BSON_APPEND_UTF8(&p->control, "$mm", "stream");
	BSON_APPEND_DOCUMENT_BEGIN(&p->control, "source", &sub);
	bson_append_document_end(&p->control, &sub);
	BSON_APPEND_DOCUMENT_BEGIN(&p->control, "filters", &sub);
	ns_rules_append(p->o.rules, &sub);
	bson_append_document_end(&p->control, &sub);
	optime_append(&p->control, "after", p->after);
	optime_append(&p->control, "seen", OPTIME_NULL);
	item->type = RECORD_STREAM;
	p->state = BLOCK;
	return STREAM_GOT;
}

static enum stream_got
give_block(struct plain_log *p, struct stream_item *item)
{
	bson_reinit(&p->control);
	BSON_APPEND_UTF8(&p->control, "$mm", "block");
	item->type = RECORD_BLOCK;
	item->block = (struct block_view){.n = p->block.n,
	    .seq = p->blocks++,
	    .docs = p->block.docs.data,
	    .len = p->block.docs.len};
	return STREAM_GOT;
}

/* One step; STREAM_EOF before ENDED: nothing to give yet. */
static enum stream_got
step(struct plain_log *p, struct stream_item *item, bson_error_t *error)
{
	switch (p->state) {
	case BEGIN:
		return head(p, item, error);
	case BLOCK:
		if (!gather(p))
			return STREAM_STOPPED;
		p->state = MARK;
		return p->block.n > 0 ? give_block(p, item) : STREAM_EOF;
	case MARK:
		buf_clear(&p->block.docs);
		p->block.n = 0;
		p->state = WHY;
		return group_cut_open(p->group) ||
			optime_cmp(p->at, p->after) <= 0
		    ? STREAM_EOF
		    : give_position(p, false, item);
	case WHY:
		p->state = p->over ? ENDED : BLOCK;
		if (p->failed) {
			p->failed = false;
			*error = p->why;
			return STREAM_ERROR;
		}
		return p->over ? give_position(p, true, item) : STREAM_EOF;
	case ENDED:
		break;
	}
	return STREAM_EOF;
}

enum stream_got
plain_log_next(struct plain_log *p, struct optime applied,
    struct stream_item *item, bson_error_t *error)
{
	enum stream_got got = STREAM_EOF;

	if (!p->txn && p->state == BLOCK)
		p->txn = tail_txn_new(
		    p->filter, emit, p, optime_max(p->after, applied));
	while (got == STREAM_EOF && p->state != ENDED)
		got = step(p, item, error);
	if (got == STREAM_GOT)
		bson_init_static(
		    &item->control, bson_get_data(&p->control), p->control.len);
	return got;
}
