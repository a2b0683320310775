#include "engine/verify_state_in.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/doc.h"
#include "engine/identity.h"
#include "io/fdio.h"
#include "model/value.h"

enum { MOST_BYTES = 48 << 20 };

struct reader {
	struct state *s;
	struct verify *v;
	int fd;
	struct buf bytes;
	bson_t doc; /* view */
	int64_t n;
	bool ended;
};

static bool
damaged(const struct reader *r, bson_error_t *error)
{
	return error_set(error, MM_EXIT_STREAM, 0,
	    "\"%s\" is damaged: remove it to compare from the start",
	    r->s->file);
}

/* 1, 0: the end of the file, -1 error. */
static int
next(struct reader *r, bson_error_t *error)
{
	uint32_t len;
	int got =
	    fdio_read_full(r->fd, r->s->file, &len, sizeof len, false, error);

	if (got <= 0)
		return got;
	len = BSON_UINT32_FROM_LE(len);
	if (len < 5 || len > MOST_BYTES) {
		damaged(r, error);
		return -1;
	}
	buf_clear(&r->bytes);
	buf_reserve(&r->bytes, len);
	len = BSON_UINT32_TO_LE(len);
	memcpy(r->bytes.data, &len, sizeof len);
	len = BSON_UINT32_FROM_LE(len);
	if (fdio_read_full(r->fd, r->s->file, r->bytes.data + 4, len - 4, false,
		error) != 1)
		return -1;
	if (!value_sound(r->bytes.data, len) ||
	    !bson_init_static(&r->doc, r->bytes.data, len)) {
		damaged(r, error);
		return -1;
	}
	return 1;
}

/* ------------------------------------------------------------------- parts */

static bool
same_part(const bson_t *a, const bson_t *b, const char *field)
{
	bson_t x, y;

	return doc_sub(a, field, &x) && doc_sub(b, field, &y) &&
	    (strcmp(field, "selection") == 0 ? x.len == y.len &&
			memcmp(bson_get_data(&x), bson_get_data(&y), x.len) == 0
					     : identity_same(&x, &y));
}

static bool
same_comparison(struct reader *r, bson_error_t *error)
{
	bson_t mine = BSON_INITIALIZER;
	const char *job = doc_text(&r->doc, "job");
	bool same;

	state_identity(r->v, &mine);
	same = job && strcmp(job, r->v->o->job) == 0 &&
	    same_part(&r->doc, &mine, "source") &&
	    same_part(&r->doc, &mine, "target") &&
	    same_part(&r->doc, &mine, "selection");
	bson_destroy(&mine);
	return same ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"\"%s\" is of another source, target, selection or job",
		r->s->file);
}

static bool
read_head(struct reader *r, struct state_place *place, bson_error_t *error)
{
	const char *what = doc_text(&r->doc, "mm");

	if (!what || strcmp(what, "diff state") != 0)
		return damaged(r, error);
	if (doc_int(&r->doc, "v") != 1)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is of another version of this program", r->s->file);
	place->catalog = OPTIME_NULL;
	optime_read(&r->doc, "catalog", &place->catalog);
	return same_comparison(r, error) &&
	    ((optime_read(&r->doc, "at", &place->at) &&
		 optime_read(&r->doc, "readFrom", &place->read_from)) ||
		damaged(r, error));
}

static bool
read_key(struct reader *r, const char *ns, bson_error_t *error)
{
	struct queued item = {.flags = (uint32_t)doc_int(&r->doc, "flags")};
	struct optime event;
	struct elem id;

	if (strlen(ns) > NS_MAX ||
	    !walk_find(bson_get_data(&r->doc), r->doc.len, "_id", &id) ||
	    !optime_read(&r->doc, "since", &item.since) ||
	    !optime_read(&r->doc, "event", &event))
		return damaged(r, error);
	item.ns = keys_ns(r->v->keys, ns);
	item.id = id.value;
	return keys_load(r->v->keys, &item, event, error);
}

