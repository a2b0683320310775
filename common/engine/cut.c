/* Which stream goes where, and snapshots: these are copied block by block,
 * with the numbers that the collections have. */
#include "engine/cut.h"

#include <string.h>
#include <uthash.h>

#include "engine/cat_tally.h"

struct cut_coll { /* one that is kept */
	int32_t c;
	UT_hash_handle hh;
};

struct cut {
	struct cut_opts o;
	struct cut_log *log;
	struct stream_out *snapshot; /* being written */
	struct cut_coll *colls;
	struct block block;
};

struct cut *
cut_new(const struct cut_opts *opts, bson_error_t *error)
{
	struct cut *c = bson_malloc0(sizeof *c);

	c->o = *opts;
	c->log = cut_log_new(opts, error);
	if (c->log)
		return c;
	cut_free(c);
	return NULL;
}

static void
forget_colls(struct cut *c)
{
	struct cut_coll *coll, *next;

	HASH_ITER(hh, c->colls, coll, next)
	{
		HASH_DEL(c->colls, coll);
		bson_free(coll);
	}
}

void
cut_free(struct cut *c)
{
	if (!c)
		return;
	cut_log_free(c->log);
	stream_out_free(c->snapshot);
	forget_colls(c);
	block_release(&c->block);
	bson_free(c);
}

/* ----------------------------------------------------------------- headers */

/* include and exclude as told; rename as told, or else as it was. */
static void
make_filters(const struct ns_rules *rules, const bson_t *was, bson_t *filters)
{
	bson_t told = BSON_INITIALIZER, renames;
	bson_iter_t it;

	ns_rules_append(rules, &told);
	if (record_array(&told, "rename", &renames, NULL) &&
	    bson_empty(&renames) && bson_iter_init_find(&it, was, "rename")) {
		bson_copy_to_excluding_noinit(&told, filters, "rename", NULL);
		bson_append_iter(filters, "rename", -1, &it);
	} else {
		bson_concat(filters, &told);
	}
	/* Only some documents were copied: that stays so. */
	if (bson_iter_init_find(&it, was, "query"))
		bson_append_iter(filters, "query", -1, &it);
	bson_destroy(&told);
}

bool
cut_head(const struct ns_rules *rules, const bson_t *control, bson_t *head,
    bson_error_t *error)
{
	struct ns_rules *outer;
	bson_t was, filters;
	bool ok;

	if (!record_doc(control, "filters", &was, error))
		return false;
	outer = ns_rules_read(&was, error);
	if (!outer)
		return false;
	ok = ns_covers(outer, rules);
	ns_rules_free(outer);
	if (!ok)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the stream does not hold all of this selection");
	bson_copy_to_excluding_noinit(control, head, "$mm", "v", "kind", "id",
	    "created", "tool", "host", "job", "filters", "after", "seen",
	    "readFrom", "x", NULL);
	BSON_APPEND_DOCUMENT_BEGIN(head, "filters", &filters);
	make_filters(rules, &was, &filters);
	bson_append_document_end(head, &filters);
	return true;
}

/* --------------------------------------------------------------- snapshots */

static bool
begin_snapshot(struct cut *c, const bson_t *control, bson_error_t *error)
{
	bson_t head = BSON_INITIALIZER;
	bool ok;

	if (!c->o.out)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "a snapshot cannot go into a directory of segments");
	stream_out_free(c->snapshot);
	c->snapshot = NULL;
	forget_colls(c);
	ok = cut_log_end(c->log, error) &&
	    cut_head(c->o.rules, control, &head, error);
	if (ok)
		c->snapshot = stream_out_new(
		    &(struct stream_out_opts){.fd = output_fd(c->o.out),
			.name = output_name(c->o.out),
			.level = c->o.level},
		    STREAM_SNAPSHOT, &head, error);
	bson_destroy(&head);
	return c->snapshot != NULL;
}

/* A record of the collection `num`: kept where it is. */
static bool
is_kept(const struct cut *c, int32_t num)
{
	struct cut_coll *coll;

	HASH_FIND(hh, c->colls, &num, sizeof num, coll);
	return coll != NULL;
}

