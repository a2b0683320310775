#include "building.h"

#include <string.h>

#include "ops.h"
#include "options.h"
#include "plan.h"

static struct building *buildings;

/* ------------------------------------------------------------------ a thread
 */

static void
forget(struct building *b)
{
	for (size_t i = 0; i < b->n; i++)
		bson_destroy(&b->own_spec[i]);
	bson_free(b->own_spec);
	buf_release(&b->own_info);
	bson_free(b);
}

static void
take_out(struct building *b)
{
	struct building **p = &buildings;

	while (*p != b)
		p = &(*p)->next;
	*p = b->next;
}

/* The scan, then the wait for a primary that commits. */
static void
pass_time(struct building *b)
{
	while (!b->aborted && b->hold.stands(b->hold.id) && !sim.stopping)
		server_wait(-1);
	b->at = b->total;
	while (!b->aborted && sim.secondary && !sim.stopping)
		server_wait(-1);
}

static void *
work(void *arg)
{
	struct building *b = arg;
	bson_error_t why = {0};

	pthread_mutex_lock(&sim.lock);
	pass_time(b);
	b->coll = catalog_by_uuid(b->uuid);
	if (b->aborted || !b->coll) {
		refuse(&why, 276, "Index build aborted");
		if (b->coll)
			index_build_failed(b, &why, &b->error);
		else
			b->error = why;
	} else {
		index_build_end(b, &b->error);
	}
	take_out(b);
	b->ended = true;
	if (b->left)
		forget(b);
	server_wake();
	pthread_mutex_unlock(&sim.lock);
	return NULL;
}

static struct building *
begin(const struct building *plan)
{
	struct building *b = bson_malloc(sizeof *b);
	pthread_t thread;

	*b = *plan;
	b->name = b->ns + (plan->name - plan->ns);
	b->own_spec = bson_aligned_alloc(
	    BSON_ALIGNOF(bson_t), b->n * sizeof *b->own_spec);
	for (size_t i = 0; i < b->n; i++)
		bson_copy_to(&plan->spec[i], &b->own_spec[i]);
	b->spec = b->own_spec;
	b->own_info = (struct buf){0};
	b->info = &b->own_info;
	b->op = ops_next_id();
	b->started = server_tick();
	b->total = b->coll->n_docs;
	index_build_begin(b);
	b->next = buildings;
	buildings = b;
	if (pthread_create(&thread, NULL, work, b) != 0)
		abort();
	pthread_detach(thread);
	server_wake();
	return b;
}

bool
building_run(
    struct request *r, const struct building *plan, bson_error_t *error)
{
	struct building *b = begin(plan);
	int64_t term = sim.term;
	bool ok;

	while (
	    !b->ended && !sim.secondary && sim.term == term && server_wait(-1))
		;
	if (!b->ended) {
		/* Ended by a kill: so is the build. */
		b->aborted |= ops_killed();
		b->left = true;
		server_wake();
		return refuse(error, ops_killed() ? 11601 : 11602,
		    "operation was interrupted");
	}
	ok = b->error.code == 0;
	if (!ok)
		*error = b->error;
	buf_add(&r->info, b->own_info.data, b->own_info.len);
	forget(b);
	return ok;
}

/* ------------------------------------------------------------- met by others
 */

static bool
is_of(const struct building *b, const uint8_t uuid[16])
{
	return memcmp(b->uuid, uuid, 16) == 0;
}

bool
building_meets(struct request *r, const struct coll *c, const bson_t *spec,
    bool *busy, bson_error_t *error)
{
	bool same = false;

	for (struct building *b = buildings; b; b = b->next)
		for (size_t i = 0; is_of(b, c->uuid) && i < b->n; i++) {
			if (!options_same_index(
				&b->spec[i], spec, &same, &r->errmsg, error))
				return false;
			*busy |= same;
		}
	return true;
}

