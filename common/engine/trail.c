#include "engine/trail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fdio.h"
#include "io/file.h"

#define SUFFIX ".bson.zst"
#define PARTIAL SUFFIX ".partial"

struct trail {
	char *dir, *path; /* path: of the finished file */
	char *partial;
	enum stream_kind kind;
	bson_t head;
	unsigned number;
	int fd;
	pthread_mutex_t lock;
	struct stream_out *out;
	struct block block;
	bool dirty;  /* not forced to disk yet */
	bool failed; /* error tells why */
	bson_error_t error;
};

/* ---------------------------------------------------------------- files */

struct files {
	char **name; /* sorted: by number */
	size_t n;
};

static bool
is_ours(const char *name, enum stream_kind kind)
{
	char want[64];
	size_t digits = strspn(name, "0123456789"), len;

	len = (size_t)snprintf(
	    want, sizeof want, ".%s" SUFFIX, stream_kind_text(kind));
	return digits == 8 && strncmp(name + digits, want, len) == 0 &&
	    (!name[digits + len] ||
		strcmp(name + digits + len, ".partial") == 0);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
files_free(struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		bson_free(f->name[i]);
	bson_free(f->name);
}

static bool
files_list(const char *dir, enum stream_kind kind, struct files *f,
    bson_error_t *error)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	*f = (struct files){0};
	if (!d && errno == ENOENT)
		return true;
	if (!d)
		return error_errno(
		    error, MM_EXIT_IO, "could not read directory \"%s\"", dir);
	while ((e = readdir(d))) {
		if (!is_ours(e->d_name, kind))
			continue;
		f->name = bson_realloc(f->name, (f->n + 1) * sizeof *f->name);
		f->name[f->n++] = bson_strdup(e->d_name);
	}
	closedir(d);
	if (f->n > 0)
		qsort(f->name, f->n, sizeof *f->name, by_name);
	return true;
}

/* -------------------------------------------------------------- reading */

static bool
check_head(
    const bson_t *head, const char *job, const char *path, bson_error_t *error)
{
	const char *of = NULL;

	if (!job ||
	    (record_text(head, "job", &of, NULL) && strcmp(of, job) == 0))
		return true;
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "\"%s\" is of job \"%s\", not of \"%s\"", path, of ? of : "?", job);
}

static bool
read_block(const struct block_view *view, const char *path,
    const struct trail_reader *r, bson_error_t *error)
{
	struct block_cursor cur;
	const uint8_t *data;
	uint32_t len;
	bson_t doc;

	block_rewind(&cur, view);
	while (r->doc && block_next(&cur, &data, &len)) {
		if (!bson_init_static(&doc, data, len))
			return error_set(error, MM_EXIT_STREAM, 0,
			    "\"%s\": a document is no BSON", path);
		if (!r->doc(r->arg, &doc, error))
			return false;
	}
	return true;
}

struct reading {
	struct stream_in *in;
	struct trail_file file;
	const char *path, *job;
	enum stream_kind kind;
};

static bool
read_head(struct reading *f, const bson_t *head, const struct trail_reader *r,
    bson_error_t *error)
{
	if (stream_in_kind(f->in) != f->kind)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is a stream of kind %s", f->path,
		    stream_kind_text(stream_in_kind(f->in)));
	f->file.head = head;
	return check_head(head, f->job, f->path, error) &&
	    (!r->file || r->file(r->arg, &f->file, error));
}

static bool
read_items(struct reading *f, const struct trail_reader *r, bson_error_t *error)
{
	struct stream_item item;
	enum stream_got got;
	bool ok = true;

	while ((got = stream_next(f->in, &item, error)) == STREAM_GOT) {
		if (item.type == RECORD_STREAM)
			ok = read_head(f, &item.control, r, error);
		else if (item.type == RECORD_BLOCK)
			ok = read_block(&item.block, f->path, r, error);
		else if (item.type == RECORD_MARK && r->mark)
			ok = r->mark(r->arg, &item.control, error);
		if (!ok || r->heads)
			return ok;
	}
	return got == STREAM_EOF ||
	    (f->file.partial && error_status(error) == MM_EXIT_STREAM);
}

static bool
read_file(const char *dir, const char *name, enum stream_kind kind,
    const char *job, const struct trail_reader *r, bson_error_t *error)
{
	char *path = bson_strdup_printf("%s/%s", dir, name);
	size_t len = strlen(name), tail = strlen(".partial");
	struct reading f = {.path = path, .job = job, .kind = kind};
	bool ok = false;
	int fd = file_open_read(path, error);

	f.file.number = (unsigned)strtoul(name, NULL, 10);
	f.file.partial = strcmp(name + len - tail, ".partial") == 0;
	if (fd >= 0) {
		f.in = stream_in_new(fd, path, false);
		ok = read_items(&f, r, error);
		stream_in_free(f.in);
		close(fd);
	}
	bson_free(path);
	return ok;
}

