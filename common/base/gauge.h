/* base: how far a program is, for people and for Prometheus, from the fields
 * of the status file (status.h): docs, bytes, docs_total, bytes_total, state.
 *
 * On a terminal one line is drawn again and again; else a line comes every
 * --status-interval, and after SIGUSR1. --metrics-file is in the text format of
 * node_exporter's textfile collector, replaced once a second.
 */
#ifndef MM_BASE_GAUGE_H
#define MM_BASE_GAUGE_H

#include "base/opt.h"

/* --progress, --status-interval, --metrics-file. */
extern const struct opt_group gauge_options;

/* After status_start. Fails when the first write fails (7). */
bool gauge_start(bson_error_t *error);
/* The last word; after the last status_ call but status_end. */
void gauge_end(enum mm_exit status);

#endif
