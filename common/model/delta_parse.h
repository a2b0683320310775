/* model: diffs of $v:2 taken apart. For delta_diff.c only. */
#ifndef MM_MODEL_DELTA_PARSE_H
#define MM_MODEL_DELTA_PARSE_H

#include "model/delta_work.h"

/* Where in the diff: a chain up to the root, whose section is "diff". */
struct place {
	const struct place *up;
	const char *section; /* "sa", "u2"; or "d", "u", "i", "b" ... */
	const char *name;    /* ... with a name in it, else NULL */
	int depth;
};

struct field {
	const char *name;
	uint32_t name_len;
	bool seen;        /* met in the old document */
	char kind;        /* d u i b s */
	struct elem elem; /* of the diff */
};

#define FEW 12

struct fields {
	struct field *item, few[FEW];
	uint32_t n, room;
	uint32_t *slot, mask; /* hash table of index + 1, once n > FEW */
};

void diff_fields_init(struct fields *f);
void diff_fields_release(struct fields *f);
struct field *diff_fields_find(
    const struct fields *f, const char *name, uint32_t len);
/* All sections of one docdiff; nested diffs are not looked into. */
bool diff_parse_level(struct delta_work *w, const struct place *at,
    const struct value *diff, struct fields *f);

struct array_diff {
	struct walk walk;
	bool has_len;
	uint32_t len;
	int64_t last; /* index of the operation before */
};

/* By its first name: an array's diff, else a document's. */
bool diff_is_array(const struct value *diff);
bool diff_array_begin(struct delta_work *w, const struct place *at,
    const struct value *diff, struct array_diff *a);
/* The next operation, u or s; *index is -1 at the end. */
bool diff_array_next(struct delta_work *w, const struct place *at,
    struct array_diff *a, struct elem *e, int64_t *index);

#endif
