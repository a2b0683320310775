/* mongosim: oplog entries of another server, applied to the collections as a
 * secondary applies them; the entries themselves are not logged here. */
#ifndef SIM_PLAY_H
#define SIM_PLAY_H

#include "model/entry.h"

struct coll;
struct play;

struct play *play_new(void);
void play_free(struct play *p);
/* One entry of the log, in order. The operations of a transaction are applied
 * at its commit, with the timestamp of that. By the rules of replay: what is
 * there already is replaced, what is missing is left. */
bool play_entry(
    struct play *p, const uint8_t *doc, size_t len, bson_error_t *error);
/* The same, and the entry comes into the oplog here, byte for byte, and its
 * session into config.transactions. */
bool play_logged(
    struct play *p, const uint8_t *doc, size_t len, bson_error_t *error);
/* Two steps of the above: an i, u or d that stands on its own, and a command
 * that changes the catalog. */
bool play_change(const struct entry *e, bson_error_t *error);
bool play_command(const struct entry *e, bson_error_t *error);
/* The collection that a command is about; NULL: it is not there. */
struct coll *play_target(const struct entry *e);

#endif
