/* engine: inside of checkpoint: what the savers and the thread share. */
#ifndef MM_ENGINE_CHECKPOINT_WORK_H
#define MM_ENGINE_CHECKPOINT_WORK_H

#include <pthread.h>
#include <time.h>

#include "engine/checkpoint.h"

enum { CHECKPOINT_RING = 4096 };

struct waiting {
	struct boundary b;
	uint64_t seq; /* of the last entry before it */
};

struct checkpoint {
	struct checkpoint_opts o;
	struct lanes *lanes;
	pthread_t thread;
	bool started, ending;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* under lock */
	struct waiting ring[CHECKPOINT_RING];
	size_t head, n;
	struct boundary reached;
	uint64_t reached_seq;
	int64_t reached_ms;    /* when, since 1970 */
	int64_t lag_ms;        /* of reached, at that moment */
	struct optime awaited; /* of the boundaries that were reached */
	bool woken, soon;      /* the thread; it does not wait for long */
	struct optime seen, ahead;
	const char *journal;
	struct optime promised; /* the reader's own */
	/* under save_lock */
	pthread_mutex_t save_lock;
	struct job_checkpoint saved;
	uint64_t saved_seq;
	int64_t saved_ms;
	int64_t reported_ms;
};

/* In how many ms a save is due; 0: now. */
int64_t checkpoint_due_ms(struct checkpoint *c);
/* Saves when it is due. */
bool checkpoint_save_due(struct checkpoint *c, bson_error_t *error);

#endif
