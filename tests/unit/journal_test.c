/* The journal: what is written is read, a file that was cut is read up to its
 * last whole row, and an epoch ends where something may be missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/journal.h"
#include "io/file.h"
#include "segments.h"
#include "tap.h"

enum { ROWS = 40 };

static bson_t *
head(void)
{
	return tap_json5("{'job':'j','source':{'set':'s'},'filters':{}}");
}

static struct journal *
start(const char *dir, const struct job_checkpoint *cp, struct optime to)
{
	bson_error_t error = {0};
	bson_t *h = head();
	struct journal *j = journal_new(dir, h, cp, to, &error);

	if (!j)
		tap_note("%s", error.message);
	bson_destroy(h);
	return j;
}

/* Row i: an insert, an update, a delete of document i % 7, or a command. */
static bool
add_row(struct journal *j, int i, bson_error_t *error)
{
	struct entry e = {.at = at((unsigned)i),
	    .ns = i % 2 ? "d.a" : "d.b",
	    .txn_index = i % 5 == 0 ? i : -1};
	bson_t *pre = BCON_NEW("_id", BCON_INT32(i % 7), "n", BCON_INT32(i));
	bson_t *post = BCON_NEW("_id", BCON_INT32(i % 7), "m", BCON_INT32(i));
	struct buf now = BUF_INIT;
	bool ok;

	buf_add(&now, bson_get_data(post), post->len);
	bson_init_static(&e.o, bson_get_data(post), post->len);
	bson_init_static(&e.o2, bson_get_data(pre), pre->len);
	e.op = (enum entry_op)(i % 4);
	if (e.op == ENTRY_COMMAND)
		e.command = "drop", ok = journal_command(j, &e, error);
	else
		ok = journal_change(j, &e, e.op == ENTRY_INSERT ? NULL : pre,
		    e.op == ENTRY_DELETE ? EFFECT_DELETED : EFFECT_STORED, &now,
		    error);
	buf_release(&now);
	bson_destroy(pre);
	bson_destroy(post);
	return ok && (i % 8 != 7 || journal_flush(j, error));
}

struct got {
	int rows, marks, files;
	bool bad;
	char epoch[JOB_JOURNAL];
	struct optime sound;
};

static bool
number_is(const bson_t *doc, const char *field, int n)
{
	bson_iter_t it;

	return doc && bson_iter_init_find(&it, doc, field) &&
	    BSON_ITER_HOLDS_INT32(&it) && bson_iter_int32(&it) == n;
}

static bool
file(void *arg, const struct journal_file *f, bson_error_t *error)
{
	struct got *g = arg;

	(void)error;
	g->files++;
	bson_strncpy(g->epoch, f->epoch, sizeof g->epoch);
	g->sound = f->sound;
	return true;
}

static bool
row(void *arg, const struct journal_row *r, bson_error_t *error)
{
	struct got *g = arg;
	int i = g->rows++, op = i % 4;
	bool command = op == ENTRY_COMMAND;

	(void)error;
	if (optime_cmp(r->at, at((unsigned)i)) != 0 ||
	    strcmp(r->ns, i % 2 ? "d.a" : "d.b") != 0 ||
	    r->txn != (i % 5 == 0 ? i : -1) || r->fuzzy != (i <= 10) ||
	    !r->command != !command ||
	    !r->old != (command || op == ENTRY_INSERT) ||
	    !r->now != (command || op == ENTRY_DELETE) ||
	    (!command && !number_is(&r->header, "_id", i % 7)) ||
	    (r->old && !number_is(r->old, "n", i)) ||
	    (r->now && !number_is(r->now, "m", i)))
		g->bad = true;
	return true;
}

static bool
mark(void *arg, struct optime a, struct optime from, bson_error_t *error)
{
	struct got *g = arg;

	(void)error;
	g->marks++;
	g->bad |= optime_cmp(from, a) > 0;
	return true;
}

static bool
get(const char *dir, struct got *g, bson_error_t *error)
{
	struct journal_reader r = {
	    .arg = g, .file = file, .row = row, .mark = mark};

	*g = (struct got){0};
	return journal_read(dir, "j", &r, error);
}

static char *
path_of(const char *dir, const char *name)
{
	return bson_strdup_printf("%s/%s", dir, name);
}

static void
write_file(const char *path, const char *data, size_t len)
{
	FILE *f = fopen(path, "we");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
		abort();
}

/* Cut anywhere: rows from the first on, each whole. */
static void
cuts(const char *data, size_t len)
{
	char *dir = new_dir(), *part, *full;
	int least = 0, bad = 0, most = 0, refused = 0;
	bson_error_t error;
	struct got g;

	part = path_of(dir, "00000001.journal.bson.zst.partial");
	full = path_of(dir, "00000001.journal.bson.zst");
	for (size_t n = 0; n <= len; n++) {
		write_file(part, data, n);
		if (!get(dir, &g, &error) || g.bad || g.rows < least)
			bad++;
		least = g.rows;
		most = g.rows > most ? g.rows : most;
		unlink(part);
		if (n % 16 != 0 || n == len)
			continue;
		write_file(full, data, n);
		refused += !get(dir, &g, &error) &&
		    error_status(&error) == MM_EXIT_STREAM;
		unlink(full);
	}
	OK(bad == 0 && most >= ROWS - 8,
	    "cut at each byte: %d of %zu wrong, "
	    "%d rows",
	    bad, len, most);
	OK(refused == (int)((len + 15) / 16),
	    "a finished file that is cut is damaged");
	bson_free(part);
	bson_free(full);
	remove_dir(dir);
}

