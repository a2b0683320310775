/* mongosim's updates against a real server's log: every recorded update whose
 * document before it is known is run again as an update command, and must give
 * the document that the entry gives, and the entry itself, byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "corpus.h"
#include "tap.h"
#include "../server/delta_make.h"
#include "../server/diff.h"
#include "../server/doc.h"

/* Over all recordings. */
static struct {
	unsigned v1, v2, whole; /* entries by form */
	unsigned renamed;
	unsigned not_classic; /* v2: cannot be said with $set and $unset */
	unsigned pipelines;   /* v2: for certain */
	unsigned deltas;      /* computed by comparing the documents */
	unsigned same_delta;  /* ... and equal to the recorded one */
} seen;

static void
join(char *out, size_t size, const char *prefix, const char *name)
{
	bson_snprintf(out, (int)size, *prefix ? "%s.%s" : "%s%s", prefix, name);
}

static bool
plain(const char *name)
{
	return *name && *name != '$' && !strchr(name, '.');
}

static void
append(bson_t *doc, const char *path, const struct value *v)
{
	struct buf b = BUF_INIT;
	size_t start = doc_open(&b);
	bson_t one;

	doc_put(&b, path, v);
	doc_close(&b, start);
	if (bson_init_static(&one, b.data, b.len))
		bson_concat(doc, &one);
	buf_release(&b);
}

static bool classic_object(
    const struct value *diff, const char *prefix, bson_t *set, bson_t *unset);

static bool
classic_array(
    const struct value *diff, const char *prefix, bson_t *set, bson_t *unset)
{
	char path[1024];
	struct walk w;
	struct elem e;

	walk_init(&w, diff->data, diff->len);
	walk_next(&w, &e); /* a: true */
	while (walk_next(&w, &e)) {
		if (strcmp(e.name, "l") == 0)
			return false;
		join(path, sizeof path, prefix, e.name + 1);
		if (e.name[0] == 'u')
			append(set, path, &e.value);
		else if (!classic_object(&e.value, path, set, unset))
			return false;
	}
	return true;
}

/* The delta as $set and $unset; false: it cannot be said so. */
static bool
classic_object(
    const struct value *diff, const char *prefix, bson_t *set, bson_t *unset)
{
	char path[1024];
	struct walk w, in;
	struct elem e, f;

	walk_init(&w, diff->data, diff->len);
	while (walk_next(&w, &e)) {
		if (strcmp(e.name, "a") == 0)
			return classic_array(diff, prefix, set, unset);
		if (e.name[0] == 's') {
			join(path, sizeof path, prefix, e.name + 1);
			if (!plain(e.name + 1) ||
			    !classic_object(&e.value, path, set, unset))
				return false;
			continue;
		}
		walk_init(&in, e.value.data, e.value.len);
		while (walk_next(&in, &f)) {
			if (!plain(f.name) || strcmp(f.name, "_id") == 0)
				return false;
			join(path, sizeof path, prefix, f.name);
			append(e.name[0] == 'd' ? unset : set, path, &f.value);
		}
	}
	return true;
}

/* One value moved from one name to another: only $rename does it in that
 * order. */
static bool
renamed(
    const bson_t *pre, const bson_t *set, const bson_t *unset, bson_t *update)
{
	struct value whole = value_bson(pre), was, parent, now;
	bson_t fields;
	bson_iter_t to, from;
	struct path p;
	bool ok;

	if (bson_count_keys(set) != 1 || bson_count_keys(unset) != 1)
		return false;
	bson_iter_init(&to, set);
	bson_iter_next(&to);
	bson_iter_init(&from, unset);
	bson_iter_next(&from);
	now = value_of(&to);
	path_init(&p, bson_iter_key(&from));
	ok = path_walk(&whole, &p, &was, &parent) == p.parts &&
	    was.type == now.type && value_same(&was, &now);
	path_release(&p);
	if (!ok)
		return false;
	BSON_APPEND_DOCUMENT_BEGIN(update, "$rename", &fields);
	bson_append_utf8(
	    &fields, bson_iter_key(&from), -1, bson_iter_key(&to), -1);
	bson_append_document_end(update, &fields);
	seen.renamed++;
	return true;
}

