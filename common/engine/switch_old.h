/* engine: the old data of a switch: the collections that the source held when
 * the way back was given up, with UUID and digest, in DIR/old.list.
 *
 * The list is a chain (io/chain.h), a document a collection; the record
 * `committed` of the journal has its last link, so that it cannot change any
 * more. What is not in it, or is not what it was, is never touched.
 *
 * 0: {job, key}; then {ns, aside, uuid, sum, docs, bytes} each; key: of the
 * digests (model/digest.h), aside: model/quarantine.h.
 */
#ifndef MM_ENGINE_SWITCH_OLD_H
#define MM_ENGINE_SWITCH_OLD_H

#include "engine/switch_log.h"
#include "engine/throttle.h"
#include "model/digest.h"
#include "mongo/catalog.h"

struct old_coll {
	const char *ns, *aside; /* owned by the chain */
	uint8_t uuid[16];
	struct digest sum;
};

struct old_list {
	struct chain *chain;
	uint8_t key[DIGEST_KEY];
	struct old_coll *item;
	size_t n;
};

/* To be added to; made where there is none. Close also after an error. Status
 * 3: damaged, or of another job. */
bool old_begin(
    struct old_list *l, const char *dir, const char *job, bson_error_t *error);
/* To be read: that which the journal speaks of. Status 3: it is not. */
bool old_open(struct old_list *l, const char *dir, const struct switch_log *log,
    bson_error_t *error);
void old_close(struct old_list *l);
const struct old_coll *old_find(const struct old_list *l, const char *ns);
/* On the disk when it returns. */
bool old_add(struct old_list *l, const char *job, const struct coll *coll,
    const struct digest *sum, bson_error_t *error);
/* {n, link} for the journal. */
void old_append(const struct old_list *l, const char *key, bson_t *fields);

/* All documents of the collection that is called `there` now; ns: its name in
 * the list. throttle: NULL for none. Status 9 after a signal. */
bool old_digest(struct conn *c, const struct old_list *l, const char *ns,
    const char *there, struct throttle *throttle, struct digest *sum,
    bson_error_t *error);

enum old_place {
	OLD_IN_PLACE, /* under its name */
	OLD_ASIDE,    /* in quarantine */
	OLD_OTHER,    /* its name is another collection's now: left alone */
	OLD_GONE
};
/* By UUID, never by name alone. -1: error. */
int old_where(struct conn *c, const struct old_coll *o, bson_error_t *error);
/* Its name now; NULL: it is nowhere. */
const char *old_name(const struct old_coll *o, int place);

#endif
