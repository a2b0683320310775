/* What a killed run has written ahead is with the system, so the next run finds
 * it, unless the host went down with it: then an epoch ends there. An applier
 * that kept no journal, or another one, leaves its mark in the checkpoint
 * before its first write. So rows of one epoch, the first of each change, hold
 * the very documents that were there. */
#include "engine/journal.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/doc.h"
#include "mongo/holder.h"

struct journal {
	struct trail *trail;
	struct optime fuzzy;
	char epoch[JOB_JOURNAL];
	atomic_bool unmarked; /* rows since the last mark */
};

static void
boot_id(char *text, size_t size)
{
	struct holder self;

	holder_self(&self);
	self.boot[strcspn(self.boot, " ")] = '\0';
	bson_strncpy(text, self.boot, size);
}

/* ------------------------------------------------------------ an epoch */

struct newest {
	char epoch[JOB_JOURNAL];
	bool whole;
	unsigned number;
	struct optime fuzzy;
};

static bool
note_file(void *arg, const struct journal_file *file, bson_error_t *error)
{
	struct newest *n = arg;

	(void)error;
	bson_strncpy(n->epoch, file->epoch, sizeof n->epoch);
	n->whole = file->whole;
	n->number = file->number;
	n->fuzzy = OPTIME_NULL;
	optime_read(file->head, "fuzzy", &n->fuzzy);
	return true;
}

static bool
choose_epoch(struct journal *j, const char *dir, const char *job,
    const struct job_checkpoint *cp, struct optime to, bson_error_t *error)
{
	struct newest n = {.epoch = ""};
	struct journal_reader r = {.arg = &n, .file = note_file, .heads = true};
	uint64_t id;

	if (!journal_read(dir, job, &r, error))
		return false;
	if (cp->journal[0] && strcmp(n.epoch, cp->journal) == 0 &&
	    n.number >= cp->journal_file &&
	    (n.whole || optime_is_null(cp->ahead))) {
		bson_strncpy(j->epoch, n.epoch, sizeof j->epoch);
		j->fuzzy = n.fuzzy;
		return true;
	}
	if (getrandom(&id, sizeof id, 0) != sizeof id)
		return error_errno(
		    error, MM_EXIT_INTERNAL, "no random number to be had");
	snprintf(j->epoch, sizeof j->epoch, "%016" PRIx64, id);
	j->fuzzy = optime_max(optime_max(to, cp->applied), cp->ahead);
	return true;
}

static void
complete_head(const struct journal *j, const bson_t *head,
    const struct job_checkpoint *cp, bson_t *out)
{
	char boot[64];

	bson_copy_to(head, out);
	BSON_APPEND_UTF8(out, "epoch", j->epoch);
	optime_append(out, "fuzzy", j->fuzzy);
	optime_append(out, "after", cp->applied);
	optime_append(out, "readFrom", cp->read_from);
	if (!optime_is_null(cp->ahead))
		optime_append(out, "ahead", cp->ahead);
	boot_id(boot, sizeof boot);
	BSON_APPEND_UTF8(out, "boot", boot);
}

struct journal *
journal_new(const char *dir, const bson_t *head,
    const struct job_checkpoint *cp, struct optime to, bson_error_t *error)
{
	struct journal *j = bson_malloc0(sizeof *j);
	const char *job;
	bson_t whole;

	if (record_text(head, "job", &job, error) &&
	    choose_epoch(j, dir, job, cp, to, error)) {
		complete_head(j, head, cp, &whole);
		j->trail = trail_open(dir, STREAM_JOURNAL, &whole, error);
		bson_destroy(&whole);
	}
	if (!j->trail) {
		bson_free(j);
		return NULL;
	}
	return j;
}

void
journal_free(struct journal *j)
{
	if (!j)
		return;
	trail_free(j->trail);
	bson_free(j);
}

const char *
journal_epoch(const struct journal *j)
{
	return j->epoch;
}

/* ---------------------------------------------------------------- rows */

static void
append_id(bson_t *row, const struct entry *e)
{
	const bson_t *key = e->op == ENTRY_UPDATE ? &e->o2 : &e->o;
	bson_iter_t it;

	if (key->len > 0 && bson_iter_init_find(&it, key, "_id"))
		bson_append_iter(row, "_id", -1, &it);
}

static void
begin_row(
    struct journal *j, const struct entry *e, enum entry_op op, bson_t *row)
{
	static const char *const ops[] = {"i", "u", "d", "c", "n"};

	j->unmarked = true;
	bson_init(row);
	bson_append_timestamp(row, "ts", -1, e->at.secs, e->at.inc);
	BSON_APPEND_INT64(row, "t", e->at.term);
	if (e->txn_index >= 0)
		BSON_APPEND_INT32(row, "i", e->txn_index);
	BSON_APPEND_UTF8(row, "ns", e->ns);
	if (op != ENTRY_COMMAND)
		append_id(row, e);
	BSON_APPEND_UTF8(row, "op", ops[op]);
	if (optime_cmp(e->at, j->fuzzy) <= 0)
		BSON_APPEND_BOOL(row, "fuzzy", true);
}

bool
journal_change(struct journal *j, const struct entry *e, const bson_t *pre,
    enum entry_effect effect, const struct buf *now, bson_error_t *error)
{
	bool has_now = effect == EFFECT_STORED, ok;
	bson_t row;

	begin_row(j, e, e->op, &row);
	BSON_APPEND_BOOL(&row, "old", pre != NULL);
	BSON_APPEND_BOOL(&row, "new", has_now);
	trail_lock(j->trail);
	ok = trail_add(j->trail, bson_get_data(&row), row.len, error) &&
	    (!pre ||
		trail_add(j->trail, bson_get_data(pre), pre->len, error)) &&
	    (!has_now || trail_add(j->trail, now->data, now->len, error));
	trail_unlock(j->trail);
	bson_destroy(&row);
	return ok;
}

