/* Extended JSON: what libbson takes for something else, and what it forgives.
 */
#include <string.h>

#include "base/ejson.h"
#include "tap.h"

/* expected NULL: it is refused. */
static void
check(const char *text, const char *expected)
{
	bson_error_t error = {0};
	bson_t *doc = ejson_parse(text, &error);
	char *json = doc ? bson_as_canonical_extended_json(doc, NULL) : NULL;

	OK(expected ? json && strcmp(json, expected) == 0
		    : !doc && error.message[0],
	    "%s%s", *text ? text : "nothing", expected ? "" : " is refused");
	if (expected && (!json || strcmp(json, expected) != 0))
		tap_note("%s", json ? json : error.message);
	bson_free(json);
	bson_destroy(doc);
}

int
main(void)
{
	check("{}", "{ }");
	check(" \t{\"a\":1} ", "{ \"a\" : { \"$numberInt\" : \"1\" } }");
	check("", NULL);
	check("[{}]", NULL);
	check("{a:1}", NULL);
	check("{\"a\":1", NULL);
	check("{\"a\":\"}", NULL);
	check("{\"a\":1},", NULL);
	check("{\"a\":1}}", NULL);
	check("{\"a\":1}{}", NULL);
	check("{\"a\":1} # one", NULL);
	check("{\"a\":{\"$oid\":\"x\"}}", NULL);
	check("{\"a\":\"\\\"}\"}", "{ \"a\" : \"\\\"}\" }");
	check("{\"a\":{\"$regex\":\"x\",\"$options\":\"i\"}}",
	    "{ \"a\" : { \"$regex\" : \"x\", \"$options\" : \"i\" } }");
	check("{\"a\":{\"$regex\":\"x\",\"$ne\":\"xy\"}}",
	    "{ \"a\" : { \"$regex\" : \"x\", \"$ne\" : \"xy\" } }");
	check("{\"a\":{\"$type\":[\"int\",\"long\"]}}",
	    "{ \"a\" : { \"$type\" : [ \"int\", \"long\" ] } }");
	check("{\"a\":{\"$type\":2},\"type\":{\"$maxKey\":1}}",
	    "{ \"a\" : { \"$type\" : { \"$numberInt\" : \"2\" } }, "
	    "\"type\" : { \"$maxKey\" : 1 } }");
	check("{\"a\":[{\"b\":{\"$type\":\"02\"}}]}",
	    "{ \"a\" : [ { \"b\" : { \"$type\" : \"02\" } } ] }");
	check("{\"a\":{\"$binary\":\"AAAA\",\"$type\":\"00\"}}",
	    "{ \"a\" : { \"$binary\" : { \"base64\" : \"AAAA\", "
	    "\"subType\" : \"00\" } } }");
	check("{\"a\":{\"$binary\":{\"base64\":\"AAAA\",\"subType\":\"00\"}},"
	      "\"b\":{\"$type\":\"int\"}}",
	    "{ \"a\" : { \"$binary\" : { \"base64\" : \"AAAA\", "
	    "\"subType\" : \"00\" } }, \"b\" : { \"$type\" : \"int\" } }");
	return tap_done();
}
