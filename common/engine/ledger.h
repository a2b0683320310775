/* engine: the ledger: what an applier met that should not be (mm-stream(5),
 * LEDGERS). Several lanes write; a directory is optional, counting is not.
 */
#ifndef MM_ENGINE_LEDGER_H
#define MM_ENGINE_LEDGER_H

#include "engine/trail.h"
#include "model/entry.h"

struct ledger;

/* dir NULL: nothing is kept. head as in trail_open. */
struct ledger *ledger_new(
    const char *dir, const bson_t *head, bson_error_t *error);
void ledger_free(struct ledger *l);
/* what: missing, existed, clash or refused; detail for people. image: the
 * document that the entry would have made, len 0: none. refused is on the disk
 * when this returns. */
bool ledger_add(struct ledger *l, const struct entry *e, const char *what,
    const char *detail, const void *image, size_t len, bson_error_t *error);
/* Before a checkpoint. */
bool ledger_sync(struct ledger *l, bson_error_t *error);
bool ledger_close(struct ledger *l, bson_error_t *error);

#endif
