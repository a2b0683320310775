/* stream: one item of the input (a control document and, after a block record,
 * its data), private to the readers of this layer.
 *
 * Three steps, because parallel readers learn the running number of a control
 * document late: cut out (item_doc_len, item_parse), check the data by itself
 * (item_check_data), check the place in the stream (check_item).
 */
#ifndef MM_STREAM_ITEM_H
#define MM_STREAM_ITEM_H

#include "stream/stream.h"

/* Length of the document whose first four bytes are at `at`. Status 3: not
 * within 5 .. STREAM_DOC_MAX. */
bool item_doc_len(const uint8_t *at, uint32_t *len, bson_error_t *error);
/* A view of the control document of len bytes at doc; for a block the fields
 * of item->block but docs, with limits checked; block.len is 0 for any other
 * record. The checksum x is not looked at. */
bool item_parse(const uint8_t *doc, uint32_t len, struct stream_item *item,
    bson_error_t *error);
/* The data of a block (item->block.docs is set): XXH64, and each document's
 * own length. */
bool item_check_data(const struct stream_item *item, bson_error_t *error);

/* The state of a stream while it is read: order and totals. */
struct stream_check;

struct stream_check *check_new(void);
void check_free(struct stream_check *c);
/* The next item in stream order; sets item->type and item->number. */
bool check_item(
    struct stream_check *c, struct stream_item *item, bson_error_t *error);
/* The input has ended. Status 3 where that is too early. */
bool check_end(
    const struct stream_check *c, const char *name, bson_error_t *error);
enum stream_kind check_kind(const struct stream_check *c);
/* Number of the next control document. */
uint64_t check_number(const struct stream_check *c);

#endif
