/* engine: mm-switch after the switch: the way back is given up, the old data
 * are put out of reach, and deleted.
 *
 * As in engine/switch_run.h each state stands in the journal before anything is
 * done because of it, and its work may be done again.
 */
#ifndef MM_ENGINE_SWITCH_AFTER_H
#define MM_ENGINE_SWITCH_AFTER_H

#include "base/opt.h"
#include "engine/switch_run.h"

extern const struct opt_group after_options;

/* Status 1: not yet; 8: not in this state; else that of a failure: run again.
 * Done already: true. */
bool switch_finish(struct switcher *s, bson_error_t *error);
/* And its undo, by option. Status 8: somebody else would notice. */
bool switch_quarantine(struct switcher *s, bson_error_t *error);
/* Status 8: a guard does not let it. Ends with a list of what is left. */
bool switch_delete_source(struct switcher *s, bson_error_t *error);
/* Takes away what the programs have noted on both sides. Status 8: somebody is
 * at work. */
bool switch_cleanup(struct switcher *s, bson_error_t *error);

#endif
