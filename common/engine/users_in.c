#include "engine/users_in.h"

#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "model/value.h"

struct reading {
	struct users_in *to;
	struct stream_in *in;
	bool begun, complete;
	int32_t c[2]; /* numbers of system.users and system.roles */
	uint32_t n[2];
	size_t bytes;
};

static bool
take_stream(struct reading *r, const bson_t *doc, bson_error_t *error)
{
	if (r->begun)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "a second stream follows: load them one by one");
	if (stream_in_kind(r->in) != STREAM_USERS)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the stream is of kind %s, not users",
		    stream_kind_text(stream_in_kind(r->in)));
	r->begun = true;
	bson_concat(&r->to->head, doc);
	return true;
}

static bool
take_coll(struct reading *r, const bson_t *doc, bson_error_t *error)
{
	const char *name = doc_text_or(doc, "coll", "");
	int i = strcmp(name, "system.roles") == 0;

	if (!i && strcmp(name, "system.users") != 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the stream holds something else than users and roles");
	r->c[i] = (int32_t)doc_int(doc, "c");
	return true;
}

static bool
take_block(struct reading *r, const struct block_view *b, bson_error_t *error)
{
	bson_t *to = b->c == r->c[0] ? &r->to->users
	    : b->c == r->c[1]        ? &r->to->roles
				     : NULL;
	struct block_cursor cur;
	const uint8_t *data;
	uint32_t len;
	bson_t doc;

	r->bytes += b->len;
	if (!to)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "a block is of no collection of users or roles");
	if (r->bytes > USERS_MAX)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "users and roles need more than %u MiB", USERS_MAX >> 20);
	block_rewind(&cur, b);
	while (block_next(&cur, &data, &len)) {
		if (!value_sound(data, len) ||
		    !bson_init_static(&doc, data, len))
			return error_set(error, MM_EXIT_STREAM, 0,
			    "a document is no sound BSON");
		array_add(to, &r->n[to == &r->to->roles], &doc);
	}
	return true;
}

static bool
take(struct reading *r, const struct stream_item *item, bson_error_t *error)
{
	switch (item->type) {
	case RECORD_STREAM:
		return take_stream(r, &item->control, error);
	case RECORD_COLL:
		return take_coll(r, &item->control, error);
	case RECORD_BLOCK:
		return take_block(r, &item->block, error);
	case RECORD_END:
		r->complete = strcmp(doc_text_or(&item->control, "reason", ""),
				  "complete") == 0;
		return true;
	default:
		return true;
	}
}

bool
users_in_read(struct users_in *u, int fd, const char *name, bson_error_t *error)
{
	struct reading r = {.to = u, .c = {-1, -1}};
	struct stream_item item;
	enum stream_got got;

	bson_init(&u->head);
	bson_init(&u->users);
	bson_init(&u->roles);
	r.in = stream_in_new(fd, name, true);
	while ((got = stream_next(r.in, &item, error)) == STREAM_GOT)
		if (!take(&r, &item, error)) {
			stream_in_where(r.in, error);
			got = STREAM_ERROR;
			break;
		}
	stream_in_free(r.in);
	if (got == STREAM_STOPPED)
		return error_set(error, MM_EXIT_STOPPED, 0,
		    "stopped by a signal before the end");
	if (got == STREAM_EOF && !r.complete)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "%s: the stream does not end as complete", name);
	return got == STREAM_EOF;
}

void
users_in_release(struct users_in *u)
{
	bson_destroy(&u->head);
	bson_destroy(&u->users);
	bson_destroy(&u->roles);
}
