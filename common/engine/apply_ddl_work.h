/* engine: one change of the catalog being carried out. For apply_ddl*.c. */
#ifndef MM_ENGINE_APPLY_DDL_WORK_H
#define MM_ENGINE_APPLY_DDL_WORK_H

#include "engine/apply_ddl.h"
#include "engine/apply_intent.h"
#include "engine/owners.h"

struct apply_ddl {
	struct apply_ddl_opts o;
	struct ddl d;
	bson_t left; /* the intent that was found at the start; empty: none */
	struct owners *others; /* read when it is first needed */
	struct optime to;      /* end of the copy */
	bool replay;           /* this entry may have been done before */
	bool born; /* `create` has made it, so the log has all of it */
	int64_t ignored;
	struct {
		char **item;
		size_t n;
	} made; /* apply_ddl_judge: on the target, by the log alone */
};

/* Status 8, always false. */
bool apply_ddl_refuse(const struct apply_ddl *a, const struct entry *e,
    const char *why, bson_error_t *error);
/* Runs the command of a->d as it is; lenient: codes that mean "done before"
 * are fine. */
bool apply_ddl_command(struct apply_ddl *a, const struct entry *e, bool lenient,
    bson_error_t *error);
/* Turns a server's refusal into status 8 that names the change. */
bool apply_ddl_failed(
    const struct apply_ddl *a, const struct entry *e, bson_error_t *error);

/* Rules about renames; born: the target has the collection from the log alone.
 */
bool apply_ddl_may(
    struct apply_ddl *a, const struct entry *e, bool born, bson_error_t *error);
void apply_ddl_judge_release(struct apply_ddl *a);

/* apply_ddl_may.c: what must be true before; apply_ddl_coll.c: the change, the
 * books after. */
bool apply_ddl_before(
    struct apply_ddl *a, const struct entry *e, bson_error_t *error);
bool apply_ddl_change(
    struct apply_ddl *a, const struct entry *e, bson_error_t *error);
bool apply_ddl_books(struct apply_ddl *a, bson_error_t *error);
/* apply_ddl_index.c */
bool apply_ddl_create_indexes(
    struct apply_ddl *a, const struct entry *e, bson_error_t *error);
/* The same, but what has to be built is only listed, and handed to the builds.
 * *begun: false where that cannot be: within a transaction, or in what the job
 * does not own. */
bool apply_ddl_begin_indexes(struct apply_ddl *a, const struct entry *e,
    bool *begun, bson_error_t *error);
bool apply_ddl_drop_indexes(
    struct apply_ddl *a, const struct entry *e, bson_error_t *error);
bool apply_ddl_mod_index(
    struct apply_ddl *a, const struct entry *e, bson_error_t *error);

#endif
