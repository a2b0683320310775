/* Writes as commands of our own making.
 *
 * Not the driver's bulk: its replacements cannot hold names with `$`, it has
 * no place for options like bypassEmptyTsReplacement, and it keeps neither
 * the transaction number nor the whole reply for us. Speed is the same: both
 * copy each document once.
 *
 * Every command carries a transaction number of the conn's session, so it may
 * be sent again after a lost reply: what was done is not done twice, and what
 * arrives late, after a newer command, is refused by the server (225).
 */
#include "mongo/bulk.h"

#include <stdio.h>
#include <string.h>

#include "base/msg.h"
#include "model/docid.h"
#include "model/ns.h"
#include "mongo/bulk_state.h"

struct bulk *
bulk_new(struct conn *c)
{
	struct bulk *b = bson_malloc0(sizeof *b);

	b->c = c;
	return b;
}

void
bulk_free(struct bulk *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->cap_parts; i++)
		part_release(&b->part[i]);
	part_release(&b->fix);
	bson_free(b->part);
	bson_free(b->error);
	bson_free(b->coll);
	bson_free(b);
}

void
bulk_begin(struct bulk *b, const char *ns, bool ordered)
{
	const char *coll;

	b->no_ns = !ns_split(ns, b->db, &coll);
	bson_free(b->coll);
	b->coll = bson_strdup(b->no_ns ? ns : coll);
	b->ordered = ordered;
	b->no_id = false;
	b->n_parts = b->count = b->bytes = b->n_errors = 0;
	memset(b->open, 0, sizeof b->open);
}

size_t
bulk_count(const struct bulk *b)
{
	return b->count;
}

size_t
bulk_bytes(const struct bulk *b)
{
	return b->bytes;
}

/* The part that the next operation goes into. Ordered: a change of kind ends
 * the part. */
static struct part *
part_for(struct bulk *b, enum part_kind kind, size_t bytes)
{
	size_t at = b->open[kind];
	struct part *p = at ? &b->part[at - 1] : NULL;

	b->bytes += bytes;
	if (p && part_fits(p, bytes, b->c->server->max_ops) &&
	    (!b->ordered || at == b->n_parts))
		return p;
	if (b->n_parts == b->cap_parts) {
		size_t cap = b->cap_parts ? 2 * b->cap_parts : 4;

		b->part = bson_realloc(b->part, cap * sizeof *b->part);
		memset(b->part + b->cap_parts, 0,
		    (cap - b->cap_parts) * sizeof *b->part);
		b->cap_parts = cap;
	}
	p = &b->part[b->n_parts++];
	b->open[kind] = b->n_parts;
	part_begin(p, kind, b->coll);
	return p;
}

/* What the server would not keep as it is in a plain insert or replace. */
struct oddities {
	bool zero_time; /* Timestamp(0,0) at top level */
	bool dollar;    /* a name with `$` in front */
};

static struct oddities
oddities(const uint8_t *doc, size_t len)
{
	static const uint8_t zero[8];
	struct oddities o = {false, false};
	struct walk w;
	struct elem e;

	if (!walk_init(&w, doc, len))
		return o;
	while (walk_next(&w, &e)) {
		if (e.name[0] == '$')
			o.dollar = true;
		if (e.value.type == BSON_TYPE_TIMESTAMP &&
		    memcmp(e.value.data, zero, sizeof zero) == 0 &&
		    strcmp(e.name, "_id") != 0)
			o.zero_time = true;
	}
	return o;
}

static bool
takes_pipelines(const struct bulk *b)
{
	return b->c->server->info.wire >= 8;
}

/* 8.0, 7.0.13, 6.0.17, 5.0.29 and later of each. */
bool
bulk_keeps_zero_time(const struct bulk *b)
{
	static const struct {
		int major, patch;
	} since[] = {{5, 29}, {6, 17}, {7, 13}};
	int major = 0, minor = 0, patch = 0;

	sscanf(b->c->server->info.version, "%d.%d.%d", &major, &minor, &patch);
	for (size_t i = 0; i < sizeof since / sizeof *since; i++)
		if (major == since[i].major && minor == 0)
			return patch >= since[i].patch;
	return major >= 8;
}

static void
warn_zero_time(const struct bulk *b)
{
	static bool warned;

	if (!warned)
		msg_warn("\"%s.%s\": this server sets a zero timestamp to the "
			 "present time",
		    b->db, b->coll);
	warned = true;
}

void
bulk_insert(struct bulk *b, const uint8_t *doc, size_t len)
{
	struct oddities odd = oddities(doc, len);
	enum part_kind kind = PART_INSERT;
	struct part *p;

	if (odd.zero_time && !bulk_keeps_zero_time(b)) {
		if (takes_pipelines(b))
			kind = PART_INSERT_ZERO;
		else
			warn_zero_time(b);
	}
	p = part_for(b, kind, len + 16);
	part_insert(p, (uint32_t)b->count++, doc, len);
	p->zero_time |= odd.zero_time;
}

static bool
key_of(struct bulk *b, const uint8_t *doc, size_t len, struct value *id)
{
	struct elem e;

	if (!walk_find(doc, len, "_id", &e)) {
		b->no_id = true;
		return false;
	}
	*id = e.value;
	return true;
}

void
bulk_replace(struct bulk *b, const uint8_t *doc, size_t len)
{
	struct oddities odd = oddities(doc, len);
	struct part *p;
	struct value id;
	bool literal;

	if (!key_of(b, doc, len, &id))
		return;
	literal = odd.dollar || (odd.zero_time && !bulk_keeps_zero_time(b));
	if (literal && !takes_pipelines(b)) {
		literal = false;
		if (odd.zero_time)
			warn_zero_time(b);
	}
	p = part_for(b, PART_UPDATE, len + id.len + 100);
	part_replace(p, (uint32_t)b->count, &id, doc, len, literal, true);
	p->zero_time |= odd.zero_time;
	/* Should an upsert that inserts set it to the present time, as an
	 * insert does, then this puts it right; else it changes nothing. */
	if (literal && odd.zero_time) {
		p = part_for(b, PART_UPDATE, len + id.len + 100);
		part_replace(p, (uint32_t)b->count, &id, doc, len, true, false);
	}
	b->count++;
}

void
bulk_delete(struct bulk *b, const struct value *id)
{
	part_delete(
	    part_for(b, PART_DELETE, id->len + 100), (uint32_t)b->count++, id);
}
