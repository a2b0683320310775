/* engine: changes of the catalog in a log: commands, and documents that stand
 * for commands.
 *
 * No command runs as it came. Each one is a barrier: the lanes are drained,
 * what is about to be done is saved with the checkpoint just before it, it is
 * done, and that is saved; an applier that is killed in between finds out what
 * happened by the UUIDs on the target (engine/apply_intent.h). Unique indexes
 * are held back and TTL indexes put to sleep in the job, as mm-load does. Other
 * indexes are listed in the job and built beside what comes after
 * (engine/builds.h); what changes their collection next waits for them.
 */
#ifndef MM_ENGINE_APPLY_DDL_H
#define MM_ENGINE_APPLY_DDL_H

#include "engine/builds.h"
#include "engine/checkpoint.h"
#include "engine/grant.h"
#include "engine/target.h"
#include "model/entry.h"

enum ddl_mode {
	DDL_MODE_APPLY,
	DDL_MODE_STOP,  /* refuse the first one (8) */
	DDL_MODE_IGNORE /* leave out those that do not change documents:
			 * indexes, collMod, views */
};

struct apply_ddl_opts {
	struct conn *conn;
	struct job *job;
	struct targets *targets;
	const struct grant *grant;
	struct checkpoint *checkpoint;
	struct builds *builds;
	enum ddl_mode mode;
	struct optime to; /* end of the copy; the job's, where there is one */
};

struct apply_ddl;

struct apply_ddl *apply_ddl_new(const struct apply_ddl_opts *opts);
void apply_ddl_free(struct apply_ddl *a);
/* An entry that ddl_is. *barrier: something is to be done; the entry is kept
 * in mind for apply_ddl_run. Status 8: refused by name and position. */
bool apply_ddl_read(struct apply_ddl *a, const struct entry *e, bool *barrier,
    bson_error_t *error);
/* The names that the entry last read is about, on the source; "" where there is
 * none. Valid until the next one is read. */
void apply_ddl_names(
    const struct apply_ddl *a, const char **ns, const char **to);
/* Only looks at it: needs grant, mode and to, nothing else. False: it would be
 * refused (8, 6). skipped: empty, or what is left out and why. */
bool apply_ddl_judge(struct apply_ddl *a, const struct entry *e, char *skipped,
    size_t room, bson_error_t *error);
/* Does it; everything before is acknowledged and all lanes stand still. seen:
 * up to there things may have been done before. Status 6: a rename within the
 * time of the copy. */
bool apply_ddl_run(struct apply_ddl *a, const struct entry *e,
    struct optime seen, bson_error_t *error);
/* Saves that it is done; `whole`: the entry ended its group, and the boundary
 * after it is known to the checkpoint. */
bool apply_ddl_done(struct apply_ddl *a, const struct entry *e, bool whole,
    bson_error_t *error);

#endif
