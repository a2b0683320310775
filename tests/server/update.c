/* The order of things follows the server: a replacement and the result of a
 * pipeline are logged as they were given, and only then is _id moved to the
 * front of what is stored. */
#include "update.h"
#include "match.h"
#include "mods.h"
#include "pipeline.h"
#include "text.h"
#include "upsert.h"

#include <string.h>

void
update_log_init(struct update_log *log)
{
	log->form = UPDATE_NOOP;
	bson_init(&log->touched);
	log->logged = (struct buf)BUF_INIT;
}

void
update_log_release(struct update_log *log)
{
	bson_destroy(&log->touched);
	buf_release(&log->logged);
}

static bool
is_modifiers(const bson_t *update)
{
	bson_iter_t iter;

	return bson_iter_init(&iter, update) && bson_iter_next(&iter) &&
	    bson_iter_key(&iter)[0] == '$';
}

static bool
check_replacement(const bson_t *doc, bson_error_t *error)
{
	struct walk w;
	struct elem e;

	for (walk_init(&w, bson_get_data(doc), doc->len); walk_next(&w, &e);) {
		if (e.name[0] == '$')
			return error_set(error, MM_EXIT_REFUSED, 52,
			    "The dollar ($) prefixed field '%s' in '%s' is not "
			    "valid for storage.",
			    e.name, e.name);
	}
	return true;
}

bool
update_check(const bson_iter_t *update, const bson_t *array_filters, bool multi,
    bson_error_t *error)
{
	struct value u = value_of(update);
	struct mods mods;
	bson_t doc;
	bool ok;

	if (!value_is_doc(&u))
		return error_set(error, MM_EXIT_REFUSED, 9,
		    "Update argument must be either an object or an array");
	value_to_bson(&u, &doc);
	if (u.type == BSON_TYPE_ARRAY)
		return pipeline_check(&doc, error);
	if (is_modifiers(&doc)) {
		ok = mods_parse(&doc, array_filters, false, &mods, error);
		mods_release(&mods);
		return ok;
	}
	if (multi)
		return error_set(error, MM_EXIT_REFUSED, 9,
		    "multi update is not supported for replacement-style "
		    "update");
	return true;
}

static bool
is_zero_time(const struct elem *e)
{
	static const uint8_t zero[8];

	return e->value.type == BSON_TYPE_TIMESTAMP &&
	    memcmp(e->value.data, zero, 8) == 0 && strcmp(e->name, "_id") != 0;
}

static bool
has_zero_time(const struct value *doc)
{
	struct walk w;
	struct elem e;

	for (walk_init(&w, doc->data, doc->len); walk_next(&w, &e);) {
		if (is_zero_time(&e))
			return true;
	}
	return false;
}

bool
update_needs_time(const bson_iter_t *update, bool keep_zero)
{
	struct value u = value_of(update);
	struct elem current, e, type;
	struct walk w;

	if (u.type != BSON_TYPE_DOCUMENT)
		return false;
	if (!walk_find(u.data, u.len, "$currentDate", &current) ||
	    current.value.type != BSON_TYPE_DOCUMENT)
		return !keep_zero && has_zero_time(&u);
	walk_init(&w, current.value.data, current.value.len);
	while (walk_next(&w, &e)) {
		if (e.value.type == BSON_TYPE_DOCUMENT &&
		    walk_find(e.value.data, e.value.len, "$type", &type) &&
		    type.value.type == BSON_TYPE_UTF8 &&
		    strcmp((const char *)type.value.data + 4, "timestamp") == 0)
			return true;
	}
	return false;
}

/* doc with _id in front; without one, a new ObjectId if `make`. */
static void
put_id_first(const struct buf *doc, bool make, struct buf *out)
{
	size_t start = doc_open(out);
	struct elem e, id;
	struct walk w;
	bson_oid_t oid;
	bool has = walk_find(doc->data, doc->len, "_id", &id);

	if (has) {
		doc_put_raw(out, &id);
	} else if (make) {
		bson_oid_init(&oid, NULL);
		doc_put_name(out, "_id", BSON_TYPE_OID);
		buf_add(out, oid.bytes, sizeof oid.bytes);
	}
	for (walk_init(&w, doc->data, doc->len); walk_next(&w, &e);) {
		if (!has || e.raw != id.raw)
			doc_put_raw(out, &e);
	}
	doc_close(out, start);
}

