/* mongo: places in a natural scan; private to scan.
 */
#ifndef MM_MONGO_PLACE_H
#define MM_MONGO_PLACE_H

#include "base/buf.h"
#include "mongo/driver.h"

/* A resume token. */
struct place {
	bson_t token;
	bool known;
};

void place_init(struct place *p);
void place_release(struct place *p);
/* NULL, or a token without a record (it stands for the start or the end):
 * not known. */
void place_set(struct place *p, const bson_t *token);

/* By which a document is known again: a hash of its `_id`. Old capped
 * collections may hold documents without one. */
uint64_t place_of(const bson_t *doc);
/* Of a row of such hashes. */
bool place_is_among(const struct buf *row, const bson_t *doc);

#endif
