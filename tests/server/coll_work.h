/* mongosim: what coll.c and coll_version.c share. */
#ifndef SIM_COLL_WORK_H
#define SIM_COLL_WORK_H

#include "coll.h"

void coll_free_chain(struct doc *d);
/* Take a document out of every order; the memory stays. */
void coll_unlink(struct coll *c, struct doc *d);
/* Put d where old stands, in every order. */
void coll_swap(struct coll *c, struct doc *old, struct doc *d);
void coll_uniques_add(struct coll *c, const struct doc *d);
void coll_uniques_remove(struct coll *c, const struct doc *d);
/* The last slot of that _id in by_id, where the living document is if there
 * is one; false: there is no slot. */
bool coll_last_of_id(
    const struct coll *c, const struct value *id, struct order_at *at);

#endif
