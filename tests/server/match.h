/* mongosim: does a document match a query?
 *
 * The find language as far as the recorded replies and the tools use it:
 * $eq $ne $gt $gte $lt $lte $in $nin $exists $type $mod $size $all $elemMatch
 * $regex $not $and $or $nor, $comment, $expr is refused. Comparisons are
 * bracketed by type as on the server; names are paths, which descend into
 * arrays. Strings compare as collate_use() says.
 */
#ifndef MM_SIM_MATCH_H
#define MM_SIM_MATCH_H

#include "base/error.h"
#include "model/value.h"

/* Both need not be checked before. False: the query is refused, error->code is
 * the server's code and error->message its errmsg. An empty filter matches. */
bool match_doc(const bson_t *filter, const bson_t *doc, bool *matches,
    bson_error_t *error);
/* Also the index in the outermost array through which a condition matched (the
 * last such condition), for the positional operator; -1: none. */
bool match_doc_at(const bson_t *filter, const bson_t *doc, bool *matches,
    int *position, bson_error_t *error);
/* The refusals of match_doc without a document: for commands that must fail
 * even where no document is looked at. */
bool match_check(const bson_t *filter, bson_error_t *error);

#endif
