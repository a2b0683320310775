/* Who can write to the selection, as the server's users and roles say, and
 * whether the block stops them. */
#include <stdio.h>
#include <string.h>

#include "base/doc.h"
#include "engine/switch_work.h"

struct who {
	enum block_kind kind;
	const bson_t *passing; /* by cluster: whom it does not stop */
	const char *list;      /* of the plan */
};

/* Names are somebody's choice: nothing of them moves the cursor. */
static void
put(const char *text)
{
	for (; *text; text++)
		putchar(
		    (unsigned char)*text < ' ' || *text == 127 ? '?' : *text);
}

typedef void each_fn(const bson_t *one, void *arg);

static void
each(const bson_t *plan, const char *list, each_fn *call, void *arg)
{
	bson_iter_t it, sub;
	bson_t one;

	if (!doc_find(plan, list, &it) || !BSON_ITER_HOLDS_ARRAY(&it) ||
	    !bson_iter_recurse(&it, &sub))
		return;
	while (doc_next(&sub, &one))
		call(&one, arg);
}

struct same {
	const char *name;
	bool found;
};

static void
is_same(const bson_t *one, void *arg)
{
	struct same *s = arg;

	s->found =
	    s->found || strcmp(doc_text_or(one, "name", ""), s->name) == 0;
}

static const char *
verdict(const struct who *w, const char *name)
{
	struct same s = {name, false};

	if (strcmp(w->list, "kept") == 0)
		return "goes on writing";
	if (w->kind == BLOCK_HOOK)
		return strcmp(w->list, "open") == 0
		    ? "can write everywhere"
		    : "can write to the selection";
	if (w->kind == BLOCK_ROLE)
		return strcmp(w->list, "open") == 0 ? "is not stopped"
						    : "is stopped";
	each(w->passing, "open", is_same, &s);
	return s.found ? "is not stopped" : "is stopped";
}

/* Rights as model/grants.h writes them: R is a role. */
static void
show_why(const bson_t *one)
{
	bson_iter_t it, sub;
	const char *sep = ": ";

	if (!doc_find(one, "why", &it) || !BSON_ITER_HOLDS_ARRAY(&it) ||
	    !bson_iter_recurse(&it, &sub))
		return;
	while (bson_iter_next(&sub)) {
		const char *text = bson_iter_utf8(&sub, NULL);

		printf("%s%s", sep, text[0] == 'R' ? "role " : "");
		put(text + 2);
		sep = ", ";
	}
}

static void
show_one(const bson_t *one, void *arg)
{
	const struct who *w = arg;
	const char *db = doc_text_or(one, "db", "");
	char *name = bson_strdup_printf(
	    "%s%s%s", db, *db ? "." : "", doc_text_or(one, "name", ""));

	printf("who %s \"", doc_text_or(one, "kind", "user"));
	put(name);
	printf("\" %s", verdict(w, name));
	show_why(one);
	putchar('\n');
	bson_free(name);
}

void
switch_who(struct switcher *s)
{
	static const char *const lists[] = {"changes", "open", "kept"};
	bson_error_t why = {0};
	bson_t writers, passing;
	struct who w = {s->o->block, &passing, NULL};

	if (!block_writers(s->block, SIDE_SOURCE, &writers, &passing, &why))
		printf("who can write to the source is not known: %s\n",
		    why.message);
	else
		for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
			w.list = lists[i];
			each(&writers, lists[i], show_one, &w);
		}
	bson_destroy(&writers);
	bson_destroy(&passing);
}
