/* What has to be known of a difference while the journal is read is small and
 * in memory; the documents wait in a temporary file until they are told. */
#include "engine/verify_explain.h"

#include <string.h>

#include "base/sig.h"
#include "engine/journal.h"
#include "engine/verify_known.h"
#include "io/spill.h"
#include "model/docid.h"
#include "mongo/job.h"
#include "stream/segment.h"

enum { MOST = 100000 };

/* In front of the bytes of a difference. */
struct kept {
	struct pair *pair;
	enum diff_class class;
	struct optime from, to, next;
	int rounds;
	bool resolved, has_source, has_target;
	uint8_t id_type;
	uint32_t id_len, source_len, target_len;
};

struct explain {
	struct explain_opts o;
	struct job_checkpoint cp;
	struct optime copied; /* end of the copy */
	struct wanted_set wanted;
	struct spill *spill;
	uint64_t bytes;
	/* of the journal, while it is read */
	bool any, whole; /* one epoch, the job's, since the copy */
	bool in;         /* the file at hand is of that epoch */
};

static bool
note_file(void *arg, const struct journal_file *file, bson_error_t *error)
{
	(void)file;
	(void)error;
	*(bool *)arg = true;
	return true;
}

/* A wrong directory is found before anything is compared. */
static bool
look_at_journal(const struct explain *e, bson_error_t *error)
{
	bool any = false;
	struct journal_reader r = {
	    .arg = &any, .file = note_file, .heads = true};

	if (!e->o.journal)
		return true;
	return journal_read(e->o.journal, e->o.job, &r, error) &&
	    (any ||
		error_set(error, MM_EXIT_REFUSED, 0, "\"%s\" holds no journal",
		    e->o.journal));
}

struct explain *
explain_new(const struct explain_opts *opts, bson_error_t *error)
{
	struct explain *e = bson_malloc0(sizeof *e);
	struct conn *c = conn_open(opts->target, error);
	bson_t doc = BSON_INITIALIZER;
	int got = -1;

	e->o = *opts;
	e->copied = OPTIME_NULL;
	if (c) {
		bson_destroy(&doc);
		got = job_peek(c, opts->job, &doc, error);
		conn_close(c);
	}
	if (got == 1) {
		job_doc_checkpoint(&doc, &e->cp);
		optime_read(&doc, "to", &e->copied);
	}
	bson_destroy(&doc);
	if (got >= 0 && look_at_journal(e, error) &&
	    (e->spill = spill_open(error)))
		return e;
	explain_free(e);
	return NULL;
}

void
explain_free(struct explain *e)
{
	if (!e)
		return;
	if (e->spill)
		spill_close(e->spill);
	wanted_release(&e->wanted);
	bson_free(e);
}

/* --------------------------------------------------------------- keeping */

static bool
keep(struct explain *e, const void *data, size_t len, bson_error_t *error)
{
	e->bytes += len;
	return len == 0 || spill_append(e->spill, data, len, error);
}

static bool
keep_doc(struct explain *e, const bson_t *doc, bson_error_t *error)
{
	return !doc || keep(e, bson_get_data(doc), doc->len, error);
}

bool
explain_add(struct explain *e, struct pair *pair, const struct report_doc *doc,
    bson_error_t *error)
{
	const struct kept k = {
	    .pair = pair,
	    .class = doc->class,
	    .from = doc->from,
	    .to = doc->to,
	    .next = doc->next,
	    .rounds = doc->rounds,
	    .resolved = doc->resolved,
	    .has_source = doc->source != NULL,
	    .has_target = doc->target != NULL,
	    .id_type = doc->id->type,
	    .id_len = doc->id->len,
	    .source_len = doc->source ? doc->source->len : 0,
	    .target_len = doc->target ? doc->target->len : 0,
	};

	wanted_add(&e->wanted, pair->ns, doc->id, doc->target);
	return keep(e, &k, sizeof k, error) &&
	    keep(e, doc->id->data, doc->id->len, error) &&
	    keep_doc(e, doc->source, error) &&
	    keep_doc(e, doc->target, error) &&
	    (e->wanted.n < MOST || explain_flush(e, error));
}

/* ---------------------------------------------------------- the journal */

static bool
journal_file(void *arg, const struct journal_file *file, bson_error_t *error)
{
	struct explain *e = arg;

	(void)error;
	e->in = e->cp.journal[0] && strcmp(file->epoch, e->cp.journal) == 0;
	if (!e->any)
		e->whole = e->in && optime_cmp(file->sound, e->copied) <= 0;
	e->whole = e->whole && e->in;
	e->any = true;
	return true;
}

static bool
journal_row(void *arg, const struct journal_row *row, bson_error_t *error)
{
	struct explain *e = arg;
	const struct change_seen c = {.at = row->at,
	    .has_old = !row->fuzzy,
	    .has_now = true,
	    .old = row->old,
	    .now = row->now};
	struct wanted *w;
	struct value id;

	(void)error;
	if (row->command || !docid_of(&row->header, &id, NULL))
		return true;
	w = wanted_find(&e->wanted, row->ns, &id);
	if (!w)
		return true;
	w->met = w->met || e->in;
	wanted_change(w, &c);
	return true;
}

