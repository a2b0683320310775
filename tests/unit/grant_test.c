/* What a writer may touch: its own flags against selection and mapping of a
 * stream. */
#include <string.h>

#include "engine/grant.h"
#include "tap.h"

struct list {
	const char *item[4];
};

static void
fill(struct opt_list *out, const char *const *item)
{
	out->item = (const char **)item;
	for (out->n = 0; out->n < 4 && item[out->n]; out->n++)
		;
}

static const struct trial {
	const char *what;
	/* the stream's, then the writer's: include, from, to */
	struct list s_include, s_from, s_to, w_include, w_from, w_to;
	int status; /* of grant_new */
	const char *ns;
	const char *mapped; /* NULL: refused with 8 */
} trials[] = {
    {"same selection", {{"shop.*"}}, {{NULL}}, {{NULL}}, {{"shop.*"}}, {{NULL}},
	{{NULL}}, 0, "shop.a", "shop.a"},
    {"wider permission", {{"shop.a"}}, {{NULL}}, {{NULL}}, {{"*"}}, {{NULL}},
	{{NULL}}, 0, "shop.a", "shop.a"},
    {"no permission", {{"shop.*"}}, {{NULL}}, {{NULL}}, {{NULL}}, {{NULL}},
	{{NULL}}, 2, NULL, NULL},
    {"narrower permission", {{"shop.*"}}, {{NULL}}, {{NULL}}, {{"shop.a"}},
	{{NULL}}, {{NULL}}, 8, NULL, NULL},
    {"everything, told of one", {{NULL}}, {{NULL}}, {{NULL}}, {{"shop.*"}},
	{{NULL}}, {{NULL}}, 8, NULL, NULL},
    {"outside the stream's own selection", {{"shop.*"}}, {{NULL}}, {{NULL}},
	{{"*"}}, {{NULL}}, {{NULL}}, 0, "crm.a", NULL},
    {"never a system database", {{NULL}}, {{NULL}}, {{NULL}}, {{"*"}}, {{NULL}},
	{{NULL}}, 0, "admin.a", NULL},
    {"never a system collection", {{NULL}}, {{NULL}}, {{NULL}}, {{"*"}},
	{{NULL}}, {{NULL}}, 0, "shop.system.users", NULL},
    {"no namespace at all", {{NULL}}, {{NULL}}, {{NULL}}, {{"*"}}, {{NULL}},
	{{NULL}}, 0, "shop", NULL},

    {"writer renames", {{"shop.*"}}, {{NULL}}, {{NULL}}, {{"shop.*"}},
	{{"shop.*"}}, {{"live.*"}}, 0, "shop.a", "live.a"},
    {"both rename alike", {{"shop.*"}}, {{"shop.*"}}, {{"live.*"}},
	{{"shop.*"}}, {{"shop.*"}}, {{"live.*"}}, 0, "shop.a", "live.a"},
    {"both rename, differently", {{"shop.*"}}, {{"shop.*"}}, {{"live.*"}},
	{{"shop.*"}}, {{"shop.*"}}, {{"crm.*"}}, 8, NULL, NULL},
    {"stream renames, told of the new names", {{"shop.*"}}, {{"shop.*"}},
	{{"live.*"}}, {{"live.*"}}, {{NULL}}, {{NULL}}, 0, "shop.a", "live.a"},
    {"stream renames, told of the old names", {{"shop.*"}}, {{"shop.*"}},
	{{"live.*"}}, {{"shop.*"}}, {{NULL}}, {{NULL}}, 8, NULL, NULL},
    {"stream renames one of them out", {{"shop.*"}}, {{"shop.*", "shop.x"}},
	{{"live.*", "prod.x"}}, {{"live.*"}}, {{NULL}}, {{NULL}}, 8, NULL,
	NULL},
    {"stream renames in parts", {{"shop.*"}}, {{"shop.$a$_$b$"}}, {{"$b$.$a$"}},
	{{"shop.*"}}, {{NULL}}, {{NULL}}, 8, NULL, NULL},
    {"stream renames a system name", {{"shop.*"}}, {{"shop.*"}},
	{{"live.system.*"}}, {{"*"}}, {{NULL}}, {{NULL}}, 0, "shop.users",
	NULL},
};

static void
try_one(const struct trial *t)
{
	struct ns_flags stream = {0}, writer = {0};
	bson_t filters = BSON_INITIALIZER;
	char out[NS_MAX + 1] = "";
	bson_error_t error = {0};
	struct ns_rules *rules;
	struct grant *g;
	bool ok;

	fill(&stream.include, t->s_include.item);
	fill(&stream.from, t->s_from.item);
	fill(&stream.to, t->s_to.item);
	fill(&writer.include, t->w_include.item);
	fill(&writer.from, t->w_from.item);
	fill(&writer.to, t->w_to.item);
	rules = ns_rules_new(&stream, &error);
	ns_rules_append(rules, &filters);
	g = grant_new(&writer, &filters, &error);
	ok = t->status == 0 ? g != NULL
			    : !g && (int)error_status(&error) == t->status;
	if (g && t->ns && t->mapped)
		ok = ok && grant_map(g, t->ns, out, &error) &&
		    strcmp(out, t->mapped) == 0;
	else if (g && t->ns)
		ok = ok && !grant_map(g, t->ns, out, &error) &&
		    error_status(&error) == MM_EXIT_REFUSED;
	OK(ok, "%s (%s)", t->what, error.message);
	grant_free(g);
	ns_rules_free(rules);
	bson_destroy(&filters);
}

/* The job's identity is the mapping that holds, wherever it came from. */
static void
identity(void)
{
	static const char *shop[] = {"shop.*"}, *live[] = {"live.*"};
	struct ns_flags plain = {.include = {shop, 1}},
			renaming = {.include = {shop, 1},
			    .from = {shop, 1},
			    .to = {live, 1}};
	bson_t f1 = BSON_INITIALIZER, f2 = BSON_INITIALIZER;
	struct ns_rules *r1 = ns_rules_new(&plain, NULL),
			*r2 = ns_rules_new(&renaming, NULL);
	struct grant *a, *b;

	ns_rules_append(r1, &f1);
	ns_rules_append(r2, &f2);
	a = grant_new(&renaming, &f1, NULL);
	b = grant_new(&renaming, &f2, NULL);
	OK(a && b && bson_equal(grant_filters(a), grant_filters(b)),
	    "one identity, whoever named the mapping");
	grant_free(a);
	grant_free(b);
	ns_rules_free(r1);
	ns_rules_free(r2);
	bson_destroy(&f1);
	bson_destroy(&f2);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
		try_one(&trials[i]);
	identity();
	return tap_done();
}
