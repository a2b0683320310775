/* stream: the inside of struct stream_in, shared by in.c and unit.c. */
#ifndef MM_STREAM_IN_H
#define MM_STREAM_IN_H

#include <pthread.h>

#include "io/zio.h"
#include "stream/item.h"

struct stream_in {
	const char *name;
	bool stoppable;
	struct zio_reader *z;
	struct stream_check *check;
	struct buf item;  /* the item being read; kept over a stop */
	uint64_t item_at; /* where it began in the input */
	bool given;       /* item was handed out, start a new one */
	uint64_t number;  /* of the last item, for messages */
	uint64_t offset;  /* of the last item, for messages */
	bool failed;      /* for good; error tells why */
	bson_error_t error;

	/* Parallel reading: one thread at a time reads (reading), one at a
	 * time admits (turn). */
	pthread_mutex_t reading;
	uint64_t next_ticket; /* under reading */
	bool ended;           /* under reading: the input is at its end */
	pthread_mutex_t lock;
	pthread_cond_t turned;
	uint64_t turn; /* under lock, as is failed */
	bool parallel;
	size_t held; /* under lock: bytes of the units that threads have */
	pthread_cond_t freed;
};

/* Makes s->item hold one whole item: control document, then data. STREAM_EOF:
 * the input ended before its first byte. */
enum stream_got in_read_item(struct stream_in *s, bson_error_t *error);

/* For the follower of a file that still grows. */
struct zio_reader *stream_in_zio(struct stream_in *s);

#endif
