/* engine: a range of `_id`s and its digest, as a document of a digest stream
 * (mm-stream(5), DIGESTS). */
#ifndef MM_ENGINE_DIGEST_RANGE_H
#define MM_ENGINE_DIGEST_RANGE_H

#include "base/error.h"
#include "model/digest.h"
#include "model/value.h"

enum digest_order {
	DIGEST_BY_ID,  /* ranges of _ids */
	DIGEST_WHOLE,  /* one range: the order of _ids is not known */
	DIGEST_NATURAL /* one range: each document counts with its place */
};
/* "id", "whole", "natural" */
const char *digest_order_text(enum digest_order order);
bool digest_order_parse(const char *text, enum digest_order *order);

struct digest_range {
	bool has_from, has_to; /* false: open; from is in it, to is not */
	struct value from, to;
	struct digest sum;
	/* In detail: a document {"": _id, "": _id ...}, and as many leaves. */
	const uint8_t *keys, *leaves; /* NULL: not known */
	uint32_t keys_len, leaves_len;
};

/* Views into the document. Status 3. */
bool digest_range_read(const uint8_t *doc, uint32_t len, struct digest_range *r,
    bson_error_t *error);
/* Initialises out. */
void digest_range_write(const struct digest_range *r, bson_t *out);
/* One ends where the other begins. */
bool digest_range_joins(
    const struct digest_range *a, const struct digest_range *b);

#endif
