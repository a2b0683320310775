/* engine: collections, options, indexes and views of both sides compared.
 *
 * An index that the job holds back (unique) or has put to sleep (TTL) is told
 * as staged, with its true definition, and is no difference as long as it is
 * the source's.
 */
#ifndef MM_ENGINE_COMPARE_META_H
#define MM_ENGINE_COMPARE_META_H

#include "engine/compare_report.h"

struct staged_list;

/* Of the job of that name. required: status 8 when there is no such job; else
 * a list without entries, also where the job cannot be read (a warning says
 * so). NULL: error. */
struct staged_list *staged_read(
    struct conn *target, const char *job, bool required, bson_error_t *error);
void staged_free(struct staged_list *list);
/* By hand: an empty list; one more of a namespace of the target, copied; those
 * of a namespace as an array of {spec, why}, appended. */
struct staged_list *staged_new(void);
void staged_add(struct staged_list *list, const char *ns, const char *why,
    const bson_t *spec);
void staged_append(
    const struct staged_list *list, const char *ns, bson_t *array);

/* Who is told what is different. */
struct fact_to {
	bool (*fact)(
	    void *arg, const struct report_fact *fact, bson_error_t *error);
	void *arg;
};

/* Everything about the pair but its documents. The
 * rules tell what a view's collection is called on the target. */
bool compare_meta(const struct pair *pair, const struct ns_rules *rules,
    const struct staged_list *staged, const struct fact_to *to,
    bson_error_t *error);

#endif
