/* The find language of mongosim, case by case. */
#include <string.h>

#include "tap.h"
#include "../server/match.h"
#include "../server/project.h"

static const struct {
	const char *filter, *doc;
	bool matches;
} cases[] = {
    {"{}", "{'a':1}", true},
    {"{'a':1}", "{'a':1.0}", true},
    {"{'a':{'$numberLong':'1'}}", "{'a':1}", true},
    {"{'a':'x'}", "{'a':['y','x']}", true},
    {"{'a':[1,2]}", "{'a':[1,2]}", true},
    {"{'a':[1,2]}", "{'a':[[1,2],3]}", true},
    {"{'a':[1,2]}", "{'a':[2,1]}", false},
    {"{'a':{'b':1,'c':2}}", "{'a':{'b':1,'c':2}}", true},
    {"{'a':{'c':2,'b':1}}", "{'a':{'b':1,'c':2}}", false},
    {"{'a':null}", "{'b':1}", true},
    {"{'a':null}", "{'a':null}", true},
    {"{'a':null}", "{'a':0}", false},
    {"{'a.b':null}", "{'a':5}", true},
    {"{'a.b':null}", "{'a':[1,2]}", false},
    {"{'a.b':null}", "{'a':[{'b':1},{'c':1}]}", true},
    {"{'a.b':2}", "{'a':[{'b':1},{'b':2}]}", true},
    {"{'a.1':2}", "{'a':[1,2]}", true},
    {"{'a.1':2}", "{'a':{'1':2}}", true},
    {"{'a.0.b':3}", "{'a':[{'b':3},{'b':4}]}", true},
    {"{'a.1.b':3}", "{'a':[{'b':3},{'b':4}]}", false},
    {"{'a':{'$gte':0}}", "{'a':{'$numberDouble':'NaN'}}", false},
    {"{'a':{'$gte':{'$numberDouble':'NaN'}}}", "{'a':{'$numberDouble':'NaN'}}",
	true},
    {"{'a':{'$gte':0}}", "{'a':'x'}", false},
    {"{'a':{'$gte':{'$minKey':1}}}", "{'a':'x'}", true},
    {"{'a':{'$gt':{'$minKey':1}}}", "{'a':{'$minKey':1}}", false},
    {"{'a':{'$lte':{'$maxKey':1}}}", "{'a':{'$maxKey':1}}", true},
    {"{'a':{'$lt':{'$maxKey':1}}}", "{'a':[]}", true},
    {"{'a':{'$gt':1,'$lt':3}}", "{'a':2}", true},
    {"{'a':{'$gt':2,'$lt':2}}", "{'a':[1,3]}", true},
    {"{'a':{'$lte':null}}", "{'b':1}", true},
    {"{'a':{'$ne':1}}", "{'a':[1,2]}", false},
    {"{'a':{'$ne':1}}", "{'b':1}", true},
    {"{'a':{'$in':[1,null]}}", "{'b':1}", true},
    {"{'a':{'$in':[]}}", "{'a':1}", false},
    {"{'a':{'$nin':[]}}", "{'a':1}", true},
    {"{'a':{'$nin':[1]}}", "{'a':[1]}", false},
    {"{'a':{'$exists':true}}", "{'a':null}", true},
    {"{'a':{'$exists':false}}", "{'a':null}", false},
    {"{'a.b':{'$exists':false}}", "{'a':[]}", true},
    {"{'a':{'@type':'int'}}", "{'a':[1]}", true},
    {"{'a':{'@type':'array'}}", "{'a':[1]}", true},
    {"{'a':{'@type':['string','number']}}", "{'a':1.5}", true},
    {"{'a':{'@type':-1}}", "{'a':{'$minKey':1}}", true},
    {"{'a':{'$not':{'$gt':5}}}", "{'b':1}", true},
    {"{'a':{'$not':{'$gt':5}}}", "{'a':6}", false},
    {"{'a':{'$size':2}}", "{'a':[1,[2]]}", true},
    {"{'a':{'$all':[1,2]}}", "{'a':[2,3,1]}", true},
    {"{'a':{'$all':[1,4]}}", "{'a':[2,3,1]}", false},
    {"{'a':{'$all':[]}}", "{'a':[]}", false},
    {"{'a':{'$elemMatch':{'$gt':2,'$lt':4}}}", "{'a':[1,5]}", false},
    {"{'a':{'$elemMatch':{'$gt':2,'$lt':4}}}", "{'a':[1,3]}", true},
    {"{'a':{'$elemMatch':{'b':1,'c':2}}}", "{'a':[{'b':1},{'c':2}]}", false},
    {"{'a':{'$elemMatch':{'b':1,'c':2}}}", "{'a':[{'b':1,'c':2}]}", true},
    {"{'a':{'$mod':[4,1]}}", "{'a':9.5}", true},
    {"{'a':{'@regex':'^a.c','@options':'i'}}", "{'a':'xABC'}", false},
    {"{'a':{'@regex':'^a.c','@options':'i'}}", "{'a':'ABC'}", true},
    {"{'a':{'@regex':'^(?!system\\\\.)'}}", "{'a':'system.views'}", false},
    {"{'a':{'@regex':'^(?!system\\\\.)'}}", "{'a':'systems'}", true},
    {"{'$or':[{'a':1},{'b':2}]}", "{'b':2}", true},
    {"{'$nor':[{'a':1},{'b':2}]}", "{'b':2}", false},
    {"{'$and':[{'a':1},{'a':{'$lt':2}}]}", "{'a':1}", true},
    {"{'$jsonSchema':{'required':['a','b']}}", "{'a':1}", false},
    {"{'$jsonSchema':{'required':['a'],'properties':{'a':{'bsonType':"
     "['int','string'],'minimum':3},'b':{'enum':[1,'x']}}}}",
	"{'a':3,'b':'x'}", true},
    {"{'$jsonSchema':{'properties':{'a':{'minimum':3}}}}", "{'a':2.9}", false},
    {"{'$jsonSchema':{'properties':{'a':{'minimum':3}}}}", "{'a':'x'}", true},
    {"{'$jsonSchema':{'properties':{'a':{'items':{'bsonType':'int'}}}}}",
	"{'a':[1,'x']}", false},
    {"{'$jsonSchema':{'properties':{'a':{'properties':{'b':{'type':"
     "'boolean'}}}},'additionalProperties':false}}",
	"{'a':{'b':true,'c':1}}", true},
    {"{'$jsonSchema':{'properties':{'a':{}},'additionalProperties':false}}",
	"{'a':1,'c':1}", false},
    {"{'$jsonSchema':{'properties':{'a':{'minLength':2,'maxLength':3,"
     "'pattern':'^x'}}}}",
	"{'a':'xé'}", true},
    {"{'$jsonSchema':{'oneOf':[{'required':['a']},{'required':['b']}]}}",
	"{'a':1,'b':1}", false},
    {"{'$jsonSchema':{'not':{'required':['a']}}}", "{'b':1}", true},
};

