/* Who can write to the selection, as the server's users and roles say. A block
 * of one's own has to stop all of them; a plan that would take their rights
 * away is the way to find them. */
#include <stdio.h>
#include <string.h>

#include "base/doc.h"
#include "engine/switch_work.h"
#include "model/grants.h"
#include "mongo/rights.h"

static bool
sel_ns(const void *rules, const char *ns)
{
	return ns_selected(rules, ns);
}

static bool
sel_any(const void *rules, const char *db)
{
	return ns_db_selected(rules, db);
}

static bool
sel_whole(const void *rules, const char *db)
{
	return ns_db_whole(rules, db);
}

/* Names are somebody's choice: nothing of them moves the cursor. */
static void
put(const char *text)
{
	for (; *text; text++)
		putchar(
		    (unsigned char)*text < ' ' || *text == 127 ? '?' : *text);
}

static void
show_one(const char *list, const bson_t *one)
{
	const char *db = doc_text_or(one, "db", ""),
		   *why = doc_text_or(one, "why", "");

	printf("who ");
	put(doc_text_or(one, "kind", ""));
	printf(*doc_text_or(one, "kind", "") ? " \"" : "user \"");
	put(db);
	printf("%s", *db ? "." : "");
	put(doc_text_or(one, "name", ""));
	printf("\"%s%s",
	    strcmp(list, "kept") == 0       ? " is this program's"
		: strcmp(list, "open") == 0 ? " can write everywhere"
					    : " can write to the selection",
	    *why ? ": " : "");
	/* A right as model/grants.h writes it: R is a role. */
	if (strncmp(why, "R ", 2) == 0)
		printf("role "), why += 2;
	put(why);
	putchar('\n');
}

static void
show_list(const bson_t *plan, const char *list)
{
	bson_iter_t it, sub;
	const uint8_t *data;
	uint32_t len;
	bson_t one;

	if (!bson_iter_init_find(&it, plan, list) ||
	    !BSON_ITER_HOLDS_ARRAY(&it) || !bson_iter_recurse(&it, &sub))
		return;
	while (bson_iter_next(&sub)) {
		if (!BSON_ITER_HOLDS_DOCUMENT(&sub))
			continue;
		bson_iter_document(&sub, &len, &data);
		if (bson_init_static(&one, data, len))
			show_one(list, &one);
	}
}

/* The texts of an array, borrowed. Caller frees the list. */
static const char **
texts(const bson_t *array, size_t *n)
{
	const char **out =
	    bson_malloc0((bson_count_keys(array) + 1) * sizeof *out);
	bson_iter_t it;

	*n = 0;
	if (bson_iter_init(&it, array))
		while (bson_iter_next(&it))
			if (BSON_ITER_HOLDS_UTF8(&it))
				out[(*n)++] = bson_iter_utf8(&it, NULL);
	return out;
}

static bool
show(struct switcher *s, const struct rights *r, bson_error_t *error)
{
	struct grants_scope scope = {sel_ns, sel_any, sel_whole, s->rules};
	bson_t own = BSON_INITIALIZER, plan = BSON_INITIALIZER;
	const char **keep = NULL;
	bool ok = rights_own(s->src, &own, error);

	if (ok) {
		keep = texts(&own, &scope.n_keep);
		scope.keep = keep;
		ok = grants_plan(&scope, &r->users, &r->roles, &plan, error);
	}
	if (ok) {
		show_list(&plan, "changes");
		show_list(&plan, "open");
		show_list(&plan, "kept");
	}
	bson_free(keep);
	bson_destroy(&plan);
	bson_destroy(&own);
	return ok;
}

void
switch_who(struct switcher *s)
{
	bson_error_t why = {0};
	struct rights r;

	if (!rights_fetch(s->src, &r, &why) || !show(s, &r, &why))
		printf("who can write to the source is not known: %s\n",
		    why.message);
	rights_release(&r);
}
