/* mongo: reading and writing the control database of the target; private to
 * job. Writes wait for a majority and are sent again until they are answered
 * by one, so each must mean the same the second time.
 */
#ifndef MM_MONGO_CONTROL_H
#define MM_MONGO_CONTROL_H

#include "mongo/driver.h"

#define CONTROL_DB "mm_control"

/* By enum job_phase. */
extern const char *const job_phase_text[];

struct control_result {
	int64_t n;      /* matched, inserted or deleted */
	bool duplicate; /* refused: the key is there already (11000) */
};

/* One update by filter q; u is an operator document or a replacement. */
bool control_update(struct conn *c, const char *coll, const bson_t *q,
    const bson_t *u, bool upsert, struct control_result *result,
    bson_error_t *error);
/* All that match; u may be applied twice. */
bool control_update_all(struct conn *c, const char *coll, const bson_t *q,
    const bson_t *u, bson_error_t *error);
/* Several, an array of {q, u}, in any order; each may be applied twice. */
bool control_update_list(
    struct conn *c, const char *coll, const bson_t *list, bson_error_t *error);
/* One, sent once: for what is only best effort. */
bool control_update_once(struct conn *c, const char *coll, const bson_t *q,
    const bson_t *u, struct control_result *result, bson_error_t *error);
bool control_insert(struct conn *c, const char *coll, const bson_t *doc,
    struct control_result *result, bson_error_t *error);
/* All that match. */
bool control_delete(
    struct conn *c, const char *coll, const bson_t *q, bson_error_t *error);
/* By majority, at the primary: 1, 0, -1. doc is initialised. */
int control_read(struct conn *c, const char *coll, const bson_t *q, bson_t *doc,
    bson_error_t *error);
/* The one with that _id. */
int control_find(struct conn *c, const char *coll, const char *id, bson_t *doc,
    bson_error_t *error);
/* Calls each for the documents of mm_control.owned of a job, until it says
 * false. */
bool control_owned(struct conn *c, const char *job,
    bool (*each)(void *arg, const bson_t *doc), void *arg, bson_error_t *error);
/* The target's clock, milliseconds since 1970. once: without trying
 * again. */
bool control_now(struct conn *c, bool once, int64_t *ms, bson_error_t *error);

#endif
