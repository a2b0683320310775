/* gen N snapshot [SIZE [text|random [COLLECTIONS]]]
 * gen N oplog [SIZE [even|zipf]]
 * A stream of N synthetic documents of about SIZE bytes (300; below 180 hardly
 * more than an _id), half words or all random, spread over that many
 * collections (1); or an oplog stream of N mixed entries on those N documents,
 * as a server would have written it. To standard output. Deterministic. For
 * benchmarks. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "stream/stream.h"

static const char words[] =
    "the quick brown fox jumps over the lazy dog while it rains in Berlin and "
    "nobody minds because work goes on as ever and the trains are late again ";

static uint64_t state = 88172645463325252ull;

static uint64_t
next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void
tiny_doc(bson_t *doc, int64_t id, size_t size)
{
	BSON_APPEND_INT64(doc, "_id", id);
	bson_append_utf8(
	    doc, "text", 4, words, size > 30 ? (int)(size - 29) % 140 : 1);
}

/* Words of two to five syllables; the first of the 4096 come most often. */
static size_t
fill_text(char *text, size_t len)
{
	static const char syllables[] = "baberlibomodatidofagegrahahikaleloma"
					"menanoperasarescihesotatetivauvuwazi";
	size_t at = 0;

	while (at < len) {
		uint64_t r = next_random(), rank = (r >> 8) % (1 + (r & 0xfff));
		uint64_t word = rank * 0x9e3779b97f4a7c15ull;

		for (unsigned n = 2 + (unsigned)(word >> 62); n > 0; n--) {
			memcpy(text + at, syllables + word % 36 * 2, 2);
			word /= 36;
			at += 2;
		}
		text[at++] = ' ';
	}
	return len;
}

/* Half of the bytes are words, the rest numbers and hex: compresses about as
 * business data does. */
static void
make_doc(bson_t *doc, int64_t id, size_t size, int32_t version)
{
	char hex[33], text[70016];
	bson_t sub;
	size_t fill = size > 180 ? size - 180 : 0, at;

	if (fill == 0) {
		tiny_doc(doc, id, size);
		return;
	}
	snprintf(hex, sizeof hex, "%016llx%016llx",
	    (unsigned long long)next_random(),
	    (unsigned long long)next_random());
	at = fill_text(text, fill < 70000 ? fill : 70000);
	BSON_APPEND_INT64(doc, "_id", id);
	BSON_APPEND_UTF8(doc, "token", hex);
	BSON_APPEND_INT32(doc, "version", version);
	BSON_APPEND_DOUBLE(
	    doc, "price", (double)(next_random() % 100000) / 100);
	BSON_APPEND_DATE_TIME(doc, "at", 1795344204000 + id * 1000);
	BSON_APPEND_DOCUMENT_BEGIN(doc, "customer", &sub);
	BSON_APPEND_INT64(&sub, "n", (int64_t)(next_random() % 1000000));
	BSON_APPEND_UTF8(&sub, "city", id % 3 ? "Berlin" : "Hamburg");
	bson_append_document_end(doc, &sub);
	bson_append_utf8(doc, "text", 4, text, (int)at);
}

static void
source_fields(bson_t *head)
{
	bson_t sub, list;

	BSON_APPEND_UTF8(head, "job", "bench");
	BSON_APPEND_DOCUMENT_BEGIN(head, "source", &sub);
	BSON_APPEND_UTF8(&sub, "set", "bench");
	BSON_APPEND_UTF8(&sub, "replicaSetId", "");
	BSON_APPEND_UTF8(&sub, "me", "generator");
	BSON_APPEND_UTF8(&sub, "version", "0");
	BSON_APPEND_UTF8(&sub, "fcv", "");
	BSON_APPEND_UTF8(&sub, "topology", "replicaSet");
	bson_append_document_end(head, &sub);
	BSON_APPEND_DOCUMENT_BEGIN(head, "filters", &sub);
	BSON_APPEND_ARRAY_BEGIN(&sub, "include", &list);
	BSON_APPEND_UTF8(&list, "0", "bench.*");
	bson_append_array_end(&sub, &list);
	BSON_APPEND_ARRAY_BEGIN(&sub, "exclude", &list);
	bson_append_array_end(&sub, &list);
	BSON_APPEND_ARRAY_BEGIN(&sub, "rename", &list);
	bson_append_array_end(&sub, &list);
	bson_append_document_end(head, &sub);
}

static bool
put(struct stream_out *s, struct block *b, const bson_t *doc, uint64_t *sum,
    bson_error_t *error)
{
	*sum += hash_xxh64(bson_get_data(doc), doc->len, 0);
	block_add(b, bson_get_data(doc), doc->len);
	return !block_full(b) || stream_put_block(s, b, NULL, error);
}

