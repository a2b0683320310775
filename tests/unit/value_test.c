/* The walker on damaged bytes, the order of values, and numbers against a
 * table made by exact arithmetic (tests/vectors/gen_numbers.py). */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "model/docid.h"
#include "model/value.h"
#include "tap.h"

static struct value
field(const bson_t *doc, const char *name)
{
	struct elem e;

	if (!walk_find(bson_get_data(doc), doc->len, name, &e))
		abort();
	return e.value;
}

static int
sign(int i)
{
	return i < 0 ? -1 : i > 0;
}

static bool
one_key(const struct value *a, const struct value *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool same;

	docid_canonical(a, &x);
	docid_canonical(b, &y);
	same = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
	if (same != (docid_hash(a) == docid_hash(b)))
		tap_note("hash does not follow the canonical bytes");
	buf_release(&x);
	buf_release(&y);
	return same;
}

enum { MAX = 1200 };

static void
test_numbers(void)
{
	char *path =
	    bson_strdup_printf("%s/vectors/numbers.jsonl", tap_tests_dir());
	static bson_t *doc[MAX];
	static struct value v[MAX];
	static int rank[MAX];
	char *save = NULL, *text;
	size_t len;
	int n = 0, order = 0, keys = 0;

	text = tap_read_file(path, &len);
	for (char *line = strtok_r(text, "\n", &save); line && n < MAX;
	     line = strtok_r(NULL, "\n", &save), n++) {
		bson_iter_t it;

		doc[n] = tap_json(line);
		v[n] = field(doc[n], "v");
		bson_iter_init_find(&it, doc[n], "rank");
		rank[n] = bson_iter_int32(&it);
	}
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n; k++) {
			int want = sign(rank[i] - rank[k]);

			if (sign(value_cmp(&v[i], &v[k])) != want &&
			    order++ < 5)
				tap_same_doc(doc[i], doc[k]);
			if (one_key(&v[i], &v[k]) != (want == 0) && keys++ < 5)
				tap_same_doc(doc[i], doc[k]);
		}
	OK(n > 500 && order == 0, "order of %d numbers, %d wrong", n, order);
	OK(keys == 0, "their keys, %d wrong", keys);
	for (int i = 0; i < n; i++)
		bson_destroy(doc[i]);
	bson_free(text);
	bson_free(path);
}

