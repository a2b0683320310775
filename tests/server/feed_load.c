#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "catalog.h"
#include "feed.h"
#include "io/zio.h"
#include "model/entry.h"
#include "model/ns.h"
#include "out.h"
#include "request.h"

#define PATH 4000

/* The documents of a .bson.zst file, one after the other. */
static bool
read_docs(const char *path, struct buf *docs, bson_error_t *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct zio_reader *z;
	ssize_t got;

	if (fd < 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not open \"%s\"", path);
	z = zio_reader_new(fd, path);
	do {
		buf_reserve(docs, 1 << 16);
		got =
		    zio_read(z, docs->data + docs->len, 1 << 16, false, error);
		if (got > 0)
			docs->len += (size_t)got;
	} while (got > 0);
	zio_reader_free(z);
	close(fd);
	for (size_t at = 0; got == 0 && at < docs->len;) {
		if (docs->len - at < 5 ||
		    doc_len(docs->data + at) > docs->len - at ||
		    !value_sound(docs->data + at, doc_len(docs->data + at)))
			return error_set(error, MM_EXIT_STREAM, 0,
			    "\"%s\": no BSON document at %zu", path, at);
		at += doc_len(docs->data + at);
	}
	return got == 0;
}

static bool
read_json(const char *path, bson_t *out, bson_error_t *error)
{
	struct buf text = BUF_INIT;
	FILE *f = fopen(path, "r");
	size_t got;
	bool ok;

	if (!f)
		return error_errno(
		    error, MM_EXIT_IO, "could not open \"%s\"", path);
	do {
		buf_reserve(&text, 1 << 16);
		got = fread(text.data + text.len, 1, 1 << 16, f);
		text.len += got;
	} while (got > 0);
	fclose(f);
	ok = bson_init_from_json(
	    out, (const char *)text.data, (ssize_t)text.len, error);
	buf_release(&text);
	return ok;
}

/* A scan during writes may have met a document twice: the later one counts. */
static bool
load_doc(struct coll *c, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct elem id;
	struct doc *d = NULL;

	if (walk_find(doc, len, "_id", &id))
		d = coll_by_id(c, &id.value);
	return d ? coll_update(c, d, doc, len, 1, NULL, error) != NULL
		 : coll_insert(c, doc, len, 1, 0, NULL, error);
}

static bool
load_docs(struct coll *c, const char *folder, bson_error_t *error)
{
	struct buf docs = BUF_INIT;
	char path[PATH];
	bool ok;

	snprintf(path, sizeof path, "%s/before/%s.bson.zst", folder, c->ns);
	ok = read_docs(path, &docs, error);
	for (size_t at = 0; ok && at < docs.len;) {
		uint32_t len = doc_len(docs.data + at);

		ok = load_doc(c, docs.data + at, len, error);
		at += len;
	}
	buf_release(&docs);
	return ok;
}

static const char *
text_of(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, name) && BSON_ITER_HOLDS_UTF8(&it)
	    ? bson_iter_utf8(&it, NULL)
	    : "";
}

/* {ns, type, options, indexes}; views are documents of system.views. */
static bool
load_coll(const bson_t *d, const char *folder, bson_error_t *error)
{
	bson_t options = BSON_INITIALIZER, list, spec;
	const char *name;
	struct coll *c;
	bson_iter_t it;
	char db[128];

	if (strcmp(text_of(d, "type"), "collection") != 0)
		return true;
	if (!ns_split(text_of(d, "ns"), db, &name))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "\"%s\": a collection without a name", folder);
	if (bson_iter_init_find(&it, d, "options"))
		iter_doc(&it, &options);
	if ((c = catalog_find(db, name)) != NULL)
		catalog_remove(c);
	c = catalog_add(db, name, &options);
	if (bson_iter_init_find(&it, d, "indexes") && iter_doc(&it, &list)) {
		bson_iter_init(&it, &list);
		while (bson_iter_next(&it))
			if (iter_doc(&it, &spec) &&
			    !coll_index_named(c, text_of(&spec, "name")))
				coll_add_index(c, &spec);
	}
	return load_docs(c, folder, error);
}

/* An entry that names a collection gives it its UUID: the first one that does
 * speaks of the collection as it was before. */
struct naming {
	bson_t done; /* names seen */
};

static void
name_uuid(struct naming *n, const char *ns, const uint8_t *uuid)
{
	struct coll *c;

	if (!uuid || bson_has_field(&n->done, ns))
		return;
	BSON_APPEND_NULL(&n->done, ns);
	c = catalog_find_ns(ns);
	if (c && !catalog_by_uuid(uuid))
		memcpy(c->uuid, uuid, 16);
}

