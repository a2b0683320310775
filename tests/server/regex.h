/* mongosim: regular expressions, as far as POSIX extended ones reach (plus \d,
 * \w, \s, and a leading negative lookahead, which drivers send). */
#ifndef MM_SIM_REGEX_H
#define MM_SIM_REGEX_H

#include "base/error.h"

/* False: the pattern is refused (code 51091). */
bool regex_search(const char *pattern, const char *options, const char *text,
    size_t len, bool *found, bson_error_t *error);

#endif
