/* engine: from verdicts (engine/verify.h) to a report: differences are
 * explained where there is a journal or a log to do it with, and one that is
 * gone is taken off the class it was told with. */
#ifndef MM_ENGINE_LIVE_TELL_H
#define MM_ENGINE_LIVE_TELL_H

#include "engine/verify.h"
#include "engine/verify_explain.h"

struct live_tell;

/* explain: journal, segments, job and target; neither directory: nothing is
 * explained. NULL: error is set. */
struct live_tell *live_tell_new(
    struct report *r, const struct explain_opts *explain, bson_error_t *error);
void live_tell_free(struct live_tell *t);
void live_tell_sink(struct live_tell *t, struct verify_sink *sink);
/* Everything is told and handed over. */
bool live_tell_flush(struct live_tell *t, bson_error_t *error);

#endif
