/* Rules are kept in one normal form (sorted, nothing that another pattern
 * covers), because the job's identity is made of them. What stands nowhere in
 * the patterns and is always so: databases of the server itself and
 * mm_control, and system collections other than the two that are data. */
#include "model/ns.h"

#include <stdlib.h>
#include <string.h>

#include "model/ns_rules.h"

#define DB_MAX 63
#define RULES_MAX 1000

struct ns_flags ns_flags;

#define SELECT_ROWS                                                            \
	{'d', "db", "NAME", OPT_TEXT, &ns_flags.db, "database"},               \
	    {'c', "collection", "NAME", OPT_TEXT, &ns_flags.coll,              \
		"collection, in the database of -d"},                          \
	    {0, "nsInclude", "PATTERN", OPT_LIST, &ns_flags.include,           \
		"take namespaces that match (* is any text)"},                 \
	{                                                                      \
		0, "nsExclude", "PATTERN", OPT_LIST, &ns_flags.exclude,        \
		    "leave out namespaces that match"                          \
	}

static const struct opt select_rows[] = {SELECT_ROWS};
static const struct opt all_rows[] = {
    SELECT_ROWS,
    {0, "nsFrom", "PATTERN", OPT_LIST, &ns_flags.from,
	"rename namespaces that match, with --nsTo"},
    {0, "nsTo", "PATTERN", OPT_LIST, &ns_flags.to,
	"new name for the --nsFrom of the same place"},
};
const struct opt_group ns_options = OPT_GROUP("Namespaces", all_rows);
const struct opt_group ns_select_options = OPT_GROUP("Namespaces", select_rows);

/* ------------------------------------------------------------- building */

bool
ns_db_reserved(const char *db, size_t len)
{
	static const char *const reserved[] = {
	    "admin", "config", "local", "mm_control"};

	for (size_t i = 0; i < 4; i++)
		if (strlen(reserved[i]) == len &&
		    memcmp(reserved[i], db, len) == 0)
			return true;
	return false;
}

static bool
can_be_ns(const struct pattern *p)
{
	struct pattern any;

	pattern_parse(&any, "*.*");
	return pattern_meet(p, &any);
}

/* Could match "db.coll" outside the reserved databases. */
static bool
possible(const struct pattern *p)
{
	char db[DB_MAX + 1];
	uint16_t n = 0;

	if (!can_be_ns(p))
		return false;
	for (; n < p->n && n < DB_MAX && p->token[n] != '.'; n++) {
		if (p->token[n] == PATTERN_STAR)
			return true;
		db[n] = (char)p->token[n];
	}
	return n > 0 && n < p->n && p->token[n] == '.' &&
	    !ns_db_reserved(db, n);
}

static int
pattern_order(const void *a, const void *b)
{
	const struct pattern *x = a, *y = b;
	uint16_t n = x->n < y->n ? x->n : y->n;

	for (uint16_t i = 0; i < n; i++)
		if (x->token[i] != y->token[i])
			return (int)x->token[i] - (int)y->token[i];
	return (int)x->n - (int)y->n;
}

static void
patterns_normalise(struct patterns *l)
{
	size_t kept = 0;

	if (l->n > 1)
		qsort(l->item, l->n, sizeof *l->item, pattern_order);
	for (size_t i = 0; i < l->n; i++) {
		bool covered = false;

		for (size_t k = 0; k < l->n && !covered; k++) {
			if (k == i || !pattern_within(&l->item[i], &l->item[k]))
				continue;
			/* of two that cover each other the first stays */
			covered =
			    k < i || !pattern_within(&l->item[k], &l->item[i]);
		}
		l->keep[i] = !covered;
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->keep[i])
			l->item[kept++] = l->item[i];
	l->n = kept;
}

static struct pattern *
patterns_more(struct patterns *l)
{
	l->item = bson_realloc(l->item, (l->n + 1) * sizeof *l->item);
	l->keep = bson_realloc(l->keep, l->n + 1);
	return &l->item[l->n++];
}

bool
ns_rules_pattern(struct patterns *l, const char *option, const char *text,
    enum mm_exit status, bson_error_t *error)
{
	struct pattern *p;

	if (l->n >= RULES_MAX)
		return error_set(error, status, 0, "too many %s", option);
	p = patterns_more(l);
	if (!pattern_parse(p, text))
		return error_set(error, status, 0,
		    "%s \"%s\": empty or too long", option, text);
	if (l->choose ? !possible(p) : !can_be_ns(p))
		return error_set(error, status, 0,
		    "%s \"%s\" cannot match any namespace (DATABASE.COLLECTION "
		    "outside admin, config, local and mm_control)",
		    option, text);
	return true;
}

bool
ns_rules_rename(struct ns_rules *r, const char *from, const char *to,
    enum mm_exit status, bson_error_t *error)
{
	const char *wrong;