bool
trail_read(const char *dir, enum stream_kind kind, const char *job,
    const struct trail_reader *r, bson_error_t *error)
{
	struct files f;
	bool ok = files_list(dir, kind, &f, error);

	for (size_t i = 0; ok && i < f.n; i++)
		ok = read_file(dir, f.name[i], kind, job, r, error);
	files_free(&f);
	return ok;
}

/* -------------------------------------------------------------- writing */

struct trail *
trail_open(const char *dir, enum stream_kind kind, const bson_t *head,
    bson_error_t *error)
{
	static const struct trail_reader only_head = {.heads = true};
	struct trail *t;
	struct files f;
	const char *job = NULL;
	unsigned number = 1;
	bool ok;

	if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
		error_errno(
		    error, MM_EXIT_IO, "could not make directory \"%s\"", dir);
		return NULL;
	}
	ok = record_text(head, "job", &job, error) &&
	    files_list(dir, kind, &f, error);
	if (!ok)
		return NULL;
	if (f.n > 0) {
		number += (unsigned)strtoul(f.name[f.n - 1], NULL, 10);
		ok = read_file(
		    dir, f.name[f.n - 1], kind, job, &only_head, error);
	}
	files_free(&f);
	if (!ok)
		return NULL;
	t = bson_aligned_alloc0(BSON_ALIGNOF(struct trail), sizeof *t);
	t->dir = bson_strdup(dir);
	t->kind = kind;
	t->number = number;
	t->fd = -1;
	bson_copy_to(head, &t->head);
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
trail_free(struct trail *t)
{
	if (!t)
		return;
	if (t->out)
		stream_out_free(t->out);
	if (t->fd >= 0)
		close(t->fd);
	block_release(&t->block);
	bson_destroy(&t->head);
	pthread_mutex_destroy(&t->lock);
	bson_free(t->dir);
	bson_free(t->path);
	bson_free(t->partial);
	bson_free(t);
}

void
trail_lock(struct trail *t)
{
	pthread_mutex_lock(&t->lock);
}

void
trail_unlock(struct trail *t)
{
	pthread_mutex_unlock(&t->lock);
}

static bool
keep(struct trail *t, bool ok, bson_error_t *error)
{
	if (!ok)
		t->failed = true, t->error = *error;
	return ok;
}

static bool
begin(struct trail *t, bson_error_t *error)
{
	struct stream_out_opts opts = {.level = 1, .live = true};

	if (t->failed)
		return *error = t->error, false;
	if (t->out)
		return true;
	t->path = bson_strdup_printf(
	    "%s/%08u.%s" SUFFIX, t->dir, t->number, stream_kind_text(t->kind));
	t->partial = bson_strdup_printf("%s.partial", t->path);
	t->fd = file_create(t->partial, error);
	if (t->fd < 0)
		return false;
	opts.fd = t->fd;
	opts.name = t->partial;
	t->out = stream_out_new(&opts, t->kind, &t->head, error);
	return t->out && file_sync_dir(t->dir, error);
}

bool
trail_add(struct trail *t, const void *doc, size_t len, bson_error_t *error)
{
	if (!keep(t, begin(t, error), error))
		return false;
	t->dirty = true;
	block_add(&t->block, doc, len);
	return !block_full(&t->block) ||
	    keep(t,
		stream_put_block(t->out, &t->block, NULL, error) &&
		    stream_flush(t->out, error),
		error);
}

/* With the lock held. */
static bool
flush(struct trail *t, bson_error_t *error)
{
	if (t->failed)
		return *error = t->error, false;
	return !t->out || t->block.n == 0 ||
	    keep(t,
		stream_put_block(t->out, &t->block, NULL, error) &&
		    stream_flush(t->out, error),
		error);
}

bool
trail_mark(struct trail *t, const bson_t *mark, bson_error_t *error)
{
	bool ok;

	trail_lock(t);
	ok = flush(t, error);
	if (ok && t->out) {
		t->dirty = true;
		ok = keep(t,
		    stream_put(t->out, mark, error) &&
			stream_flush(t->out, error),
		    error);
	}
	trail_unlock(t);
	return ok;
}

bool
trail_flush(struct trail *t, bson_error_t *error)
{
	bool ok;

	trail_lock(t);
	ok = flush(t, error);
	trail_unlock(t);
	return ok;
}

bool
trail_sync(struct trail *t, bson_error_t *error)
{
	bool ok;

	trail_lock(t);
	ok = flush(t, error) &&
	    (!t->dirty || keep(t, file_sync(t->fd, t->partial, error), error));
	t->dirty = t->dirty && !ok;
	trail_unlock(t);
	return ok;
}

unsigned
trail_number(struct trail *t)
{
	unsigned number;

	trail_lock(t);
	number = t->fd >= 0 ? t->number : 0;
	trail_unlock(t);
	return number;
}

bool
trail_close(struct trail *t, bson_error_t *error)
{
	int fd = t->fd;

	if (!trail_sync(t, error) || !t->out)
		return !t->failed;
	if (!stream_put_end(t->out, "complete", NULL, error) ||
	    !file_sync(fd, t->partial, error))
		return false;
	t->fd = -1;
	return fdio_close(fd, t->partial, error) &&
	    file_publish(t->partial, t->path, error);
}
