/* What mm-diff pairs with what, and how it shows a value. What it finds is
 * tested with servers (tests/bats/diff.bats). */
#include <string.h>

#include "engine/compare_task.h"
#include "engine/compare_text.h"
#include "tap.h"

static const struct {
	const char *include[3], *exclude[2], *from[3], *to[3];
	const char *target, *source; /* source NULL: not in the selection */
} unmap[] = {
    {{NULL}, {NULL}, {NULL}, {NULL}, "shop.a", "shop.a"},
    {{"shop.*"}, {NULL}, {NULL}, {NULL}, "shop.a", "shop.a"},
    {{"shop.*"}, {NULL}, {NULL}, {NULL}, "other.a", NULL},
    {{"shop.*"}, {NULL}, {"shop.*"}, {"store.*"}, "store.a.b", "shop.a.b"},
    /* Nothing of the selection keeps this name. */
    {{"shop.*"}, {NULL}, {"shop.*"}, {"store.*"}, "shop.a", NULL},
    {{"shop.*"}, {NULL}, {"shop.*"}, {"store.old_*"}, "store.a", NULL},
    {{"shop.*"}, {NULL}, {"shop.*"}, {"store.old_*"}, "store.old_a", "shop.a"},
    {{"shop.*"}, {"shop.a*"}, {"shop.*"}, {"store.*"}, "store.ab", NULL},
    /* One collection renamed, the others not. */
    {{"shop.*"}, {NULL}, {"shop.a"}, {"shop.z"}, "shop.z", "shop.a"},
    {{"shop.*"}, {NULL}, {"shop.a"}, {"shop.z"}, "shop.b", "shop.b"},
    {{"shop.*"}, {NULL}, {"shop.a"}, {"shop.z"}, "shop.a", NULL},
    /* The last pair that matches a name of the source decides. */
    {{"shop.*"}, {NULL}, {"shop.*", "shop.a*"}, {"y.*", "x.*"}, "y.b",
	"shop.b"},
    {{"shop.*"}, {NULL}, {"shop.*", "shop.a*"}, {"y.*", "x.*"}, "x.b",
	"shop.ab"},
    {{"shop.*"}, {NULL}, {"shop.*", "shop.a*"}, {"y.*", "x.*"}, "y.ab", NULL},
    {{NULL}, {NULL}, {"$d$.$c$"}, {"one.$d$_$c$"}, "one.shop_a", "shop.a"},
};

static struct opt_list
list_of(const char *const *text, size_t max)
{
	struct opt_list list = {(const char **)text, 0};

	while (list.n < max && text[list.n])
		list.n++;
	return list;
}

static void
test_unmap(void)
{
	for (size_t i = 0; i < sizeof unmap / sizeof *unmap; i++) {
		struct ns_flags flags = {
		    .include = list_of(unmap[i].include, 3),
		    .exclude = list_of(unmap[i].exclude, 2),
		    .from = list_of(unmap[i].from, 3),
		    .to = list_of(unmap[i].to, 3),
		};
		char got[NS_MAX + 1] = "";
		struct ns_rules *rules;
		bson_error_t error;
		bool found;

		rules = ns_rules_new(&flags, &error);
		if (!rules) {
			OK(false, "case %zu: %s", i, error.message);
			continue;
		}
		found = pair_unmap(&flags, rules, unmap[i].target, got);
		OK(found == (unmap[i].source != NULL) &&
			(!found || strcmp(got, unmap[i].source) == 0),
		    "case %zu: %s comes from %s", i, unmap[i].target,
		    found ? got : "nothing");
		ns_rules_free(rules);
	}
}

/* The value "v" of a document as the report shows it. */
static bool
shows(const bson_t *doc, const char *wanted)
{
	struct buf out = BUF_INIT;
	struct elem e;
	bool same;

	if (!walk_find(bson_get_data(doc), doc->len, "v", &e))
		return false;
	text_value(&out, &e.value);
	same =
	    out.len == strlen(wanted) && memcmp(out.data, wanted, out.len) == 0;
	if (!same)
		tap_note("%.*s", (int)out.len, (const char *)out.data);
	buf_release(&out);
	return same;
}

