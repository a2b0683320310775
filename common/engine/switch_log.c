/* The journal decides, the mirror only finds out that a journal is not the
 * newest: a mirror that cannot be written delays nothing. */
#include "engine/switch_log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/doc.h"
#include "base/msg.h"
#include "io/chain.h"
#include "mongo/fence.h"

struct switch_log {
	struct chain *chain;
	struct conn *mirror;
	char *job;
	enum switch_state state;
};

static enum switch_state
state_of(const bson_t *doc)
{
	enum switch_state s;

	return switch_state_parse(doc_text_or(doc, "state", ""), &s)
	    ? s
	    : SWITCH_NONE;
}

static bool
replay(struct switch_log *l, const char *path, bson_error_t *error)
{
	for (size_t i = 0; i < chain_count(l->chain); i++) {
		enum switch_state s = state_of(chain_doc(l->chain, i));

		if (!switch_may_follow(l->state, s))
			return error_set(error, MM_EXIT_STREAM, 0,
			    "\"%s\": record %zu: %s cannot follow %s", path, i,
			    switch_state_text(s), switch_state_text(l->state));
		l->state = s;
	}
	return true;
}

struct switch_log *
switch_log_open(const char *dir, bool write, bson_error_t *error)
{
	struct switch_log *l = bson_malloc0(sizeof *l);
	char *path = bson_strdup_printf("%s/switch.journal", dir);
	bool ok = true;

	if (write && mkdir(dir, 0700) != 0 && errno != EEXIST)
		ok = error_errno(
		    error, MM_EXIT_IO, "could not make \"%s\"", dir);
	ok = ok && (l->chain = chain_open(path, write, error)) &&
	    replay(l, path, error);
	bson_free(path);
	if (ok)
		return l;
	switch_log_close(l);
	return NULL;
}

void
switch_log_close(struct switch_log *l)
{
	if (!l)
		return;
	chain_close(l->chain);
	bson_free(l->job);
	bson_free(l);
}

enum switch_state
switch_log_state(const struct switch_log *l)
{
	return l->state;
}

size_t
switch_log_count(const struct switch_log *l)
{
	return chain_count(l->chain);
}

int64_t
switch_log_at(const struct switch_log *l)
{
	size_t n = chain_count(l->chain);

	return n > 0 ? doc_date(chain_doc(l->chain, n - 1), "at") : 0;
}

/* Where an attempt begins: its first record, or (not under way) the end. */
static size_t
attempt(const struct switch_log *l)
{
	for (size_t i = chain_count(l->chain); i-- > 0;) {
		enum switch_state s = state_of(chain_doc(l->chain, i));

		if (s == SWITCH_BLOCKING || s == SWITCH_BACK_BLOCKING)
			return i;
		if (s == SWITCH_SYNCING)
			break;
	}
	return chain_count(l->chain);
}

int64_t
switch_log_began(const struct switch_log *l)
{
	size_t i = attempt(l);

	return i < chain_count(l->chain)
	    ? doc_date(chain_doc(l->chain, i), "at")
	    : 0;
}

/* ----------------------------------------------------------------- mirror */

static void
put_mirror(struct switch_log *l, bool once)
{
	size_t n = chain_count(l->chain);
	const bson_t *last = chain_doc(l->chain, n - 1);
	bson_t fields = BSON_INITIALIZER;
	bson_error_t error;

	BSON_APPEND_INT64(&fields, "n", (int64_t)n - 1);
	BSON_APPEND_UTF8(&fields, "link", doc_text_or(last, "link", ""));
	BSON_APPEND_UTF8(&fields, "state", doc_text_or(last, "state", ""));
	BSON_APPEND_DATE_TIME(&fields, "at", doc_date(last, "at"));
	if (!mirror_write(l->mirror, l->job, &fields, once, &error))
		msg_warn(
		    "the journal could not be mirrored: %s", error.message);
	bson_destroy(&fields);
}

static bool
fits(const struct switch_log *l, const bson_t *mirror, bson_error_t *error)
{
	const bson_t *mine = NULL;
	bson_iter_t it;

	/* A new journal, and nothing that another one has left undone. */
	if (chain_count(l->chain) <= 1 && state_of(mirror) == SWITCH_SYNCING)
		return true;
	if (bson_iter_init_find(&it, mirror, "n") &&
	    BSON_ITER_HOLDS_INT64(&it) && bson_iter_int64(&it) >= 0)
		mine = chain_doc(l->chain, (size_t)bson_iter_int64(&it));
	return (mine &&
		   strcmp(doc_text_or(mine, "link", ""),
		       doc_text_or(mirror, "link", "")) == 0) ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"job \"%s\" was switched with another journal, or with a later "
		"one (%s on the target): this is an old copy",
		l->job, doc_text_or(mirror, "state", ""));
}

