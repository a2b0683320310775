/* Catalog changes: the whole table of commands, judged against a selection. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "corpus.h"
#include "model/ddl.h"
#include "tap.h"

static struct ns_rules *
rules(const char *filters)
{
	bson_t *doc = tap_json5(filters);
	struct ns_rules *r = ns_rules_read(doc, NULL);

	bson_destroy(doc);
	return r;
}

static bool
same(const struct buf *got, const char *want)
{
	bson_t *doc = want ? tap_json5(want) : NULL, view;
	bool ok;

	if (got->len > 0)
		bson_init_static(&view, got->data, got->len);
	ok = tap_same_doc(got->len > 0 ? &view : NULL, doc);
	if (doc)
		bson_destroy(doc);
	return ok;
}

#define SHOP "{'include':['shop.*']}"
#define MAPPED                                                                 \
	"{'include':['shop.*'],'rename':[{'from':'shop.*','to':'new.*'}]}"
#define ONE "{'include':['shop.a','shop.v']}"

struct row {
	const char *filters, *entry; /* the entry's fields from op on */
	enum ddl_kind kind;
	const char *target, *db, *doc, *command;
};

static const struct row rows[] = {
    {MAPPED,
	"'op':'c','ns':'shop.$cmd','o':{'create':'a','capped':true,'size':4096,"
	"'idIndex':{'v':2,'key':{'_id':1},'name':'_id_','ns':'shop.a'}}",
	DDL_CREATE, "new.a", "new",
	"{'capped':true,'size':4096,'idIndex':{'v':2,'key':{'_id':1},'name':"
	"'_id_','ns':'shop.a'}}",
	NULL},
    {MAPPED, "'op':'c','ns':'other.$cmd','o':{'create':'a'}", DDL_NONE},
    {ONE, "'op':'c','ns':'shop.$cmd','o':{'create':'b'}", DDL_NONE},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'create':'system.views'}", DDL_NONE},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'create':'system.profile'}",
	DDL_NONE},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'create':'system.js'}", DDL_CREATE,
	"shop.system.js", "shop", "{}", NULL},
    {ONE,
	"'op':'c','ns':'shop.$cmd','o':{'create':'system.buckets.m',"
	"'timeseries':{}}",
	DDL_NONE},
    {MAPPED, "'op':'c','ns':'shop.$cmd','o':{'drop':'a'},'o2':{'x':1}",
	DDL_DROP, "new.a", "new", NULL, "{'drop':'a'}"},
    {ONE, "'op':'c','ns':'shop.$cmd','o':{'drop':'b'}", DDL_NONE},
    {MAPPED, "'op':'c','ns':'shop.$cmd','o':{'drop':'system.js'}", DDL_DROP,
	"new.system.js", "new", NULL,
	"{'delete':'system.js','deletes':[{'q':{},'limit':0}]}"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'drop':'system.views'}",
	DDL_DROP_VIEWS, "", "", NULL, NULL},
    {SHOP, "'op':'c','ns':'other.$cmd','o':{'drop':'system.views'}", DDL_NONE},
    {MAPPED, "'op':'c','ns':'shop.$cmd','o':{'dropDatabase':1}",
	DDL_DROP_DATABASE, "new", "new", NULL, "{'dropDatabase':1}"},
    {ONE, "'op':'c','ns':'shop.$cmd','o':{'dropDatabase':1}", DDL_NONE},
    {MAPPED,
	"'op':'c','ns':'shop.$cmd','o':{'renameCollection':'shop.a','to':"
	"'shop.b','stayTemp':false,'dropTarget':{'$binary':{'base64':"
	"'AAECAwQFBgcICQoLDA0ODw==','subType':'04'}}}",
	DDL_RENAME, "new.a", "admin", NULL,
	"{'renameCollection':'new.a','to':'new.b','dropTarget':true}"},
    {SHOP,
	"'op':'c','ns':'shop.$cmd','o':{'renameCollection':'shop.a','to':"
	"'shop.b','stayTemp':false}",
	DDL_RENAME, "shop.a", "admin", NULL,
	"{'renameCollection':'shop.a','to':'shop.b','dropTarget':false}"},
    {ONE,
	"'op':'c','ns':'shop.$cmd','o':{'renameCollection':'shop.a','to':"
	"'shop.b','dropTarget':true}",
	DDL_DROP, "shop.a", "shop", NULL, "{'drop':'a'}"},
    {ONE,
	"'op':'c','ns':'shop.$cmd','o':{'renameCollection':'shop.tmp.agg_out.1'"
	",'to':'shop.a','dropTarget':true}",
	DDL_RENAME_IN, "", "", NULL, NULL},
    {ONE,
	"'op':'c','ns':'shop.$cmd','o':{'renameCollection':'shop.x','to':"
	"'shop.y'}",
	DDL_NONE},
    {MAPPED,
	"'op':'c','ns':'shop.$cmd','o':{'collMod':'a','validator':{'n':1},"
	"'validationAction':'warn','noPadding':true},'o2':{}",
	DDL_COLL_MOD, "new.a", "new", NULL,
	"{'collMod':'a','validator':{'n':1},'validationAction':'warn'}"},
    {SHOP,
	"'op':'c','ns':'shop.$cmd','o':{'collMod':'a','index':{'name':'ttl',"
	"'expireAfterSeconds':30}}",
	DDL_COLL_MOD, "shop.a", "shop",
	"{'name':'ttl','expireAfterSeconds':30}", NULL},
    {SHOP,
	"'op':'c','ns':'shop.$cmd','o':{'collMod':'a','usePowerOf2Sizes':true}",
	DDL_NONE},
    {MAPPED,
	"'op':'c','ns':'shop.$cmd','o':{'createIndexes':'a','v':2,'key':{'z':1}"
	",'name':'z'}",
	DDL_CREATE_INDEXES, "new.a", "new",
	"{'0':{'v':2,'key':{'z':1},'name':'z'}}", NULL},
    {SHOP,
	"'op':'c','ns':'shop.$cmd','o':{'commitIndexBuild':'a',"
	"'indexBuildUUID':1,'indexes':[{'v':2,'key':{'z':1},'name':'z'},{'v':2,"
	"'unique':true,'key':{'y':1},'name':'y'}]}",
	DDL_CREATE_INDEXES, "shop.a", "shop",
	"{'0':{'v':2,'key':{'z':1},'name':'z'},'1':{'v':2,'unique':true,'key':{"
	"'y':1},'name':'y'}}",
	NULL},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'startIndexBuild':'a','indexes':[]}",
	DDL_NONE},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'abortIndexBuild':'a','indexes':[]}",
	DDL_NONE},
    {MAPPED,
	"'op':'c','ns':'shop.$cmd','o':{'dropIndexes':'a','index':'z_1'},'o2':{"
	"'v':2}",
	DDL_DROP_INDEXES, "new.a", "new", NULL,
	"{'dropIndexes':'a','index':'z_1'}"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'deleteIndexes':'a','index':'*'}",
	DDL_DROP_INDEXES, "shop.a", "shop", NULL,
	"{'dropIndexes':'a','index':'*'}"},
    {MAPPED,
	"'op':'c','ns':'shop.$cmd','o':{'convertToCapped':'a','size':4096}",
	DDL_TO_CAPPED, "new.a", "new", NULL,
	"{'convertToCapped':'a','size':4096}"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'dbCheck':'a'}", DDL_NONE},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'dropIdent':'x'}", DDL_NONE},
    {ONE,
	"'op':'c','ns':'config.$cmd','o':{'truncateRange':"
	"'config.system.preimages'}",
	DDL_NONE},
    {ONE, "'op':'c','ns':'shop.$cmd','o':{'importCollection':'shop.b'}",
	DDL_NONE},
    {SHOP, "'op':'c','ns':'other.$cmd','o':{'frobnicate':1}", DDL_NONE},
    {SHOP, "'op':'c','ns':'config.$cmd','o':{'create':'system.sessions'}",
	DDL_NONE},
    /* views */
    {MAPPED,
	"'op':'i','ns':'shop.system.views','o':{'_id':'shop.v','viewOn':'a',"
	"'pipeline':[],'collation':{'locale':'fr'}}",
	DDL_CREATE, "new.v", "new",
	"{'viewOn':'a','pipeline':[],'collation':{'locale':'fr'}}", NULL},
    {ONE,
	"'op':'i','ns':'shop.system.views','o':{'_id':'shop.w','viewOn':'a',"
	"'pipeline':[]}",
	DDL_NONE},
    {ONE,
	"'op':'u','ns':'shop.system.views','o2':{'_id':'shop.v'},'o':{'_id':"
	"'shop.v','viewOn':'b','pipeline':[{'$limit':1}]}",
	DDL_COLL_MOD, "shop.v", "shop", NULL,
	"{'collMod':'v','viewOn':'b','pipeline':[{'$limit':1}]}"},
    {ONE, "'op':'d','ns':'shop.system.views','o':{'_id':'shop.v'}", DDL_DROP,
	"shop.v", "shop", NULL, "{'drop':'v'}"},
    {"{'include':['shop.*'],'rename':[{'from':'shop.v','to':'shop.w'},"
     "{'from':'shop.a','to':'shop.b'}]}",
	"'op':'i','ns':'shop.system.views','o':{'_id':'shop.v','viewOn':'a',"
	"'pipeline':[]}",
	DDL_CREATE, "shop.w", "shop", "{'viewOn':'b','pipeline':[]}", NULL},
    /* others */
    {MAPPED,
	"'op':'i','ns':'shop.system.indexes','o':{'v':1,'key':{'a':1},'ns':"
	"'shop.a','name':'a_1'}",
	DDL_CREATE_INDEXES, "new.a", "new",
	"{'0':{'v':1,'key':{'a':1},'ns':'shop.a','name':'a_1'}}", NULL},
    {ONE, "'op':'i','ns':'shop.system.buckets.m','o':{'_id':1}", DDL_NONE},
    {SHOP, "'op':'i','ns':'other.system.buckets.m','o':{'_id':1}", DDL_NONE},
};

