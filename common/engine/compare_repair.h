/* engine: the differences of documents as a repair: a log that makes the target
 * what the source is (mm-stream(5), REPAIRS). */
#ifndef MM_ENGINE_COMPARE_REPAIR_H
#define MM_ENGINE_COMPARE_REPAIR_H

#include "engine/compare_report.h"
#include "mongo/server.h"

/* Before anything is compared: the fields of the stream record. The job (by
 * name, or NULL: the only one with this selection) says from where its log can
 * be applied again. Status 8: there is no such job, or it has no checkpoint. */
bool repair_head(struct server *source, struct server *target, const char *job,
    const struct ns_rules *rules, bson_t *head, bson_error_t *error);
/* After everything was compared: the field `to` of the end record. */
bool repair_end(struct server *source, bson_t *extra, bson_error_t *error);

/* The entries that mend a document; false: none can (capped collections).
 * after: the position that the header has. */
bool repair_entries(const struct pair *pair, const struct report_doc *doc,
    struct optime after, struct block *out);

#endif
