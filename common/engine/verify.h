/* engine: comparing while both sides are written (bracket mode of mm-diff).
 *
 * The log of the selection is read from the applier's checkpoint on (the feed),
 * both sides are compared once without waiting (generation 0), and every key
 * that was unequal, or that the log names, goes into a queue. A key of the
 * queue is decided in a bracket:
 *
 *   W   the applier's checkpoint, at or after the last event of the selection
 *       that the feed has seen for it;
 *       the document on the source, then on the target, both at majority;
 *   p2  the source's majority position after that, which the feed has passed.
 *
 * No event of the key in (W, p2]: the source held one document all the time,
 * the target had every event of it, so both must be equal. Anything else is
 * undecided and goes into the queue again. So nothing is ever told for a
 * difference that is only under way, and no key counts as verified that was
 * equal by chance.
 *
 * verified_ts V: every event of the selection at or before V belongs to a key
 * that was compared after it was applied, and was equal or is told. In sync at
 * F: V >= F, and no difference.
 */
#ifndef MM_ENGINE_VERIFY_H
#define MM_ENGINE_VERIFY_H

#include "base/optime.h"
#include "engine/compare.h"
#include "model/value.h"

/* What is known about one document. Views, until the call returns. */
struct verdict {
	struct pair *pair; /* lives as long as the run */
	/* DIFF_MISSING, DIFF_EXTRA, DIFF_CONTENT, DIFF_SEQUENCE, and, where
	 * the run ends before it could decide: DIFF_PENDING (the applier has
	 * not reached `event`), DIFF_UNSTABLE (written all the time). The one
	 * who is told refines CONTENT. */
	enum diff_class class;
	struct value id;
	const bson_t *source, *target; /* NULL: not there; both NULL with
					  pending, unstable, and resolved */
	struct optime m0, p2; /* the bracket (W, p2] it was decided in */
	struct optime event;  /* newest of the key that the feed has seen; null:
				 none since the checkpoint at the start */
	int rounds;           /* how often it was looked at */
	bool resolved;        /* a difference told before is none any more */
};

/* Calls come from one thread at a time. False ends the run with that error. */
struct verify_sink {
	void *arg;
	/* A pair is known: before anything about it; pairs may come later too,
	 * when collections are made while it runs. */
	bool (*pair)(void *arg, struct pair *pair, bson_error_t *error);
	bool (*verdict)(
	    void *arg, const struct verdict *v, bson_error_t *error);
	/* Collection, options, index; tells what stands when it is called, all
	 * facts of a pair in a row. */
	bool (*fact)(void *arg, struct pair *pair,
	    const struct report_fact *fact, bson_error_t *error);
	/* A moment at which everything told so far should be seen (follow), and
	 * the end, unless it failed; pairs are not there any more after it. */
	bool (*flush)(void *arg, bson_error_t *error);
};

enum verify_end {
	VERIFY_ONCE,       /* every difference that stands at one moment */
	VERIFY_UNTIL_SAME, /* goes on until there is none */
	VERIFY_FOLLOW      /* until a stop signal; differences as they come */
};

enum verify_got {
	VERIFY_FAILED = -1, /* error is set */
	VERIFY_SAME = 0,
	VERIFY_DIFFERS = 1,
	VERIFY_UNDECIDED = 9 /* the applier does not go on, only pending or
				unstable are left, or a stop signal */
};

struct verify_opts {
	struct server *source, *target;
	const struct ns_flags *flags; /* that made rules */
	const struct ns_rules *rules;
	const char *job;   /* with a checkpoint */
	const char *dir;   /* segments; NULL: the source's oplog */
	const char *state; /* directory to go on from; NULL: none */
	enum verify_end end;
	int workers;
	bool by_lookup;
	int64_t partition_bytes, rate; /* as in struct compare_opts */
	int64_t wait_ms;               /* for an applier that does not go on */
	int rounds; /* a key that is written all the time: how often */
	struct verify_sink sink;
};

/* pairs: all that there were, with their tallies; released by the caller
 * (pair_list_release) in every case. *complete: it came to its end, if only to
 * say what cannot be decided; false after a stop signal. */
enum verify_got verify_run(const struct verify_opts *opts,
    struct pair_list *pairs, bool *complete, bson_error_t *error);

#endif
