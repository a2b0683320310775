/* Names of collections that are put aside, and what a view reads. */
#include <string.h>

#include "model/quarantine.h"
#include "tap.h"

static void
test_names(void)
{
	char a[NS_MAX + 1], b[NS_MAX + 1], prefix[32], ns[NS_MAX + 1];
	const char *coll;
	char db[NS_MAX + 1];

	quarantine_prefix("job", prefix);
	OK(strlen(prefix) == strlen("mm_quarantine_") + 8, "%s", prefix);
	quarantine_name("job", "shop.orders.old", 7, a);
	OK(strncmp(a, "shop.", 5) == 0 &&
		strncmp(a + 5, prefix, strlen(prefix)) == 0 &&
		strcmp(a + 5 + strlen(prefix), "_orders.old") == 0,
	    "the database and the name stay: %s", a);
	quarantine_name("other", "shop.orders.old", 7, b);
	OK(strcmp(a, b) != 0, "another job gives another name");

	memset(ns, 'x', sizeof ns);
	memcpy(ns, "shop.", 5);
	ns[200] = '\0';
	quarantine_name("job", ns, 1, a);
	ns[199] = 'y';
	quarantine_name("job", ns, 2, b);
	OK(strlen(a) == 120 && strlen(b) == 120 && strcmp(a, b) != 0,
	    "long ones are cut, and differ");
	OK(ns_split(a, db, &coll) && strcmp(db, "shop") == 0,
	    "within the database");
	/* a three-byte character over the place of the cut */
	for (size_t i = 5; i + 3 < 200; i += 3)
		memcpy(ns + i, "\xe2\x82\xac", 3);
	ns[5 + 64 * 3] = '\0';
	for (int i = 0; i < 3; i++) {
		quarantine_name(
		    "job", ns, 10 + (i > 0) * 90 + (i > 1) * 900, a);
		OK(strlen(a) <= 120 && bson_utf8_validate(a, strlen(a), false),
		    "not cut within a character: %zu bytes", strlen(a));
	}
	memset(ns, 'd', 63);
	strcpy(ns + 63, ".collection");
	quarantine_name("job", ns, 1, a);
	OK(strlen(a) <= 120 && strstr(a, "_collection"),
	    "with the longest name of a database");
}

static bool
is_orders(const void *arg, const char *name)
{
	return strcmp(name, arg) == 0;
}

static const struct {
	const char *options;
	bool reads;
} views[] = {
    {"{'viewOn': 'orders', 'pipeline': []}", true},
    {"{'viewOn': 'other', 'pipeline': []}", false},
    {"{'viewOn': 'other'}", false},
    {"{'viewOn': 'other', 'pipeline': [{'$match': {'x': 'orders'}}]}", false},
    {"{'viewOn': 'other', 'pipeline': [{'$lookup': {'from': 'orders', "
     "'as': 'o'}}]}",
	true},
    {"{'viewOn': 'other', 'pipeline': [{'$unionWith': 'orders'}]}", true},
    {"{'viewOn': 'other', 'pipeline': [{'$unionWith': {'coll': 'orders'}}]}",
	true},
    {"{'viewOn': 'other', 'pipeline': [{'$facet': {'a': [{'$lookup': {'from': "
     "'x', 'pipeline': [{'$graphLookup': {'from': 'orders'}}]}}]}}]}",
	true},
    {"{'viewOn': 'other', 'pipeline': 'orders'}", false},
};

static void
test_views(void)
{
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		bson_t *doc = tap_json5(views[i].options);

		OK(quarantine_view_reads(doc, is_orders, "orders") ==
			views[i].reads,
		    "%s", views[i].options);
		bson_destroy(doc);
	}
}

int
main(void)
{
	test_names();
	test_views();
	return tap_done();
}