/* Does not compress: as images do, or what was compressed or encrypted. */
static void
random_doc(bson_t *doc, int64_t id, size_t size)
{
	size_t len = size > 32 ? size - 32 : 1;
	uint8_t *bytes = bson_malloc(len + sizeof state);

	for (size_t at = 0; at < len; at += sizeof state) {
		uint64_t r = next_random();

		memcpy(bytes + at, &r, sizeof r);
	}
	BSON_APPEND_INT64(doc, "_id", id);
	BSON_APPEND_BINARY(
	    doc, "bytes", BSON_SUBTYPE_BINARY, bytes, (uint32_t)len);
	bson_free(bytes);
}

struct shape {
	int64_t docs, colls;
	size_t size;
	bool random;
};

static bool
put_coll(struct stream_out *s, int32_t c, bson_error_t *error)
{
	bson_t coll = BSON_INITIALIZER;
	char name[16];
	bool ok;

	snprintf(name, sizeof name, c == 1 ? "docs" : "docs%" PRId32, c);
	BCON_APPEND(&coll, "$mm", "coll", "c", BCON_INT32(c), "db", "bench",
	    "coll", BCON_UTF8(name), "type", "collection", "options", "{", "}",
	    "indexes", "[", "]");
	ok = stream_put(s, &coll, error);
	bson_destroy(&coll);
	return ok;
}

/* Its documents, from number `from` on, and its end. */
static bool
put_docs(struct stream_out *s, struct block *b, const struct shape *shape,
    int64_t from, int64_t n, bson_error_t *error)
{
	bson_t cend = BSON_INITIALIZER, doc;
	uint64_t sum = 0;
	int64_t bytes = 0;
	bool ok = true;

	for (int64_t i = 0; ok && i < n; i++) {
		bson_init(&doc);
		if (shape->random)
			random_doc(&doc, from + i, shape->size);
		else
			make_doc(&doc, from + i, shape->size, 0);
		bytes += doc.len;
		ok = put(s, b, &doc, &sum, error);
		bson_destroy(&doc);
	}
	BCON_APPEND(&cend, "$mm", "cend", "c", BCON_INT32(b->c), "docs",
	    BCON_INT64(n), "bytes", BCON_INT64(bytes), "sum",
	    BCON_INT64((int64_t)sum));
	ok = ok && stream_put_block(s, b, NULL, error) &&
	    stream_put(s, &cend, error);
	bson_destroy(&cend);
	return ok;
}

static bool
snapshot(struct stream_out *s, const struct shape *shape, bson_error_t *error)
{
	int64_t each = shape->docs / shape->colls, n;
	bson_t end = BSON_INITIALIZER;
	struct block b = {.c = 0};
	bool ok = true;

	for (int32_t c = 1; ok && c <= shape->colls; c++)
		ok = put_coll(s, c, error);
	while (ok && b.c < shape->colls) {
		n = ++b.c < shape->colls ? each
					 : shape->docs - each * (b.c - 1);
		ok = put_docs(s, &b, shape, each * (b.c - 1), n, error);
	}
	optime_append(&end, "to", (struct optime){1000, 1, 1});
	optime_append(&end, "readFrom", (struct optime){1000, 1, 1});
	ok = ok && stream_put_end(s, "complete", &end, error);
	block_release(&b);
	bson_destroy(&end);
	return ok;
}

/* Keys: even, or Zipf 1.0 by inversion over `keys` ranks. */
static int64_t
draw_key(bool zipf, int64_t keys)
{
	double u = (double)(next_random() >> 11) / 9007199254740992.0;

	if (!zipf)
		return (int64_t)(u * (double)keys);
	return (int64_t)exp(u * log((double)keys)) - 1;
}

static void
envelope(bson_t *e, int64_t i, const char *op)
{
	BSON_APPEND_UTF8(e, "op", op);
	BSON_APPEND_UTF8(e, "ns", "bench.docs");
	BSON_APPEND_TIMESTAMP(
	    e, "ts", 1001 + (uint32_t)(i / 1000), 1 + (uint32_t)(i % 1000));
	BSON_APPEND_INT64(e, "t", 1);
	BSON_APPEND_INT64(e, "v", 2);
	BSON_APPEND_DATE_TIME(e, "wall", 1795344204000 + i);
}

