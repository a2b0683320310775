/* Transactions: the vectors, the form of flattened operations, spilling, and
 * logs that begin in the middle. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/txn.h"
#include "tap.h"

/* What comes out, and what the functions passed in were asked for. */
struct got {
	char *text;     /* "i d.x 1;u d.x 2" */
	const char *db; /* selected; NULL: all */
	int last, ops;  /* txn.last seen, operations seen */
	bool in_order;  /* txn.i counts, last at the end */
	size_t spilled;
	int open_spills;
	bool fail_spill, fail_emit;
};

static void
note_op(struct got *g, const struct entry *e)
{
	char *was = g->text, *what;
	bson_iter_t it;

	if (e->op == ENTRY_COMMAND) {
		bson_iter_init(&it, &e->o);
		bson_iter_next(&it);
		what = bson_strdup_printf("c %.*s %s %s", (int)e->db_len, e->ns,
		    e->command, bson_iter_utf8(&it, NULL));
	} else {
		bson_iter_init_find(
		    &it, e->op == ENTRY_UPDATE ? &e->o2 : &e->o, "_id");
		what = bson_strdup_printf("%s %s %d",
		    e->op == ENTRY_INSERT       ? "i"
			: e->op == ENTRY_UPDATE ? "u"
						: "d",
		    e->ns, bson_iter_int32(&it));
	}
	g->text =
	    *was ? bson_strdup_printf("%s;%s", was, what) : bson_strdup(what);
	bson_free(was);
	bson_free(what);
}

static bool
selected(void *arg, const struct entry *op)
{
	struct got *g = arg;

	return !g->db ||
	    (strlen(g->db) == op->db_len &&
		strncmp(g->db, op->ns, op->db_len) == 0);
}

static bool
emit(void *arg, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct got *g = arg;
	struct entry e;

	if (g->fail_emit)
		return error_set(error, MM_EXIT_IO, 0, "emit fails");
	if (!value_sound(doc, len) || !entry_parse(doc, len, &e, error))
		return error_set(error, MM_EXIT_INTERNAL, 0, "not an entry");
	if (e.txn_index == 0) {
		g->in_order &= g->last == g->ops;
		g->ops = 0;
	}
	g->in_order &= e.txn_index == g->ops;
	g->ops++;
	g->last = e.txn_last ? g->ops : -1;
	note_op(g, &e);
	return true;
}

struct spill {
	struct got *g;
	struct buf data;
};

static void *
spill_open(void *arg, bson_error_t *error)
{
	struct spill *s;

	if (((struct got *)arg)->fail_spill) {
		error_set(error, MM_EXIT_IO, 0, "no space");
		return NULL;
	}
	s = bson_malloc0(sizeof *s);
	s->g = arg;
	s->g->open_spills++;
	return s;
}

static bool
spill_append(void *spill, const void *data, size_t len, bson_error_t *error)
{
	struct spill *s = spill;

	(void)error;
	buf_add(&s->data, data, len);
	s->g->spilled += len;
	return true;
}

static bool
spill_read(
    void *spill, uint64_t at, void *data, size_t len, bson_error_t *error)
{
	struct spill *s = spill;

	if (at > s->data.len || len > s->data.len - at)
		return error_set(error, MM_EXIT_IO, 0, "beyond the spill");
	memcpy(data, s->data.data + at, len);
	return true;
}

static void
spill_close(void *spill)
{
	struct spill *s = spill;

	s->g->open_spills--;
	buf_release(&s->data);
	bson_free(s);
}

static const struct txn_spill spills = {
    spill_open, spill_append, spill_read, spill_close};

static struct txn *
assembler(struct got *g, uint32_t applied)
{
	struct txn_io io = {g, selected, emit, &spills};

	memset(g, 0, sizeof *g);
	g->text = bson_strdup("");
	g->in_order = true;
	return txn_new(&io, (struct optime){applied, 1, 1});
}

/* ------------------------------------------------- entries from vectors */

