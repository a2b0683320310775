#include "stream/item.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/le.h"

#define DOC_MIN 5

bool
item_doc_len(const uint8_t *at, uint32_t *len, bson_error_t *error)
{
	*len = le32(at);
	if (*len < DOC_MIN || *len > STREAM_DOC_MAX)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "document length %" PRId32 " is not within %d to %u",
		    (int32_t)*len, DOC_MIN, STREAM_DOC_MAX);
	return true;
}

static bool
parse_block(struct stream_item *item, bson_error_t *error)
{
	struct block_view *b = &item->block;
	int64_t len;

	if (!record_int64(&item->control, "seq", &b->seq, error) ||
	    !record_int32(&item->control, "c", &b->c, error) ||
	    !record_int64(&item->control, "n", &b->n, error) ||
	    !record_int64(&item->control, "len", &len, error))
		return false;
	if (len < DOC_MIN || len > (int64_t)STREAM_BLOCK_MAX)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "block length %" PRId64 " is not within %d to %u", len,
		    DOC_MIN, STREAM_BLOCK_MAX);
	if (b->n < 1 || b->n > len / DOC_MIN)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "%" PRId64 " documents cannot be in a block of %" PRId64
		    " bytes",
		    b->n, len);
	b->len = (size_t)len;
	b->record = bson_get_data(&item->control);
	b->record_len = item->control.len;
	return true;
}

bool
item_parse(const uint8_t *doc, uint32_t len, struct stream_item *item,
    bson_error_t *error)
{
	memset(&item->block, 0, sizeof item->block);
	if (!bson_init_static(&item->control, doc, len))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "document of %" PRIu32 " bytes does not end where it says",
		    len);
	if (!record_name(&item->control, &item->type, error))
		return false;
	return item->type != RECORD_BLOCK || parse_block(item, error);
}

bool
item_check_data(const struct stream_item *item, bson_error_t *error)
{
	const struct block_view *b = &item->block;
	int64_t want, n = 0;
	size_t at = 0;
	uint32_t len;

	if (!record_int64(&item->control, "xxh64", &want, error))
		return false;
	if (hash_xxh64(b->docs, b->len, 0) != (uint64_t)want)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "damaged block %" PRId64 ": its %zu bytes do not have "
		    "the checksum xxh64",
		    b->seq, b->len);
	for (; at < b->len; at += len, n++) {
		if (b->len - at < DOC_MIN)
			return error_set(error, MM_EXIT_STREAM, 0,
			    "block %" PRId64 ": %zu bytes are left over",
			    b->seq, b->len - at);
		if (!item_doc_len(b->docs + at, &len, error))
			return error_prefix(error,
			    "block %" PRId64 ", document %" PRId64, b->seq, n);
		if (len > b->len - at || b->docs[at + len - 1] != 0)
			return error_set(error, MM_EXIT_STREAM, 0,
			    "block %" PRId64 ", document %" PRId64
			    ": does not end where it says",
			    b->seq, n);
	}
	if (n != b->n)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "block %" PRId64 " holds %" PRId64
		    " documents where it says %" PRId64,
		    b->seq, n, b->n);
	return true;
}

void
block_rewind(struct block_cursor *cur, const struct block_view *view)
{
	cur->at = view->docs;
	cur->end = view->docs + view->len;
}

bool
block_next(struct block_cursor *cur, const uint8_t **doc, uint32_t *len)
{
	if (cur->at == cur->end)
		return false;
	*doc = cur->at;
	*len = le32(cur->at);
	cur->at += *len;
	return true;
}
