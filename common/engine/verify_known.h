/* engine: documents whose earlier versions are looked for. For
 * verify_explain.c: no I/O in here. */
#ifndef MM_ENGINE_VERIFY_KNOWN_H
#define MM_ENGINE_VERIFY_KNOWN_H

#include "base/optime.h"
#include "model/value.h"

struct wanted {
	uint64_t key[2];       /* of namespace and _id */
	uint64_t target[2];    /* of what the target holds; 0: nothing */
	bool met;              /* a change of it stands in the journal */
	bool found;            /* a version is what the target holds */
	struct optime version; /* the entry that made it; null: older */
	struct optime next;    /* the first entry after that one */
};

struct wanted_set {
	struct wanted *item;
	size_t n, cap;
	uint32_t *slot; /* index + 1 */
	size_t slots;
};

/* doc NULL: there is none. */
void wanted_hash(const bson_t *doc, uint64_t out[2]);
void wanted_key(const char *ns, const struct value *id, uint64_t out[2]);

void wanted_clear(struct wanted_set *s);
void wanted_release(struct wanted_set *s);
void wanted_add(struct wanted_set *s, const char *ns, const struct value *id,
    const bson_t *target);
/* NULL: it is not wanted. */
struct wanted *wanted_find(
    const struct wanted_set *s, const char *ns, const struct value *id);

/* An entry at `at` changed it, from old (known where has_old) to now (where
 * has_now); in the order of the log, at least within one source. */
struct change_seen {
	struct optime at;
	bool has_old, has_now;
	const bson_t *old, *now; /* NULL: no document */
};
void wanted_change(struct wanted *w, const struct change_seen *c);

#endif
