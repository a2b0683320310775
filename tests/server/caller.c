#include "caller.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "request.h"

#define OP_MSG 2013
#define HEADER 21 /* header, flags, the kind of the one section */

bool
caller_open(struct caller *c, const char *address, bson_error_t *error)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	char *host = bson_strdup(address);
	char *port = strrchr(host, ':');
	int on = 1;
	bool ok = false;

	*c = (struct caller){.fd = -1};
	if (port)
		*port++ = '\0';
	if (port && getaddrinfo(host, port, &hints, &found) == 0) {
		c->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ok = c->fd >= 0 &&
		    connect(c->fd, found->ai_addr, found->ai_addrlen) == 0;
		freeaddrinfo(found);
	}
	bson_free(host);
	if (!ok) {
		caller_close(c);
		return error_errno(error, MM_EXIT_SOURCE,
		    "could not connect to \"%s\"", address);
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return true;
}

void
caller_close(struct caller *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	buf_release(&c->in);
	buf_release(&c->out);
}

static bool
send_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
read_all(int fd, uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(fd, data, len, 0);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static void
put32(struct buf *b, uint32_t v)
{
	v = BSON_UINT32_TO_LE(v);
	buf_add(b, &v, 4);
}

static bool
exchange(struct caller *c, const bson_t *command)
{
	uint8_t head[4];
	uint32_t len;

	buf_clear(&c->out);
	put32(&c->out, HEADER + command->len);
	put32(&c->out, (uint32_t)++c->id);
	put32(&c->out, 0);
	put32(&c->out, OP_MSG);
	put32(&c->out, 0);
	buf_add_byte(&c->out, 0);
	buf_add(&c->out, bson_get_data(command), command->len);
	if (!send_all(c->fd, c->out.data, c->out.len) ||
	    !read_all(c->fd, head, 4))
		return false;
	memcpy(&len, head, 4);
	len = BSON_UINT32_FROM_LE(len);
	if (len < HEADER + 5 || len > MAX_MESSAGE)
		return false;
	buf_clear(&c->in);
	buf_reserve(&c->in, len);
	c->in.len = len;
	return read_all(c->fd, c->in.data + 4, len - 4);
}

bool
caller_run(
    struct caller *c, const bson_t *command, bson_t *reply, bson_error_t *error)
{
	const char *message = "";
	bson_iter_t it;
	int code = 0;

	if (!exchange(c, command) ||
	    !bson_init_static(reply, c->in.data + HEADER, c->in.len - HEADER))
		return error_set(error, MM_EXIT_SOURCE, 0,
		    "the connection to the primary is gone");
	if (bson_iter_init_find(&it, reply, "ok") && bson_iter_as_bool(&it))
		return true;
	if (bson_iter_init_find(&it, reply, "errmsg") &&
	    BSON_ITER_HOLDS_UTF8(&it))
		message = bson_iter_utf8(&it, NULL);
	if (bson_iter_init_find(&it, reply, "code"))
		code = (int)bson_iter_as_int64(&it);
	return error_set(error, MM_EXIT_SOURCE, code, "%s", message);
}
