/* engine/resume: a token gives back what it was made of, or is refused. */
#include <string.h>

#include "engine/resume.h"
#include "tap.h"

static bson_error_t error;

static bson_t *
make(void)
{
	static const uint8_t uuid[16] = {1, 2, 3};
	bson_t *token = tap_json(
	    "{\"v\":1,\"load\":\"abc\",\"filters\":{\"include\":[\"a.*\"]},"
	    "\"source\":{\"set\":\"rs\",\"me\":\"h:1\"},"
	    "\"from\":{\"ts\":{\"$timestamp\":{\"t\":7,\"i\":2}},"
	    "\"t\":{\"$numberLong\":\"3\"}}}");
	bson_t *bound = tap_json("{\"0\":{\"\":5},\"1\":{\"\":\"x\"}}"),
	       *at = tap_json("{\"\":9}"), colls, one, place;

	BSON_APPEND_ARRAY_BEGIN(token, "colls", &colls);
	resume_coll_doc("a.b", uuid, false, bound, &one);
	BSON_APPEND_DOCUMENT_BEGIN(&one, "at", &place);
	BSON_APPEND_BINARY(
	    &place, "1", BSON_SUBTYPE_BINARY, bson_get_data(at), at->len);
	bson_append_document_end(&one, &place);
	BSON_APPEND_DOCUMENT(&colls, "0", &one);
	bson_append_array_end(token, &colls);
	bson_destroy(&one);
	bson_destroy(bound);
	bson_destroy(at);
	return token;
}

static bool
same(bson_t *got, const char *json)
{
	bson_t *want = tap_json(json);
	bool ok = got && tap_same_doc(got, want);

	if (got)
		bson_destroy(got);
	bson_destroy(want);
	return ok;
}

static void
test_round(const char *text)
{
	struct resume *r = resume_read(text, &error);
	const struct resume_coll *c;
	struct coll coll = {.ns = "a.b", .has_uuid = true, .uuid = {1, 2, 3}};

	if (!OK(r, "a token is read again"))
		return;
	c = resume_find(r, &coll);
	OK(strcmp(r->load, "abc") == 0 && strcmp(r->me, "h:1") == 0 &&
		r->from.secs == 7 && r->read_from.inc == 2,
	    "load, member, positions");
	OK(c && c->parts == 3 && c->begun && !c->done && !c->natural,
	    "the collection");
	if (c) {
		OK(same(resume_bound(c, 0), "{\"\":5}") &&
			same(resume_bound(c, 1), "{\"\":\"x\"}") &&
			!resume_bound(c, 2),
		    "its bounds");
		OK(!resume_at(c, 0) && same(resume_at(c, 1), "{\"\":9}") &&
			!resume_at(c, 2),
		    "its places");
	}
	coll.uuid[0] = 9;
	OK(!resume_find(r, &coll), "another collection of that name");
	resume_free(r);
}

/* Every letter changed, every length. */
static void
test_damage(const char *text)
{
	size_t len = strlen(text), taken = 0;
	char *copy = bson_strdup(text);
	struct resume *r;

	for (size_t i = 0; i < len; i++) {
		copy[i] = text[i] == 'Z' ? 'Y' : 'Z';
		/* Bits of padding count for nothing. */
		r = i < len - 4 ? resume_read(copy, &error) : NULL;
		taken += r != NULL;
		resume_free(r);
		copy[i] = text[i];
	}
	OK(taken == 0, "no changed letter is taken: %zu", taken);
	for (size_t i = 0; i + 4 < len; i++) {
		copy[i] = '\0';
		r = resume_read(copy, &error);
		taken += r != NULL;
		resume_free(r);
		copy[i] = text[i];
	}
	OK(taken == 0, "no cut token is taken: %zu", taken);
	bson_free(copy);
}

int
main(void)
{
	bson_t *token = make();
	char *text = resume_text(token);

	test_round(text);
	test_damage(text);
	bson_free(text);
	bson_destroy(token);
	return tap_done();
}
