#include "shop_scope.h"

#include <string.h>

static bool
sel_ns(const void *arg, const char *ns)
{
	(void)arg;
	return strncmp(ns, "shop.", 5) == 0;
}

static bool
sel_db(const void *arg, const char *db)
{
	(void)arg;
	return strcmp(db, "shop") == 0;
}

static const char *const keep[] = {"admin.mover"};
const struct grants_scope shop_scope = {
    sel_ns, sel_db, sel_db, NULL, NULL, 0, keep, 1};
