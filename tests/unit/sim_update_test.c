/* The update language of mongosim, case by case: the document after it, and
 * the entries that it logs. What a recording holds is in sim_diff_test. */
#include <string.h>

#include "tap.h"
#include "../server/diff.h"

static const struct {
	const char *old, *u, *after, *v2, *v1; /* NULL: not logged */
} cases[] = {
    {"{'_id':1}", "{'$set':{'b':1,'a':2,'10':3,'2':4}}",
	"{'_id':1,'10':3,'2':4,'a':2,'b':1}",
	"{'$v':2,'diff':{'i':{'10':3,'2':4,'a':2,'b':1}}}",
	"{'$v':1,'$set':{'10':3,'2':4,'a':2,'b':1}}"},
    {"{'_id':1,'a':{'x':1}}", "{'$set':{'a.y.z':1,'n.m.o':2,'n.m.p':3}}",
	"{'_id':1,'a':{'x':1,'y':{'z':1}},'n':{'m':{'o':2,'p':3}}}",
	"{'$v':2,'diff':{'i':{'n':{'m':{'o':2,'p':3}}},"
	"'sa':{'i':{'y':{'z':1}}}}}",
	"{'$v':1,'$set':{'a.y.z':1,'n.m.o':2,'n.m.p':3}}"},
    {"{'_id':1,'a':[1]}", "{'$set':{'a.3':4}}", "{'_id':1,'a':[1,null,null,4]}",
	"{'$v':2,'diff':{'sa':{'a':true,'u3':4}}}",
	"{'$v':1,'$set':{'a.3':4}}"},
    {"{'_id':1,'a':5}", "{'$set':{'a':5}}", "{'_id':1,'a':5}", NULL, NULL},
    {"{'_id':1,'a':5}", "{'$set':{'_id':1}}", "{'_id':1,'a':5}", NULL, NULL},
    {"{'_id':1,'a':[1,2]}", "{'$push':{'a':3}}", "{'_id':1,'a':[1,2,3]}",
	"{'$v':2,'diff':{'sa':{'a':true,'u2':3}}}",
	"{'$v':1,'$set':{'a.2':3}}"},
    {"{'_id':1,'a':[]}", "{'$push':{'a':3}}", "{'_id':1,'a':[3]}",
	"{'$v':2,'diff':{'u':{'a':[3]}}}", "{'$v':1,'$set':{'a':[3]}}"},
    {"{'_id':1}", "{'$push':{'a':{'$each':[3,1],'$sort':1}}}",
	"{'_id':1,'a':[1,3]}", "{'$v':2,'diff':{'i':{'a':[1,3]}}}",
	"{'$v':1,'$set':{'a':[1,3]}}"},
    {"{'_id':1,'a':[5,6]}", "{'$push':{'a':{'$each':[7,8],'$slice':-3}}}",
	"{'_id':1,'a':[6,7,8]}", "{'$v':2,'diff':{'u':{'a':[6,7,8]}}}",
	"{'$v':1,'$set':{'a':[6,7,8]}}"},
    {"{'_id':1,'a':[1,2]}", "{'$push':{'a':{'$each':[9],'$position':-1}}}",
	"{'_id':1,'a':[1,9,2]}", "{'$v':2,'diff':{'u':{'a':[1,9,2]}}}",
	"{'$v':1,'$set':{'a':[1,9,2]}}"},
    {"{'_id':1,'a':[{'k':2},{'k':1}]}",
	"{'$push':{'a':{'$each':[],'$sort':{'k':1}}}}",
	"{'_id':1,'a':[{'k':1},{'k':2}]}",
	"{'$v':2,'diff':{'u':{'a':[{'k':1},{'k':2}]}}}",
	"{'$v':1,'$set':{'a':[{'k':1},{'k':2}]}}"},
    {"{'_id':1,'a':[1,2]}", "{'$addToSet':{'a':1.0}}", "{'_id':1,'a':[1,2]}",
	NULL, NULL},
    {"{'_id':1,'a':[1,2,3,2]}", "{'$pull':{'a':{'$gte':2,'$lt':3}}}",
	"{'_id':1,'a':[1,3]}", "{'$v':2,'diff':{'u':{'a':[1,3]}}}",
	"{'$v':1,'$set':{'a':[1,3]}}"},
    {"{'_id':1,'a':[{'x':1,'y':1},{'x':2}]}", "{'$pull':{'a':{'x':1}}}",
	"{'_id':1,'a':[{'x':2}]}", "{'$v':2,'diff':{'u':{'a':[{'x':2}]}}}",
	"{'$v':1,'$set':{'a':[{'x':2}]}}"},
    {"{'_id':1,'a':[1,2,1]}", "{'$pullAll':{'a':[1]}}", "{'_id':1,'a':[2]}",
	"{'$v':2,'diff':{'u':{'a':[2]}}}", "{'$v':1,'$set':{'a':[2]}}"},
    {"{'_id':1,'a':[1,2]}", "{'$pop':{'a':-1}}", "{'_id':1,'a':[2]}",
	"{'$v':2,'diff':{'u':{'a':[2]}}}", "{'$v':1,'$set':{'a':[2]}}"},
    {"{'_id':1}", "{'$pop':{'a':1},'$pull':{'b':1},'$unset':{'c':1}}",
	"{'_id':1}", NULL, NULL},
    {"{'_id':1,'a':[1,2]}", "{'$unset':{'a.0':1}}", "{'_id':1,'a':[null,2]}",
	"{'$v':2,'diff':{'sa':{'a':true,'u0':null}}}",
	"{'$v':1,'$set':{'a.0':null}}"},
    {"{'_id':1,'a':1,'b':{'c':2}}", "{'$rename':{'b.c':'a'}}",
	"{'_id':1,'a':2,'b':{}}",
	"{'$v':2,'diff':{'u':{'a':2},'sb':{'d':{'c':false}}}}",
	"{'$v':1,'$set':{'a':2},'$unset':{'b.c':true}}"},
    {"{'_id':1,'n':2147483647}", "{'$inc':{'n':1}}",
	"{'_id':1,'n':{'$numberLong':'2147483648'}}",
	"{'$v':2,'diff':{'u':{'n':{'$numberLong':'2147483648'}}}}",
	"{'$v':1,'$set':{'n':{'$numberLong':'2147483648'}}}"},
    {"{'_id':1,'n':5}", "{'$bit':{'n':{'and':6,'or':8}}}", "{'_id':1,'n':12}",
	"{'$v':2,'diff':{'u':{'n':12}}}", "{'$v':1,'$set':{'n':12}}"},
    {"{'_id':1,'a':[{'b':1},{'b':2}]}", "{'$inc':{'a.$[].b':1}}",
	"{'_id':1,'a':[{'b':2},{'b':3}]}",
	"{'$v':2,'diff':{'u':{'a':[{'b':2},{'b':3}]}}}",
	"{'$v':1,'$set':{'a':[{'b':2},{'b':3}]}}"},
    {"{'_id':1,'a':[{'b':1},{'b':2}]}", "{'$set':{'a.$[x].b':7}}",
	"{'_id':1,'a':[{'b':1},{'b':7}]}",
	"{'$v':2,'diff':{'sa':{'a':true,'s1':{'u':{'b':7}}}}}",
	"{'$v':1,'$set':{'a.1.b':7}}"},
    {"{'_id':1,'a':[4,5]}", "{'$set':{'a.$':7}}", "{'_id':1,'a':[4,7]}",
	"{'$v':2,'diff':{'sa':{'a':true,'u1':7}}}",
	"{'$v':1,'$set':{'a.1':7}}"},
    {"{'_id':1,'a':1}", "{'a':1}", "{'_id':1,'a':1}", "{'_id':1,'a':1}",
	"{'_id':1,'a':1}"},
    {"{'_id':1,'a':1}", "{'_id':1,'a':1}", "{'_id':1,'a':1}", NULL, NULL},
    {"{'_id':1,'a':1}", "{'a':2,'_id':1.0}", "{'_id':1.0,'a':2}",
	"{'a':2,'_id':1.0}", "{'a':2,'_id':1.0}"},
    {"{'_id':1,'a':1}", "{}", "{'_id':1}", "{'_id':1}", "{'_id':1}"},
    {"{'_id':1,'s':'a text that is long enough','b':{'c':1,'d':[1,2,3,4]}}",
	"[{'$set':{'b':{'c':2},'n':{'$add':['$b.c',1]}}},{'$unset':['b.d']}]",
	"{'_id':1,'s':'a text that is long enough','b':{'c':2},'n':2}",
	"{'$v':2,'diff':{'u':{'b':{'c':2}},'i':{'n':2}}}",
	"{'_id':1,'s':'a text that is long enough','b':{'c':2},'n':2}"},
    {"{'_id':1,'a':1}", "[{'$replaceWith':{'b':2,'_id':'$_id'}}]",
	"{'_id':1,'b':2}", "{'b':2,'_id':1}", "{'b':2,'_id':1}"},
};