static const struct {
	const char *filter;
	int code;
	const char *errmsg;
} refusals[] = {
    {"{'a':{'$frob':1}}", 2, "unknown operator: $frob"},
    {"{'$frob':1}", 2, "unknown top level operator: $frob"},
    {"{'a':1,'b':{'$in':3}}", 2, "$in needs an array"},
    {"{'$or':[]}", 2, "$and/$or/$nor must be a nonempty array"},
    {"{'$or':[{'a':1},{'b':{'$frob':1}}]}", 2, "unknown operator: $frob"},
    {"{'a':{'$elemMatch':{'b':{'$frob':1}}}}", 2, "unknown operator: $frob"},
    {"{'a':{'@type':'frob'}}", 2, "Unknown type name alias: frob"},
    {"{'$jsonSchema':{'properties':{'a':{'frob':1}}}}", 9,
	"Unknown $jsonSchema keyword: frob"},
    {"{'$where':'1'}", 238, "$where is not implemented"},
};

static const struct {
	const char *projection, *doc, *result;
} projections[] = {
    {"{}", "{'_id':1,'a':1}", "{'_id':1,'a':1}"},
    {"{'a':1}", "{'_id':1,'b':2,'a':1}", "{'_id':1,'a':1}"},
    {"{'a':1,'_id':0}", "{'_id':1,'b':2,'a':1}", "{'a':1}"},
    {"{'_id':1}", "{'_id':1,'b':2}", "{'_id':1}"},
    {"{'_id':0}", "{'_id':1,'b':2}", "{'b':2}"},
    {"{'_id':1,'a':0}", "{'_id':1,'a':1,'b':2}", "{'_id':1,'b':2}"},
    {"{'a.b':1}", "{'_id':1,'a':[{'b':1,'c':2},3,{'c':1}],'d':1}",
	"{'_id':1,'a':[{'b':1},{}]}"},
    {"{'a.b':0}", "{'_id':1,'a':[{'b':1,'c':2},3],'d':1}",
	"{'_id':1,'a':[{'c':2},3],'d':1}"},
};

