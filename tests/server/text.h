/* mongosim: documents as the server writes them into messages:
 * { _id: 1, s: "x", a: [ 1, 2 ], o: ObjectId('...') }. */
#ifndef MM_SIM_TEXT_H
#define MM_SIM_TEXT_H

#include "model/value.h"

/* Callers free with bson_free. */
char *text_doc(const bson_t *doc); /* { a: 1 }, {} */
/* `name: value`, as in "Cannot create field 'q' in element {z: 1}". */
char *text_elem(const char *name, const struct value *v);
/* Name of a type as in $type: "int", "string", "object" ... */
const char *text_type(uint8_t type);

#endif
