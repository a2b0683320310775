#include "engine/target.h"

#include <string.h>

#include "base/doc.h"
#include "base/hash.h"
#include "engine/owners.h"

enum { BUCKETS = 1024, TYPICAL_FIRST = 16384 };

struct one_lane {
	struct one_lane *next;
	char ns[NS_MAX + 1];
};

struct targets {
	struct conn *conn;
	const struct grant *grant;
	struct job *job;
	struct owners *others; /* read when it is first needed */
	struct one_lane *one_lane;
	struct target *bucket[BUCKETS];
};

struct targets *
targets_new(struct conn *c, const struct grant *grant, struct job *job)
{
	struct targets *t = bson_malloc0(sizeof *t);

	t->conn = c;
	t->grant = grant;
	t->job = job;
	return t;
}

void
targets_free(struct targets *t)
{
	struct target *next;
	struct one_lane *more;

	if (!t)
		return;
	for (struct one_lane *o = t->one_lane; o; o = more) {
		more = o->next;
		bson_free(o);
	}
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct target *p = t->bucket[i]; p; p = next) {
			next = p->next;
			bson_free(p);
		}
	owners_free(t->others);
	bson_free(t);
}

static bool
needs_one_lane(const struct targets *t, const char *ns)
{
	for (const struct one_lane *o = t->one_lane; o; o = o->next)
		if (strcmp(o->ns, ns) == 0)
			return true;
	return false;
}

static bool
has_unique(const struct coll *c)
{
	bson_iter_t it;
	bson_t spec;

	if (!bson_iter_init(&it, &c->indexes))
		return false;
	while (doc_next(&it, &spec)) {
		if (index_is_unique(&spec))
			return true;
	}
	return false;
}

struct looking {
	const char *ns;
	bool found;
};

static void
look(void *arg, const char *ns)
{
	struct looking *l = arg;

	l->found = l->found || strcmp(ns, l->ns) == 0;
}

static bool
own(struct targets *t, const char *ns, bson_error_t *error)
{
	struct looking l = {.ns = ns};

	job_each_owned(t->job, look, &l);
	if (l.found)
		return true;
	if (!t->others &&
	    !(t->others = owners_read(t->conn, job_name(t->job), error)))
		return false;
	if (owners_of(t->others, ns))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot write \"%s\" on the target: it belongs to job "
		    "\"%s\"",
		    ns, owners_of(t->others, ns));
	return job_own(t->job, ns, NULL, error);
}

static bool
refresh(struct targets *t, struct target *target, bson_error_t *error)
{
	struct coll c;
	int got = catalog_one(t->conn, target->ns, &c, error);

	target->order = ORDER_ID;
	if (got == 0 && !own(t, target->ns, error))
		got = -1;
	if (got <= 0) {
		target->stale = got < 0;
		return got == 0;
	}
	target->stale = false;
	if (c.type == COLL_VIEW || c.type == COLL_TIMESERIES) {
		error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot write \"%s\" on the target: it is a %s", target->ns,
		    c.type == COLL_VIEW ? "view" : "time series");
		got = -1;
	} else if (c.collated) {
		target->order = ORDER_COLLATED;
	} else if (c.type == COLL_CAPPED) {
		target->order = ORDER_CAPPED;
	} else if (has_unique(&c) || needs_one_lane(t, target->ns)) {
		target->order = ORDER_ALL;
	}
	coll_release(&c);
	return got > 0 && own(t, target->ns, error);
}

void
targets_changed(struct targets *t, const char *ns)
{
	size_t len = strlen(ns);

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct target *p = t->bucket[i]; p; p = p->next)
			if (strncmp(p->ns, ns, len) == 0 &&
			    (p->ns[len] == '\0' || p->ns[len] == '.'))
				p->stale = true;
}

void
targets_one_lane(struct targets *t, const char *ns, bool on)
{
	struct one_lane **at = &t->one_lane, *o;
	char name[NS_MAX + 1];

	bson_strncpy(name, ns, sizeof name); /* it may be in the list */
	while (*at && strcmp((*at)->ns, name) != 0)
		at = &(*at)->next;
	o = *at;
	if (on && !o) {
		o = bson_malloc0(sizeof *o);
		bson_strncpy(o->ns, name, sizeof o->ns);
		*at = o;
	} else if (!on && o) {
		*at = o->next;
		bson_free(o);
	}
	targets_changed(t, name);
}

static bool
taken(const struct targets *t, const char *ns)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct target *p = t->bucket[i]; p; p = p->next)
			if (strcmp(p->ns, ns) == 0)
				return true;
	return false;
}

static struct target *
add(struct targets *t, const char *ns, size_t at_bucket, struct optime at,
    bson_error_t *error)
{
	struct target *p;
	char name[NS_MAX + 1], text[OPTIME_TEXT];

	if (!grant_map(t->grant, ns, name, error)) {
		error_prefix(error, "position %s", optime_text(at, text));
		return NULL;
	}
	if (taken(t, name)) {
		error_set(error, MM_EXIT_REFUSED, 0,
		    "position %s: \"%s\" would be written to \"%s\", like "
		    "another namespace",
		    optime_text(at, text), ns, name);
		return NULL;
	}
	p = bson_malloc0(sizeof *p);
	bson_strncpy(p->source, ns, sizeof p->source);
	bson_strncpy(p->ns, name, sizeof p->ns);
	p->hash = hash_xxh64(name, strlen(name), 0);
	atomic_init(&p->typical, TYPICAL_FIRST);
	atomic_init(&p->large, false);
	if (!refresh(t, p, error)) {
		bson_free(p);
		return NULL;
	}
	p->next = t->bucket[at_bucket];
	t->bucket[at_bucket] = p;
	return p;
}

struct target *
targets_find(
    struct targets *t, const char *ns, struct optime at, bson_error_t *error)
{
	size_t i = hash_xxh64(ns, strlen(ns), 0) % BUCKETS;

	for (struct target *p = t->bucket[i]; p; p = p->next)
		if (strcmp(p->source, ns) == 0)
			return !p->stale || refresh(t, p, error) ? p : NULL;
	return add(t, ns, i, at, error);
}
