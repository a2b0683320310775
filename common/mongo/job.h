/* mongo: the job document on the target: what ties the programs of one
 * migration together (design: job document; fields: mm-migrate(7), JOB).
 *
 * Database mm_control, collection jobs, `_id` = --job, by default the SHA-256
 * of source set id, normalised selection and mapping. A thread renews the
 * lease every 10 s; it lasts 120 s by the target's clock, and is taken over at
 * once when its holder is a dead process of this very boot. All writes
 * w:majority j:true and conditional on our epoch: a program that lost its
 * lease gets status 8 at its next write, and job_lost is true.
 *
 * mm_control.jobs, one document a job; fields not yet known are absent:
 *   _id        --job
 *   created    date
 *   phase      "loading" | "loaded" | "applying" | "switched"
 *   source     as in the stream header: {set, replicaSetId, me, version, ...}
 *   selection  filters of the stream: {include, exclude, rename}
 *   query      of a copy that is a part: what its documents match, as
 *              canonical Extended JSON (mongo/job_part.h)
 *   from, to   {ts, t} of the copy
 *   checkpoint {readFrom, applied, seen, ahead}, each {ts, t}, and journal,
 *              the epoch (engine/journal.h)
 *   requests   what is asked of the writer; mongo/request.h
 *   intent     what was about to be done to the catalog: {at, i, command, ns,
 *              to, uuid, to_uuid, done}; engine/apply_intent.h
 *   load       {id, filters, readFrom} of the copy that is being loaded:
 *              engine/resume.h
 *   renamed    {ts, t} of the last rename that was begun: the log cannot be
 *              applied again from before it
 *   adopting   true: what is there of a copy of one's own is not recorded yet
 *   writer     {tool, host, boot, pid, ticks, started, epoch, expires}; ticks
 *              is when the process began, against reuse of its pid; expires
 *              1970 when the lease was given back
 * mm_control.owned, one document a target namespace that the job wrote, so
 * that no document grows with the number of collections:
 *   _id        {job, ns}
 *   staged     [{ns, spec, why}]: indexes held back, asleep or being built, as
 *              they are to be in the end
 *   earlier    true: of the load before, not met in this one yet
 *   load       how far its load is, until that ends: engine/resume.h
 *   born       true: made by the log from its first document on
 *   kept       {ts, t}: it held documents before the job wrote to it, so a
 *              load never drops it; `from` of the last load into it
 *
 * A struct job may be used by several threads; views it gives are of the
 * thread that writes.
 */
#ifndef MM_MONGO_JOB_H
#define MM_MONGO_JOB_H

#include "model/ns.h"
#include "mongo/server.h"

#define JOB_JOURNAL 17 /* 16 hexadecimal digits and NUL */

enum job_phase {
	JOB_NONE,
	JOB_LOADING,
	JOB_LOADED,
	JOB_APPLYING,
	JOB_SWITCHED
};

struct job_checkpoint {
	struct optime read_from;   /* where a tail must start reading */
	struct optime applied;     /* everything at or before is applied */
	struct optime seen;        /* replay rules hold up to here */
	struct optime ahead;       /* and, where a run was killed, up to here */
	char journal[JOB_JOURNAL]; /* what was applied last stands in the
				      journal of that epoch; "": in none */
	unsigned journal_file;     /* and in its file of that number; 0: not
				      known */
};

struct job;

/* Default name: SHA-256 in hex; text holds SHA256_TEXT bytes. `source` is the
 * `source` document of the stream header. */
const char *job_default_name(
    const bson_t *source, const struct ns_rules *rules, char *text);
/* The same for a source that is open. */
const char *job_name_of(
    const struct server *source, const struct ns_rules *rules, char *text);

/* Takes the lease. Refused (8): another writer holds it (message names host,
 * pid and since when). The document is created when it is not there. */
struct job *job_open(
    struct conn *c, const char *name, const char *tool, bson_error_t *error);
/* Gives the lease back (best effort) and frees. */
void job_close(struct job *j);
bool job_lost(const struct job *j);

enum job_phase job_phase(const struct job *j);
const char *job_name(const struct job *j);
/* The whole document as last read or written (view until the next call). */
const bson_t *job_doc(const struct job *j);
bool job_read_checkpoint(const struct job *j, struct job_checkpoint *cp);

/* A load begins: phase loading, identity (source, filters), from; query: of a
 * copy that is a part, NULL: the whole. Refused (8): phase loaded or later. */
bool job_begin_load(struct job *j, const bson_t *source, const bson_t *filters,
    const char *query, struct optime from, bson_error_t *error);
