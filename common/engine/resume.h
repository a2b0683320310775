/* engine: how far a copy came that was not finished: the token that mm-load
 * makes of what it has stored with its job, and that mm-dump goes on from.
 *
 * As text it is one line, MARK + XXH64 in hex + `:` + base64 of a document:
 * {v: 1, load, filters, source, from, readFrom, query, colls: [COLL ...]};
 * query: of a part of a collection, as canonical Extended JSON. COLL is
 * {ns, uuid, natural, bounds, at, done}: name and UUID on the source; in
 * natural order or by ranges of `_id` with these inner bounds; where each
 * range is ({"0": ...}); whether all of it is on the target. Bounds and places
 * are binary: {"": _id}, or a resume token of the server.
 */
#ifndef MM_ENGINE_RESUME_H
#define MM_ENGINE_RESUME_H

#include <uthash.h>

#include "mongo/catalog.h"

#define RESUME_PARTS_MAX 1024

struct resume_coll {
	char *ns;
	bson_t doc; /* COLL */
	bool done, natural;
	size_t parts;
	bool begun; /* some part is behind its start */
	UT_hash_handle hh;
};

struct resume {
	bson_t doc;
	const char *load; /* names the load; in doc, as are the following */
	const char *me;   /* member that was read, "" where not known */
	bson_t source, filters;
	struct optime from, read_from;
	struct resume_coll *colls;
};

/* COLL of a collection of which nothing is there yet. bounds: array of the
 * inner bounds as documents; NULL: one part. */
void resume_coll_doc(const char *ns, const uint8_t *uuid, bool natural,
    const bson_t *bounds, bson_t *doc);
/* The line without its end; caller frees with bson_free. */
char *resume_text(const bson_t *token);
/* arg: the line itself, or the name of a file that holds it ("-": standard
 * input). NULL: error is set, 3 where it is damaged. */
struct resume *resume_read(const char *arg, bson_error_t *error);
void resume_free(struct resume *r);
/* Status 8: it is of another source set, selection (filters of a stream
 * header, as is source) or query (NULL: none). */
bool resume_check(const struct resume *r, const bson_t *source,
    const bson_t *filters, const bson_t *query, bson_error_t *error);
/* What is known of the very same collection, or NULL. */
const struct resume_coll *resume_find(
    const struct resume *r, const struct coll *coll);
/* Inner bound i, or place of part i, each as {"": value} or a server's token;
 * NULL: the part is at its start. Caller destroys. */
bson_t *resume_bound(const struct resume_coll *c, size_t i);
bson_t *resume_at(const struct resume_coll *c, size_t i);

#endif
