/* base: a time of day between two others, by the local clock: when a thing may
 * begin. */
#ifndef MM_BASE_WINDOW_H
#define MM_BASE_WINDOW_H

#include <time.h>

#include "base/error.h"

struct window {
	int from, to; /* seconds since midnight; from > to: over midnight */
};

/* HH:MM-HH:MM. Status 2: it is not, or empty. */
bool window_parse(const char *text, struct window *w, bson_error_t *error);
/* Seconds from its beginning to its end. */
int window_length(const struct window *w);
/* Seconds until it is in the window, and not in its last `margin` seconds: 0:
 * now. A change of the clock in between is not foreseen: ask again. Longer than
 * the window is: never, the beginning of the next one is told. */
int window_wait(const struct window *w, const struct tm *local, int margin);

#endif