static const struct {
	const char *filters, *entry, *message;
} refused[] = {
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'frobnicate':1}",
	"frobnicate on \"shop.$cmd\" at 7:1: unknown command"},
    {ONE, "'op':'c','ns':'shop.$cmd','o':{'frobnicate':1}", "unknown command"},
    {SHOP, "'op':'c','ns':'admin.$cmd','o':{'frobnicate':1}",
	"unknown command"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'emptycapped':'a'}",
	"emptycapped on \"shop.a\""},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'importCollection':'a'}",
	"importCollection"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'truncateRange':'shop.a'}",
	"truncateRange on \"shop.a\""},
    {SHOP,
	"'op':'c','ns':'shop.$cmd','o':{'upgradeDowngradeViewlessTimeseries':"
	"'a'}",
	"upgradeDowngrade"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'applyOps':[]}", "transaction"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'create':1}", "no collection"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'create':'a','timeseries':{}}",
	"create on \"shop.a\" at 7:1: time-series"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'create':'system.buckets.m'}",
	"create on \"shop.m\" at 7:1: time-series"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'create':'enxcol_.a.esc'}",
	"encrypted"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'create':'a','encryptedFields':{}}",
	"encrypted"},
    {SHOP, "'op':'i','ns':'shop.system.buckets.m','o':{'_id':1}",
	"change on \"shop.m\" at 7:1: time-series"},
    {SHOP, "'op':'d','ns':'shop.enxcol_.a.esc','o':{'_id':1}", "encrypted"},
    {SHOP,
	"'op':'u','ns':'shop.system.views','o2':{'_id':'shop.v'},'o':{'$v':2,"
	"'diff':{'u':{'viewOn':'x'}}}",
	"by parts"},
    {SHOP, "'op':'i','ns':'shop.system.views','o':{'_id':'x.v'}",
	"not the name of a view"},
    {SHOP, "'op':'i','ns':'shop.system.views','o':{'_id':1}",
	"not the name of a view"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'dropIndexes':'a'}", "complete"},
    {SHOP, "'op':'c','ns':'shop.$cmd','o':{'renameCollection':'shop.a'}",
	"complete"},
    {"{'include':['shop.*'],'rename':[{'from':'shop.v','to':'x.w'}]}",
	"'op':'i','ns':'shop.system.views','o':{'_id':'shop.v','viewOn':'a',"
	"'pipeline':[]}",
	"two databases"},
    {"{'include':['shop.*'],'rename':[{'from':'shop.a*','to':'local.*'}]}",
	"'op':'c','ns':'shop.$cmd','o':{'drop':'ab'}", "cannot be \"local.b\""},
    {SHOP,
	"'op':'c','ns':'shop.$cmd','o':{'collMod':'a','index':{'name':'u',"
	"'forceNonUnique':true}}",
	"forceNonUnique"},
};

