/* Pairs stay for ever once they are known, because the report counts in them;
 * what the catalogs say of them is in views, which last as long as somebody
 * reads by them. */
#include <string.h>

#include "engine/verify_work.h"

static void
drop_locked(struct catalog_view *view)
{
	if (!view || --view->refs > 0)
		return;
	pair_list_release(&view->list);
	bson_free(view);
}

void
view_drop(struct verify *v, struct catalog_view *view)
{
	pthread_rwlock_wrlock(&v->pairs_lock);
	drop_locked(view);
	pthread_rwlock_unlock(&v->pairs_lock);
}

struct catalog_view *
view_hold(struct verify *v, struct vpair *p, struct pair *now)
{
	struct catalog_view *view;

	memset(now, 0, sizeof *now);
	pthread_rwlock_wrlock(&v->pairs_lock);
	view = p->view;
	if (view) {
		view->refs++;
		memcpy(now->ns, p->pair.ns, sizeof now->ns);
		memcpy(
		    now->target_ns, p->pair.target_ns, sizeof now->target_ns);
		now->source = p->pair.source;
		now->target = p->pair.target;
	}
	pthread_rwlock_unlock(&v->pairs_lock);
	return view;
}

static struct vpair *
find(struct verify *v, const char *ns)
{
	for (size_t i = 0; i < v->n_pairs; i++)
		if (strcmp(v->pair[i]->pair.ns, ns) == 0)
			return v->pair[i];
	return NULL;
}

/* With the lock held. */
static struct vpair *
add(struct verify *v, const char *ns, const char *target_ns)
{
	struct vpair *p = bson_malloc0(sizeof *p);

	bson_strncpy(p->pair.ns, ns, sizeof p->pair.ns);
	bson_strncpy(p->pair.target_ns, target_ns, sizeof p->pair.target_ns);
	p->pair.c = (int32_t)v->n_pairs;
	p->ns = keys_ns(v->keys, ns);
	v->pair = bson_realloc(v->pair, (v->n_pairs + 1) * sizeof *v->pair);
	v->pair[v->n_pairs++] = p;
	return p;
}

static bool
announce(struct verify *v, struct vpair *p, bson_error_t *error)
{
	bool ok;

	pthread_mutex_lock(&v->told_lock);
	ok = v->o->sink.pair(v->o->sink.arg, &p->pair, error);
	pthread_mutex_unlock(&v->told_lock);
	return ok;
}

bool
verify_ns(
    struct verify *v, uint32_t ns, struct ns_info *info, bson_error_t *error)
{
	const char *name = keys_ns_name(v->keys, ns);
	struct vpair *p, *made = NULL;

	memset(info, 0, sizeof *info);
	bson_strncpy(info->ns, name, sizeof info->ns);
	if (!ns_map(v->o->rules, name, info->target_ns, error))
		return false;
	pthread_rwlock_wrlock(&v->pairs_lock);
	p = find(v, name);
	if (!p)
		p = made = add(v, name, info->target_ns);
	info->pair = &p->pair;
	info->documents = pair_has_documents(&p->pair);
	info->capped = p->capped;
	info->collated = pair_collated(&p->pair);
	pthread_rwlock_unlock(&v->pairs_lock);
	return !made || announce(v, made, error);
}

void
verify_dirty(struct verify *v, uint32_t ns, struct optime since)
{
	pthread_rwlock_wrlock(&v->pairs_lock);
	for (size_t i = 0; i < v->n_pairs; i++) {
		struct vpair *p = v->pair[i];

		if (p->ns != ns)
			continue;
		if (!p->dirty || optime_cmp(since, p->since) < 0)
			p->since = since;
		p->dirty = true;
	}
	pthread_rwlock_unlock(&v->pairs_lock);
}

bool
verify_dirty_oldest(struct verify *v, struct optime *since)
{
	bool any = false;

	pthread_rwlock_rdlock(&v->pairs_lock);
	for (size_t i = 0; i < v->n_pairs; i++) {
		const struct vpair *p = v->pair[i];
		const struct optime at[2] = {p->since, p->busy_since};
		const bool counts[2] = {p->dirty, p->busy};

		for (int k = 0; k < 2; k++) {
			if (!counts[k] ||
			    (any && optime_cmp(at[k], *since) >= 0))
				continue;
			*since = at[k];
			any = true;
		}
	}
	pthread_rwlock_unlock(&v->pairs_lock);
	return any;
}

