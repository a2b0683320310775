/* engine: what an applier is to do: its input, the selection of that, and the
 * job it belongs to.
 */
#ifndef MM_ENGINE_APPLY_PLAN_H
#define MM_ENGINE_APPLY_PLAN_H

#include "base/hash.h"
#include "base/opt.h"
#include "engine/apply_adopt.h"
#include "engine/apply_input.h"

/* --input-format, --from, --fuzzy-until, --allow-truncated */
extern const struct opt_group apply_plan_options;
/* Status 2: they do not go together, or not with a directory. */
bool apply_plan_check(const char *directory, bson_error_t *error);
/* One of them was given. */
bool apply_plan_told(void);

struct apply_plan {
	/* As the user says. */
	const char *job; /* NULL: what the input says, or has */
	const char *directory;
	const char *undo; /* a journal instead of an input */
	/* By apply_plan_begin. */
	bool plain; /* entries without a header (engine/plain_log) */
	struct adopt_copy copy; /* null: the job is there */
	struct ns_rules *rules; /* of plain entries */
	/* From the input. */
	struct apply_input *input;
	struct grant *grant;
	enum stream_kind kind;
	bson_t head;
	char text[SHA256_TEXT];
	char *found;
	const char *name; /* of the job; NULL: to be found on the target */
};

/* Files, standard input or the directory; follow as apply_input_new. */
bool apply_plan_begin(struct apply_plan *p, char *const *files, int n,
    bool follow, bson_error_t *error);
/* Fills the rest from the header. False without error: there is nothing
 * to do (stopped while waiting). */
bool apply_plan_read(struct apply_plan *p, bool *nothing, bson_error_t *error);
/* Where the input does not say it: by the selection, on the target. */
bool apply_plan_find(struct apply_plan *p, struct conn *c, bson_error_t *error);
/* The open job, which the input belongs to and can be applied to; made of a
 * copy of the user's where that is asked for. conn is kept by the job, c is
 * for looks. Status 8 as in apply_job_*, apply_adopt. */
struct job *apply_plan_job(struct apply_plan *p, struct conn *c,
    struct conn *job_conn, bson_error_t *error);
void apply_plan_release(struct apply_plan *p);

#endif
