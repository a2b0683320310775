/* engine: the n keys with the smallest hashes, out of any number that are
 * offered in any order: a random choice that a seed repeats. */
#ifndef MM_ENGINE_SAMPLE_PICK_H
#define MM_ENGINE_SAMPLE_PICK_H

#include <stddef.h>

#include "model/value.h"

struct pick {
	uint64_t hash;
	size_t pair;  /* index of its collection */
	uint8_t type; /* of the _id */
	uint32_t len;
	uint8_t *data; /* owned */
};

struct picks {
	uint64_t seed;
	size_t most, n;
	struct pick *heap; /* the largest hash first */
};

void picks_init(struct picks *p, uint64_t seed, size_t most);
void picks_release(struct picks *p);
/* ns: of the collection, on the source. Copies the _id if it is kept. */
void picks_offer(
    struct picks *p, size_t pair, const char *ns, const struct value *id);
/* Moves everything from `from` into p; what is there already is not taken
 * twice. p->heap is sorted by hash then, and no heap any more. */
void picks_join(struct picks *p, struct picks *from, size_t n_from);
struct value pick_id(const struct pick *k);

#endif
