#include "engine/apply_uuid.h"

#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "model/ns.h"

enum { UUID_BYTES = 16, UUID_TEXT = 37 };

struct named {
	char *ns;
	uint8_t uuid[UUID_BYTES];
	bool known;
	UT_hash_handle hh;
};

struct apply_uuids {
	struct named *all, *last;
};

struct apply_uuids *
apply_uuids_new(void)
{
	return bson_malloc0(sizeof(struct apply_uuids));
}

void
apply_uuids_free(struct apply_uuids *u)
{
	struct named *one, *next;

	if (!u)
		return;
	HASH_ITER(hh, u->all, one, next)
	{
		HASH_DEL(u->all, one);
		bson_free(one->ns);
		bson_free(one);
	}
	bson_free(u);
}

static struct named *
find(struct apply_uuids *u, const char *ns)
{
	struct named *one = u->last;

	if (one && strcmp(one->ns, ns) == 0)
		return one;
	HASH_FIND(hh, u->all, ns, strlen(ns), one);
	if (!one) {
		one = bson_malloc0(sizeof *one);
		one->ns = bson_strdup(ns);
		HASH_ADD_KEYPTR(hh, u->all, one->ns, strlen(one->ns), one);
	}
	u->last = one;
	return one;
}

static const char *
uuid_text(const uint8_t *uuid, char *text)
{
	char *at = text;

	for (int i = 0; i < UUID_BYTES; i++)
		at += sprintf(at,
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
		    uuid[i]);
	return text;
}

bool
apply_uuids_check(
    struct apply_uuids *u, const struct entry *e, bson_error_t *error)
{
	char at[OPTIME_TEXT], old[UUID_TEXT], now[UUID_TEXT];
	struct named *one;

	if (!e->ui)
		return true;
	one = find(u, e->ns);
	if (one->known && memcmp(one->uuid, e->ui, UUID_BYTES) != 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" at position %s: the entry is about another "
		    "collection (%s) than the one before (%s), and the log "
		    "does not say how it came by the name",
		    e->ns, optime_text(e->at, at), uuid_text(e->ui, now),
		    uuid_text(one->uuid, old));
	memcpy(one->uuid, e->ui, UUID_BYTES);
	one->known = true;
	return true;
}

void
apply_uuids_note(struct apply_uuids *u, const struct entry *e)
{
	char db[NS_MAX + 1];
	struct named *one;

	if (e->op == ENTRY_COMMAND) {
		snprintf(db, sizeof db, "%.*s", (int)e->db_len, e->ns);
		apply_uuids_forget(u, db);
	} else if (e->op != ENTRY_NOOP && e->ui) {
		one = find(u, e->ns);
		memcpy(one->uuid, e->ui, UUID_BYTES);
		one->known = true;
	}
}

void
apply_uuids_forget(struct apply_uuids *u, const char *ns)
{
	size_t len = strlen(ns);
	struct named *one, *next;

	HASH_ITER(hh, u->all, one, next)
	if (len > 0 && strncmp(one->ns, ns, len) == 0 &&
	    (one->ns[len] == '\0' || one->ns[len] == '.'))
		one->known = false;
}
