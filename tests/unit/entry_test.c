/* One entry: what is read from it, what is refused, and what it does to a
 * document (the cases of oplog.md 11). */
#include <string.h>

#include "model/entry.h"
#include "tap.h"

#define AT "'ts':{'$timestamp':{'t':7,'i':8}},'t':{'$numberLong':'3'},"

static bool
parse(const char *json, bson_t **doc, struct entry *e, bson_error_t *error)
{
	*doc = tap_json5(json);
	return entry_parse(bson_get_data(*doc), (*doc)->len, e, error);
}

static void
test_read(void)
{
	struct entry e;
	bson_error_t error;
	struct value id;
	bson_t *doc;

	OK(parse("{" AT "'v':2,'op':'u','ns':'shop.a.b','ui':{'$binary':{"
		 "'base64':'AAECAwQFBgcICQoLDA0ODw==','subType':'04'}},"
		 "'o2':{'_id':5},'o':{'$v':1},'b':true,'fromMigrate':true,"
		 "'wall':{'$date':{'$numberLong':'99'}},'new':1,"
		 "'lsid':{'id':1},'txnNumber':{'$numberLong':'4'},"
		 "'prevOpTime':{'ts':1}}",
	       &doc, &e, &error) &&
		e.at.secs == 7 && e.at.inc == 8 && e.at.term == 3 &&
		e.op == ENTRY_UPDATE && strcmp(e.ns, "shop.a.b") == 0 &&
		strcmp(e.coll, "a.b") == 0 && e.db_len == 4 && e.ui &&
		e.ui[15] == 15 && e.o.len > 5 && e.o2.len > 5 && e.wall == 99 &&
		e.from_migrate && e.upsert && e.txn_index == -1 &&
		!e.txn_pending && e.lsid.type == 3 && e.txn_number.type == 18 &&
		e.prev.type == 3 && e.raw_len == doc->len,
	    "all fields");
	OK(entry_key(&e, &id, &error) && id.type == BSON_TYPE_INT32 &&
		id.data[0] == 5,
	    "key of u");
	bson_destroy(doc);
	OK(parse("{'op':'i','ns':'a.b','o':{'_id':1}," AT
		 "'txn':{'i':2,'last':true}}",
	       &doc, &e, &error) &&
		e.txn_index == 2 && e.txn_last && e.o2.len == 0,
	    "an operation of a transaction has no v");
	bson_destroy(doc);
	OK(parse("{" AT "'v':2,'op':'c','ns':'admin.$cmd','o':{'applyOps':[],"
		 "'prepare':true}}",
	       &doc, &e, &error) &&
		strcmp(e.command, "applyOps") == 0 && e.txn_pending,
	    "a prepared transaction");
	bson_destroy(doc);
	OK(parse("{" AT "'v':2,'op':'c','ns':'a.$cmd','o':{'drop':'applyOps',"
		 "'prepare':true}}",
	       &doc, &e, &error) &&
		strcmp(e.command, "drop") == 0 && !e.txn_pending,
	    "another command");
	bson_destroy(doc);
	OK(parse("{" AT "'v':2,'op':'ci','ns':'','container':'x','o':1}", &doc,
	       &e, &error) &&
		e.op == ENTRY_NOOP,
	    "internal kinds are no-ops");
	bson_destroy(doc);
	OK(parse("{'ts':{'$timestamp':{'t':1,'i':1}},'v':2,'op':'n','ns':'',"
		 "'o':{}}",
	       &doc, &e, &error) &&
		e.at.term == -1,
	    "no term");
	bson_destroy(doc);
}

static void
test_refused(void)
{
	static const struct {
		const char *entry, *message;
	} t[] = {
	    {"{'v':2,'op':'i','ns':'a.b','o':{}}", "\"ts\""},
	    {"{'ts':1,'v':2,'op':'i','ns':'a.b','o':{}}", "\"ts\""},
	    {"{" AT "'op':'i','ns':'a.b','o':{}}", "7:8:3: field \"v\""},
	    {"{" AT "'v':1,'op':'i','ns':'a.b','o':{}}", "\"v\""},
	    {"{" AT "'v':2,'ns':'a.b','o':{}}", "\"op\""},
	    {"{" AT "'v':2,'op':'ki','ns':'a.b','o':{}}", "\"ki\""},
	    {"{" AT "'v':2,'op':'','ns':'a.b','o':{}}", "\"op\""},
	    {"{" AT "'v':2,'op':'i','ns':7,'o':{}}", "\"ns\""},
	    {"{" AT "'v':2,'op':'i','ns':'a','o':{}}", "\"ns\""},
	    {"{" AT "'v':2,'op':'i','ns':'a.b\\u0000c','o':{}}", "\"ns\""},
	    {"{" AT "'v':2,'op':'d','ns':'.b','o':{}}", "\"ns\""},
	    {"{" AT "'v':2,'op':'i','ns':'a.b'}", "\"o\""},
	    {"{" AT "'v':2,'op':'i','ns':'a.b','o':[]}", "\"o\""},
	    {"{" AT "'v':2,'op':'u','ns':'a.b','o':{},'o2':1}", "\"o2\""},
	    {"{" AT "'v':2,'op':'c','ns':'a.$cmd','o':{}}", "no command"},
	    {"{" AT "'v':2,'op':'i','ns':'a.b','o':{},'tid':1}", "\"tid\""},
	    {"{" AT "'op':'i','ns':'a.b','o':{},'txn':{'i':-1}}", "\"txn\""},
	    {"{" AT "'op':'i','ns':'a.b','o':{},'txn':1}", "\"txn\""},
	};
	bson_error_t error;
	struct entry e;
	bson_t *doc;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		if (!OK(!parse(t[i].entry, &doc, &e, &error) &&
			    error_status(&error) == 8 &&
			    strstr(error.message, t[i].message),
			"refused: %s", t[i].entry))
			tap_note("%s", error.message);
		bson_destroy(doc);
	}
	OK(!entry_parse((const uint8_t *)"\x05\0\0\0\1", 5, &e, &error) &&
		error_status(&error) == 8,
	    "not BSON");
}

