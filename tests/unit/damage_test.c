/* A sample stream in each encoding: every bit flipped, every truncation, one
 * byte at a time. What a reader hands out before it finds the damage must be a
 * true beginning of the stream. */
#include <pthread.h>
#include <stdio.h>

#include "base/msg.h"
#include "streams.h"

#define BORDERS 32

struct sample {
	const char *name;
	int level;
	bool live, table;
	uint8_t *data;
	size_t len;
	/* Bytes that were written when the n-th item was flushed. */
	size_t border[BORDERS];
	int items;
	struct given all;
};

static struct sample samples[] = {
    {"bare", 0, false, false},
    {"bulk", 1, false, false},
    {"live", 1, true, false},
    {"segment", 1, true, true},
};

static void
item_done(struct sample *s, struct stream_out *out)
{
	BSON_ASSERT(stream_flush(out, NULL) && s->items < BORDERS);
	s->border[s->items++] = stream_out_bytes(out);
}

static void
put_docs(struct sample *s, struct stream_out *out, int32_t c, int n)
{
	struct block b = {.c = c};

	for (int i = 0; i < n; i++) {
		bson_t *doc = BCON_NEW("_id", BCON_INT32(i), "name", "aaaaaaaa",
		    "list", "[", BCON_INT64(i * 1000), BCON_BOOL(i % 2), "]");

		block_add(&b, bson_get_data(doc), doc->len);
		bson_destroy(doc);
	}
	BSON_ASSERT(stream_put_block(out, &b, NULL, NULL));
	item_done(s, out);
	block_release(&b);
}

static void
put_record(struct sample *s, struct stream_out *out, bson_t *doc)
{
	BSON_ASSERT(stream_put(out, doc, NULL));
	bson_destroy(doc);
	item_done(s, out);
}

static void
make(struct sample *s)
{
	static const uint8_t id[16] = "0123456789abcdef";
	struct stream_out_opts opts = {.name = s->name,
	    .level = s->level,
	    .live = s->live,
	    .table = s->table,
	    .fd = memory_file("", 0)};
	bson_t *head = BCON_NEW("id", BCON_BIN(BSON_SUBTYPE_UUID, id, 16),
	    "created", BCON_DATE_TIME(0), "tool", "t", "host", "h", "source",
	    "{", "set", "rs", "}");
	struct stream_out *out =
	    stream_out_new(&opts, STREAM_SNAPSHOT, head, NULL);

	item_done(s, out);
	put_record(s, out,
	    BCON_NEW("$mm", "coll", "c", BCON_INT32(0), "db", "shop", "coll",
		"orders"));
	put_docs(s, out, 0, 3);
	put_record(s, out, BCON_NEW("$mm", "mark", "ts", BCON_TIMESTAMP(1, 2)));
	put_record(s, out, BCON_NEW("$mm", "unknown"));
	s->items--; /* is skipped */
	put_docs(s, out, 0, 1);
	BSON_ASSERT(stream_put_end(out, "signal", NULL, NULL));
	s->len = stream_out_bytes(out);
	s->border[s->items++] = s->len;
	s->data = bson_malloc(s->len);
	BSON_ASSERT(pread(opts.fd, s->data, s->len, 0) == (ssize_t)s->len);
	stream_out_free(out);
	close(opts.fd);
	bson_destroy(head);
	s->all = read_bytes(s->data, s->len, false);
	OK(s->all.ended && s->all.items == s->items, "%s: %zu bytes, %d items",
	    s->name, s->len, s->items);
}

static void
flips(struct sample *s, bool units)
{
	size_t found = 0, same = 0, bad = 0;

	for (size_t bit = 0; bit < 8 * s->len; bit++) {
		struct given g;

		s->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		g = read_bytes(s->data, s->len, units);
		s->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (g.status == MM_EXIT_STREAM && given_prefix(&g, &s->all))
			found++;
		else if (g.ended && given_same(&g, &s->all))
			same++;
		else if (bad++ == 0)
			tap_note("bit %zu: %d, %d items: %s", bit, g.status,
			    g.items, g.error.message);
		given_release(&g);
	}
	OK(bad == 0 && found > 0,
	    "%s%s: %zu bits flipped, %zu found, %zu without effect", s->name,
	    units ? " (units)" : "", 8 * s->len, found, same);
	/* Only headers of frames and the table have room for that. */
	OK(s->level > 0 ? same < s->len : same == 0, "few without effect");
}

/* Every truncation is status 3, and whatever was whole has been given. */
static void
cuts(struct sample *s, bool units)
{
	size_t bad = 0, table = s->table ? s->len - 17 - 8 : s->len;
	int whole = 0;

	for (size_t len = 0; len < s->len; len++) {
		struct given g = read_bytes(s->data, len, units);
		bool no_table = s->table && g.ended &&
		    given_same(&g, &s->all) && len <= table;

		while (whole < s->items && s->border[whole] <= len)
			whole++;
		if ((g.status != MM_EXIT_STREAM && !no_table) ||
		    g.items < whole || !given_prefix(&g, &s->all)) {
			if (bad++ == 0)
				tap_note("%zu bytes: %d, %d of %d items: %s",
				    len, g.status, g.items, whole,
				    g.error.message);
		}
		given_release(&g);
	}
	OK(bad == 0 && whole == s->items - 1, "%s%s: cut at each of %zu bytes",
	    s->name, units ? " (units)" : "", s->len);
}

struct dribble {
	const struct sample *s;
	int fd;
};

static void *
dribble(void *arg)
{
	struct dribble *d = arg;

	for (size_t i = 0; i < d->s->len; i++)
		if (write(d->fd, d->s->data + i, 1) != 1)
			abort();
	close(d->fd);
	return NULL;
}

static void
byte_by_byte(struct sample *s, bool units)
{
	struct given g = {.bytes = BUF_INIT};
	struct dribble d = {.s = s};
	pthread_t thread;
	int fd[2];

	BSON_ASSERT(pipe(fd) == 0);
	d.fd = fd[1];
	pthread_create(&thread, NULL, dribble, &d);
	if (units)
		read_units_fd(fd[0], &g);
	else
		read_items_fd(fd[0], &g);
	pthread_join(thread, NULL);
	OK(g.ended && given_same(&g, &s->all), "%s%s: one byte at a time: %s",
	    s->name, units ? " (units)" : "", g.error.message);
	given_release(&g);
	close(fd[0]);
}

/* One after the other, in any mixture of encodings. */
static void
joined(void)
{
	struct buf all = BUF_INIT;
	int items = 0;

	for (int i = 0; i < 8; i++) {
		struct sample *s = &samples[(i * 3) % 4];

		buf_add(&all, s->data, s->len);
		items += s->items;
	}
	for (int units = 0; units < 2; units++) {
		struct given g = read_bytes(all.data, all.len, units);

		OK(g.ended && g.items == items, "eight streams joined: %s",
		    g.error.message);
		given_release(&g);
	}
	buf_release(&all);
}

int
main(void)
{
	msg_init("damage_test");
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		make(&samples[i]);
		for (int units = 0; units < 2; units++) {
			flips(&samples[i], units);
			cuts(&samples[i], units);
			byte_by_byte(&samples[i], units);
		}
	}
	joined();
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		bson_free(samples[i].data);
		given_release(&samples[i].all);
	}
	return tap_done();
}
