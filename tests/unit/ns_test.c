/* Namespaces: patterns, selection, names on the target, proofs about whole
 * selections, and the one form in which rules are written. */
#include <string.h>

#include "model/ns.h"
#include "model/pattern.h"
#include "tap.h"

/* "-d shop -c a +PATTERN -PATTERN FROM>TO", separated by blanks. */
static struct ns_rules *
rules(const char *spec, bson_error_t *error)
{
	const char *word[4][8];
	struct ns_flags f = {NULL};
	struct opt_list *list[4] = {&f.include, &f.exclude, &f.from, &f.to};
	char *copy = bson_strdup(spec), *save = NULL, *arrow;
	struct ns_rules *r;

	for (int i = 0; i < 4; i++)
		list[i]->item = word[i];
	for (char *w = strtok_r(copy, " ", &save); w;
	     w = strtok_r(NULL, " ", &save)) {
		if (strncmp(w, "-d", 2) == 0) {
			f.db = w + 2;
		} else if (strncmp(w, "-c", 2) == 0) {
			f.coll = w + 2;
		} else if (*w == '+') {
			word[0][f.include.n++] = w + 1;
		} else if (*w == '-') {
			word[1][f.exclude.n++] = w + 1;
		} else {
			arrow = strchr(w, '>');
			word[2][f.from.n++] = w;
			if (arrow) {
				*arrow = '\0';
				word[3][f.to.n++] = arrow + 1;
			}
		}
	}
	r = ns_rules_new(&f, error);
	bson_free(copy);
	return r;
}

static void
test_selected(void)
{
	static const struct {
		const char *spec, *ns;
		bool in;
	} t[] = {
	    {"", "shop.a", true},
	    {"", "admin.system.users", false},
	    {"", "config.x", false},
	    {"", "local.oplog.rs", false},
	    {"", "mm_control.jobs", false},
	    {"+*", "mm_control.jobs", false},
	    {"+*", "local.x", false},
	    {"+*", "administrator.x", true},
	    {"-dshop", "shop.a", true},
	    {"-dshop", "shop.a.b.c", true},
	    {"-dshop", "shopping.a", false},
	    {"-dshop", "shop.system.js", true},
	    {"-dshop", "shop.system.views", true},
	    {"-dshop", "shop.system.profile", false},
	    {"-dshop", "shop.system.buckets.m", false},
	    {"-dshop", "shop.$cmd", false},
	    {"-dshop", "shop.", false},
	    {"-dshop", ".shop", false},
	    {"-dshop -ca", "shop.a", true},
	    {"-dshop -ca", "shop.ab", false},
	    {"-dshop -ca*", "shop.a*", true},
	    {"-dshop -ca*", "shop.ab", false},
	    {"+shop*", "shop.a", true},
	    {"+shop*", "shopping.b", true},
	    {"+shop*", "xshop.b", false},
	    {"+*.orders", "b.orders", true},
	    {"+*.orders", "b.orders2", false},
	    {"+*.orders", "b.c.orders", true},
	    {"+s*p.*a*", "stop.banana", true},
	    {"+s*p.*a*", "stop.bonono", false},
	    {"+shop.a\\*b", "shop.a*b", true},
	    {"+shop.a\\*b", "shop.axb", false},
	    {"+shop.a\\\\b", "shop.a\\b", true},
	    {"+shop.x +b.y", "b.y", true},
	    {"+shop.* -shop.tmp*", "shop.tmp1", false},
	    {"+shop.* -shop.tmp*", "shop.atmp", true},
	    {"-*.log", "b.log", false},
	    {"-*.log", "b.log2", true},
	    {"-admin.*", "b.log2", true},
	    {"+a.b.*.c", "a.b.c", false},
	    {"+a.b*b.c", "a.b.c", false},
	    {"+a.b*b.c", "a.bb.c", true},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		bson_error_t error;
		struct ns_rules *r = rules(t[i].spec, &error);

		OK(r && ns_selected(r, t[i].ns) == t[i].in, "\"%s\" %s %s",
		    t[i].spec, t[i].in ? "selects" : "leaves out", t[i].ns);
		ns_rules_free(r);
	}
}

