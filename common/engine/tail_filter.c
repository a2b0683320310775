/* On a shared cluster most entries belong to others, so the common case must
 * cost next to nothing: one walk over the top level of the entry, without a
 * look into `o`, and one compare with a name met before. Names come back all
 * the time, so a table of the last verdict per hash slot replaces matching of
 * patterns; a collision only costs the matching. */
#include "engine/tail_filter.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/le.h"
#include "model/ddl.h"
#include "model/number.h"
#include "model/value.h"

enum { SLOTS = 1024 };

enum verdict { UNKNOWN, LEAVE, TAKE, REFUSE };

struct slot {
	enum verdict verdict;
	uint32_t len;
	char ns[NS_MAX + 1];
};

struct tail_filter {
	struct ns_rules *rules; /* with what is renamed into the selection */
	struct slot slots[SLOTS];
};

struct tail_filter *
tail_filter_new(const struct ns_rules *rules, bson_error_t *error)
{
	struct tail_filter *f = bson_malloc0(sizeof *f);

	f->rules = ddl_wide(rules, error);
	if (f->rules)
		return f;
	bson_free(f);
	return NULL;
}

void
tail_filter_free(struct tail_filter *f)
{
	if (!f)
		return;
	ns_rules_free(f->rules);
	bson_free(f);
}

static bool
refuse(struct optime at, const char *what, const char *name, const char *why,
    bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return error_set(error, MM_EXIT_REFUSED, 0,
	    "cannot follow %s \"%.200s\" (position %s): %s", what, name,
	    optime_text(at, text), why);
}

static bool
refuse_kind(const struct tail_look *look, const char *why, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return error_set(error, MM_EXIT_REFUSED, 0,
	    "cannot follow operation \"%.200s\" on \"%.255s\" (position %s): "
	    "%s",
	    look->op, look->ns, optime_text(look->at, text), why);
}

/* "db.system.buckets.x" is the inside of "db.x", and "db.system.indexes"
 * (servers before 4.2 with the old engine) creates indexes: neither is data of
 * its own, and neither may be left out when what it stands for is selected. */
static enum verdict
judge_special(const struct tail_filter *f, const char *ns, const char *coll)
{
	static const char buckets[] = "system.buckets.";
	char name[NS_MAX + 1];
	size_t db = (size_t)(coll - ns);

	if (strncmp(coll, buckets, strlen(buckets)) == 0) {
		snprintf(name, sizeof name, "%.*s%s", (int)db, ns,
		    coll + strlen(buckets));
		return ns_selected(f->rules, name) ? REFUSE : LEAVE;
	}
	/* A view is a document there, whatever is selected of the database. */
	if (strcmp(coll, "system.views") == 0) {
		snprintf(name, sizeof name, "%.*s", (int)db - 1, ns);
		return ns_db_selected(f->rules, name) ? TAKE : LEAVE;
	}
	if (strcmp(coll, "system.indexes") == 0) {
		snprintf(name, sizeof name, "%.*s", (int)db - 1, ns);
		return ns_db_selected(f->rules, name) ? REFUSE : LEAVE;
	}
	return LEAVE;
}

static enum verdict
judge(const struct tail_filter *f, const char *ns)
{
	const char *dot = strchr(ns, '.');

	if (!dot)
		return LEAVE;
	if (ns_selected(f->rules, ns))
		return entry_ns_internal(ns) ? LEAVE : TAKE;
	return strncmp(dot + 1, "system.", 7) == 0
	    ? judge_special(f, ns, dot + 1)
	    : LEAVE;
}

static enum verdict
verdict_of(struct tail_filter *f, const char *ns, size_t len)
{
	struct slot *s = &f->slots[hash_xxh64(ns, len, 0) % SLOTS];

	if (len > NS_MAX)
		return judge(f, ns);
	if (s->verdict == UNKNOWN || s->len != len ||
	    memcmp(s->ns, ns, len) != 0) {
		memcpy(s->ns, ns, len);
		s->ns[len] = '\0';
		s->len = (uint32_t)len;
		s->verdict = judge(f, ns);
	}
	return s->verdict;
}

/* A plain operation or a command on one collection. */
static bool
decide(struct tail_filter *f, const char *ns, size_t len, struct optime at,
    enum tail_part *part, bson_error_t *error)
{
	enum verdict v = verdict_of(f, ns, len);

	if (v == REFUSE)
		return refuse(at, "namespace", ns,
		    "time-series collections and indexes kept as documents "
		    "are not supported",
		    error);
	*part = v == TAKE ? TAIL_TAKE : TAIL_PASS;
	return true;
}

/* Text value of an element, or NULL. */
static const char *
text_of(const struct elem *e)
{
	return e->value.type == BSON_TYPE_UTF8 ? (const char *)e->value.data + 4
					       : NULL;
}

static bool
decide_rename(struct tail_filter *f, const struct tail_look *look,
    const char *from, enum tail_part *part, bson_error_t *error)
{
	struct elem to;
	enum tail_part other = TAIL_PASS;
	const char *name;

	if (!walk_find(look->o, look->o_len, "to", &to) ||
	    !(name = text_of(&to)))
		return refuse(look->at, "command", "renameCollection",
		    "malformed", error);
	if (!decide(f, from, strlen(from), look->at, part, error) ||
	    !decide(f, name, strlen(name), look->at, &other, error))
		return false;
	if (other == TAIL_TAKE)
		*part = TAIL_TAKE;
	return true;
}

