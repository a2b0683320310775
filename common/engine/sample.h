/* engine: mm-diff --sample: a spot proof. n keys out of all that either side
 * has, each as likely as any other, compared on both sides. */
#ifndef MM_ENGINE_SAMPLE_H
#define MM_ENGINE_SAMPLE_H

#include "engine/compare.h"

/* --sample, --seed */
extern const struct opt_group sample_options;

bool sample_wanted(void);
/* 0, or 2 after a message. */
int sample_use(void);
/* The options as fields of the head of the report. */
void sample_append(bson_t *head);

/* As compare_run. Documents that differ are looked at several times for some
 * seconds, so that what is under way is not told; metadata is compared whole.
 */
enum compare_got sample_run(const struct compare_opts *opts, struct report *r,
    int64_t *differences, bson_error_t *error);

#endif