static const struct {
	const char *query, *u, *after;
} upserts[] = {
    {"{'z':1,'_id':5,'a':{'$gt':1},'$and':[{'b':2}]}",
	"{'$set':{'c':3},'$setOnInsert':{'aa':1}}",
	"{'_id':5,'b':2,'z':1,'aa':1,'c':3}"},
    {"{'_id':5,'a':1}", "{'b':2}", "{'_id':5,'b':2}"},
    {"{'_id':5}", "{'b':2,'_id':5.0}", "{'_id':5.0,'b':2}"},
    {"{'x.y':1,'x.z':{'$eq':2},'_id':1}", "{'$unset':{'q':1}}",
	"{'_id':1,'x':{'y':1,'z':2}}"},
};

static const struct {
	const char *old, *u;
	int code;
	const char *errmsg;
} refusals[] = {
    {"{'_id':1}", "{'$set':{'a.b':1,'a':2}}", 40,
	"Updating the path 'a' would create a conflict at 'a'"},
    {"{'_id':1}", "{'$rename':{'a':'b'},'$set':{'a.c':1}}", 40,
	"Updating the path 'a.c' would create a conflict at 'a'"},
    {"{'_id':1,'a':{'b':[1]}}", "{'$set':{'a.b.c':1}}", 28,
	"Cannot create field 'c' in element {b: [ 1 ]}"},
    {"{'_id':1,'a':'x'}", "{'$inc':{'a':1}}", 14,
	"Cannot apply $inc to a value of non-numeric type. {_id: 1} has the "
	"field 'a' of non-numeric type string"},
    {"{'_id':1}", "{'$set':{'a..b':1}}", 56,
	"The update path 'a..b' contains an empty field name, which is not "
	"allowed."},
    {"{'_id':1}", "{'$set':{'a.$b':1}}", 52,
	"The dollar ($) prefixed field '$b' in 'a.$b' is not valid for "
	"storage."},
    {"{'_id':{'x':1}}", "{'$unset':{'_id.x':1}}", 66,
	"Performing an update on the path '_id.x' would modify the immutable "
	"field '_id'"},
    {"{'_id':1}", "[{'$set':{'_id':2}}]", 66,
	"After applying the update, the (immutable) field '_id' was found to "
	"have been altered to _id: 2"},
    {"{'_id':1}", "{'$set':{'a.$[q]':1}}", 2,
	"No array filter found for identifier 'q' in path 'a.$[q]'"},
    {"{'_id':1,'a':[1]}", "{'$set':{'a.2000000':1}}", 54,
	"can't backfill more than 1500000 elements"},
    {"{'_id':1}", "[{'$frob':1}]", 40324,
	"Unrecognized pipeline stage name: '$frob'"},
};

