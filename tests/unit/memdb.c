#include <string.h>
#include <uthash.h>

#include "corpus.h"
#include "model/docid.h"
#include "tap.h"

struct stored {
	UT_hash_handle hh;
	struct buf key;  /* canonical _id */
	struct buf data; /* no bson_t here: it wants 128 byte alignment */
};

struct coll {
	UT_hash_handle hh;
	char *ns;
	struct stored *docs;
};

struct memdb {
	struct coll *colls;
	struct buf out, key; /* scratch */
};

struct memdb *
memdb_new(void)
{
	return bson_malloc0(sizeof(struct memdb));
}

static void
stored_remove(struct coll *c, struct stored *s)
{
	HASH_DEL(c->docs, s);
	buf_release(&s->key);
	buf_release(&s->data);
	bson_free(s);
}

static void
coll_free(struct memdb *db, struct coll *c)
{
	struct stored *s, *next;

	HASH_ITER(hh, c->docs, s, next)
	stored_remove(c, s);
	HASH_DEL(db->colls, c);
	bson_free(c->ns);
	bson_free(c);
}

void
memdb_free(struct memdb *db)
{
	struct coll *c, *next;

	HASH_ITER(hh, db->colls, c, next)
	coll_free(db, c);
	buf_release(&db->out);
	buf_release(&db->key);
	bson_free(db);
}

static struct coll *
coll_of(const struct memdb *db, const char *ns)
{
	struct coll *c;

	HASH_FIND_STR(db->colls, ns, c);
	return c;
}

static struct stored *
find(const struct memdb *db, const char *ns, const struct value *id)
{
	struct coll *c = coll_of(db, ns);
	struct buf key = BUF_INIT;
	struct stored *s = NULL;

	if (!c)
		return NULL;
	docid_canonical(id, &key);
	HASH_FIND(hh, c->docs, key.data, key.len, s);
	buf_release(&key);
	return s;
}

bool
memdb_get(
    const struct memdb *db, const char *ns, const struct value *id, bson_t *doc)
{
	struct stored *s = find(db, ns, id);

	return s && bson_init_static(doc, s->data.data, s->data.len);
}

void
memdb_delete(struct memdb *db, const char *ns, const struct value *id)
{
	struct stored *s = find(db, ns, id);

	if (s)
		stored_remove(coll_of(db, ns), s);
}

void
memdb_put(struct memdb *db, const char *ns, const bson_t *doc)
{
	struct coll *c = coll_of(db, ns);
	struct stored *s;
	struct value id;

	if (!docid_of(doc, &id, NULL))
		abort();
	if (!c) {
		c = bson_malloc0(sizeof *c);
		c->ns = bson_strdup(ns);
		HASH_ADD_KEYPTR(hh, db->colls, c->ns, strlen(c->ns), c);
	}
	s = find(db, ns, &id);
	if (!s) {
		s = bson_malloc0(sizeof *s);
		docid_canonical(&id, &s->key);
		HASH_ADD_KEYPTR(hh, c->docs, s->key.data, s->key.len, s);
	}
	buf_clear(&s->data);
	buf_add(&s->data, bson_get_data(doc), doc->len);
}

bool
memdb_apply(struct memdb *db, const struct entry *e, struct entry_note *note,
    bson_error_t *error)
{
	enum entry_effect effect;
	struct value id;
	bson_t doc, pre;
	bool has;

	buf_clear(&db->out);
	if (!entry_key(e, &id, error))
		return false;
	has = memdb_get(db, e->ns, &id, &pre);
	if (!entry_apply(e, has ? &pre : NULL, &db->out, &effect, note, error))
		return false;
	if (effect == EFFECT_DELETED)
		memdb_delete(db, e->ns, &id);
	if (effect == EFFECT_STORED &&
	    bson_init_static(&doc, db->out.data, db->out.len))
		memdb_put(db, e->ns, &doc);
	return true;
}

void
memdb_drop(struct memdb *db, const char *ns)
{
	struct coll *c = coll_of(db, ns);

	if (c)
		coll_free(db, c);
}

void
memdb_drop_db(struct memdb *db, const char *name)
{
	struct coll *c, *next;
	size_t len = strlen(name);

	HASH_ITER(hh, db->colls, c, next)
	if (strncmp(c->ns, name, len) == 0 && c->ns[len] == '.')
		coll_free(db, c);
}

void
memdb_rename(struct memdb *db, const char *from, const char *to)
{
	struct coll *c = coll_of(db, from);

	memdb_drop(db, to);
	if (!c)
		return;
	HASH_DEL(db->colls, c);
	bson_free(c->ns);
	c->ns = bson_strdup(to);
	HASH_ADD_KEYPTR(hh, db->colls, c->ns, strlen(c->ns), c);
}

static bool
same(const struct stored *got, const struct stored *want)
{
	bson_t a, b;

	if (got && got->data.len == want->data.len &&
	    memcmp(got->data.data, want->data.data, want->data.len) == 0)
		return true;
	bson_init_static(&b, want->data.data, want->data.len);
	if (got)
		bson_init_static(&a, got->data.data, got->data.len);
	return tap_same_doc(got ? &a : NULL, &b);
}

/* All documents of `want` are in got, the last ones of it, in this order. */
static bool
same_ring(const struct coll *got, const struct coll *want)
{
	struct stored *a = got ? got->docs : NULL, *b = want->docs;

	for (size_t n = HASH_COUNT(a); n > HASH_COUNT(want->docs); n--)
		a = a->hh.next;
	for (; a && b; a = a->hh.next, b = b->hh.next)
		if (!same(a, b))
			return false;
	return !a && !b;
}

static bool
same_coll(const struct coll *got, const struct coll *want)
{
	struct stored *a, *b, *next;
	size_t n = got ? HASH_COUNT(got->docs) : 0;

	HASH_ITER(hh, want->docs, b, next)
	{
		a = NULL;
		if (n > 0)
			HASH_FIND(hh, got->docs, b->key.data, b->key.len, a);
		if (!same(a, b))
			return false;
	}
	if (n != HASH_COUNT(want->docs))
		tap_note(
		    "%zu documents instead of %u", n, HASH_COUNT(want->docs));
	return n == HASH_COUNT(want->docs);
}

static bool
in_list(const char *rings, const char *ns)
{
	char *line = bson_strdup_printf("\n%s\n", ns);
	bool in = rings && strstr(rings, line);

	bson_free(line);
	return in;
}

bool
memdb_same(const struct memdb *got, const struct memdb *want, const char *rings)
{
	struct coll *c, *other, *next;

	HASH_ITER(hh, want->colls, c, next)
	{
		bool is_ring = in_list(rings, c->ns);

		other = coll_of(got, c->ns);
		if (is_ring ? !same_ring(other, c) : !same_coll(other, c)) {
			tap_note("in %s", c->ns);
			return false;
		}
	}
	HASH_ITER(hh, got->colls, c, next)
	if (HASH_COUNT(c->docs) > 0 && !entry_ns_internal(c->ns) &&
	    !coll_of(want, c->ns)) {
		tap_note("%s should be gone", c->ns);
		return false;
	}
	return true;
}
