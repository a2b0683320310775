/* Ranges of `_id` by a sample: $sample walks the collection at random places
 * while it is far smaller than the collection, whatever the types of the
 * `_id`s are. The server puts the sample in order, as the collection's
 * collation has it. */
#include "model/value.h"
#include "mongo/driver.h"
#include "mongo/scan.h"

#define SAMPLES 20     /* a range */
#define RANGE_MIN 1000 /* documents; and $sample stays below 5 % */
#define RANGES_MAX 1000

struct sample {
	bson_t **id; /* {"": value} each */
	size_t n;
};

static bool
count_docs(struct conn *c, const char *db, const char *coll, int64_t *n,
    bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, reply;
	bool ok;

	/* Without a query: from the metadata. */
	BSON_APPEND_UTF8(&cmd, "count", coll);
	ok = conn_read(c, db, &cmd, &reply, error);
	*n = ok ? doc_int(&reply, "n") : 0;
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return ok;
}

static void
keep(struct sample *s, const bson_t *doc)
{
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, "_id"))
		return;
	s->id = bson_realloc(s->id, (s->n + 1) * sizeof *s->id);
	s->id[s->n] = bson_new();
	bson_append_iter(s->id[s->n++], "", 0, &it);
}

static bool
take_sample(struct conn *c, const char *db, const char *coll, int64_t size,
    struct sample *s, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	struct cursor *cur;
	enum cursor_got got;
	const bson_t *doc;

	BCON_APPEND(&cmd, "aggregate", BCON_UTF8(coll), "pipeline", "[", "{",
	    "$sample", "{", "size", BCON_INT64(size), "}", "}", "{", "$project",
	    "{", "_id", BCON_INT32(1), "}", "}", "{", "$sort", "{", "_id",
	    BCON_INT32(1), "}", "}", "]", "cursor", "{", "batchSize",
	    BCON_INT64(size), "}");
	cur = cursor_new_command(c, db, &cmd);
	bson_destroy(&cmd);
	while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		keep(s, doc);
	cursor_free(cur);
	/* What came before a cursor was lost is a sample too. */
	return got == CURSOR_END || got == CURSOR_LOST;
}

/* One key: no collection has it twice, whatever its collation. */
static bool
same(const bson_t *a, const bson_t *b)
{
	struct elem x, y;

	return walk_find(bson_get_data(a), a->len, "", &x) &&
	    walk_find(bson_get_data(b), b->len, "", &y) &&
	    value_cmp(&x.value, &y.value) == 0;
}

/* Equal steps through the sorted sample, each bound once. */
static void
choose(struct sample *s, size_t ranges, bson_t ***bounds, size_t *n_bounds)
{
	bson_t **out = bson_malloc0(ranges * sizeof *out);
	size_t n = 0;

	for (size_t i = 1; i < ranges; i++) {
		const bson_t *id = s->id[i * s->n / ranges];

		if (n == 0 || !same(out[n - 1], id))
			out[n++] = bson_copy(id);
	}
	*bounds = out;
	*n_bounds = n;
}

bool
scan_split(struct conn *c, const char *db, const char *coll, int n,
    bson_t ***bounds, size_t *n_bounds, bson_error_t *error)
{
	struct sample s = {0};
	int64_t docs, ranges;
	bool ok;

	*bounds = NULL;
	*n_bounds = 0;
	if (!count_docs(c, db, coll, &docs, error))
		return false;
	ranges = n < RANGES_MAX ? n : RANGES_MAX;
	if (ranges > docs / RANGE_MIN)
		ranges = docs / RANGE_MIN;
	if (ranges < 2)
		return true;
	ok = take_sample(c, db, coll, ranges * SAMPLES, &s, error);
	if (ok && s.n)
		choose(&s, (size_t)ranges, bounds, n_bounds);
	for (size_t i = 0; i < s.n; i++)
		bson_destroy(s.id[i]);
	bson_free(s.id);
	return ok;
}
