/* Recovery: what a writer that was killed left is usable up to the last whole
 * group. Two passes over the file instead of one with a buffer, because a
 * group (a transaction) may be larger than memory. */
#include "stream/segment_files.h"

#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "io/fdio.h"

/* The last entry of a transaction says so; an entry without txn is alone. */
static bool
ends_group(const bson_t *entry)
{
	bson_iter_t it, sub;

	if (!bson_iter_init_find(&it, entry, "txn") ||
	    !BSON_ITER_HOLDS_DOCUMENT(&it))
		return true;
	return bson_iter_recurse(&it, &sub) && bson_iter_find(&sub, "last") &&
	    bson_iter_as_bool(&sub);
}

/* False: something in the block is no oplog entry. */
static bool
scan_block(struct segment_cut *cut, const struct stream_item *item, bool *open)
{
	struct block_cursor cur;
	const uint8_t *data;
	int64_t n = 0;
	uint32_t len;

	block_rewind(&cur, &item->block);
	while (block_next(&cur, &data, &len)) {
		struct optime at;
		bson_t entry;

		n++;
		if (!bson_init_static(&entry, data, len) ||
		    !optime_of(&entry, &at))
			return false;
		*open = !ends_group(&entry);
		if (*open)
			continue;
		cut->last = at;
		cut->number = item->number;
		cut->docs = n;
		cut->bytes = (size_t)(cur.at - item->block.docs);
	}
	return true;
}

/* A record that stands between groups, with a position of its own. */
static void
scan_position(
    struct segment_cut *cut, const struct stream_item *item, struct optime at)
{
	struct optime from;

	cut->last = at;
	cut->number = item->number;
	if (optime_read(&item->control, "readFrom", &from))
		cut->read_from = from;
}

static bool
scan_item(struct segment_cut *cut, const struct stream_item *item, bool *open)
{
	struct optime at;

	switch (item->type) {
	case RECORD_STREAM:
		if (cut->has_head ||
		    !optime_read(&item->control, "after", &cut->after))
			return false;
		cut->has_head = true;
		bson_copy_to(&item->control, &cut->head);
		cut->last = cut->read_from = cut->after;
		optime_read(&item->control, "readFrom", &cut->read_from);
		return true;
	case RECORD_BLOCK:
		return scan_block(cut, item, open);
	case RECORD_MARK:
		if (!*open && optime_of(&item->control, &at))
			scan_position(cut, item, at);
		return true;
	case RECORD_END:
		if (!*open && optime_read(&item->control, "to", &at))
			scan_position(cut, item, at);
		return false;
	default:
		return true;
	}
}

bool
segment_scan(
    int fd, const char *name, struct segment_cut *cut, bson_error_t *error)
{
	struct stream_in *in;
	struct stream_item item;
	bson_error_t why;
	enum stream_got got;
	bool open = false;

	memset(cut, 0, sizeof *cut);
	cut->after = cut->last = cut->read_from = OPTIME_NULL;
	if (lseek(fd, 0, SEEK_SET) != 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not read file \"%s\"", name);
	in = stream_in_new(fd, name, false);
	while ((got = stream_next(in, &item, &why)) == STREAM_GOT)
		if ((item.type == RECORD_STREAM &&
			stream_in_kind(in) != STREAM_OPLOG) ||
		    !scan_item(cut, &item, &open))
			break;
	stream_in_free(in);
	/* Cut or damaged is what is looked for; a bad disk is not. */
	if (got == STREAM_ERROR && error_status(&why) != MM_EXIT_STREAM) {
		segment_cut_release(cut);
		if (error)
			*error = why;
		return false;
	}
	return true;
}

void
segment_cut_release(struct segment_cut *cut)
{
	if (cut->has_head)
		bson_destroy(&cut->head);
	cut->has_head = false;
}

