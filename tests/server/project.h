/* mongosim: projection of find and findAndModify. */
#ifndef MM_SIM_PROJECT_H
#define MM_SIM_PROJECT_H

#include "base/buf.h"
#include "base/error.h"

/* Appends the projected document to out: inclusion or exclusion by (dotted)
 * names; an empty projection copies. False: refused, with the server's code
 * and errmsg. */
bool project_doc(const bson_t *projection, const bson_t *doc, struct buf *out,
    bson_error_t *error);

#endif
