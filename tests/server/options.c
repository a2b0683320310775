#include "options.h"
#include "match.h"
#include "server.h"
#include "text.h"

#include <string.h>

static bool
among(const char *const *names, const char *name)
{
	for (; *names; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

static bool
generic(const char *name)
{
	static const char *const names[] = {"$db", "$clusterTime",
	    "$readPreference", "$audit", "$client", "$configServerState",
	    "$oplogQueryData", "$queryOptions", "$replData", "lsid",
	    "txnNumber", "autocommit", "startTransaction", "writeConcern",
	    "readConcern", "comment", "maxTimeMS", "apiVersion", "apiStrict",
	    "apiDeprecationErrors", "databaseVersion", "shardVersion", NULL};

	return among(names, name);
}

static const char *const create_fields[] = {"capped", "autoIndexId", "idIndex",
    "size", "max", "storageEngine", "validator", "validationLevel",
    "validationAction", "indexOptionDefaults", "viewOn", "pipeline",
    "collation", "temp", "flags", "recordPreImages", "clusteredIndex",
    "expireAfterSeconds", NULL};

static bool
refused(bson_error_t *error, const char *why)
{
	return error_set(error, MM_EXIT_REFUSED, 72, "%s", why);
}

static bool
holds(const bson_t *cmd, const char *name, bson_iter_t *iter)
{
	return bson_iter_init_find(iter, cmd, name) &&
	    !BSON_ITER_HOLDS_NULL(iter);
}

static void
put_number(bson_t *options, const char *name, int64_t n)
{
	if (n == (int32_t)n)
		bson_append_int32(options, name, -1, (int32_t)n);
	else
		bson_append_int64(options, name, -1, n);
}

static bool
create_capped(const bson_t *cmd, bson_t *options, bson_error_t *error)
{
	bson_iter_t size, max, capped;
	bool has_size = holds(cmd, "size", &size);
	bool has_max = holds(cmd, "max", &max);
	int64_t n;

	if (!holds(cmd, "capped", &capped) || !bson_iter_as_bool(&capped)) {
		if (has_size || has_max)
			return refused(error,
			    "the 'capped' field needs to be true when either "
			    "the 'size' or 'max' fields are present");
		return true;
	}
	if (!has_size)
		return refused(error,
		    "the 'size' field is required when 'capped' is true");
	n = bson_iter_as_int64(&size);
	if (n < 1 || n > (int64_t)1 << 50)
		return error_set(error, MM_EXIT_REFUSED, 51024,
		    "BSON field 'size' value must be >= 1, actual value '%lld'",
		    (long long)n);
	BSON_APPEND_BOOL(options, "capped", true);
	put_number(options, "size", (n + 255) / 256 * 256);
	if (has_max && bson_iter_as_int64(&max) > 0)
		put_number(options, "max", bson_iter_as_int64(&max));
	return true;
}

static bool
validator_sound(const bson_iter_t *iter, bson_error_t *error)
{
	const uint8_t *data;
	uint32_t len;
	bson_t doc;

	if (!BSON_ITER_HOLDS_DOCUMENT(iter))
		return error_set(error, MM_EXIT_REFUSED, 14,
		    "BSON field 'create.validator' is the wrong type, expected "
		    "type 'object'");
	bson_iter_document(iter, &len, &data);
	return bson_init_static(&doc, data, len) && match_check(&doc, error);
}

/* As if there were none but WiredTiger. */
static bool
create_engine(const bson_t *cmd, bson_t *options, bson_error_t *error)
{
	bson_iter_t iter, engine;

	if (!holds(cmd, "storageEngine", &iter))
		return true;
	if (!BSON_ITER_HOLDS_DOCUMENT(&iter) ||
	    !bson_iter_recurse(&iter, &engine))
		return error_set(error, MM_EXIT_REFUSED, 14,
		    "BSON field 'create.storageEngine' is the wrong type, "
		    "expected type 'object'");
	while (bson_iter_next(&engine))
		if (strcmp(bson_iter_key(&engine), "wiredTiger") != 0)
			return error_set(error, MM_EXIT_REFUSED, 72,
			    "%s is not a registered storage engine for this "
			    "server",
			    bson_iter_key(&engine));
	bson_append_iter(options, NULL, 0, &iter);
	return true;
}

/* 6.0 */
static bool
create_images(const bson_t *cmd, bson_t *options, bson_error_t *error)
{
	bson_iter_t iter, enabled;

	if (!holds(cmd, "changeStreamPreAndPostImages", &iter))
		return true;
	if (!BSON_ITER_HOLDS_DOCUMENT(&iter) ||
	    !bson_iter_recurse(&iter, &enabled) ||
	    !bson_iter_find(&enabled, "enabled"))
		return error_set(error, MM_EXIT_REFUSED, 40414,
		    "BSON field 'create.changeStreamPreAndPostImages.enabled' "
		    "is missing but a required field");
	if (bson_iter_as_bool(&enabled))
		bson_append_iter(options, NULL, 0, &iter);
	return true;
}

static bool
create_validator(const bson_t *cmd, bson_t *options, bson_error_t *error)
{
	static const char *const names[] = {
	    "validationLevel", "validationAction"};
	bson_iter_t iter;
	bson_iter_t inner;
	size_t i;

	if (holds(cmd, "validator", &iter)) {
		if (!validator_sound(&iter, error))
			return false;
		if (bson_iter_recurse(&iter, &inner) && bson_iter_next(&inner))
			bson_append_iter(options, NULL, 0, &iter);
	}
	for (i = 0; i < 2; i++) {
		if (holds(cmd, names[i], &iter))
			bson_append_iter(options, NULL, 0, &iter);
	}
	return true;
}

static bool
create_collation(const bson_t *cmd, bson_t *options, bson_error_t *error)
{
	bson_t given, full;
	const uint8_t *data;
	bson_iter_t iter;
	uint32_t len;
	bool ok;

	if (!holds(cmd, "collation", &iter))
		return true;
	if (!BSON_ITER_HOLDS_DOCUMENT(&iter))
		return error_set(error, MM_EXIT_REFUSED, 14,
		    "BSON field 'create.collation' is the wrong type, expected "
		    "type 'object'");
	bson_iter_document(&iter, &len, &data);
	if (!bson_init_static(&given, data, len))
		return refused(error, "'collation' is not a document");
	if (bson_empty(&given))
		return error_set(error, MM_EXIT_REFUSED, 2,
		    "'collation' cannot be an empty document");
	ok = options_collation(&given, &full, error);
	if (ok && !bson_empty(&full))
		BSON_APPEND_DOCUMENT(options, "collation", &full);
	bson_destroy(&full);
	return ok;
}

/* Those of a version and later. */
static bool
stages_known(const bson_iter_t *pipeline, bson_error_t *error)
{
	static const struct {
		const char *name;
		int fcv;
	} since[] = {{"$unionWith", 44}, {"$setWindowFields", 50},
	    {"$densify", 60}, {"$fill", 60}};
	bson_iter_t it, stage;

	bson_iter_recurse(pipeline, &it);
	while (bson_iter_next(&it)) {
		if (!bson_iter_recurse(&it, &stage) || !bson_iter_next(&stage))
			continue;
		for (size_t i = 0; i < sizeof since / sizeof *since; i++)
			if (strcmp(bson_iter_key(&stage), since[i].name) == 0 &&
			    sim.set.fcv < since[i].fcv)
				return error_set(error, MM_EXIT_REFUSED, 40324,
				    "Unrecognized pipeline stage name: '%s'",
				    since[i].name);
	}
	return true;
}

static bool
create_view(const bson_t *cmd, bson_t *options, bson_error_t *error)
{
	bson_iter_t iter;
	bson_t none;

	if (!holds(cmd, "viewOn", &iter)) {
		if (!holds(cmd, "pipeline", &iter))
			return true;
		return refused(
		    error, "'pipeline' requires 'viewOn' to also be specified");
	}
	if (!BSON_ITER_HOLDS_UTF8(&iter) || *bson_iter_utf8(&iter, NULL) == 0)
		return error_set(
		    error, MM_EXIT_REFUSED, 2, "'viewOn' cannot be empty");
	if (bson_has_field(options, "capped") ||
	    bson_has_field(options, "validator"))
		return refused(
		    error, "cannot create a view with options of a collection");
	bson_append_iter(options, NULL, 0, &iter);
	if (holds(cmd, "pipeline", &iter)) {
		if (!BSON_ITER_HOLDS_ARRAY(&iter))
			return error_set(error, MM_EXIT_REFUSED, 14,
			    "BSON field 'create.pipeline' is the wrong type, "
			    "expected type 'array'");
		if (!stages_known(&iter, error))
			return false;
		bson_append_iter(options, NULL, 0, &iter);
	} else {
		BSON_APPEND_ARRAY_BEGIN(options, "pipeline", &none);
		bson_append_array_end(options, &none);
	}
	return true;
}

static bool
creates_with(const char *name)
{
	static const char *const newer[] = {
	    "changeStreamPreAndPostImages", "encryptedFields", NULL};

	return generic(name) || among(create_fields, name) ||
	    (sim.set.fcv >= 60 && among(newer, name));
}

bool
options_create(const bson_t *cmd, bson_t *options, bson_error_t *error)
{
	const char *name;
	bson_iter_t iter;

	bson_init(options);
	bson_iter_init(&iter, cmd);
	bson_iter_next(&iter); /* create: <name> */
	while (bson_iter_next(&iter)) {
		name = bson_iter_key(&iter);
		if (!creates_with(name))
			return error_set(error, MM_EXIT_REFUSED, 40415,
			    "BSON field 'create.%s' is an unknown field.",
			    name);
	}
	if (!create_capped(cmd, options, error))
		return false;
	if (holds(cmd, "temp", &iter) && bson_iter_as_bool(&iter))
		BSON_APPEND_BOOL(options, "temp", true);
	if (holds(cmd, "recordPreImages", &iter) && bson_iter_as_bool(&iter))
		BSON_APPEND_BOOL(options, "recordPreImages", true);
	if (!create_engine(cmd, options, error))
		return false;
	if (holds(cmd, "indexOptionDefaults", &iter))
		bson_append_iter(options, NULL, 0, &iter);
	if (holds(cmd, "encryptedFields", &iter))
		bson_append_iter(options, NULL, 0, &iter);
	return create_validator(cmd, options, error) &&
	    create_images(cmd, options, error) &&
	    create_collation(cmd, options, error) &&
	    options_clustered(cmd, options, error) &&
	    create_view(cmd, options, error);
}

void
options_id_index(const bson_t *options, bson_t *spec)
{
	bson_iter_t iter;
	bson_t key;

	if (options_cluster_index(options, spec))
		return;
	bson_init(spec);
	BSON_APPEND_INT32(spec, "v", 2);
	BSON_APPEND_DOCUMENT_BEGIN(spec, "key", &key);
	BSON_APPEND_INT32(&key, "_id", 1);
	bson_append_document_end(spec, &key);
	BSON_APPEND_UTF8(spec, "name", "_id_");
	if (bson_iter_init_find(&iter, options, "collation"))
		bson_append_iter(spec, NULL, 0, &iter);
}

static bool
collmod_checked(const bson_t *cmd, bool view, bson_error_t *error)
{
	static const char *const known[] = {"index", "validator",
	    "validationLevel", "validationAction", "viewOn", "pipeline",
	    "recordPreImages", "expireAfterSeconds", NULL};
	const char *name;
	bson_iter_t iter;

	bson_iter_init(&iter, cmd);
	bson_iter_next(&iter); /* collMod: <name> */
	while (bson_iter_next(&iter)) {
		name = bson_iter_key(&iter);
		if (generic(name))
			continue;
		if (!among(known, name))
			return error_set(error, MM_EXIT_REFUSED, 72,
			    "unknown option to collMod: %s", name);
		if (view !=
		    (strcmp(name, "viewOn") == 0 ||
			strcmp(name, "pipeline") == 0))
			return error_set(error, MM_EXIT_REFUSED, 72,
			    "option not supported on a %s: %s",
			    view ? "view" : "collection", name);
		if (strcmp(name, "validator") == 0 &&
		    !validator_sound(&iter, error))
			return false;
	}
	return true;
}

/* In the order of `create`, each field as changed or as it was. */
bool
options_collmod(const bson_t *cmd, const bson_t *options, bson_t *changed,
    bson_error_t *error)
{
	static const char *const order[] = {"capped", "size", "max",
	    "autoIndexId", "temp", "recordPreImages", "storageEngine",
	    "indexOptionDefaults", "validator", "validationLevel",
	    "validationAction", "collation", "viewOn", "pipeline",
	    "clusteredIndex", NULL};
	const char *const *name;
	bson_iter_t iter, inner;

	bson_init(changed);
	if (!collmod_checked(cmd, bson_has_field(options, "viewOn"), error))
		return false;
	for (name = order; *name; name++) {
		if (!holds(cmd, *name, &iter)) {
			if (bson_iter_init_find(&iter, options, *name))
				bson_append_iter(changed, NULL, 0, &iter);
			continue;
		}
		if (strcmp(*name, "validator") == 0 &&
		    (!bson_iter_recurse(&iter, &inner) ||
			!bson_iter_next(&inner)))
			continue;
		if (strcmp(*name, "recordPreImages") == 0 &&
		    !bson_iter_as_bool(&iter))
			continue;
		bson_append_iter(changed, NULL, 0, &iter);
	}
	return options_lifetime(cmd, options, changed, error);
}
