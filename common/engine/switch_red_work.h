/* engine: inside of engine/switch_red.h. */
#ifndef MM_ENGINE_SWITCH_RED_WORK_H
#define MM_ENGINE_SWITCH_RED_WORK_H

#include "engine/switch_red.h"

enum { RED_AT_ONCE = 100 };

struct red_coll {
	char *ns;
	bool known;
	int64_t reads, writes, own; /* own: reads that asking costs */
};

struct red {
	struct red_opts o;
	struct red_coll *coll; /* of the selection */
	size_t n, next;
	bool listed;
	struct optime applied; /* at the last look, by the way back */
	struct {
		const char *what;
		int64_t ms; /* monotonic: when it was noted last */
	} noted[RED_LINES];
};

void red_add(struct red_lines *out, const char *what, const char *format, ...)
    BSON_GNUC_PRINTF(3, 4);

#endif
