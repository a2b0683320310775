/* One walk over the top of an entry: every field that matters is checked for
 * its type, what is not known passes (servers add fields). */
#include "model/entry.h"

#include <stdio.h>
#include <string.h>

#include "base/le.h"
#include "model/number.h"

/* What the walk has met beside the entry itself. */
struct met {
	struct value ts, t, v, op, ns, o, o2, ui, wall, b, tid, txn;
	struct value from_migrate, lsid, txn_number, prev;
};

static bool
bad(const struct entry *e, bson_error_t *error, const char *field,
    const char *why)
{
	char text[OPTIME_TEXT];

	return error_set(error, MM_EXIT_REFUSED, 0,
	    "oplog entry at %s%s%.255s%s: field \"%s\" %s",
	    optime_text(e->at, text), e->ns ? " on \"" : "", e->ns ? e->ns : "",
	    e->ns ? "\"" : "", field, why);
}

#define FIELD(name, to)                                                        \
	{                                                                      \
		name, sizeof name - 1, offsetof(struct met, to)                \
	}

/* The most frequent first. */
static const struct {
	const char *name;
	uint32_t len;
	size_t to;
} met_fields[] = {
    FIELD("ts", ts),
    FIELD("t", t),
    FIELD("v", v),
    FIELD("op", op),
    FIELD("ns", ns),
    FIELD("o", o),
    FIELD("o2", o2),
    FIELD("ui", ui),
    FIELD("wall", wall),
    FIELD("lsid", lsid),
    FIELD("txnNumber", txn_number),
    FIELD("prevOpTime", prev),
    FIELD("b", b),
    FIELD("tid", tid),
    FIELD("txn", txn),
    FIELD("fromMigrate", from_migrate),
};

/* Lengths first: a compare of texts for each field that is not meant was the
 * larger part of what an entry costs. */
static bool
meet(const uint8_t *data, size_t len, struct met *met)
{
	size_t n = sizeof met_fields / sizeof *met_fields, i;
	struct walk w;
	struct elem x;

	if (!walk_init(&w, data, len))
		return false;
	while (walk_next(&w, &x)) {
		for (i = 0; i < n; i++)
			if (x.name_len == met_fields[i].len &&
			    memcmp(x.name, met_fields[i].name, x.name_len) == 0)
				break;
		if (i < n)
			*(struct value *)((char *)met + met_fields[i].to) =
			    x.value;
	}
	return !w.broken;
}

/* A text without NUL inside, or NULL. */
static const char *
text_of(const struct value *v)
{
	const char *text;

	if (v->type != BSON_TYPE_UTF8)
		return NULL;
	text = (const char *)v->data + 4;
	return strlen(text) == v->len - 5 ? text : NULL;
}

static bool
is_true(const struct value *v)
{
	return v->type == BSON_TYPE_BOOL && *v->data != 0;
}

static bool
read_position(const struct met *m, struct entry *e, bson_error_t *error)
{
	e->at = OPTIME_NULL;
	if (m->ts.type != BSON_TYPE_TIMESTAMP)
		return bad(e, error, "ts", "is missing or no timestamp");
	e->at.inc = le32(m->ts.data);
	e->at.secs = le32(m->ts.data + 4);
	if (m->t.type &&
	    (!number_is(m->t.type) || !number_int64(&m->t, &e->at.term)))
		return bad(e, error, "t", "is no integer");
	return true;
}

static bool
read_op(const struct met *m, struct entry *e, bson_error_t *error)
{
	static const struct {
		const char *op;
		enum entry_op is;
	} ops[] = {{"i", ENTRY_INSERT}, {"u", ENTRY_UPDATE},
	    {"d", ENTRY_DELETE}, {"c", ENTRY_COMMAND}, {"n", ENTRY_NOOP},
	    {"db", ENTRY_NOOP}, {"xi", ENTRY_NOOP}, {"xd", ENTRY_NOOP},
	    {"ci", ENTRY_NOOP}, {"cu", ENTRY_NOOP}, {"cd", ENTRY_NOOP},
	    {"km", ENTRY_NOOP}};
	const char *op = text_of(&m->op);
	char why[64];

	if (!op)
		return bad(e, error, "op", "is missing or no text");
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (strcmp(op, ops[i].op) == 0) {
			e->op = ops[i].is;
			return true;
		}
	snprintf(why, sizeof why, "has the unknown value \"%.20s\"", op);
	return bad(e, error, "op", why);
}

/* Absent in the operations of a transaction, which carry txn instead. */
static bool
read_version(const struct met *m, struct entry *e, bson_error_t *error)
{
	int64_t v;

	if (!m->v.type && m->txn.type)
		return true;
	if (!m->v.type)
		return bad(e, error, "v", "is missing");
	if (!number_is(m->v.type) || !number_int64(&m->v, &v) || v != 2)
		return bad(e, error, "v", "is not 2");
	return true;
}

static bool
read_ns(const struct met *m, struct entry *e, bson_error_t *error)
{
	const char *dot;

	e->ns = m->ns.type ? text_of(&m->ns) : "";
	if (!e->ns)
		return bad(e, error, "ns", "is no text");
	dot = strchr(e->ns, '.');
	e->coll = dot ? dot + 1 : "";
	e->db_len = (uint32_t)(dot ? (size_t)(dot - e->ns) : strlen(e->ns));
	if (e->op != ENTRY_NOOP && (e->db_len == 0 || !*e->coll))
		return bad(e, error, "ns", "is not DATABASE.COLLECTION");
	return true;
}