static bson_t *
json(const char *text)
{
	char *copy = bson_strdup(text), *at;
	bson_t *doc;

	for (at = copy; *at; at++) {
		if (*at == '\'')
			*at = '"';
	}
	doc = tap_json(copy);
	bson_free(copy);
	return doc;
}

/* {u: ...}, so that an array may stand there too. */
static bson_t *
command(const char *u)
{
	char *text = bson_strdup_printf("{'u':%s}", u);
	bson_t *cmd = json(text);

	bson_free(text);
	return cmd;
}

static bool
same_json(const bson_t *got, const char *want)
{
	bson_t *doc = json(want);
	bool same = tap_same_doc(got, doc);

	bson_destroy(doc);
	return same;
}

static bool
logs(const bson_t *old, const bson_t *after, const struct update_log *log,
    int v, const char *want)
{
	bson_t o;
	bool changed = diff_make(old, after, log, v, &o);
	bool ok = want ? changed && same_json(&o, want) : !changed;

	bson_destroy(&o);
	return ok;
}

static void
test_case(size_t i)
{
	bson_t *old = json(cases[i].old), *cmd = command(cases[i].u);
	bson_t *query = json("{'a':5}"), *filters = json("{'0':{'x.b':2}}");
	struct update_args args = {
	    .query = query, .old = old, .array_filters = filters};
	struct buf out = BUF_INIT;
	struct update_log log;
	bson_error_t error = {0};
	bson_iter_t u;
	bson_t after;
	bool ok;

	update_log_init(&log);
	bson_iter_init_find(&u, cmd, "u");
	args.update = &u;
	ok = update_apply(&args, &log, &out, &error) &&
	    bson_init_static(&after, out.data, out.len);
	OK(ok && same_json(&after, cases[i].after) &&
		logs(old, &after, &log, 2, cases[i].v2) &&
		logs(old, &after, &log, 1, cases[i].v1),
	    "%s on %s %s", cases[i].u, cases[i].old, error.message);
	update_log_release(&log);
	buf_release(&out);
	bson_destroy(old);
	bson_destroy(cmd);
	bson_destroy(query);
	bson_destroy(filters);
}

