/* The update engine: the vectors, what is noted, limits. Malformed updates:
 * delta_bad_test.c; recordings of a real server: recordings_test.c. */
#include <string.h>

#include "base/doc.h"
#include "model/delta.h"
#include "model/entry.h"
#include "tap.h"

/* One update through a whole entry; *doc (owned, NULL: none) is replaced. */
static bool
update(bson_t **doc, const bson_t *o, bson_error_t *error)
{
	struct buf out = BUF_INIT;
	bson_t *entry = BCON_NEW("ts", BCON_TIMESTAMP(5, 1), "v", BCON_INT32(2),
	    "op", "u", "ns", "d.x", "o2", "{", "_id", BCON_INT32(1), "}", "o",
	    BCON_DOCUMENT(o));
	enum entry_effect effect;
	struct entry e;
	bool ok = entry_parse(bson_get_data(entry), entry->len, &e, error) &&
	    entry_apply(&e, *doc, &out, &effect, NULL, error);

	if (ok && effect == EFFECT_STORED) {
		if (*doc)
			bson_destroy(*doc);
		*doc = bson_new_from_data(out.data, out.len);
	}
	bson_destroy(entry);
	buf_release(&out);
	return ok;
}

static bool
run(const bson_t *vector, bson_t **doc, bson_error_t *error)
{
	bson_iter_t it, sub;
	const uint8_t *data;
	uint32_t len;
	bson_t o;

	if (doc_sub(vector, "o", &o))
		return update(doc, &o, error);
	if (!bson_iter_init_find(&it, vector, "seq") ||
	    !bson_iter_recurse(&it, &sub))
		return false;
	while (bson_iter_next(&sub)) {
		bson_iter_document(&sub, &len, &data);
		bson_init_static(&o, data, len);
		if (!update(doc, &o, error))
			return false;
	}
	return true;
}

static void
vector(const char *line)
{
	bson_t *v = tap_json(line), pre, post, *doc = NULL;
	bool has_pre = doc_sub(v, "pre", &pre);
	bool has_post = doc_sub(v, "post", &post);
	bson_error_t error = {0};
	bson_iter_t it;
	const char *id;

	bson_iter_init_find(&it, v, "id");
	id = bson_iter_utf8(&it, NULL);
	if (has_pre)
		doc = bson_copy(&pre);
	if (bson_iter_init_find(&it, v, "err")) {
		OK(!run(v, &doc, &error) && error_status(&error) == 8 &&
			tap_same_doc(doc, has_pre ? &pre : NULL),
		    "%s refused: %s", id, error.message);
	} else {
		OK(run(v, &doc, &error) &&
			tap_same_doc(doc, has_post ? &post : NULL),
		    "%s %s", id, error.message);
		OK(run(v, &doc, &error) &&
			tap_same_doc(doc, has_post ? &post : NULL),
		    "%s again %s", id, error.message);
	}
	if (doc)
		bson_destroy(doc);
	bson_destroy(v);
}

static void
test_vectors(void)
{
	int n = tap_vectors("updates.jsonl", vector);

	OK(n >= 60, "%d vectors", n);
}