static void
test_effects(void)
{
	static const struct {
		const char *pre, *entry, *post; /* NULL: no document */
		enum entry_effect effect;
		bool existed, missing;
	} t[] = {
	    {NULL, "'op':'i','o':{'_id':1,'a':2}", "{'_id':1,'a':2}",
		EFFECT_STORED, false, false},
	    {"{'_id':1,'a':1,'b':1}", "'op':'i','o':{'_id':1,'a':2}",
		"{'_id':1,'a':2}", EFFECT_STORED, true, false},
	    {"{'_id':1,'a':2}", "'op':'i','o':{'_id':1,'a':2}",
		"{'_id':1,'a':2}", EFFECT_STORED, false, false},
	    {NULL, "'op':'i','o':{'_id':1,'f':{'$timestamp':{'t':0,'i':0}}}",
		"{'_id':1,'f':{'$timestamp':{'t':0,'i':0}}}", EFFECT_STORED,
		false, false},
	    {NULL, "'op':'i','o':{'a':2,'_id':1}", "{'_id':1,'a':2}",
		EFFECT_STORED, false, false},
	    {NULL, "'op':'d','o':{'_id':1}", NULL, EFFECT_NONE, false, true},
	    {"{'_id':1,'k':5}", "'op':'d','o':{'k':5,'_id':1}", NULL,
		EFFECT_DELETED, false, false},
	    {NULL, "'op':'u','o2':{'_id':1},'o':{'$v':2,'diff':{'u':{'a':1}}}",
		NULL, EFFECT_NONE, false, true},
	    {NULL, "'op':'u','b':true,'o2':{'_id':1},'o':{'$set':{'a':1}}",
		NULL, EFFECT_NONE, false, true},
	    {NULL, "'op':'u','o2':{'_id':1},'o':{'b':1}", "{'_id':1,'b':1}",
		EFFECT_STORED, false, true},
	    {NULL,
		"'op':'u','o2':{'_id':1},'o':{'$v':1,'$set':{'_id':1,'b':1}}",
		"{'_id':1,'b':1}", EFFECT_STORED, false, true},
	    {"{'_id':1}", "'op':'u','o2':{'_id':1},'o':{'_id':1.0,'b':1}",
		"{'_id':1.0,'b':1}", EFFECT_STORED, false, false},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		char *json = bson_strdup_printf(
		    "{" AT "'v':2,'ns':'d.x',%s}", t[i].entry);
		bson_t *pre = t[i].pre ? tap_json5(t[i].pre) : NULL;
		bson_t *post = t[i].post ? tap_json5(t[i].post) : NULL;
		struct buf out = BUF_INIT;
		enum entry_effect effect;
		struct entry_note note;
		bson_error_t error = {0};
		struct entry e;
		bson_t *doc, got;
		bool ok = parse(json, &doc, &e, &error) &&
		    entry_apply(&e, pre, &out, &effect, &note, &error);

		if (out.len > 0)
			bson_init_static(&got, out.data, out.len);
		OK(ok && effect == t[i].effect &&
			tap_same_doc(out.len ? &got : NULL, post) &&
			note.existed == t[i].existed &&
			note.missing == t[i].missing,
		    "%s on %s %s", t[i].entry, t[i].pre ? t[i].pre : "nothing",
		    error.message);
		buf_release(&out);
		bson_free(json);
		bson_destroy(doc);
		if (pre)
			bson_destroy(pre);
		if (post)
			bson_destroy(post);
	}
}

int
main(void)
{
	static const char *const in[] = {"local.oplog.rs", "config.x",
	    "admin.system.users", "shop.system.profile", "shop.system.drop.1.a",
	    "shop.system.resharding.x"};
	static const char *const out[] = {"shop.a", "shop.system.js",
	    "shop.system.views", "shop.system.profiles", "locals.a",
	    "shop.system.buckets.m", "shop"};
	struct entry e;
	struct value id;
	bson_error_t error;
	bson_t *doc;

	test_read();
	test_refused();
	test_effects();
	for (size_t i = 0; i < sizeof in / sizeof *in; i++)
		OK(entry_ns_internal(in[i]), "%s is internal", in[i]);
	for (size_t i = 0; i < sizeof out / sizeof *out; i++)
		OK(!entry_ns_internal(out[i]), "%s is not", out[i]);
	parse("{" AT "'v':2,'ns':'d.x','op':'u','o':{'_id':1}}", &doc, &e,
	    &error);
	OK(!entry_key(&e, &id, &error) && error_status(&error) == 8,
	    "u without o2: %s", error.message);
	bson_destroy(doc);
	return tap_done();
}
