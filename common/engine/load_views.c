/* A server would make them in any order, but refuses a view that is made of
 * itself, when everything else has been loaded. Here a view is made when what
 * it shows can be read, and a ring is found before the first write. */
#include "engine/load_views.h"

#include <string.h>

#include "model/view.h"

#define NONE SIZE_MAX

struct edge { /* to a view that is made of this one */
	size_t to, next;
};

struct node {
	struct load_coll *view;
	size_t waits; /* for so many */
	size_t edges; /* the first, or NONE */
	UT_hash_handle hh;
};

struct graph {
	struct node *node, *by_ns;
	struct edge *edge;
	size_t n, n_edges;
	size_t at; /* whose sources are looked at */
};

static void
add_edge(void *arg, const char *name)
{
	struct graph *g = arg;
	struct node *to = &g->node[g->at], *from;
	char db[NS_MAX + 1], *ns;

	if (!ns_split(to->view->ns, db, NULL))
		return;
	ns = bson_strdup_printf("%s.%s", db, name);
	HASH_FIND_STR(g->by_ns, ns, from);
	bson_free(ns);
	if (!from)
		return;
	if ((g->n_edges & (g->n_edges - 1)) == 0)
		g->edge = bson_realloc(g->edge,
		    (g->n_edges ? 2 * g->n_edges : 1) * sizeof *g->edge);
	g->edge[g->n_edges] = (struct edge){g->at, from->edges};
	from->edges = g->n_edges++;
	to->waits++;
}

static void
draw(struct graph *g, struct load_coll **view, size_t n)
{
	g->n = n;
	g->node = bson_malloc0((n + 1) * sizeof *g->node);
	for (size_t i = 0; i < n; i++) {
		g->node[i].view = view[i];
		g->node[i].edges = NONE;
		HASH_ADD_KEYPTR(hh, g->by_ns, view[i]->ns, strlen(view[i]->ns),
		    &g->node[i]);
	}
	for (g->at = 0; g->at < n; g->at++)
		view_each_source(view[g->at]->options, add_edge, g);
}

/* Of those that are left each waits for another one that is left. */
struct waiting {
	const struct graph *g;
	const char *db;
	struct node *left;
};

static void
note_left(void *arg, const char *name)
{
	struct waiting *w = arg;
	char *ns = bson_strdup_printf("%s.%s", w->db, name);
	struct node *from;

	HASH_FIND_STR(w->g->by_ns, ns, from);
	bson_free(ns);
	if (from && from->waits > 0)
		w->left = from;
}

static struct node *
waits_for(const struct graph *g, const struct node *node)
{
	char db[NS_MAX + 1] = "";
	struct waiting w = {g, db, NULL};

	ns_split(node->view->ns, db, NULL);
	view_each_source(node->view->options, note_left, &w);
	return w.left;
}

static bool
refuse_ring(const struct graph *g, bson_error_t *error)
{
	struct node *one = g->node, *other;

	while (one->waits == 0)
		one++;
	/* After so many steps it is in the ring itself. */
	for (size_t i = 0; i < g->n && (other = waits_for(g, one)); i++)
		one = other;
	other = waits_for(g, one);
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "view \"%s\" is made of itself, through \"%s\"", one->view->ns,
	    other ? other->view->ns : one->view->ns);
}

bool
load_views_sort(struct load_coll **view, size_t n, bson_error_t *error)
{
	struct graph g = {0};
	size_t done = 0, seen = 0;
	bool ok;

	draw(&g, view, n);
	for (size_t i = 0; i < n; i++)
		if (g.node[i].waits == 0)
			view[done++] = g.node[i].view;
	for (struct node *node; seen < done; seen++) {
		HASH_FIND_STR(g.by_ns, view[seen]->ns, node);
		for (size_t e = node->edges; e != NONE; e = g.edge[e].next)
			if (--g.node[g.edge[e].to].waits == 0)
				view[done++] = g.node[g.edge[e].to].view;
	}
	ok = done == n || refuse_ring(&g, error);
	HASH_CLEAR(hh, g.by_ns);
	bson_free(g.node);
	bson_free(g.edge);
	return ok;
}
