#include "model/grants_right.h"

#include <string.h>

#include "base/array.h"
#include "base/doc.h"

char *
right_role(const char *db, const char *role)
{
	return bson_strdup_printf("R %s.%s", db, role);
}

char *
right_action(const char *action, const bson_t *resource)
{
	char *json = bson_as_canonical_extended_json(resource, NULL);
	char *text = bson_strdup_printf("P %s %s", action, json ? json : "{}");

	bson_free(json);
	return text;
}

static void
read_privilege(const bson_t *p, struct textset *s)
{
	bson_t resource, actions;
	bson_iter_t it;

	if (!doc_sub(p, "resource", &resource) ||
	    !doc_sub(p, "actions", &actions) || !bson_iter_init(&it, &actions))
		return;
	while (bson_iter_next(&it))
		if (BSON_ITER_HOLDS_UTF8(&it))
			textset_take(s,
			    right_action(bson_iter_utf8(&it, NULL), &resource));
}

static void
read_role(const bson_t *r, struct textset *s)
{
	textset_take(s,
	    right_role(doc_text_or(r, "db", ""), doc_text_or(r, "role", "")));
}

static void
each_of(const bson_t *doc, const char *key,
    void (*each)(const bson_t *item, struct textset *s), struct textset *s)
{
	bson_t list, item;
	bson_iter_t it;

	if (!doc_sub(doc, key, &list) || !bson_iter_init(&it, &list))
		return;
	while (doc_next(&it, &item))
		each(&item, s);
}

void
rights_read(const bson_t *doc, struct textset *s)
{
	each_of(doc, "roles", read_role, s);
	each_of(doc, "privileges", read_privilege, s);
}

void
rights_list(const bson_t *doc, const char *key, struct textset *s)
{
	bson_t list;
	bson_iter_t it;

	if (!doc_sub(doc, key, &list) || !bson_iter_init(&it, &list))
		return;
	while (bson_iter_next(&it))
		if (BSON_ITER_HOLDS_UTF8(&it))
			textset_add(s, bson_iter_utf8(&it, NULL));
}

void
rights_append(bson_t *doc, const char *key, const struct textset *s)
{
	uint32_t n = 0;
	bson_t list;

	BSON_APPEND_ARRAY_BEGIN(doc, key, &list);
	for (size_t i = 0; i < s->n; i++)
		array_add_text(&list, &n, s->item[i]);
	bson_append_array_end(doc, &list);
}

void
rights_append_roles(bson_t *command, const struct textset *s)
{
	uint32_t n = 0;
	bson_t list, role;

	BSON_APPEND_ARRAY_BEGIN(command, "roles", &list);
	for (size_t i = 0; i < s->n; i++) {
		const char *text = s->item[i] + 2, *dot;

		if (s->item[i][0] != 'R' || !(dot = strchr(text, '.')))
			continue;
		array_begin(&list, &n, &role);
		BSON_APPEND_UTF8(&role, "role", dot + 1);
		bson_append_utf8(&role, "db", 2, text, (int)(dot - text));
		bson_append_document_end(&list, &role);
	}
	bson_append_array_end(command, &list);
}

/* The resource of a text, from its first brace. */
static const char *
resource_of(const char *right)
{
	return strchr(right, '{');
}

static void
append_privilege(
    bson_t *list, uint32_t *n, const struct textset *s, const char *resource)
{
	bson_t *doc, privilege, actions;
	char room[ARRAY_KEY];
	uint32_t k = 0;

	doc = bson_new_from_json((const uint8_t *)resource, -1, NULL);
	if (!doc)
		return;
	array_begin(list, n, &privilege);
	BSON_APPEND_DOCUMENT(&privilege, "resource", doc);
	BSON_APPEND_ARRAY_BEGIN(&privilege, "actions", &actions);
	for (size_t i = 0; i < s->n; i++) {
		const char *text = s->item[i];

		if (text[0] != 'P' || strcmp(resource_of(text), resource) != 0)
			continue;
		bson_append_utf8(&actions, array_key(&k, room), -1, text + 2,
		    (int)(resource_of(text) - text - 3));
	}
	bson_append_array_end(&privilege, &actions);
	bson_append_document_end(list, &privilege);
	bson_destroy(doc);
}

void
rights_append_privileges(bson_t *command, const struct textset *s)
{
	struct textset resources = {0};
	uint32_t n = 0;
	bson_t list;

	for (size_t i = 0; i < s->n; i++)
		if (s->item[i][0] == 'P')
			textset_add(&resources, resource_of(s->item[i]));
	BSON_APPEND_ARRAY_BEGIN(command, "privileges", &list);
	for (size_t i = 0; i < resources.n; i++)
		append_privilege(&list, &n, s, resources.item[i]);
	bson_append_array_end(command, &list);
	textset_release(&resources);
}
