#include "members.h"

#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "history.h"

#define SILENT_MS 5000

static struct member members[MEMBERS_MAX];
static size_t count;

void
members_init(void)
{
	memset(members, 0, sizeof members);
	snprintf(members[0].host, sizeof members[0].host, "%s", sim.set.host);
	count = 1;
}

size_t
members_count(void)
{
	return count;
}

bool
members_is_self(const struct member *m)
{
	return strcmp(m->host, sim.set.host) == 0;
}

const struct member *
members_at(size_t i)
{
	if (members_is_self(&members[i])) {
		members[i].last = sim.last;
		members[i].heard = server_tick();
	}
	return &members[i];
}

bool
members_alive(const struct member *m)
{
	return server_tick() - m->heard < SILENT_MS;
}

const char *
members_primary(void)
{
	const struct member *m = members_at(0);

	if (sim.secondary && (members_is_self(m) || !members_alive(m)))
		return NULL;
	return m->host;
}

static int
newest_first(const void *a, const void *b)
{
	const struct optime *x = a, *y = b;

	return optime_cmp(*y, *x);
}

struct optime
members_reached(size_t n)
{
	struct optime all[MEMBERS_MAX];

	for (size_t i = 0; i < count; i++)
		all[i] = members_at(i)->last;
	qsort(all, count, sizeof *all, newest_first);
	return all[n - 1];
}

static void
commit(struct optime at)
{
	if (optime_cmp(sim.committed, at) >= 0)
		return;
	sim.committed = at;
	sim.committed_wall = optime_cmp(at, sim.last) == 0
	    ? sim.last_wall
	    : (int64_t)at.secs * 1000;
	history_trim();
	server_wake();
}

void
members_commit(void)
{
	if (!sim.set.follow && !sim.held)
		commit(members_reached(count / 2 + 1));
}

static bool
read_member(const bson_iter_t *it, struct member *m)
{
	bson_iter_t field;
	bson_t doc;

	*m = (struct member){.last = OPTIME_NULL};
	if (!iter_doc(it, &doc) || !bson_iter_init_find(&field, &doc, "host") ||
	    !BSON_ITER_HOLDS_UTF8(&field))
		return false;
	snprintf(m->host, sizeof m->host, "%s", bson_iter_utf8(&field, NULL));
	if (bson_iter_init_find(&field, &doc, "silent"))
		m->heard = server_tick() - bson_iter_as_int64(&field);
	optime_read(&doc, "optime", &m->last);
	return true;
}

void
members_take(const bson_t *reply)
{
	struct optime at;
	bson_iter_t it;
	bson_t list;
	size_t n = 0;

	if (!bson_iter_init_find(&it, reply, "members") ||
	    !iter_doc(&it, &list))
		return;
	bson_iter_init(&it, &list);
	while (n < MEMBERS_MAX && bson_iter_next(&it) &&
	    read_member(&it, &members[n]))
		n++;
	sim.topology += n != count;
	count = n;
	if (optime_read(reply, "lastOpCommitted", &at) && !sim.held)
		commit(optime_cmp(at, sim.last) < 0 ? at : sim.last);
}

static struct member *
member_of(const char *host)
{
	for (size_t i = 1; i < count; i++)
		if (strcmp(members[i].host, host) == 0)
			return &members[i];
	if (count == MEMBERS_MAX)
		return NULL;
	snprintf(members[count].host, sizeof members[count].host, "%s", host);
	members[count].last = OPTIME_NULL;
	sim.members = (int)count;
	sim.topology++;
	server_wake();
	return &members[count++];
}

bool
cmd_update_position(struct request *r, bson_error_t *error)
{
	const char *host = arg_text(r, "host");
	struct member *m;
	char text[INDEX_TEXT];
	size_t array;

	if (!host || strcmp(host, sim.set.host) == 0 || sim.secondary)
		return refuse(error, 10107, "not primary");
	m = member_of(host);
	if (!m)
		return refuse(error, 103, "too many members");
	m->heard = server_tick();
	optime_read(&r->body, "optime", &m->last);
	members_commit();
	/* Also who waits for w: 2. */
	server_wake();
	out_optime(r->reply, "lastOpCommitted", sim.committed);
	array = out_open(r->reply, "members", BSON_TYPE_ARRAY);
	for (size_t i = 0; i < count; i++) {
		size_t doc = out_open(r->reply, index_text((uint32_t)i, text),
		    BSON_TYPE_DOCUMENT);

		out_text(r->reply, "host", members_at(i)->host);
		out_int(r->reply, "silent", server_tick() - members[i].heard);
		out_optime(r->reply, "optime", members[i].last);
		out_close(r->reply, doc);
	}
	out_close(r->reply, array);
	return true;
}
