/* The selection by the names of the target, and each name back. */
#include "model/ns_turn.h"
#include "tap.h"

static const struct {
	const char *what;
	const char *json; /* of the source */
	const char *back; /* of the target; NULL: refused */
} t[] = {
    {"nothing renamed",
	"{'include': ['shop.*'], 'exclude': ['shop.tmp_*'], 'rename': []}",
	"{'include': ['shop.*'], 'exclude': ['shop.tmp_*'], 'rename': []}"},
    {"everything", "{'include': [], 'exclude': [], 'rename': []}",
	"{'include': [], 'exclude': [], 'rename': []}"},
    {"a database",
	"{'include': ['shop.*'], 'exclude': [], 'rename':"
	" [{'from': 'shop.*', 'to': 'store.*'}]}",
	"{'include': ['store.*'], 'exclude': [], 'rename':"
	" [{'from': 'store.*', 'to': 'shop.*'}]}"},
    {"parts of a database, one left out",
	"{'include': ['shop.a*', 'shop.b', 'other.x'], 'exclude':"
	" ['shop.a_tmp', 'gone.*'], 'rename':"
	" [{'from': 'shop.*', 'to': 'store.s_*'}]}",
	"{'include': ['other.x', 'store.s_a*', 'store.s_b'], 'exclude':"
	" ['store.s_a_tmp'], 'rename':"
	" [{'from': 'store.s_*', 'to': 'shop.*'}]}"},
    {"names that change places",
	"{'include': ['shop.a', 'shop.b'], 'exclude': [], 'rename':"
	" [{'from': 'shop.a', 'to': 'x.b'}, {'from': 'shop.b',"
	" 'to': 'x.a'}]}",
	"{'include': ['x.a', 'x.b'], 'exclude': [], 'rename':"
	" [{'from': 'x.a', 'to': 'shop.b'}, {'from': 'x.b',"
	" 'to': 'shop.a'}]}"},
    {"a pair that concerns nothing of it",
	"{'include': ['shop.*'], 'exclude': [], 'rename':"
	" [{'from': 'other.*', 'to': 'shop.*'}]}",
	"{'include': ['shop.*'], 'exclude': [], 'rename': []}"},
    {"a $ in a name", "{'include': ['shop.$x'], 'exclude': [], 'rename': []}",
	"{'include': ['shop.$x'], 'exclude': [], 'rename': []}"},
    {"a part renamed",
	"{'include': ['shop.*'], 'exclude': [], 'rename':"
	" [{'from': 'shop.a', 'to': 'shop.b'}]}",
	NULL},
    {"a part left out that is renamed with others",
	"{'include': ['shop.*'], 'exclude': ['*.tmp'], 'rename':"
	" [{'from': 'shop.*', 'to': 'store.*'}]}",
	NULL},
    {"two into one database",
	"{'include': ['shop.*', 'store.*'], 'exclude': [], 'rename':"
	" [{'from': 'shop.*', 'to': 'store.*'}]}",
	NULL},
    {"two stars",
	"{'include': ['shop.*'], 'exclude': [], 'rename':"
	" [{'from': '*.*', 'to': '*.x_*'}]}",
	NULL},
    {"a variable that is lost",
	"{'include': ['shop.a'], 'exclude': [], 'rename':"
	" [{'from': 'shop.$c$', 'to': 'store.all'}]}",
	NULL},
    {"a new name in the middle",
	"{'include': ['shop.a*'], 'exclude': [], 'rename':"
	" [{'from': 'shop.*', 'to': 'store.*_old'}]}",
	NULL},
    {"everything, renamed",
	"{'include': [], 'exclude': [], 'rename':"
	" [{'from': 'shop.*', 'to': 'store.*'}]}",
	NULL},
};

static bool
is(const struct ns_rules *r, const char *json)
{
	bson_t *want = tap_json5(json), got = BSON_INITIALIZER;
	bool same;

	ns_rules_append(r, &got);
	same = tap_same_doc(&got, want);
	bson_destroy(want);
	bson_destroy(&got);
	return same;
}

int
main(void)
{
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		bson_t *doc = tap_json5(t[i].json);
		bson_error_t error = {0};
		struct ns_rules *r = ns_rules_read(doc, &error);
		struct ns_rules *back = r ? ns_rules_turn(r, &error) : NULL;

		if (t[i].back)
			OK(back && is(back, t[i].back), "%s: %s", t[i].what,
			    error.message);
		else
			OK(r && !back &&
				error_status(&error) == MM_EXIT_REFUSED,
			    "%s: refused: %s", t[i].what, error.message);
		ns_rules_free(back);
		ns_rules_free(r);
		bson_destroy(doc);
	}
	return tap_done();
}
