/* common/mongo without a server: URIs, index specifications, options. */
#include "tap.h"

#include <string.h>

#include "mongo/catalog.h"
#include "mongo/driver.h"

static void
redacted(const char *uri, const char *want)
{
	char *got = uri_redact(uri);

	OK(strcmp(got, want) == 0, "%s", uri);
	bson_free(got);
}

static void
pinned(const char *uri, const char *member, const char *want)
{
	bson_error_t error;
	char *got = uri_pin(uri, member, &error);

	OK(strcmp(got ? got : "refused", want) == 0, "%s", uri);
	bson_free(got);
}

static void
test_uri(void)
{
	redacted("mongodb://h:1/db?x=1", "mongodb://h:1/db?x=1");
	redacted("mongodb://u:p@h/db", "mongodb://***@h/db");
	redacted(
	    "mongodb+srv://u:p%40@h/?a=b&tlsCertificateKeyFilePassword=s&c",
	    "mongodb+srv://***@h/?a=b&tlsCertificateKeyFilePassword=***&c");
	redacted("mongodb://u:p/w@x?y@h", "mongodb://***@h");
	redacted("u:secret@h", "***@h");
	redacted("mongodb://h/?authmechanismproperties=AWS_SESSION_TOKEN:s",
	    "mongodb://h/?authmechanismproperties=***");
	redacted("", "");
	pinned("mongodb://u:p@a:1,b:2/"
	       "db?replicaSet=rs&loadBalanced=false&tls=true",
	    "c:3",
	    "mongodb://u:p@c:3/"
	    "db?replicaSet=rs&tls=true&directConnection=true");
	pinned("mongodb://a", "c:3", "mongodb://c:3/?directConnection=true");
	pinned("mongodb+srv://u@a/?w=1", "c:3",
	    "mongodb://u@c:3/?w=1&tls=true&directConnection=true");
	pinned("mongodb+srv://a/?ssl=false", "c:3",
	    "mongodb://c:3/?ssl=false&directConnection=true");
	pinned("mongodb://a", "c:3,d:4", "refused");
	pinned("mongodb://a", "", "refused");
	pinned("a:1", "c:3", "refused");
}

static void
test_driver_uri(void)
{
	bson_error_t error;
	mongoc_uri_t *uri;

	driver_init();
	uri = driver_uri(SIDE_SOURCE, "mongodb://h/?timeoutMS=1", &error);
	OK(!uri && error_status(&error) == MM_EXIT_USAGE &&
		strstr(error.message, "timeoutMS"),
	    "an unknown option is wrong use: %s", error.message);
	uri = driver_uri(SIDE_TARGET, "mongodb://u:se@cret:x@h/", &error);
	OK(!uri && error_status(&error) == MM_EXIT_USAGE &&
		!strstr(error.message, "cret"),
	    "a password does not show: %s", error.message);
	uri = driver_uri(SIDE_SOURCE, "mongodb://h/?socketTimeoutMS=5", &error);
	OK(uri, "a known option is taken");
	mongoc_uri_destroy(uri);
}

static void
normalised(const char *from, const char *to)
{
	bson_t *spec = tap_json(from), *want = tap_json(to), got;

	index_normalise(spec, &got);
	OK(bson_equal(&got, want), "normalised %s", from);
	bson_destroy(&got);
	bson_destroy(spec);
	bson_destroy(want);
}

static void
test_index(void)
{
	int64_t seconds = 0;
	bson_t *s;

	normalised("{\"v\":1,\"key\":{\"a\":true,\"b\":-1.5,\"c\":\"\",\"d\":0,"
		   "\"e\":\"2dsphere\",\"f\":-1e-10,\"g\":null},\"name\":\"n\","
		   "\"ns\":\"d.c\",\"background\":true,\"dropDups\":true,"
		   "\"unique\":true}",
	    "{\"v\":2,\"key\":{\"a\":1,\"b\":-1.5,\"c\":1,\"d\":1,"
	    "\"e\":\"2dsphere\",\"f\":-1e-10,\"g\":1},\"name\":\"n\","
	    "\"unique\":true}");
	normalised("{\"v\":2,\"key\":{\"a\":{\"$numberLong\":\"1\"}},\"x\":1}",
	    "{\"v\":2,\"key\":{\"a\":{\"$numberLong\":\"1\"}},\"x\":1}");
	s = tap_json("{\"key\":{\"_id\":1},\"name\":\"_id_\",\"unique\":true}");
	OK(index_is_id(s) && !index_is_unique(s), "the _id index");
	bson_destroy(s);
	s = tap_json("{\"key\":{\"_id\":-1},\"name\":\"x\",\"unique\":true}");
	OK(!index_is_id(s) && index_is_unique(s), "descending _id");
	bson_destroy(s);
	s = tap_json("{\"key\":{\"_id\":1,\"a\":1},\"name\":\"x\"}");
	OK(!index_is_id(s) && !index_is_ttl(s, &seconds), "compound");
	bson_destroy(s);
	s = tap_json("{\"key\":{\"_id\":\"hashed\"},\"name\":\"x\"}");
	OK(!index_is_id(s), "hashed _id");
	bson_destroy(s);
	s = tap_json(
	    "{\"key\":{\"a\":1},\"name\":\"x\",\"expireAfterSeconds\":60}");
	OK(index_is_ttl(s, &seconds) && seconds == 60, "ttl");
	bson_destroy(s);
}

static void
same(bool (*f)(const bson_t *, const bson_t *, char **), const char *a,
    const char *b, const char *want)
{
	bson_t *x = tap_json(a), *y = tap_json(b);
	char *what;
	bool is = f(x, y, &what);

	OK(is == !want && (!want || strcmp(what, want) == 0),
	    "%s against %s: %s", a, b, what ? what : "same");
	bson_free(what);
	bson_destroy(x);
	bson_destroy(y);
}

static void
test_same(void)
{
	same(index_same, "{\"v\":1,\"key\":{\"a\":1},\"name\":\"n\"}",
	    "{\"name\":\"n\",\"v\":2,\"key\":{\"a\":1.0},\"unique\":false}",
	    NULL);
	same(index_same, "{\"v\":2,\"key\":{\"a\":1,\"b\":1},\"name\":\"n\"}",
	    "{\"v\":2,\"key\":{\"b\":1,\"a\":1},\"name\":\"m\",\"sparse\":"
	    "true}",
	    "key, name, sparse");
	same(options_same, "{\"capped\":true,\"size\":4096,\"uuid\":1}",
	    "{\"size\":4096.0,\"capped\":true,\"flags\":1}", NULL);
	same(options_same, "{\"capped\":true,\"size\":4096}",
	    "{\"validator\":{\"a\":1}}", "capped, size, validator");
}

int
main(void)
{
	test_uri();
	test_driver_uri();
	test_index();
	test_same();
	return tap_done();
}
