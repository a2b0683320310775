/* What is known of a change by its kind or name alone. */
#include <string.h>

#include "model/ddl.h"

bool
ddl_done_before(enum ddl_kind kind, int code)
{
	switch (kind) {
	case DDL_CREATE:
		return code == 48;
	case DDL_DROP:
	case DDL_DROP_DATABASE:
	case DDL_TO_CAPPED:
		return code == 26;
	case DDL_DROP_INDEXES:
	case DDL_COLL_MOD:
		return code == 26 || code == 27;
	case DDL_CREATE_INDEXES:
		return code == 26 || code == 68 || code == 85 || code == 86;
	case DDL_RENAME:
		return code == 26 || code == 48;
	default:
		return false;
	}
}

const char *
ddl_name(enum ddl_kind kind)
{
	static const char *const names[] = {"nothing", "create", "drop", "drop",
	    "dropDatabase", "renameCollection", "renameCollection", "collMod",
	    "createIndexes", "dropIndexes", "convertToCapped"};

	return names[kind];
}

bool
ddl_is_temporary(const char *coll)
{
	const char *rest;

	if (strncmp(coll, "tmp.agg_out.", 12) == 0 ||
	    strncmp(coll, "tmp.mr.", 7) == 0)
		return true;
	rest = strchr(coll, '.');
	return strncmp(coll, "tmp", 3) == 0 && rest && rest - coll == 8 &&
	    (strcmp(rest, ".renameCollection") == 0 ||
		strncmp(rest, ".convertToCapped.", 17) == 0);
}
