/* engine: reading a state again; private to verify_state*.c. */
#ifndef MM_ENGINE_VERIFY_STATE_IN_H
#define MM_ENGINE_VERIFY_STATE_IN_H

#include "engine/verify_state.h"

struct state {
	char *dir, *file;
	int lock;
	bson_t **pair; /* documents of pairs that were loaded */
	size_t n_pairs;
};

/* The fields that must be the same in both runs, and mm and v. */
void state_identity(struct verify *v, bson_t *doc);

#endif