/* "i d.x 1", "c d create y" as fields of doc. */
static void
append_op(bson_t *doc, const char *text)
{
	char op[8], ns[32], a[32], b[32] = "";
	bson_t o;

	sscanf(text, "%7s %31s %31s %31s", op, ns, a, b);
	if (*op == 'c')
		strcat(ns, ".$cmd");
	BSON_APPEND_UTF8(doc, "op", op);
	BSON_APPEND_UTF8(doc, "ns", ns);
	BSON_APPEND_DOCUMENT_BEGIN(doc, "o", &o);
	if (*op == 'c')
		BSON_APPEND_UTF8(&o, a, b);
	else if (*op == 'u')
		BCON_APPEND(&o, "$v", BCON_INT32(2), "diff", "{", "u", "{", "a",
		    BCON_INT32(1), "}", "}");
	else
		BSON_APPEND_INT32(&o, "_id", atoi(a));
	bson_append_document_end(doc, &o);
	if (*op == 'u')
		BCON_APPEND(doc, "o2", "{", "_id", BCON_INT32(atoi(a)), "}");
}

static int
number(const bson_t *doc, const char *field, int otherwise)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, field)
	    ? (int)bson_iter_as_int64(&it)
	    : otherwise;
}

static void
append_list(bson_t *o, bson_iter_t *ao)
{
	bson_iter_t it;
	bson_t list, op;

	BSON_APPEND_ARRAY_BEGIN(o, "applyOps", &list);
	bson_iter_recurse(ao, &it);
	while (bson_iter_next(&it)) {
		BSON_APPEND_DOCUMENT_BEGIN(&list, bson_iter_key(&it), &op);
		append_op(&op, bson_iter_utf8(&it, NULL));
		bson_append_document_end(&list, &op);
	}
	bson_append_array_end(o, &list);
}

static bson_t *
entry_of(const bson_t *in)
{
	bson_t *e = bson_new(), o;
	bson_iter_t it;

	if (bson_iter_init_find(&it, in, "lsid"))
		BCON_APPEND(e, "lsid", "{", "id",
		    BCON_UTF8(bson_iter_utf8(&it, NULL)), "}");
	if (number(in, "txn", -1) >= 0)
		BSON_APPEND_INT64(e, "txnNumber", number(in, "txn", -1));
	if (number(in, "multi", 0))
		BSON_APPEND_INT32(e, "multiOpType", 1);
	if (bson_iter_init_find(&it, in, "op")) {
		append_op(e, bson_iter_utf8(&it, NULL));
	} else {
		BCON_APPEND(e, "op", "c", "ns", "admin.$cmd");
		BSON_APPEND_DOCUMENT_BEGIN(e, "o", &o);
		if (bson_iter_init_find(&it, in, "ao"))
			append_list(&o, &it);
		if (number(in, "commit", 0))
			BCON_APPEND(&o, "commitTransaction", BCON_INT32(1),
			    "commitTimestamp",
			    BCON_TIMESTAMP(
				(uint32_t)number(in, "commit", 0), 1));
		if (number(in, "abort", 0))
			BSON_APPEND_INT32(&o, "abortTransaction", 1);
		if (number(in, "partial", 0))
			BSON_APPEND_BOOL(&o, "partialTxn", true);
		if (number(in, "prepare", 0))
			BSON_APPEND_BOOL(&o, "prepare", true);
		if (number(in, "count", 0))
			BSON_APPEND_INT64(&o, "count", number(in, "count", 0));
		bson_append_document_end(e, &o);
	}
	BSON_APPEND_TIMESTAMP(e, "ts", (uint32_t)number(in, "ts", 0), 1);
	BCON_APPEND(e, "t", BCON_INT64(1), "v", BCON_INT32(2), "wall",
	    BCON_DATE_TIME(5));
	if (number(in, "prev", -1) == 0)
		BCON_APPEND(e, "prevOpTime", "{", "ts", BCON_TIMESTAMP(0, 0),
		    "t", BCON_INT64(-1), "}");
	else if (number(in, "prev", -1) > 0)
		BCON_APPEND(e, "prevOpTime", "{", "ts",
		    BCON_TIMESTAMP((uint32_t)number(in, "prev", 0), 1), "t",
		    BCON_INT64(1), "}");
	return e;
}

