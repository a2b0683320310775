/* engine: what the modules of the comparison under writes share; private to
 * verify*.c. */
#ifndef MM_ENGINE_VERIFY_WORK_H
#define MM_ENGINE_VERIFY_WORK_H

#include <pthread.h>

#include "engine/compare_plan.h"
#include "engine/verify.h"
#include "engine/verify_applied.h"
#include "engine/verify_feed.h"
#include "engine/verify_keys.h"

/* ---- pairs (verify_pairs.c) ---- */

/* A catalog that was read; lives as long as someone holds it. */
struct catalog_view {
	struct pair_list list;
	int refs;
};

struct vpair {
	struct pair pair; /* of the report; source and target are in `view` */
	uint32_t ns;      /* number in keys */
	struct catalog_view *view;
	bool scanned; /* all of it, or on its way */
	bool has[2];  /* what is scanned: is it there, and which is it */
	uint8_t uuid[2][16];
	/* Capped collections are compared as a whole. */
	bool capped;
	bool dirty;          /* to be compared (again) */
	struct optime since; /* of dirty: verified ends before it */
	bool busy;           /* it is being compared, since ... */
	struct optime busy_since;
	int64_t differs; /* at the last time */
	bool told;       /* that, or (once) that there is nothing */
	int64_t told_by[DIFF_CLASSES];
	int rounds;
};

struct verify {
	const struct verify_opts *o;
	struct keys *keys;
	struct feed *feed;
	struct throttle *throttle;
	struct staged_list *staged;
	pthread_rwlock_t pairs_lock;
	struct vpair **pair;
	size_t n_pairs;
	/* scan */
	struct compare_plan plan;
	size_t planned, taken;    /* under lock: of the plan */
	bool *unit_done;          /* under lock: by place in the plan */
	bool *unit_gone;          /* its collection is read anew */
	atomic_size_t left;       /* units that are not finished */
	struct optime scan_since; /* null: of the start */
	atomic_bool recatalog;    /* a collection went away while it was read */
	/* what is known */
	pthread_mutex_t told_lock;
	struct known *known;
	struct key_queue *differing; /* decided, to be looked at again */
	struct key_queue *restless;  /* never at rest */
	atomic_bool telling;         /* decided differences are told */
	_Atomic int64_t decided_ms;  /* when something was */
	_Atomic int64_t undecided;   /* at the end */
	atomic_bool last_look;       /* tell what is unequal, as it stands */
	struct facts *facts;         /* of the last pass over the catalog */
	bool settled;                /* such a pass has succeeded */
	/* threads */
	pthread_t *scanner;
	size_t n_scanners;
	pthread_mutex_t lock;
	atomic_bool abort;
	bool failed;
	bson_error_t error;
};

/* How a namespace is to be read. */
struct ns_info {
	struct pair *pair;
	char ns[NS_MAX + 1], target_ns[NS_MAX + 1];
	bool collated, capped, documents;
};

/* False: status 8, the mapped name is none. */
bool verify_ns(
    struct verify *v, uint32_t ns, struct ns_info *info, bson_error_t *error);
/* The oldest `since` of those; false: none. */
bool verify_dirty_oldest(struct verify *v, struct optime *since);
/* Differences in capped collections. */
int64_t verify_dirty_differences(struct verify *v);
/* All capped pairs. */
void verify_dirty_all(struct verify *v, struct optime since);
/* Marks a capped pair as one to be compared again. */
void verify_dirty(struct verify *v, uint32_t ns, struct optime since);
/* The catalogs of both sides as they are; pairs that are not the ones that were
 * scanned are listed in *changed (bson_free). */
bool verify_catalog(struct verify *v, struct conn *source, struct conn *target,
    struct vpair ***changed, size_t *n, bson_error_t *error);
/* The view of a pair, and in *now what it says; NULL: it is gone. */
struct catalog_view *view_hold(
    struct verify *v, struct vpair *p, struct pair *now);
void view_drop(struct verify *v, struct catalog_view *view);
void verify_pairs_release(struct verify *v);

/* ---- one bracket (verify_bracket.c) ---- */

struct bracket {
	struct conn *source, *target;
	struct applied applied;
	struct optime from, to;
};

