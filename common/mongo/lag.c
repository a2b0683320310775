#include "mongo/lag.h"

#include <stdio.h>
#include <string.h>

#include "base/doc.h"

/* Members with a delay lag on purpose. */
static bool
is_delayed(const bson_t *config, const char *host)
{
	bson_t members, m;
	char key[16];
	const char *name;

	if (!doc_sub(config, "config.members", &members))
		return false;
	for (uint32_t i = 0; snprintf(key, sizeof key, "%u", i) > 0 &&
	     doc_sub(&members, key, &m);
	     i++) {
		name = doc_text(&m, "host");
		if (name && strcmp(name, host) == 0)
			return doc_int(&m, "slaveDelay") > 0 ||
			    doc_int(&m, "secondaryDelaySecs") > 0;
	}
	return false;
}

static int64_t
worst(const bson_t *status, const bson_t *config, const char *except)
{
	int64_t newest = 0, oldest = INT64_MAX;
	struct optime at;
	bson_t members, m;
	const char *name;
	char key[16];

	if (!doc_sub(status, "members", &members))
		return 0;
	for (uint32_t i = 0; snprintf(key, sizeof key, "%u", i) > 0 &&
	     doc_sub(&members, key, &m);
	     i++) {
		int64_t state = doc_int(&m, "state");

		name = doc_text(&m, "name");
		if ((state != 1 && state != 2) || !name ||
		    !optime_read(&m, "optime", &at))
			continue;
		if (at.secs > newest)
			newest = at.secs;
		if (strcmp(name, except) != 0 && !is_delayed(config, name) &&
		    at.secs < oldest)
			oldest = at.secs;
	}
	return oldest < newest ? newest - oldest : 0;
}

bool
lag_read(
    struct conn *c, const char *except, int64_t *seconds, bson_error_t *error)
{
	bson_t status, config;
	bson_error_t ignored;
	bool ok = conn_ask(c, "replSetGetStatus", false, &status, error);

	if (ok) {
		/* Where it may not be read, a delay is not known. */
		conn_ask(c, "replSetGetConfig", false, &config, &ignored);
		*seconds = worst(&status, &config, except);
		bson_destroy(&config);
	}
	bson_destroy(&status);
	return ok;
}