static void
test_wrong(void)
{
	static const char *const t[] = {"-ca", "-d", "-da.b", "-dlocal",
	    "-da -c", "+", "+shop", "+admin.*", "+mm_control.jobs", "+.a",
	    "a.b", "a.*>b.c", "a.$x>b.$x$", "a.$x$>b.$y$", "$x$.$x$>b.$x$",
	    "a.b>", "+\\"};
	bson_error_t error;
	char *long_name = bson_malloc0(700);

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct ns_rules *r = rules(t[i], &error);

		OK(!r && error_status(&error) == MM_EXIT_USAGE,
		    "\"%s\" is refused: %s", t[i], r ? "" : error.message);
		ns_rules_free(r);
	}
	memset(long_name, 'a', 699);
	memcpy(long_name, "+a.", 3);
	OK(!rules(long_name, &error) && error_status(&error) == 2, "too long");
	bson_free(long_name);
}

static void
test_map(void)
{
	static const struct {
		const char *spec, *ns, *to; /* to NULL: refused */
	} t[] = {
	    {"", "shop.a", "shop.a"},
	    {"shop.*>new.*", "shop.a.b", "new.a.b"},
	    {"shop.*>new.*", "shopx.a", "shopx.a"},
	    {"shop.*>new.*", "shop.system.js", "new.system.js"},
	    {"*.*>*.x_*", "shop.a.b", "shop.x_a.b"},
	    {"*.*>*.x_*", "shop.system.js", NULL},
	    {"$d$.$c$>$c$.$d$", "shop.a", "a.shop"},
	    {"$d$.$c$>$c$.$d$", "shop.a.b", "a.b.shop"},
	    {"$db$.a*>$db$.b", "x.a*", "x.b"},
	    {"$db$.a*>$db$.b", "x.ab", "x.ab"},
	    {"a.*>b.* a.x>c.y", "a.x", "c.y"},
	    {"a.x>c.y a.*>b.*", "a.x", "b.x"},
	    {"a.*>local.*", "a.x", NULL},
	    {"a.*>mm_control.*", "a.x", NULL},
	    {"a.*>b*", "a.x", NULL},
	    {"a.x*>b.*", "a.x", NULL},
	    {"a.*>b.system.*", "a.x", NULL},
	    {"a.*>\\*.*", "a.x", "*.x"},
	    {"a.*>$x$.*", "a.x", NULL},
	    {"p*.*s>*q.*", "papa.houses", "apaq.house"},
	};
	char out[NS_MAX + 1], ns[NS_MAX + 2];
	bson_error_t error;
	struct ns_rules *r;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		bool ok;

		r = rules(t[i].spec, &error);
		ok = r && ns_map(r, t[i].ns, out, &error);
		OK(r &&
			(t[i].to ? ok && strcmp(out, t[i].to) == 0
				 : !ok && error_status(&error) == 8),
		    "\"%s\": %s is %s", t[i].spec, t[i].ns,
		    t[i].to ? t[i].to : "refused");
		if (ok && t[i].to && strcmp(out, t[i].to) != 0)
			tap_note("got %s", out);
		ns_rules_free(r);
	}
	memset(ns, 'a', NS_MAX);
	ns[1] = '.';
	ns[NS_MAX] = '\0';
	r = rules("a.*>ab.*", &error);
	OK(!ns_map(r, ns, out, &error) && error_status(&error) == 8,
	    "a new name of 256 bytes is refused");
	ns_rules_free(r);
	r = rules("a.*>b.*", &error);
	OK(ns_map(r, ns, out, &error) && strlen(out) == NS_MAX, "255 are not");
	ns_rules_free(r);
}

