/* A chain survives a cut anywhere, and no change of a byte. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/chain.h"
#include "tap.h"

static char path[300];

static void
write_bytes(const char *data, size_t len)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		abort();
}

static void
add(struct chain *c, const char *json)
{
	bson_t *doc = tap_json5(json);
	bson_error_t error;

	if (!chain_add(c, doc, &error))
		tap_note("%s", error.message);
	bson_destroy(doc);
}

static size_t
count(bool write, enum mm_exit *status)
{
	bson_error_t error = {0};
	struct chain *c = chain_open(path, write, &error);
	size_t n = c ? chain_count(c) : 0;

	*status = c ? MM_EXIT_OK : error_status(&error);
	chain_close(c);
	return n;
}

static void
test_written(void)
{
	bson_error_t error;
	struct chain *c = chain_open(path, true, &error);
	enum mm_exit status;
	struct stat st;
	bson_iter_t it;

	OK(c && chain_count(c) == 0, "a new one is empty");
	add(c, "{'state': 'syncing'}");
	add(c, "{'state': 'blocking', 'grants': [1, 2]}");
	add(c, "{'state': 'blocked'}");
	OK(chain_count(c) == 3 &&
		bson_iter_init_find(&it, chain_doc(c, 1), "grants"),
	    "what is added is kept");
	OK(count(true, &status) == 0 && status == MM_EXIT_REFUSED,
	    "a second writer is refused");
	OK(count(false, &status) == 3 && status == MM_EXIT_OK,
	    "a reader is not");
	chain_close(c);
	OK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600,
	    "nobody else may read it");
	OK(count(true, &status) == 3, "it is read again");
}

static void
test_cuts(void)
{
	enum mm_exit status;
	size_t len, last, bad = 0;
	char *all = tap_read_file(path, &len);
	bson_error_t error;
	struct chain *c = chain_open(path, false, &error);

	last = len - chain_doc(c, 2)->len;
	chain_close(c);
	for (size_t cut = last; cut < len; cut++) {
		size_t n;

		write_bytes(all, cut);
		n = count(false, &status);
		bad += n != 2 || status != MM_EXIT_OK;
		c = chain_open(path, true, &error);
		add(c, "{'state': 'unblocking'}");
		chain_close(c);
		n = count(false, &status);
		bad += n != 3 || status != MM_EXIT_OK;
	}
	OK(bad == 0,
	    "cut at each byte of the last record: it goes on before it");
	write_bytes(all, len);
	bson_free(all);
}

static void
test_changes(void)
{
	enum mm_exit status;
	size_t len, missed = 0;
	char *all = tap_read_file(path, &len);

	for (size_t bit = 0; bit < len * 8; bit++) {
		all[bit / 8] ^= (char)(1 << bit % 8);
		write_bytes(all, len);
		count(false, &status);
		missed += status != MM_EXIT_STREAM;
		all[bit / 8] ^= (char)(1 << bit % 8);
	}
	OK(missed == 0, "each of %zu bits turned is found (%zu missed)",
	    len * 8, missed);
	write_bytes(all, len);
	bson_free(all);
}

static void
test_lost_record(void)
{
	enum mm_exit status;
	size_t len;
	char *all = tap_read_file(path, &len);
	bson_error_t error;
	struct chain *c = chain_open(path, false, &error);
	size_t first = chain_doc(c, 0)->len, second = chain_doc(c, 1)->len;

	chain_close(c);
	memmove(all + first, all + first + second, len - first - second);
	write_bytes(all, len - second);
	count(false, &status);
	OK(status == MM_EXIT_STREAM, "a record taken out is found");
	bson_free(all);
}

int
main(void)
{
	snprintf(path, sizeof path, "%s/mm-chain-%d",
	    getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
	/* Each cut is warned of. */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	test_written();
	test_cuts();
	test_changes();
	test_lost_record();
	unlink(path);
	return tap_done();
}
