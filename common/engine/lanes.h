/* engine: the lanes of an applier.
 *
 * Entries of one `_id` always go to the same lane, in log order; all entries
 * of a namespace whose order matters as a whole go to one lane. A lane is a
 * thread with one connection and one explicit session, one command in flight.
 * It takes what waits (up to a batch), reads the documents it does not know,
 * applies the entries in memory and writes each document once. An entry that
 * arrives alone is applied at once.
 *
 * Entries are numbered as they are handed over, from 1.
 */
#ifndef MM_ENGINE_LANES_H
#define MM_ENGINE_LANES_H

#include "engine/journal.h"
#include "engine/ledger.h"
#include "engine/target.h"
#include "model/entry.h"
#include "mongo/job.h"
#include "mongo/server.h"

#define LANES_MAX 64

struct lanes_opts {
	struct server *server;
	const struct job *job; /* nothing is written once its lease is lost */
	int workers;
	int batch_ops;
	struct ledger *ledger;
	struct journal *journal; /* NULL: none */
	/* Called by lanes after each acknowledged batch. */
	void (*acked)(void *arg);
	void *arg;
};

struct lanes;

/* Opens the connections and starts the threads. */
struct lanes *lanes_new(const struct lanes_opts *opts, bson_error_t *error);
/* Ends the threads: after what is sent, or at once after a failure. Numbers
 * and counts stay. */
void lanes_stop(struct lanes *l);
void lanes_free(struct lanes *l);

/* An i, u or d. Copies the entry; the lane gets it with the next lanes_send
 * or earlier. Blocks while the lane is full. replay: a missing or existing
 * document is expected. False: a lane has failed. */
bool lanes_put(struct lanes *l, struct target *target, const struct entry *e,
    bool replay, bson_error_t *error);
bool lanes_send(struct lanes *l, bson_error_t *error);
/* Waits until everything sent is acknowledged. Status 8: something is not,
 * because it conflicts with a unique index. */
bool lanes_drain(struct lanes *l, bson_error_t *error);
/* After a drain, before the catalog changes: no image is kept. */
void lanes_forget(struct lanes *l);
/* All lanes end with this error (the first one counts), and the program is
 * asked to stop. */
void lanes_fail(struct lanes *l, const bson_error_t *error);
bool lanes_failed(struct lanes *l, bson_error_t *error);

/* The number of the last entry sent; the lowest one not acknowledged, or
 * UINT64_MAX. */
uint64_t lanes_sent(const struct lanes *l);
uint64_t lanes_low(struct lanes *l);

struct lanes_counts {
	int64_t entries;  /* acknowledged */
	int64_t written;  /* documents written: coalescing makes it less */
	int64_t read;     /* documents asked for */
	int64_t diverged; /* preconditions violated outside the replay window */
};
void lanes_count(struct lanes *l, struct lanes_counts *out);

#endif