static void
test_values(void)
{
	static const uint8_t raw[] = {1, 0, 0, 0, 0xff, 0};
	bson_t doc = BSON_INITIALIZER;
	const struct value bad = {
	    BSON_TYPE_UTF8, (const uint8_t *)"\3\0\0\0\xff\xfe", 7};
	const struct value nul = {
	    BSON_TYPE_UTF8, (const uint8_t *)"\4\0\0\0a\0b", 8};
	const struct value subtype = {BSON_TYPE_BINARY, raw, sizeof raw};

	BSON_APPEND_INT32(&doc, "v", 1);
	OK(shows(&doc, "{ \"$numberInt\" : \"1\" }"), "int32");
	bson_reinit(&doc);
	BSON_APPEND_DOUBLE(&doc, "v", 1);
	OK(shows(&doc, "{ \"$numberDouble\" : \"1.0\" }"), "double");
	bson_reinit(&doc);
	BSON_APPEND_NULL(&doc, "v");
	OK(shows(&doc, "null"), "null");
	bson_reinit(&doc);
	BSON_APPEND_UTF8(&doc, "v", "a\"\n}");
	OK(shows(&doc, "\"a\\\"\\n}\""), "text is escaped");
	bson_reinit(&doc);
	compare_append_value(&doc, "v", &nul);
	OK(shows(&doc, "\"a\\u0000b\""), "text with NUL");
	bson_reinit(&doc);
	compare_append_value(&doc, "v", &bad);
	OK(shows(
	       &doc, "{\"$raw\": {\"type\": 2, \"hex\": \"03000000fffe00\"}}"),
	    "text that is no UTF-8");
	bson_reinit(&doc);
	compare_append_value(&doc, "v", &subtype);
	OK(doc.len == 4 + 3 + sizeof raw + 1 &&
		memcmp(bson_get_data(&doc) + 7, raw, sizeof raw) == 0,
	    "a value is appended byte for byte");
	bson_destroy(&doc);
}

/* Names and counts in lines that scripts read. */
static void
test_lines(void)
{
	static const struct report_fact fact = {.class = DIFF_METADATA,
	    .what = "index",
	    .name = "a\t1",
	    .detail = "differs in unique"};
	static struct pair pair = {.ns = "shop.a\x1b[31m", .target_ns = "x.y"};
	struct pair_list list = {.item = &pair, .n = 1};
	struct buf out = BUF_INIT;
	const char *text;

	text_fact(&out, &pair, &fact);
	buf_add_byte(&out, 0);
	text = "metadata\tshop.a\\x1b[31m\tindex a\\x091\tdiffers in unique\n";
	OK(strcmp((char *)out.data, text) == 0, "a fact, nothing raw in it");
	buf_clear(&out);
	json_fact(&out, &pair, &fact);
	buf_add_byte(&out, 0);
	text = "{\"class\": \"metadata\", \"ns\": \"shop.a\\u001b[31m\", "
	       "\"target_ns\": \"x.y\", \"what\": \"index\", \"name\": "
	       "\"a\\t1\", \"detail\": \"differs in unique\"}\n";
	OK(strcmp((char *)out.data, text) == 0, "the same as JSON");
	buf_clear(&out);
	atomic_store(&pair.tally.source_docs, 5);
	atomic_store(&pair.tally.found[DIFF_EXTRA], 2);
	atomic_store(&pair.tally.found[DIFF_STAGED], 1);
	atomic_store(&pair.tally.found[DIFF_PENDING], 3);
	text_summary(&out, &list, true, false);
	buf_add_byte(&out, 0);
	text = "\ntotal: collections=1 source=5 target=0 missing=0 extra=2 "
	       "content=0 order-only=0 type-only=0 sequence=0 stale=0 "
	       "foreign=0 range=0 metadata=0 staged=1 pending=3 unstable=0 "
	       "differences=2\n";
	OK(strstr((char *)out.data, text) != NULL,
	    "the last line; staged and pending are no difference");
	buf_clear(&out);
	text_summary(&out, &list, false, true);
	buf_add_byte(&out, 0);
	OK(strstr((char *)out.data, "\nstopped, not a result: ") &&
		!strstr((char *)out.data, "total"),
	    "stopped: it says so, and gives no total");
	buf_release(&out);
}

int
main(void)
{
	test_unmap();
	test_values();
	test_lines();
	return tap_done();
}
