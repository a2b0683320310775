/* The filter is interpreted at each use: documents are few or the filter is
 * small wherever mongosim matches, and so nothing has to be compiled or freed.
 * match_check runs the same code over an empty document without stopping
 * early, so that it cannot disagree with match_doc. */
#include "match.h"
#include "doc.h"
#include "json_schema.h"
#include "match_run.h"

#include <stdarg.h>
#include <string.h>

bool
match_refuse(struct match_run *r, int code, const char *format, ...)
{
	va_list ap;
	char *text;

	if (r->failed)
		return false;
	r->failed = true;
	va_start(ap, format);
	text = bson_strdupv_printf(format, ap);
	va_end(ap);
	error_set(r->error, MM_EXIT_REFUSED, code, "%s", text);
	bson_free(text);
	return false;
}

bool
match_is_ops(const struct value *v)
{
	struct walk w;
	struct elem e;

	if (v->type != BSON_TYPE_DOCUMENT)
		return false;
	walk_init(&w, v->data, v->len);
	return walk_next(&w, &e) && e.name[0] == '$' &&
	    strcmp(e.name, "$ref") != 0 && strcmp(e.name, "$id") != 0 &&
	    strcmp(e.name, "$db") != 0;
}

enum logic { LOGIC_AND, LOGIC_OR, LOGIC_NOR };

static bool
eval_logic(struct match_run *r, enum logic logic, const struct value *list,
    const struct value *doc)
{
	bool result = logic == LOGIC_AND, any = false, one;
	bson_t filter;
	struct walk w;
	struct elem e;

	if (list->type == BSON_TYPE_ARRAY)
		walk_init(&w, list->data, list->len);
	while (list->type == BSON_TYPE_ARRAY && walk_next(&w, &e)) {
		any = true;
		if (e.value.type != BSON_TYPE_DOCUMENT)
			return match_refuse(r, 2,
			    "$or/$and/$nor entries need "
			    "to be full objects%s",
			    "");
		value_to_bson(&e.value, &filter);
		one = match_filter(r, &filter, doc);
		result = logic == LOGIC_AND ? result && one : result || one;
		if (!r->check && result != (logic == LOGIC_AND))
			break;
	}
	if (!any)
		return match_refuse(
		    r, 2, "$and/$or/$nor must be a nonempty array");
	return logic == LOGIC_NOR ? !result : result;
}

static bool
eval_top(struct match_run *r, const struct elem *e, const struct value *doc)
{
	static const char *const known[] = {
	    "$expr", "$where", "$text", "$sampleRate"};
	size_t i;

	if (strcmp(e->name, "$and") == 0)
		return eval_logic(r, LOGIC_AND, &e->value, doc);
	if (strcmp(e->name, "$or") == 0)
		return eval_logic(r, LOGIC_OR, &e->value, doc);
	if (strcmp(e->name, "$nor") == 0)
		return eval_logic(r, LOGIC_NOR, &e->value, doc);
	if (strcmp(e->name, "$jsonSchema") == 0)
		return json_schema(r, &e->value, doc);
	if (strcmp(e->name, "$comment") == 0)
		return true;
	for (i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(e->name, known[i]) == 0)
			return match_refuse(
			    r, 238, "%s is not implemented", e->name);
	}
	return match_refuse(r, 2, "unknown top level operator: %s", e->name);
}

static bool
eval_field(struct match_run *r, const struct elem *e, const struct value *doc)
{
	struct match_at at = {.doc = doc, .path = e->name};
	bson_t ops;

	if (e->name[0] == '$')
		return eval_top(r, e, doc);
	if (!match_is_ops(&e->value))
		return match_equal(r, at, &e->value);
	value_to_bson(&e->value, &ops);
	return match_ops(r, &ops, at);
}

bool
match_filter(struct match_run *r, const bson_t *filter, const struct value *doc)
{
	bool all = true;
	struct walk w;
	struct elem e;

	walk_init(&w, bson_get_data(filter), filter->len);
	while ((all || r->check) && walk_next(&w, &e))
		all &= eval_field(r, &e, doc);
	return all && !r->failed;
}

bool
match_doc_at(const bson_t *filter, const bson_t *doc, bool *matches,
    int *position, bson_error_t *error)
{
	struct match_run r = {.position = -1, .error = error};
	struct value v = value_bson(doc);

	*matches = match_filter(&r, filter, &v);
	*position = r.position;
	return !r.failed;
}

bool
match_doc(
    const bson_t *filter, const bson_t *doc, bool *matches, bson_error_t *error)
{
	int position;

	return match_doc_at(filter, doc, matches, &position, error);
}

bool
match_check(const bson_t *filter, bson_error_t *error)
{
	struct match_run r = {.check = true, .position = -1, .error = error};
	bson_t empty = BSON_INITIALIZER;
	struct value v = value_bson(&empty);

	match_filter(&r, filter, &v);
	return !r.failed;
}
