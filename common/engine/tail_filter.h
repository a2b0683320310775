/* engine: which entries of an oplog belong to a selection. */
#ifndef MM_ENGINE_TAIL_FILTER_H
#define MM_ENGINE_TAIL_FILTER_H

#include "base/error.h"
#include "base/optime.h"
#include "model/ns.h"

enum tail_part {
	TAIL_PASS, /* not of the selection: a position, nothing more */
	TAIL_TAKE, /* goes into the stream as it is */
	TAIL_GROUP /* applyOps, commitTransaction or abortTransaction: what it
		      holds decides */
};

/* What was looked at; views into the entry. */
struct tail_look {
	struct optime at;
	int64_t wall; /* ms since 1970, 0: none */
	const char *op, *ns;
	const uint8_t *o; /* the document o; NULL where it was not needed */
	uint32_t o_len;
};

/* Where an entry of the selection goes; at: the position of its group. */
typedef bool tail_emit_fn(void *arg, const uint8_t *doc, size_t len,
    struct optime at, bson_error_t *error);

struct tail_filter;

/* Takes also what is renamed into the selection (ddl_wide). */
struct tail_filter *tail_filter_new(
    const struct ns_rules *rules, bson_error_t *error);
void tail_filter_free(struct tail_filter *f);
/* Walks the names of the entry once; looks into o only for commands. Status 8:
 * not an entry of format 2, an unknown kind, or one that would be lost in
 * silence (time series, index as document), with its position. */
bool tail_filter_look(struct tail_filter *f, const uint8_t *data, size_t len,
    struct tail_look *look, enum tail_part *part, bson_error_t *error);
/* Whether it is a mark that somebody waits for (mongo/fence.h). */
bool tail_filter_is_fence(const struct tail_look *look);
/* The same for an operation inside applyOps; its position is `at`. TAIL_GROUP:
 * nested applyOps. */
bool tail_filter_inner(struct tail_filter *f, const uint8_t *data, size_t len,
    struct optime at, enum tail_part *part, bson_error_t *error);

#endif
