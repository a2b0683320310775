/* model: type classes of values, in the server's order. Shared by the order
 * (value_cmp.c) and the key (docid.c) of values. */
#ifndef MM_MODEL_CLASS_H
#define MM_MODEL_CLASS_H

#include "model/value.h"

/* The numbers stand in canonical keys: never 0. */
enum value_class {
	CLASS_MINKEY = 1,
	CLASS_UNDEFINED,
	CLASS_NULL,
	CLASS_NUMBER,
	CLASS_TEXT, /* string, symbol */
	CLASS_OBJECT,
	CLASS_ARRAY,
	CLASS_BINARY,
	CLASS_OID,
	CLASS_BOOL,
	CLASS_DATE,
	CLASS_TIMESTAMP,
	CLASS_REGEX,
	CLASS_DBPOINTER,
	CLASS_CODE,
	CLASS_SCOPE,
	CLASS_MAXKEY
};

enum value_class value_class(uint8_t type);

#endif
