/* engine: the views of a snapshot in the order of what they are made of;
 * private to load_colls. */
#ifndef MM_ENGINE_LOAD_VIEWS_H
#define MM_ENGINE_LOAD_VIEWS_H

#include "engine/load_colls.h"

/* Each behind the views that it shows or reads; else as they were. Status 8:
 * one is made of itself. */
bool load_views_sort(struct load_coll **view, size_t n, bson_error_t *error);

#endif
