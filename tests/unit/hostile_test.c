/* Streams that no writer of ours makes, record by record. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "streams.h"

struct builder {
	struct buf out;
	uint64_t number;
};

static void
add_record(struct builder *b, const char *json)
{
	bson_t *doc = tap_json(json);

	record_seal(doc, b->number++);
	buf_add(&b->out, bson_get_data(doc), doc->len);
	bson_destroy(doc);
}

/* "B c seq n len docs": a block record that says c, seq, n, len, followed by
 * docs empty documents, whose hash is right. */
static void
add_block(struct builder *b, const char *text)
{
	int64_t c, seq, n, len, docs;
	struct buf data = BUF_INIT;
	char json[300];

	BSON_ASSERT(
	    sscanf(text,
		"B %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64,
		&c, &seq, &n, &len, &docs) == 5);
	for (int64_t i = 0; i < docs; i++)
		buf_add(&data, "\5\0\0\0\0", 5);
	snprintf(json, sizeof json,
	    "{\"$mm\":\"block\",\"seq\":{\"$numberLong\":\"%" PRId64
	    "\"},\"c\":%" PRId64 ",\"n\":{\"$numberLong\":\"%" PRId64
	    "\"},\"len\":{\"$numberLong\":\"%" PRId64
	    "\"},\"xxh64\":{\"$numberLong\":\"%" PRId64 "\"}}",
	    seq, c, n, len, (int64_t)hash_xxh64(data.data, data.len, 0));
	add_record(b, json);
	buf_add(&b->out, data.data, data.len);
	buf_release(&data);
}

/* "N 5": the next record gets number 5; "L -1": four bytes of a length. */
static void
add_line(struct builder *b, const char *line)
{
	int32_t length;

	if (*line == '{') {
		add_record(b, line);
	} else if (*line == 'B') {
		add_block(b, line);
	} else if (*line == 'N') {
		b->number = strtoull(line + 2, NULL, 10);
	} else {
		length = (int32_t)strtol(line + 2, NULL, 10);
		length = (int32_t)BSON_UINT32_TO_LE((uint32_t)length);
		buf_add(&b->out, &length, 4);
		buf_add(&b->out, "some bytes behind it", 20);
	}
}

#define LONG(n) "{\"$numberLong\":\"" #n "\"}"
#define SNAP "{\"$mm\":\"stream\",\"v\":1,\"kind\":\"snapshot\"}"
#define LOG "{\"$mm\":\"stream\",\"v\":1,\"kind\":\"oplog\"}"
#define COLL "{\"$mm\":\"coll\",\"c\":1,\"db\":\"d\",\"coll\":\"c\"}"
#define VIEW                                                                   \
	"{\"$mm\":\"coll\",\"c\":2,\"db\":\"d\",\"coll\":\"v\","               \
	"\"type\":\"view\"}"
#define CEND(docs, bytes)                                                      \
	"{\"$mm\":\"cend\",\"c\":1,\"docs\":" LONG(docs) ",\"bytes\":" LONG(   \
	    bytes) ",\"sum\":" LONG(0) "}"
#define END(reason, blocks, docs, bytes)                                       \
	"{\"$mm\":\"end\",\"reason\":\"" reason "\",\"blocks\":" LONG(         \
	    blocks) ",\"docs\":" LONG(docs) ",\"bytes\":" LONG(bytes) "}"
#define MARK "{\"$mm\":\"mark\",\"ts\":{\"$timestamp\":{\"t\":1,\"i\":1}}}"
#define GOOD SNAP, COLL, "B 1 0 3 15 3", CEND(3, 15)

