#include "wire.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER 16
#define OP_REPLY 1
#define OP_QUERY 2004
#define OP_MSG 2013

#define CHECKSUM_PRESENT 1u
#define MORE_TO_COME 2u
#define EXHAUST_ALLOWED (1u << 16)

static int32_t
get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return (int32_t)BSON_UINT32_FROM_LE(v);
}

static void
set32(uint8_t *p, int32_t v)
{
	uint32_t u = BSON_UINT32_TO_LE((uint32_t)v);

	memcpy(p, &u, 4);
}

static bool
read_exact(int fd, uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
write_all(int fd, const uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

bool
wire_read(struct conn *conn)
{
	uint8_t header[HEADER];
	int32_t len;

	if (!read_exact(conn->fd, header, HEADER))
		return false;
	len = get32(header);
	if (len < HEADER || len > MAX_MESSAGE)
		return false;
	buf_clear(&conn->in);
	buf_reserve(&conn->in, (size_t)len);
	memcpy(conn->in.data, header, HEADER);
	conn->in.len = (size_t)len;
	return read_exact(
	    conn->fd, conn->in.data + HEADER, (size_t)len - HEADER);
}

static bool
parse_sequence(struct request *r, const uint8_t *p, const uint8_t *end)
{
	struct sequence *s = &r->seq[r->n_seq];
	const uint8_t *nul = memchr(p, 0, (size_t)(end - p));

	if (!nul || r->n_seq == MAX_SEQUENCES)
		return false;
	s->name = (const char *)p;
	s->data = nul + 1;
	s->len = (size_t)(end - s->data);
	for (p = s->data; p < end; p += doc_len(p))
		if (end - p < 5 || doc_len(p) < 5 ||
		    doc_len(p) > (size_t)(end - p) || p[doc_len(p) - 1] != 0)
			return false;
	r->n_seq++;
	return true;
}

static bool
parse_msg(struct request *r, const uint8_t *p, const uint8_t *end)
{
	uint32_t flags;
	bool body = false;
	int32_t n;

	if (end - p < 5)
		return false;
	flags = (uint32_t)get32(p);
	p += 4;
	r->more_to_come = flags & MORE_TO_COME;
	r->exhaust_ok = flags & EXHAUST_ALLOWED;
	if (flags & CHECKSUM_PRESENT)
		end -= 4;
	while (end - p >= 6) {
		uint8_t kind = *p++;

		n = get32(p);
		if (n < 5 || n > end - p)
			return false;
		if (kind == 0 && !body)
			body = bson_init_static(&r->body, p, (size_t)n);
		else if (kind != 1 || !parse_sequence(r, p + 4, p + n))
			return false;
		p += n;
	}
	return body && p == end;
}

/* flags, name, skip, return, query: only `admin.$cmd` and the like. */
static bool
parse_query(struct request *r, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *nul;
	size_t n;

	if (end - p < 4 + 1 + 8 + 5)
		return false;
	p += 4;
	nul = memchr(p, 0, (size_t)(end - p));
	if (!nul || nul - p < 5 || memcmp(nul - 5, ".$cmd", 5) != 0)
		return false;
	p = nul + 1 + 8;
	n = (size_t)(end - p);
	return end - p >= 5 && doc_len(p) <= n &&
	    bson_init_static(&r->body, p, doc_len(p));
}

/* The server answers OP_QUERY for the handshake alone. */
static bool
is_handshake(const struct request *r)
{
	bson_iter_t it;

	return bson_iter_init(&it, &r->body) && bson_iter_next(&it) &&
	    (strcasecmp(bson_iter_key(&it), "ismaster") == 0 ||
		strcmp(bson_iter_key(&it), "hello") == 0);
}

/* Of what is not sound: whether that is the reason. */
static bool
too_deep(const uint8_t *doc, size_t len, int depth)
{
	struct walk w;
	struct elem e;

	if (depth > MAX_DEPTH)
		return true;
	if (!walk_init(&w, doc, len))
		return false;
	while (walk_next(&w, &e))
		if ((e.value.type == BSON_TYPE_DOCUMENT ||
			e.value.type == BSON_TYPE_ARRAY) &&
		    too_deep(e.value.data, e.value.len, depth + 1))
			return true;
	return false;
}

bool
wire_parse(struct conn *conn, struct request *r)
{
	const uint8_t *p = conn->in.data, *end = p + conn->in.len;
	bson_iter_t it;

	*r = (struct request){.conn = conn, .txn_number = -1, .cut_after = -1};
	r->id = get32(p + 4);
	r->op_query = get32(p + 12) == OP_QUERY;
	if (r->op_query) {
		if (!parse_query(r, p + HEADER, end) || !is_handshake(r))
			return false;
		r->db = "admin";
	} else if (get32(p + 12) != OP_MSG || !parse_msg(r, p + HEADER, end)) {
		return false;
	}
	if (!value_sound(bson_get_data(&r->body), r->body.len)) {
		r->too_deep = too_deep(bson_get_data(&r->body), r->body.len, 0);
		if (!r->too_deep)
			return false;
	}
	if (!bson_iter_init(&it, &r->body) || !bson_iter_next(&it))
		return false;
	r->name = bson_iter_key(&it);
	if (!r->db)
		r->db = arg_text(r, "$db");
	return r->db != NULL;
}

void
wire_reply_begin(struct request *r)
{
	static const uint8_t zero[HEADER + 20];
	struct buf *b = &r->conn->out;

	buf_clear(b);
	buf_add(b, zero, r->op_query ? HEADER + 20 : HEADER + 5);
	r->reply = b;
	out_open(b, NULL, BSON_TYPE_DOCUMENT);
}

bool
wire_reply_send(struct request *r)
{
	static atomic_int next_id;
	struct buf *b = &r->conn->out;
	size_t head = r->op_query ? HEADER + 20 : HEADER + 5;
	size_t len;

	out_close(b, head);
	set32(b->data, (int32_t)b->len);
	set32(b->data + 4, ++next_id);
	set32(b->data + 8, r->id);
	set32(b->data + 12, r->op_query ? OP_REPLY : OP_MSG);
	if (r->op_query) {
		set32(b->data + 16, 8); /* AwaitCapable */
		set32(b->data + 32, 1);
	} else {
		set32(b->data + 16, r->exhaust ? MORE_TO_COME : 0);
	}
	r->id = get32(b->data + 4); /* an exhaust goes on from here */
	len = b->len;
	if (r->cut_after >= 0 && (size_t)r->cut_after < len)
		len = (size_t)r->cut_after;
	return write_all(r->conn->fd, b->data, len) && len == b->len &&
	    (!r->twice || write_all(r->conn->fd, b->data, len));
}
