#include "stream/out.h"

#include <pthread.h>
#include <string.h>

#include "io/fdio.h"
#include "io/zio.h"

#define LIVE_FRAME_BYTES STREAM_BLOCK_BYTES
#define POOL_MAX 64

struct out_frames {
	int level;
	struct zio_live *live;
	size_t live_bytes; /* input in the open live frame */
	size_t live_out;   /* and what became of it */
	bool table;
	struct buf entries; /* of the seek table */
	pthread_mutex_t lock;
	struct out_piece *pool[POOL_MAX];
	size_t n_pool;
};

struct out_piece {
	struct out_frames *f;
	struct zio_packer *packer;
	struct buf in, out;
	/* What is to be written: two ranges, the second may be empty. */
	const void *part[2];
	size_t part_len[2];
	/* A finished frame: what the seek table says of it. */
	bool whole;
	size_t packed, unpacked;
};

struct out_frames *
out_frames_new(int level, bool live, bool table)
{
	struct out_frames *f = bson_malloc0(sizeof *f);

	f->level = level;
	f->table = table;
	if (live && level > 0)
		f->live = zio_live_new(level);
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

static void
destroy_piece(struct out_piece *p)
{
	zio_packer_free(p->packer);
	buf_release(&p->in);
	buf_release(&p->out);
	bson_free(p);
}

void
out_frames_free(struct out_frames *f)
{
	while (f->n_pool > 0)
		destroy_piece(f->pool[--f->n_pool]);
	zio_live_free(f->live);
	buf_release(&f->entries);
	pthread_mutex_destroy(&f->lock);
	bson_free(f);
}

struct out_piece *
out_piece_new(struct out_frames *f)
{
	struct out_piece *p = NULL;

	pthread_mutex_lock(&f->lock);
	if (f->n_pool > 0)
		p = f->pool[--f->n_pool];
	pthread_mutex_unlock(&f->lock);
	if (!p) {
		p = bson_malloc0(sizeof *p);
		p->f = f;
		p->packer = zio_packer_new(f->level);
	}
	p->part_len[0] = p->part_len[1] = 0;
	p->whole = false;
	return p;
}

void
out_piece_free(struct out_frames *f, struct out_piece *p)
{
	buf_trim(&p->in, STREAM_KEEP_BYTES);
	buf_trim(&p->out, STREAM_KEEP_BYTES);
	pthread_mutex_lock(&f->lock);
	if (f->n_pool < POOL_MAX) {
		f->pool[f->n_pool++] = p;
		p = NULL;
	}
	pthread_mutex_unlock(&f->lock);
	if (p)
		destroy_piece(p);
}

static void
set_bare(
    struct out_piece *p, const struct buf *head, const void *data, size_t len)
{
	p->part[0] = head->data;
	p->part_len[0] = head->len;
	p->part[1] = data;
	p->part_len[1] = len;
}

bool
out_piece_pack(struct out_piece *p, const struct buf *head, const void *data,
    size_t len, bson_error_t *error)
{
	const struct buf *in = head;

	if (p->f->level == 0) {
		set_bare(p, head, data, len);
		return true;
	}
	if (len > 0) {
		buf_clear(&p->in);
		buf_reserve(&p->in, head->len + len);
		buf_add(&p->in, head->data, head->len);
		buf_add(&p->in, data, len);
		in = &p->in;
	}
	buf_clear(&p->out);
	if (!zio_pack(p->packer, in->data, in->len, &p->out, error))
		return false;
	p->part[0] = p->out.data;
	p->part_len[0] = p->out.len;
	p->whole = true;
	p->packed = p->out.len;
	p->unpacked = in->len;
	return true;
}

bool
out_piece_live(struct out_piece *p, const struct buf *head, const void *data,
    size_t len, bool end, bson_error_t *error)
{
	struct out_frames *f = p->f;

	if (!f->live) {
		set_bare(p, head, data, len);
		return true;
	}
	buf_clear(&p->out);
	f->live_bytes += head->len + len;
	end = end || f->live_bytes >= LIVE_FRAME_BYTES;
	if (!zio_live_put(f->live, head->data, head->len, end && len == 0,
		&p->out, error))
		return false;
	if (len > 0 && !zio_live_put(f->live, data, len, end, &p->out, error))
		return false;
	p->part[0] = p->out.data;
	p->part_len[0] = p->out.len;
	f->live_out += p->out.len;
	if (end) {
		p->whole = true;
		p->packed = f->live_out;
		p->unpacked = f->live_bytes;
		f->live_bytes = f->live_out = 0;
	}
	return true;
}

static void
add_le32(struct buf *b, uint32_t v)
{
	v = BSON_UINT32_TO_LE(v);
	buf_add(b, &v, sizeof v);
}

bool
out_piece_write(
    struct out_piece *p, int fd, const char *name, bson_error_t *error)
{
	for (int i = 0; i < 2; i++)
		if (!fdio_write_all(
			fd, name, p->part[i], p->part_len[i], error))
			return false;
	if (p->whole && p->f->table) {
		add_le32(&p->f->entries, (uint32_t)p->packed);
		add_le32(&p->f->entries, (uint32_t)p->unpacked);
	}
	return true;
}

size_t
out_piece_bytes(const struct out_piece *p)
{
	return p->part_len[0] + p->part_len[1];
}

/* The zstd seekable format: a skippable frame of entries and a footer. */
bool
out_frames_table(struct out_frames *f, int fd, const char *name,
    uint64_t *written, bson_error_t *error)
{
	struct buf b = BUF_INIT;
	uint32_t n = (uint32_t)(f->entries.len / 8);
	bool ok;

	add_le32(&b, 0x184d2a5e);
	add_le32(&b, (uint32_t)f->entries.len + 9);
	buf_add(&b, f->entries.data, f->entries.len);
	add_le32(&b, n);
	buf_add_byte(&b, 0);
	add_le32(&b, 0x8f92eab1);
	ok = fdio_write_all(fd, name, b.data, b.len, error);
	*written += b.len;
	buf_release(&b);
	return ok;
}
