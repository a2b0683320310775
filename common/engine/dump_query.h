/* engine: the query of a dump of a part of a collection (mm-dump). */
#ifndef MM_ENGINE_DUMP_QUERY_H
#define MM_ENGINE_DUMP_QUERY_H

#include "mongo/catalog.h"

/* From Extended JSON: `text`, or (NULL) what is in a file, "-": standard input.
 * NULL: error is set, 2 where it is none, 7. Caller destroys. */
bson_t *dump_query_read(
    const char *text, const char *file, bson_error_t *error);
/* Before anything is written. Status 8: what is selected is a view or several
 * collections, or the server does not take the query in a scan. */
bool dump_query_check(struct conn *c, const struct ns_rules *rules,
    const bson_t *query, bson_error_t *error);

#endif
