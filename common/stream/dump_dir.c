/* All metadata are read first, since a stream announces every collection
 * before the first document. A collection's name is that in its metadata: the
 * file's may be shortened. */
#include "stream/dump_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

#include "base/doc.h"
#include "base/msg.h"
#include "io/gunzip.h"
#include "io/zio.h"
#include "stream/dump_coll.h"
#include "stream/dump_log.h"

#define COLLS_MAX (1u << 20)

struct entry {
	char *stem; /* DIR/DB/COLL, as the files are named */
	char *db, *file;
	char *data, *meta; /* paths; NULL: none */
	bool chosen, view;
	struct dump_coll put;
	UT_hash_handle hh;
};

struct walking {
	const struct dump_stream *to;
	struct stream_out *out;
	struct entry *entries;
	int32_t n;
};

/* ------------------------------------------------------------ the files */

static bool
ends(const char *name, const char *suffix, size_t *stem)
{
	size_t n = strlen(name), s = strlen(suffix);

	if (n <= s || strcmp(name + n - s, suffix) != 0)
		return false;
	*stem = n - s;
	return true;
}

static struct entry *
entry_of(struct walking *w, const char *dir, const char *db, const char *name,
    size_t len)
{
	char *stem = bson_strdup_printf("%s/%s/%.*s", dir, db, (int)len, name);
	struct entry *e;

	HASH_FIND_STR(w->entries, stem, e);
	if (e) {
		bson_free(stem);
		return e;
	}
	e = bson_malloc0(sizeof *e);
	e->stem = stem;
	e->db = bson_strdup(db);
	e->file = bson_strndup(name, len);
	HASH_ADD_KEYPTR(hh, w->entries, e->stem, strlen(e->stem), e);
	return e;
}

static void
note_file(struct walking *w, const char *dir, const char *db, const char *name)
{
	static const char *const suffixes[] = {
	    ".metadata.json.gz", ".metadata.json", ".bson.gz", ".bson"};
	size_t len;

	for (int i = 0; i < 4; i++) {
		char **path;

		if (!ends(name, suffixes[i], &len))
			continue;
		path = i < 2 ? &entry_of(w, dir, db, name, len)->meta
			     : &entry_of(w, dir, db, name, len)->data;
		bson_free(*path);
		*path = bson_strdup_printf("%s/%s/%s", dir, db, name);
		return;
	}
	msg_verbose("%s/%s/%s is passed over", dir, db, name);
}

static bool
each_name(const char *path,
    int (*order)(const struct dirent **, const struct dirent **),
    bool (*each)(void *arg, const char *name, bson_error_t *error), void *arg,
    bson_error_t *error)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, order);
	bool ok = true;

	if (n < 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not read directory \"%s\"", path);
	for (int i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.')
			ok = ok && each(arg, list[i]->d_name, error);
		free(list[i]);
	}
	free(list);
	return ok;
}

struct level {
	struct walking *w;
	const char *dir, *db;
};

static bool
in_db(void *arg, const char *name, bson_error_t *error)
{
	struct level *l = arg;

	note_file(l->w, l->dir, l->db, name);
	return HASH_COUNT(l->w->entries) <= COLLS_MAX ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"more than %u collections in one directory", COLLS_MAX);
}

static bool
in_root(void *arg, const char *name, bson_error_t *error)
{
	struct level *l = arg;
	char *path = bson_strdup_printf("%s/%s", l->dir, name);
	struct stat st;
	bool ok = true;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		l->db = name;
		ok = each_name(path, alphasort, in_db, l, error);
	}
	bson_free(path);
	return ok;
}

/* ------------------------------------------------------------ announced */

/* NULL: error is set. */
static char *
read_text(const char *path, bson_error_t *error)
{
	struct buf b = BUF_INIT;
	struct gunzip g;
	ssize_t got = -1;
	bool ok = gunzip_open(&g, path, error);

	while (ok) {
		buf_reserve(&b, 64 << 10);
		got = fdio_read_some(
		    g.fd, path, b.data + b.len, 64 << 10, true, error);
		if (got <= 0)
			break;
		b.len += (size_t)got;
		ok = b.len <= DUMP_META_MAX ||
		    error_set(error, MM_EXIT_REFUSED, 0, "%s: more than %u MiB",
			path, DUMP_META_MAX >> 20);
	}
	if (got == -2)
		error_set(error, MM_EXIT_STOPPED, 0,
		    "stopped by a signal before the end");
	ok = ok && got == 0;
	ok = gunzip_close(&g, ok, error) && ok;
	if (ok)
		return buf_take_text(&b);
	buf_release(&b);
	return NULL;
}

/* %24 and the like are a byte. */
static char *
unescaped(const char *file)
{
	char *name = bson_strdup(file), *to = name;

	for (const char *p = file; *p; p++) {
		unsigned value;

		if (*p == '%' && sscanf(p + 1, "%2x", &value) == 1 && p[1] &&
		    p[2] && value > 0) {
			*to++ = (char)value;
			p += 2;
		} else
			*to++ = *p;
	}
	*to = '\0';
	return name;
}