enum bracket_got {
	BRACKET_FAILED = -1,
	BRACKET_READY = 0,
	BRACKET_LATER = 1, /* the applier is not there yet */
	BRACKET_STOPPED = 2
};

bool bracket_open(struct verify *v, struct bracket *b, bson_error_t *error);
void bracket_close(struct bracket *b);
/* Waits until `event` is applied, for ms at most. READY also when it is not:
 * b->applied says what is. The source reads no older than that. */
enum bracket_got bracket_begin(struct verify *v, struct bracket *b,
    struct optime event, int ms, bson_error_t *error);
/* The log has been read up to the source's position of now. LATER: the
 * applier's position went back meanwhile. */
enum bracket_got bracket_end(
    struct verify *v, struct bracket *b, bson_error_t *error);

/* ---- reading (verify_read.c) ---- */

/* What is known of a document without it. */
struct leaf {
	uint64_t hash[2];
	uint32_t len; /* 0: there is none */
};

bool leaf_same(const struct leaf *a, const struct leaf *b);
void leaf_of(const bson_t *doc, struct leaf *leaf);

/* Of one namespace, of keys first .. first + n of the batch those that are
 * wanted. leaf[i], wanted[i] are of key i of the batch. */
struct reading {
	struct verify *v;
	const struct bracket *b;
	const struct key_batch *batch;
	const struct ns_info *ns;
	size_t first, n;
	const bool *wanted;
	struct leaf *leaf; /* or NULL */
	/* NULL, or what is called with each document (view). */
	bool (*doc)(
	    void *arg, size_t i, const bson_t *doc, bson_error_t *error);
	void *arg;
};

bool verify_read(
    const struct reading *r, enum compare_which which, bson_error_t *error);

/* ---- telling (verify_tell.c) ---- */

enum known_state { KNOWN_NOT, KNOWN_DIFFERS, KNOWN_TOLD, KNOWN_RESTLESS };

struct known;
struct known *known_new(void);
void known_free(struct known *k);
enum known_state known_get(struct known *k, const uint64_t hash[2]);
void known_set(struct known *k, const uint64_t hash[2], enum known_state state);
int64_t known_differences(struct known *k);

/* A key of the batch was decided: equal. */
bool verify_equal(struct verify *v, const struct bracket *b,
    const struct key_batch *batch, const struct key *key, bson_error_t *error);
/* ... unequal; kept for later. */
bool verify_differs(struct verify *v, const struct key_batch *batch,
    const struct key *key, bson_error_t *error);
/* Tells a verdict. */
bool verify_tell(
    struct verify *v, const struct verdict *verdict, bson_error_t *error);
/* Never at rest. */
bool verify_restless(struct verify *v, const struct key_batch *batch,
    const struct key *key, bson_error_t *error);
/* All that are kept go into the queue once more. */
bool verify_look_again(
    struct verify *v, struct optime since, bson_error_t *error);
/* Those that are restless are told so, if they are it still. */
bool verify_tell_restless(struct verify *v, bson_error_t *error);

/* ---- threads ---- */

/* Takes keys from the queue and decides them (verify_recheck.c). */
void *verify_recheck(void *arg);
/* Reads units (verify_scan.c). */
void *verify_scan(void *arg);
bool verify_scan_add(struct verify *v, struct vpair *p, struct conn *source,
    struct conn *target, bson_error_t *error);
/* One range, as it was planned before. */
void verify_scan_range(struct verify *v, struct vpair *p, const bson_t *from,
    const bson_t *to, bool first, bool done);
/* Capped pairs that are to be compared (verify_whole.c). */
bool verify_whole(struct verify *v, struct bracket *b, bson_error_t *error);

/* ---- catalog (verify_catalog.c) ---- */

struct facts;
void facts_free(struct facts *f);
/* Facts that are differences. */
int64_t facts_differences(const struct facts *f);
/* Both catalogs in a bracket; what is not the one that was read is read.
 * LATER: something changed meanwhile, or is not applied. tell: what was not
 * told before. */
enum bracket_got verify_catalogs(
    struct verify *v, struct bracket *b, bool tell, bson_error_t *error);

/* Starts threads for units that nobody has taken. */
bool verify_start_scan(struct verify *v, bson_error_t *error);
void verify_fail(struct verify *v, const bson_error_t *error);
bool verify_ending(struct verify *v);

#endif
