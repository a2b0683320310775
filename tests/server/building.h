/* mongosim: index builds that take time.
 *
 * As servers since 4.4 do it: a thread of its own builds, and whoever sent the
 * command waits for it. So a build goes on when its client is gone, and when
 * the member steps down (the command then fails with 11602; the build ends once
 * there is a primary). A kill of the command, a drop of the collection or of
 * the index abort it. A build takes time only where the fault holdBuild says
 * so; others are done within their command.
 */
#ifndef SIM_BUILDING_H
#define SIM_BUILDING_H

#include "request.h"

/* Where a build stands still, as long as stands(id) says so; stands NULL: it
 * does not. */
struct building_hold {
	bool (*stands)(int64_t id);
	int64_t id, at;
};

struct building {
	struct coll *coll; /* after a wait: looked up by uuid */
	char db[128];
	const char *name; /* inside ns */
	char ns[400];
	uint8_t id[16], uuid[16]; /* of the build; of the collection */
	const bson_t *spec;
	size_t n;
	struct buf *info; /* elements for an error */
	/* of one that takes time */
	bson_t *own_spec;
	struct buf own_info;
	struct building_hold hold;
	int64_t op, started, at, total;
	bool aborted, ended, left;
	bson_error_t error; /* code 0: it is there */
	struct building *next;
};

/* index_build.c: the parts before and after the time that passes. */
void index_build_begin(struct building *b);
bool index_build_end(struct building *b, bson_error_t *error);
bool index_build_failed(
    struct building *b, const bson_error_t *why, bson_error_t *error);

/* Begins it and waits for it; b is copied. */
bool building_run(
    struct request *r, const struct building *b, bson_error_t *error);
/* One of the specs is being built for c: *busy; such a build of other options
 * stands in the way: false (85, 86). */
bool building_meets(struct request *r, const struct coll *c, const bson_t *spec,
    bool *busy, bson_error_t *error);
/* Until a build of that collection has come to its end. False: the request is
 * over. */
bool building_wait(struct request *r, const uint8_t uuid[16]);
/* All of the collection are aborted and gone. c stays what it was. */
void building_abort(const struct coll *c);
/* dropIndexes: aborts the build of that one index, or waits for the end of one
 * that makes others, too. False: there is none. */
bool building_drop(
    struct request *r, const struct coll *c, const bson_iter_t *want);
/* For listIndexes: their specs; for $currentOp: what builds. */
void building_put_specs(struct buf *docs, const struct coll *c);
void building_put_ops(struct buf *docs);

#endif