static bool
read_json(
    const char *filters, const char *json, struct ddl *d, bson_error_t *error)
{
	struct ns_rules *r = rules(filters);
	char *text = bson_strdup_printf(
	    "{'ts':{'$timestamp':{'t':7,'i':1}},'v':2,%s}", json);
	bson_t *doc = tap_json5(text);
	struct entry e;
	bool ok = entry_parse(bson_get_data(doc), doc->len, &e, error) &&
	    ddl_is(&e) == (strstr(json, "'applyOps'") == NULL) &&
	    ddl_read(&e, r, d, error);

	bson_destroy(doc);
	bson_free(text);
	ns_rules_free(r);
	return ok;
}

static void
test_table(void)
{
	struct ddl d = DDL_INIT;
	bson_error_t error;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *t = &rows[i];
		bool ok;

		error.message[0] = '\0';
		ok = read_json(t->filters, t->entry, &d, &error);
		if (!OK(ok && d.kind == t->kind &&
			    (!t->kind ||
				(strcmp(d.target, t->target) == 0 &&
				    strcmp(d.db, t->db) == 0 &&
				    same(&d.doc, t->doc) &&
				    same(&d.command, t->command))),
			"%s: %s", t->entry, ddl_name(t->kind)))
			tap_note("%s %s %s", ddl_name(d.kind), d.target,
			    error.message);
	}
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (!OK(!read_json(
			    refused[i].filters, refused[i].entry, &d, &error) &&
			    error_status(&error) == 8 &&
			    strstr(error.message, refused[i].message),
			"refused: %s", refused[i].entry))
			tap_note("%s", error.message);
	read_json(SHOP,
	    "'op':'c','ns':'shop.$cmd','o':{'collMod':'a','new1':1,'noPadding'"
	    ":true,'validator':{},'new2':2}",
	    &d, &error);
	OK(strcmp(d.left_out, "new1, new2") == 0, "left out: %s", d.left_out);
	read_json(SHOP,
	    "'op':'c','ns':'shop.$cmd','o':{'collMod':'a','index':{'name':'x',"
	    "'hidden':true,'new3':1}}",
	    &d, &error);
	OK(strcmp(d.left_out, "new3") == 0 &&
		same(&d.doc, "{'name':'x','hidden':true}"),
	    "of an index: %s", d.left_out);
	ddl_release(&d);
}

