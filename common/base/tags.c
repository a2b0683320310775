#include "base/tags.h"

#include <bson/bson.h>

#define NUMBER ((uint64_t)TAGS_MAX)

enum { FIRST = 1 << 10, SHIFT = 4 };

void
tags_init(struct tags *t, size_t most)
{
	*t = (struct tags){.size = FIRST, .most = most};
	t->slot = bson_malloc0(t->size * sizeof *t->slot);
}

void
tags_release(struct tags *t)
{
	bson_free(t->slot);
	*t = (struct tags){0};
}

static size_t
home(const struct tags *t, uint64_t hash)
{
	return (size_t)(hash >> SHIFT) & (t->size - 1);
}

/* Its place, or the free one where it would stand. */
static size_t
place(const struct tags *t, uint64_t hash)
{
	size_t i = home(t, hash);

	while (t->slot[i] && ((t->slot[i] ^ hash) & ~NUMBER))
		i = (i + 1) & (t->size - 1);
	return i;
}

static void
grow(struct tags *t)
{
	uint64_t *old = t->slot;
	size_t n = t->size;

	t->size *= 2;
	t->slot = bson_malloc0(t->size * sizeof *t->slot);
	for (size_t i = 0; i < n; i++)
		if (old[i])
			t->slot[place(t, old[i])] = old[i];
	bson_free(old);
}

/* What stands behind a hole and could not stand before it moves into it. */
static void
take_out(struct tags *t, size_t hole)
{
	size_t mask = t->size - 1;

	for (size_t i = (hole + 1) & mask; t->slot[i]; i = (i + 1) & mask) {
		if (((i - home(t, t->slot[i])) & mask) < ((i - hole) & mask))
			continue;
		t->slot[hole] = t->slot[i];
		hole = i;
	}
	t->slot[hole] = 0;
	t->used--;
}

unsigned
tags_get(const struct tags *t, uint64_t hash)
{
	return (unsigned)(t->slot[place(t, hash)] & NUMBER);
}

bool
tags_set(struct tags *t, uint64_t hash, unsigned number)
{
	size_t i = place(t, hash);
	bool there = t->slot[i];

	if (number == 0) {
		if (there)
			take_out(t, i);
		return true;
	}
	if (!there && t->used >= t->most)
		return false;
	if (!there && ++t->used * 4 > t->size * 3) {
		grow(t);
		i = place(t, hash);
	}
	t->slot[i] = (hash & ~NUMBER) | number;
	return true;
}
