/* engine: what mm-diff does: everything selected on the source held against
 * what it is mapped to on the target, both read at majority, by several
 * workers, in memory that does not depend on the size of the data.
 *
 * What it says is exact when neither side is written meanwhile and everything
 * is applied. While they are written it lists in addition what changed
 * between the two reads of a document.
 */
#ifndef MM_ENGINE_COMPARE_H
#define MM_ENGINE_COMPARE_H

#include "engine/compare_meta.h"
#include "engine/compare_task.h"

struct compare_opts {
	struct server *source, *target;
	const struct ns_flags *flags; /* that made rules */
	const struct ns_rules *rules;
	const char *job; /* NULL: the name that the selection gives */
	int workers;
	bool by_lookup;          /* never by merging */
	int64_t partition_bytes; /* a range of _ids holds about this much */
	int64_t rate;     /* bytes a second read from the source; 0: no limit */
	struct optime at; /* read the source as of this time; null: as it is */
	/* Asked when everything is compared, before the summary: whether it
	 * is a result. NULL: it is. */
	enum compare_got (*last)(void *arg, bson_error_t *error);
	void *last_arg;
};

/* Compares, reports to r (with summary), and sets *differences. With
 * COMPARE_STOPPED the summary says that it is no result. */
enum compare_got compare_run(const struct compare_opts *opts, struct report *r,
    int64_t *differences, bson_error_t *error);

#endif
