/* engine: documents that stood on the target before a load (mm-load
 * --on-duplicate): what becomes of them, and how many were met. For several
 * threads.
 */
#ifndef MM_ENGINE_STANDING_H
#define MM_ENGINE_STANDING_H

#include "model/value.h"

enum standing_how {
	STANDING_ERROR,    /* a collection that holds any is refused */
	STANDING_SKIP,     /* they stay */
	STANDING_REPLACE,  /* those with the same `_id` are replaced */
	STANDING_IDENTICAL /* they must be equal, byte for byte */
};

/* "error", "skip", "replace" or "identical". */
enum standing_how standing_parse(const char *text);

struct standing;

/* at_first: the first document that is not taken ends the load. */
struct standing *standing_new(enum standing_how how, bool at_first);
void standing_free(struct standing *s);
enum standing_how standing_how(const struct standing *s);
/* So many of the stream stood there already, and that is settled. */
void standing_met(struct standing *s, size_t n);
/* A document of the stream is not on the target, because of another one that
 * is; named, up to a number. With STANDING_SKIP that is as it should be. False:
 * that ends the load; error is set, status 8. */
bool standing_left_out(struct standing *s, const char *ns, const uint8_t *doc,
    size_t len, const char *why, bson_error_t *error);
/* The load is over: tells the numbers. False: documents are missing; error is
 * set, status 8. */
bool standing_end(struct standing *s, bson_error_t *error);

#endif