static void
test_good(void)
{
	static const struct {
		const char *pre, *o, *post;
		unsigned clashes, absent, padded;
	} t[] = {
	    {"{'_id':1,'x.y':1}", "{'$v':1,'$set':{'x.y':2}}",
		"{'_id':1,'x.y':1,'x':{'y':2}}", 0, 0, 0},
	    {"{'_id':1}", "{'$v':1,'$set':{'a.10':1,'a.2':2,'a.b.c':3}}",
		"{'_id':1,'a':{'10':1,'2':2,'b':{'c':3}}}", 0, 0, 0},
	    {"{'_id':1,'r':[]}", "{'$v':1,'$set':{'r.10':1,'r.2':2}}",
		"{'_id':1,'r':[null,null,2,null,null,null,null,null,null,"
		"null,1]}",
		0, 0, 9},
	    {"{'_id':1,'a b':1}",
		"{'$v':1,'$set':{'a b':2,'a.b':3,'a.c':4,'ab':5}}",
		"{'_id':1,'a b':2,'a':{'b':3,'c':4},'ab':5}", 0, 0, 0},
	    {"{'_id':1,'r':[{'x':1},5]}",
		"{'$v':1,'$set':{'r.0.x':2,'r.1.x':2,'r.y':1,'r.2.x':3},"
		"'$unset':{'r.0.q':true,'r.7':true,'s':true}}",
		"{'_id':1,'r':[{'x':2},5,{'x':3}]}", 2, 3, 0},
	    {"{'_id':1,'a':1}", "{'$v':1}", "{'_id':1,'a':1}", 0, 0, 0},
	    {"{'_id':1,'a':1,'a':2}", "{'$v':2,'diff':{'u':{'a':3}}}",
		"{'_id':1,'a':3,'a':3}", 0, 0, 0},
	    {"{'_id':1,'a':{'x':1}}",
		"{'$v':2,'diff':{'d':{'q':false},'u':{'w':1},'sa':{'a':true,"
		"'u0':1},'sz':{'u':{'x':1}}}}",
		"{'_id':1,'a':{'x':1},'w':1}", 1, 3, 0},
	    {"{'_id':1,'r':[1]}",
		"{'$v':2,'diff':{'sr':{'a':true,'l':3,'u4':7}}}",
		"{'_id':1,'r':[1,null,null,null,7]}", 0, 0, 3},
	    {"{'_id':1,'b':{'$hex':'aabb'}}",
		"{'$v':2,'diff':{'b':{'b':{'o':3,'d':{'$hex':'cc'}}}}}",
		"{'_id':1,'b':{'$hex':'aabb'}}", 1, 0, 0},
	    {"{'_id':1,'b':{'$hex':'aabb'}}",
		"{'$v':2,'diff':{'b':{'b':{'o':0,'d':{'$hex':''}}}}}",
		"{'_id':1,'b':{'$hex':''}}", 0, 0, 0},
	    {"{'_id':1,'a':1}", "{'b':2}", "{'_id':1,'b':2}", 0, 0, 0},
	    {"{'_id':1,'a':1}", "{'b':2,'_id':1.0,'c':3}",
		"{'_id':1.0,'b':2,'c':3}", 0, 0, 0},
	    {"{'_id':1,'a':1}", "{'_id':1,'$v':2,'diff':{}}",
		"{'_id':1,'$v':2,'diff':{}}", 0, 0, 0},
	    {"{'_id':1,'a':1}", "{'_id':{'$numberLong':'1'}}",
		"{'_id':{'$numberLong':'1'}}", 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		bson_t *pre = tap_json5(t[i].pre), *o = tap_json5(t[i].o);
		bson_t *want = tap_json5(t[i].post), got;
		struct buf out = BUF_INIT;
		struct delta_note note;
		bson_error_t error = {0};
		bool ok = delta_apply(pre, o, &out, &note, &error) &&
		    bson_init_static(&got, out.data, out.len);

		OK(ok && tap_same_doc(&got, want) &&
			note.clashes == t[i].clashes &&
			note.absent == t[i].absent &&
			note.padded == t[i].padded,
		    "%s %s: %u clashes, %u absent, %u padded", t[i].o,
		    error.message, note.clashes, note.absent, note.padded);
		bson_destroy(pre);
		bson_destroy(o);
		bson_destroy(want);
		buf_release(&out);
	}
}

/* Nested `depth` times in sub-diffs, as a whole update. */
static bson_t *
deep_diff(int depth)
{
	bson_t *o = bson_new(), *next;

	BSON_APPEND_UTF8(o, "u", "");
	bson_reinit(o);
	BCON_APPEND(o, "u", "{", "x", BCON_INT32(1), "}");
	for (; depth > 0; depth--) {
		next = BCON_NEW("sa", BCON_DOCUMENT(o));
		bson_destroy(o);
		o = next;
	}
	next = BCON_NEW("$v", BCON_INT32(2), "diff", BCON_DOCUMENT(o));
	bson_destroy(o);
	return next;
}

static bool
applies(const bson_t *pre, const bson_t *o, size_t *len)
{
	struct buf out = BUF_INIT;
	bson_error_t error;
	bool ok;

	buf_add(&out, "before", 6);
	ok = delta_apply(pre, o, &out, NULL, &error);
	if (!ok && out.len != 6)
		abort();
	*len = out.len - 6;
	buf_release(&out);
	return ok || error_status(&error) != MM_EXIT_REFUSED;
}

static void
test_limits(void)
{
	bson_t *pre = tap_json5("{'_id':1,'r':[],'a':{}}"), *o;
	size_t len;
	char path[1300] = "a";

	o = tap_json5("{'$v':2,'diff':{'sr':{'a':true,'u1500000':1}}}");
	OK(applies(pre, o, &len) && len > 10000000, "1,500,000 nulls");
	bson_destroy(o);
	o = tap_json5("{'$v':2,'diff':{'sr':{'a':true,'u1500001':1}}}");
	OK(!applies(pre, o, &len), "1,500,001 nulls");
	bson_destroy(o);
	o = tap_json5("{'$v':2,'diff':{'sr':{'a':true,'l':2147483647}}}");
	OK(!applies(pre, o, &len), "two thousand million nulls");
	bson_destroy(o);
	o = tap_json5("{'$v':1,'$set':{'r.1500001':1}}");
	OK(!applies(pre, o, &len), "1,500,001 nulls by $set");
	bson_destroy(o);
	o = tap_json5("{'$v':1,'$set':{'r.99999999999999999999':1}}");
	OK(applies(pre, o, &len) && len == pre->len, "no index at all");
	bson_destroy(o);
	o = deep_diff(150);
	OK(applies(pre, o, &len), "150 levels of diff");
	bson_destroy(o);
	o = deep_diff(250);
	OK(!applies(pre, o, &len), "250 levels of diff");
	bson_destroy(o);
	for (int i = 0; i < 500; i++)
		strcat(path, ".b");
	o = BCON_NEW("$set", "{", path, BCON_INT32(1), "}");
	OK(!applies(pre, o, &len), "a path of 501 names");
	bson_destroy(o);
	bson_destroy(pre);
}

/* Many names in one level: the hash table behind them. */
static void
test_wide(void)
{
	bson_t pre = BSON_INITIALIZER, want = BSON_INITIALIZER;
	bson_t o = BSON_INITIALIZER, diff, d, u, i, got;
	struct buf out = BUF_INIT;
	char name[16];

	bson_append_document_begin(
	    (BSON_APPEND_INT32(&o, "$v", 2), &o), "diff", -1, &diff);
	bson_append_document_begin(&diff, "d", -1, &d);
	for (int k = 0; k < 5000; k++) {
		snprintf(name, sizeof name, "f%d", k);
		BSON_APPEND_INT32(&pre, name, k);
		if (k % 3 == 0)
			BSON_APPEND_BOOL(&d, name, false);
		else
			BSON_APPEND_INT32(&want, name, k % 3 == 1 ? -k : k);
	}
	bson_append_document_end(&diff, &d);
	bson_append_document_begin(&diff, "u", -1, &u);
	for (int k = 4999; k >= 0; k--) {
		snprintf(name, sizeof name, "f%d", k);
		if (k % 3 == 1)
			BSON_APPEND_INT32(&u, name, -k);
	}
	bson_append_document_end(&diff, &u);
	bson_append_document_begin(&diff, "i", -1, &i);
	BSON_APPEND_INT32(&i, "new", 1);
	BSON_APPEND_INT32(&want, "new", 1);
	bson_append_document_end(&diff, &i);
	bson_append_document_end(&o, &diff);
	OK(delta_apply(&pre, &o, &out, NULL, NULL) &&
		bson_init_static(&got, out.data, out.len) &&
		bson_equal(&got, &want),
	    "5,000 names");
	buf_release(&out);
	bson_destroy(&pre);
	bson_destroy(&want);
	bson_destroy(&o);
}

int
main(void)
{
	test_vectors();
	test_good();
	test_limits();
	test_wide();
	return tap_done();
}
