/* Changes of the catalog that are looked at, not made: the same reading and the
 * same rules, over a book of what the log itself has made. */
#include <stdio.h>
#include <string.h>

#include "engine/apply_ddl_work.h"

static size_t
find(const struct apply_ddl *a, const char *ns)
{
	size_t i = 0;

	while (i < a->made.n && strcmp(a->made.item[i], ns) != 0)
		i++;
	return i;
}

static void
add(struct apply_ddl *a, const char *ns)
{
	if (find(a, ns) < a->made.n)
		return;
	a->made.item =
	    bson_realloc(a->made.item, (a->made.n + 1) * sizeof *a->made.item);
	a->made.item[a->made.n++] = bson_strdup(ns);
}

static bool
take_out(struct apply_ddl *a, const char *ns)
{
	size_t i = find(a, ns);

	if (i == a->made.n)
		return false;
	bson_free(a->made.item[i]);
	a->made.item[i] = a->made.item[--a->made.n];
	return true;
}

static void
book(struct apply_ddl *a)
{
	switch (a->d.kind) {
	case DDL_CREATE:
		add(a, a->d.target);
		break;
	case DDL_DROP:
		take_out(a, a->d.target);
		break;
	case DDL_RENAME:
		take_out(a, a->d.to_target);
		if (take_out(a, a->d.target))
			add(a, a->d.to_target);
		break;
	default:
		break;
	}
}

bool
apply_ddl_judge(struct apply_ddl *a, const struct entry *e, char *skipped,
    size_t room, bson_error_t *error)
{
	bool barrier;

	skipped[0] = '\0';
	if (!apply_ddl_read(a, e, &barrier, error))
		return false;
	if (!barrier) {
		snprintf(skipped, room, "%.100s: %s",
		    e->command ? e->command : ddl_name(a->d.kind),
		    a->d.kind == DDL_NONE ? "nothing to do for this selection"
					  : "--ddl ignore");
		return true;
	}
	if (!apply_ddl_may(a, e, find(a, a->d.target) < a->made.n, error))
		return false;
	if (a->d.left_out[0])
		snprintf(skipped, room, "left out of it: %s", a->d.left_out);
	book(a);
	return true;
}

void
apply_ddl_judge_release(struct apply_ddl *a)
{
	for (size_t i = 0; i < a->made.n; i++)
		bson_free(a->made.item[i]);
	bson_free(a->made.item);
}