static char *
name_of(const struct entry *e, const char *json)
{
	bson_t *meta =
	    json ? bson_new_from_json((const uint8_t *)json, -1, NULL) : NULL;
	const char *said = doc_text(meta, "collectionName");
	char *name = said ? bson_strdup(said) : unescaped(e->file);

	if (meta)
		bson_destroy(meta);
	return name;
}

static bool
announce(struct walking *w, struct entry *e, bson_error_t *error)
{
	char *json = e->meta ? read_text(e->meta, error) : NULL, *name, *ns;
	bson_t record = BSON_INITIALIZER;
	bool ok = json || !e->meta;

	name = name_of(e, json);
	ns = bson_strdup_printf("%s.%s", e->db, name);
	e->chosen = ok && w->to->select(w->to->arg, ns);
	if (ok && !e->chosen)
		msg_verbose("\"%s\" is not selected", ns);
	if (e->chosen) {
		e->put =
		    (struct dump_coll){.out = w->out, .block = {.c = w->n++}};
		ok = dump_coll_read(e->put.block.c, e->db, name, json, NULL,
			 &record, &e->view, error) &&
		    stream_put(w->out, &record, error);
	}
	bson_destroy(&record);
	bson_free(json);
	bson_free(name);
	bson_free(ns);
	return ok;
}

/* ----------------------------------------------------------------- data */

/* Calls each for the documents of a file. */
static bool
each_doc(const char *path,
    bool (*each)(void *arg, const struct buf *doc, bson_error_t *error),
    void *arg, bson_error_t *error)
{
	struct buf doc = BUF_INIT;
	struct zio_reader *in;
	struct gunzip g;
	int got = -1;
	bool ok = true;

	if (!gunzip_open(&g, path, error))
		return false;
	in = zio_reader_new(g.fd, path);
	while (ok && (got = dump_doc_read(in, &doc, error)) == 1)
		ok = each(arg, &doc, error);
	if (ok && got == 2)
		error_set(error, MM_EXIT_STREAM, 0, "a document has no length");
	ok = ok && got == 0;
	if (!ok && error_status(error) == MM_EXIT_STREAM)
		error_prefix(error, "%s", path);
	zio_reader_free(in);
	buf_release(&doc);
	return gunzip_close(&g, ok, error) && ok;
}

static bool
put_doc(void *arg, const struct buf *doc, bson_error_t *error)
{
	return dump_coll_put(arg, doc->data, (uint32_t)doc->len, error);
}

static bool
put_data(struct entry *e, bson_error_t *error)
{
	bool ok =
	    !e->data || e->view || each_doc(e->data, put_doc, &e->put, error);

	ok = ok && (e->view || dump_coll_end(&e->put, error));
	dump_coll_release(&e->put);
	return ok;
}

static bool
walk(struct walking *w, const char *dir, bson_error_t *error)
{
	struct level top = {.w = w, .dir = dir};
	struct entry *e, *next;

	if (!each_name(dir, alphasort, in_root, &top, error))
		return false;
	HASH_ITER(hh, w->entries, e, next)
	if (!announce(w, e, error))
		return false;
	HASH_ITER(hh, w->entries, e, next)
	if (e->chosen && !put_data(e, error))
		return false;
	return dump_log_end(w->out, w->to, NULL, error);
}

bool
dump_dir_to_stream(
    const char *dir, const struct dump_stream *to, bson_error_t *error)
{
	struct stream_out_opts o = {.fd = to->fd, .name = to->name};
	struct walking w = {.to = to};
	struct entry *e, *next;
	bool ok;

	w.out = stream_out_new(&o, STREAM_SNAPSHOT, to->head, error);
	ok = w.out && walk(&w, dir, error);
	HASH_ITER(hh, w.entries, e, next)
	{
		HASH_DELETE(hh, w.entries, e);
		bson_free(e->stem);
		bson_free(e->db);
		bson_free(e->file);
		bson_free(e->data);
		bson_free(e->meta);
		bson_free(e);
	}
	if (w.out)
		stream_out_free(w.out);
	return ok;
}

/* ---------------------------------------------------------------- oplog */

static bool
note_entry(void *arg, const struct buf *doc, bson_error_t *error)
{
	return dump_log_note(arg, doc->data, doc->len, error);
}

int
dump_dir_oplog(const char *dir, struct dump_log *log, bson_error_t *error)
{
	*log = (struct dump_log){OPTIME_NULL, OPTIME_NULL};
	for (int i = 0; i < 2; i++) {
		char *path =
		    bson_strdup_printf("%s/oplog.bson%s", dir, i ? ".gz" : "");
		bool there = access(path, F_OK) == 0,
		     ok = !there || each_doc(path, note_entry, log, error);

		bson_free(path);
		if (!ok)
			return -1;
		if (there)
			break;
	}
	return !optime_is_null(log->first);
}
