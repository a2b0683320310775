/* model: which namespaces, under which names.
 *
 * The same flags and rules in every program, spelled as mongorestore has
 * them: -d, -c, --nsInclude, --nsExclude (patterns with `*`, backslash
 * escapes), --nsFrom and --nsTo in pairs (`*` or $name$ variables). Without
 * any include everything is selected but admin, config, local and mm_control,
 * which no pattern ever selects. Where several From match, the last counts.
 */
#ifndef MM_MODEL_NS_H
#define MM_MODEL_NS_H

#include "base/error.h"
#include "base/opt.h"

#define NS_MAX 255 /* bytes of a namespace, without NUL */

/* Values of the shared options; release with ns_flags_release. */
struct ns_flags {
	const char *db, *coll;
	struct opt_list include, exclude, from, to;
};
extern struct ns_flags ns_flags;
extern const struct opt_group ns_options;        /* all six */
extern const struct opt_group ns_select_options; /* without From and To */
void ns_flags_release(struct ns_flags *flags);

struct ns_rules;

/* From the flags. Status 2: -c without -d, unpaired or unlike From and To,
 * empty or impossible pattern. Caller frees. */
struct ns_rules *ns_rules_new(
    const struct ns_flags *flags, bson_error_t *error);
/* From the `filters` document of a stream header or job. Status 3. */
struct ns_rules *ns_rules_read(const bson_t *filters, bson_error_t *error);
void ns_rules_free(struct ns_rules *r);

/* True when nothing was chosen by hand (no include). */
bool ns_rules_all(const struct ns_rules *r);
/* `ns` is "db.coll" on the source side. system.* collections are selected
 * only where they are data of a database: system.js and system.views. */
bool ns_selected(const struct ns_rules *r, const char *ns);
/* Something in that database may be selected. */
bool ns_db_selected(const struct ns_rules *r, const char *db);
/* The whole database is selected, and maps to one database whole (for
 * dropDatabase). */
bool ns_db_whole(const struct ns_rules *r, const char *db);
/* Target name of a source namespace; out holds NS_MAX + 1. Status 8: the
 * mapped name is too long or not a namespace. Unmapped: copied. */
bool ns_map(
    const struct ns_rules *r, const char *ns, char *out, bson_error_t *error);
/* A selected namespace that gets this name; the last From counts first. out
 * holds NS_MAX + 1. */
bool ns_unmap(const struct ns_rules *r, const char *target, char *out);
/* Every namespace that `inner` can select is selected by `outer` too. May say
 * false for a case it cannot prove; never true wrongly. */
bool ns_covers(const struct ns_rules *outer, const struct ns_rules *inner);

/* {include:[..], exclude:[..], rename:[{from,to}..]}: sorted, without
 * duplicates, `-d shop` as "shop.*": equal selections give equal bytes for the
 * spellings that are normalised. Appended to doc. */
void ns_rules_append(const struct ns_rules *r, bson_t *doc);

/* Splits "db.coll"; false without a dot, with an empty part, or too long. */
bool ns_split(const char *ns, char *db, const char **coll);

#endif
