/* base: a small number for each of many 64-bit hashes, in one flat table.
 *
 * Of a hash the upper 60 bits count: two keys that share them are one. Bounded:
 * beyond `most` hashes nothing new is kept. The table takes at most 22 bytes
 * for each of them. No lock in here.
 */
#ifndef MM_BASE_TAGS_H
#define MM_BASE_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAGS_MAX = 15 }; /* the largest number */

struct tags {
	uint64_t
	    *slot; /* the hash with the number in its lowest bits; 0: free */
	size_t size, used, most;
};

void tags_init(struct tags *t, size_t most);
void tags_release(struct tags *t);
/* 0: none. */
unsigned tags_get(const struct tags *t, uint64_t hash);
/* 0 forgets the hash. False: there is no place for a new one. */
bool tags_set(struct tags *t, uint64_t hash, unsigned number);

#endif
