#include "model/textset.h"

#include <bson/bson.h>
#include <string.h>

/* Where the text stands or belongs. */
static size_t
place(const struct textset *s, const char *text, bool *there)
{
	size_t low = 0, high = s->n;

	*there = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(s->item[mid], text);

		if (order == 0) {
			*there = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void
textset_take(struct textset *s, char *text)
{
	bool there;
	size_t at = place(s, text, &there);

	if (there) {
		bson_free(text);
		return;
	}
	s->item = bson_realloc(s->item, (s->n + 1) * sizeof *s->item);
	memmove(s->item + at + 1, s->item + at, (s->n - at) * sizeof *s->item);
	s->item[at] = text;
	s->n++;
}

void
textset_add(struct textset *s, const char *text)
{
	textset_take(s, bson_strdup(text));
}

bool
textset_has(const struct textset *s, const char *text)
{
	bool there;

	place(s, text, &there);
	return there;
}

void
textset_join(struct textset *s, const struct textset *b)
{
	for (size_t i = 0; i < b->n; i++)
		textset_add(s, b->item[i]);
}

void
textset_cut(struct textset *s, const struct textset *b)
{
	for (size_t i = 0; i < b->n; i++) {
		bool there;
		size_t at = place(s, b->item[i], &there);

		if (!there)
			continue;
		bson_free(s->item[at]);
		s->n--;
		memmove(s->item + at, s->item + at + 1,
		    (s->n - at) * sizeof *s->item);
	}
}

bool
textset_same(const struct textset *a, const struct textset *b)
{
	return a->n == b->n && !textset_lacks(a, b);
}

const char *
textset_lacks(const struct textset *a, const struct textset *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!textset_has(a, b->item[i]))
			return b->item[i];
	return NULL;
}

void
textset_release(struct textset *s)
{
	for (size_t i = 0; i < s->n; i++)
		bson_free(s->item[i]);
	bson_free(s->item);
	*s = (struct textset){0};
}
