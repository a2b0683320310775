/* engine: what mm-diff finds as documents of a stream of kind diff
 * (mm-stream(5), DIFFERENCES). Each initialises doc. */
#ifndef MM_ENGINE_COMPARE_RECORD_H
#define MM_ENGINE_COMPARE_RECORD_H

#include "engine/compare_report.h"

/* Control documents. */
void record_coll(const struct pair *p, bson_t *doc);
void record_cend(const struct pair *p, bson_t *doc);
/* Data. */
void record_document(const struct pair *p, const struct report_doc *found,
    const struct value *id, bson_t *doc);
void record_range(
    const struct pair *p, const struct report_range *range, bson_t *doc);
void record_fact(
    const struct pair *p, const struct report_fact *fact, bson_t *doc);
/* Appends a counter for each class. */
void record_counts(bson_t *doc, const struct tally *t);

#endif
