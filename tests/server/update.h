/* mongosim: the update language applied to one document.
 *
 * A replacement, modifiers, or an array of pipeline stages. Besides the new
 * document it tells how the server would log the change: modifiers are logged
 * by the paths they touched, not by comparing documents (a $push of one value
 * is one array element, a $pull the whole array), so the paths are handed to
 * diff_make.
 */
#ifndef MM_SIM_UPDATE_H
#define MM_SIM_UPDATE_H

#include "base/buf.h"
#include "base/error.h"

enum update_form {
	UPDATE_NOOP, /* nothing changed: no entry, not counted in nModified */
	UPDATE_REPLACEMENT, /* the entry is the whole document */
	UPDATE_MODIFIERS,   /* the entry follows from `touched` */
	UPDATE_PIPELINE     /* the entry follows from both documents */
};

struct update_log {
	enum update_form form;
	/* {"path": true if set, false if removed}, in order of application;
	 * paths are as of the document, without positional operators. */
	bson_t touched;
	/* The document as it is logged: _id may stand elsewhere than in the
	 * stored one, where it is first. */
	struct buf logged;
};

struct update_args {
	const bson_t *query;       /* upsert takes its equalities; `a.$` */
	const bson_iter_t *update; /* at the value of `u`: document or array */
	const bson_t *array_filters; /* an array; NULL: none */
	const bson_t *old;           /* NULL: upsert, out is to be inserted */
	int64_t now;                 /* ms since 1970, for $currentDate */
	uint32_t seconds, increment; /* where update_needs_time */
	/* From 5.0 on new fields whose names are numbers come in the order of
	 * the numbers; before, 10 comes before 2. */
	bool numeric_order;
};

void update_log_init(struct update_log *log);
void update_log_release(struct update_log *log);

/* What is refused before any document is looked at (unknown operator, mixed
 * forms, conflicting paths, replacement with multi ...). */
bool update_check(const bson_iter_t *update, const bson_t *array_filters,
    bool multi, bson_error_t *error);
/* True when the update stores the present timestamp ($currentDate, or a
 * Timestamp(0,0) at the top of a replacement, unless it is kept): the caller
 * reserves an optime for it (args.seconds, increment), before that of the
 * entry. */
bool update_needs_time(const bson_iter_t *update, bool keep_zero);

/* Appends the new document to out. With UPDATE_NOOP that is the old one. An
 * upsert without an _id gets a new ObjectId; its form says nothing. False:
 * refused, out unchanged, error->code and error->message as of the server.
 * log must be initialised and is set anew. Does not check the size of the
 * result. */
bool update_apply(const struct update_args *args, struct update_log *log,
    struct buf *out, bson_error_t *error);

#endif