static bool
feed(struct txn *t, struct got *g, const bson_t *in, uint32_t applied,
    bson_error_t *error)
{
	bson_t *doc = entry_of(in);
	struct entry e;
	enum txn_got got = TXN_ERROR;

	if (entry_parse(bson_get_data(doc), doc->len, &e, error))
		got = txn_feed(t, &e, error);
	if (got == TXN_PLAIN && e.at.secs > applied && selected(g, &e))
		note_op(g, &e);
	bson_destroy(doc);
	return got != TXN_ERROR;
}

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
	uint32_t applied = (uint32_t)number(v, "applyFrom", 0);
	struct got g;
	struct txn *t = assembler(&g, applied);
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
		ok = feed(t, &g, &one, applied, &error);
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
	char *path = bson_strdup_printf(
	    "%s/vectors/transactions.jsonl", tap_tests_dir());
	char *save = NULL, *text;
	size_t len;
	int n = 0;

	text = tap_read_file(path, &len);
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save), n++)
		vector(line);
	OK(n >= 16, "%d vectors", n);
	bson_free(text);
	bson_free(path);
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
	struct txn *t = assembler(&g, applied);
	bson_error_t error = {0};
	bool ok = true, froms = true;

	for (size_t i = 0; i < n && ok; i++) {
		bson_t *in = tap_json5(step[i].in);
		struct optime from;
		char text[OPTIME_TEXT] = "";

		ok = feed(t, &g, in, applied, &error);
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
	struct txn *t = assembler(&g, 0);
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
		t = assembler(&g, 0);
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

/* One transaction of 5 pieces of 9 MiB, another of one piece between. */
static bool
large(struct txn *t, struct got *g, bson_error_t *error)
{
	size_t size = 9 << 20;
	char *pad = bson_malloc(size), in[200];
	bool ok = true;

	memset(pad, 'x', size - 1);
	pad[size - 1] = '\0';
	for (uint32_t i = 0; ok && i < 5; i++) {
		bson_t *doc = BCON_NEW("ts", BCON_TIMESTAMP(10 + 2 * i, 1), "t",
		    BCON_INT64(1), "v", BCON_INT32(2), "op", "c", "ns",
		    "admin.$cmd", "o", "{", "applyOps", "[", "{", "op", "i",
		    "ns", "a.b", "o", "{", "_id", BCON_INT32((int32_t)i), "p",
		    BCON_UTF8(pad), "}", "}", "]", "partialTxn",
		    BCON_BOOL(i < 4), "}", "prevOpTime", "{", "ts",
		    BCON_TIMESTAMP(i ? 8 + 2 * i : 0, i ? 1 : 0), "t",
		    BCON_INT64(i ? 1 : -1), "}");
		struct entry e;

		ok = entry_parse(bson_get_data(doc), doc->len, &e, error) &&
		    txn_feed(t, &e, error) == TXN_TAKEN;
		bson_destroy(doc);
		snprintf(in, sizeof in,
		    "{'ts':%u,'lsid':'A','txn':%u,'ao':['i d.x %u']}",
		    11 + 2 * i, i, i);
		doc = tap_json5(in);
		ok = ok && feed(t, g, doc, 0, error);
		bson_destroy(doc);
	}
	bson_free(pad);
	return ok;
}

static void
test_spill(void)
{
	struct got g;
	struct txn *t = assembler(&g, 0);
	bson_error_t error = {0};

	OK(large(t, &g, &error) &&
		strcmp(g.text,
		    "i d.x 0;i d.x 1;i d.x 2;i d.x 3;i a.b 0;i a.b 1;"
		    "i a.b 2;i a.b 3;i a.b 4;i d.x 4") == 0 &&
		g.in_order,
	    "45 MiB");
	OK(g.spilled > (27 << 20) && g.spilled < (28 << 20) &&
		g.open_spills == 0,
	    "all beyond 16 MiB was spilled, the spill is closed");
	txn_free(t);
	bson_free(g.text);
	t = assembler(&g, 0);
	g.db = "d";
	OK(large(t, &g, &error) && g.spilled == 0, "of others nothing is kept");
	txn_free(t);
	bson_free(g.text);
	t = assembler(&g, 0);
	g.fail_spill = true;
	OK(!large(t, &g, &error) && error_status(&error) == MM_EXIT_IO,
	    "no place to spill: %s", error.message);
	txn_free(t);
	bson_free(g.text);
	t = assembler(&g, 0);
	g.fail_emit = true;
	OK(!large(t, &g, &error) && error_status(&error) == MM_EXIT_IO,
	    "emit fails");
	txn_free(t);
	bson_free(g.text);
	OK(g.open_spills == 0, "nothing is left open");
}

int
main(void)
{
	test_vectors();
	test_more();
	test_form();
	test_nested();
	test_spill();
	return tap_done();
}
