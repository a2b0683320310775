/* engine: what a difference that mm-diff tells is. */
#ifndef MM_ENGINE_COMPARE_CLASS_H
#define MM_ENGINE_COMPARE_CLASS_H

#include <stdbool.h>

enum diff_class {
	/* documents: a difference */
	DIFF_MISSING,  /* not on the target */
	DIFF_EXTRA,    /* only on the target */
	DIFF_CONTENT,  /* other content under the same _id */
	DIFF_ORDER,    /* ... the same fields in another order */
	DIFF_TYPE,     /* ... equal for the server, other types or bytes */
	DIFF_SEQUENCE, /* of a capped collection: at another place */
	DIFF_STALE,    /* an earlier version of the source's document */
	DIFF_FOREIGN,  /* no version that is known: somebody else wrote it */
	DIFF_RANGE, /* documents with _ids from here to there: not looked into
		     */
	/* collections */
	DIFF_METADATA, /* collection, options, index, view */
	DIFF_STAGED,   /* index held back or asleep: no difference */
	/* documents: not decided */
	DIFF_PENDING,  /* an entry not applied yet mends it */
	DIFF_UNSTABLE, /* changed at each look */
	DIFF_CLASSES
};

/* Which classes stand for what; the rest is staged. */
bool diff_class_differs(enum diff_class class);
bool diff_class_undecided(enum diff_class class);

/* For people and as value: "missing", "order-only" ... */
const char *diff_class_text(enum diff_class class);
/* As name of a counter: the same with "_" for "-". */
const char *diff_class_field(enum diff_class class);

#endif
