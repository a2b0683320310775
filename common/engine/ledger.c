#include "engine/ledger.h"

#include <string.h>

#include "base/status.h"

struct ledger {
	struct trail *trail; /* NULL: only counted */
};

/* What the runs before have left counts, too: it has to be empty in the end.
 * Not so what was refused: the checkpoint is still before it, or it has been
 * applied since. */
static bool
count(void *arg, const bson_t *doc, bson_error_t *error)
{
	bool *image = arg, is_image = *image;
	const char *what;
	bson_iter_t it;

	*image = false;
	if (is_image)
		return true;
	if (!record_text(doc, "what", &what, error))
		return false;
	*image = bson_iter_init_find(&it, doc, "image") &&
	    BSON_ITER_HOLDS_BOOL(&it) && bson_iter_bool(&it);
	if (strcmp(what, "refused") != 0)
		status_add("ledger", 1);
	return true;
}

static bool
begin(void *arg, const struct trail_file *file, bson_error_t *error)
{
	(void)file;
	(void)error;
	*(bool *)arg = false;
	return true;
}

struct ledger *
ledger_new(const char *dir, const bson_t *head, bson_error_t *error)
{
	struct ledger *l = bson_malloc0(sizeof *l);
	const char *job;
	bool image = false;
	struct trail_reader r = {.arg = &image, .file = begin, .doc = count};

	status_add("ledger", 0);
	if (!dir)
		return l;
	if (!record_text(head, "job", &job, error) ||
	    !trail_read(dir, STREAM_LEDGER, job, &r, error) ||
	    !(l->trail = trail_open(dir, STREAM_LEDGER, head, error))) {
		bson_free(l);
		return NULL;
	}
	return l;
}

void
ledger_free(struct ledger *l)
{
	if (!l)
		return;
	trail_free(l->trail);
	bson_free(l);
}

static void
append_id(bson_t *doc, const struct entry *e)
{
	const bson_t *key = e->op == ENTRY_UPDATE ? &e->o2 : &e->o;
	bson_iter_t it;

	if (key->len > 0 && bson_iter_init_find(&it, key, "_id"))
		bson_append_iter(doc, "_id", -1, &it);
}

bool
ledger_add(struct ledger *l, const struct entry *e, const char *what,
    const char *detail, const void *image, size_t len, bson_error_t *error)
{
	static const char *const ops[] = {"i", "u", "d", "c", "n"};
	bson_t doc = BSON_INITIALIZER;
	bool ok, refused = strcmp(what, "refused") == 0;

	status_add("ledger", 1);
	if (!l->trail)
		return bson_destroy(&doc), true;
	bson_append_timestamp(&doc, "ts", -1, e->at.secs, e->at.inc);
	BSON_APPEND_INT64(&doc, "t", e->at.term);
	BSON_APPEND_UTF8(&doc, "ns", e->ns);
	append_id(&doc, e);
	BSON_APPEND_UTF8(&doc, "op", ops[e->op]);
	BSON_APPEND_UTF8(&doc, "what", what);
	bson_append_utf8(&doc, "detail", -1, detail, -1);
	BSON_APPEND_BOOL(&doc, "image", len > 0);
	trail_lock(l->trail);
	ok = trail_add(l->trail, bson_get_data(&doc), doc.len, error) &&
	    (len == 0 || trail_add(l->trail, image, len, error));
	trail_unlock(l->trail);
	bson_destroy(&doc);
	return ok && (!refused || trail_sync(l->trail, error));
}

bool
ledger_sync(struct ledger *l, bson_error_t *error)
{
	return !l->trail || trail_sync(l->trail, error);
}

bool
ledger_close(struct ledger *l, bson_error_t *error)
{
	return !l->trail || trail_close(l->trail, error);
}
