/* engine: inside of digest_against. */
#ifndef MM_ENGINE_DIGEST_WORK_H
#define MM_ENGINE_DIGEST_WORK_H

#include "engine/digest_against.h"
#include "engine/digest_out.h"
#include "engine/digest_pairs.h"

struct against {
	const struct digest_against_opts *o;
	struct report *report;
	enum compare_which own; /* which side we are */
	struct pair_list own_pairs, pairs;
	struct pair **of_in;
	struct staged_list *staged;
	struct digest_out *out;
	struct throttle *throttle;
};

bool against_source(const struct against *a);
/* What there is on both sides; the catalogs compared and told. */
bool against_plan(struct against *a, struct conn *own, struct conn *other,
    bson_error_t *error);

#endif