int64_t
verify_dirty_differences(struct verify *v)
{
	int64_t n = 0;

	pthread_rwlock_rdlock(&v->pairs_lock);
	for (size_t i = 0; i < v->n_pairs; i++)
		n += v->pair[i]->capped ? v->pair[i]->differs : 0;
	pthread_rwlock_unlock(&v->pairs_lock);
	return n;
}

void
verify_dirty_all(struct verify *v, struct optime since)
{
	for (size_t i = 0; i < v->n_pairs; i++)
		if (v->pair[i]->capped)
			verify_dirty(v, v->pair[i]->ns, since);
}

/* ------------------------------------------------------------- the catalogs */

static bool
same_coll(const struct vpair *p, int side, const struct coll *c)
{
	if (p->has[side] != (c != NULL))
		return false;
	return !c || !c->has_uuid ||
	    memcmp(p->uuid[side], c->uuid, sizeof c->uuid) == 0;
}

static void
note_coll(struct vpair *p, int side, const struct coll *c)
{
	p->has[side] = c != NULL;
	memset(p->uuid[side], 0, sizeof p->uuid[side]);
	if (c && c->has_uuid)
		memcpy(p->uuid[side], c->uuid, sizeof c->uuid);
}

/* With the lock held. True: it is not what was read. */
static bool
adopt(struct vpair *p, struct catalog_view *view, const struct pair *now)
{
	bool same = p->scanned && same_coll(p, 0, now->source) &&
	    same_coll(p, 1, now->target);

	drop_locked(p->view);
	p->view = view;
	view->refs++;
	p->pair.source = now->source;
	p->pair.target = now->target;
	p->capped = pair_capped(&p->pair);
	note_coll(p, 0, now->source);
	note_coll(p, 1, now->target);
	p->scanned = true;
	return !same;
}

/* With the lock held: pairs that neither side has any more. */
static void
forget_gone(struct verify *v, struct catalog_view *view)
{
	for (size_t i = 0; i < v->n_pairs; i++) {
		struct vpair *p = v->pair[i];

		if (p->view == view)
			continue;
		drop_locked(p->view);
		p->view = NULL;
		p->pair.source = p->pair.target = NULL;
		p->capped = p->scanned = p->dirty = false;
		p->has[0] = p->has[1] = false;
	}
}

bool
verify_catalog(struct verify *v, struct conn *source, struct conn *target,
    struct vpair ***changed, size_t *n, bson_error_t *error)
{
	struct catalog_view *view = bson_malloc0(sizeof *view);
	size_t first_new;
	bool ok = true;

	*changed = NULL;
	*n = 0;
	view->refs = 1;
	if (!pair_list_read(
		&view->list, source, target, v->o->flags, v->o->rules, error)) {
		view_drop(v, view);
		return false;
	}
	*changed = bson_malloc((view->list.n + 1) * sizeof **changed);
	pthread_rwlock_wrlock(&v->pairs_lock);
	first_new = v->n_pairs;
	for (size_t i = 0; i < view->list.n; i++) {
		const struct pair *now = &view->list.item[i];
		struct vpair *p = find(v, now->ns);

		if (!p)
			p = add(v, now->ns, now->target_ns);
		if (adopt(p, view, now))
			(*changed)[(*n)++] = p;
	}
	forget_gone(v, view);
	drop_locked(view);
	pthread_rwlock_unlock(&v->pairs_lock);
	for (size_t i = first_new; ok && i < v->n_pairs; i++)
		ok = announce(v, v->pair[i], error);
	return ok;
}

void
verify_pairs_release(struct verify *v)
{
	for (size_t i = 0; i < v->n_pairs; i++) {
		drop_locked(v->pair[i]->view);
		bson_free(v->pair[i]);
	}
	bson_free(v->pair);
	v->pair = NULL;
	v->n_pairs = 0;
}
