/* mongosim: resources, and what may be done with them. */
#ifndef SIM_PRIVILEGE_H
#define SIM_PRIVILEGE_H

#include "base/buf.h"
#include "base/error.h"
#include "model/textset.h"

enum where {
	WHERE_CLUSTER,
	WHERE_ANY,    /* anyResource */
	WHERE_NORMAL, /* {db: "", collection: ""}: what is no system's */
	WHERE_DB,     /* {db: D, collection: ""} */
	WHERE_COLL,   /* {db: "", collection: C} */
	WHERE_EXACT
};

struct resource {
	enum where where;
	const char *db, *coll; /* NULL where it has none */
};

/* Does a right on `granted` reach `target` (cluster, normal, db, exact)? */
bool resource_covers(
    const struct resource *granted, const struct resource *target);
/* A view of the document's texts. */
bool resource_parse(
    const bson_t *doc, struct resource *out, bson_error_t *error);

struct privilege {
	struct resource where; /* own texts */
	struct textset actions;
};

struct privileges {
	struct privilege *item;
	size_t n;
};

/* words: actions with blanks between them. What is there for that resource
 * already is joined. */
void privileges_add(
    struct privileges *p, const struct resource *where, const char *words);
void privileges_join(struct privileges *p, const struct privileges *more);
void privileges_cut(struct privileges *p, const struct privileges *less);
/* Of an array [{resource, actions}]. check: unknown actions are refused. */
bool privileges_parse(
    const bson_t *array, bool check, struct privileges *p, bson_error_t *error);
/* anyAction counts as any. */
bool privileges_allow(const struct privileges *p, const struct resource *target,
    const char *action);
/* Anything at all in that database? */
bool privileges_touch(const struct privileges *p, const char *db);
/* As an array. */
void privileges_put(
    const struct privileges *p, struct buf *out, const char *key);
void privileges_release(struct privileges *p);

#endif