static void
make_delta(bson_t *e, int64_t i)
{
	bson_t o, diff, sub, customer;

	BSON_APPEND_DOCUMENT_BEGIN(e, "o", &o);
	BSON_APPEND_INT32(&o, "$v", 2);
	BSON_APPEND_DOCUMENT_BEGIN(&o, "diff", &diff);
	BSON_APPEND_DOCUMENT_BEGIN(&diff, "u", &sub);
	BSON_APPEND_INT32(&sub, "version", (int32_t)i);
	bson_append_document_end(&diff, &sub);
	BSON_APPEND_DOCUMENT_BEGIN(&diff, "scustomer", &customer);
	BSON_APPEND_DOCUMENT_BEGIN(&customer, "u", &sub);
	BSON_APPEND_INT64(&sub, "n", (int64_t)(next_random() % 100));
	bson_append_document_end(&customer, &sub);
	bson_append_document_end(&diff, &customer);
	bson_append_document_end(&o, &diff);
	bson_append_document_end(e, &o);
}

static void
append_key(bson_t *e, const char *name, int64_t key)
{
	bson_t sub;

	BSON_APPEND_DOCUMENT_BEGIN(e, name, &sub);
	BSON_APPEND_INT64(&sub, "_id", key);
	bson_append_document_end(e, &sub);
}

/* 70 % deltas, 10 % replacements, 10 % deletes and nearly as many inserts, of
 * what was deleted before. */
static void
make_entry(bson_t *e, int64_t i, int64_t key, bool *gone, size_t size)
{
	unsigned kind = (unsigned)(next_random() % 9);
	bson_t o;

	if (*gone || kind == 0) {
		envelope(e, i, *gone ? "i" : "u");
		bson_init(&o);
		make_doc(&o, key, size, (int32_t)i);
		BSON_APPEND_DOCUMENT(e, "o", &o);
		bson_destroy(&o);
	} else if (kind == 1) {
		envelope(e, i, "d");
		append_key(e, "o", key);
	} else {
		envelope(e, i, "u");
		make_delta(e, i);
	}
	if (!*gone && kind != 1)
		append_key(e, "o2", key);
	*gone = !*gone && kind == 1;
}

static bool
oplog(struct stream_out *s, int64_t n, size_t size, bool zipf,
    bson_error_t *error)
{
	bson_t entry, end = BSON_INITIALIZER;
	struct block b = {.c = 0};
	uint64_t sum = 0;
	struct optime last = {1001 + (uint32_t)((n - 1) / 1000),
	    1 + (uint32_t)((n - 1) % 1000), 1};
	bool *gone = bson_malloc0((size_t)n * sizeof *gone), ok = true;
	int64_t key;

	for (int64_t i = 0; ok && i < n; i++) {
		bson_init(&entry);
		key = draw_key(zipf, n);
		make_entry(&entry, i, key, &gone[key], size);
		ok = put(s, &b, &entry, &sum, error);
		bson_destroy(&entry);
	}
	optime_append(&end, "to", last);
	optime_append(&end, "readFrom", last);
	ok = ok && stream_put_block(s, &b, NULL, error) &&
	    stream_put_end(s, "until", &end, error);
	block_release(&b);
	bson_destroy(&end);
	bson_free(gone);
	return ok;
}

int
main(int argc, char **argv)
{
	int64_t n = argc > 1 ? atoll(argv[1]) : 0;
	bool log = argc > 2 && strcmp(argv[2], "oplog") == 0;
	size_t size = argc > 3 ? (size_t)atoll(argv[3]) : 300;
	bool zipf = argc > 4 && strcmp(argv[4], "zipf") == 0;
	struct shape shape = {.docs = n,
	    .colls = argc > 5 ? atoll(argv[5]) : 1,
	    .size = size,
	    .random = argc > 4 && strcmp(argv[4], "random") == 0};
	struct stream_out_opts opts = {1, "standard output", 0, false};
	bson_t head = BSON_INITIALIZER;
	bson_error_t error;
	struct stream_out *s;
	struct optime start = {1000, 1, 1};
	bool ok;

	if (n <= 0 || shape.colls < 1 || shape.colls > n)
		return 2;
	source_fields(&head);
	if (log) {
		optime_append(&head, "after", start);
		optime_append(&head, "seen", start);
	} else {
		optime_append(&head, "from", start);
		BSON_APPEND_UTF8(&head, "readConcern", "majority");
	}
	s = stream_out_new(
	    &opts, log ? STREAM_OPLOG : STREAM_SNAPSHOT, &head, &error);
	ok = s &&
	    (log ? oplog(s, n, size, zipf, &error)
		 : snapshot(s, &shape, &error));
	if (!ok)
		fprintf(stderr, "gen: %s\n", error.message);
	stream_out_free(s);
	bson_destroy(&head);
	return !ok;
}
