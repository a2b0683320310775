/* base: Extended JSON, as people and the tools of MongoDB write it. */
#ifndef MM_BASE_EJSON_H
#define MM_BASE_EJSON_H

#include <bson/bson.h>

/* One object and nothing behind it but white space; $regex and $options are
 * operators of a query, as in mongodump. NULL: error says why, and may quote a
 * piece of the text. Caller destroys. */
bson_t *ejson_parse(const char *text, bson_error_t *error);

#endif