static void
test_proofs(void)
{
	static const struct {
		const char *outer, *inner;
		bool covers;
	} c[] = {
	    {"", "", true},
	    {"", "-dshop", true},
	    {"-dshop", "", false},
	    {"+*", "", true},
	    {"-dshop", "-dshop -ca", true},
	    {"-dshop -ca", "-dshop", false},
	    {"+shop*", "-dshop", true},
	    {"+shop.*", "+shop*", false},
	    {"+*.a*", "+shop.*ab", false},
	    {"+*a*", "+shop.*ab", true},
	    {"+shop.* -shop.t", "-dshop", false},
	    {"+shop.* -shop.t", "+shop.* -shop.t*", true},
	    {"+shop.* -shop.t*", "+shop.* -shop.t", false},
	    {"+shop.* -other.*", "-dshop", true},
	    {"+shop.a +shop.b", "+shop.b +shop.a", true},
	    {"+shop.a", "+shop.b +shop.a", false},
	};
	static const struct {
		const char *spec, *db;
		bool some, whole;
	} d[] = {
	    {"", "shop", true, true},
	    {"", "admin", false, false},
	    {"-dshop", "shop", true, true},
	    {"-dshop", "shopping", false, false},
	    {"-dshop -ca", "shop", true, false},
	    {"+sh*", "shop", true, true},
	    {"+*.a", "shop", true, false},
	    {"-dshop -shop.t", "shop", true, false},
	    {"-dshop -shop.*", "shop", false, false},
	    {"-dshop -x.*", "shop", true, true},
	    {"-dshop shop.*>new.*", "shop", true, true},
	    {"-dshop shop.a>new.b", "shop", true, false},
	    {"-dshop shop.*>new.x*", "shop", true, false},
	    {"+a.* +b.* a.*>b.*", "a", true, false},
	    {"+a.* +b.* a.*>b.*", "b", true, false},
	    {"+a.* +c.* a.*>b.* c.*>b.*", "a", true, false},
	};
	struct ns_rules *r, *s;
	bson_error_t error;

	for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
		r = rules(c[i].outer, &error);
		s = rules(c[i].inner, &error);
		OK(ns_covers(r, s) == c[i].covers, "\"%s\" %s \"%s\"",
		    c[i].outer, c[i].covers ? "covers" : "does not cover",
		    c[i].inner);
		ns_rules_free(r);
		ns_rules_free(s);
	}
	for (size_t i = 0; i < sizeof d / sizeof *d; i++) {
		r = rules(d[i].spec, &error);
		OK(r && ns_db_selected(r, d[i].db) == d[i].some &&
			ns_db_whole(r, d[i].db) == d[i].whole,
		    "\"%s\": database %s %s", d[i].spec, d[i].db,
		    d[i].whole ? "whole" : (d[i].some ? "in part" : "not"));
		ns_rules_free(r);
	}
}

/* The rules as a document; NULL when they are refused. */
static bson_t *
as_doc(const char *spec)
{
	struct ns_rules *r = rules(spec, NULL);
	bson_t *doc = bson_new();

	if (r)
		ns_rules_append(r, doc);
	ns_rules_free(r);
	return doc;
}

