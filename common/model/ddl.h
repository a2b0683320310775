/* model: what an entry changes in the catalog: collections, views, indexes.
 *
 * The whole table of oplog commands, judged against a selection: something
 * to do on the target, nothing to do, or refused by name. Names are mapped.
 * Every kind but DDL_NONE is a barrier: the order against all entries of the
 * namespaces concerned counts.
 */
#ifndef MM_MODEL_DDL_H
#define MM_MODEL_DDL_H

#include "model/entry.h"
#include "model/ns.h"

enum ddl_kind {
	DDL_NONE,          /* nothing to do for this selection */
	DDL_CREATE,        /* `doc`: options as in the catalog, or of a view */
	DDL_DROP,          /* command {drop} */
	DDL_DROP_VIEWS,    /* every selected view of the database of `ns` */
	DDL_DROP_DATABASE, /* command {dropDatabase}: selected whole */
	DDL_RENAME,    /* admin command {renameCollection, to, dropTarget} */
	DDL_RENAME_IN, /* `to` is selected, `ns` is not, so its documents
			* were not followed: `to` is stale from here on
			* unless the caller has tracked ns itself */
	DDL_COLL_MOD,  /* command {collMod}, `doc`: its index part */
	DDL_CREATE_INDEXES, /* `doc`: array of specifications */
	DDL_DROP_INDEXES,   /* command {dropIndexes} */
	DDL_TO_CAPPED       /* command {convertToCapped} */
};

struct ddl {
	enum ddl_kind kind;
	char ns[NS_MAX + 1]; /* on the source; the database for dropDatabase */
	char target[NS_MAX + 1];                    /* its name on the target */
	char to[NS_MAX + 1], to_target[NS_MAX + 1]; /* renames */
	char db[64];         /* of the target, where the command runs */
	const uint8_t *ui;   /* UUID of the entry, or NULL; borrowed */
	const uint8_t *drop; /* UUID of the collection that a rename replaces,
			      * or NULL; borrowed */
	struct buf doc;      /* a BSON document; empty: none */
	struct buf command;  /* the same; of DDL_COLL_MOD without `index`,
			      * empty when nothing else is in it */
	char left_out[256];  /* fields that no server takes or we do not know:
			      * for a warning */
};

#define DDL_INIT                                                               \
	{                                                                      \
		.kind = DDL_NONE                                               \
	}

/* Not the change of a user's document, so entry_apply is not for it: commands
 * outside transactions, changes of system.views and system.indexes, and of the
 * insides of time-series and encrypted collections (refused by ddl_read where
 * they are selected, never skipped), whichever database. */
bool ddl_is(const struct entry *e);
/* Fills *d, which may have been used before. Status 8: refused, the message
 * names command, namespace and position: unknown commands (no override; in a
 * database that is not selected at all they are DDL_NONE), time series,
 * encrypted collections, imports, names that cannot be mapped. */
bool ddl_read(const struct entry *e, const struct ns_rules *rules,
    struct ddl *d, bson_error_t *error);
void ddl_release(struct ddl *d);

/* An error code of the target that means it was done before: the caller then
 * compares options (create) or specifications (indexes). */
bool ddl_done_before(enum ddl_kind kind, int code);
/* For messages. */
const char *ddl_name(enum ddl_kind kind);
/* Collections that a server makes in order to rename them onto another:
 * tmp.agg_out.*, tmp.mr.*, tmpXXXXX.renameCollection and the like. */
bool ddl_is_temporary(const char *coll);
/* The rules, which also select such collections in every database of which
 * something is selected: what is renamed onto a selected collection has then
 * been followed. Caller frees. */
struct ns_rules *ddl_wide(const struct ns_rules *rules, bson_error_t *error);

#endif
