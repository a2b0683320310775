/* Chains of pieces, in memory or spilled. */
#include "model/txn_chain.h"

#include <string.h>

static void
chain_free(struct txn *t, struct chain *c)
{
	for (struct piece *p = c->pieces, *next; p; p = next) {
		next = p->next;
		if (p->data)
			t->memory -= p->len;
		bson_free(p->data);
		bson_free(p);
	}
	if (c->spill)
		t->io.spill->close(c->spill);
	bson_free((void *)c->lsid.data);
	bson_free(c);
}

void
chain_drop(struct txn *t, struct chain *c)
{
	struct chain **at = &t->chains;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	chain_free(t, c);
}

struct chain *
chain_after(const struct txn *t, struct optime prev)
{
	struct chain *c = t->chains;

	while (c && !optime_same(c->last, prev))
		c = c->next;
	return c;
}

struct chain *
chain_new(
    struct txn *t, const struct entry *e, struct optime prev, int64_t number)
{
	struct chain *c = bson_malloc0(sizeof *c), **at = &t->chains;

	c->first = c->last = e->at;
	c->headless = !optime_is_null(prev);
	c->number = number;
	c->end = &c->pieces;
	if (e->lsid.type) {
		uint8_t *copy = bson_malloc(e->lsid.len);

		memcpy(copy, e->lsid.data, e->lsid.len);
		c->lsid = (struct value){e->lsid.type, copy, e->lsid.len};
	}
	while (*at)
		at = &(*at)->next;
	*at = c;
	return c;
}

static bool
spill(struct txn *t, struct chain *c, struct piece *p, const void *data,
    bson_error_t *error)
{
	if (!t->io.spill)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "transactions of more than %u MiB", TXN_MEMORY >> 20);
	if (!c->spill && !(c->spill = t->io.spill->open(t->io.arg, error)))
		return false;
	if (!t->io.spill->append(c->spill, data, p->len, error))
		return false;
	p->at = c->spilled;
	c->spilled += p->len;
	return true;
}

bool
chain_keep(struct txn *t, struct chain *c, bson_error_t *error)
{
	struct piece *p;

	c->selected += t->ops.selected;
	c->all += t->ops.all;
	if (t->ops.docs.len == 0 || c->headless)
		return true;
	p = bson_malloc0(sizeof *p);
	*c->end = p;
	c->end = &p->next;
	p->len = t->ops.docs.len;
	if (p->len > TXN_MEMORY || t->memory > TXN_MEMORY - p->len)
		return spill(t, c, p, t->ops.docs.data, error);
	p->data = bson_malloc(p->len);
	memcpy(p->data, t->ops.docs.data, p->len);
	t->memory += p->len;
	return true;
}

bool
chain_emit(struct txn *t, const struct chain *c, const struct entry *e,
    uint32_t *i, uint32_t n, bson_error_t *error)
{
	for (const struct piece *p = c->pieces; p; p = p->next) {
		const uint8_t *data = p->data;

		if (!data) {
			buf_clear(&t->piece);
			buf_reserve(&t->piece, p->len);
			if (!t->io.spill->read(
				c->spill, p->at, t->piece.data, p->len, error))
				return false;
			data = t->piece.data;
		}
		if (!txn_ops_emit(
			&t->io, data, p->len, e, i, n, &t->scratch, error))
			return false;
	}
	return true;
}
