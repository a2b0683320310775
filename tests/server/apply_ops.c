/* mongosim: applyOps, as mongorestore --oplogReplay and users send it.
 *
 * Operations on documents alone are done all or none and logged as one entry;
 * where a command is among them, or a collection is missing, each is done and
 * logged by itself up to the first that fails. Validators are not asked.
 */
#include <string.h>

#include "commands.h"
#include "doc.h"
#include "play.h"
#include "text.h"
#include "trans.h"

/* An operation may have no position of its own: that is its place. */
static bool
parse(const bson_iter_t *it, struct entry *e, bson_error_t *error)
{
	struct entry outer = {.at = OPTIME_NULL};
	bson_t op;

	if (!BSON_ITER_HOLDS_DOCUMENT(it) || !iter_doc(it, &op))
		return refuse(error, 9, "not an object in applyOps");
	if (entry_parse_inner(bson_get_data(&op), op.len, &outer, e, error))
		return true;
	if (error)
		error->code = 9;
	return false;
}

static struct coll *
coll_of(const struct entry *e)
{
	struct coll *c = e->ui ? catalog_by_uuid(e->ui) : NULL;

	return c ? c : catalog_find_ns(e->ns);
}

static bool
parse_all(const bson_t *ops, bool *whole, bson_error_t *error)
{
	struct entry e;
	struct value id;
	bson_iter_t it;

	*whole = true;
	bson_iter_init(&it, ops);
	while (bson_iter_next(&it)) {
		if (!parse(&it, &e, error))
			return false;
		if (e.op == ENTRY_COMMAND || e.op == ENTRY_NOOP || !coll_of(&e))
			*whole = false;
		else if (!entry_key(&e, &id, error))
			return refuse(error, 4, "%s", error->message);
	}
	return true;
}

static bool
no_collection(const struct entry *e, bson_error_t *error)
{
	bson_t op;
	char *text;

	bson_init_static(&op, e->raw, e->raw_len);
	text = text_doc(&op);
	refuse(error, 26,
	    "cannot apply insert or update operation on a non-existent "
	    "namespace %s: %s",
	    e->ns, text);
	bson_free(text);
	return false;
}

/* 112 where an open transaction stands in the way. */
static bool
may_change(const struct entry *e, struct coll *c, bson_error_t *error)
{
	struct value id;
	struct doc *d;

	if (!trans_may_write(c, error) || !entry_key(e, &id, error))
		return false;
	d = coll_by_id(c, &id);
	if (d)
		return trans_may_change(d, error);
	return e->op != ENTRY_INSERT ||
	    trans_may_insert(c, bson_get_data(&e->o), e->o.len, error);
}

static bool
change(const struct entry *e, bson_error_t *error)
{
	struct coll *c = coll_of(e);

	if (!c)
		return e->op == ENTRY_DELETE || no_collection(e, error);
	return may_change(e, c, error) && play_change(e, error);
}

/* The operation with the UUID of its collection. */
static void
put_op(struct buf *b, uint32_t i, const struct entry *e, const struct coll *c)
{
	char text[INDEX_TEXT];
	size_t mark = out_open(b, index_text(i, text), BSON_TYPE_DOCUMENT);
	struct walk w;
	struct elem x;

	walk_init(&w, e->raw, e->raw_len);
	while (walk_next(&w, &x))
		if (strcmp(x.name, "ui") != 0)
			buf_add(b, x.raw, x.raw_len);
	out_bin(b, "ui", BSON_SUBTYPE_UUID, c->uuid, 16);
	out_close(b, mark);
}

/* The command as it came, with UUIDs. */
static struct optime
log_whole(const struct request *r, const bson_t *ops)
{
	struct buf o = BUF_INIT;
	size_t mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT), list;
	struct optime at;
	bson_iter_t it;
	struct entry e;
	uint32_t n = 0;

	list = out_open(&o, "applyOps", BSON_TYPE_ARRAY);
	bson_iter_init(&it, ops);
	while (bson_iter_next(&it) && parse(&it, &e, NULL))
		put_op(&o, n++, &e, coll_of(&e));
	out_close(&o, list);
	bson_iter_init(&it, &r->body);
	while (bson_iter_next(&it)) {
		struct value v = value_of(&it);

		if (strcmp(bson_iter_key(&it), "applyOps") != 0)
			out_value(&o, bson_iter_key(&it), &v);
	}
	out_close(&o, mark);
	at = oplog_command("admin", NULL, &o, NULL);
	buf_release(&o);
	return at;
}

