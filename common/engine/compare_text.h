/* engine: differences and summaries of mm-diff as text and as JSON lines.
 * Appends to a buffer; no I/O. */
#ifndef MM_ENGINE_COMPARE_TEXT_H
#define MM_ENGINE_COMPARE_TEXT_H

#include "base/buf.h"
#include "engine/compare_report.h"
#include "model/value.h"

/* Canonical Extended JSON of one value; where that cannot show it (text that
 * is no UTF-8): {"$raw": {"type": N, "hex": "..."}}. Appended. */
void text_value(struct buf *out, const struct value *v);

/* CLASS TAB NAMESPACE TAB _ID [TAB NOTE] newline */
void text_document(struct buf *out, const struct pair *pair,
    const struct report_doc *doc, const struct value *id);
/* CLASS TAB NAMESPACE TAB WHAT [NAME] TAB DETAIL newline */
void text_fact(
    struct buf *out, const struct pair *pair, const struct report_fact *fact);
/* CLASS TAB NAMESPACE TAB [BEGIN, UNTIL) TAB DETAIL newline */
void text_range(
    struct buf *out, const struct pair *pair, const struct report_range *r);
/* A table of the pairs (with the sums of their documents) and the line of
 * totals. */
void text_summary(
    struct buf *out, const struct pair_list *pairs, bool sums, bool stopped);
/* That line, without its end. */
void text_total(struct buf *out, const struct pair_list *pairs, bool stopped);

/* The same as one JSON object a line. Differences have the field "ns". */
void json_document(struct buf *out, const struct pair *pair,
    const struct report_doc *doc, const struct value *id);
void json_range(
    struct buf *out, const struct pair *pair, const struct report_range *r);
void json_fact(
    struct buf *out, const struct pair *pair, const struct report_fact *fact);
void json_summary(
    struct buf *out, const struct pair_list *pairs, bool sums, bool stopped);

/* Sum of the tallies. */
void pairs_total(const struct pair_list *pairs, struct tally *sum);

#endif
