/* Random documents, random changes of them, and what a server logs for a
 * change: made with libbson alone, to be independent of what it tests. */
#ifndef MM_TEST_CHANGE_H
#define MM_TEST_CHANGE_H

#include <bson/bson.h>

enum change_form {
	CHANGE_DIFF,      /* $v:2, at times a replacement */
	CHANGE_MODIFIERS, /* $v:1, at times a replacement */
	CHANGE_UPGRADE    /* one, later the other: not for change_of */
};

void change_seed(uint64_t seed);
/* 0 .. below-1 */
uint32_t change_random(uint32_t below);

/* A document with that _id in front; owned by the caller, as the others. */
bson_t *change_new(int id);
bson_t *change_some(const bson_t *pre);
/* The update document (`o`) that turns pre into post. */
bson_t *change_of(const bson_t *pre, const bson_t *post, enum change_form form);

#endif
