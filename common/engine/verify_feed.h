/* engine: the log of the selection while it is compared: a thread that reads
 * it from the applier's checkpoint on, out of the source's oplog or out of a
 * directory of segments, and tells the keys (verify_keys) about each event.
 */
#ifndef MM_ENGINE_VERIFY_FEED_H
#define MM_ENGINE_VERIFY_FEED_H

#include "engine/verify_keys.h"
#include "mongo/job.h"

struct feed_opts {
	struct server *source;
	const struct ns_rules *rules;
	const char *dir; /* segments; NULL: the oplog itself */
	struct optime after, read_from;
	struct optime catalog; /* a change before it, not settled; null */
	struct keys *keys;
};

struct feed;

/* Proves the position: status 6 where it is gone. */
struct feed *feed_new(const struct feed_opts *opts, bson_error_t *error);
/* Ends the thread; a stop signal must have come, or sig_stop. */
void feed_free(struct feed *f);

/* Everything up to there has been told. read_from, or NULL: where a feed that
 * goes on from there has to read from. */
struct optime feed_progress(struct feed *f, struct optime *read_from);
/* Until it has got there. False: it failed (error is its), or a stop signal
 * came (status 9). */
bool feed_wait(struct feed *f, struct optime to, bson_error_t *error);
/* False: it has ended with this error. */
bool feed_alive(struct feed *f, bson_error_t *error);

/* The first and the last change to the catalog that is not settled; false:
 * there is none. */
bool feed_catalog(struct feed *f, struct optime *first, struct optime *last);
/* Those at or before `to` are. */
void feed_catalog_settled(struct feed *f, struct optime to);

#endif