static bool
decide_command(struct tail_filter *f, const struct tail_look *look,
    enum tail_part *part, bson_error_t *error)
{
	const char *dot = strchr(look->ns, '.'), *target;
	char db[NS_MAX + 1], ns[2 * NS_MAX + 2];
	struct elem first;
	struct walk w;

	if (!dot || !look->o || !walk_init(&w, look->o, look->o_len) ||
	    !walk_next(&w, &first))
		return refuse(
		    look->at, "command in", look->ns, "malformed", error);
	if (strcmp(first.name, "applyOps") == 0 ||
	    strcmp(first.name, "commitTransaction") == 0 ||
	    strcmp(first.name, "abortTransaction") == 0) {
		*part = TAIL_GROUP;
		return true;
	}
	snprintf(db, sizeof db, "%.*s", (int)(dot - look->ns), look->ns);
	target = text_of(&first);
	if (strcmp(first.name, "renameCollection") == 0 && target)
		return decide_rename(f, look, target, part, error);
	if (!target) {
		*part = ns_db_selected(f->rules, db) ? TAIL_TAKE : TAIL_PASS;
		return true;
	}
	snprintf(ns, sizeof ns, "%s.%.*s", db, NS_MAX, target);
	return decide(f, ns, strlen(ns), look->at, part, error);
}

static bool
by_kind(struct tail_filter *f, const struct tail_look *look,
    enum tail_part *part, bson_error_t *error)
{
	static const char *const internal[] = {
	    "n", "db", "xi", "xd", "ci", "cu", "cd", "km"};
	const char *op = look->op;

	if (op[0] && !op[1]) {
		switch (op[0]) {
		case 'i':
		case 'u':
		case 'd':
			return decide(f, look->ns, strlen(look->ns), look->at,
			    part, error);
		case 'c':
			return decide_command(f, look, part, error);
		}
	}
	for (size_t i = 0; i < sizeof internal / sizeof *internal; i++)
		if (strcmp(op, internal[i]) == 0) {
			*part = TAIL_PASS;
			return true;
		}
	return refuse_kind(look, "unknown kind", error);
}

static int64_t
integer(const struct value *v)
{
	return v->type == BSON_TYPE_INT64 || v->type == BSON_TYPE_INT32
	    ? number_int(v)
	    : -1;
}

static void
note(struct tail_look *look, const struct elem *e, int64_t *version)
{
	uint64_t ts;

	switch (e->name[0]) {
	case 'o':
		if (e->name[1] == 'p' && e->name[2] == '\0')
			look->op = text_of(e);
		else if (e->name[1] == '\0' &&
		    e->value.type == BSON_TYPE_DOCUMENT)
			look->o = e->value.data, look->o_len = e->value.len;
		break;
	case 'n':
		if (strcmp(e->name, "ns") == 0)
			look->ns = text_of(e);
		break;
	case 't':
		if (e->name[1] == '\0') {
			look->at.term = integer(&e->value);
		} else if (strcmp(e->name, "ts") == 0 &&
		    e->value.type == BSON_TYPE_TIMESTAMP) {
			ts = le64(e->value.data);
			look->at.secs = (uint32_t)(ts >> 32);
			look->at.inc = (uint32_t)ts;
		}
		break;
	case 'v':
		if (e->name[1] == '\0')
			*version = integer(&e->value);
		break;
	case 'w':
		if (strcmp(e->name, "wall") == 0 &&
		    e->value.type == BSON_TYPE_DATE_TIME)
			look->wall = (int64_t)le64(e->value.data);
		break;
	}
}

static bool
look_at(const uint8_t *data, size_t len, struct tail_look *look,
    int64_t *version, bson_error_t *error)
{
	struct walk w;
	struct elem e;
	char text[OPTIME_TEXT];
	struct optime at = look->at;

	if (walk_init(&w, data, len)) {
		while (walk_next(&w, &e))
			note(look, &e, version);
		if (!w.broken && look->op && look->ns)
			return true;
	}
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "not an oplog entry (position %s): op or ns is missing, or it is "
	    "damaged",
	    optime_text(optime_is_null(look->at) ? at : look->at, text));
}

bool
tail_filter_look(struct tail_filter *f, const uint8_t *data, size_t len,
    struct tail_look *look, enum tail_part *part, bson_error_t *error)
{
	int64_t version = 1;

	*look = (struct tail_look){.at = OPTIME_NULL};
	if (!look_at(data, len, look, &version, error))
		return false;
	if (optime_is_null(look->at))
		return error_set(
		    error, MM_EXIT_REFUSED, 0, "an oplog entry without ts");
	if (version != 2)
		return refuse_kind(look, "the oplog is not of format 2", error);
	return by_kind(f, look, part, error);
}

bool
tail_filter_inner(struct tail_filter *f, const uint8_t *data, size_t len,
    struct optime at, enum tail_part *part, bson_error_t *error)
{
	struct tail_look look = {.at = at};
	int64_t version = 2;

	if (!look_at(data, len, &look, &version, error))
		return false;
	look.at = at;
	return by_kind(f, &look, part, error);
}

bool
tail_filter_is_fence(const struct tail_look *look)
{
	struct walk w;
	struct elem e;

	if (look->op[0] != 'n' || !look->o)
		return strcmp(look->ns, "mm_control.fences") == 0;
	return walk_init(&w, look->o, look->o_len) && walk_next(&w, &e) &&
	    strcmp(e.name, "mongomove") == 0;
}
