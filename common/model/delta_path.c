/* Paths of $set and $unset, sorted by their components, so that ranges of
 * them are the nodes of a tree without one being built. */
#include "model/delta_path.h"

#include <stdlib.h>

/* A dot sorts below everything: "a" < "a.b" < "a b". */
static int
path_cmp(const char *a, uint32_t a_len, const char *b, uint32_t b_len)
{
	uint32_t n = a_len < b_len ? a_len : b_len, i = 0;
	int x, y;

	while (i < n && a[i] == b[i])
		i++;
	if (i == n)
		return a_len < b_len ? -1 : a_len > b_len;
	x = a[i] == '.' ? -1 : (unsigned char)a[i];
	y = b[i] == '.' ? -1 : (unsigned char)b[i];
	return x - y;
}

static int
leaf_order(const void *a, const void *b)
{
	const struct leaf *x = a, *y = b;

	return path_cmp(x->path, x->len, y->path, y->len);
}

static bool
bad_path(const struct modify *m, const struct leaf *l, const char *why)
{
	return error_set(m->w->error, MM_EXIT_REFUSED, 0,
	    "malformed %s of \"%.200s\": %s", l->set ? "$set" : "$unset",
	    l->path, why);
}

static bool
check_path(const struct modify *m, const struct leaf *l)
{
	int depth = 0;

	if (l->len == 0 || l->path[0] == '.' || l->path[l->len - 1] == '.' ||
	    strstr(l->path, ".."))
		return bad_path(m, l, "empty name in the path");
	for (const char *p = l->path; *p; p++)
		depth += *p == '.';
	if (depth > DELTA_DEPTH_MAX)
		return bad_path(m, l, "path too deep");
	return true;
}

static uint32_t
count(const struct value *doc)
{
	struct walk w;
	struct elem e;
	uint32_t n = 0;

	if (doc->type && walk_init(&w, doc->data, doc->len))
		while (walk_next(&w, &e))
			n++;
	return n;
}

static void
collect(struct modify *m, const struct value *doc, bool set)
{
	struct walk w;
	struct elem e;

	if (!doc->type || !walk_init(&w, doc->data, doc->len))
		return;
	while (walk_next(&w, &e))
		m->leaf[m->n++] =
		    (struct leaf){e.name, e.name_len, set, 0, e.value};
}

void
path_collect(
    struct modify *m, const struct value *set, const struct value *unset)
{
	m->leaf =
	    bson_malloc((count(set) + count(unset) + 1) * sizeof *m->leaf);
	m->n = 0;
	collect(m, set, true);
	collect(m, unset, false);
}

bool
path_sort(struct modify *m)
{
	if (m->n > 1)
		qsort(m->leaf, m->n, sizeof *m->leaf, leaf_order);
	for (uint32_t i = 0; i < m->n; i++) {
		const struct leaf *a = &m->leaf[i], *b = a + 1;

		if (!check_path(m, a))
			return false;
		if (i + 1 < m->n && a->len <= b->len &&
		    memcmp(a->path, b->path, a->len) == 0 &&
		    (b->path[a->len] == '.' || b->path[a->len] == '\0'))
			return bad_path(m, b, "in conflict with another path");
	}
	return true;
}

struct group
path_group(const struct modify *m, uint32_t lo, uint32_t hi, uint32_t skip)
{
	const struct leaf *first = &m->leaf[lo];
	const char *name = first->path + skip, *dot = strchr(name, '.');
	struct group g = {lo, lo, name, 0, 0, false};

	g.name_len = (uint32_t)(dot ? (size_t)(dot - name) : strlen(name));
	g.skip = skip + g.name_len + 1;
	for (; g.hi < hi; g.hi++) {
		const struct leaf *l = &m->leaf[g.hi];

		if (l->len < skip + g.name_len ||
		    memcmp(l->path + skip, name, g.name_len) != 0 ||
		    (l->path[skip + g.name_len] != '.' &&
			l->path[skip + g.name_len] != '\0'))
			break;
		g.sets |= l->set;
	}
	return g;
}

const struct leaf *
path_leaf(const struct modify *m, const struct group *g)
{
	const struct leaf *l = &m->leaf[g->lo];

	return l->len < g->skip ? l : NULL;
}

struct leaf *
path_find(const struct modify *m, uint32_t lo, uint32_t hi, uint32_t skip,
    const struct elem *e)
{
	uint32_t end = hi;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct leaf *l = &m->leaf[mid];

		if (path_cmp(l->path + skip, l->len - skip, e->name,
			e->name_len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < end) {
		struct leaf *l = &m->leaf[lo];

		/* a name with a dot in it cannot be meant by a path */
		if (l->len - skip >= e->name_len &&
		    !memchr(e->name, '.', e->name_len) &&
		    memcmp(l->path + skip, e->name, e->name_len) == 0 &&
		    (l->path[skip + e->name_len] == '.' ||
			l->path[skip + e->name_len] == '\0'))
			return l;
	}
	return NULL;
}
