/* engine: inside of the block: its kinds. For switch_block.c and block_*.c
 * only. Each does for one side what engine/switch_block.h says.
 */
#ifndef MM_ENGINE_BLOCK_WORK_H
#define MM_ENGINE_BLOCK_WORK_H

#include "engine/block_scope.h"
#include "mongo/probe.h"

struct block {
	struct block_opts o;
	struct probe *probe[BLOCK_SIDES];
	/* As they were at the last plan of that side. */
	struct block_scope scope[BLOCK_SIDES];
	bool known[BLOCK_SIDES];
	/* Since when it is not known whether an opened side is (ms); 0: it
	 * is. */
	int64_t in_doubt[BLOCK_SIDES];
};

/* The scope, read where it is not known yet; again: in any case. */
bool block_learn(
    struct block *b, enum side side, bool again, bson_error_t *error);

bool block_role_plan(struct block *b, enum side side, const bson_t *recorded,
    bson_t *plan, bson_error_t *error);
int block_role_look(struct block *b, enum side side, const bson_t *plan,
    char token[BLOCK_TOKEN], bson_error_t *error);
/* Who can write now, as a plan that nothing is done with. */
bool block_role_writers(
    struct block *b, enum side side, bson_t *plan, bson_error_t *error);

int block_hook_look(struct block *b, enum side side, char token[BLOCK_TOKEN],
    bson_error_t *error);
bool block_hook_set(
    struct block *b, enum side side, bool close, bson_error_t *error);

bool block_cluster_plan(struct block *b, enum side side, const bson_t *recorded,
    bson_t *plan, bson_error_t *error);
int block_cluster_look(struct block *b, enum side side, bson_error_t *error);

#endif
