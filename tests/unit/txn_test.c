/* Transactions: the vectors, the form of flattened operations, logs that begin
 * in the middle. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "txn_case.h"

static char *
joined(const bson_t *v, const char *field)
{
	bson_iter_t it, sub;
	char *text = bson_strdup("");

	if (!bson_iter_init_find(&it, v, field) ||
	    !bson_iter_recurse(&it, &sub))
		return text;
	while (bson_iter_next(&sub)) {
		char *was = text;

		text = bson_strdup_printf(
		    "%s%s%s", was, *was ? ";" : "", bson_iter_utf8(&sub, NULL));
		bson_free(was);
	}
	return text;
}

static void
vector(const char *line)
{
	bson_t *v = tap_json(line);
	uint32_t applied = (uint32_t)txn_case_number(v, "applyFrom", 0);
	struct got g;
	struct txn *t = txn_case_new(&g, applied);
	char *want = joined(v, "out");
	bool refused = bson_has_field(v, "err"), ok = true;
	bson_error_t error = {0};
	struct optime from;
	bson_iter_t it, in;

	if (bson_iter_init_find(&it, v, "ns"))
		g.db = bson_iter_utf8(&it, NULL);
	bson_iter_init_find(&it, v, "in");
	bson_iter_recurse(&it, &in);
	while (ok && bson_iter_next(&in)) {
		const uint8_t *data;
		uint32_t len;
		bson_t one;

		bson_iter_document(&in, &len, &data);
		bson_init_static(&one, data, len);
		ok = txn_case_feed(t, &g, &one, applied, &error);
	}
	bson_iter_init_find(&it, v, "id");
	if (!OK(ok == !refused && strcmp(g.text, want) == 0 && g.in_order &&
		    (ok || error_status(&error) == MM_EXIT_POSITION) &&
		    (refused || !txn_read_from(t, &from)),
		"%s %s", bson_iter_utf8(&it, NULL), error.message))
		tap_note("%s instead of %s", g.text, want);
	txn_free(t);
	bson_free(g.text);
	bson_free(want);
	bson_destroy(v);
}

static void
test_vectors(void)
{
	int n = tap_vectors("transactions.jsonl", vector);

	OK(n >= 16, "%d vectors", n);
}

/* ------------------------------------------------- more cases */

struct step {
	const char *in;
	const char *from; /* text of txn_read_from after it, NULL: none */
};

static void
run(const char *name, const struct step *step, size_t n, uint32_t applied,
    enum mm_exit status, const char *want)
{
	struct got g;
	struct txn *t = txn_case_new(&g, applied);
	bson_error_t error = {0};
	bool ok = true, froms = true;

	for (size_t i = 0; i < n && ok; i++) {
		bson_t *in = tap_json5(step[i].in);
		struct optime from;
		char text[OPTIME_TEXT] = "";

		ok = txn_case_feed(t, &g, in, applied, &error);
		if (ok && txn_read_from(t, &from))
			optime_text(from, text);
		if (ok)
			froms &= strcmp(text, step[i].from) == 0;
		bson_destroy(in);
	}
	if (!OK((ok ? 0 : error_status(&error)) == status &&
		    strcmp(g.text, want) == 0 && froms && g.in_order,
		"%s %s", name, error.message))
		tap_note("%s%s", g.text, froms ? "" : " wrong readFrom");
	txn_free(t);
	bson_free(g.text);
}

#define RUN(name, steps, applied, status, want)                                \
	run(name, steps, sizeof steps / sizeof *steps, applied, status, want)

