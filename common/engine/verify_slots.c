#include "engine/verify_slots.h"

#include <bson/bson.h>
#include <string.h>

struct slots {
	size_t mask;
	struct slot *slot;
};

struct slots *
slots_new(size_t n)
{
	struct slots *s = bson_malloc0(sizeof *s);

	s->mask = n - 1;
	s->slot = bson_malloc0(n * sizeof *s->slot);
	return s;
}

void
slots_free(struct slots *s)
{
	if (!s)
		return;
	bson_free(s->slot);
	bson_free(s);
}

struct slot *
slots_find(struct slots *s, const uint64_t hash[2])
{
	for (size_t i = hash[0] & s->mask; s->slot[i].state != SLOT_FREE;
	     i = (i + 1) & s->mask)
		if (s->slot[i].hash[0] == hash[0] &&
		    s->slot[i].hash[1] == hash[1])
			return &s->slot[i];
	return NULL;
}

struct slot *
slots_add(struct slots *s, const uint64_t hash[2])
{
	size_t i = hash[0] & s->mask;

	while (s->slot[i].state != SLOT_FREE)
		i = (i + 1) & s->mask;
	memset(&s->slot[i], 0, sizeof s->slot[i]);
	memcpy(s->slot[i].hash, hash, sizeof s->slot[i].hash);
	s->slot[i].state = SLOT_WAITING;
	return &s->slot[i];
}

/* What follows in the row moves up, so that no search ends at the hole. */
void
slots_remove(struct slots *s, struct slot *slot)
{
	size_t hole = (size_t)(slot - s->slot), i = hole;

	for (;;) {
		size_t home;

		i = (i + 1) & s->mask;
		if (s->slot[i].state == SLOT_FREE)
			break;
		home = s->slot[i].hash[0] & s->mask;
		if (((i - home) & s->mask) < ((i - hole) & s->mask))
			continue;
		s->slot[hole] = s->slot[i];
		hole = i;
	}
	s->slot[hole].state = SLOT_FREE;
}
