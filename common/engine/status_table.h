/* engine: the status files of several programs, looked at again and again.
 */
#ifndef MM_ENGINE_STATUS_TABLE_H
#define MM_ENGINE_STATUS_TABLE_H

#include "model/status_view.h"

/* One file. Status 3, 7; release only after true. */
bool status_file_read(
    const char *path, struct status_view *v, bson_error_t *error);
/* Its program has been silent for 5 seconds without having ended. */
bool status_view_silent(const struct status_view *v);

struct status_table;

struct status_table *status_table_new(void);
void status_table_free(struct status_table *t);
/* A file, or a directory: the files in it whose name ends in .status. Neither
 * need be there yet. */
void status_table_add(struct status_table *t, const char *path);
/* Files at the last look. */
size_t status_table_count(const struct status_table *t);
/* Reads all of them that are there now. */
void status_table_look(struct status_table *t);
/* All could be read at the last look. */
bool status_table_whole(const struct status_table *t);
/* Each condition holds in every file that has its field, and one has it. A file
 * that cannot be read holds nothing; nor does one whose program has been silent
 * for 5 seconds without having ended. */
bool status_table_holds(
    const struct status_table *t, const struct status_condition *c, size_t n);
/* To standard output: a table, or (json) an object a line. */
void status_table_show(const struct status_table *t, bool json);

#endif