static bool
all_or_none(
    struct request *r, const bson_t *ops, int64_t *n, bson_error_t *error)
{
	struct trans *t = trans_new(NULL, 0, 0);
	struct entry e;
	bson_iter_t it;
	bool ok = true;

	bson_iter_init(&it, ops);
	for (*n = 0; ok && bson_iter_next(&it); ++*n) {
		parse(&it, &e, NULL);
		e.at = (struct optime){
		    (uint32_t)(t->mark >> 32), (uint32_t)t->mark, 1};
		sim.mark = t->mark;
		ok = may_change(&e, coll_of(&e), error);
		sim.trans = t;
		ok = ok && play_change(&e, error);
		sim.trans = NULL;
		sim.mark = 0;
	}
	if (ok)
		trans_end(t, ts_of(log_whole(r, ops)));
	trans_free(t); /* aborted if it is open */
	return ok;
}

static void
log_one(const struct entry *e, const uint8_t *uuid, struct optime at)
{
	static const char *const names[] = {"i", "u", "d", "c"};
	struct log_entry log = {.op = names[e->op],
	    .ns = e->ns,
	    .uuid = uuid,
	    .o = {bson_get_data(&e->o), e->o.len},
	    .previous = OPTIME_NULL};

	if (e->op == ENTRY_UPDATE)
		log.o2 = (struct bytes){bson_get_data(&e->o2), e->o2.len};
	oplog_write(&log, at);
}

static bool
command(struct request *r, struct entry *e, bson_error_t *error)
{
	struct coll *c;
	uint8_t uuid[16];
	bool there;

	while (trans_pending(NULL))
		if (!server_wait(request_deadline(r)))
			return refuse(error, 24,
			    "Unable to acquire lock within the time limit");
	c = play_target(e);
	there = c != NULL;
	if (there)
		memcpy(uuid, c->uuid, 16);
	if (there && strcmp(e->command, "create") == 0)
		return refuse(
		    error, 48, "Collection already exists. NS: %s", c->ns);
	if (!there && strcmp(e->command, "drop") == 0)
		return refuse(error, 26, "ns not found");
	e->at = oplog_next();
	if (!play_command(e, error))
		return false;
	c = there ? NULL : play_target(e);
	log_one(e, there ? uuid : c ? c->uuid : NULL, e->at);
	return true;
}

static bool
one(struct request *r, const bson_iter_t *it, bson_error_t *error)
{
	struct entry e;
	bool ok;

	if (!parse(it, &e, error))
		return false;
	if (e.op == ENTRY_NOOP)
		return true;
	if (e.op == ENTRY_COMMAND)
		return command(r, &e, error);
	do {
		e.at = oplog_next();
		ok = change(&e, error);
	} while (!ok && trans_again(r, error));
	if (ok && coll_of(&e))
		log_one(&e, coll_of(&e)->uuid, e.at);
	return ok;
}

static bool
one_by_one(
    struct request *r, const bson_t *ops, int64_t *n, bson_error_t *error)
{
	bson_iter_t it;

	*n = 0;
	bson_iter_init(&it, ops);
	while (bson_iter_next(&it)) {
		++*n;
		if (!one(r, &it, error))
			return false;
	}
	return true;
}

/* Of a failed one that was to be done whole, no result is true. */
static void
put_result(struct request *r, int64_t n, bool ok, bool whole,
    const bson_error_t *error)
{
	char text[INDEX_TEXT];
	size_t mark;

	out_int(r->reply, "applied", n);
	if (!ok) {
		out_i32(r->reply, "code", (int32_t)error->code);
		out_text(r->reply, "codeName", code_name((int)error->code));
		out_text(r->reply, "errmsg", error->message);
	}
	mark = out_open(r->reply, "results", BSON_TYPE_ARRAY);
	for (int64_t i = 0; i < n; i++)
		out_bool(r->reply, index_text((uint32_t)i, text),
		    ok || (!whole && i + 1 < n));
	out_close(r->reply, mark);
	r->failed = !ok;
}

bool
cmd_apply_ops(struct request *r, bson_error_t *error)
{
	bool ok, whole;
	bson_error_t why;
	int64_t n;
	bson_t ops;

	if (!arg_doc(r, "applyOps", &ops))
		return refuse(error, 2, "ops has to be an array");
	do {
		if (!parse_all(&ops, &whole, error))
			return false;
		ok = whole ? all_or_none(r, &ops, &n, &why)
			   : one_by_one(r, &ops, &n, &why);
	} while (!ok && whole && trans_again(r, &why));
	put_result(r, n, ok, whole, &why);
	return true;
}
