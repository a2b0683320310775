#include "io/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/msg.h"
#include "io/fdio.h"
#include "io/file.h"

enum {
	MAX_FILE = 64 << 20,
	MAX_DOC = 1 << 20,
	LINK = SHA256_TEXT - 1,
	/* the value of `link` with its NUL, and the end of the document */
	LINK_TAIL = SHA256_TEXT + 1
};

struct chain {
	int fd;
	char *path;
	bson_t **doc;
	size_t n;
	char link[SHA256_TEXT]; /* of the last document */
	bool write, failed;
};

static bool
damaged(const struct chain *c, const char *what, bson_error_t *error)
{
	return error_set(error, MM_EXIT_STREAM, 0,
	    "\"%s\": record %zu is damaged: %s", c->path, c->n, what);
}

static void
link_of(const char *before, const uint8_t *doc, size_t len, char *link)
{
	struct sha256 *h = sha256_new();

	sha256_add(h, before, LINK);
	sha256_add(h, doc, len - LINK_TAIL);
	sha256_finish(h, link);
}

static bool
check(struct chain *c, const bson_t *doc, char *link, bson_error_t *error)
{
	const uint8_t *data = bson_get_data(doc);
	bson_iter_t it;
	uint32_t len;
	const char *text;

	if (!bson_validate(doc, BSON_VALIDATE_NONE, NULL))
		return damaged(c, "not a document", error);
	if (!bson_iter_init_find(&it, doc, "n") ||
	    !BSON_ITER_HOLDS_INT64(&it) ||
	    bson_iter_int64(&it) != (int64_t)c->n)
		return damaged(c, "its number is another", error);
	if (!bson_iter_init_find(&it, doc, "link") ||
	    !BSON_ITER_HOLDS_UTF8(&it))
		return damaged(c, "it has no link", error);
	text = bson_iter_utf8(&it, &len);
	if (len != LINK || bson_iter_next(&it))
		return damaged(c, "its link is not the last field", error);
	link_of(c->link, data, doc->len, link);
	if (memcmp(link, text, LINK) != 0)
		return damaged(c, "its link does not fit", error);
	return true;
}

static void
keep(struct chain *c, const bson_t *doc, const char *link)
{
	c->doc = bson_realloc(c->doc, (c->n + 1) * sizeof(bson_t *));
	c->doc[c->n++] = bson_copy(doc);
	memcpy(c->link, link, SHA256_TEXT);
}

/* A sealed document stands at the end, whatever its length says. */
static bool
looks_whole(const uint8_t *p, size_t len)
{
	if (len < LINK_TAIL || p[len - 1] != 0 || p[len - 2] != 0)
		return false;
	for (size_t i = len - LINK_TAIL; i < len - 2; i++)
		if (!strchr("0123456789abcdef", p[i]) || p[i] == 0)
			return false;
	return true;
}

/* *end: where the last whole document ends. */
static bool
read_all(
    struct chain *c, const struct buf *all, size_t *end, bson_error_t *error)
{
	size_t at = 0;

