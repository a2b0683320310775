/* Using the rules. Claims about all names at once (a whole database, one
 * selection within another) are proved from the patterns, or denied. */
#include <string.h>

#include "model/ns_rules.h"

bool
ns_split(const char *ns, char *db, const char **coll)
{
	const char *dot = strchr(ns, '.');

	if (!dot || dot == ns || dot - ns > 63 || !dot[1] ||
	    strlen(ns) > NS_MAX)
		return false;
	if (db) {
		memcpy(db, ns, (size_t)(dot - ns));
		db[dot - ns] = '\0';
	}
	if (coll)
		*coll = dot + 1;
	return true;
}

bool
ns_rules_all(const struct ns_rules *r)
{
	return r->include.n == 0;
}

static bool
any_match(const struct patterns *l, const char *ns)
{
	for (size_t i = 0; i < l->n; i++)
		if (pattern_match(&l->item[i], ns))
			return true;
	return false;
}

/* Some pattern of the list takes all that p takes. */
static bool
any_covers(const struct patterns *l, const struct pattern *p)
{
	for (size_t i = 0; i < l->n; i++)
		if (pattern_within(p, &l->item[i]))
			return true;
	return false;
}

static bool
any_meets(const struct patterns *l, const struct pattern *p)
{
	for (size_t i = 0; i < l->n; i++)
		if (pattern_meet(p, &l->item[i]))
			return true;
	return false;
}

static bool
is_data(const char *coll)
{
	if (*coll == '$' || *coll == '\0')
		return false;
	return strncmp(coll, "system.", 7) != 0 ||
	    strcmp(coll, "system.js") == 0 || strcmp(coll, "system.views") == 0;
}

bool
ns_selected(const struct ns_rules *r, const char *ns)
{
	const char *dot = strchr(ns, '.');

	return dot && dot != ns && is_data(dot + 1) &&
	    !ns_db_reserved(ns, (size_t)(dot - ns)) &&
	    (r->include.n == 0 || any_match(&r->include, ns)) &&
	    !any_match(&r->exclude, ns);
}

bool
ns_db_selected(const struct ns_rules *r, const char *db)
{
	struct pattern whole;

	return !ns_db_reserved(db, strlen(db)) &&
	    pattern_literal(&whole, db, NULL) &&
	    (r->include.n == 0 || any_meets(&r->include, &whole)) &&
	    !any_covers(&r->exclude, &whole);
}

/* r names the whole of database `db` anew, as one database: its name in
 * `to`, which holds 64 bytes. */
static bool
renames_db(const struct rename *r, const struct pattern *whole, char *to)
{
	uint16_t n = 0;

	if (r->from.n != whole->n ||
	    memcmp(r->from.token, whole->token, whole->n * sizeof(uint16_t)))
		return false;
	for (; n < r->to_n && r->to[n] < PATTERN_STAR && r->to[n] != '.'; n++) {
		if (n == 63)
			return false;
		to[n] = (char)r->to[n];
	}
	to[n] = '\0';
	return n > 0 && n + 2 == r->to_n && r->to[n] == '.' &&
	    r->to[n + 1] == PATTERN_STAR;
}

/* r may give a name in database `db`. */
static bool
leads_to(const struct rename *r, const char *db)
{
	uint16_t n = 0;

	for (; n < r->to_n && db[n]; n++) {
		if (r->to[n] >= PATTERN_STAR)
			return true;
		if (r->to[n] != (unsigned char)db[n])
			return false;
	}
	return n < r->to_n && (r->to[n] == '.' || r->to[n] >= PATTERN_STAR);
}

bool
ns_db_whole(const struct ns_rules *r, const char *db)
{
	const struct rename *own = NULL;
	struct pattern whole;
	char to[64];

	if (!ns_db_selected(r, db) || strlen(db) > 63)
		return false;
	pattern_literal(&whole, db, NULL);
	if ((r->include.n > 0 && !any_covers(&r->include, &whole)) ||
	    any_meets(&r->exclude, &whole))
		return false;
	strcpy(to, db);
	for (size_t i = r->n_rename; i > 0 && !own; i--) {
		if (renames_db(&r->rename[i - 1], &whole, to))
			own = &r->rename[i - 1];
		else if (pattern_meet(&r->rename[i - 1].from, &whole))
			return false;
	}
	for (size_t i = 0; i < r->n_rename; i++)
		if (&r->rename[i] != own && leads_to(&r->rename[i], to))
			return false;
	/* a database that keeps its name must not meet the new one */
	return !own || strcmp(to, db) == 0 || !ns_db_selected(r, to);
}

/* `to` can be the new name of ns: a name that the server takes, and a system
 * collection neither comes nor goes. */
static bool
usable(const char *ns, const char *to)
{
	const char *was = strchr(ns, '.'), *coll;
	char db[64];

	if (!ns_split(to, db, &coll) || ns_db_reserved(db, strlen(db)) ||
	    strpbrk(db, "/\\ \"$") || *coll == '$')
		return false;
	if (strncmp(coll, "system.", 7) != 0 &&
	    (!was || strncmp(was, ".system.", 8) != 0))
		return true;
	return was && strcmp(coll, was + 1) == 0;
}

bool
ns_map(const struct ns_rules *r, const char *ns, char *out, bson_error_t *error)
{
	enum rename_got got = RENAME_NO;

	for (size_t i = r->n_rename; i > 0 && got == RENAME_NO; i--)
		got = rename_apply(&r->rename[i - 1], ns, out, NS_MAX + 1);
	if (got == RENAME_LONG)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "new name of \"%s\" is longer than %d bytes", ns, NS_MAX);
	if (got == RENAME_NO) {
		if (strlen(ns) > NS_MAX)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "namespace \"%.64s...\" is longer than %d bytes",
			    ns, NS_MAX);
		strcpy(out, ns);
		return true;
	}
	if (!usable(ns, out))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "new name of \"%s\" cannot be \"%s\"", ns, out);
	return true;
}

static bool
gives(const struct ns_rules *r, const char *ns, const char *target)
{
	char mapped[NS_MAX + 1];

	return ns_selected(r, ns) && ns_map(r, ns, mapped, NULL) &&
	    strcmp(mapped, target) == 0;
}

bool
ns_unmap(const struct ns_rules *r, const char *target, char *out)
{
	for (size_t i = r->n_rename; i > 0; i--)
		if (rename_reverse(&r->rename[i - 1], target, out,
			NS_MAX + 1) == RENAME_DONE &&
		    gives(r, out, target))
			return true;
	if (strlen(target) > NS_MAX)
		return false;
	strcpy(out, target);
	return gives(r, out, target);
}

/* What may stay selected of p in `outer`, though p is not excluded by
 * `inner`: every exclusion of outer that touches p must be one of inner. */
static bool
exclusions_agree(const struct ns_rules *outer, const struct ns_rules *inner,
    const struct pattern *p)
{
	for (size_t i = 0; i < outer->exclude.n; i++)
		if (pattern_meet(&outer->exclude.item[i], p) &&
		    !any_covers(&inner->exclude, &outer->exclude.item[i]))
			return false;
	return true;
}

bool
ns_covers(const struct ns_rules *outer, const struct ns_rules *inner)
{
	struct pattern all;

	pattern_parse(&all, "*");
	for (size_t i = 0; i < inner->include.n || i == 0; i++) {
		const struct pattern *p =
		    inner->include.n ? &inner->include.item[i] : &all;

		if (outer->include.n && !any_covers(&outer->include, p))
			return false;
		if (!exclusions_agree(outer, inner, p))
			return false;
	}
	return true;
}
