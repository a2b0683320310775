/* io: where a program's stream goes: standard output, or a new file that is
 * there only when it is whole (written as FILE.partial, then renamed). */
#ifndef MM_IO_OUTPUT_H
#define MM_IO_OUTPUT_H

#include "base/error.h"

struct output;

/* path NULL or "-": standard output, refused when it is a terminal (2). Else
 * FILE.partial is created; one that a killed program left is replaced, one
 * that a living program writes is refused (8). Status 7 where FILE exists. */
struct output *output_open(const char *path, bson_error_t *error);
int output_fd(const struct output *o);
const char *output_name(const struct output *o); /* for messages */
/* Everything is written: force it to disk, close, give it its name. */
bool output_publish(struct output *o, bson_error_t *error);
/* An unpublished file is removed. NULL is allowed. */
void output_free(struct output *o);

#endif