static bool
read_journal(struct explain *e, bson_error_t *error)
{
	struct journal_reader r = {
	    .arg = e, .file = journal_file, .row = journal_row};

	e->any = e->whole = e->in = false;
	return !e->o.journal || journal_read(e->o.journal, e->o.job, &r, error);
}

/* -------------------------------------------------------------- the log */

/* Only whole documents are versions; any entry is one that follows. */
static void
see_entry(struct explain *e, const struct entry *entry)
{
	struct change_seen c = {.at = entry->at};
	bson_error_t ignored;
	struct wanted *w;
	struct value id;
	struct elem first;

	if (entry->op > ENTRY_DELETE || !entry_key(entry, &id, &ignored) ||
	    !(w = wanted_find(&e->wanted, entry->ns, &id)))
		return;
	c.has_now = entry->op != ENTRY_UPDATE ||
	    walk_find(bson_get_data(&entry->o), entry->o.len, "_id", &first);
	c.now = entry->op == ENTRY_DELETE ? NULL : &entry->o;
	wanted_change(w, &c);
}

static bool
see_block(struct explain *e, const struct block_view *b, bson_error_t *error)
{
	struct block_cursor cur;
	const uint8_t *doc;
	struct entry entry;
	uint32_t len;

	block_rewind(&cur, b);
	while (block_next(&cur, &doc, &len)) {
		if (!entry_parse(doc, len, &entry, error))
			return false;
		see_entry(e, &entry);
	}
	return true;
}

static bool
read_segments(struct explain *e, bson_error_t *error)
{
	struct segment_in *in;
	struct stream_item item;
	enum stream_got got = STREAM_ERROR;

	if (!e->o.segments)
		return true;
	in = segment_in_new(e->o.segments, OPTIME_NULL, false, error);
	while (in && (got = segment_next(in, &item, error)) == STREAM_GOT)
		if (item.type == RECORD_BLOCK &&
		    !see_block(e, &item.block, error)) {
			got = STREAM_ERROR;
			break;
		}
	segment_in_free(in);
	return got != STREAM_ERROR;
}

/* --------------------------------------------------------------- telling */

static void
judge(const struct explain *e, const struct wanted *w, struct report_doc *doc)
{
	bool unknown = doc->class == DIFF_CONTENT || doc->class == DIFF_EXTRA;

	if (doc->resolved || diff_class_undecided(doc->class))
		return;
	if (w->found) {
		doc->version = w->version;
		doc->next = w->next;
		if (unknown)
			doc->class = DIFF_STALE;
	} else if (unknown && (w->met || e->whole)) {
		doc->class = DIFF_FOREIGN;
	}
}

static const uint8_t *
piece(const struct buf *b, size_t *at, size_t len)
{
	const uint8_t *p = b->data + *at;

	*at += len;
	return p;
}

static bool
tell_one(struct explain *e, const struct kept *k, const struct buf *b,
    bson_error_t *error)
{
	struct value id = {.type = k->id_type, .len = k->id_len};
	struct report_doc doc = {.class = k->class,
	    .id = &id,
	    .from = k->from,
	    .to = k->to,
	    .version = OPTIME_NULL,
	    .next = k->next,
	    .rounds = k->rounds,
	    .resolved = k->resolved};
	bson_t source, target;
	size_t at = 0;

	id.data = piece(b, &at, k->id_len);
	if (k->has_source &&
	    bson_init_static(
		&source, piece(b, &at, k->source_len), k->source_len))
		doc.source = &source;
	if (k->has_target &&
	    bson_init_static(
		&target, piece(b, &at, k->target_len), k->target_len))
		doc.target = &target;
	judge(e, wanted_find(&e->wanted, k->pair->ns, &id), &doc);
	return e->o.tell(e->o.arg, k->pair, &doc, error);
}

static bool
tell_all(struct explain *e, bson_error_t *error)
{
	struct buf b = BUF_INIT;
	uint64_t at = 0;
	bool ok = true;

	while (ok && at < e->bytes) {
		struct kept k;
		size_t len;

		ok = spill_read(e->spill, at, &k, sizeof k, error);
		if (!ok)
			break;
		at += sizeof k;
		len = (size_t)k.id_len + k.source_len + k.target_len;
		buf_clear(&b);
		buf_reserve(&b, len + 1);
		ok = spill_read(e->spill, at, b.data, len, error) &&
		    tell_one(e, &k, &b, error);
		at += len;
	}
	buf_release(&b);
	return ok;
}

bool
explain_flush(struct explain *e, bson_error_t *error)
{
	bool ok;

	if (e->wanted.n == 0)
		return true;
	ok = read_journal(e, error) && read_segments(e, error) &&
	    tell_all(e, error);
	spill_close(e->spill);
	e->spill = NULL;
	e->bytes = 0;
	wanted_clear(&e->wanted);
	return ok && (e->spill = spill_open(error));
}
