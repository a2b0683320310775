#include "group.h"

#include <string.h>

#include "collate.h"
#include "expr.h"
#include "out.h"
#include "request.h"

#define MAX_SUMS 16

/* A sum keeps the widest type that went in. */
struct sum {
	uint8_t type;
	int64_t whole;
	double real;
	struct buf kept; /* $min, $max: type byte and value */
};

struct group {
	struct buf id; /* type byte and value */
	struct sum sum[MAX_SUMS];
};

struct grouping {
	struct value id; /* the expressions */
	struct value arg[MAX_SUMS];
	const char *name[MAX_SUMS];
	int keep[MAX_SUMS]; /* -1: $min, 1: $max, 0: $sum */
	size_t n_sums;
	struct group *group;
	size_t n_groups;
};

static int
min_or_max(const char *name)
{
	return strcmp(name, "$min") == 0 ? -1 : strcmp(name, "$max") == 0;
}

static bool
read_spec(struct grouping *g, const bson_t *spec, bson_error_t *error)
{
	bson_iter_t it, acc;
	bool id = false;

	bson_iter_init(&it, spec);
	while (bson_iter_next(&it)) {
		const char *key = bson_iter_key(&it);

		if (strcmp(key, "_id") == 0) {
			g->id = value_of(&it);
			id = true;
			continue;
		}
		if (!BSON_ITER_HOLDS_DOCUMENT(&it) ||
		    !bson_iter_recurse(&it, &acc) || !bson_iter_next(&acc))
			return refuse(error, 40234,
			    "The field '%s' must be an accumulator object",
			    key);
		if ((strcmp(bson_iter_key(&acc), "$sum") != 0 &&
			!min_or_max(bson_iter_key(&acc))) ||
		    g->n_sums == MAX_SUMS)
			return refuse(error, 15952,
			    "unknown group operator '%s'", bson_iter_key(&acc));
		g->name[g->n_sums] = key;
		g->keep[g->n_sums] = min_or_max(bson_iter_key(&acc));
		g->arg[g->n_sums++] = value_of(&acc);
	}
	return id ||
	    refuse(error, 15955, "a group specification must include an _id");
}

static struct group *
group_of(struct grouping *g, const struct value *id)
{
	struct group *new;

	for (size_t i = 0; i < g->n_groups; i++) {
		const struct buf *b = &g->group[i].id;
		struct value v = {
		    b->data[0], b->data + 1, (uint32_t)b->len - 1};

		if (collate_cmp(&v, id) == 0)
			return &g->group[i];
	}
	g->group = bson_realloc(g->group, (g->n_groups + 1) * sizeof *new);
	new = &g->group[g->n_groups++];
	memset(new, 0, sizeof *new);
	buf_add_byte(&new->id, id->type ? id->type : BSON_TYPE_NULL);
	if (id->type)
		buf_add(&new->id, id->data, id->len);
	return new;
}

static struct value
stored(const struct buf *b)
{
	return (struct value){b->data[0], b->data + 1, (uint32_t)b->len - 1};
}

/* What is missing or null does not count. */
static void
keep(struct sum *s, int which, const struct value *v)
{
	struct value have;

	if (!v->type || v->type == BSON_TYPE_NULL)
		return;
	if (s->kept.len > 0) {
		have = stored(&s->kept);
		if (collate_cmp(v, &have) * which <= 0)
			return;
	}
	buf_clear(&s->kept);
	buf_add_byte(&s->kept, v->type);
	buf_add(&s->kept, v->data, v->len);
}

static void
add(struct sum *s, const struct value *v)
{
	uint64_t bits = 0;
	uint32_t word = 0;
	double real;

	if (v->type == BSON_TYPE_INT32) {
		memcpy(&word, v->data, 4);
		s->whole += (int32_t)BSON_UINT32_FROM_LE(word);
	} else if (v->type == BSON_TYPE_INT64) {
		memcpy(&bits, v->data, 8);
		s->whole += (int64_t)BSON_UINT64_FROM_LE(bits);
	} else if (v->type == BSON_TYPE_DOUBLE) {
		memcpy(&real, v->data, 8);
		s->real += real;
	} else {
		return; /* the server leaves out what is no number */
	}
	if (v->type == BSON_TYPE_DOUBLE || s->type == BSON_TYPE_DOUBLE)
		s->type = BSON_TYPE_DOUBLE;
	else if (v->type == BSON_TYPE_INT64)
		s->type = BSON_TYPE_INT64;
}

static void
put_group(struct buf *out, const struct grouping *g, const struct group *one)
{
	size_t mark = out_open(out, NULL, BSON_TYPE_DOCUMENT);
	struct value id = {
	    one->id.data[0], one->id.data + 1, (uint32_t)one->id.len - 1};

	out_value(out, "_id", &id);
	for (size_t i = 0; i < g->n_sums; i++) {
		const struct sum *s = &one->sum[i];
		struct value kept;

		if (s->kept.len > 0) {
			kept = stored(&s->kept);
			out_value(out, g->name[i], &kept);
		} else if (g->keep[i])
			out_null(out, g->name[i]);
		else if (s->type == BSON_TYPE_DOUBLE)
			out_double(out, g->name[i], (double)s->whole + s->real);
		else if (s->type == BSON_TYPE_INT64)
			out_i64(out, g->name[i], s->whole);
		else
			out_int(out, g->name[i], s->whole);
	}
	out_close(out, mark);
}

static bool
add_doc(struct grouping *g, struct expr_pool *pool, const struct value *root,
    bson_error_t *error)
{
	struct group *group;
	struct value v;

	if (!expr_eval(pool, &g->id, root, &v, error))
		return false;
	group = group_of(g, &v);
	for (size_t i = 0; i < g->n_sums; i++) {
		if (!expr_eval(pool, &g->arg[i], root, &v, error))
			return false;
		if (g->keep[i])
			keep(&group->sum[i], g->keep[i], &v);
		else
			add(&group->sum[i], &v);
	}
	return true;
}

bool
group_docs(struct buf *docs, const bson_t *spec, bson_error_t *error)
{
	struct grouping g = {.n_groups = 0};
	struct buf made = BUF_INIT;
	bool ok = read_spec(&g, spec, error);

	for (size_t at = 0, len; ok && at < docs->len; at += len) {
		struct expr_pool pool = {NULL, 0};
		struct value root;

		len = doc_len(docs->data + at);
		root = value_doc(BSON_TYPE_DOCUMENT, docs->data + at, len);
		ok = add_doc(&g, &pool, &root, error);
		expr_pool_release(&pool);
	}
	for (size_t i = 0; i < g.n_groups; i++) {
		if (ok)
			put_group(&made, &g, &g.group[i]);
		buf_release(&g.group[i].id);
		for (size_t k = 0; k < g.n_sums; k++)
			buf_release(&g.group[i].sum[k].kept);
	}
	bson_free(g.group);
	buf_release(docs);
	*docs = made;
	return ok;
}
