/* A batch with an unknown outcome (no reply, or a write concern error) is sent
 * again as replacements with upsert: whatever the first one did, the result is
 * the same, and the new acknowledgement covers it. Not so where documents of
 * others stand that must stay: there it is sent again as it was, and a document
 * that meets itself is one more that stood already and is equal. */
#include "engine/loader_work.h"

#include <inttypes.h>

#include "base/msg.h"
#include "base/sig.h"
#include "model/docid.h"

#define TRIES 5 /* bulk_run has tried for half a minute each time */
#define OUT_OF_DISK_SPACE 14031

struct loader *
loader_new(struct conn *c, struct standing *s)
{
	struct loader *l = bson_malloc0(sizeof *l);

	l->conn = c;
	l->standing = s;
	l->bulk = bulk_new(c);
	return l;
}

void
loader_free(struct loader *l)
{
	if (!l)
		return;
	bulk_free(l->bulk);
	bson_free(l->todo);
	bson_free(l->stood);
	bson_free(l);
}

void
loader_id(const struct piece *p, struct value *id)
{
	struct elem e;

	walk_find(p->doc, p->len, "_id", &e);
	*id = e.value;
}

/* The server would make an `_id` up, another one each time: a second load, or
 * a batch that is sent again, would double the document. */
static bool
lacks_id(const struct block_view *block, size_t i, bson_error_t *error)
{
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "document %zu of block %" PRId64 " has no _id", i, block->seq);
}

bool
loader_collect(
    struct loader *l, const struct block_view *block, bson_error_t *error)
{
	struct block_cursor cur;
	struct piece *p;
	struct elem e;

	l->n = l->n_stood = 0;
	l->tries = 0;
	l->whole = true;
	if ((size_t)block->n > l->cap) {
		bson_free(l->todo);
		l->cap = (size_t)block->n;
		l->todo = bson_malloc(l->cap * sizeof *l->todo);
	}
	block_rewind(&cur, block);
	while (p = &l->todo[l->n], block_next(&cur, &p->doc, &p->len)) {
		p->replace = false;
		if (!walk_find(p->doc, p->len, "_id", &e))
			return lacks_id(block, l->n, error);
		if (++l->n == l->cap)
			break;
	}
	return true;
}

bool
loader_pause(struct loader *l, bson_error_t *error)
{
	int ms = 50 << (l->tries < 8 ? l->tries : 8);

	if (++l->tries >= TRIES)
		return error_prefix(error, "given up after %d tries", TRIES);
	msg_verbose("%s; sent again", error->message);
	if (sig_sleep(ms < 10000 ? ms : 10000))
		return true;
	return error_set(
	    error, MM_EXIT_STOPPED, 0, "stopped by a signal before the end");
}

bool
loader_refused(
    const struct loader *l, const struct bulk_error *e, bson_error_t *error)
{
	const struct piece *p = &l->todo[e->index];
	enum mm_exit status =
	    e->code == OUT_OF_DISK_SPACE ? MM_EXIT_TARGET : MM_EXIT_REFUSED;
	struct value id;
	char *text;

	loader_id(p, &id);
	text = docid_text(&id);
	error_set(error, status, e->code,
	    "the target refuses the document with _id %s: %s", text,
	    e->message);
	bson_free(text);
	return false;
}

/* Of the refused operations those stay in todo that another try may settle. */
/* What is to be done with documents whose `_id` is there. */
static bool
replaces(const struct loader *l, const struct loader_to *to)
{
	return !to->kept || standing_how(l->standing) == STANDING_REPLACE;
}

/* Of the refused operations those stay in todo that another try may settle. */
static bool
keep_refused(struct loader *l, const struct loader_to *to, bool replacing,
    const struct bulk_error *errors, size_t n, bson_error_t *error)
{
	bool stuck = n == l->n && replacing == replaces(l, to);
	size_t kept = 0, met = 0;

	for (size_t i = 0; i < n; i++) {
		const struct bulk_error *e = &errors[i];
		struct piece *p = &l->todo[e->index];

		/* A replacement meets 11000 when two upserts race. */
		if (code_transient((uint32_t)e->code) ||
		    (e->duplicate_id && replaces(l, to)))
			l->todo[kept++] = *p;
		else if (e->duplicate_id)
			loader_note_stood(l, p);
		else if (!to->kept || !e->duplicate)
			return loader_refused(l, e, error);
		else if (!loader_leave_out(l, to, p, e->message, error))
			return false;
		met += e->duplicate_id && to->kept && !replacing;
	}
	stuck = stuck && kept == l->n;
	l->n = kept;
	standing_met(l->standing, met);
	if (!stuck) {
		l->tries = 0;
		return loader_settle(l, to, error);
	}
	error_set(
	    error, MM_EXIT_TARGET, errors[0].code, "%s", errors[0].message);
	return loader_pause(l, error);
}

static bool
insert_all(struct loader *l, const struct loader_to *to, bson_error_t *error)
{
	const struct bulk_error *errors;
	bool replacing = false, ok = true;
	size_t n;

	while (ok && l->n > 0) {
		bulk_begin(l->bulk, to->ns, false);
		for (size_t i = 0; i < l->n; i++)
			(replacing ? bulk_replace : bulk_insert)(
			    l->bulk, l->todo[i].doc, l->todo[i].len);
		switch (bulk_run(l->bulk, &errors, &n, error)) {
		case BULK_CLEAN:
			l->n = 0;
			break;
		case BULK_ERRORS:
			ok = keep_refused(l, to, replacing, errors, n, error);
			break;
		case BULK_UNKNOWN:
			ok = loader_pause(l, error);
			break;
		case BULK_FAILED:
			ok = false;
			break;
		}
		replacing = replaces(l, to);
	}
	return ok;
}

bool
loader_insert(struct loader *l, const char *ns, bool kept,
    const struct block_view *block, bool *whole, bson_error_t *error)
{
	struct loader_to to = {ns, kept};
	bool ok = loader_collect(l, block, error) && insert_all(l, &to, error);

	*whole = l->whole;
	return ok || error_prefix(error, "could not insert into \"%s\"", ns);
}