static bool
is_there(const uint8_t id[16])
{
	for (struct building *b = buildings; b; b = b->next)
		if (memcmp(b->id, id, 16) == 0)
			return true;
	return false;
}

bool
building_wait(struct request *r, const uint8_t uuid[16])
{
	uint8_t id[16];

	(void)r;
	for (struct building *b = buildings; b; b = b->next) {
		if (!is_of(b, uuid))
			continue;
		memcpy(id, b->id, 16);
		while (is_there(id))
			if (sim.secondary || !server_wait(-1))
				return false;
		return true;
	}
	return true;
}

void
building_abort(const struct coll *c)
{
	uint8_t uuid[16];
	bool any = true;

	memcpy(uuid, c->uuid, 16);
	while (any && !sim.stopping) {
		any = false;
		for (struct building *b = buildings; b; b = b->next)
			if (is_of(b, uuid))
				b->aborted = any = true;
		server_wake();
		if (any && !server_wait(-1))
			return;
	}
}

bool
building_drop(struct request *r, const struct coll *c, const bson_iter_t *want)
{
	for (struct building *b = buildings; b; b = b->next)
		for (size_t i = 0; is_of(b, c->uuid) && i < b->n; i++) {
			struct index index = {.spec = (bson_t *)&b->spec[i]};
			bson_iter_t name;

			if (bson_iter_init_find(&name, &b->spec[i], "name"))
				index.name = bson_iter_utf8(&name, NULL);
			if (!hint_names(want, &index))
				continue;
			if (b->n == 1)
				b->aborted = true;
			server_wake();
			return building_wait(r, c->uuid);
		}
	return false;
}

/* -------------------------------------------------------------------- shown */

void
building_put_specs(struct buf *docs, const struct coll *c)
{
	for (struct building *b = buildings; b; b = b->next)
		for (size_t i = 0; is_of(b, c->uuid) && i < b->n; i++)
			buf_add(
			    docs, bson_get_data(&b->spec[i]), b->spec[i].len);
}

static void
put_command(struct buf *docs, const struct building *b)
{
	size_t mark = out_open(docs, "command", BSON_TYPE_DOCUMENT), list;

	out_text(docs, "createIndexes", b->name);
	list = out_open(docs, "indexes", BSON_TYPE_ARRAY);
	for (size_t i = 0; i < b->n; i++)
		out_index(docs, (uint32_t)i, bson_get_data(&b->spec[i]),
		    b->spec[i].len);
	out_close(docs, list);
	out_text(docs, "$db", b->db);
	out_close(docs, mark);
}

static void
put_op(struct buf *docs, const struct building *b)
{
	static const char step[] = "Index Build: scanning collection";
	size_t mark = out_open(docs, NULL, BSON_TYPE_DOCUMENT), sub;
	int64_t ms = server_tick() - b->started;
	char msg[200];

	out_text(docs, "type", "op");
	out_text(docs, "host", sim.set.host);
	out_text(docs, "desc", "IndexBuildsCoordinatorMongod-0");
	out_bool(docs, "active", true);
	out_int(docs, "opid", b->op);
	out_i64(docs, "secs_running", ms / 1000);
	out_i64(docs, "microsecs_running", ms * 1000);
	out_text(docs, "op", "command");
	out_text(docs, "ns", b->ns);
	put_command(docs, b);
	snprintf(msg, sizeof msg, "%s %s: %lld/%lld %d%%", step, step,
	    (long long)b->at, (long long)b->total,
	    (int)(b->at * 100 / (b->total ? b->total : 1)));
	out_text(docs, "msg", msg);
	sub = out_open(docs, "progress", BSON_TYPE_DOCUMENT);
	out_int(docs, "done", b->at);
	out_int(docs, "total", b->total);
	out_close(docs, sub);
	out_close(docs, mark);
}

void
building_put_ops(struct buf *docs)
{
	for (struct building *b = buildings; b; b = b->next)
		put_op(docs, b);
}
