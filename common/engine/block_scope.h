/* engine: inside of the block: what is selected on a side, by the names there,
 * as model/grants.h wants to know it. For block_*.c and switch_readers.c only.
 */
#ifndef MM_ENGINE_BLOCK_SCOPE_H
#define MM_ENGINE_BLOCK_SCOPE_H

#include "engine/switch_block.h"
#include "model/grants.h"
#include "model/textset.h"

struct block_scope {
	struct grants_scope grants;
	struct textset names;   /* all collections of databases in question */
	struct textset any;     /* databases with something selected */
	struct textset partial; /* and with something that is not */
	struct textset tries; /* collections to probe, some of the selection */
	const struct ns_rules *rules;
	enum side side;
	bson_t own; /* accounts of the connection */
	const char **keep;
};

/* Reads the catalogue of the side; for the target that of the source, too. s is
 * initialised in any case. Status 8: the server has no access control. */
bool block_scope_read(struct block_scope *s, const struct block_opts *o,
    enum side side, bson_error_t *error);
void block_scope_release(struct block_scope *s);
/* Names to probe alone. */
bool block_scope_tries(const struct block_opts *o, enum side side,
    struct textset *tries, bson_error_t *error);

#endif
