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
	else if (!textset_same(&s.now, &s.before))
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

enum grants_step
grants_undo(const bson_t *change, const bson_t *present, bson_t *command,
    bson_error_t *error)
{
	enum grants_step step = GRANTS_DO;
	struct textset want = {0}, put = {0};
	const char *gone;
	struct sides s;

	sides_read(&s, change, present);
	gone = textset_lacks(&s.now, &s.after);
	/* A kill may have left the change undone, or given back already. */
	if (!present || !textset_lacks(&s.now, &s.before)) {
		textset_join(&put, &s.after);
		textset_cut(&put, &s.before);
		step = GRANTS_DONE;
		for (size_t i = 0; present && i < put.n; i++)
			if (textset_has(&s.now, put.item[i]))
				step = GRANTS_DO;
	} else if (gone) {
		step = refused(change,
		    "has lost rights meanwhile; give back by hand what it "
		    "should have",
		    gone, error);
	}
	if (step == GRANTS_DO) {
		textset_join(&want, &s.now);
		textset_cut(&want, &s.after);
		/* What was in `after` goes back to what it was before; what
		 * somebody has added stays. */
		textset_join(&want, &s.before);
		make_command(change, &want, command);
	}
	textset_release(&want);
	textset_release(&put);
	sides_release(&s);
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