/* In the server's order; those in one line are equal. */
static const char *const ordered[] = {
    "{'a':{'$minKey':1}}",
    "{'a':{'$undefined':true}}",
    "{'a':null}",
    "{'a':{'$numberDouble':'NaN'},'b':{'$numberDecimal':'NaN'}}",
    "{'a':{'$numberDouble':'-Infinity'},'b':{'$numberDecimal':'-Infinity'}}",
    "{'a':-5}",
    "{'a':0,'b':-0.0,'c':{'$numberDecimal':'-0E+3'},'d':{'$numberLong':'0'}}",
    "{'a':1,'b':1.0,'c':{'$numberDecimal':'1.0'},'d':{'$numberLong':'1'}}",
    "{'a':{'$numberDouble':'Infinity'},'b':{'$numberDecimal':'Infinity'}}",
    "{'a':'','b':{'$symbol':''}}",
    "{'a':'A'}",
    "{'a':'a','b':{'$symbol':'a'}}",
    "{'a':'a\\u0000'}",
    "{'a':'ab'}",
    "{'a':'b'}",
    "{'a':'ü'}",
    "{'a':{}}",
    "{'a':{'a':1},'b':{'a':1.0}}",
    "{'a':{'a':1,'b':1}}",
    "{'a':{'a':1,'b':2}}",
    "{'a':{'b':0}}",
    "{'a':{'a':'x'}}",
    "{'a':{'a':{}}}",
    "{'a':[]}",
    "{'a':[0]}",
    "{'a':[1],'b':[1.0]}",
    "{'a':[1,0]}",
    "{'a':[2]}",
    "{'a':['a']}",
    "{'a':{'$binary':{'base64':'','subType':'00'}}}",
    "{'a':{'$binary':{'base64':'','subType':'05'}}}",
    "{'a':{'$binary':{'base64':'AA==','subType':'00'}}}",
    "{'a':{'$binary':{'base64':'/w==','subType':'00'}}}",
    "{'a':{'$binary':{'base64':'AA==','subType':'80'}}}",
    "{'a':{'$binary':{'base64':'AAA=','subType':'00'}}}",
    "{'a':{'$oid':'000000000000000000000000'}}",
    "{'a':{'$oid':'00000000000000000000000f'}}",
    "{'a':{'$oid':'f00000000000000000000000'}}",
    "{'a':false}",
    "{'a':true}",
    "{'a':{'$date':{'$numberLong':'-1'}}}",
    "{'a':{'$date':{'$numberLong':'0'}}}",
    "{'a':{'$date':{'$numberLong':'1'}}}",
    "{'a':{'$timestamp':{'t':0,'i':0}}}",
    "{'a':{'$timestamp':{'t':1,'i':5}}}",
    "{'a':{'$timestamp':{'t':4294967295,'i':0}}}",
    "{'a':{'$regularExpression':{'pattern':'a','options':''}}}",
    "{'a':{'$regularExpression':{'pattern':'a','options':'i'}}}",
    "{'a':{'$regularExpression':{'pattern':'b','options':''}}}",
    "{'a':{'$dbPointer':{'$ref':'a','$id':{'$oid':"
    "'000000000000000000000000'}}}}",
    "{'a':{'$dbPointer':{'$ref':'a','$id':{'$oid':"
    "'000000000000000000000001'}}}}",
    "{'a':{'$code':'a'}}",
    "{'a':{'$code':'b'}}",
    "{'a':{'$code':'a','$scope':{}}}",
    "{'a':{'$code':'a','$scope':{'x':1}},'b':{'$code':'a','$scope':{'x':1.0}}}",
    "{'a':{'$code':'b','$scope':{}}}",
    "{'a':{'$maxKey':1}}",
};

static void
test_order(void)
{
	enum { LINES = sizeof ordered / sizeof *ordered };
	bson_t *doc[LINES];
	struct value v[LINES * 4];
	int line[LINES * 4], n = 0, order = 0, keys = 0;

	for (int i = 0; i < LINES; i++) {
		char *text = bson_strdup(ordered[i]);
		struct walk w;
		struct elem e;

		for (char *c = text; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		doc[i] = bson_new_from_json((const uint8_t *)text, -1, NULL);
		if (!doc[i] || !value_sound(bson_get_data(doc[i]), doc[i]->len))
			printf("Bail out! %s\n", text), exit(1);
		walk_init(&w, bson_get_data(doc[i]), doc[i]->len);
		for (; walk_next(&w, &e); n++) {
			v[n] = e.value;
			line[n] = i;
		}
		bson_free(text);
	}
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n; k++) {
			int want = sign(line[i] - line[k]);

			if (sign(value_cmp(&v[i], &v[k])) != want &&
			    order++ < 5)
				tap_note("order of %s and %s", ordered[line[i]],
				    ordered[line[k]]);
			if (one_key(&v[i], &v[k]) != (want == 0) && keys++ < 5)
				tap_note("key of %s and %s", ordered[line[i]],
				    ordered[line[k]]);
		}
	OK(order == 0, "order of all types, %d wrong", order);
	OK(keys == 0, "keys of all types, %d wrong", keys);
	for (int i = 0; i < LINES; i++)
		bson_destroy(doc[i]);
}

/* All values of all types in one document, then every byte changed: whatever
 * the walker still accepts must be safe to compare, to hash and to print. */