static bool
read_docs(const struct met *m, struct entry *e, bson_error_t *error)
{
	if (m->o.type == BSON_TYPE_DOCUMENT)
		bson_init_static(&e->o, m->o.data, m->o.len);
	else if (e->op != ENTRY_NOOP)
		return bad(e, error, "o", "is missing or no document");
	if (m->o2.type == BSON_TYPE_DOCUMENT)
		bson_init_static(&e->o2, m->o2.data, m->o2.len);
	else if (m->o2.type && e->op != ENTRY_NOOP)
		return bad(e, error, "o2", "is no document");
	return true;
}

static bool
read_command(struct entry *e, bson_error_t *error)
{
	struct walk w;
	struct elem x;

	if (e->op != ENTRY_COMMAND)
		return true;
	walk_init(&w, bson_get_data(&e->o), e->o.len);
	if (!walk_next(&w, &x))
		return bad(e, error, "o", "names no command");
	e->command = x.name;
	if (strcmp(e->command, "applyOps") != 0)
		return true;
	while (walk_next(&w, &x))
		if (strcmp(x.name, "partialTxn") == 0 ||
		    strcmp(x.name, "prepare") == 0)
			e->txn_pending |= is_true(&x.value);
	return !w.broken || bad(e, error, "o", "is not sound BSON");
}

static bool
read_txn(const struct met *m, struct entry *e, bson_error_t *error)
{
	struct elem x;

	e->txn_index = -1;
	if (!m->txn.type)
		return true;
	if (m->txn.type != BSON_TYPE_DOCUMENT ||
	    !walk_find(m->txn.data, m->txn.len, "i", &x) ||
	    x.value.type != BSON_TYPE_INT32 || x.value.data[3] > 0x7f)
		return bad(e, error, "txn", "has no running number i");
	e->txn_index = (int32_t)le32(x.value.data);
	e->txn_last =
	    walk_find(m->txn.data, m->txn.len, "last", &x) && is_true(&x.value);
	return true;
}

static void
read_rest(const struct met *m, struct entry *e)
{
	if (m->ui.type == BSON_TYPE_BINARY && m->ui.len == 5 + 16)
		e->ui = m->ui.data + 5;
	if (m->wall.type == BSON_TYPE_DATE_TIME)
		e->wall = (int64_t)le64(m->wall.data);
	e->from_migrate = is_true(&m->from_migrate);
	e->upsert = e->op == ENTRY_UPDATE && is_true(&m->b);
}

static bool
read_all(const struct met *m, struct entry *e, bson_error_t *error)
{
	if (m->tid.type)
		return bad(e, error, "tid", "is not supported (a tenant's)");
	if (!read_op(m, e, error) || !read_ns(m, e, error) ||
	    !read_docs(m, e, error) || !read_command(e, error) ||
	    !read_txn(m, e, error))
		return false;
	read_rest(m, e);
	return true;
}

static bool
begin(const uint8_t *data, size_t len, struct met *m, struct entry *e,
    bson_error_t *error)
{
	memset(m, 0, sizeof *m);
	memset(e, 0, sizeof *e);
	e->at = OPTIME_NULL;
	e->raw = data;
	e->raw_len = (uint32_t)len;
	if (!meet(data, len, m))
		return error_set(
		    error, MM_EXIT_REFUSED, 0, "oplog entry: not sound BSON");
	e->lsid = m->lsid;
	e->txn_number = m->txn_number;
	e->prev = m->prev;
	return true;
}

bool
entry_parse(
    const uint8_t *data, size_t len, struct entry *e, bson_error_t *error)
{
	struct met m;

	return begin(data, len, &m, e, error) && read_position(&m, e, error) &&
	    read_version(&m, e, error) && read_all(&m, e, error);
}

bool
entry_parse_inner(const uint8_t *data, size_t len, const struct entry *outer,
    struct entry *e, bson_error_t *error)
{
	struct met m;

	if (!begin(data, len, &m, e, error))
		return false;
	e->at = outer->at;
	m.txn.type = 0; /* not its own */
	return read_all(&m, e, error);
}

bool
entry_key(const struct entry *e, struct value *id, bson_error_t *error)
{
	const bson_t *doc = e->op == ENTRY_UPDATE ? &e->o2 : &e->o;
	struct elem x;

	if (doc->len == 0 ||
	    !walk_find(bson_get_data(doc), doc->len, "_id", &x))
		return bad(e, error, doc == &e->o ? "o" : "o2", "has no _id");
	*id = x.value;
	return true;
}

bool
entry_ns_internal(const char *ns)
{
	static const char *const dbs[] = {"local.", "config.", "admin."};
	static const char *const colls[] = {
	    ".system.profile", ".system.resharding.", ".system.drop."};
	const char *dot = strchr(ns, '.');

	for (size_t i = 0; i < 3; i++)
		if (strncmp(ns, dbs[i], strlen(dbs[i])) == 0)
			return true;
	for (size_t i = 0; dot && i < 3; i++) {
		size_t len = strlen(colls[i]) + (i == 0); /* with its NUL */

		if (strncmp(dot, colls[i], len) == 0)
			return true;
	}
	return false;
}
