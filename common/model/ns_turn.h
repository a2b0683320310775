/* model: a selection by the names of the target, for what comes back from
 * there. Pure.
 */
#ifndef MM_MODEL_NS_TURN_H
#define MM_MODEL_NS_TURN_H

#include "model/ns.h"

/* Rules that select exactly the names that r maps its selection to, and map
 * each back to where it came from. Caller frees. Status 8: that is not proved
 * for these rules, with the pattern that stands in the way:
 * - a pair of --nsFrom and --nsTo with more than one `*` or variable;
 * - a pattern of the selection of which a pair renames a part (a pattern that
 *   begins with all that stands before the `*` of the pair is one whole);
 * - new names that others of the selection may have, too. */
struct ns_rules *ns_rules_turn(const struct ns_rules *r, bson_error_t *error);

#endif
