/* From the name on the target to the one on the source. */
#include <string.h>

#include "model/ns.h"
#include "tap.h"

static const struct {
	const char *from, *to, *ns, *target; /* ns NULL: cannot be told */
} t[] = {
    {"shop.*", "new.*", "shop.a.b", "new.a.b"},
    {"shop.*", "new.*", "other.x", "other.x"},
    {"shop.v", "other.w", "shop.v", "other.w"},
    {"shop.v", "other.w", "other.v", "other.v"},
    {"shop.v", "other.w", NULL, "shop.v"},
    {"*.*", "*.x_*", "shop.a.b", "shop.x_a.b"},
    {"$d$.$c$", "$c$.$d$", "shop.a", "a.shop"},
    {"$d$.a*", "$d$.b", "x.a*", "x.b"},
    {"a.*", "\\*.*", "a.x", "*.x"},
    {"p*.*s", "*q.*", "papa.houses", "apaq.house"},
    /* It may be cut in several ways, and the first one is not it. */
    {"$d$.$c$", "$c$.$d$", NULL, "a.b.shop"},
    {"shop.$c$", "new.z", NULL, "new.z"},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		bson_t *doc = BCON_NEW("include", "[", "shop.*", "other.v",
		    "other.x", "x.*", "a.*", "p*.*", "]", "exclude", "[", "]",
		    "rename", "[", "{", "from", BCON_UTF8(t[i].from), "to",
		    BCON_UTF8(t[i].to), "}", "]");
		bson_error_t error;
		struct ns_rules *r = ns_rules_read(doc, &error);
		char back[NS_MAX + 1] = "", again[NS_MAX + 1];
		bool got = r && ns_unmap(r, t[i].target, back);

		OK(r && got == (t[i].ns != NULL) &&
			(!got ||
			    (strcmp(back, t[i].ns) == 0 &&
				ns_map(r, back, again, &error) &&
				strcmp(again, t[i].target) == 0)),
		    "%s to %s: %s comes from %s", t[i].from, t[i].to,
		    t[i].target, t[i].ns ? t[i].ns : "nowhere known");
		ns_rules_free(r);
		bson_destroy(doc);
	}
	return tap_done();
}