	while (all->len - at >= 4) {
		const uint8_t *p = all->data + at;
		uint32_t len = (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		    (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		char link[SHA256_TEXT];
		bson_t doc;

		if (len < LINK_TAIL + 5 || len > MAX_DOC)
			return damaged(c, "its length", error);
		if (len > all->len - at && looks_whole(p, all->len - at))
			return damaged(c, "its length", error);
		if (len > all->len - at)
			break;
		if (!bson_init_static(&doc, p, len))
			return damaged(c, "not a document", error);
		if (!check(c, &doc, link, error))
			return false;
		keep(c, &doc, link);
		at += len;
	}
	*end = at;
	return true;
}

static bool
load(struct chain *c, bson_error_t *error)
{
	struct buf all = BUF_INIT;
	struct stat st;
	size_t end = 0;
	bool ok;

	if (fstat(c->fd, &st) != 0)
		return error_errno(error, MM_EXIT_IO, "\"%s\"", c->path);
	if (st.st_size > MAX_FILE)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "\"%s\" is too long to be a journal", c->path);
	buf_reserve(&all, (size_t)st.st_size + 1);
	all.len = (size_t)st.st_size;
	ok = all.len == 0 ||
	    fdio_read_full(c->fd, c->path, all.data, all.len, false, error) ==
		FDIO_ALL;
	ok = ok && read_all(c, &all, &end, error);
	if (ok && end < all.len && c->write) {
		msg_warn("\"%s\": the last record was not written whole and is "
			 "dropped",
		    c->path);
		if (ftruncate(c->fd, (off_t)end) != 0)
			ok = error_errno(
			    error, MM_EXIT_IO, "could not cut \"%s\"", c->path);
		ok = ok && file_sync(c->fd, c->path, error);
	}
	buf_release(&all);
	return ok;
}

static bool
open_file(struct chain *c, bson_error_t *error)
{
	char *slash;
	bool ok;

	c->fd = open(c->path,
	    (c->write ? O_RDWR | O_CREAT | O_APPEND : O_RDONLY) | O_CLOEXEC |
		O_NOFOLLOW,
	    0600);
	if (c->fd < 0 && errno == ENOENT && !c->write)
		return true;
	if (c->fd < 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not open \"%s\"", c->path);
	if (!c->write)
		return true;
	if (flock(c->fd, LOCK_EX | LOCK_NB) != 0)
		return error_set(error, MM_EXIT_REFUSED, errno,
		    "\"%s\" is in use by another process", c->path);
	slash = strrchr(c->path, '/');
	if (!slash)
		return file_sync_dir(".", error);
	*slash = '\0';
	ok = file_sync_dir(slash == c->path ? "/" : c->path, error);
	*slash = '/';
	return ok;
}

struct chain *
chain_open(const char *path, bool write, bson_error_t *error)
{
	struct chain *c = bson_malloc0(sizeof *c);

	c->path = bson_strdup(path);
	c->write = write;
	memset(c->link, '0', LINK);
	if (open_file(c, error) && (c->fd < 0 || load(c, error)))
		return c;
	chain_close(c);
	return NULL;
}

void
chain_close(struct chain *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	for (size_t i = 0; i < c->n; i++)
		bson_destroy(c->doc[i]);
	bson_free(c->doc);
	bson_free(c->path);
	bson_free(c);
}

static void
seal(const struct chain *c, const bson_t *doc, bson_t *out, char *link)
{
	char zeros[SHA256_TEXT];
	uint8_t *data;

	memset(zeros, '0', LINK);
	zeros[LINK] = '\0';
	bson_init(out);
	BSON_APPEND_INT64(out, "n", (int64_t)c->n);
	BSON_APPEND_DATE_TIME(out, "at", clock_wall_ms());
	bson_concat(out, doc);
	BSON_APPEND_UTF8(out, "link", zeros);
	/* The length is final now; the link covers it. */
	data = (uint8_t *)bson_get_data(out);
	link_of(c->link, data, out->len, link);
	memcpy(data + out->len - LINK_TAIL, link, LINK);
}

bool
chain_add(struct chain *c, const bson_t *doc, bson_error_t *error)
{
	char link[SHA256_TEXT];
	bson_t out;
	bool ok;

	if (c->failed || !c->write)
		return error_set(error, MM_EXIT_IO, 0,
		    "\"%s\" is not written any more", c->path);
	seal(c, doc, &out, link);
	ok = out.len <= MAX_DOC ||
	    error_set(error, MM_EXIT_IO, 0, "\"%s\": a record of %u bytes",
		c->path, out.len);
	ok = ok &&
	    fdio_write_all(
		c->fd, c->path, bson_get_data(&out), out.len, error) &&
	    file_sync(c->fd, c->path, error);
	if (ok)
		keep(c, &out, link);
	c->failed = !ok;
	bson_destroy(&out);
	return ok;
}

size_t
chain_count(const struct chain *c)
{
	return c->n;
}

const bson_t *
chain_doc(const struct chain *c, size_t i)
{
	return i < c->n ? c->doc[i] : NULL;
}
