/* engine: where a tail writes: one live stream, a segment directory, or a
 * function of the program itself. */
#ifndef MM_ENGINE_TAIL_SINK_H
#define MM_ENGINE_TAIL_SINK_H

#include "stream/segment.h"

struct tail_sink;

/* A live stream on fd. head: source and filters; copied. */
struct tail_sink *tail_sink_stream(
    int fd, const char *name, int level, const bson_t *head);
/* Takes over an open directory. */
struct tail_sink *tail_sink_dir(struct segment_dir *dir);
/* Called in the tail's thread. False ends it with that error. */
struct tail_calls {
	/* An entry of the selection; of a group each one, with the position of
	 * the group. The view dies with the call. */
	bool (*entry)(void *arg, const uint8_t *entry, size_t len,
	    struct optime at, bson_error_t *error);
	/* Everything up to `at` was given: once at the start, then after each
	 * reply of the source. */
	bool (*reached)(void *arg, struct optime at, struct optime read_from,
	    bson_error_t *error);
	void *arg;
};
struct tail_sink *tail_sink_calls(const struct tail_calls *calls);
void tail_sink_free(struct tail_sink *s);

/* Writes the header. */
bool tail_sink_begin(struct tail_sink *s, struct optime after,
    struct optime seen, struct optime read_from, bson_error_t *error);
/* An entry of the selection; kept until the block is full or put. */
bool tail_sink_entry(struct tail_sink *s, const uint8_t *entry, size_t len,
    struct optime at, bson_error_t *error);
/* A mark: everything up to `at` has been put; wall is ms since 1970; reason as
 * in mm-stream(5). */
bool tail_sink_mark(struct tail_sink *s, struct optime at,
    struct optime read_from, int64_t wall, const char *reason,
    bson_error_t *error);
/* Between groups, everything up to `at` has been put: let the reader have it;
 * a directory may rotate, and does when told. */
bool tail_sink_flush(struct tail_sink *s, struct optime at,
    struct optime read_from, bool rotate, bson_error_t *error);
bool tail_sink_end(struct tail_sink *s, const char *reason, struct optime at,
    struct optime read_from, bson_error_t *error);
/* A stream or a directory: what the program is there for. */
bool tail_sink_writes(const struct tail_sink *s);
/* Entries of the selection so far, and their bytes. */
int64_t tail_sink_entries(const struct tail_sink *s);
int64_t tail_sink_bytes(const struct tail_sink *s);

#endif
