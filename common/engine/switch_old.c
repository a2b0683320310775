#include "engine/switch_old.h"

#include <string.h>

#include "base/doc.h"
#include "base/sig.h"
#include "io/chain.h"
#include "model/quarantine.h"
#include "mongo/scan.h"

static char *
list_path(const char *dir)
{
	return bson_strdup_printf("%s/old.list", dir);
}

static bool
take(struct old_list *l, const bson_t *doc)
{
	struct old_coll o = {.ns = doc_text_or(doc, "ns", ""),
	    .aside = doc_text_or(doc, "aside", "")};
	uint8_t sum[DIGEST_LEAF];

	if (!*o.ns || !*o.aside || strcmp(o.ns, o.aside) == 0 ||
	    !doc_bytes(doc, "uuid", o.uuid, sizeof o.uuid) ||
	    !doc_bytes(doc, "sum", sum, sizeof sum))
		return false;
	digest_load(&o.sum, sum);
	o.sum.docs = doc_int(doc, "docs");
	o.sum.bytes = doc_int(doc, "bytes");
	l->item = bson_realloc(l->item, (l->n + 1) * sizeof *l->item);
	l->item[l->n++] = o;
	return true;
}

static bool
load(struct old_list *l, const char *dir, const char *job, bson_error_t *error)
{
	const bson_t *head = chain_doc(l->chain, 0);
	bool ok = strcmp(doc_text_or(head, "job", ""), job) == 0 &&
	    doc_bytes(head, "key", l->key, sizeof l->key);

	for (size_t i = 1; ok && i < chain_count(l->chain); i++)
		ok = take(l, chain_doc(l->chain, i));
	return ok ||
	    error_set(error, MM_EXIT_STREAM, 0,
		"\"%s/old.list\" is not the list of the old data of \"%s\"",
		dir, job);
}

static bool
add_head(struct old_list *l, const char *job, bson_error_t *error)
{
	uint8_t key[DIGEST_KEY];
	bson_t doc = BSON_INITIALIZER;
	bool ok = digest_new_key(key) ||
	    error_set(error, MM_EXIT_INTERNAL, 0, "no random bytes");

	BSON_APPEND_UTF8(&doc, "job", job);
	BSON_APPEND_BINARY(&doc, "key", BSON_SUBTYPE_BINARY, key, sizeof key);
	ok = ok && chain_add(l->chain, &doc, error);
	bson_destroy(&doc);
	return ok;
}

static bool
open_chain(struct old_list *l, const char *dir, bool write, bson_error_t *error)
{
	char *path = list_path(dir);

	*l = (struct old_list){0};
	l->chain = chain_open(path, write, error);
	bson_free(path);
	return l->chain != NULL;
}

bool
old_begin(
    struct old_list *l, const char *dir, const char *job, bson_error_t *error)
{
	return open_chain(l, dir, true, error) &&
	    (chain_count(l->chain) > 0 || add_head(l, job, error)) &&
	    load(l, dir, job, error);
}

bool
old_open(struct old_list *l, const char *dir, const struct switch_log *log,
    bson_error_t *error)
{
	const bson_t *last;
	bson_t want;

	if (!open_chain(l, dir, false, error) ||
	    !load(l, dir, switch_log_config(log, "job"), error))
		return false;
	last = chain_doc(l->chain, l->n);
	return (switch_log_doc(log, "old", &want) &&
		   doc_int(&want, "n") == (int64_t)l->n &&
		   strcmp(doc_text_or(&want, "link", ""),
		       doc_text_or(last, "link", "")) == 0) ||
	    error_set(error, MM_EXIT_STREAM, 0,
		"\"%s/old.list\" is not the one that the journal speaks of",
		dir);
}

void
old_close(struct old_list *l)
{
	chain_close(l->chain);
	bson_free(l->item);
	*l = (struct old_list){0};
}

const struct old_coll *
old_find(const struct old_list *l, const char *ns)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->item[i].ns, ns) == 0)
			return &l->item[i];
	return NULL;
}

