#include "engine/owners.h"

#include <string.h>
#include <uthash.h>

#include "base/doc.h"
#include "base/sig.h"
#include "mongo/cursor.h"

#define TRIES 5

struct owned {
	char *ns, *job;
	UT_hash_handle hh;
};

struct owners {
	struct owned *all;
};

static void
forget(struct owners *o)
{
	struct owned *one, *next;

	HASH_ITER(hh, o->all, one, next)
	{
		HASH_DEL(o->all, one);
		bson_free(one->ns);
		bson_free(one->job);
		bson_free(one);
	}
}

static void
note(struct owners *o, const char *job, const bson_t *doc)
{
	const char *ns = doc_text(doc, "_id.ns"),
		   *owner = doc_text(doc, "_id.job");
	struct owned *one;

	if (!ns || !owner || strcmp(owner, job) == 0)
		return;
	HASH_FIND(hh, o->all, ns, strlen(ns), one);
	if (one)
		return;
	one = bson_malloc0(sizeof *one);
	one->ns = bson_strdup(ns);
	one->job = bson_strdup(owner);
	HASH_ADD_KEYPTR(hh, o->all, one->ns, strlen(one->ns), one);
}

struct owners *
owners_read(struct conn *c, const char *job, bson_error_t *error)
{
	struct cursor_opts opts = {.db = "mm_control", .coll = "owned"};
	struct owners *o = bson_malloc0(sizeof *o);
	enum cursor_got got = CURSOR_LOST;
	const bson_t *doc;

	for (int i = 0; i < TRIES && got == CURSOR_LOST; i++) {
		struct cursor *cur = cursor_new(c, &opts);

		forget(o);
		while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
			note(o, job, doc);
		cursor_free(cur);
		if (got == CURSOR_LOST && !sig_sleep(500))
			break;
	}
	if (got == CURSOR_END)
		return o;
	owners_free(o);
	return NULL;
}

void
owners_free(struct owners *o)
{
	if (!o)
		return;
	forget(o);
	bson_free(o);
}

const char *
owners_of(const struct owners *o, const char *ns)
{
	struct owned *one;

	HASH_FIND(hh, o->all, ns, strlen(ns), one);
	return one ? one->job : NULL;
}