static void
test_more(void)
{
	static const struct step overlap[] = {
	    /* the middle and the end of one that was over before */
	    {"{'ts':5,'lsid':'A','txn':1,'prev':3,'ao':['i d.x 1'],"
	     "'partial':true}",
		"5:1:1"},
	    {"{'ts':6,'lsid':'A','txn':1,'prev':5,'ao':['i d.x 2'],"
	     "'count':3}",
		""},
	    {"{'ts':7,'lsid':'A','txn':1,'prev':6,'commit':6}", ""},
	    {"{'ts':9,'lsid':'B','txn':1,'prev':0,'ao':['i d.x 4']}", ""},
	};
	static const struct step late[] = {
	    {"{'ts':5,'lsid':'A','txn':1,'prev':3,'ao':['i d.x 1'],"
	     "'prepare':true}",
		"5:1:1"},
	    {"{'ts':9,'lsid':'A','txn':1,'prev':5,'commit':6}", ""},
	};
	static const struct step counts[] = {
	    {"{'ts':5,'prev':0,'ao':['i d.x 1'],'partial':true}", "5:1:1"},
	    {"{'ts':6,'prev':5,'ao':['i d.x 2'],'count':3}", ""},
	};
	static const struct step open_two[] = {
	    {"{'ts':2,'lsid':'A','txn':1,'prev':0,'ao':[],'partial':true}",
		"2:1:1"},
	    {"{'ts':3,'lsid':'B','txn':1,'prev':0,'ao':['i d.x 1'],"
	     "'prepare':true}",
		"2:1:1"},
	    {"{'ts':4,'lsid':'A','txn':1,'abort':true}", "3:1:1"},
	    {"{'ts':5,'lsid':'B','txn':2,'op':'i d.x 5'}", "3:1:1"},
	    {"{'ts':6,'lsid':'B','txn':1,'prev':3,'commit':5}", ""},
	};
	static const struct step plain_ends[] = {
	    {"{'ts':2,'lsid':'A','txn':1,'prev':0,'ao':['i d.x 1'],"
	     "'partial':true}",
		"2:1:1"},
	    {"{'ts':3,'lsid':'B','txn':7,'op':'i d.x 5'}", "2:1:1"},
	    {"{'ts':4,'lsid':'A','txn':1,'op':'i d.x 5'}", "2:1:1"},
	    {"{'ts':5,'lsid':'A','txn':2,'op':'i d.x 6'}", ""},
	};
	static const struct step twice[] = {
	    {"{'ts':5,'prev':0,'ao':['i d.x 1'],'partial':true}", "5:1:1"},
	    {"{'ts':5,'prev':0,'ao':['i d.x 1'],'partial':true}", "5:1:1"},
	    {"{'ts':6,'prev':5,'ao':['i d.x 2'],'count':2}", ""},
	    {"{'ts':6,'prev':5,'ao':['i d.x 2'],'count':2}", ""},
	};

	RUN("one that was over before", overlap, 8, 0, "i d.x 4");
	RUN("the same, not over", overlap, 5, 6, "");
	RUN("a prepared one that began earlier", late, 5, 6, "");
	RUN("a count that is not met", counts, 0, 8, "");
	RUN("two open", open_two, 0, 0, "i d.x 5;i d.x 1");
	RUN("a later write ends an unfinished one", plain_ends, 0, 0,
	    "i d.x 5;i d.x 5;i d.x 6");
	RUN("entries read again", twice, 0, 0, "i d.x 1;i d.x 2");
}