	if (r->n_rename >= RULES_MAX)
		return error_set(error, status, 0, "too many --nsFrom");
	r->rename =
	    bson_realloc(r->rename, (r->n_rename + 1) * sizeof *r->rename);
	wrong = rename_parse(&r->rename[r->n_rename++], from, to);
	return !wrong ||
	    error_set(error, status, 0, "--nsFrom \"%s\" --nsTo \"%s\": %s",
		from, to, wrong);
}

static int
rename_order(const void *a, const void *b)
{
	const struct rename *x = a, *y = b;

	return strcmp(x->from_text, y->from_text);
}

/* The last pair that matches counts. Where no two can match one name, their
 * order says nothing and becomes alphabetic. */
static void
renames_normalise(struct ns_rules *r)
{
	size_t kept = 0;
	bool apart = true;

	for (size_t i = 0; i < r->n_rename; i++) {
		bool again = false;

		for (size_t k = i + 1; k < r->n_rename; k++)
			again |= strcmp(r->rename[i].from_text,
				     r->rename[k].from_text) == 0;
		if (again)
			rename_release(&r->rename[i]);
		else
			r->rename[kept++] = r->rename[i];
	}
	r->n_rename = kept;
	for (size_t i = 0; i < kept; i++)
		for (size_t k = i + 1; k < kept; k++)
			apart &= !pattern_meet(
			    &r->rename[i].from, &r->rename[k].from);
	if (apart && kept > 1)
		qsort(r->rename, kept, sizeof *r->rename, rename_order);
}

void
ns_rules_normalise(struct ns_rules *r)
{
	patterns_normalise(&r->include);
	patterns_normalise(&r->exclude);
	renames_normalise(r);
}

void
ns_rules_free(struct ns_rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_rename; i++)
		rename_release(&r->rename[i]);
	bson_free(r->rename);
	bson_free(r->include.item);
	bson_free(r->include.keep);
	bson_free(r->exclude.item);
	bson_free(r->exclude.keep);
	bson_free(r);
}

struct ns_rules *
ns_rules_empty(void)
{
	struct ns_rules *r = bson_malloc0(sizeof *r);

	r->include.choose = true;
	return r;
}

static bool
add_db(struct ns_rules *r, const struct ns_flags *flags, bson_error_t *error)
{
	size_t len = flags->db ? strlen(flags->db) : 0;

	if (flags->coll && !flags->db)
		return error_set(
		    error, MM_EXIT_USAGE, 0, "-c needs -d with it");
	if (!flags->db)
		return true;
	if (len == 0 || len > DB_MAX || strchr(flags->db, '.') ||
	    (flags->coll && !*flags->coll))
		return error_set(error, MM_EXIT_USAGE, 0,
		    "not a name of a database or collection: -d \"%s\"%s%s%s",
		    flags->db, flags->coll ? " -c \"" : "",
		    flags->coll ? flags->coll : "", flags->coll ? "\"" : "");
	if (ns_db_reserved(flags->db, len))
		return error_set(error, MM_EXIT_USAGE, 0,
		    "database \"%s\" cannot be selected", flags->db);
	if (!pattern_literal(
		patterns_more(&r->include), flags->db, flags->coll))
		return error_set(error, MM_EXIT_USAGE, 0, "-c is too long");
	return true;
}

static bool
add_flags(struct ns_rules *r, const struct ns_flags *flags, bson_error_t *error)
{
	if (!add_db(r, flags, error))
		return false;
	for (size_t i = 0; i < flags->include.n; i++)
		if (!ns_rules_pattern(&r->include, "--nsInclude",
			flags->include.item[i], MM_EXIT_USAGE, error))
			return false;
	for (size_t i = 0; i < flags->exclude.n; i++)
		if (!ns_rules_pattern(&r->exclude, "--nsExclude",
			flags->exclude.item[i], MM_EXIT_USAGE, error))
			return false;
	if (flags->from.n != flags->to.n)
		return error_set(error, MM_EXIT_USAGE, 0,
		    "--nsFrom and --nsTo come in pairs (%zu and %zu given)",
		    flags->from.n, flags->to.n);
	for (size_t i = 0; i < flags->from.n; i++)
		if (!ns_rules_rename(r, flags->from.item[i], flags->to.item[i],
			MM_EXIT_USAGE, error))
			return false;
	return true;
}

struct ns_rules *
ns_rules_new(const struct ns_flags *flags, bson_error_t *error)
{
	struct ns_rules *r = ns_rules_empty();

	if (!add_flags(r, flags, error)) {
		ns_rules_free(r);
		return NULL;
	}
	ns_rules_normalise(r);
	return r;
}

void
ns_flags_release(struct ns_flags *flags)
{
	opt_list_release(&flags->include);
	opt_list_release(&flags->exclude);
	opt_list_release(&flags->from);
	opt_list_release(&flags->to);
}