static bool
copy_block(struct stream_out *out, const struct stream_item *item,
    const struct segment_cut *cut, struct block *b, bson_error_t *error)
{
	bool whole =
	    item->number != cut->number || cut->bytes == item->block.len;
	bson_t extra = BSON_INITIALIZER;
	bool ok;

	b->n = whole ? item->block.n : cut->docs;
	buf_add(
	    &b->docs, item->block.docs, whole ? item->block.len : cut->bytes);
	/* first and last would be wrong for a part of the block. */
	if (whole)
		bson_copy_to_excluding_noinit(&item->control, &extra, "$mm",
		    "seq", "c", "n", "len", "xxh64", "x", NULL);
	ok = stream_put_block(out, b, &extra, error);
	bson_destroy(&extra);
	return ok;
}

static bool
copy_items(struct stream_in *in, struct stream_out *out,
    const struct segment_cut *cut, bson_error_t *error)
{
	struct block block = {0};
	struct stream_item item;
	bool ok = true;

	do {
		bson_t doc = BSON_INITIALIZER;

		if (stream_next(in, &item, error) != STREAM_GOT) {
			ok = false;
		} else if (item.number > cut->number) {
			break;
		} else if (item.type == RECORD_BLOCK) {
			ok = copy_block(out, &item, cut, &block, error);
		} else if (item.type == RECORD_MARK) {
			bson_copy_to_excluding_noinit(
			    &item.control, &doc, "x", NULL);
			ok = stream_put(out, &doc, error);
		}
		bson_destroy(&doc);
	} while (ok && item.number < cut->number);
	block_release(&block);
	return ok;
}

static bool
rewrite(int from, int to, const char *name, int level,
    const struct segment_cut *cut, bson_error_t *error)
{
	struct stream_out_opts opts = {.fd = to,
	    .name = name,
	    .level = level,
	    .live = true,
	    .table = true};
	bson_t head = BSON_INITIALIZER, end = BSON_INITIALIZER;
	struct stream_in *in = stream_in_new(from, name, false);
	struct stream_out *out;
	bool ok;

	bson_copy_to_excluding_noinit(
	    &cut->head, &head, "$mm", "v", "kind", "x", NULL);
	optime_append(&end, "to", cut->last);
	optime_append(&end, "readFrom", cut->read_from);
	out = stream_out_new(&opts, STREAM_OPLOG, &head, error);
	ok = out && copy_items(in, out, cut, error) &&
	    stream_put_end(out, "rotated", &end, error);
	stream_out_free(out);
	stream_in_free(in);
	bson_destroy(&head);
	bson_destroy(&end);
	return ok;
}

bool
segment_recover(const char *dir, const char *file, int level,
    const struct segment_cut *cut, bool *published, bson_error_t *error)
{
	char text[SEGMENT_NAME];
	char *from = segment_path(dir, file);
	char *tmp = bson_strdup_printf("%s" REWRITE_SUFFIX, from);
	char *to = segment_path(dir, segment_name(cut->after, cut->last, text));
	bool ok = true;
	int in = -1, out = -1;

	*published = cut->has_head && optime_cmp(cut->last, cut->after) > 0;
	if (!*published)
		goto cleanup;
	(void)unlink(tmp);
	in = file_open_read(from, error);
	out = in < 0 ? -1 : file_create(tmp, error);
	ok = out >= 0 && rewrite(in, out, tmp, level, cut, error) &&
	    file_sync(out, tmp, error);
	if (out >= 0)
		ok = fdio_close(out, tmp, ok ? error : NULL) && ok;
	ok = ok && file_publish(tmp, to, error);
	if (ok && unlink(from) != 0)
		ok = error_errno(
		    error, MM_EXIT_IO, "could not remove file \"%s\"", from);
	ok = ok && file_sync_dir(dir, error) &&
	    manifest_add(dir, segment_name(cut->after, cut->last, text), error);
cleanup:
	if (in >= 0)
		close(in);
	bson_free(to);
	bson_free(tmp);
	bson_free(from);
	return ok;
}
