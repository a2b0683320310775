/* common/mongo, writing: bulk, and collections and indexes. */
#include <string.h>

#include "model/docid.h"
#include "mongo/bulk.h"
#include "mongo/catalog.h"
#include "rig.h"
#include "tap.h"

#define FAULT(json) rig_run(&rig, "admin", json, NULL)
#define DOC_MAX (16 << 20)

static struct rig rig;
static struct bulk *bulk;
static const struct bulk_error *errors;
static size_t n_errors;
static bson_error_t error;

static void
add(void (*f)(struct bulk *, const uint8_t *, size_t), const char *json)
{
	bson_t *doc = tap_json(json);

	f(bulk, bson_get_data(doc), doc->len);
	bson_destroy(doc);
}

static enum bulk_outcome
run(void)
{
	memset(&error, 0, sizeof error);
	return bulk_run(bulk, &errors, &n_errors, &error);
}

static void
keep(void *arg, const bson_t *doc)
{
	bson_t **out = arg;

	bson_destroy(*out);
	*out = bson_copy(doc);
}

/* The document of that `_id` is what is stored, byte for byte. */
static bool
stored(const char *ns, const bson_t *doc)
{
	bson_t *found = NULL;
	struct value id;
	bool same;

	docid_of(doc, &id, NULL);
	same = bulk_read_ids(rig.conn, ns, &id, 1, keep, &found, &error) &&
	    found && bson_equal(found, doc);
	bson_destroy(found);
	return same;
}

static void
is_stored(const char *ns, const char *json)
{
	bson_t *doc = tap_json(json);

	OK(stored(ns, doc), "%s holds %s", ns, json);
	bson_destroy(doc);
}

static int64_t
count(const char *coll)
{
	char *json = bson_strdup_printf("{\"count\":\"%s\"}", coll);
	bson_iter_t it;
	int64_t n = -1;
	bson_t reply;

	rig_run(&rig, "t", json, &reply);
	if (bson_iter_init_find(&it, &reply, "n"))
		n = bson_iter_as_int64(&it);
	bson_destroy(&reply);
	bson_free(json);
	return n;
}

static void
test_errors(void)
{
	bulk_begin(bulk, "t.e", false);
	add(bulk_insert, "{\"_id\":1}");
	add(bulk_insert, "{\"_id\":1,\"x\":\"secret\"}");
	add(bulk_insert, "{\"_id\":2}");
	OK(bulk_count(bulk) == 3 && bulk_bytes(bulk) > 30, "three added");
	OK(run() == BULK_ERRORS && n_errors == 1 && errors[0].index == 1 &&
		errors[0].code == 11000 && errors[0].duplicate_id,
	    "unordered: %s", n_errors ? errors[0].message : "?");
	OK(count("e") == 2, "all others are done");
	bulk_begin(bulk, "t.o", true);
	add(bulk_insert, "{\"_id\":1}");
	add(bulk_replace, "{\"_id\":2,\"a\":1}");
	add(bulk_insert, "{\"_id\":2}");
	add(bulk_insert, "{\"_id\":3}");
	OK(run() == BULK_ERRORS && n_errors == 1 && errors[0].index == 2,
	    "ordered: the first error ends it");
	OK(count("o") == 2, "none after it is done");
	bulk_begin(bulk, "nonsense", false);
	add(bulk_insert, "{\"_id\":1}");
	OK(run() == BULK_FAILED && error_status(&error) == MM_EXIT_REFUSED,
	    "no namespace: %s", error.message);
	bulk_begin(bulk, "t.o", false);
	add(bulk_replace, "{\"a\":1}");
	OK(run() == BULK_FAILED && error_status(&error) == MM_EXIT_REFUSED,
	    "no _id: %s", error.message);
	bulk_begin(bulk, "t.o", false);
	OK(run() == BULK_CLEAN, "nothing to do");
}

/* What the driver's own bulk would refuse, or a server change. */
static void
test_bytes(void)
{
	static const char *const odd[] = {"{\"_id\":{\"a\":1},\"x\":1}",
	    "{\"_id\":null,\"x\":1}",
	    "{\"_id\":{\"a\":{\"$numberLong\":\"1\"},\"b\":[1]},\"x\":2}",
	    "{\"x\":1,\"\":2,\"a.b\":3,\"n\":{\"$y\":1},\"_id\":\"late\"}",
	    "{\"_id\":\"ts\",\"t\":{\"$timestamp\":{\"t\":0,\"i\":0}},"
	    "\"s\":{\"t\":{\"$timestamp\":{\"t\":0,\"i\":0}}}}",
	    "{\"_id\":\"dup\",\"a\":1,\"b\":2,\"a\":3}",
	    "{\"_id\":{\"$numberDecimal\":\"1.50\"},\"x\":"
	    "{\"$numberDouble\":\"-0.0\"}}"};
	const size_t n = sizeof odd / sizeof *odd;

	for (int pass = 0; pass < 3; pass++) {
		const char *ns = pass == 0 ? "t.ins" : "t.rep";

		bulk_begin(bulk, ns, pass == 2);
		for (size_t i = 0; i < n; i++)
			if (!(pass == 0 && strstr(odd[i], "\"late\"")))
				add(pass == 0 ? bulk_insert : bulk_replace,
				    odd[i]);
		OK(run() == BULK_CLEAN, "pass %d: %s", pass, error.message);
		for (size_t i = 0; i < n; i++)
			if (!strstr(odd[i], "\"late\""))
				is_stored(ns, odd[i]);
		OK(count(ns + 2) == (pass == 0 ? (int64_t)n - 1 : (int64_t)n),
		    "once each");
	}
	bulk_begin(bulk, "t.rep", false);
	add(bulk_replace, "{\"_id\":\"dup\",\"$set\":{\"a\":1}}");
	OK(run() == BULK_CLEAN, "a name with $ in front: %s", error.message);
	is_stored("t.rep", "{\"_id\":\"dup\",\"$set\":{\"a\":1}}");
}

