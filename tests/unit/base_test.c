/* optime, clock, doc, array, error, opt values, queue, tags: what the other
 * layers stand on.
 */
#include <pthread.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/doc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/opt.h"
#include "base/optime.h"
#include "base/queue.h"
#include "base/tags.h"
#include "tap.h"

static void
test_optime(void)
{
	static const struct {
		const char *text;
		bool ok;
		struct optime o;
	} t[] = {
	    {"1:2:3", true, {1, 2, 3}},
	    {"1795344204:26", true, {1795344204u, 26, -1}},
	    {"4294967295:4294967295:9223372036854775807", true,
		{4294967295u, 4294967295u, INT64_MAX}},
	    {"2026-11-22T10:00:00Z", true, {1795341600u, 0, -1}},
	    {"4294967296:1", false, {0}},
	    {"1", false, {0}},
	    {"1:", false, {0}},
	    {"1:2:", false, {0}},
	    {"1:2:3:4", false, {0}},
	    {"-1:2", false, {0}},
	    {"1:2x", false, {0}},
	    {"", false, {0}},
	    {"2026-11-22T", false, {0}},
	};
	char text[OPTIME_TEXT];
	bson_t doc = BSON_INITIALIZER;
	struct optime o;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		bool ok = optime_parse(t[i].text, &o, NULL);

		OK(ok == t[i].ok &&
			(!ok ||
			    (optime_same(o, t[i].o) && o.term == t[i].o.term)),
		    "optime_parse \"%s\"", t[i].text);
	}
	o = (struct optime){7, 8, 9};
	OK(strcmp(optime_text(o, text), "7:8:9") == 0, "optime_text");
	optime_append(&doc, "p", o);
	OK(optime_read(&doc, "p", &o) && o.secs == 7 && o.inc == 8 &&
		o.term == 9,
	    "optime through a document");
	OK(!optime_read(&doc, "q", &o), "no such position");
	bson_destroy(&doc);
}

static void
test_clock(void)
{
	struct timespec now = clock_after(CLOCK_MONOTONIC, 0), then;
	char text[CLOCK_TEXT];

	OK(strcmp(clock_text(1795341600, text), "2026-11-22T10:00:00Z") == 0,
	    "a time as text");
	/* Whatever the part of the second, one of these carries. */
	for (int ms = 100; ms <= 1900; ms += 600) {
		then = clock_after(CLOCK_MONOTONIC, ms);
		OK(then.tv_nsec < 1000000000 &&
			(then.tv_sec - now.tv_sec) * 1000 +
				(then.tv_nsec - now.tv_nsec) / 1000000 >=
			    ms,
		    "%d ms from now", ms);
	}
}

static void
test_doc(void)
{
	bson_t *d = tap_json5("{'n': 7.0, 'deep': {'list': [1, {'s': 'x'}]},"
			      " 'at': {'$date': {'$numberLong': '12'}},"
			      " 'b': {'$hex': '0102'}, 'no': null}");
	uint8_t two[2] = {0}, three[3];
	bson_iter_t it;
	bson_t sub;

	OK(doc_int(d, "n") == 7 && doc_int(d, "deep.list.0") == 1 &&
		doc_int(d, "deep") == 0 && doc_int(d, "gone.n") == 0,
	    "numbers");
	OK(doc_date(d, "at") == 12 && doc_date(d, "n") == 0, "dates");
	OK(doc_bool(d, "n") && !doc_bool(d, "no") && !doc_bool(d, "gone"),
	    "truth");
	OK(strcmp(doc_text(d, "deep.list.1.s"), "x") == 0 &&
		!doc_text(d, "n") && !doc_text(NULL, "n") &&
		strcmp(doc_text_or(d, "n", "none"), "none") == 0,
	    "texts");
	OK(doc_bytes(d, "b", two, 2) && two[0] == 1 && two[1] == 2 &&
		!doc_bytes(d, "b", three, 3) && !doc_bytes(d, "n", two, 2),
	    "bytes of one length only");
	OK(doc_sub(d, "deep", &sub) && doc_sub(&sub, "list", &sub) &&
		doc_int(&sub, "0") == 1 && !doc_sub(d, "n", &sub),
	    "embedded documents and arrays");
	bson_destroy(d);
	d = tap_json5(
	    "{'0': 1, '1': {'n': 1}, '2': [{'n': 9}], '3': {'n': 2}}");
	OK(bson_iter_init(&it, d) && doc_next(&it, &sub) &&
		doc_int(&sub, "n") == 1 && doc_next(&it, &sub) &&
		doc_int(&sub, "n") == 2 && !doc_next(&it, &sub),
	    "one document after the other");
	bson_destroy(d);
}

