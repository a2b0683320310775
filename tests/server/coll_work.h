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
/* Must another view still find this version? */
bool coll_needed(const struct doc *d);

#endif