/* The job wrote (will write) this namespace, recorded before the first write
 * to it; staged: array of raw index specs held back or asleep, each {ns, spec,
 * why: "unique"|"ttl"}. */
bool job_own(
    struct job *j, const char *ns, const bson_t *staged, bson_error_t *error);
/* The same while it is loaded; load: what job_each_progress gives; kept: NULL,
 * or `from` of this load: it holds documents of others, which stays known until
 * it is disowned. */
bool job_own_load(struct job *j, const char *ns, const bson_t *staged,
    const bson_t *load, const struct optime *kept, bson_error_t *error);
/* It held documents of others; from may be NULL. */
bool job_kept(struct job *j, const char *ns, struct optime *from);
/* With `born`. */
bool job_own_as(struct job *j, const char *ns, const bson_t *staged, bool born,
    bson_error_t *error);
/* What is recorded of a namespace: 1, 0 it is not ours, -1 error. staged is
 * initialised in every case. */
int job_owned(struct job *j, const char *ns, bson_t *staged, bool *born,
    bson_error_t *error);
/* The namespace was dropped. */
bool job_disown(struct job *j, const char *ns, bson_error_t *error);
/* Calls `each` for the namespaces this job owns; it must not use the job. */
void job_each_owned(
    struct job *j, void (*each)(void *arg, const char *ns), void *arg);
/* Forget everything loaded (after its namespaces were dropped): phase none.
 * What was owned stays owned until the next load ends, because a write of the
 * load before, sent by a program that was killed, may still arrive. */
bool job_reset(struct job *j, bson_error_t *error);
/* Loaded: from, to; checkpoint = {read_from, from, to}. */
bool job_end_load(struct job *j, struct optime read_from, struct optime from,
    struct optime to, bson_error_t *error);
/* A new job over a copy that is there already: loaded, from, to, checkpoint =
 * {from, from, to}; source may be empty (not known). job_adopting until
 * job_adopted: its namespaces are still to be recorded. */
bool job_adopt(struct job *j, const bson_t *source, const bson_t *filters,
    struct optime from, struct optime to, bson_error_t *error);
bool job_adopting(const struct job *j);
bool job_adopted(struct job *j, bson_error_t *error);
/* Keeps the source where none was known. */
bool job_learn_source(struct job *j, const bson_t *source, bson_error_t *error);
/* Phase applying, checkpoint saved. Conditional on the lease. */
bool job_save(
    struct job *j, const struct job_checkpoint *cp, bson_error_t *error);

/* The same, and the intent with it in one write; NULL: none any more. */
bool job_save_intent(struct job *j, const struct job_checkpoint *cp,
    const bson_t *intent, bson_error_t *error);
/* A view until the next write. */
bool job_intent(const struct job *j, bson_t *intent);

/* What the load is that was begun: {id, filters, readFrom}, until it ends. */
bool job_note_load(struct job *j, const bson_t *load, bson_error_t *error);
/* A view until the next write. */
bool job_load(const struct job *j, bson_t *load);
/* How far the load of a namespace is: fields below `load` to be set. */
struct job_progress {
	const char *ns;
	bson_t *set;
};
bool job_save_progress(
    struct job *j, const struct job_progress *p, size_t n, bson_error_t *error);
/* The load has ended. */
bool job_forget_progress(struct job *j, bson_error_t *error);
/* Without a lease: calls `each` for the progress of every namespace of that
 * job. */
bool job_each_progress(struct conn *c, const char *name,
    void (*each)(void *arg, const bson_t *load), void *arg,
    bson_error_t *error);

/* Without a lease: the document of a job, for --print-position and mm-diff; 1,
 * 0 no such job, -1 error. */
int job_peek(
    struct conn *c, const char *name, bson_t *doc, bson_error_t *error);
/* Calls `each` for every staged index of that job (ns on the target, why
 * "unique" or "ttl", the true spec), for mm-diff; false from it ends the walk
 * and is returned, error then being its own. No such job: none, true. */
bool job_each_staged(struct conn *c, const char *name,
    bool (*each)(
	void *arg, const char *ns, const char *why, const bson_t *spec),
    void *arg, bson_error_t *error);
bool job_doc_checkpoint(const bson_t *doc, struct job_checkpoint *cp);
enum job_phase job_doc_phase(const bson_t *doc);
/* Whether somebody holds the lease now; which program had it last. */
bool job_held(
    struct conn *c, const bson_t *doc, bool *held, bson_error_t *error);
const char *job_doc_writer(const bson_t *doc);

#endif
