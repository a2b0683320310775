#include "model/status_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/doc.h"

static int64_t
time_ms(const char *text)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	return end && *end == '\0' ? (int64_t)timegm(&tm) * 1000 : 0;
}

bool
status_view_read(
    struct status_view *v, const char *json, size_t len, bson_error_t *error)
{
	bson_error_t inner;
	const char *state;

	*v = (struct status_view){0};
	v->doc =
	    bson_new_from_json((const uint8_t *)json, (ssize_t)len, &inner);
	if (!v->doc)
		return error_set(
		    error, MM_EXIT_STREAM, 0, "no JSON: %s", inner.message);
	v->updated_ms = time_ms(status_view_text(v, "updated"));
	v->started_ms = time_ms(status_view_text(v, "started"));
	if (*status_view_text(v, "tool") == '\0' || v->updated_ms == 0) {
		bson_destroy(v->doc);
		return error_set(
		    error, MM_EXIT_STREAM, 0, "not a status file of ours");
	}
	state = status_view_text(v, "state");
	v->ended = strcmp(state, "done") == 0 ||
	    strcmp(state, "stopped") == 0 || strcmp(state, "failed") == 0;
	return true;
}

void
status_view_release(struct status_view *v)
{
	bson_destroy(v->doc);
}

bool
status_view_number(
    const struct status_view *v, const char *field, double *number)
{
	bson_iter_t it;

	if (!bson_iter_init_find(&it, v->doc, field) ||
	    !(BSON_ITER_HOLDS_NUMBER(&it) || BSON_ITER_HOLDS_BOOL(&it)))
		return false;
	*number = BSON_ITER_HOLDS_BOOL(&it) ? bson_iter_bool(&it)
					    : bson_iter_as_double(&it);
	return true;
}

const char *
status_view_text(const struct status_view *v, const char *field)
{
	return doc_text_or(v->doc, field, "");
}

static bool
unit_seconds(const char *unit, double *value)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcmp(unit, units[i].unit) == 0) {
			*value *= units[i].seconds;
			return true;
		}
	return false;
}

bool
status_condition_parse(
    struct status_condition *c, const char *text, bson_error_t *error)
{
	size_t name = strspn(text,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
	const char *op = text + name, *value;
	char *end;

	*c = (struct status_condition){0};
	value = op + strspn(op, "<>=!");
	c->op = strncmp(op, "<=", 2) == 0 ? COND_LE
	    : strncmp(op, ">=", 2) == 0   ? COND_GE
	    : strncmp(op, "!=", 2) == 0   ? COND_NE
	    : *op == '<'                  ? COND_LT
	    : *op == '>'                  ? COND_GT
					  : COND_EQ;
	if (name == 0 || name >= sizeof c->field || value == op ||
	    value - op > 2 || *op == '!' * (value - op == 1) ||
	    *value == '\0' || strlen(value) >= sizeof c->word)
		return error_set(error, MM_EXIT_USAGE, 0,
		    "\"%s\" is no condition, such as lag<2s", text);
	snprintf(c->field, sizeof c->field, "%.*s", (int)name, text);
	if (strcmp(c->field, "lag") == 0)
		snprintf(c->field, sizeof c->field, "lag_seconds");
	snprintf(c->word, sizeof c->word, "%s", value);
	c->value = strtod(value, &end);
	c->number =
	    end != value && isfinite(c->value) && unit_seconds(end, &c->value);
	if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0) {
		c->number = true;
		c->value = *value == 't';
	}
	return c->number || c->op == COND_EQ || c->op == COND_NE ||
	    error_set(error, MM_EXIT_USAGE, 0,
		"\"%s\": a word can only be = or !=", text);
}

int
status_condition_holds(
    const struct status_condition *c, const struct status_view *v)
{
	bson_iter_t it;
	double n;

	if (!bson_iter_init_find(&it, v->doc, c->field) ||
	    BSON_ITER_HOLDS_NULL(&it))
		return -1;
	if (!c->number) {
		bool same = strcmp(status_view_text(v, c->field), c->word) == 0;

		return same == (c->op == COND_EQ);
	}
	if (!status_view_number(v, c->field, &n))
		return -1;
	switch (c->op) {
	case COND_LT:
		return n < c->value;
	case COND_LE:
		return n <= c->value;
	case COND_GT:
		return n > c->value;
	case COND_GE:
		return n >= c->value;
	case COND_EQ:
		return n >= c->value && n <= c->value;
	default:
		return n < c->value || n > c->value;
	}
}

static double
pace_of(const struct status_view *before, const struct status_view *v,
    const char *field)
{
	double now, then = 0, seconds;
	int64_t since = v->started_ms;

	if (!status_view_number(v, field, &now))
		return -1;
	if (before && before->started_ms == v->started_ms &&
	    status_view_number(before, field, &then))
		since = before->updated_ms;
	seconds = (double)(v->updated_ms - since) / 1000;
	return seconds > 0 && now >= then ? (now - then) / seconds : -1;
}

void
status_pace(const struct status_view *before, const struct status_view *v,
    struct status_pace *pace)
{
	double total, done;

	pace->documents = pace_of(before, v, "docs");
	pace->bytes = pace_of(before, v, "bytes");
	pace->entries = pace_of(before, v, "entries");
	pace->eta = -1;
	if (!v->ended && pace->documents > 0 &&
	    status_view_number(v, "docs_total", &total) &&
	    status_view_number(v, "docs", &done) && total >= done)
		pace->eta = (total - done) / pace->documents;
}
