/* io: where a program's stream comes from: standard input, or files whose
 * bytes follow one another as if cat(1) had joined them (split(1)). */
#ifndef MM_IO_INPUT_H
#define MM_IO_INPUT_H

#include "base/error.h"

struct input;

/* n 0: standard input, refused when it is a terminal (2). `files` is borrowed
 * until input_close. Status 7 where a file cannot be read. */
struct input *input_open(char *const *files, int n, bson_error_t *error);
int input_fd(const struct input *in);
const char *input_name(const struct input *in); /* for messages */
/* Frees; NULL is allowed. False: reading one of several files failed, which the
 * reader of input_fd saw as an early end. */
bool input_close(struct input *in, bson_error_t *error);

#endif