static bool
id_altered(
    const struct buf *before, const struct buf *after, bson_error_t *error)
{
	struct elem old, new;
	char *text;

	if (!walk_find(before->data, before->len, "_id", &old))
		return false;
	if (!walk_find(after->data, after->len, "_id", &new)) {
		text = text_elem("_id", &old.value);
		error_set(error, MM_EXIT_REFUSED, 66,
		    "After applying the update to the document with {%s}, the "
		    "'_id' (required and immutable) field was found to have "
		    "been removed",
		    text);
		bson_free(text);
		return true;
	}
	if (value_cmp(&old.value, &new.value) == 0)
		return false;
	text = text_elem("_id", &new.value);
	error_set(error, MM_EXIT_REFUSED, 66,
	    "After applying the update, the (immutable) field '_id' was found "
	    "to have been altered to %s",
	    text);
	bson_free(text);
	return true;
}

/* Unchanged only when the bytes given are those that are there: without an
 * _id they never are. */
static bool
replace(const bson_t *with, const struct update_args *args,
    struct update_log *log, struct buf *doc, bson_error_t *error)
{
	uint32_t now[2] = {BSON_UINT32_TO_LE(args->increment),
	    BSON_UINT32_TO_LE(args->seconds)};
	struct value time = {BSON_TYPE_TIMESTAMP, (uint8_t *)now, 8};
	struct buf before = *doc;
	struct elem id, e;
	struct walk w;
	size_t start;
	bool ok;

	if (!check_replacement(with, error))
		return false;
	log->form = UPDATE_REPLACEMENT;
	if (with->len == doc->len &&
	    memcmp(bson_get_data(with), doc->data, doc->len) == 0) {
		log->form = UPDATE_NOOP;
		return true;
	}
	*doc = (struct buf)BUF_INIT;
	start = doc_open(doc);
	if (!walk_find(bson_get_data(with), with->len, "_id", &e) &&
	    walk_find(before.data, before.len, "_id", &id))
		doc_put_raw(doc, &id);
	walk_init(&w, bson_get_data(with), with->len);
	while (walk_next(&w, &e)) {
		if (is_zero_time(&e))
			doc_put(doc, e.name, &time);
		else
			doc_put_raw(doc, &e);
	}
	doc_close(doc, start);
	ok = !id_altered(&before, doc, error);
	buf_release(&before);
	return ok;
}

static bool
run_pipeline(const bson_t *stages, struct update_log *log, struct buf *doc,
    bson_error_t *error)
{
	struct buf before = *doc;
	bool ok;

	*doc = (struct buf)BUF_INIT;
	ok = pipeline_run(stages, &before, doc, error) &&
	    !id_altered(&before, doc, error);
	log->form = UPDATE_PIPELINE;
	if (ok && before.len == doc->len &&
	    memcmp(before.data, doc->data, doc->len) == 0)
		log->form = UPDATE_NOOP;
	buf_release(&before);
	return ok;
}

static bool
modify(const bson_t *update, const struct update_args *args,
    struct update_log *log, struct buf *doc, bson_error_t *error)
{
	struct mods mods;
	bool ok;

	ok = mods_parse(update, args->array_filters, args->numeric_order, &mods,
		 error) &&
	    mods_apply(&mods, args, log, doc, error);
	mods_release(&mods);
	return ok;
}

bool
update_apply(const struct update_args *args, struct update_log *log,
    struct buf *out, bson_error_t *error)
{
	struct value u = value_of(args->update);
	struct buf doc = BUF_INIT;
	bool ok, modifiers;
	bson_t update;

	bson_reinit(&log->touched);
	buf_clear(&log->logged);
	log->form = UPDATE_NOOP;
	if (!update_check(args->update, args->array_filters, false, error))
		return false;
	value_to_bson(&u, &update);
	modifiers = u.type == BSON_TYPE_DOCUMENT && is_modifiers(&update);
	if (args->old)
		buf_add(&doc, bson_get_data(args->old), args->old->len);
	ok = args->old ||
	    upsert_base(args->query, u.type == BSON_TYPE_DOCUMENT && !modifiers,
		&doc, error);
	if (ok && u.type == BSON_TYPE_ARRAY)
		ok = run_pipeline(&update, log, &doc, error);
	else if (ok && modifiers)
		ok = modify(&update, args, log, &doc, error);
	else if (ok)
		ok = replace(&update, args, log, &doc, error);
	if (ok && log->form == UPDATE_NOOP && args->old) {
		buf_add(out, doc.data, doc.len);
	} else if (ok) {
		put_id_first(&doc, !args->old, out);
		buf_add(&log->logged, doc.data, doc.len);
	}
	buf_release(&doc);
	return ok;
}