static void
test_damage(void)
{
	bson_t doc = BSON_INITIALIZER;
	struct buf copy = BUF_INIT;
	size_t accepted = 0, cut = 0;

	for (size_t i = 0; i < sizeof ordered / sizeof *ordered; i++) {
		char *text = bson_strdup(ordered[i]);
		bson_t *one;

		for (char *c = text; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		one = bson_new_from_json((const uint8_t *)text, -1, NULL);
		BSON_APPEND_DOCUMENT(&doc, "x", one);
		bson_destroy(one);
		bson_free(text);
	}
	OK(value_sound(bson_get_data(&doc), doc.len), "all types are sound");
	buf_add(&copy, bson_get_data(&doc), doc.len);
	for (size_t len = 0; len < doc.len; len++) {
		uint8_t *exact = bson_malloc(len + 1);

		memcpy(exact, copy.data, len);
		cut += value_sound(exact, len);
		bson_free(exact);
	}
	OK(cut == 0, "no cut document is sound");
	for (size_t i = 0; i < copy.len * 3; i++) {
		static const uint8_t other[] = {0x00, 0xff, 0x80};
		uint8_t was = copy.data[i / 3];
		struct walk w;
		struct elem e, before = {.value = {0}};

		copy.data[i / 3] =
		    (uint8_t)(i % 3 == 2 ? was + 1 : other[i % 3]);
		walk_init(&w, copy.data, copy.len);
		while (walk_next(&w, &e)) {
			struct value *v = &e.value;

			docid_hash(v);
			if ((v->type == 3 || v->type == 4) &&
			    !value_sound(v->data, v->len))
				continue;
			if (before.value.data)
				value_cmp(&before.value, v);
			before = e;
			accepted++;
		}
		copy.data[i / 3] = was;
	}
	OK(accepted > 0, "damaged documents are walked safely");
	buf_release(&copy);
	bson_destroy(&doc);
}

static void
test_depth(void)
{
	for (int depth = 199; depth <= 201; depth++) {
		bson_t *doc = bson_new(), *outer;

		for (int i = 0; i < depth; i++) {
			outer = BCON_NEW("a", BCON_DOCUMENT(doc));
			bson_destroy(doc);
			doc = outer;
		}
		OK(value_sound(bson_get_data(doc), doc->len) == (depth <= 200),
		    "%d levels", depth);
		bson_destroy(doc);
	}
}

static void
test_text(void)
{
	static const struct {
		const char *doc, *text;
	} t[] = {
	    {"{'_id':1}", "{ \"$numberInt\" : \"1\" }"},
	    {"{'_id':'a'}", "\"a\""},
	    {"{'_id':{'a':null}}", "{ \"a\" : null }"},
	};
	bson_t *doc;
	struct value id;
	bson_error_t error;
	char *text;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		doc = tap_json5(t[i].doc);
		OK(docid_of(doc, &id, &error), "_id of %s", t[i].doc);
		text = docid_text(&id);
		if (!OK(strcmp(text, t[i].text) == 0, "text of %s", t[i].doc))
			tap_note("%s", text);
		bson_free(text);
		bson_destroy(doc);
	}
	text = bson_malloc0(400);
	for (int i = 0; i < 130; i++)
		strcat(text, "ü");
	doc = BCON_NEW("_id", BCON_UTF8(text));
	bson_free(text);
	docid_of(doc, &id, &error);
	text = docid_text(&id);
	OK(strlen(text) <= 120 && bson_utf8_validate(text, strlen(text), false),
	    "a long _id is cut between characters: %zu bytes", strlen(text));
	bson_free(text);
	bson_destroy(doc);
	doc = tap_json5("{'a':1}");
	OK(!docid_of(doc, &id, &error) && error_status(&error) == 8,
	    "no _id: %s", error.message);
	bson_destroy(doc);
}

int
main(void)
{
	test_numbers();
	test_order();
	test_damage();
	test_depth();
	test_text();
	return tap_done();
}
