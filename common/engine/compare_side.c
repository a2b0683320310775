#include "engine/compare_task.h"

#include <string.h>

#include "base/hash.h"
#include "base/sig.h"
#include "base/status.h"
#include "model/docid.h"

enum {
	TELL_EVERY = 4096, /* documents between two updates of the tally */
	PAY_BYTES = 1 << 16
};

static const struct coll *
coll_of(const struct compare_task *task, enum compare_which which)
{
	return which == COMPARE_SOURCE ? task->pair->source
				       : task->pair->target;
}

static const char *
ns_of(const struct compare_task *task, enum compare_which which)
{
	return which == COMPARE_SOURCE ? task->pair->ns : task->pair->target_ns;
}

/* The collation of the collection, as view; false: simple. */
static bool
collation_of(const struct coll *c, bson_t *out)
{
	struct elem e;

	return c->collated &&
	    walk_find(
		bson_get_data(&c->options), c->options.len, "collation", &e) &&
	    e.value.type == BSON_TYPE_DOCUMENT &&
	    bson_init_static(out, e.value.data, e.value.len);
}

void
compare_side_init(struct compare_side *s, const struct compare_task *task,
    enum compare_which which, bool natural, bool ordered)
{
	struct tally *t = &task->pair->tally;
	char db[NS_MAX + 1] = "";
	struct scan_opts opts = {
	    .natural = natural, .from = task->from, .to = task->to};
	bson_t collation;

	memset(s, 0, sizeof *s);
	s->task = task;
	s->ordered = ordered;
	s->docs = which == COMPARE_SOURCE ? &t->source_docs : &t->target_docs;
	s->bytes =
	    which == COMPARE_SOURCE ? &t->source_bytes : &t->target_bytes;
	s->sum = which == COMPARE_SOURCE ? &t->source_sum : &t->target_sum;
	/* A collection that is not there has no _id index to be hinted at. */
	if (!coll_of(task, which))
		return;
	opts.db = db;
	ns_split(ns_of(task, which), db, &opts.coll);
	if (!natural && collation_of(coll_of(task, which), &collation))
		opts.collation = &collation;
	s->scan = scan_new(
	    which == COMPARE_SOURCE ? task->source : task->target, &opts);
}

static bool
is_source(const struct compare_side *s)
{
	return s->docs == &s->task->pair->tally.source_docs;
}

static void
tell(struct compare_side *s)
{
	atomic_fetch_add(s->docs, s->new_docs);
	atomic_fetch_add(s->bytes, s->new_bytes);
	atomic_fetch_add(s->sum, s->new_sum);
	if (is_source(s)) {
		status_add("docs", s->new_docs);
		status_add("bytes", s->new_bytes);
	}
	s->new_docs = s->new_bytes = 0;
	s->new_sum = 0;
}

void
compare_side_release(struct compare_side *s)
{
	if (!s->task)
		return;
	tell(s);
	if (s->scan)
		scan_free(s->scan);
	buf_release(&s->last);
}

/* What follows rests on the order: a server that orders in another way must
 * not lead to differences that are none. */
static bool
ascends(struct compare_side *s, bson_error_t *error)
{
	struct value last;

	if (s->last.len > 0) {
		last = (struct value){s->last.data[0], s->last.data + 1,
		    (uint32_t)s->last.len - 1};
		if (value_cmp(&last, &s->id) > 0)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "the _ids of \"%s\" do not come in the order that "
			    "is known (use --by-lookup)",
			    s->task->pair->ns);
	}
	buf_clear(&s->last);
	buf_add_byte(&s->last, s->id.type);
	buf_add(&s->last, s->id.data, s->id.len);
	return true;
}

static bool
sound(const struct value *id)
{
	if (id->type != BSON_TYPE_DOCUMENT && id->type != BSON_TYPE_ARRAY)
		return true;
	return value_sound(id->data, id->len);
}

/* False: a stop signal came. */
static bool
account(struct compare_side *s)
{
	s->new_docs++;
	s->new_bytes += s->doc->len;
	s->new_sum += hash_xxh64(bson_get_data(s->doc), s->doc->len, 0);
	if (s->new_docs == TELL_EVERY)
		tell(s);
	if (!is_source(s))
		return true;
	s->unpaid += s->doc->len;
	if (s->unpaid < PAY_BYTES)
		return true;
	if (!throttle_spend(s->task->throttle, s->unpaid))
		return false;
	s->unpaid = 0;
	return true;
}

enum compare_got
compare_side_next(struct compare_side *s, bson_error_t *error)
{
	int got;

	if (sig_stopping() || atomic_load(s->task->abort))
		return COMPARE_STOPPED;
	got = s->scan ? scan_next(s->scan, &s->doc, error) : 0;
	if (got != 1)
		s->doc = NULL;
	if (got == 0)
		return COMPARE_DONE;
	if (got == 2)
		return COMPARE_STOPPED;
	if (got < 0) {
		error_prefix(error, "\"%s\"", s->task->pair->ns);
		return COMPARE_FAILED;
	}
	if (!account(s))
		return COMPARE_STOPPED;
	if (!docid_of(s->doc, &s->id, error) ||
	    (!sound(&s->id) &&
		!error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\": an _id is no sound BSON", s->task->pair->ns)) ||
	    (s->ordered && !ascends(s, error)))
		return COMPARE_FAILED;
	return COMPARE_DONE;
}

bool
compare_same(const bson_t *a, const bson_t *b)
{
	return a->len == b->len &&
	    memcmp(bson_get_data(a), bson_get_data(b), a->len) == 0;
}

/* libbson has no call to append raw bytes: a document with this one element
 * is built by hand, and joined. */
void
compare_append_value(bson_t *doc, const char *name, const struct value *v)
{
	uint32_t name_len = (uint32_t)strlen(name) + 1;
	uint32_t len = 4 + 1 + name_len + v->len + 1;
	uint32_t le = BSON_UINT32_TO_LE(len);
	struct buf raw = BUF_INIT;
	bson_t one;

	buf_add(&raw, &le, 4);
	buf_add_byte(&raw, v->type);
	buf_add(&raw, name, name_len);
	buf_add(&raw, v->data, v->len);
	buf_add_byte(&raw, 0);
	if (bson_init_static(&one, raw.data, raw.len))
		bson_concat(doc, &one);
	buf_release(&raw);
}

int
compare_find(const struct compare_task *task, enum compare_which which,
    const struct value *id, bson_t *doc, bson_error_t *error)
{
	struct conn *c = which == COMPARE_SOURCE ? task->source : task->target;
	char db[NS_MAX + 1] = "";
	struct cursor_opts opts = {.db = db};
	bson_t filter = BSON_INITIALIZER, is = BSON_INITIALIZER;
	int got;

	ns_split(ns_of(task, which), db, &opts.coll);
	compare_append_value(&is, "$eq", id);
	BSON_APPEND_DOCUMENT(&filter, "_id", &is);
	opts.filter = &filter;
	got = cursor_one(c, &opts, doc, error);
	if (got < 0)
		error_prefix(error, "\"%s\"", ns_of(task, which));
	bson_destroy(&is);
	bson_destroy(&filter);
	return got;
}