/* Bytes of a flattened operation. */
static void
test_form(void)
{
	bson_t *outer = tap_json5(
	    "{'op':'c','ns':'admin.$cmd','o':{'applyOps':[]},"
	    "'ts':{'$timestamp':{'t':7,'i':1}},'t':{'$numberLong':'4'},"
	    "'v':2,'wall':{'$date':{'$numberLong':'9'}},'lsid':{}}");
	bson_t *inner = tap_json5(
	    "{'ns':'a.b','op':'i','ts':1,'fromMigrate':true,'t':2,'o':{'_id':1"
	    "},'txn':3,'wall':4}");
	bson_t *want = tap_json5(
	    "{'ns':'a.b','op':'i','fromMigrate':true,'o':{'_id':1},"
	    "'ts':{'$timestamp':{'t':7,'i':1}},'t':{'$numberLong':'4'},"
	    "'wall':{'$date':{'$numberLong':'9'}},'txn':{'i':2,'last':true}}");
	struct buf out = BUF_INIT;
	struct entry e;
	bson_t got;

	entry_parse(bson_get_data(outer), outer->len, &e, NULL);
	buf_add(&out, "before", 6);
	txn_build(bson_get_data(inner), inner->len, &e, 2, true, &out);
	bson_init_static(&got, out.data + 6, out.len - 6);
	OK(tap_same_doc(&got, want), "a flattened operation, the last");
	bson_destroy(want);
	want = tap_json5(
	    "{'ns':'a.b','op':'i','fromMigrate':true,'o':{'_id':1},"
	    "'ts':{'$timestamp':{'t':7,'i':1}},'t':{'$numberLong':'4'},"
	    "'wall':{'$date':{'$numberLong':'9'}},'txn':{'i':0}}");
	out.len = 6;
	txn_build(bson_get_data(inner), inner->len, &e, 0, false, &out);
	bson_init_static(&got, out.data + 6, out.len - 6);
	OK(tap_same_doc(&got, want), "a flattened operation, not the last");
	buf_release(&out);
	bson_destroy(want);
	bson_destroy(inner);
	bson_destroy(outer);
}

static enum txn_got
feed_json(struct txn *t, const char *o, bson_error_t *error)
{
	char *json = bson_strdup_printf(
	    "{'ts':{'$timestamp':{'t':9,'i':1}},'v':2,'op':'c','ns':"
	    "'admin.$cmd','o':%s}",
	    o);
	bson_t *doc = tap_json5(json);
	struct entry e;
	enum txn_got got = TXN_ERROR;

	if (entry_parse(bson_get_data(doc), doc->len, &e, error))
		got = txn_feed(t, &e, error);
	bson_destroy(doc);
	bson_free(json);
	return got;
}

static void
test_nested(void)
{
	static const char *const bad[] = {"{'applyOps':1}", "{'applyOps':[1]}",
	    "{'applyOps':[{'op':'i','ns':'a.b'}]}",
	    "{'applyOps':[{'op':'zz','ns':'a.b','o':{}}]}",
	    "{'applyOps':[{'op':'i','ns':'ab','o':{}}]}"};
	struct got g;
	struct txn *t = txn_case_new(&g, 0);
	bson_error_t error = {0};
	char deep[1000] = "[{'op':'i','ns':'a.b','o':{'_id':1}}]", wrap[1000];

	OK(feed_json(t,
	       "{'applyOps':[{'op':'i','ns':'a.b','o':{'_id':1}},{'op':'c',"
	       "'ns':'admin.$cmd','o':{'applyOps':[{'op':'d','ns':'a.b','o':{"
	       "'_id':2}},{'op':'n','ns':'','o':{}}]}},{'op':'i','ns':'a.b',"
	       "'o':{'_id':3}}]}",
	       &error) == TXN_TAKEN &&
		strcmp(g.text, "i a.b 1;d a.b 2;i a.b 3") == 0 && g.in_order,
	    "nested");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		txn_free(t);
		bson_free(g.text);
		t = txn_case_new(&g, 0);
		OK(feed_json(t, bad[i], &error) == TXN_ERROR &&
			error_status(&error) == 8,
		    "refused: %s: %s", bad[i], error.message);
	}
	for (int i = 0; i < 12; i++) {
		snprintf(wrap, sizeof wrap,
		    "[{'op':'c','ns':'a.$cmd','o':{'applyOps':%s}}]", deep);
		strcpy(deep, wrap);
	}
	snprintf(wrap, sizeof wrap, "{'applyOps':%s}", deep);
	OK(feed_json(t, wrap, &error) == TXN_ERROR, "%s", error.message);
	txn_free(t);
	bson_free(g.text);
}

int
main(void)
{
	test_vectors();
	test_more();
	test_form();
	test_nested();
	return tap_done();
}
