/* engine: documents that follow one another without anything between them, bare
 * or compressed. */
#ifndef MM_ENGINE_PLAIN_DOC_H
#define MM_ENGINE_PLAIN_DOC_H

#include "base/buf.h"
#include "io/zio.h"
#include "stream/stream.h"

struct plain_doc {
	const char *name;
	struct zio_reader *z;
	struct buf doc;          /* the one being read; kept over a stop */
	bool used;               /* doc was handled: read the next one */
	uint64_t number, offset; /* of doc, for messages */
};

/* fd is borrowed. */
void plain_doc_init(struct plain_doc *d, int fd, const char *name);
void plain_doc_release(struct plain_doc *d);
/* Makes doc hold the next one, unless it holds one that is not `used`. *cut:
 * the input ended inside it (no error is set then). Status 3: a length that
 * cannot be. */
enum stream_got plain_doc_next(
    struct plain_doc *d, bool *cut, bson_error_t *error);

#endif
