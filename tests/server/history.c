/* A queue in the order of time, one slot a replaced version: what falls out
 * of the window is at its front, so that nothing has to be searched for.
 * Slots of collections, documents and versions that have gone otherwise (drop,
 * rollback) find nothing and are passed over. */
#include "history.h"

#include "catalog.h"
#include "out.h"
#include "server.h"

struct slot {
	uint64_t serial, ts;
	int64_t rid;
	size_t bytes;
};

static struct slot *ring; /* a power of two */
static size_t cap, first, n;
static size_t bytes;
static uint64_t oldest;

void
history_start(uint64_t ts)
{
	oldest = ts;
}

static void
grow(void)
{
	size_t more = cap ? cap * 2 : 1024;
	struct slot *new = bson_malloc(more * sizeof *new);

	for (size_t i = 0; i < n; i++)
		new[i] = ring[(first + i) & (cap - 1)];
	bson_free(ring);
	ring = new;
	cap = more;
	first = 0;
}

void
history_kept(const struct coll *c, int64_t rid, uint64_t ts, size_t len)
{
	if (n == cap)
		grow();
	ring[(first + n++) & (cap - 1)] = (struct slot){
	    .serial = c->serial, .ts = ts, .rid = rid, .bytes = len};
	bytes += len;
}

/* The window's begin; never behind the commit point. */
static uint64_t
window(void)
{
	uint64_t end = ts_of(sim.committed);
	uint64_t length = (uint64_t)sim.set.window << 32;

	return end > length ? end - length : 0;
}

uint64_t
history_oldest(void)
{
	uint64_t begin = window();

	return begin > oldest ? begin : oldest;
}

static void
pop(void)
{
	const struct slot *s = &ring[first];
	struct coll *c = catalog_by_serial(s->serial);

	if (oldest < s->ts)
		oldest = s->ts;
	if (c)
		coll_trim(c, s->rid, oldest);
	bytes -= s->bytes;
	first = (first + 1) & (cap - 1);
	n--;
}

void
history_trim(void)
{
	uint64_t begin = window(), end = ts_of(sim.committed);

	while (n > 0 &&
	    (ring[first].ts <= begin ||
		(bytes > HISTORY_BYTES && ring[first].ts <= end)))
		pop();
}

void
history_forget(void)
{
	oldest = ts_of(sim.committed);
	while (n > 0 && ring[first].ts <= oldest)
		pop();
}
