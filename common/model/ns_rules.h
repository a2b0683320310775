/* model: what ns.c (building), ns_doc.c (as documents) and ns_match.c (use)
 * share of the rules. For these three only. */
#ifndef MM_MODEL_NS_RULES_H
#define MM_MODEL_NS_RULES_H

#include "model/ns.h"
#include "model/pattern.h"

struct patterns {
	struct pattern *item;
	bool *keep; /* used while normalising */
	size_t n;
	bool choose; /* include: one that can never choose is a mistake */
};

struct ns_rules {
	struct patterns include, exclude; /* no include: everything */
	struct rename *rename;            /* the last match counts */
	size_t n_rename;
};

/* Databases of the server and of this project. */
bool ns_db_reserved(const char *db, size_t len);

struct ns_rules *ns_rules_empty(void);
/* Add one; `option` names it in messages. */
bool ns_rules_pattern(struct patterns *l, const char *option, const char *text,
    enum mm_exit status, bson_error_t *error);
bool ns_rules_rename(struct ns_rules *r, const char *from, const char *to,
    enum mm_exit status, bson_error_t *error);
void ns_rules_normalise(struct ns_rules *r);

#endif
