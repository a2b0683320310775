#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth.h"
#include "base/sig.h"
#include "dispatch.h"
#include "trans.h"
#include "ttl.h"
#include "wire.h"

#define KEEP_BYTES (64 << 20) /* of a buffer, between messages */

struct link {
	struct conn conn;
	struct link *next, **back;
};

static int listener = -1;
static struct link *links; /* under sim.lock */

bool
net_listen(int *port, bson_error_t *error)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)*port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	int on = 1;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&addr, sizeof addr) != 0 ||
	    listen(listener, 128) != 0 ||
	    getsockname(listener, (struct sockaddr *)&addr, &len) != 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not listen on port %d", *port);
	*port = ntohs(addr.sin_port);
	return true;
}

/* True while the client of a stream of hellos is still there. */
static bool
still_there(const struct conn *conn)
{
	struct pollfd p = {.fd = conn->fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) == 0;
}

static bool
answer(struct conn *conn)
{
	struct request r;
	bool alive;

	if (!wire_parse(conn, &r))
		return false;
	do {
		wire_reply_begin(&r);
		dispatch(&r);
		if (r.drop)
			return false;
		alive = r.more_to_come || wire_reply_send(&r);
		r.streaming = r.exhaust;
	} while (alive && r.exhaust && !sim.stopping && still_there(conn));
	return alive;
}

static void
trim(struct buf *b)
{
	if (b->cap > KEEP_BYTES)
		buf_release(b);
}

static void *
conn_main(void *arg)
{
	struct link *l = arg;
	struct conn *conn = &l->conn;

	while (wire_read(conn) && answer(conn)) {
		trim(&conn->in);
		trim(&conn->out);
	}
	pthread_mutex_lock(&sim.lock);
	auth_drop(conn);
	*l->back = l->next;
	if (l->next)
		l->next->back = l->back;
	sim.connections--;
	close(conn->fd);
	pthread_cond_broadcast(&sim.changed);
	pthread_mutex_unlock(&sim.lock);
	buf_release(&conn->in);
	buf_release(&conn->out);
	bson_free(l);
	return NULL;
}

static void
start(int fd)
{
	struct link *l = bson_malloc0(sizeof *l);
	pthread_attr_t attr;
	pthread_t thread;
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	pthread_mutex_lock(&sim.lock);
	l->conn.fd = fd;
	l->conn.id = ++sim.total_connections;
	l->next = links;
	l->back = &links;
	if (links)
		links->back = &l->next;
	links = l;
	sim.connections++;
	pthread_mutex_unlock(&sim.lock);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, conn_main, l) != 0)
		conn_main(l); /* no thread: served here until it ends */
	pthread_attr_destroy(&attr);
}

void
net_serve(void)
{
	struct pollfd p[2] = {{.fd = listener, .events = POLLIN},
	    {.fd = sig_wake_fd(), .events = POLLIN}};

	while (!sig_stopping()) {
		int n = poll(p, 2, 1000);

		if (n > 0 && (p[0].revents & POLLIN)) {
			int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

			if (fd >= 0)
				start(fd);
		}
		pthread_mutex_lock(&sim.lock);
		if (!sim.secondary && sim.locks == 0)
			oplog_tick();
		trans_expire();
		if (!sim.set.feed && !sim.secondary && sim.locks == 0)
			ttl_tick();
		pthread_mutex_unlock(&sim.lock);
	}
}

void
net_close_all(const struct conn *except)
{
	for (struct link *l = links; l; l = l->next)
		if (&l->conn != except)
			shutdown(l->conn.fd, SHUT_RDWR);
}

void
net_stop(void)
{
	int64_t deadline = server_tick() + 3000;
	struct timespec t = {deadline / 1000, deadline % 1000 * 1000000};

	close(listener);
	pthread_mutex_lock(&sim.lock);
	sim.stopping = true;
	net_close_all(NULL);
	server_wake();
	while (sim.connections > 0 &&
	    pthread_cond_timedwait(&sim.changed, &sim.lock, &t) == 0)
		;
	pthread_mutex_unlock(&sim.lock);
}