static const struct {
	const char *name;
	int status, items;
	const char *line[8];
} cases[] = {
    {"good", 0, 5, {GOOD, END("complete", 1, 3, 15)}},
    {"empty input", 3, 0, {NULL}},
    {"no end", 3, 4, {GOOD}},
    {"two streams", 0, 4,
	{LOG, END("until", 0, 0, 0), "N 0", LOG, END("until", 0, 0, 0)}},
    {"the second without end", 3, 3, {LOG, END("until", 0, 0, 0), "N 0", LOG}},
    {"no stream record", 3, 0, {COLL}},
    {"a new stream inside", 3, 1, {LOG, LOG}},
    {"two ends", 3, 2, {LOG, END("until", 0, 0, 0), END("until", 0, 0, 0)}},
    {"a mark behind the end", 3, 2, {LOG, END("until", 0, 0, 0), "N 0", MARK}},
    {"unknown record", 0, 2,
	{LOG, "{\"$mm\":\"new\",\"a\":1}", END("until", 0, 0, 0)}},
    {"unknown, crit false", 0, 2,
	{LOG, "{\"$mm\":\"new\",\"crit\":false}", END("until", 0, 0, 0)}},
    {"unknown, critical", 8, 1,
	{LOG, "{\"$mm\":\"new\",\"crit\":true}", END("until", 0, 0, 0)}},
    {"unknown, critical, damaged", 3, 1,
	{LOG, "N 7", "{\"$mm\":\"new\",\"crit\":true}"}},
    {"newer version", 8, 0, {"{\"$mm\":\"stream\",\"v\":2,\"kind\":\"x\"}"}},
    {"no version", 3, 0, {"{\"$mm\":\"stream\",\"kind\":\"oplog\"}"}},
    {"version of another type", 3, 0,
	{"{\"$mm\":\"stream\",\"v\":" LONG(1) ",\"kind\":\"oplog\"}"}},
    {"unknown kind", 8, 0, {"{\"$mm\":\"stream\",\"v\":1,\"kind\":\"x\"}"}},
    {"unknown feature", 8, 0,
	{"{\"$mm\":\"stream\",\"v\":1,\"kind\":\"oplog\","
	 "\"features\":[\"x\"]}"}},
    {"features of another type", 3, 0,
	{"{\"$mm\":\"stream\",\"v\":1,\"kind\":\"oplog\","
	 "\"features\":\"x\"}"}},
    {"$mm is not first", 3, 1, {LOG, "{\"a\":1,\"$mm\":\"mark\"}"}},
    {"$mm is no string", 3, 1, {LOG, "{\"$mm\":1}"}},
    {"a record is lost", 3, 1, {LOG, "N 2", MARK}},
    {"a record is doubled", 3, 2, {LOG, MARK, "N 1", MARK}},
    {"records are swapped", 3, 1, {LOG, "N 2", MARK, "N 1", MARK}},
    {"a mark without position", 3, 1, {LOG, "{\"$mm\":\"mark\"}"}},
    {"length 0", 3, 1, {LOG, "L 0"}},
    {"length 4", 3, 1, {LOG, "L 4"}},
    {"length -1", 3, 1, {LOG, "L -1"}},
    {"length 2^31-1", 3, 1, {LOG, "L 2147483647"}},
    {"length 17 MiB + 1", 3, 1, {LOG, "L 17825793"}},
    {"length 17 MiB, cut", 3, 1, {LOG, "L 17825792"}},
    {"block length 0", 3, 2, {SNAP, COLL, "B 1 0 1 0 1"}},
    {"block length -1", 3, 2, {SNAP, COLL, "B 1 0 1 -1 1"}},
    {"block length 2^31-1", 3, 2, {SNAP, COLL, "B 1 0 1 2147483647 1"}},
    {"block length 2^63-1", 3, 2,
	{SNAP, COLL, "B 1 0 1 9223372036854775807 1"}},
    {"block length 32 MiB + 1", 3, 2, {SNAP, COLL, "B 1 0 1 33554433 1"}},
    {"block of 0 documents", 3, 2, {SNAP, COLL, "B 1 0 0 5 1"}},
    {"block of -1 documents", 3, 2, {SNAP, COLL, "B 1 0 -1 5 1"}},
    {"more documents than bytes", 3, 2, {SNAP, COLL, "B 1 0 2 5 1"}},
    {"fewer documents than said", 3, 2, {SNAP, COLL, "B 1 0 1 10 2"}},
    {"block longer than it is", 3, 2, {SNAP, COLL, "B 1 0 3 20 3", COLL}},
    {"block shorter than it is", 3, 2, {SNAP, COLL, "B 1 0 2 10 3", COLL}},
    {"block 1 first", 3, 2, {SNAP, COLL, "B 1 1 3 15 3"}},
    {"block 0 again", 3, 3, {SNAP, COLL, "B 1 0 3 15 3", "B 1 0 3 15 3"}},
    {"block of nothing announced", 3, 1, {SNAP, "B 1 0 3 15 3"}},
    {"block 0 in a snapshot", 3, 1, {SNAP, "B 0 0 3 15 3"}},
    {"block 0 in a log", 0, 3, {LOG, "B 0 0 3 15 3", END("until", 1, 3, 15)}},
    {"block 1 in a log", 3, 1, {LOG, "B 1 0 3 15 3"}},
    {"block behind its end", 3, 4, {GOOD, "B 1 1 3 15 3"}},
    {"collection twice", 3, 2, {SNAP, COLL, COLL}},
    {"negative collection", 3, 1,
	{SNAP, "{\"$mm\":\"coll\",\"c\":-1,\"db\":\"d\",\"coll\":\"c\"}"}},
    {"collection without name", 3, 1,
	{SNAP, "{\"$mm\":\"coll\",\"c\":1,\"db\":\"d\"}"}},
    {"end of nothing announced", 3, 1, {SNAP, CEND(0, 0)}},
    {"two ends of a collection", 3, 4, {GOOD, CEND(3, 15)}},
    {"end with other count", 3, 3, {SNAP, COLL, "B 1 0 3 15 3", CEND(4, 15)}},
    {"end with other bytes", 3, 3, {SNAP, COLL, "B 1 0 3 15 3", CEND(3, 16)}},
    {"total of blocks", 3, 4, {GOOD, END("complete", 2, 3, 15)}},
    {"total of documents", 3, 4, {GOOD, END("complete", 1, 2, 15)}},
    {"total of bytes", 3, 4, {GOOD, END("complete", 1, 3, 14)}},
    {"complete without an end", 3, 2, {SNAP, COLL, END("complete", 0, 0, 0)}},
    {"stopped without an end", 0, 3, {SNAP, COLL, END("signal", 0, 0, 0)}},
    {"a view needs none", 0, 3, {SNAP, VIEW, END("complete", 0, 0, 0)}},
    {"int32 where int64 is due", 3, 1,
	{LOG,
	    "{\"$mm\":\"end\",\"reason\":\"until\",\"blocks\":0,\"docs\":0,"
	    "\"bytes\":0}"}},
};

