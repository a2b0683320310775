/* All of the database shop; admin.mover keeps its rights. */
#ifndef MM_TEST_SHOP_SCOPE_H
#define MM_TEST_SHOP_SCOPE_H

#include "model/grants.h"

extern const struct grants_scope shop_scope;

#endif
