/* model: a set of texts, sorted by bytes. */
#ifndef MM_MODEL_TEXTSET_H
#define MM_MODEL_TEXTSET_H

#include <stdbool.h>
#include <stddef.h>

struct textset {
	char **item;
	size_t n;
};

/* Copies; once is enough. */
void textset_add(struct textset *s, const char *text);
/* Takes the text over (bson_free). */
void textset_take(struct textset *s, char *text);
bool textset_has(const struct textset *s, const char *text);
/* Everything of b; everything but that of b. */
void textset_join(struct textset *s, const struct textset *b);
void textset_cut(struct textset *s, const struct textset *b);
bool textset_same(const struct textset *a, const struct textset *b);
/* The first of b that a does not have; NULL: a has all of it. */
const char *textset_lacks(const struct textset *a, const struct textset *b);
void textset_release(struct textset *s);

#endif
