/* mongosim: $jsonSchema, which validators are mostly made of. */
#ifndef MM_SIM_JSON_SCHEMA_H
#define MM_SIM_JSON_SCHEMA_H

#include "match_run.h"

/* Does the value fit the schema? bsonType, type, required, properties,
 * additionalProperties (as true or false), enum, minimum, maximum, minLength,
 * maxLength, pattern, items (one schema), allOf, anyOf, oneOf, not. Others are
 * refused (238). With r->check the whole
 * schema is looked at. */
bool json_schema(
    struct match_run *r, const struct value *schema, const struct value *v);

#endif
