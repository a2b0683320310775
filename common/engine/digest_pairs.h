/* engine: the collections of a digest stream and those of a server. */
#ifndef MM_ENGINE_DIGEST_PAIRS_H
#define MM_ENGINE_DIGEST_PAIRS_H

#include "engine/compare_meta.h"
#include "engine/compare_task.h"
#include "engine/digest_in.h"

/* How the documents of that side are digested. */
enum digest_order digest_pair_order(
    const struct pair *p, enum compare_which which);
/* The pair of those names in a list by ns; NULL: none. */
struct pair *digest_pair_of(
    struct pair_list *pairs, const struct digest_coll *coll);
/* Status 8: digests of another selection or mapping, or of the other side. */
bool digest_in_check(const struct digest_in *in, const struct ns_rules *rules,
    enum side side, bson_error_t *error);
/* What the job on the target holds back: by name, or of the only job with this
 * selection; without one nothing. */
struct staged_list *digest_staged(struct conn *target, const char *job,
    const struct ns_rules *rules, bson_error_t *error);

/* The server's own pairs (list; one side of them) together with those of the
 * stream: *of_in gives the pair of each collection of `in`. Both are freed by
 * the caller: out->item and *of_in with bson_free. */
void digest_pairs_join(struct pair_list *own, const struct digest_in *in,
    struct pair_list *out, struct pair ***of_in);

#endif