static void
test_large(void)
{
	bson_t doc = BSON_INITIALIZER;
	struct value id;
	size_t room = DOC_MAX - 5 - 9 - (1 + 2 + 4 + 1);
	char *text = bson_malloc(room + 1);

	memset(text, 'y', room);
	text[room] = '\0';
	BSON_APPEND_INT32(&doc, "_id", 1);
	bson_append_utf8(&doc, "t", 1, text, (int)room);
	OK(doc.len == DOC_MAX, "a document of %u bytes", doc.len);
	bulk_begin(bulk, "t.large", false);
	bulk_insert(bulk, bson_get_data(&doc), doc.len);
	OK(run() == BULK_CLEAN && stored("t.large", &doc), "inserted: %s",
	    error.message);
	bulk_begin(bulk, "t.large", false);
	bulk_replace(bulk, bson_get_data(&doc), doc.len);
	add(bulk_replace, "{\"_id\":2}");
	OK(run() == BULK_CLEAN && stored("t.large", &doc), "replaced: %s",
	    error.message);
	docid_of(&doc, &id, NULL);
	bulk_begin(bulk, "t.large", true);
	bulk_delete(bulk, &id);
	add(bulk_insert, "{\"_id\":1,\"small\":1}");
	OK(run() == BULK_CLEAN && count("large") == 2, "deleted, made anew");
	is_stored("t.large", "{\"_id\":1,\"small\":1}");
	bson_destroy(&doc);
	bson_free(text);
}

static void
test_many(void)
{
	const int n = 250000;

	bulk_begin(bulk, "t.many", false);
	for (int i = 0; i < n; i++) {
		bson_t doc = BSON_INITIALIZER;

		BSON_APPEND_INT32(&doc, "_id", i % (n - 1));
		BSON_APPEND_UTF8(&doc, "text",
		    "some text that makes it a hundred bytes or so: "
		    "............................");
		bulk_insert(bulk, bson_get_data(&doc), doc.len);
		bson_destroy(&doc);
	}
	OK(run() == BULK_ERRORS && n_errors == 1 &&
		errors[0].index == (size_t)n - 1,
	    "several commands, the index of the error counts over all");
	OK(count("many") == n - 1, "all others are there");
}

static void
test_faults(void)
{
	int64_t before = rig_fired(&rig, "loseReply");

	FAULT("{\"simulate\":\"loseReply\",\"command\":\"insert\"}");
	bulk_begin(bulk, "t.f", false);
	for (int i = 0; i < 3; i++) {
		char json[32];

		snprintf(json, sizeof json, "{\"_id\":%d}", i);
		add(bulk_insert, json);
	}
	OK(run() == BULK_CLEAN && n_errors == 0,
	    "a lost reply: sent again, nothing done twice: %s", error.message);
	FAULT("{\"simulate\":\"loseReply\",\"command\":\"update\"}");
	bulk_begin(bulk, "t.f", true);
	add(bulk_replace, "{\"_id\":1,\"a\":1}");
	OK(run() == BULK_CLEAN, "the same with update");
	OK(rig_fired(&rig, "loseReply") == before + 2, "both were lost");
	FAULT("{\"simulate\":\"writeConcernError\",\"command\":\"insert\"}");
	bulk_begin(bulk, "t.f", false);
	add(bulk_insert, "{\"_id\":1}");
	add(bulk_insert, "{\"_id\":9}");
	OK(run() == BULK_UNKNOWN && error.code == 64 &&
		error_status(&error) == MM_EXIT_TARGET && n_errors == 1 &&
		errors[0].index == 0,
	    "both kinds of error in one reply: %s", error.message);
	FAULT("{\"simulate\":\"fail\",\"command\":\"insert\",\"code\":91}");
	bulk_begin(bulk, "t.f", false);
	add(bulk_insert, "{\"_id\":10}");
	OK(run() == BULK_CLEAN && count("f") == 5, "shutting down: again");
	FAULT("{\"simulate\":\"fail\",\"command\":\"insert\",\"code\":13,"
	      "\"times\":2}");
	bulk_begin(bulk, "t.f", false);
	add(bulk_insert, "{\"_id\":11}");
	OK(run() == BULK_FAILED && error_status(&error) == MM_EXIT_REFUSED,
	    "no right: %s", error.message);
	bulk_begin(bulk, "t.f", false);
	add(bulk_insert, "{\"_id\":12}");
	OK(run() == BULK_CLEAN, "without passing by validators");
}

