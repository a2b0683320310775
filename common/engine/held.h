/* engine: indexes that a job holds back, as its documents list them: arrays of
 * {ns, spec, why}, why being "unique" (not made on the target), "ttl" (made
 * there, asleep), "build" or "replay" (being made; engine/held_build.h). One
 * entry a name.
 */
#ifndef MM_ENGINE_HELD_H
#define MM_ENGINE_HELD_H

#include <bson/bson.h>
#include <stdbool.h>

struct held {
	bson_t spec; /* a view into the list */
	const char *why;
};

/* Adds, in place of one of that name. */
void held_put(
    bson_t *list, const char *ns, const bson_t *spec, const char *why);
/* By `which`: a text (name), a document (key pattern). */
bool held_find(const bson_t *list, const bson_iter_t *which, struct held *out);
bool held_find_name(const bson_t *list, const char *name, struct held *out);
/* The one at place i. */
bool held_at(const bson_t *list, uint32_t i, struct held *out);
void held_remove(bson_t *list, const char *name);
/* The same list for another namespace. */
void held_move(const bson_t *list, const char *ns, bson_t *out);
/* Name of an index specification, or "". */
const char *held_name(const bson_t *spec);
/* An index specification is the one that `which` says. */
bool held_is(const bson_t *spec, const bson_iter_t *which);

#endif
