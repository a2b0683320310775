#include "model/quarantine.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

enum {
	NAME_MAX_OLD = 120, /* of a namespace before 4.4 */
	DEPTH = 100
};

void
quarantine_prefix(const char *job, char *text)
{
	struct sha256 *h = sha256_new();
	char hex[SHA256_TEXT];

	sha256_add(h, job, strlen(job));
	sha256_finish(h, hex);
	snprintf(text, 32, "mm_quarantine_%.8s", hex);
}

/* Not within a character. */
static void
cut(char *text, size_t len)
{
	if (strlen(text) <= len)
		return;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	text[len] = '\0';
}

void
quarantine_name(const char *job, const char *ns, unsigned number, char *out)
{
	char prefix[32], text[2 * NS_MAX];
	const char *dot = strchr(ns, '.');
	int db = dot ? (int)(dot - ns) : (int)strlen(ns);
	const char *name = dot ? dot + 1 : "";

	quarantine_prefix(job, prefix);
	snprintf(text, sizeof text, "%.*s.%s_%s", db, ns, prefix, name);
	if (strlen(text) > NAME_MAX_OLD)
		snprintf(text, sizeof text, "%.*s.%s-%u_%s", db, ns, prefix,
		    number, name);
	cut(text, NAME_MAX_OLD);
	snprintf(out, NS_MAX + 1, "%s", text);
}

struct reading {
	bool (*is)(const void *arg, const char *name);
	const void *arg;
};

static bool
names_one(const struct reading *r, bson_iter_t *it, int depth)
{
	static const char *const keys[] = {"from", "coll", "$unionWith"};
	bson_iter_t sub;

	while (bson_iter_next(it)) {
		const char *key = bson_iter_key(it);

		for (size_t i = 0;
		     BSON_ITER_HOLDS_UTF8(it) && i < sizeof keys / sizeof *keys;
		     i++)
			if (strcmp(key, keys[i]) == 0 &&
			    r->is(r->arg, bson_iter_utf8(it, NULL)))
				return true;
		if ((BSON_ITER_HOLDS_DOCUMENT(it) ||
			BSON_ITER_HOLDS_ARRAY(it)) &&
		    depth < DEPTH && bson_iter_recurse(it, &sub) &&
		    names_one(r, &sub, depth + 1))
			return true;
	}
	return false;
}

bool
quarantine_view_reads(const bson_t *options,
    bool (*is)(const void *arg, const char *name), const void *arg)
{
	struct reading r = {is, arg};
	bson_iter_t it, stages;

	if (bson_iter_init_find(&it, options, "viewOn") &&
	    BSON_ITER_HOLDS_UTF8(&it) && is(arg, bson_iter_utf8(&it, NULL)))
		return true;
	return bson_iter_init_find(&it, options, "pipeline") &&
	    BSON_ITER_HOLDS_ARRAY(&it) && bson_iter_recurse(&it, &stages) &&
	    names_one(&r, &stages, 0);
}
