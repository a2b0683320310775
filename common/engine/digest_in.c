#include "engine/digest_in.h"

#include <pthread.h>
#include <string.h>

#include "base/le.h"
#include "io/input.h"

struct digest_source {
	struct input *input;
	struct stream_in *in;
	char *path;
	pthread_mutex_t lock;
	bool ahead; /* item was read, not taken */
	struct stream_item item;
	bool ended, failed;
};

/* ------------------------------------------------------------- the header */

static bool
read_head(struct digest_in *in, const bson_t *doc, bson_error_t *error)
{
	const char *text;
	const uint8_t *key;
	bson_subtype_t sub;
	bson_iter_t it;
	uint32_t len;

	if (stream_in_kind(in->source->in) != STREAM_DIGEST)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the stream is of kind %s, not digest",
		    stream_kind_text(stream_in_kind(in->source->in)));
	bson_copy_to(doc, &in->head);
	if (!record_text(doc, "hash", &text, error))
		return false;
	if (strcmp(text, "blake2b") != 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the digests are of another hash than blake2b");
	if (!record_text(doc, "side", &text, error))
		return false;
	in->side = strcmp(text, "target") == 0 ? SIDE_TARGET : SIDE_SOURCE;
	if (!bson_iter_init_find(&it, doc, "key") ||
	    !BSON_ITER_HOLDS_BINARY(&it))
		return error_set(
		    error, MM_EXIT_STREAM, 0, "the stream has no key");
	bson_iter_binary(&it, &sub, &len, &key);
	if (len != DIGEST_KEY)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "the stream's key is not of %d bytes", DIGEST_KEY);
	memcpy(in->key, key, len);
	in->partial =
	    bson_iter_init_find(&it, doc, "partial") && bson_iter_as_bool(&it);
	return true;
}

static bool
join_ns(const bson_t *doc, char *ns, bson_error_t *error)
{
	const char *db, *coll;
	char parts[NS_MAX + 1];
	int n;

	if (!record_text(doc, "db", &db, error) ||
	    !record_text(doc, "coll", &coll, error))
		return false;
	n = snprintf(ns, NS_MAX + 1, "%s.%s", db, coll);
	return (n > 0 && n <= NS_MAX && ns_split(ns, parts, &coll)) ||
	    error_set(error, MM_EXIT_STREAM, 0,
		"a collection has an impossible name");
}

static bool
is_true(const bson_t *doc, const char *field)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, field) && bson_iter_as_bool(&it);
}

/* A collation other than simple. */
static bool
is_collated(const bson_t *options)
{
	const char *locale;
	bson_t collation;

	return record_doc(options, "collation", &collation, NULL) &&
	    record_text(&collation, "locale", &locale, NULL) &&
	    strcmp(locale, "simple") != 0;
}

static bool
read_catalog(struct digest_coll *c, enum side side, const bson_t *doc,
    bson_error_t *error)
{
	struct coll *coll = &c->coll;
	bson_t options, indexes;
	const char *type;

	if (!record_text(doc, "type", &type, error) ||
	    !record_doc(doc, "options", &options, error))
		return false;
	bson_strncpy(coll->ns, side == SIDE_SOURCE ? c->ns : c->target_ns,
	    sizeof coll->ns);
	ns_split(coll->ns, coll->db, &coll->name);
	coll->type = strcmp(type, "view") == 0 ? COLL_VIEW
	    : is_true(&options, "capped")      ? COLL_CAPPED
					       : COLL_PLAIN;
	coll->collated = is_collated(&options);
	bson_concat(&coll->options, &options);
	if (coll->type != COLL_VIEW) {
		if (!record_array(doc, "indexes", &indexes, error))
			return false;
		bson_concat(&coll->indexes, &indexes);
	}
	c->known = true;
	return true;
}

static bool
read_coll(struct digest_in *in, const bson_t *doc, bson_error_t *error)
{
	bson_t target, staged;
	struct digest_coll *c;
	const char *order;
	bson_iter_t it;

	in->coll = bson_realloc(in->coll, (in->n + 1) * sizeof *in->coll);
	c = &in->coll[in->n++];
	memset(c, 0, sizeof *c);
	bson_init(&c->coll.options);
	bson_init(&c->coll.indexes);
	bson_init(&c->staged);
	if (!record_int32(doc, "c", &c->c, error) ||
	    !join_ns(doc, c->ns, error) ||
	    !record_doc(doc, "target", &target, error) ||
	    !join_ns(&target, c->target_ns, error) ||
	    !record_text(doc, "order", &order, error))
		return false;
	if (!digest_order_parse(order, &c->order))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is digested in an order that is not known", c->ns);
	if (record_array(doc, "staged", &staged, NULL))
		bson_concat(&c->staged, &staged);
	return !bson_iter_init_find(&it, doc, "options") ||
	    read_catalog(c, in->side, doc, error);
}