static void
test_array(void)
{
	bson_t *want = tap_json5("{'a': [{'n': 1}, 'x', {'n': 2}, true]}");
	bson_t *one = tap_json5("{'n': 1}"), got = BSON_INITIALIZER, a, sub;
	char room[ARRAY_KEY];
	uint32_t n = 0;

	BSON_APPEND_ARRAY_BEGIN(&got, "a", &a);
	array_add(&a, &n, one);
	array_add_text(&a, &n, "x");
	array_begin(&a, &n, &sub);
	BSON_APPEND_INT32(&sub, "n", 2);
	bson_append_document_end(&a, &sub);
	bson_append_bool(&a, array_key(&n, room), -1, true);
	bson_append_array_end(&got, &a);
	OK(n == 4 && bson_equal(&got, want), "an array by its elements");
	bson_reinit(&got);
	array_copy(want, "gone", &got);
	array_copy(want, "a", &got);
	OK(bson_equal(&got, want), "an array of another document");
	bson_destroy(&got);
	bson_destroy(one);
	bson_destroy(want);
}

static void
test_error(void)
{
	bson_error_t error;

	OK(!error_set(&error, MM_EXIT_STREAM, 5, "x %d", 1), "always false");
	OK(!error_prefix(&error, "in %s", "a"), "prefix");
	OK(strcmp(error.message, "in a: x 1") == 0, "message");
	OK(error_status(&error) == MM_EXIT_STREAM && error.code == 5, "status");
	error.domain = 1;
	OK(error_status(&error) == MM_EXIT_INTERNAL, "foreign domain is 70");
}

static void
test_bytes(void)
{
	int64_t v;

	OK(opt_bytes("64M", &v, NULL) && v == 64 << 20, "64M");
	OK(opt_bytes("1024", &v, NULL) && v == 1024, "1024");
	OK(!opt_bytes("64X", &v, NULL), "64X");
	OK(!opt_bytes("-1", &v, NULL), "-1");
	OK(!opt_bytes("9223372036854775807K", &v, NULL), "overflow");
}

enum { ITEMS = 20000 };

static void *
produce(void *arg)
{
	static int item[ITEMS];

	for (int i = 0; i < ITEMS; i++) {
		item[i] = i;
		if (!queue_put(arg, &item[i], 10))
			return NULL;
	}
	queue_close(arg);
	return NULL;
}

static void
test_queue(void)
{
	struct queue *q = queue_new(16, 45);
	pthread_t t;
	int *item, next = 0;

	pthread_create(&t, NULL, produce, q);
	while ((item = queue_get(q)) && *item == next)
		next++;
	pthread_join(t, NULL);
	OK(next == ITEMS, "queue keeps order, then ends");
	OK(!queue_put(q, &next, 1), "closed queue takes nothing");
	queue_free(q);
	q = queue_new(4, 10);
	OK(queue_put(q, &next, 99), "an item over the budget passes alone");
	queue_abort(q);
	OK(queue_get(q) == NULL, "aborted queue gives nothing");
	OK(queue_take(q) == &next && queue_take(q) == NULL, "but is drained");
	queue_free(q);
}

/* Against a plain array; few homes, so that most stand elsewhere. */
static void
test_tags(void)
{
	enum { KEYS = 3000, STEPS = 60000, SPACE = 7 };
	static unsigned plain[KEYS];
	uint64_t random = 42;
	size_t n = 0, wrong = 0;
	struct tags t;

	tags_init(&t, 1500);
	for (int step = 0; step < STEPS; step++) {
		size_t key;
		unsigned number;
		bool room;

		random = random * UINT64_C(6364136223846793005) + 1;
		key = (size_t)(random >> 33) % KEYS;
		number = (unsigned)(random >> 60) % (TAGS_MAX + 1);
		if (step % 3 == 0)
			number = 0;
		room = plain[key] || number == 0 || n < 1500;
		if (tags_set(&t,
			(key / SPACE + 3900) << 4 | (uint64_t)key << 40,
			number) != room)
			wrong++;
		if (!room)
			continue;
		n += (size_t)(number != 0) - (size_t)(plain[key] != 0);
		plain[key] = number;
	}
	for (size_t key = 0; key < KEYS; key++)
		wrong += tags_get(&t,
			     (key / SPACE + 3900) << 4 | (uint64_t)key << 40) !=
		    plain[key];
	OK(wrong == 0 && t.used == n, "tags: set, forgotten, bounded");
	tags_release(&t);
}

int
main(void)
{
	char text[SHA256_TEXT];
	struct sha256 *h = sha256_new();

	sha256_add(h, "abc", 3);
	OK(strcmp(sha256_finish(h, text),
	       "ba7816bf8f01cfea414140de5dae2223"
	       "b00361a396177a9cb410ff61f20015ad") == 0,
	    "sha256 of abc");
	test_optime();
	test_clock();
	test_doc();
	test_array();
	test_error();
	test_bytes();
	test_queue();
	test_tags();
	return tap_done();
}
