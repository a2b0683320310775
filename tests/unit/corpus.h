/* Recordings of a real server (tests/corpus/README.md), and collections in
 * memory to replay them on. */
#ifndef MM_TEST_CORPUS_H
#define MM_TEST_CORPUS_H

#include "base/buf.h"
#include "model/entry.h"

/* Calls fn for every folder with a meta.json, at any depth, below $MM_CORPUS
 * (default tests/corpus), in order of the names. */
void corpus_each(void (*fn)(const char *folder));
/* The documents of a .bson.zst file, one after the other; caller releases.
 * Aborts when it cannot be read. */
struct buf corpus_docs(const char *path);
/* The next document at *at; false at the end. Aborts on damage. */
bool corpus_next(const struct buf *docs, size_t *at, bson_t *doc);

/* ---- collections in memory: documents by canonical _id, in the order in
 * which they were inserted ---- */
struct memdb;

struct memdb *memdb_new(void);
void memdb_free(struct memdb *db);
/* Every .bson.zst of the folder as the collection of that name. */
void memdb_load(struct memdb *db, const char *folder);
void memdb_put(struct memdb *db, const char *ns, const bson_t *doc);
/* The document of that key; a view until the next change. */
bool memdb_get(const struct memdb *db, const char *ns, const struct value *id,
    bson_t *doc);
void memdb_delete(struct memdb *db, const char *ns, const struct value *id);
/* One i, u or d by entry_apply. */
bool memdb_apply(struct memdb *db, const struct entry *e,
    struct entry_note *note, bson_error_t *error);
void memdb_drop(struct memdb *db, const char *ns);
void memdb_drop_db(struct memdb *db, const char *name);
/* Over an existing one: it is dropped first. */
void memdb_rename(struct memdb *db, const char *from, const char *to);
/* Collections of `got` that hold documents are those of `want`, with the same
 * bytes; notes what differs. Namespaces internal to a server are left out.
 * Of those in `rings` (each between two newlines; may be NULL) got may hold
 * older documents that want lost, and the order counts: capped. */
bool memdb_same(
    const struct memdb *got, const struct memdb *want, const char *rings);

#endif
