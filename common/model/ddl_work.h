/* model: one entry being read as DDL. For ddl*.c only. */
#ifndef MM_MODEL_DDL_WORK_H
#define MM_MODEL_DDL_WORK_H

#include "model/ddl.h"
#include "model/put.h"

struct ddl_work {
	const struct entry *e;
	const struct ns_rules *rules;
	struct ddl *d;
	bson_error_t *error;
	const struct elem *first; /* of o: the command and its argument */
};

/* Always false. */
bool ddl_refuse(const struct ddl_work *w, const char *why);
/* Text of a value, NULL: it is none. */
const char *ddl_text(const struct value *v);
/* d->ns from database and collection; false: too long, refused. */
bool ddl_set_ns(struct ddl_work *w, const char *coll);
/* Maps d->ns to d->target and sets d->db. */
bool ddl_map(struct ddl_work *w);
/* Into d->left_out. */
void ddl_leave_out(struct ddl *d, const char *name);

/* ddl_view.c: entries of system.views and system.indexes. */
bool ddl_read_views(struct ddl_work *w);
bool ddl_read_old_index(struct ddl_work *w);
/* ddl_rename.c */
bool ddl_read_rename(struct ddl_work *w);
/* ddl_coll.c */
/* Data of a collection that is the inside of another: refused if selected. */
bool ddl_read_inside(struct ddl_work *w);
/* The collection is such an inside; why it is refused, or NULL. */
const char *ddl_inside(const char *coll, const char **outer);
bool ddl_read_create(struct ddl_work *w);
bool ddl_read_coll_mod(struct ddl_work *w);

#endif