static void
round_trip(void)
{
	struct job_checkpoint cp = {at(1), at(1), at(1), OPTIME_NULL, ""};
	char *dir = new_dir(), *path;
	struct journal *j = start(dir, &cp, at(10));
	bson_error_t error = {0};
	struct got g;
	bool ok = j != NULL;
	char *data;
	size_t len;

	for (int i = 0; ok && i < ROWS; i++) {
		ok = add_row(j, i, &error);
		if (i == 20) {
			cp.applied = cp.read_from = at(20);
			ok = ok && journal_checkpoint(j, &cp, &error) &&
			    journal_checkpoint(j, &cp, &error);
		}
	}
	OK(ok && journal_flush(j, &error), "written: %s", error.message);
	path = path_of(dir, "00000001.journal.bson.zst.partial");
	data = tap_read_file(path, &len);
	ok = get(dir, &g, &error);
	OK(ok && !g.bad && g.rows == ROWS && g.marks == 2,
	    "read while it is written: %d rows, %d marks", g.rows, g.marks);
	OK(journal_close(j, &error) && get(dir, &g, &error) && !g.bad &&
		g.rows == ROWS && g.marks == 2 && g.files == 1 &&
		optime_cmp(g.sound, at(10)) == 0 &&
		strcmp(g.epoch, journal_epoch(j)) == 0,
	    "read when it is whole");
	journal_free(j);
	cuts(data, len);
	bson_free(data);
	bson_free(path);
	remove_dir(dir);
}

/* The epoch of a run that begins with this checkpoint, which writes a row. */
static char *
run(const char *dir, const char *journal, struct optime ahead, bool finish)
{
	struct job_checkpoint cp = {at(5), at(5), at(1), ahead, ""};
	struct journal *j;
	bson_error_t error;
	char *epoch;

	bson_strncpy(cp.journal, journal, sizeof cp.journal);
	j = start(dir, &cp, at(1));
	if (!j || !add_row(j, 1, &error) || !journal_flush(j, &error) ||
	    (finish && !journal_close(j, &error)))
		abort();
	epoch = bson_strdup(journal_epoch(j));
	journal_free(j);
	return epoch;
}

/* The name of the boot in the head of a killed run's file is changed: the host
 * went down with it. */
static void
reboot(const char *dir, const char *name)
{
	char *path = path_of(dir, name);
	struct stream_in *in;
	struct stream_item item;
	struct stream_out_opts opts = {.level = 1, .live = true};
	bson_t changed = BSON_INITIALIZER;
	struct stream_out *out;
	bson_error_t error;
	int fd = file_open_read(path, &error);

	in = stream_in_new(fd, path, false);
	if (stream_next(in, &item, &error) != STREAM_GOT)
		abort();
	bson_copy_to_excluding_noinit(
	    &item.control, &changed, "$mm", "v", "kind", "boot", "x", NULL);
	BSON_APPEND_UTF8(&changed, "boot", "another");
	unlink(path);
	opts.name = path;
	opts.fd = file_create(path, &error);
	out = stream_out_new(&opts, STREAM_JOURNAL, &changed, &error);
	if (!out || !stream_flush(out, &error))
		abort();
	stream_out_free(out);
	stream_in_free(in);
	bson_destroy(&changed);
	close(opts.fd);
	close(fd);
	bson_free(path);
}

static void
epochs(void)
{
	char *dir = new_dir(), *a, *b, *c, *d, *e, *f;
	struct journal_reader r = {.heads = true};
	bson_error_t error;
	struct got g;

	a = run(dir, "", OPTIME_NULL, true);
	b = run(dir, a, OPTIME_NULL, true);
	OK(strcmp(a, b) == 0, "goes on");
	c = run(dir, "", at(9), false);
	OK(strcmp(c, b) != 0 && get(dir, &g, &error) && g.files == 3 &&
		optime_cmp(g.sound, at(9)) == 0,
	    "a run without a journal came between, and was killed");
	d = run(dir, c, at(9), false);
	OK(strcmp(d, c) == 0, "goes on after a kill");
	e = run(dir, a, OPTIME_NULL, false);
	OK(strcmp(e, a) != 0 && strcmp(e, d) != 0, "another journal was used");
	reboot(dir, "00000005.journal.bson.zst.partial");
	f = run(dir, e, OPTIME_NULL, true);
	OK(strcmp(f, e) == 0, "the host went down, nothing was on its way");
	bson_free(f);
	bson_free(e);
	e = run(dir, d, OPTIME_NULL, false);
	reboot(dir, "00000007.journal.bson.zst.partial");
	f = run(dir, e, at(9), true);
	OK(strcmp(f, e) != 0, "the host went down with what was on its way");
	OK(!journal_read(dir, "other", &r, &error) &&
		error_status(&error) == MM_EXIT_REFUSED,
	    "another job: %s", error.message);
	bson_free(a);
	bson_free(b);
	bson_free(c);
	bson_free(d);
	bson_free(e);
	bson_free(f);
	remove_dir(dir);
}

int
main(void)
{
	round_trip();
	epochs();
	return tap_done();
}