static bool
read_one(struct reader *r, bson_error_t *error)
{
	struct state *s = r->s;
	const char *ns;

	if (r->ended)
		return damaged(r, error);
	if (bson_has_field(&r->doc, "end")) {
		r->ended = true;
		return doc_int(&r->doc, "end") == r->n || damaged(r, error);
	}
	r->n++;
	if ((ns = doc_text(&r->doc, "key")))
		return read_key(r, ns, error);
	if (!doc_text(&r->doc, "pair"))
		return damaged(r, error);
	s->pair = bson_realloc(s->pair, (s->n_pairs + 1) * sizeof *s->pair);
	s->pair[s->n_pairs++] = bson_copy(&r->doc);
	return true;
}

static int
read_all(struct reader *r, struct state_place *place, bson_error_t *error)
{
	int got = next(r, error);

	if (got == 0)
		damaged(r, error);
	if (got != 1 || !read_head(r, place, error))
		return -1;
	r->n = 1;
	while ((got = next(r, error)) == 1)
		if (!read_one(r, error))
			return -1;
	if (got == 0 && !r->ended) {
		damaged(r, error);
		return -1;
	}
	return got == 0 ? 1 : -1;
}

int
state_load(struct state *s, struct verify *v, struct state_place *place,
    bson_error_t *error)
{
	struct reader r = {.s = s, .v = v};
	int got;

	r.fd = open(s->file, O_RDONLY | O_CLOEXEC);
	if (r.fd < 0 && errno == ENOENT)
		return 0;
	if (r.fd < 0) {
		error_errno(
		    error, MM_EXIT_IO, "could not open \"%s\"", s->file);
		return -1;
	}
	got = read_all(&r, place, error);
	close(r.fd);
	buf_release(&r.bytes);
	return got;
}

void
state_forget(struct state *s)
{
	for (size_t i = 0; i < s->n_pairs; i++)
		bson_destroy(s->pair[i]);
	bson_free(s->pair);
	s->pair = NULL;
	s->n_pairs = 0;
}

/* ------------------------------------------------------------------- units */

static bool
same_pair(const bson_t *doc, const struct vpair *p)
{
	const char *ns = doc_text(doc, "pair"), *to = doc_text(doc, "target");
	uint8_t uuid[sizeof p->uuid];

	if (!ns || !to || strcmp(ns, p->pair.ns) != 0 ||
	    strcmp(to, p->pair.target_ns) != 0 ||
	    doc_bool(doc, "has.0") != p->has[0] ||
	    doc_bool(doc, "has.1") != p->has[1] ||
	    !doc_bytes(doc, "uuid", uuid, sizeof uuid))
		return false;
	return memcmp(uuid, p->uuid, sizeof uuid) == 0;
}

static void
take_units(struct verify *v, struct vpair *p, const bson_t *units)
{
	struct walk w;
	struct elem e;
	bool first = true;

	if (!walk_init(&w, bson_get_data(units), units->len))
		return;
	while (walk_next(&w, &e)) {
		bson_t unit, from, to;
		bool has_from, has_to;

		if (e.value.type != BSON_TYPE_DOCUMENT ||
		    !bson_init_static(&unit, e.value.data, e.value.len))
			continue;
		has_from = doc_sub(&unit, "from", &from);
		has_to = doc_sub(&unit, "to", &to);
		verify_scan_range(v, p, has_from ? &from : NULL,
		    has_to ? &to : NULL, first, doc_bool(&unit, "done"));
		first = false;
	}
}

bool
state_units(struct state *s, struct verify *v, struct vpair *p)
{
	for (size_t i = 0; i < s->n_pairs; i++) {
		struct tally *t = &p->pair.tally;
		const bson_t *doc = s->pair[i];
		bson_t units;

		if (!same_pair(doc, p) || !doc_sub(doc, "units", &units))
			continue;
		atomic_store(&t->source_docs, doc_int(doc, "docs.0"));
		atomic_store(&t->source_bytes, doc_int(doc, "docs.1"));
		atomic_store(&t->target_docs, doc_int(doc, "docs.2"));
		atomic_store(&t->target_bytes, doc_int(doc, "docs.3"));
		take_units(v, p, &units);
		return true;
	}
	return false;
}
