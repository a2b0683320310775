/* engine: what a comparison under writes has done, in a directory, so that the
 * next run goes on: private to verify*.c.
 *
 * One file, `state`, replaced as a whole: documents of BSON one after the
 * other. Everything the log tells up to `at` is settled or among its keys, so
 * the next run reads the log from there.
 *   {mm: "diff state", v, source, target, selection, job, at, readFrom,
 * catalog} {pair, target, has, uuid, docs, units: [{from, to, done}]} {key,
 * _id, flags, since, event} {end: number of documents before it}
 */
#ifndef MM_ENGINE_VERIFY_STATE_H
#define MM_ENGINE_VERIFY_STATE_H

#include "engine/verify_work.h"

struct state;

/* Makes the directory, and locks it: status 8 when another run has it. */
struct state *state_open(const char *dir, bson_error_t *error);
void state_close(struct state *s);

struct state_place {
	struct optime at, read_from,
	    catalog; /* catalog: null, or not settled */
};

/* Loads the keys into v. 1; 0: there is nothing; -1 error: status 8 of another
 * comparison, 3 damaged. */
int state_load(struct state *s, struct verify *v, struct state_place *place,
    bson_error_t *error);
/* What was loaded counts no longer. */
void state_forget(struct state *s);
/* The units of a pair as they were, if it is still the same; false: it is not
 * in the state. */
bool state_units(struct state *s, struct verify *v, struct vpair *p);

/* Called by the leading thread alone. */
bool state_save(struct state *s, struct verify *v, bson_error_t *error);
/* It is finished: the next run starts anew. */
void state_finish(struct state *s);

#endif