/* What the recorded changes are to a selection. */
static char *
story(const char *folder, const char *filters)
{
	char *path =
	    bson_strdup_printf("%s/%s/oplog.bson.zst", tap_tests_dir(), folder);
	struct buf log = corpus_docs(path);
	struct ns_rules *r = rules(filters);
	struct buf text_buf = BUF_INIT, *text = &text_buf;
	struct ddl d = DDL_INIT;
	bson_error_t error;
	size_t at = 0;
	bson_t doc;

	while (corpus_next(&log, &at, &doc)) {
		struct entry e;

		if (!entry_parse(bson_get_data(&doc), doc.len, &e, &error) ||
		    !ddl_is(&e))
			continue;
		if (!ddl_read(&e, r, &d, &error))
			buf_add_format(text, "[%s]", error.message);
		else if (d.kind == DDL_RENAME || d.kind == DDL_RENAME_IN)
			buf_add_format(text, "%s%s>%s ",
			    d.kind == DDL_RENAME_IN ? "in:" : "",
			    strchr(d.ns, '.') + 1, strchr(d.to, '.') + 1);
		else if (d.kind)
			buf_add_format(text, "%s:%s ", ddl_name(d.kind),
			    strchr(d.ns, '.') ? strchr(d.ns, '.') + 1 : d.ns);
	}
	ddl_release(&d);
	ns_rules_free(r);
	buf_release(&log);
	bson_free(path);
	return buf_take_text(text);
}

static void
test_recording(void)
{
	char *got = story("corpus/4.9-v2/ddl",
	    "{'include':['app.t1','app.t2','app.t3','app.t5','app.v*']}");

	OK(strcmp(got,
	       "create:val collMod:val create:v1 collMod:v1 create:v2 "
	       "drop:v2 createIndexes:t1 createIndexes:t2 collMod:t2 "
	       "collMod:t2 dropIndexes:t2 drop:t3 in:t4>t1 create:t5 "
	       "in:tmphRzgR.convertToCapped.t5>t5 ") == 0,
	    "some collections of the recording: %s", got);
	bson_free(got);
	got = story("corpus/4.9-v2/ddl", "{'include':['keep.*','moved.*']}");
	OK(strcmp(got,
	       "create:tmptxG1M.renameCollection "
	       "tmptxG1M.renameCollection>t5out drop:k dropDatabase:keep "
	       "create:k ") == 0,
	    "whole databases of the recording: %s", got);
	bson_free(got);
}

int
main(void)
{
	test_table();
	test_recording();
	OK(ddl_is_temporary("tmp.agg_out.1") && ddl_is_temporary("tmp.mr.x") &&
		ddl_is_temporary("tmphRzgR.convertToCapped.t5") &&
		ddl_is_temporary("tmptxG1M.renameCollection") &&
		!ddl_is_temporary("tmp") && !ddl_is_temporary("tmp.x") &&
		!ddl_is_temporary("tmpabcdef.convertToCapped.x"),
	    "temporary names");
	OK(ddl_done_before(DDL_CREATE, 48) && !ddl_done_before(DDL_DROP, 48) &&
		ddl_done_before(DDL_CREATE_INDEXES, 85) &&
		!ddl_done_before(DDL_NONE, 26),
	    "codes of what was done before");
	return tap_done();
}