bool
switch_log_mirror(struct switch_log *l, struct conn *target, const char *job,
    bson_error_t *error)
{
	bson_t doc;
	int got = mirror_read(target, job, &doc, error);
	bool ok;

	bson_free(l->job);
	l->job = bson_strdup(job);
	ok = got >= 0 && (got == 0 || fits(l, &doc, error));
	bson_destroy(&doc);
	if (!ok)
		return false;
	l->mirror = target;
	if (chain_count(l->chain) > 0)
		put_mirror(l, false);
	return true;
}

/* ---------------------------------------------------------------- writing */

static bool
same_config(
    const struct switch_log *l, const bson_t *config, bson_error_t *error)
{
	bson_iter_t it;

	if (!bson_iter_init(&it, config))
		return true;
	while (bson_iter_next(&it)) {
		const char *key = bson_iter_key(&it);

		if (strcmp(switch_log_config(l, key),
			bson_iter_utf8(&it, NULL)) != 0)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "the journal is of another %s: it began with "
			    "\"%s\", this is \"%s\"",
			    key, switch_log_config(l, key),
			    bson_iter_utf8(&it, NULL));
	}
	return true;
}

bool
switch_log_begin(
    struct switch_log *l, const bson_t *config, bson_error_t *error)
{
	bson_t fields = BSON_INITIALIZER;
	bool ok;

	if (chain_count(l->chain) > 0)
		return same_config(l, config, error);
	BSON_APPEND_DOCUMENT(&fields, "config", config);
	ok = switch_log_add(l, SWITCH_SYNCING, &fields, error);
	bson_destroy(&fields);
	if (ok && l->mirror)
		put_mirror(l, false);
	return ok;
}

bool
switch_log_add(struct switch_log *l, enum switch_state next,
    const bson_t *fields, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	bool ok = switch_may_follow(l->state, next) ||
	    error_set(error, MM_EXIT_INTERNAL, 0, "%s cannot follow %s",
		switch_state_text(next), switch_state_text(l->state));

	BSON_APPEND_UTF8(&doc, "state", switch_state_text(next));
	if (fields)
		bson_concat(&doc, fields);
	ok = ok && chain_add(l->chain, &doc, error);
	bson_destroy(&doc);
	if (!ok)
		return false;
	l->state = next;
	if (l->mirror)
		put_mirror(l, true);
	return true;
}

/* ---------------------------------------------------------------- reading */

static bool
find_in(
    const struct switch_log *l, const char *field, bool all, bson_iter_t *it)
{
	for (size_t i = chain_count(l->chain); i-- > 0;) {
		const bson_t *doc = chain_doc(l->chain, i);

		if (!all && state_of(doc) == SWITCH_SYNCING)
			break;
		if (bson_iter_init_find(it, doc, field))
			return true;
	}
	return false;
}

static bool
find(const struct switch_log *l, const char *field, bson_iter_t *it)
{
	return find_in(l, field, false, it);
}

static bool
view_of(bool found, const bson_iter_t *it, bson_t *view)
{
	const uint8_t *data;
	uint32_t len;

	if (!found || !BSON_ITER_HOLDS_DOCUMENT(it))
		return false;
	bson_iter_document(it, &len, &data);
	return bson_init_static(view, data, len);
}

const char *
switch_log_text(const struct switch_log *l, const char *field)
{
	bson_iter_t it;

	return find(l, field, &it) && BSON_ITER_HOLDS_UTF8(&it)
	    ? bson_iter_utf8(&it, NULL)
	    : "";
}

bool
switch_log_doc(const struct switch_log *l, const char *field, bson_t *view)
{
	bson_iter_t it;

	return view_of(find(l, field, &it), &it, view);
}

bool
switch_log_newest(const struct switch_log *l, const char *field, bson_t *view)
{
	bson_iter_t it;

	return view_of(find_in(l, field, true, &it), &it, view);
}

struct optime
switch_log_position(const struct switch_log *l, const char *field)
{
	struct optime o;
	bson_t view;

	return switch_log_doc(l, field, &view) && optime_of(&view, &o)
	    ? o
	    : OPTIME_NULL;
}

const char *
switch_log_config(const struct switch_log *l, const char *field)
{
	const bson_t *first = chain_doc(l->chain, 0);
	bson_t config;

	return first && doc_sub(first, "config", &config)
	    ? doc_text_or(&config, field, "")
	    : "";
}

void
switch_log_each(const struct switch_log *l,
    void (*each)(void *arg, enum switch_state s, int64_t at, const char *why),
    void *arg)
{
	for (size_t i = 0; i < chain_count(l->chain); i++) {
		const bson_t *doc = chain_doc(l->chain, i);

		each(arg, state_of(doc), doc_date(doc, "at"),
		    doc_text_or(doc, "why", ""));
	}
}
