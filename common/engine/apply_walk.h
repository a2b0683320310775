/* engine: the walk through a log: headers, entries, groups, marks.
 *
 * What mm-oplog-apply does to a log and what it only looks at go the same way:
 * here are the order of a log, what of it is behind us, and where it ends;
 * what becomes of an entry is the caller's.
 */
#ifndef MM_ENGINE_APPLY_WALK_H
#define MM_ENGINE_APPLY_WALK_H

#include "engine/apply_input.h"
#include "engine/checkpoint.h"
#include "model/entry.h"

/* False ends the walk, with error set. seen, behind, left and bad may be
 * NULL. */
struct apply_walk_ops {
	/* A header. May set walk->reached where nothing is reached yet. */
	bool (*begin)(void *arg, enum stream_kind kind, const bson_t *head,
	    bson_error_t *error);
	/* Up to there the log may have been applied before. */
	void (*seen)(void *arg, struct optime seen);
	/* An entry that is not behind us, and is not a no-op. */
	bool (*entry)(void *arg, const struct entry *e, bson_error_t *error);
	/* An entry that is behind us; may be NULL. */
	void (*behind)(void *arg, const struct entry *e);
	/* Any entry, when the walk stands after it; `whole`: after its group,
	 * and walk->reached says so. */
	bool (*left)(
	    void *arg, const struct entry *e, bool whole, bson_error_t *error);
	/* Not an entry, as error says. True: go on without it. NULL: that
	 * ends the walk. */
	bool (*bad)(
	    void *arg, const uint8_t *data, uint32_t len, bson_error_t *error);
	/* After a block, and where a mark has moved walk->reached. */
	bool (*pause)(void *arg, bson_error_t *error);
};

struct apply_walk {
	const struct apply_walk_ops *ops;
	void *arg;
	struct optime until;     /* inclusive, whole groups; null: none */
	struct boundary reached; /* after the last whole group */
	bool done;               /* until */
	/* private */
	struct optime in_stream; /* the last position met in this stream */
	struct optime group;     /* of the group that is open; null: none */
	bool skipping;           /* that group was reached before */
};

/* One item. Status 3: not in order, or a group is not whole; 6: a gap before
 * the stream, or another history. */
bool apply_walk_item(struct apply_walk *w, const struct stream_item *i,
    enum stream_kind kind, bson_error_t *error);
/* A part of a group was given, its end was not. */
bool apply_walk_within(const struct apply_walk *w);

#endif
