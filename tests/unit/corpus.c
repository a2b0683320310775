#include "corpus.h"

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/zio.h"
#include "tap.h"

static char *folders[1000];
static size_t n_folders;

static int
found(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	if (flag == FTW_F && strcmp(path + ftw->base, "meta.json") == 0 &&
	    n_folders < sizeof folders / sizeof *folders)
		folders[n_folders++] =
		    bson_strndup(path, (size_t)ftw->base - 1);
	return 0;
}

static int
name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
corpus_each(void (*fn)(const char *folder))
{
	const char *given = getenv("MM_CORPUS");
	char *top = given ? bson_strdup(given)
			  : bson_strdup_printf("%s/corpus", tap_tests_dir());

	n_folders = 0;
	nftw(top, found, 16, FTW_PHYS);
	qsort(folders, n_folders, sizeof *folders, name_order);
	for (size_t i = 0; i < n_folders; i++) {
		fn(folders[i]);
		bson_free(folders[i]);
	}
	bson_free(top);
}

static void
give_up(const char *path, const char *why)
{
	printf("Bail out! %s: %s\n", path, why);
	exit(1);
}

struct buf
corpus_docs(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct zio_reader *z;
	struct buf docs = BUF_INIT;
	bson_error_t error = {0};
	ssize_t got;

	if (fd < 0)
		give_up(path, "could not open");
	z = zio_reader_new(fd, path);
	do {
		buf_reserve(&docs, 1 << 16);
		got = zio_read(z, docs.data + docs.len, 1 << 16, false, &error);
		if (got < 0)
			give_up(path, error.message);
		docs.len += (size_t)got;
	} while (got > 0);
	zio_reader_free(z);
	close(fd);
	return docs;
}

bool
corpus_next(const struct buf *docs, size_t *at, bson_t *doc)
{
	uint32_t len;

	if (*at == docs->len)
		return false;
	if (docs->len - *at < 5)
		give_up("recording", "cut");
	memcpy(&len, docs->data + *at, 4);
	len = BSON_UINT32_FROM_LE(len);
	if (len > docs->len - *at ||
	    !bson_init_static(doc, docs->data + *at, len) ||
	    !value_sound(docs->data + *at, len))
		give_up("recording", "damaged");
	*at += len;
	return true;
}

void
memdb_load(struct memdb *db, const char *folder)
{
	char *pattern = bson_strdup_printf("%s/*.bson.zst", folder);
	glob_t g;

	if (glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++) {
			const char *name = strrchr(g.gl_pathv[i], '/') + 1;
			char *ns = bson_strndup(
			    name, strlen(name) - strlen(".bson.zst"));
			struct buf docs = corpus_docs(g.gl_pathv[i]);
			size_t at = 0;
			bson_t doc;

			while (corpus_next(&docs, &at, &doc))
				memdb_put(db, ns, &doc);
			buf_release(&docs);
			bson_free(ns);
		}
		globfree(&g);
	}
	bson_free(pattern);
}
