#include "engine/switch_prober.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/status.h"
#include "base/thread.h"

enum { PAUSE_US = 5000, PATIENCE_MS = 10000 };

struct prober {
	struct block_opts o;
	struct conn *conn;
	struct block *block;
	pthread_t thread;
	atomic_bool stop, shut; /* shut: the last try was refused */
	struct prober_seen seen;
};

static void *
run(void *arg)
{
	struct prober *p = arg;
	int64_t since = 0, began;
	bson_error_t why;

	while (!atomic_load(&p->stop)) {
		began = clock_ms();
		switch (block_account(p->block, SIDE_SOURCE, &why)) {
		case 1:
			status_int("probe_failed", ++p->seen.refused);
			if (!atomic_exchange(&p->shut, true))
				since = began;
			break;
		case 0:
			if (atomic_exchange(&p->shut, false) &&
			    clock_ms() - since > p->seen.refused_ms)
				p->seen.refused_ms = clock_ms() - since;
			break;
		default:
			p->seen.unknown++;
		}
		p->seen.tries++;
		usleep(PAUSE_US);
	}
	return NULL;
}

struct prober *
prober_new(
    struct server *source, const struct block_opts *o, bson_error_t *error)
{
	struct prober *p = bson_malloc0(sizeof *p);

	p->o = *o;
	p->conn = conn_open(source, error);
	p->o.conn[SIDE_SOURCE] = p->conn;
	p->o.conn[SIDE_TARGET] = NULL;
	p->o.probe[SIDE_TARGET] = NULL;
	/* Once before anything is closed: it is connected then. */
	if (p->conn && (p->block = block_new(&p->o, error)) &&
	    block_account(p->block, SIDE_SOURCE, error) >= 0 &&
	    thread_start(&p->thread, run, p, error))
		return p;
	block_free(p->block);
	if (p->conn)
		conn_close(p->conn);
	bson_free(p);
	return NULL;
}

void
prober_end(struct prober *p, struct prober_seen *seen)
{
	int64_t end = clock_ms() + PATIENCE_MS;

	while (atomic_load(&p->shut) && clock_ms() < end)
		usleep(PAUSE_US);
	atomic_store(&p->stop, true);
	pthread_join(p->thread, NULL);
	*seen = p->seen;
	block_free(p->block);
	conn_close(p->conn);
	bson_free(p);
}
