/* engine: inside of lanes: one document in work. */
#ifndef MM_ENGINE_LANE_DOC_H
#define MM_ENGINE_LANE_DOC_H

#include "engine/lane.h"

#define LANE_DOC_MAX 16777216u /* largest document that a server stores */

enum doc_base {
	DOC_UNKNOWN, /* not known, and not needed */
	DOC_ABSENT,
	DOC_HELD
};

enum doc_result { DOC_NOTHING, DOC_INSERT, DOC_REPLACE, DOC_DELETE };

struct doc {
	struct value id; /* as the first entry has it */
	size_t key_at;   /* canonical _id, in the batch's keys */
	uint32_t key_len;
	struct work *first, *last; /* its entries */
	struct doc *chain;         /* of equal hash */
	size_t bytes;              /* of the entries */
	enum doc_base base;
	const uint8_t *base_data; /* of the cache, or `read` */
	size_t base_len;
	struct buf read;   /* what the target gave */
	bool must_read;    /* the target must be asked, whatever is known */
	bool whole_needed; /* the old document counts: there is a journal */
	bool unclear;      /* it may hold our own write: nothing counts */
	bool asked, late;  /* late: came, but there was no room for it */
	bool other;        /* another _id that is equal by collation is there */
	enum doc_result result;
	struct buf image;
	size_t op; /* its place in the bulk */
};

/* The document needs no look at the target: its first entry brings all. */
bool doc_self_contained(const struct doc *d);
/* Applies the entries of d to its base; sets result and image. Violated
 * preconditions are added to *diverged and to the ledger where they count;
 * each entry goes into the journal. Status 8. */
bool doc_compute(struct lane *lane, struct doc *d, struct buf *spare,
    int64_t *diverged, bson_error_t *error);
void doc_release(struct doc *d);

/* How long an unacknowledged write is tried again. */
struct retry {
	int64_t since; /* 0: none failed */
	int pause_ms;
};
/* Waits a little; false: it has been too long, error gets a prefix. */
bool retry_wait(struct retry *r, const char *ns, bson_error_t *error);

#endif
