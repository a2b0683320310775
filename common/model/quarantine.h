/* model: names of collections that are put aside before they are deleted, and
 * views that would miss them. Pure.
 */
#ifndef MM_MODEL_QUARANTINE_H
#define MM_MODEL_QUARANTINE_H

#include <bson/bson.h>
#include <stdbool.h>

#include "model/ns.h"

/* "db.mm_quarantine_HASH_NAME", HASH being of the job; with `number` and the
 * beginning of NAME where that would be longer than every server takes. Other
 * numbers give other names. out holds NS_MAX + 1. */
void quarantine_name(
    const char *job, const char *ns, unsigned number, char *out);
/* The beginning of the names that collections of this job get; text holds 32
 * bytes. */
void quarantine_prefix(const char *job, char *text);

/* What a view reads: its viewOn, and the names in $lookup, $graphLookup and
 * $unionWith. Any text that stands where such a name may stand counts.
 * options: as listCollections gives them. */
bool quarantine_view_reads(const bson_t *options,
    bool (*is)(const void *arg, const char *name), const void *arg);

#endif