/* JSON with ' for ", and @ before operators that Extended JSON would take for
 * its own. */
static bson_t *
json(const char *text)
{
	char *copy = bson_strdup(text), *at;
	uint8_t *data;
	bson_t *doc;
	size_t i;

	for (at = copy; *at; at++) {
		if (*at == '\'')
			*at = '"';
	}
	doc = tap_json(copy);
	bson_free(copy);
	data = (uint8_t *)bson_get_data(doc);
	for (i = 0; i + 1 < doc->len; i++) {
		if (data[i] == '@' && data[i + 1] >= 'a')
			data[i] = '$';
	}
	return doc;
}

static void
test_case(size_t i)
{
	bson_t *filter = json(cases[i].filter), *doc = json(cases[i].doc);
	bson_error_t error;
	bool matches;

	OK(match_doc(filter, doc, &matches, &error) &&
		matches == cases[i].matches && match_check(filter, &error),
	    "%s %s %s", cases[i].filter,
	    cases[i].matches ? "matches" : "does not match", cases[i].doc);
	bson_destroy(filter);
	bson_destroy(doc);
}

static void
test_refusal(size_t i)
{
	bson_t *filter = json(refusals[i].filter);
	bson_error_t error = {0};
	bool refused = !match_check(filter, &error);

	OK(refused && (int)error.code == refusals[i].code &&
		strcmp(error.message, refusals[i].errmsg) == 0,
	    "%s: %u %s", refusals[i].filter, error.code, error.message);
	bson_destroy(filter);
}

static void
test_projection(size_t i)
{
	bson_t *p = json(projections[i].projection);
	bson_t *doc = json(projections[i].doc);
	bson_t *want = json(projections[i].result);
	struct buf out = BUF_INIT;
	bson_error_t error;
	bson_t got;

	OK(project_doc(p, doc, &out, &error) &&
		bson_init_static(&got, out.data, out.len) &&
		tap_same_doc(&got, want),
	    "projection %s", projections[i].projection);
	buf_release(&out);
	bson_destroy(p);
	bson_destroy(doc);
	bson_destroy(want);
}

static void
test_position(void)
{
	bson_t *filter = json("{'a.b':{'$gt':1},'c':1}");
	bson_t *doc = json("{'c':1,'a':[{'b':0},{'b':[1,5]},{'b':9}]}");
	bson_error_t error;
	int position;
	bool matches;

	OK(match_doc_at(filter, doc, &matches, &position, &error) && matches &&
		position == 1,
	    "the index in the outermost array");
	bson_destroy(filter);
	bson_destroy(doc);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		test_case(i);
	for (i = 0; i < sizeof refusals / sizeof *refusals; i++)
		test_refusal(i);
	for (i = 0; i < sizeof projections / sizeof *projections; i++)
		test_projection(i);
	test_position();
	return tap_done();
}
