/* engine: the journal of a switch: DIR/switch.journal, a chain of records
 * (io/chain.h), the last of which is mirrored to the target (mongo/fence.h).
 *
 * Record: {n, at, state, why, config, token, fence, r0, ..., link}. `config`
 * is in the first one alone: who is moved from where to where. blocking and
 * back-blocking hold plan_source and plan_target (engine/switch_block.h): what
 * they are about to change.
 */
#ifndef MM_ENGINE_SWITCH_LOG_H
#define MM_ENGINE_SWITCH_LOG_H

#include "base/optime.h"
#include "model/switch_state.h"
#include "mongo/server.h"

struct switch_log;

/* write: the directory is made (mode 700) where there is none, and others are
 * kept out (8). Status 3, 7, 8 as chain_open; 3 too where a record may not
 * follow the one before it. */
struct switch_log *switch_log_open(
    const char *dir, bool write, bson_error_t *error);
void switch_log_close(struct switch_log *l);

enum switch_state switch_log_state(const struct switch_log *l);
/* When the last record was written, and when the first one of this attempt was
 * (blocking, back-blocking; 0: none is under way); ms since 1970. */
int64_t switch_log_at(const struct switch_log *l);
int64_t switch_log_began(const struct switch_log *l);
/* How many records there are. */
size_t switch_log_count(const struct switch_log *l);

/* From here on records are mirrored. Status 8: what stands there is of a
 * later record, or of another journal: this one is an old copy. */
bool switch_log_mirror(struct switch_log *l, struct conn *target,
    const char *job, bson_error_t *error);

/* The first record: state syncing. Where there is one: its config must be the
 * same, else status 8 with the field's name. */
bool switch_log_begin(
    struct switch_log *l, const bson_t *config, bson_error_t *error);
/* On the disk when it returns. fields: NULL for none. */
bool switch_log_add(struct switch_log *l, enum switch_state next,
    const bson_t *fields, bson_error_t *error);

/* Of the newest record since `syncing` that has it; text "" and null: none. */
const char *switch_log_text(const struct switch_log *l, const char *field);
struct optime switch_log_position(
    const struct switch_log *l, const char *field);
/* A view of the document `field`; false: none. */
bool switch_log_doc(
    const struct switch_log *l, const char *field, bson_t *view);
/* The same of the newest record of all, whatever became of its attempt: a
 * target stays closed. */
bool switch_log_newest(
    const struct switch_log *l, const char *field, bson_t *view);
/* The config of the first record. */
const char *switch_log_config(const struct switch_log *l, const char *field);
/* Calls each for every record, oldest first. */
void switch_log_each(const struct switch_log *l,
    void (*each)(void *arg, enum switch_state s, int64_t at, const char *why),
    void *arg);

#endif
