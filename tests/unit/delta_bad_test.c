/* Malformed updates: refused with the place, on every document alike, and
 * nothing is written. */
#include <string.h>

#include "model/delta.h"
#include "tap.h"

/* What the message must name. Same outcome on every document. */
static void
test_malformed(void)
{
	static const struct {
		const char *o, *place;
	} t[] = {
	    {"{'$v':2,'diff':{}}", "diff: empty"},
	    {"{'$v':2,'diff':{'sa':{}}}", "diff.sa: empty"},
	    {"{'$v':2,'diff':{'x':{}}}", "diff.x: unknown"},
	    {"{'$v':2,'diff':{'a':true}}", "diff.a: unknown"},
	    {"{'$v':2,'diff':{'':{}}}", "diff.: unknown"},
	    {"{'$v':2,'diff':{'dd':{}}}", "diff.dd: unknown"},
	    {"{'$v':2,'diff':{'d':1}}", "diff.d: no document"},
	    {"{'$v':2,'diff':{'d':[]}}", "diff.d: no document"},
	    {"{'$v':2,'diff':{'d':{'f':true}}}", "diff.d.f: not false"},
	    {"{'$v':2,'diff':{'i':{'f':1},'u':{'g':1}}}", "diff.u: sections"},
	    {"{'$v':2,'diff':{'sa':{'u':{'b':1}},'u':{'g':1}}}",
		"diff.u: sections"},
	    {"{'$v':2,'diff':{'u':{'f':1},'u':{'g':1}}}", "diff.u: sections"},
	    {"{'$v':2,'diff':{'u':{'f':1,'f':2}}}", "diff.u.f: duplicate"},
	    {"{'$v':2,'diff':{'u':{'f':1},'sf':{'u':{'x':1}}}}",
		"diff.sf: duplicate"},
	    {"{'$v':2,'diff':{'d':{'f':false},'i':{'f':1}}}",
		"diff.i.f: duplicate"},
	    {"{'$v':2,'diff':{'sf':1}}", "diff.sf: no document"},
	    {"{'$v':2,'diff':{'sa':{'sb':{'x':1}}}}", "diff.sa.sb.x: unknown"},
	    {"{'$v':2,'diff':{'sa':{'a':false,'u0':1}}}", "diff.sa.a: not"},
	    {"{'$v':2,'diff':{'sa':{'a':1,'u0':1}}}", "diff.sa.a: not true"},
	    {"{'$v':2,'diff':{'sa':{'u0':1}}}", "diff.sa.u0: unknown"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'l':2.0}}}", "diff.sa.l: no"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'l':{'$numberLong':'2'}}}}",
		"diff.sa.l: no int32"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'l':-1}}}", "diff.sa.l: no"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'u0':1,'l':1}}}",
		"diff.sa.l: unknown"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'u2':1,'u2':1}}}",
		"diff.sa.u2: indexes"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'u10':1,'u2':1}}}",
		"diff.sa.u2: indexes"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'u2':1,'s2':{'u':{'x':1}}}}}",
		"diff.sa.s2: indexes"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'u02':1}}}", "diff.sa.u02: no"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'u':1}}}", "diff.sa.u: no"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'u-1':1}}}", "diff.sa.u-1: no"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'u2147483648':1}}}",
		"diff.sa.u2147483648: no"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'s1':3}}}", "diff.sa.s1: no doc"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'s1':{'a':true,'u1':1,'u0':1}}}}",
		"diff.sa.s1.u0: indexes"},
	    {"{'$v':2,'diff':{'sa':{'a':true,'x':3}}}", "diff.sa.x: unknown"},
	    {"{'$v':2,'diff':{'b':{'f':{'o':0}}}}", "diff.b.f: not {o, d}"},
	    {"{'$v':2,'diff':{'b':{'f':{'o':-1,'d':{'$hex':'aa'}}}}}",
		"diff.b.f: o is"},
	    {"{'$v':2,'diff':{'b':{'f':{'o':1,'d':2}}}}", "diff.b.f: d is"},
	    {"{'$v':2,'diff':{'u':{'f':1}},'x':1}", "field \"x\" beside"},
	    {"{'$v':2,'diff':[]}", "no document \"diff\""},
	    {"{'$v':2}", "no document \"diff\""},
	    {"{'$v':'2','diff':{}}", "$v is no integer"},
	    {"{'$v':3}", "unknown $v 3"},
	    {"{'$v':0,'$set':{'a':1}}", "unknown $v 0"},
	    {"{'$v':1,'$inc':{'a':1}}", "modifier \"$inc\""},
	    {"{'$push':{'a':1}}", "modifier \"$push\""},
	    {"{'$v':1,'$set':1}", "no document"},
	    {"{'$v':1,'$set':{'':1}}", "empty name"},
	    {"{'$v':1,'$set':{'a..b':1}}", "\"a..b\": empty name"},
	    {"{'$v':1,'$set':{'.a':1}}", "\".a\": empty name"},
	    {"{'$v':1,'$set':{'a.':1}}", "\"a.\": empty name"},
	    {"{'$v':1,'$set':{'a':1,'a':2}}", "\"a\": in conflict"},
	    {"{'$v':1,'$set':{'a.b':1},'$unset':{'a':1}}",
		"\"a.b\": in conflict"},
	};
	static const char *const docs[] = {"{'_id':1}",
	    "{'_id':1,'a':{'b':1},'f':1}", "{'_id':1,'a':[[1],2,3],'f':{}}"};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		for (size_t k = 0; k < 3; k++) {
			bson_t *doc = tap_json5(docs[k]);
			bson_t *o = tap_json5(t[i].o);
			bson_error_t error = {0};
			struct buf out = BUF_INIT;
			bool ok = delta_apply(doc, o, &out, NULL, &error);

			if (!OK(!ok && strstr(error.message, t[i].place) &&
				    error_status(&error) == 8 && out.len == 0,
				"%s on %s", t[i].o, docs[k]))
				tap_note("%s", error.message);
			bson_destroy(doc);
			buf_release(&out);
			bson_destroy(o);
		}
}

int
main(void)
{
	test_malformed();
	return tap_done();
}
