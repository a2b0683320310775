/* engine: what a program that writes may touch, and under which names.
 *
 * The selection is the stream's, and so is the mapping it was made with; the
 * writer's own flags are its permission (bytes from a pipe are hostile):
 * - the writer has no selection of its own: wrong use (2);
 * - the writer names a mapping (--nsFrom, --nsTo): its selection speaks of
 *   names before mapping, as in mongorestore, and must cover that of the
 *   stream; a mapping in the stream must be the same;
 * - only the stream has a mapping: the writer's selection speaks of the names
 *   that are written, and must cover everything the stream can map to;
 * - no mapping anywhere: the two are the same thing.
 * Anything else is refused with 8.
 */
#ifndef MM_ENGINE_GRANT_H
#define MM_ENGINE_GRANT_H

#include "model/ns.h"

struct grant;

/* Whether flags tell a writer at all what it may touch; else status 2. To be
 * asked before anything is connected. */
bool grant_told(const struct ns_flags *flags, bson_error_t *error);
/* `filters` of a stream header. NULL: error is set. */
struct grant *grant_new(
    const struct ns_flags *flags, const bson_t *filters, bson_error_t *error);
void grant_free(struct grant *g);
/* The stream's selection with the mapping that holds: the job's identity. */
const struct ns_rules *grant_rules(const struct grant *g);
/* The same, and what is renamed into it (ddl_wide). */
const struct ns_rules *grant_wide(const struct grant *g);
/* grant_rules as a `filters` document. */
const bson_t *grant_filters(const struct grant *g);
/* Target name of a source namespace that stands in the stream. Status 8: not
 * in the stream's own selection, or not for this writer to touch. */
bool grant_map(const struct grant *g, const char *ns, char out[NS_MAX + 1],
    bson_error_t *error);

#endif