static void name_entry(struct naming *n, const struct entry *e);

static void
name_inner(struct naming *n, const struct entry *outer)
{
	bson_iter_t it;
	bson_t list, op;
	struct entry e;

	if (!bson_iter_init_find(&it, &outer->o, "applyOps") ||
	    !iter_doc(&it, &list))
		return;
	bson_iter_init(&it, &list);
	while (bson_iter_next(&it))
		if (iter_doc(&it, &op) &&
		    entry_parse_inner(
			bson_get_data(&op), op.len, outer, &e, NULL))
			name_entry(n, &e);
}

static void
name_entry(struct naming *n, const struct entry *e)
{
	char ns[NS_MAX + 1];
	bson_iter_t it;

	if (e->op != ENTRY_COMMAND) {
		name_uuid(n, e->ns, e->ui);
		return;
	}
	if (strcmp(e->command, "applyOps") == 0) {
		name_inner(n, e);
		return;
	}
	if (!bson_iter_init(&it, &e->o) || !bson_iter_next(&it) ||
	    !BSON_ITER_HOLDS_UTF8(&it))
		return;
	if (strcmp(e->command, "renameCollection") == 0)
		snprintf(ns, sizeof ns, "%s", bson_iter_utf8(&it, NULL));
	else
		snprintf(ns, sizeof ns, "%.*s.%s", (int)e->db_len, e->ns,
		    bson_iter_utf8(&it, NULL));
	name_uuid(n, ns, e->ui);
	if (bson_iter_init_find(&it, &e->o, "dropTarget") &&
	    BSON_ITER_HOLDS_BINARY(&it)) {
		const uint8_t *uuid;
		bson_subtype_t subtype;
		uint32_t len;
		bson_iter_t to;

		bson_iter_binary(&it, &subtype, &len, &uuid);
		if (len == 16 && bson_iter_init_find(&to, &e->o, "to"))
			name_uuid(n, bson_iter_utf8(&to, NULL), uuid);
	}
}

static bool
name_all(const struct buf *log, bson_error_t *error)
{
	struct naming n;
	struct entry e;
	bool ok = true;

	bson_init(&n.done);
	for (size_t at = 0; ok && at < log->len;) {
		uint32_t len = doc_len(log->data + at);

		ok = entry_parse(log->data + at, len, &e, error);
		if (ok)
			name_entry(&n, &e);
		at += len;
	}
	bson_destroy(&n.done);
	return ok;
}

static bool
load_colls(const bson_t *meta, const char *folder, bson_error_t *error)
{
	bson_iter_t it;
	bson_t list, d;
	bool ok = true;

	if (!bson_iter_init_find(&it, meta, "before") || !iter_doc(&it, &list))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "\"%s/meta.json\" has no `before`", folder);
	bson_iter_init(&it, &list);
	while (ok && bson_iter_next(&it))
		ok = iter_doc(&it, &d) && load_coll(&d, folder, error);
	return ok;
}

/* [seconds, increment]; the term is that of the first entry. */
static bool
read_start(const bson_t *meta, const struct buf *log, struct optime *start)
{
	bson_iter_t it, n;
	bson_t first;

	*start = (struct optime){.term = 1};
	if (!bson_iter_init_find(&it, meta, "start") ||
	    !bson_iter_recurse(&it, &n) || !bson_iter_next(&n))
		return false;
	start->secs = (uint32_t)bson_iter_as_int64(&n);
	if (!bson_iter_next(&n))
		return false;
	start->inc = (uint32_t)bson_iter_as_int64(&n);
	if (log->len > 0 &&
	    bson_init_static(&first, log->data, doc_len(log->data)) &&
	    bson_iter_init_find(&it, &first, "t"))
		start->term = bson_iter_as_int64(&it);
	return true;
}

bool
feed_load(const char *folder, struct buf *log, struct optime *start,
    bson_error_t *error)
{
	char path[PATH];
	bson_t meta;
	bool ok;

	snprintf(path, sizeof path, "%s/meta.json", folder);
	if (!read_json(path, &meta, error))
		return false;
	snprintf(path, sizeof path, "%s/oplog.bson.zst", folder);
	ok = read_docs(path, log, error);
	if (ok && !read_start(&meta, log, start))
		ok = error_set(error, MM_EXIT_STREAM, 0,
		    "\"%s/meta.json\" has no `start`", folder);
	ok = ok && load_colls(&meta, folder, error) && name_all(log, error);
	bson_destroy(&meta);
	return ok;
}
