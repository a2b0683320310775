/* engine: a hash table of keys of fixed size; private to verify_keys. */
#ifndef MM_ENGINE_VERIFY_SLOTS_H
#define MM_ENGINE_VERIFY_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum slot_state { SLOT_FREE, SLOT_WAITING, SLOT_TAKEN };

/* Positions as one number, the seconds in the upper half; 0: none. */
struct slot {
	uint64_t hash[2];
	uint64_t event;   /* the newest */
	uint64_t since;   /* of the entry that waits or waited */
	uint64_t applied; /* taken: what is after it touches */
	uint64_t first;   /* the first event after that */
	uint32_t flags;
	uint8_t state;
	bool armed;
	bool inexact; /* there may be newer events than `event` */
};

struct slots;

/* n: a power of two; at most 3/4 of it may be in use. */
struct slots *slots_new(size_t n);
void slots_free(struct slots *s);
/* NULL: not there. Views are good until the next slots_add or _remove. */
struct slot *slots_find(struct slots *s, const uint64_t hash[2]);
struct slot *slots_add(struct slots *s, const uint64_t hash[2]);
void slots_remove(struct slots *s, struct slot *slot);

#endif
