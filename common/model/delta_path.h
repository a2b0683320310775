/* model: the paths of $v:1. For delta_v1.c only. */
#ifndef MM_MODEL_DELTA_PATH_H
#define MM_MODEL_DELTA_PATH_H

#include "model/delta_work.h"

/* One path. */
struct leaf {
	const char *path;
	uint32_t len;
	bool set;
	int seen; /* depth + 1 where its group was met in the old object */
	struct value value;
};

/* Leaves [lo, hi) agree up to `skip` bytes, and in the component there. */
struct group {
	uint32_t lo, hi;
	const char *name;
	uint32_t name_len;
	uint32_t skip; /* to the next component */
	bool sets;     /* some leaf is a $set */
};

struct modify {
	struct delta_work *w;
	struct leaf *leaf;
	uint32_t n;
};

/* All paths, unsorted. m->leaf is the caller's to free with bson_free. */
void path_collect(
    struct modify *m, const struct value *set, const struct value *unset);
/* Status 8: an empty name in a path, a path that is part of another. */
bool path_sort(struct modify *m);
/* The group that starts at leaf `lo`; its names start `skip` bytes in. */
struct group path_group(
    const struct modify *m, uint32_t lo, uint32_t hi, uint32_t skip);
/* Its only leaf, where the path ends here; else NULL. */
const struct leaf *path_leaf(const struct modify *m, const struct group *g);
/* The first leaf of the group that means the element e, or NULL. */
struct leaf *path_find(const struct modify *m, uint32_t lo, uint32_t hi,
    uint32_t skip, const struct elem *e);

#endif