/* ---------------------------------------------------------------- reading */

static enum stream_got
next(struct digest_in *in, bson_error_t *error)
{
	struct digest_source *s = in->source;
	enum stream_got got = stream_next(s->in, &s->item, error);

	s->failed = s->failed || got == STREAM_ERROR;
	return got;
}

/* Up to the first record that is neither stream nor coll. */
static bool
read_front(struct digest_in *in, bson_error_t *error)
{
	struct digest_source *s = in->source;
	enum stream_got got;

	while ((got = next(in, error)) == STREAM_GOT) {
		const bson_t *doc = &s->item.control;

		if (s->item.type == RECORD_STREAM) {
			if (!read_head(in, doc, error))
				return false;
		} else if (s->item.type == RECORD_COLL) {
			if (!read_coll(in, doc, error))
				return false;
		} else {
			s->ahead = true;
			return true;
		}
	}
	if (got == STREAM_STOPPED)
		return error_set(error, MM_EXIT_STOPPED, 0, "stopped");
	return got != STREAM_ERROR &&
	    error_set(error, MM_EXIT_STREAM, 0, "the stream has no end");
}

bool
digest_in_open(struct digest_in *in, const char *path, bson_error_t *error)
{
	struct digest_source *s = bson_malloc0(sizeof *s);

	memset(in, 0, sizeof *in);
	bson_init(&in->head);
	in->source = s;
	s->path = bson_strdup(path);
	pthread_mutex_init(&s->lock, NULL);
	s->input = input_open(&s->path, strcmp(path, "-") != 0, error);
	if (!s->input)
		return false;
	s->in = stream_in_new(input_fd(s->input), input_name(s->input), true);
	if (read_front(in, error))
		return true;
	s->failed = true;
	return stream_in_where(s->in, error);
}

bool
digest_in_close(struct digest_in *in, bson_error_t *error)
{
	struct digest_source *s = in->source;
	bool ok = true;

	if (!s)
		return true;
	if (s->in)
		stream_in_free(s->in);
	if (s->input)
		ok = input_close(s->input, error);
	pthread_mutex_destroy(&s->lock);
	bson_free(s->path);
	bson_free(s);
	for (size_t i = 0; i < in->n; i++) {
		coll_release(&in->coll[i].coll);
		bson_destroy(&in->coll[i].staged);
	}
	bson_free(in->coll);
	bson_destroy(&in->head);
	memset(in, 0, sizeof *in);
	return ok;
}

/* With the lock held. */
static int
take(struct digest_in *in, struct buf *docs, size_t *coll, bson_error_t *error)
{
	struct digest_source *s = in->source;
	enum stream_got got = STREAM_GOT;

	while (!s->ended && !s->failed) {
		if (!s->ahead)
			got = next(in, error);
		s->ahead = false;
		if (got == STREAM_STOPPED)
			return 2;
		if (got == STREAM_ERROR)
			return -1;
		s->ended = got == STREAM_EOF;
		if (s->ended || s->item.type != RECORD_BLOCK)
			continue;
		for (size_t i = 0; i < in->n; i++)
			if (in->coll[i].c == s->item.block.c)
				*coll = i;
		buf_clear(docs);
		buf_add(docs, s->item.block.docs, s->item.block.len);
		return 1;
	}
	return 0;
}

int
digest_in_block(
    struct digest_in *in, struct buf *docs, size_t *coll, bson_error_t *error)
{
	int got;

	*coll = in->n;
	pthread_mutex_lock(&in->source->lock);
	got = take(in, docs, coll, error);
	if (got == 1 && *coll == in->n) {
		in->source->failed = true;
		got = -1;
		error_set(error, MM_EXIT_STREAM, 0,
		    "a block of ranges is of no collection");
	}
	pthread_mutex_unlock(&in->source->lock);
	return got;
}

int
digest_in_range(const struct buf *docs, size_t *at, struct digest_range *r,
    bson_error_t *error)
{
	uint32_t len;

	if (*at >= docs->len)
		return 0;
	len = le32(docs->data + *at); /* was checked when it was read */
	if (!digest_range_read(docs->data + *at, len, r, error))
		return -1;
	*at += len;
	return 1;
}