static void
make(const char *ns, const char *options, bool *existed)
{
	bson_t *o = tap_json(options);

	OK(catalog_create(rig.conn, ns, o, NULL, existed, &error),
	    "create %s %s: %s", ns, options, error.message);
	bson_destroy(o);
}

static bool
index_there(const char *ns, const char *want)
{
	bson_t *spec = tap_json(want), one;
	struct coll c;
	bool found = false;
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;

	if (catalog_one(rig.conn, ns, &c, &error) == 1 &&
	    bson_iter_init(&it, &c.indexes))
		while (!found && bson_iter_next(&it)) {
			bson_iter_document(&it, &len, &data);
			bson_init_static(&one, data, len);
			found = index_same(&one, spec, NULL);
		}
	coll_release(&c);
	bson_destroy(spec);
	return found;
}

static void
test_create(void)
{
	struct ns_flags flags = {.db = "cat"};
	struct ns_rules *rules = ns_rules_new(&flags, &error);
	struct coll_list list;
	bson_t *specs;
	bool existed;

	make("cat.b", "{}", &existed);
	OK(!existed, "it is new");
	make("cat.b", "{}", &existed);
	OK(existed, "it was there");
	make("cat.cap",
	    "{\"capped\":true,\"size\":8192,\"max\":10,\"temp\":true,"
	    "\"autoIndexId\":true,\"unheardOf\":1}",
	    &existed);
	make("cat.a", "{\"viewOn\":\"b\",\"pipeline\":[]}", &existed);
	OK(catalog_list(rig.conn, rules, true, &list, &error) && list.n == 3 &&
		strcmp(list.item[0].ns, "cat.b") == 0 &&
		list.item[0].has_uuid && list.item[0].type == COLL_PLAIN &&
		strcmp(list.item[1].name, "cap") == 0 &&
		list.item[1].type == COLL_CAPPED &&
		strcmp(list.item[2].ns, "cat.a") == 0 &&
		list.item[2].type == COLL_VIEW &&
		bson_empty(&list.item[2].indexes),
	    "listed in order, views last: %s", error.message);
	coll_list_release(&list);
	specs = tap_json("{\"0\":{\"v\":1,\"key\":{\"x\":1},\"name\":\"x_1\","
			 "\"ns\":\"old.ns\",\"background\":true},"
			 "\"1\":{\"key\":{\"y\":-1},\"name\":\"y\"}}");
	for (int i = 0; i < 2; i++)
		OK(catalog_create_indexes(rig.conn, "cat.b", specs, &error),
		    "indexes, time %d: %s", i + 1, error.message);
	bson_destroy(specs);
	OK(index_there("cat.b", "{\"key\":{\"x\":1},\"name\":\"x_1\"}") &&
		index_there("cat.b", "{\"key\":{\"y\":-1},\"name\":\"y\"}"),
	    "they are there");
	specs = tap_json("{\"key\":{\"t\":1},\"name\":\"ttl\","
			 "\"expireAfterSeconds\":60}");
	for (int i = 0; i < 2; i++)
		OK(catalog_create_ttl_asleep(rig.conn, "cat.b", specs, &error),
		    "asleep, time %d: %s", i + 1, error.message);
	bson_destroy(specs);
	OK(index_there("cat.b",
	       "{\"key\":{\"t\":1},\"name\":\"ttl\","
	       "\"expireAfterSeconds\":2147483647}"),
	    "it sleeps");
	bulk_begin(bulk, "cat.b", false);
	add(bulk_insert, "{\"_id\":1,\"u\":\"secret\"}");
	add(bulk_insert, "{\"_id\":2,\"u\":\"secret\"}");
	OK(run() == BULK_CLEAN, "two with the same value");
	specs = tap_json("{\"0\":{\"key\":{\"u\":1},\"name\":\"u_1\","
			 "\"unique\":true}}");
	OK(!catalog_create_indexes(rig.conn, "cat.b", specs, &error) &&
		error.code == 11000 && strstr(error.message, "\"u_1\"") &&
		strstr(error.message, "\"cat.b\"") &&
		!strstr(error.message, "secret"),
	    "a unique index refused: %s", error.message);
	bson_destroy(specs);
	OK(catalog_drop(rig.conn, "cat.b", &error) &&
		catalog_drop(rig.conn, "cat.b", &error),
	    "dropped, and dropped again");
	ns_rules_free(rules);
}

int
main(void)
{
	if (!rig_start(&rig, NULL))
		return tap_done();
	rig_open(&rig, SIDE_TARGET);
	bulk = bulk_new(rig.conn);
	test_errors();
	test_bytes();
	test_large();
	test_many();
	test_create();
	if (rig.sim)
		test_faults();
	bulk_free(bulk);
	rig_stop(&rig);
	return tap_done();
}
