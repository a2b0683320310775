/* engine: why documents differ, as far as the applier's journal (old and new
 * value of each change) and the log (whole documents in inserts and
 * replacements) tell: stale, foreign, and which entry was not applied.
 *
 * Differences are kept until there are many, or until they are to be seen; then
 * the journal and the log are read once for all of them.
 *
 *   stale    other content, or a document that the source does not have: what
 *            the target holds was the document after an earlier entry.
 *   foreign  the same, and it never was: only where the journal has every
 *            change of that document, or of all since the copy.
 * Other classes stay; all get the entry they wait for where it is known.
 */
#ifndef MM_ENGINE_VERIFY_EXPLAIN_H
#define MM_ENGINE_VERIFY_EXPLAIN_H

#include "engine/compare_report.h"

struct explain_opts {
	const char *journal;  /* directory, NULL: none */
	const char *segments; /* directory, NULL: none */
	const char *job;
	struct server *target;
	/* Told each difference, with what was found out; pair as it was
	 * given. */
	bool (*tell)(void *arg, struct pair *pair, const struct report_doc *doc,
	    bson_error_t *error);
	void *arg;
};

struct explain;

/* Status 5, 7, 8. */
struct explain *explain_new(
    const struct explain_opts *opts, bson_error_t *error);
void explain_free(struct explain *e);
/* Copies; doc->id is set. */
bool explain_add(struct explain *e, struct pair *pair,
    const struct report_doc *doc, bson_error_t *error);
/* Reads, and tells all that were added since, in their order. */
bool explain_flush(struct explain *e, bson_error_t *error);

#endif
