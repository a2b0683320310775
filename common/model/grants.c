#include "model/grants.h"

#include <string.h>

#include "base/doc.h"
#include "base/hash.h"
#include "model/grants_right.h"

struct sides {
	struct textset before, after, now;
};

static void
sides_read(struct sides *s, const bson_t *change, const bson_t *present)
{
	*s = (struct sides){0};
	rights_list(change, "before", &s->before);
	rights_list(change, "after", &s->after);
	if (present)
		rights_read(present, &s->now);
}

static void
sides_release(struct sides *s)
{
	textset_release(&s->before);
	textset_release(&s->after);
	textset_release(&s->now);
}

static void
make_command(const bson_t *change, const struct textset *want, bson_t *command)
{
	bool role = strcmp(doc_text_or(change, "kind", ""), "role") == 0;

	bson_init(command);
	BSON_APPEND_UTF8(command, role ? "updateRole" : "updateUser",
	    doc_text_or(change, "name", ""));
	if (role)
		rights_append_privileges(command, want);
	rights_append_roles(command, want);
}

static enum grants_step
refused(const bson_t *change, const char *what, const char *right,
    bson_error_t *error)
{
	error_set(error, MM_EXIT_REFUSED, 0, "%s \"%s.%s\" %s: %s",
	    doc_text_or(change, "kind", ""), doc_text_or(change, "db", ""),
	    doc_text_or(change, "name", ""), what,
	    right ? right : "nothing left");
	return GRANTS_REFUSED;
}

/* As it was when plans were merged: neither what it was at first nor closed. */
static bool
found(const struct sides *s, const bson_t *change)
{
	struct textset then = {0};
	bool same;

	rights_list(change, "found", &then);
	same = then.n > 0 && textset_same(&s->now, &then);
	textset_release(&then);
	return same;
}

enum grants_step
grants_block(const bson_t *change, const bson_t *present, bson_t *command,
    bson_error_t *error)
{
	enum grants_step step = GRANTS_DO;
	struct sides s;

	sides_read(&s, change, present);
	if (!present)
		step = GRANTS_DONE; /* nobody can use it */
	else if (textset_same(&s.now, &s.after))
		step = GRANTS_DONE;
	else if (!textset_same(&s.now, &s.before) && !found(&s, change))
		step = refused(change, "was changed by somebody meanwhile",
		    textset_lacks(&s.now, &s.before)
			? textset_lacks(&s.now, &s.before)
			: textset_lacks(&s.before, &s.now),
		    error);
	else
		make_command(change, &s.after, command);
	sides_release(&s);
	return step;
}

/* What it is now is that, and what somebody has added. A kill may have left the
 * change undone, or it was given back already. */
static const struct textset *
stage(const struct sides *s, const struct textset *then)
{
	if (!textset_lacks(&s->now, &s->after))
		return &s->after;
	if (!textset_lacks(&s->now, &s->before))
		return &s->after; /* of which it keeps nothing */
	if (then->n > 0 && !textset_lacks(&s->now, then))
		return then;
	return NULL;
}

bool
rights_undone(const bson_t *change, const bson_t *present, struct textset *want,
    bson_error_t *error)
{
	const struct textset *was;
	struct textset then = {0};
	struct sides s;

	sides_read(&s, change, present);
	rights_list(change, "found", &then);
	was = stage(&s, &then);
	if (!was)
		refused(change,
		    "has lost rights meanwhile; give back by hand what it "
		    "should have",
		    textset_lacks(&s.now, &s.after), error);
	/* What is of that stage goes back to what it was before; what somebody
	 * has added stays. */
	textset_join(want, &s.now);
	if (was)
		textset_cut(want, was);
	textset_join(want, &s.before);
	sides_release(&s);
	textset_release(&then);
	return was != NULL;
}

enum grants_step
grants_undo(const bson_t *change, const bson_t *present, bson_t *command,
    bson_error_t *error)
{
	enum grants_step step = GRANTS_DONE;
	struct textset want = {0}, now = {0};

	if (!present)
		return step;
	rights_read(present, &now);
	if (!rights_undone(change, present, &want, error)) {
		step = GRANTS_REFUSED;
	} else if (!textset_same(&want, &now)) {
		step = GRANTS_DO;
		make_command(change, &want, command);
	}
	textset_release(&want);
	textset_release(&now);
	return step;
}

void
grants_digest(const bson_t *user_or_role, char *text)
{
	struct sha256 *h = sha256_new();
	struct textset s = {0};

	rights_read(user_or_role, &s);
	for (size_t i = 0; i < s.n; i++)
		sha256_add(h, s.item[i], strlen(s.item[i]) + 1);
	textset_release(&s);
	sha256_finish(h, text);
}
