/* engine: applications may not write to a side, or may again.
 *
 * Through a program that is run without a shell as `PROGRAM block|unblock|probe
 * source|target JOB` (mm-switch(1)). Its word that a side is closed or open is
 * not believed: the probe is, which is asked afterwards.
 */
#ifndef MM_ENGINE_SWITCH_BLOCK_H
#define MM_ENGINE_SWITCH_BLOCK_H

#include "mongo/server.h"

#define BLOCK_TOKEN 129 /* bytes, with NUL */

struct block;

/* Status 2: it is no program. seconds: how long a call may take. */
struct block *block_new(
    const char *program, const char *job, int seconds, bson_error_t *error);
void block_free(struct block *b);

/* 1: writes of applications are refused; 0: they are taken; -1: it is not
 * known. token: a word that is another one once the block was lifted in
 * between; "" where the program tells none. */
int block_probe(struct block *b, enum side side, char token[BLOCK_TOKEN],
    bson_error_t *error);
/* Closed: true only when the probe says so; with its token. */
bool block_close(struct block *b, enum side side, char token[BLOCK_TOKEN],
    bson_error_t *error);
bool block_open(struct block *b, enum side side, bson_error_t *error);

#endif
