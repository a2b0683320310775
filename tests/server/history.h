/* mongosim: how far back reads at a time can go.
 *
 * A version that a newer one has replaced stays in memory, chained behind it
 * (coll.h), while a view may ask for it: for the window of
 * minSnapshotHistoryWindowInSeconds before the commit point, as long as all of
 * it fits into HISTORY_BYTES; what is behind a held commit point stays in any
 * case.
 */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include "coll.h"

#define HISTORY_BYTES ((size_t)256 << 20)

/* Nothing can be read at a time before this one. */
void history_start(uint64_t ts);
/* The version of that record made at ts has one of so many bytes behind it.
 * In the order of ts. */
void history_kept(const struct coll *c, int64_t rid, uint64_t ts, size_t bytes);
/* Reads at times before this one are refused (239). */
uint64_t history_oldest(void);
/* Forget what no view can ask for any more. */
void history_trim(void);
/* As if the window ended at the commit point. */
void history_forget(void);

#endif