static bool
add_coll(struct cut *c, const bson_t *control, bool *kept, bson_error_t *error)
{
	const char *db, *name;
	struct cut_coll *coll;
	int32_t num;
	char *ns;

	if (!record_int32(control, "c", &num, error) ||
	    !record_text(control, "db", &db, error) ||
	    !record_text(control, "coll", &name, error))
		return false;
	ns = bson_strdup_printf("%s.%s", db, name);
	*kept = ns_selected(c->o.rules, ns);
	bson_free(ns);
	if (!*kept)
		return true;
	coll = bson_malloc0(sizeof *coll);
	coll->c = num;
	HASH_ADD(hh, c->colls, c, sizeof coll->c, coll);
	return true;
}

static bool
put_snapshot_block(
    struct cut *c, const struct stream_item *item, bson_error_t *error)
{
	bson_t extra = BSON_INITIALIZER;
	bool ok;

	c->block.c = item->block.c;
	c->block.n = item->block.n;
	buf_add(&c->block.docs, item->block.docs, item->block.len);
	bson_copy_to_excluding_noinit(&item->control, &extra, "$mm", "seq", "c",
	    "n", "len", "xxh64", "x", NULL);
	ok = stream_put_block(c->snapshot, &c->block, &extra, error);
	bson_destroy(&extra);
	return ok;
}

static bool
end_snapshot(struct cut *c, const bson_t *control, bson_error_t *error)
{
	bson_t extra = BSON_INITIALIZER;
	const char *reason;
	bool ok;

	bson_copy_to_excluding_noinit(control, &extra, "$mm", "reason",
	    "blocks", "docs", "bytes", "table", "x", NULL);
	ok = record_text(control, "reason", &reason, error) &&
	    stream_put_end(c->snapshot, reason, &extra, error);
	bson_destroy(&extra);
	stream_out_free(c->snapshot);
	c->snapshot = NULL;
	return ok;
}

static bool
put_again(struct cut *c, const bson_t *control, bson_error_t *error)
{
	bson_t copy = BSON_INITIALIZER;
	bool ok;

	bson_copy_to_excluding_noinit(control, &copy, "x", NULL);
	ok = stream_put(c->snapshot, &copy, error);
	bson_destroy(&copy);
	return ok;
}

static bool
snapshot_item(
    struct cut *c, const struct stream_item *item, bson_error_t *error)
{
	bool kept = true;
	int32_t num;

	switch (item->type) {
	case RECORD_STREAM:
		return begin_snapshot(c, &item->control, error);
	case RECORD_COLL:
		return add_coll(c, &item->control, &kept, error) &&
		    (!kept || put_again(c, &item->control, error));
	case RECORD_BLOCK:
		return !is_kept(c, item->block.c) ||
		    put_snapshot_block(c, item, error);
	case RECORD_CEND:
		return record_int32(&item->control, "c", &num, error) &&
		    (!is_kept(c, num) || put_again(c, &item->control, error));
	case RECORD_MARK:
		return put_again(c, &item->control, error);
	case RECORD_END:
		return end_snapshot(c, &item->control, error);
	case RECORD_OTHER:
		break;
	}
	return true;
}

/* -------------------------------------------------------------------- both */

static bool
add_item(struct cut *c, enum stream_kind kind, const struct stream_item *item,
    bson_error_t *error)
{
	switch (kind) {
	case STREAM_SNAPSHOT:
		return snapshot_item(c, item, error);
	case STREAM_OPLOG:
		if (item->type == RECORD_STREAM &&
		    record_repair(&item->control))
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "a repair cannot be cut");
		return cut_log_item(c->log, item, error);
	default:
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "a stream of kind %s cannot be cut",
		    stream_kind_text(kind));
	}
}

bool
cut_add(struct cut *c, const char *path, bson_error_t *error)
{
	struct cat_source *s = cat_source_open(path, error);
	struct stream_item item;
	enum stream_got got = STREAM_ERROR;
	bool ok = s != NULL;

	while (ok && (got = cat_source_next(s, &item, error)) == STREAM_GOT) {
		ok = add_item(c, cat_source_kind(s), &item, error);
		if (!ok && error_status(error) != MM_EXIT_IO)
			error_prefix(error, "%s: record %llu", path,
			    (unsigned long long)item.number);
	}
	if (ok && got == STREAM_STOPPED)
		ok = cat_stopped(error);
	cat_source_close(s);
	return ok && got != STREAM_ERROR;
}

bool
cut_end(struct cut *c, bson_error_t *error)
{
	return cut_log_end(c->log, error);
}