static void
table(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct builder b = {.out = BUF_INIT};

		for (int l = 0; l < 8 && cases[i].line[l]; l++)
			add_line(&b, cases[i].line[l]);
		for (int units = 0; units < 2; units++) {
			struct given g =
			    read_bytes(b.out.data, b.out.len, units);

			OK((int)g.status == cases[i].status &&
				g.items == cases[i].items,
			    "%s%s: %d, %d items: %s", cases[i].name,
			    units ? " (units)" : "", g.status, g.items,
			    g.error.message);
			given_release(&g);
		}
		buf_release(&b.out);
	}
}

/* The largest document, and one byte more. */
static void
largest(void)
{
	for (uint32_t more = 0; more < 2; more++) {
		struct stream_out_opts opts = {.name = "it", .level = 1};
		bson_t head = BSON_INITIALIZER;
		uint32_t len = STREAM_DOC_MAX + more;
		uint32_t le = BSON_UINT32_TO_LE(len);
		uint8_t *doc = bson_malloc0(len);
		struct block block = {0};
		struct stream_out *out;

		memcpy(doc, &le, 4);
		opts.fd = memory_file("", 0);
		out = stream_out_new(&opts, STREAM_OPLOG, &head, NULL);
		block_add(&block, doc, len);
		stream_put_block(out, &block, NULL, NULL);
		stream_put_end(out, "until", NULL, NULL);
		for (int units = 0; units < 2; units++) {
			struct given g = {.bytes = BUF_INIT};

			lseek(opts.fd, 0, SEEK_SET);
			if (units)
				read_units_fd(opts.fd, &g);
			else
				read_items_fd(opts.fd, &g);
			OK(g.status == (more ? MM_EXIT_STREAM : MM_EXIT_OK) &&
				g.items == (more ? 1 : 3),
			    "a document of %u bytes%s: %s", len,
			    units ? " (units)" : "", g.error.message);
			given_release(&g);
		}
		stream_out_free(out);
		block_release(&block);
		close(opts.fd);
		bson_free(doc);
	}
}

/* Input of other programs. */
static void
foreign(void)
{
	static const char *const inputs[] = {"GET / HTTP/1.1\r\n\r\n",
	    "\x1f\x8b\x08\x00gzip", "\x6d\xe2\x99\x81 an archive", "a",
	    "\x28\xb5\x2f\xfd", "\x50\x2a\x4d\x18", "{\"a\":1}\n"};

	for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
		struct given g =
		    read_bytes(inputs[i], strlen(inputs[i]), i % 2);

		OK(g.status == MM_EXIT_STREAM && g.items == 0, "foreign: %s",
		    g.error.message);
		given_release(&g);
	}
}

int
main(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
	/* Whoever believes a length dies here. */
	struct rlimit limit = {400u << 20, 400u << 20};

	if (!getenv("VG"))
		setrlimit(RLIMIT_AS, &limit);
#endif
	table();
	largest();
	foreign();
	return tap_done();
}