static void
section(const bson_t *o, const char *name, bson_t *out)
{
	struct value v;
	bson_t view;

	if (!doc_get(o, name, &v))
		return;
	value_to_bson(&v, &view);
	bson_concat(out, &view);
}

/* The entry as an update command. */
static bool
classic(const struct entry *e, enum delta_form form, const bson_t *pre,
    bson_t *update)
{
	bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
	struct value diff;
	bool ok = true;

	bson_init(update);
	if (form == DELTA_MODIFIERS) {
		section(&e->o, "$set", &set);
		section(&e->o, "$unset", &unset);
	} else {
		ok = doc_get(&e->o, "diff", &diff) &&
		    classic_object(&diff, "", &set, &unset);
	}
	if (ok && !renamed(pre, &set, &unset, update)) {
		if (!bson_empty(&set))
			BSON_APPEND_DOCUMENT(update, "$set", &set);
		if (!bson_empty(&unset))
			BSON_APPEND_DOCUMENT(update, "$unset", &unset);
	}
	bson_destroy(&set);
	bson_destroy(&unset);
	return ok;
}

static bool
same_bytes(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static bool
same_doc(const bson_t *a, const struct buf *b)
{
	return a->len == b->len &&
	    memcmp(bson_get_data(a), b->data, b->len) == 0;
}

/* The entry can only be that of a pipeline: it must come out of comparing the
 * documents. */
static bool
pipeline_again(const struct entry *e, const bson_t *pre, const bson_t *logged)
{
	struct update_log log;
	bson_t o;
	bool ok;

	update_log_init(&log);
	log.form = UPDATE_PIPELINE;
	buf_add(&log.logged, bson_get_data(logged), logged->len);
	ok = diff_make(pre, logged, &log, 2, &o) && tap_same_doc(&o, &e->o);
	bson_destroy(&o);
	update_log_release(&log);
	seen.pipelines++;
	return ok;
}

/* The entry's update run as a command on `pre`. */
static bool
run_again(const struct entry *e, enum delta_form form, const bson_t *pre,
    const struct buf *post)
{
	int v = form == DELTA_MODIFIERS ? 1 : 2;
	bson_t query = BSON_INITIALIZER, cmd = BSON_INITIALIZER, update, o;
	struct update_args args = {.query = &query, .old = pre};
	struct buf out = BUF_INIT;
	struct update_log log;
	bson_error_t error = {0};
	bson_t view;
	bson_iter_t iter;
	bool ok, same;

	update_log_init(&log);
	if (!classic(e, form, pre, &update)) {
		seen.not_classic++;
		ok = true;
		goto cleanup;
	}
	BSON_APPEND_DOCUMENT(&cmd, "u", &update);
	bson_iter_init_find(&iter, &cmd, "u");
	args.update = &iter;
	ok = update_apply(&args, &log, &out, &error);
	if (!ok) {
		tap_note("refused: %s", error.message);
		goto cleanup;
	}
	same = same_bytes(&out, post);
	if (!same && v == 2 && out.len == post->len) {
		bson_init_static(&view, post->data, post->len);
		ok = pipeline_again(e, pre, &view);
		goto cleanup;
	}
	bson_init_static(&view, out.data, out.len);
	ok = diff_make(pre, &view, &log, v, &o) && tap_same_doc(&o, &e->o);
	bson_destroy(&o);
	if (!same)
		tap_note("other document");
	ok = ok && same;
cleanup:
	update_log_release(&log);
	buf_release(&out);
	bson_destroy(&cmd);
	bson_destroy(&query);
	bson_destroy(&update);
	return ok;
}

/* What a pipeline with the same result would log leads to the same bytes. */
static bool
compare_documents(
    const struct entry *e, const bson_t *pre, const struct buf *post)
{
	struct update_log log;
	struct buf out = BUF_INIT;
	bson_error_t error = {0};
	enum delta_form form = DELTA_REPLACEMENT;
	bson_t o, view;
	bool ok;

	update_log_init(&log);
	log.form = UPDATE_PIPELINE;
	buf_add(&log.logged, post->data, post->len);
	bson_init_static(&view, post->data, post->len);
	ok = diff_make(pre, &view, &log, 2, &o) &&
	    delta_form_of(&o, &form, &error) &&
	    delta_apply(pre, &o, &out, NULL, &error) && same_bytes(&out, post);
	if (form == DELTA_DIFF) {
		seen.deltas++;
		seen.same_delta += bson_equal(&o, &e->o);
	}
	if (!ok) {
		char *text = bson_as_canonical_extended_json(&o, NULL);

		tap_note("computed delta: %s %s", error.message, text);
		bson_free(text);
	}
	bson_destroy(&o);
	buf_release(&out);
	update_log_release(&log);
	return ok;
}

static bool
check_update(const char *folder, const struct entry *e, const bson_t *pre)
{
	bson_iter_t iter;
	struct delta_note note = {0};
	struct buf post = BUF_INIT;
	bson_error_t error = {0};
	enum delta_form form = DELTA_REPLACEMENT;
	bool ok;

	ok = delta_form_of(&e->o, &form, &error) &&
	    delta_apply(pre, &e->o, &post, &note, &error);
	if (ok && form == DELTA_REPLACEMENT)
		seen.whole++;
	else if (ok && form == DELTA_MODIFIERS)
		seen.v1++;
	else if (ok)
		seen.v2++;
	if (ok && form != DELTA_REPLACEMENT && !same_doc(pre, &post))
		ok = run_again(e, form, pre, &post);
	if (ok && form == DELTA_REPLACEMENT && strstr(folder, "-v2") &&
	    bson_iter_init(&iter, &e->o) && bson_iter_next(&iter) &&
	    strcmp(bson_iter_key(&iter), "_id") != 0)
		ok = pipeline_again(e, pre, &e->o);
	if (ok && !same_doc(pre, &post))
		ok = compare_documents(e, pre, &post);
	if (!ok) {
		char *text = bson_as_canonical_extended_json(&e->o, NULL);

		tap_note("%s %s", error.message, text);
		bson_free(text);
	}
	buf_release(&post);
	return ok;
}

static void
replay(const char *folder)
{
	char *before = bson_strdup_printf("%s/before", folder);
	char *path = bson_strdup_printf("%s/oplog.bson.zst", folder);
	struct memdb *db = memdb_new();
	struct buf docs = corpus_docs(path);
	unsigned updates = 0, wrong = 0;
	bson_error_t error = {0};
	size_t at = 0;
	bson_t doc;

	memdb_load(db, before);
	while (corpus_next(&docs, &at, &doc)) {
		struct value id;
		struct entry e;
		bson_t pre;

		if (!entry_parse(bson_get_data(&doc), doc.len, &e, &error) ||
		    e.op == ENTRY_NOOP || e.op == ENTRY_COMMAND)
			continue;
		if (e.op == ENTRY_UPDATE && entry_key(&e, &id, &error) &&
		    memdb_get(db, e.ns, &id, &pre)) {
			updates++;
			wrong += !check_update(folder, &e, &pre);
		}
		memdb_apply(db, &e, NULL, &error);
	}
	OK(wrong == 0, "%s: %u of %u updates", folder, updates - wrong,
	    updates);
	memdb_free(db);
	buf_release(&docs);
	bson_free(before);
	bson_free(path);
}

/* Where the snapshot was read during the workload, the document before an
 * entry is not the one it was made for. */
static void
recording(const char *folder)
{
	if (!strstr(folder, "/fuzzy-"))
		replay(folder);
}

int
main(void)
{
	corpus_each(recording);
	tap_note("%u $v:1, %u $v:2 (%u pipelines), %u whole, %u renamed",
	    seen.v1, seen.v2, seen.pipelines, seen.whole, seen.renamed);
	tap_note("%u deltas by comparison, %u as recorded", seen.deltas,
	    seen.same_delta);
	OK(seen.v1 > 1500 && seen.v2 > 1600 && seen.pipelines > 20 &&
		seen.renamed > 50 && seen.not_classic < 5,
	    "the recordings hold enough of each kind");
	return tap_done();
}
