/* Clustered collections (5.3 and later; here from --fcv 6.0 on): documents in
 * the order of `_id`, which has no index beside them. */
#include "options.h"
#include "server.h"
#include "text.h"

#include <string.h>

static bool
bad_spec(bson_error_t *error, const char *why)
{
	return error_set(error, MM_EXIT_REFUSED, 197, "%s", why);
}

static bool
is_by_id(const bson_t *spec)
{
	bson_iter_t it, key;

	return bson_iter_init_find(&it, spec, "key") &&
	    BSON_ITER_HOLDS_DOCUMENT(&it) && bson_iter_recurse(&it, &key) &&
	    bson_iter_next(&key) && strcmp(bson_iter_key(&key), "_id") == 0 &&
	    bson_iter_as_int64(&key) == 1 && !bson_iter_next(&key);
}

/* {v, key, name, unique} */
static void
put_spec(const bson_t *spec, bson_t *out)
{
	bson_iter_t it;

	BSON_APPEND_INT32(out, "v", 2);
	bson_iter_init_find(&it, spec, "key");
	bson_append_iter(out, NULL, 0, &it);
	BSON_APPEND_UTF8(out, "name",
	    bson_iter_init_find(&it, spec, "name") && BSON_ITER_HOLDS_UTF8(&it)
		? bson_iter_utf8(&it, NULL)
		: "_id_");
	BSON_APPEND_BOOL(out, "unique", true);
}

bool
options_clustered(const bson_t *cmd, bson_t *options, bson_error_t *error)
{
	bson_iter_t it, life;
	bool has_life = bson_iter_init_find(&life, cmd, "expireAfterSeconds"),
	     has = bson_iter_init_find(&it, cmd, "clusteredIndex");
	const uint8_t *data;
	uint32_t len;
	bson_t spec, out;

	if ((has || has_life) && sim.set.fcv < 60)
		return error_set(error, MM_EXIT_REFUSED, 40415,
		    "BSON field 'create.%s' is an unknown field.",
		    has ? "clusteredIndex" : "expireAfterSeconds");
	if (!has)
		return !has_life ||
		    error_set(error, MM_EXIT_REFUSED, 72,
			"'expireAfterSeconds' is only supported on time-series "
			"collections or when the 'clusteredIndex' option is "
			"specified");
	if (!BSON_ITER_HOLDS_DOCUMENT(&it))
		return bad_spec(error, "'clusteredIndex' is not an object");
	bson_iter_document(&it, &len, &data);
	if (!bson_init_static(&spec, data, len) || !is_by_id(&spec))
		return bad_spec(error,
		    "The clusteredIndex option is only supported for key: "
		    "{_id: 1}");
	if (!bson_iter_init_find(&it, &spec, "unique") ||
	    !bson_iter_as_bool(&it))
		return bad_spec(error,
		    "The clusteredIndex option requires unique: true to be "
		    "specified");
	BSON_APPEND_DOCUMENT_BEGIN(options, "clusteredIndex", &out);
	put_spec(&spec, &out);
	bson_append_document_end(options, &out);
	if (has_life)
		BSON_APPEND_INT64(
		    options, "expireAfterSeconds", bson_iter_as_int64(&life));
	return true;
}

bool
options_cluster_index(const bson_t *options, bson_t *spec)
{
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;
	bson_t cluster;

	if (!bson_iter_init_find(&it, options, "clusteredIndex"))
		return false;
	bson_iter_document(&it, &len, &data);
	bson_init_static(&cluster, data, len);
	bson_copy_to(&cluster, spec);
	BSON_APPEND_BOOL(spec, "clustered", true);
	return true;
}

bool
options_lifetime(const bson_t *cmd, const bson_t *options, bson_t *changed,
    bson_error_t *error)
{
	bson_iter_t it;

	if (!bson_iter_init_find(&it, cmd, "expireAfterSeconds")) {
		if (bson_iter_init_find(&it, options, "expireAfterSeconds"))
			bson_append_iter(changed, NULL, 0, &it);
		return true;
	}
	if (!bson_has_field(options, "clusteredIndex"))
		return error_set(error, MM_EXIT_REFUSED, 72,
		    "'expireAfterSeconds' option is only supported on "
		    "collections clustered by _id");
	if (BSON_ITER_HOLDS_NUMBER(&it))
		BSON_APPEND_INT64(
		    changed, "expireAfterSeconds", bson_iter_as_int64(&it));
	else if (!BSON_ITER_HOLDS_UTF8(&it) ||
	    strcmp(bson_iter_utf8(&it, NULL), "off") != 0)
		return error_set(error, MM_EXIT_REFUSED, 72,
		    "Invalid string value for the 'expireAfterSeconds' option");
	return true;
}
