/* mongosim: update modifiers: parsed, and applied in the server's order. */
#ifndef MM_SIM_MODS_H
#define MM_SIM_MODS_H

#include "doc.h"
#include "update.h"

struct mod;

/* One modifier at one place of one document, while it is applied. */
struct mod_at {
	const struct update_args *args;
	const struct mod *mod;
	const struct value *doc; /* the whole document as it is now */
	const struct value *cur; /* the value at the path; NULL: none */
	const char *name;        /* last part of the path */
	bool in_array;           /* of an array element */
	/* results */
	struct value value;   /* MOD_SET, MOD_APPEND: the new value ... */
	struct buf store;     /* ... whose bytes may stand here */
	uint32_t append_from; /* MOD_APPEND: first new index */
	bson_error_t *error;
};

enum mod_result {
	MOD_FAILED, /* at->error is filled */
	MOD_NOOP,
	MOD_SET,
	MOD_APPEND, /* MOD_SET, logged by the new elements */
	MOD_REMOVE
};

struct mod_def {
	const char *name;
	/* What is wrong with {path: arg}, whatever the document; or NULL. */
	bool (*check)(
	    const char *path, const struct value *arg, bson_error_t *error);
	enum mod_result (*apply)(struct mod_at *at);
	bool creates;     /* also where there is nothing yet */
	bool insert_only; /* $setOnInsert */
};

extern const struct mod_def mod_scalar_defs[], mod_push_defs[], mod_pull_defs[];

struct mod {
	const struct mod_def *def; /* NULL: only guards a path ($rename) */
	struct path path;          /* as written; $rename: the new name */
	struct value arg;
	char *from; /* $rename: the old name */
};

struct mods {
	struct mod *list;
	size_t count;
};

/* `update` is a document of modifiers. The list is sorted as the server
 * applies it: part by part, lexicographically, or numbers among each other by
 * value. Values are borrowed. Release in any case. */
bool mods_parse(const bson_t *update, const bson_t *array_filters,
    bool numeric_order, struct mods *mods, bson_error_t *error);
void mods_release(struct mods *mods);

/* doc is the document to change, and the changed one afterwards. */
bool mods_apply(const struct mods *mods, const struct update_args *args,
    struct update_log *log, struct buf *doc, bson_error_t *error);

/* mods_expand.c: the places a path with $, $[] or $[name] means. */
struct place {
	struct path path;
	unsigned log_parts; /* what is logged: a whole array if many match */
};
struct places {
	struct place *list;
	size_t count;
};
bool places_find(const struct path *path, const struct update_args *args,
    const struct value *doc, struct places *places, bson_error_t *error);
void places_release(struct places *places);
bool path_has_positional(const struct path *path);

/* "{_id: 1}" of a document; caller frees with bson_free. */
char *mod_id_text(const struct value *doc);

#endif
