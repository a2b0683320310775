/* io: a file of BSON documents that only grows: each is bound to all before it
 * by a SHA-256, and is on the disk when the call that adds it returns. For
 * records that decide what a later run may do.
 *
 * A document gets `n` (int64, from 0) and `at` (datetime) in front, and `link`
 * (64 hexadecimal digits) as its last field: the SHA-256 of the link before it
 * (64 zeros for the first) and of all bytes of the document before that field's
 * value. An end that was cut while it was written is dropped: nobody has acted
 * upon it. Anything else that does not fit is damage, and the file is refused.
 */
#ifndef MM_IO_CHAIN_H
#define MM_IO_CHAIN_H

#include "base/error.h"

struct chain;

/* write: makes the file (mode 600) where there is none, and keeps other
 * writers out as long as it is open: status 8, naming them. Not write: no file
 * is an empty chain, and writers are not disturbed. Status 3: damaged, with
 * the number of the document; 7. */
struct chain *chain_open(const char *path, bool write, bson_error_t *error);
void chain_close(struct chain *c);
/* Copies. After a failure (7) every call fails: what stands in the file is
 * known again only to the next chain_open. */
bool chain_add(struct chain *c, const bson_t *doc, bson_error_t *error);
size_t chain_count(const struct chain *c);
/* Owned by the chain, valid until chain_close; NULL past the end. */
const bson_t *chain_doc(const struct chain *c, size_t i);

#endif