bool
old_add(struct old_list *l, const char *job, const struct coll *coll,
    const struct digest *sum, bson_error_t *error)
{
	char aside[NS_MAX + 1];
	uint8_t bytes[DIGEST_LEAF];
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	quarantine_name(job, coll->ns, (unsigned)l->n, aside);
	digest_store(sum, bytes);
	BSON_APPEND_UTF8(&doc, "ns", coll->ns);
	BSON_APPEND_UTF8(&doc, "aside", aside);
	BSON_APPEND_BINARY(
	    &doc, "uuid", BSON_SUBTYPE_UUID, coll->uuid, sizeof coll->uuid);
	BSON_APPEND_BINARY(
	    &doc, "sum", BSON_SUBTYPE_BINARY, bytes, sizeof bytes);
	BSON_APPEND_INT64(&doc, "docs", sum->docs);
	BSON_APPEND_INT64(&doc, "bytes", sum->bytes);
	ok = chain_add(l->chain, &doc, error) &&
	    (take(l, chain_doc(l->chain, chain_count(l->chain) - 1)) ||
		error_set(error, MM_EXIT_INTERNAL, 0, "\"%s\"", coll->ns));
	bson_destroy(&doc);
	return ok;
}

void
old_append(const struct old_list *l, const char *key, bson_t *fields)
{
	bson_t doc;

	BSON_APPEND_DOCUMENT_BEGIN(fields, key, &doc);
	BSON_APPEND_INT64(&doc, "n", (int64_t)l->n);
	BSON_APPEND_UTF8(
	    &doc, "link", doc_text_or(chain_doc(l->chain, l->n), "link", ""));
	bson_append_document_end(fields, &doc);
}

/* ----------------------------------------------------------- on the server */

bool
old_digest(struct conn *c, const struct old_list *l, const char *ns,
    const char *there, struct throttle *throttle, struct digest *sum,
    bson_error_t *error)
{
	char db[NS_MAX + 1];
	struct scan_opts o = {.db = db, .natural = true};
	struct digester *d;
	const bson_t *doc;
	struct digest leaf;
	struct scan *s;
	int got = 2;

	*sum = (struct digest){0};
	if (!ns_split(there, db, &o.coll))
		return error_set(error, MM_EXIT_INTERNAL, 0, "\"%s\"", there);
	s = scan_new(c, &o);
	d = digester_new();
	digester_begin(d, l->key, ns);
	while (!sig_stopping() && (got = scan_next(s, &doc, error)) == 1) {
		digester_leaf(d, bson_get_data(doc), doc->len, -1, &leaf);
		digest_add(sum, &leaf);
		if (throttle && !throttle_spend(throttle, doc->len))
			got = 2;
	}
	digester_free(d);
	scan_free(s);
	if (got == 2 || sig_stopping())
		return error_set(
		    error, MM_EXIT_STOPPED, 0, "stopped by a signal");
	return got == 0 || error_prefix(error, "\"%s\"", there);
}

/* 1 it has that UUID, 0 there is none of that name, 2 it has another. */
static int
is_there(
    struct conn *c, const char *ns, const uint8_t *uuid, bson_error_t *error)
{
	struct coll coll;
	int got = catalog_one(c, ns, &coll, error);

	if (got > 0)
		got = coll.has_uuid &&
			memcmp(coll.uuid, uuid, sizeof coll.uuid) == 0
		    ? 1
		    : 2;
	coll_release(&coll);
	return got;
}

int
old_where(struct conn *c, const struct old_coll *o, bson_error_t *error)
{
	int named = is_there(c, o->ns, o->uuid, error);
	int aside =
	    named == 1 || named < 0 ? 0 : is_there(c, o->aside, o->uuid, error);

	if (named < 0 || aside < 0)
		return -1;
	if (named == 1)
		return OLD_IN_PLACE;
	if (aside == 1)
		return OLD_ASIDE;
	return named == 2 || aside == 2 ? OLD_OTHER : OLD_GONE;
}

const char *
old_name(const struct old_coll *o, int place)
{
	return place == OLD_IN_PLACE ? o->ns
	    : place == OLD_ASIDE     ? o->aside
				     : NULL;
}