static void
test_upsert(size_t i)
{
	bson_t *query = json(upserts[i].query), *cmd = command(upserts[i].u);
	struct update_args args = {.query = query};
	struct buf out = BUF_INIT;
	struct update_log log;
	bson_error_t error = {0};
	bson_iter_t u;
	bson_t after;

	update_log_init(&log);
	bson_iter_init_find(&u, cmd, "u");
	args.update = &u;
	OK(update_apply(&args, &log, &out, &error) &&
		bson_init_static(&after, out.data, out.len) &&
		same_json(&after, upserts[i].after),
	    "upsert %s where %s %s", upserts[i].u, upserts[i].query,
	    error.message);
	update_log_release(&log);
	buf_release(&out);
	bson_destroy(query);
	bson_destroy(cmd);
}

static void
test_refusal(size_t i)
{
	bson_t *old = json(refusals[i].old), *cmd = command(refusals[i].u);
	bson_t query = BSON_INITIALIZER;
	struct update_args args = {.query = &query, .old = old};
	struct buf out = BUF_INIT;
	struct update_log log;
	bson_error_t error = {0};
	bson_iter_t u;
	bool refused;

	update_log_init(&log);
	bson_iter_init_find(&u, cmd, "u");
	args.update = &u;
	refused = !update_apply(&args, &log, &out, &error);
	OK(refused && (int)error.code == refusals[i].code && out.len == 0 &&
		strcmp(error.message, refusals[i].errmsg) == 0,
	    "%s: %u %s", refusals[i].u, error.code, error.message);
	update_log_release(&log);
	buf_release(&out);
	bson_destroy(old);
	bson_destroy(cmd);
	bson_destroy(&query);
}

static void
test_zero_time(void)
{
	bson_t *old = json("{'_id':1}");
	bson_t *cmd = command("{'a':{'$timestamp':{'t':0,'i':0}},'b':{'c':"
			      "{'$timestamp':{'t':0,'i':0}}}}");
	bson_t query = BSON_INITIALIZER;
	struct update_args args = {
	    .query = &query, .old = old, .seconds = 7, .increment = 3};
	static const char want[] = "{'_id':1,'a':{'$timestamp':{'t':7,'i':3}},"
				   "'b':{'c':{'$timestamp':{'t':0,'i':0}}}}";
	struct buf out = BUF_INIT;
	struct update_log log;
	bson_error_t error;
	bson_iter_t u;
	bson_t after;

	update_log_init(&log);
	bson_iter_init_find(&u, cmd, "u");
	args.update = &u;
	OK(update_needs_time(&u, false) && !update_needs_time(&u, true) &&
		update_apply(&args, &log, &out, &error) &&
		bson_init_static(&after, out.data, out.len) &&
		same_json(&after, want) && logs(old, &after, &log, 2, want),
	    "a replacement's Timestamp(0,0) becomes the time, in the log too");
	update_log_release(&log);
	buf_release(&out);
	bson_destroy(old);
	bson_destroy(cmd);
	bson_destroy(&query);
}

static void
test_numeric_order(void)
{
	bson_t *old = json("{'_id':1}");
	bson_t *cmd = command("{'$set':{'b':1,'10':2,'2':3,'x.9':4,'x.10':5}}");
	bson_t query = BSON_INITIALIZER;
	struct update_args args = {
	    .query = &query, .old = old, .numeric_order = true};
	struct buf out = BUF_INIT;
	struct update_log log;
	bson_error_t error;
	bson_iter_t u;
	bson_t after;

	update_log_init(&log);
	bson_iter_init_find(&u, cmd, "u");
	args.update = &u;
	OK(update_apply(&args, &log, &out, &error) &&
		bson_init_static(&after, out.data, out.len) &&
		same_json(
		    &after, "{'_id':1,'2':3,'10':2,'b':1,'x':{'9':4,'10':5}}"),
	    "from 5.0 on numbers are in order");
	update_log_release(&log);
	buf_release(&out);
	bson_destroy(old);
	bson_destroy(cmd);
	bson_destroy(&query);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		test_case(i);
	for (i = 0; i < sizeof upserts / sizeof *upserts; i++)
		test_upsert(i);
	for (i = 0; i < sizeof refusals / sizeof *refusals; i++)
		test_refusal(i);
	test_zero_time();
	test_numeric_order();
	return tap_done();
}