static void
test_documents(void)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} t[] = {
	    {"-dshop", "+shop.*", true},
	    {"-dshop -ca", "+shop.a", true},
	    {"+a.x +b.y", "+b.y +a.x +b.y", true},
	    {"+a.**", "+a.*", true},
	    {"+a.\\x", "+a.x", true},
	    {"+a.x +a.*", "+a.*", true},
	    {"+a.*b* +a.**b*", "+a.*b*", true},
	    {"+a.* -a.t", "+a.*", false},
	    {"+a.\\*", "+a.*", false},
	    {"b.*>x.* a.*>y.*", "a.*>y.* b.*>x.*", true},
	    {"a.*>y.* a.x>z.z", "a.x>z.z a.*>y.*", false},
	    {"a.*>y.* a.*>z.*", "a.*>z.*", true},
	};
	static const char *const bad[] = {"{\"include\":1}",
	    "{\"include\":[1]}", "{\"include\":[\"\"]}",
	    "{\"include\":[\"a.b\\u0000c\"]}", "{\"rename\":[1]}",
	    "{\"rename\":[{\"from\":\"a.b\"}]}",
	    "{\"rename\":[{\"from\":\"a.b\",\"to\":\"c.*\"}]}"};
	struct ns_rules *r;
	bson_t *a, *b;
	bson_error_t error;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		a = as_doc(t[i].a);
		b = as_doc(t[i].b);
		OK(bson_equal(a, b) == t[i].equal, "\"%s\" is%s \"%s\"", t[i].a,
		    t[i].equal ? "" : " not", t[i].b);
		bson_destroy(b);
		b = bson_new();
		r = ns_rules_read(a, &error);
		if (r)
			ns_rules_append(r, b);
		OK(r && tap_same_doc(b, a), "\"%s\" read back", t[i].a);
		ns_rules_free(r);
		bson_destroy(a);
		bson_destroy(b);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		a = bson_new_from_json((const uint8_t *)bad[i], -1, &error);
		OK(a && !ns_rules_read(a, &error) &&
			error_status(&error) == MM_EXIT_STREAM,
		    "refused: %s", bad[i]);
		bson_destroy(a);
	}
	a = as_doc("-dshop shop.*>n.*");
	b = tap_json("{\"include\":[\"shop.*\"],\"exclude\":[],\"rename\":["
		     "{\"from\":\"shop.*\",\"to\":\"n.*\"}]}");
	OK(tap_same_doc(a, b), "the document itself");
	bson_destroy(a);
	bson_destroy(b);
	a = bson_new();
	r = ns_rules_read(a, &error);
	OK(r && ns_rules_all(r), "an empty document selects everything");
	ns_rules_free(r);
	bson_destroy(a);
}

/* Brute force: all short texts over {a, b, .} against the two proofs. */
static void
test_pattern_algebra(void)
{
	static const char *const p[] = {"*", "a*", "*a", "a*b", "*a*", "a.*",
	    "*.*", "ab", "a*a*", "*b*a*", "*.a*b", "b"};
	static const char letter[] = "ab.";
	enum { N = sizeof p / sizeof *p };
	bool within[N][N], meet[N][N];
	int wrong = 0, weak = 0;

	memset(within, true, sizeof within);
	memset(meet, false, sizeof meet);
	for (int len = 0; len <= 7; len++)
		for (int code = 0, all = 1; code < all; code++) {
			bool fit[N];
			char text[8] = "";
			int rest = code;

			if (code == 0)
				for (int i = 0; i < len; i++)
					all *= 3;
			for (int i = 0; i < len; i++, rest /= 3)
				text[i] = letter[rest % 3];
			for (int i = 0; i < N; i++) {
				struct pattern x;

				pattern_parse(&x, p[i]);
				fit[i] = pattern_match(&x, text);
			}
			for (int i = 0; i < N * N; i++) {
				within[i / N][i % N] &=
				    !fit[i / N] || fit[i % N];
				meet[i / N][i % N] |= fit[i / N] && fit[i % N];
			}
		}
	for (int i = 0; i < N * N; i++) {
		struct pattern x, y;

		pattern_parse(&x, p[i / N]);
		pattern_parse(&y, p[i % N]);
		wrong += pattern_within(&x, &y) && !within[i / N][i % N];
		weak += !pattern_within(&x, &y) && within[i / N][i % N];
		wrong += pattern_meet(&x, &y) != meet[i / N][i % N];
	}
	OK(wrong == 0 && weak == 0,
	    "patterns against brute force (%d wrong, %d unproved)", wrong,
	    weak);
}

int
main(void)
{
	const char *coll;
	char db[64];

	OK(ns_split("shop.a.b", db, &coll) && strcmp(db, "shop") == 0 &&
		strcmp(coll, "a.b") == 0,
	    "split");
	OK(!ns_split("shop", db, &coll) && !ns_split(".a", db, &coll) &&
		!ns_split("a.", db, &coll),
	    "not to be split");
	test_selected();
	test_wrong();
	test_map();
	test_proofs();
	test_documents();
	test_pattern_algebra();
	return tap_done();
}
