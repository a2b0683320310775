#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "model/grants.h"
#include "model/grants_right.h"

/* Those of a server that have the action, and those that have all. */
static const char *const built_in[] = {
    "R admin.root", "R admin.__system", "R admin.restore"};

struct bypass {
	struct textset rights; /* that let one pass by */
	const char *const *keep;
	size_t n_keep;
	bool more;
	bson_t open;
	uint32_t n;
};

static bool
passes_by(const struct bypass *b, const char *right)
{
	return textset_has(&b->rights, right) ||
	    strncmp(right, "P bypassWriteBlockingMode ", 26) == 0 ||
	    strncmp(right, "P anyAction ", 12) == 0;
}

static const char *
how(const struct bypass *b, const struct textset *rights)
{
	for (size_t i = 0; i < rights->n; i++)
		if (passes_by(b, rights->item[i]))
			return rights->item[i];
	return NULL;
}

static void
take_role(struct bypass *b, const bson_t *doc)
{
	char *name = right_role(
	    doc_text_or(doc, "db", ""), doc_text_or(doc, "role", ""));
	struct textset rights = {0};

	rights_read(doc, &rights);
	if (!textset_has(&b->rights, name) && how(b, &rights)) {
		textset_add(&b->rights, name);
		b->more = true;
	}
	textset_release(&rights);
	bson_free(name);
}

static void
take_user(struct bypass *b, const bson_t *doc)
{
	char *id = bson_strdup_printf(
	    "%s.%s", doc_text_or(doc, "db", ""), doc_text_or(doc, "user", ""));
	struct textset rights = {0}, why = {0};
	bool kept = false;
	bson_t one;

	rights_read(doc, &rights);
	for (size_t i = 0; i < b->n_keep; i++)
		kept = kept || strcmp(b->keep[i], id) == 0;
	if (!kept && how(b, &rights)) {
		textset_add(&why, how(b, &rights));
		array_begin(&b->open, &b->n, &one);
		BSON_APPEND_UTF8(&one, "kind", "user");
		BSON_APPEND_UTF8(&one, "name", id);
		rights_append(&one, "why", &why);
		bson_append_document_end(&b->open, &one);
	}
	textset_release(&why);
	textset_release(&rights);
	bson_free(id);
}

static void
each(struct bypass *b, const bson_t *list,
    void (*take)(struct bypass *b, const bson_t *doc))
{
	bson_iter_t it;
	bson_t doc;

	if (!bson_iter_init(&it, list))
		return;
	while (doc_next(&it, &doc))
		take(b, &doc);
}

void
grants_bypass(const char *const *keep, size_t n_keep, const bson_t *users,
    const bson_t *roles, bson_t *plan)
{
	struct bypass b = {.keep = keep, .n_keep = n_keep, .more = true};

	for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
		textset_add(&b.rights, built_in[i]);
	/* Roles that have roles, until none is found any more. */
	while (b.more) {
		b.more = false;
		each(&b, roles, take_role);
	}
	BSON_APPEND_ARRAY_BEGIN(plan, "open", &b.open);
	each(&b, users, take_user);
	bson_append_array_end(plan, &b.open);
	textset_release(&b.rights);
}