bool
journal_command(struct journal *j, const struct entry *e, bson_error_t *error)
{
	bson_t row;
	bool ok;

	begin_row(j, e, ENTRY_COMMAND, &row);
	BSON_APPEND_UTF8(&row, "command", e->command ? e->command : "view");
	BSON_APPEND_BOOL(&row, "old", false);
	BSON_APPEND_BOOL(&row, "new", false);
	trail_lock(j->trail);
	ok = trail_add(j->trail, bson_get_data(&row), row.len, error);
	trail_unlock(j->trail);
	bson_destroy(&row);
	return ok && trail_sync(j->trail, error);
}

bool
journal_flush(struct journal *j, bson_error_t *error)
{
	return trail_flush(j->trail, error);
}

bool
journal_checkpoint(
    struct journal *j, struct job_checkpoint *cp, bson_error_t *error)
{
	unsigned number = trail_number(j->trail);
	bson_t mark = BSON_INITIALIZER;
	bool ok = true;

	if (j->unmarked) {
		j->unmarked = false;
		BSON_APPEND_UTF8(&mark, "$mm", "mark");
		bson_append_timestamp(
		    &mark, "ts", -1, cp->applied.secs, cp->applied.inc);
		BSON_APPEND_INT64(&mark, "t", cp->applied.term);
		optime_append(&mark, "readFrom", cp->read_from);
		ok = trail_mark(j->trail, &mark, error);
	}
	bson_destroy(&mark);
	if (number > 0 && strcmp(cp->journal, j->epoch) == 0)
		cp->journal_file = number;
	return ok && trail_sync(j->trail, error);
}

bool
journal_close(struct journal *j, bson_error_t *error)
{
	return trail_close(j->trail, error);
}

/* -------------------------------------------------------------- reading */

struct reader {
	const struct journal_reader *r;
	bson_t *header, *old; /* of the row that is coming; NULL: not yet */
	bool want_old, want_now;
};

static void
forget(struct reader *r)
{
	bson_destroy(r->header);
	bson_destroy(r->old);
	r->header = r->old = NULL;
	r->want_old = r->want_now = false;
}

static bool
begin_file(void *arg, const struct trail_file *f, bson_error_t *error)
{
	struct reader *r = arg;
	struct journal_file file = {
	    .number = f->number, .epoch = "", .head = f->head};
	struct optime fuzzy = OPTIME_NULL, after = fuzzy, ahead = fuzzy,
		      read_from;
	const char *boot;
	char mine[64];

	forget(r);
	boot_id(mine, sizeof mine);
	file.whole = !f->partial ||
	    (mine[0] && record_text(f->head, "boot", &boot, NULL) &&
		strcmp(boot, mine) == 0);
	record_text(f->head, "epoch", &file.epoch, NULL);
	optime_read(f->head, "fuzzy", &fuzzy);
	optime_read(f->head, "after", &after);
	optime_read(f->head, "ahead", &ahead);
	file.sound = optime_max(optime_max(fuzzy, after), ahead);
	if (r->r->file && !r->r->file(r->r->arg, &file, error))
		return false;
	return !r->r->mark || !optime_read(f->head, "readFrom", &read_from) ||
	    r->r->mark(r->r->arg, after, read_from, error);
}

static bool
take_mark(void *arg, const bson_t *mark, bson_error_t *error)
{
	struct reader *r = arg;
	struct optime at, read_from;

	return !r->r->mark || !optime_of(mark, &at) ||
	    !optime_read(mark, "readFrom", &read_from) ||
	    r->r->mark(r->r->arg, at, read_from, error);
}

static bool
complete(struct reader *r, const bson_t *now, bson_error_t *error)
{
	struct journal_row row = {.old = r->old, .now = now, .txn = -1};
	const char *op;
	bool ok;

	if (!optime_of(r->header, &row.at) ||
	    !record_text(r->header, "ns", &row.ns, NULL) ||
	    !record_text(r->header, "op", &op, NULL) ||
	    !bson_init_static(
		&row.header, bson_get_data(r->header), r->header->len))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "a row of the journal has no ts, ns or op");
	record_int32(r->header, "i", &row.txn, NULL);
	if (strcmp(op, "c") == 0 &&
	    !record_text(r->header, "command", &row.command, NULL))
		row.command = "?";
	row.fuzzy = doc_bool(r->header, "fuzzy");
	ok = !r->r->row || r->r->row(r->r->arg, &row, error);
	forget(r);
	return ok;
}

static bool
take(void *arg, const bson_t *doc, bson_error_t *error)
{
	struct reader *r = arg;

	if (!r->header) {
		r->header = bson_copy(doc);
		r->want_old = doc_bool(doc, "old");
		r->want_now = doc_bool(doc, "new");
	} else if (r->want_old) {
		r->old = bson_copy(doc);
		r->want_old = false;
	} else {
		return complete(r, doc, error);
	}
	return r->want_old || r->want_now || complete(r, NULL, error);
}

bool
journal_read(const char *dir, const char *job, const struct journal_reader *jr,
    bson_error_t *error)
{
	struct reader r = {.r = jr};
	struct trail_reader t = {.arg = &r,
	    .file = begin_file,
	    .doc = take,
	    .mark = take_mark,
	    .heads = jr->heads};
	bool ok = trail_read(dir, STREAM_JOURNAL, job, &t, error);

	forget(&r);
	return ok;
}
