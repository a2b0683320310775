/* A pair with one `*` is a bijection between the names that match its two
 * sides. So it is enough to put every pattern of the selection on one of those
 * sides, and to show that no two sides on the target meet. */
#include "model/ns_turn.h"

#include <string.h>

#include "model/ns_rules.h"

struct turn {
	const struct ns_rules *r;
	struct ns_rules *out;
	bool *used; /* pairs that rename something of the selection */
	bson_error_t *error;
};

static bool
refuse(struct turn *t, const struct pattern *p, const char *why)
{
	char *text = pattern_text(p);

	error_set(t->error, MM_EXIT_REFUSED, 0,
	    "the way back: \"%s\" of the selection %s", text, why);
	bson_free(text);
	return false;
}

static void
new_name(const struct rename *r, struct pattern *p)
{
	p->n = r->to_n;
	for (uint16_t i = 0; i < r->to_n; i++)
		p->token[i] =
		    r->to[i] >= PATTERN_STAR ? PATTERN_STAR : r->to[i];
}

static unsigned
stars(const uint16_t *token, uint16_t n)
{
	unsigned count = 0;

	for (uint16_t i = 0; i < n; i++)
		count += token[i] >= PATTERN_STAR;
	return count;
}

static bool
same(const struct pattern *a, const struct pattern *b)
{
	return a->n == b->n &&
	    memcmp(a->token, b->token, a->n * sizeof *a->token) == 0;
}

/* p begins with all that stands before the last token of q, its only star. */
static bool
extends(const struct pattern *p, const struct pattern *q)
{
	return q->n > 0 && q->token[q->n - 1] == PATTERN_STAR &&
	    p->n >= q->n - 1 &&
	    memcmp(p->token, q->token, (q->n - 1u) * sizeof *q->token) == 0;
}

/* p, all of which the pair renames, by the new name. */
static bool
renamed(struct turn *t, const struct rename *r, const struct pattern *p,
    struct pattern *out)
{
	struct pattern to;

	new_name(r, &to);
	if (same(p, &r->from)) {
		*out = to;
		return true;
	}
	if (!extends(p, &r->from) || to.token[to.n - 1] != PATTERN_STAR)
		return refuse(t, p, "is renamed in a way that is not undone");
	if (to.n - 1u + p->n - (r->from.n - 1u) > PATTERN_MAX)
		return refuse(t, p, "is too long by its new name");
	out->n = (uint16_t)(to.n - 1);
	memcpy(out->token, to.token, out->n * sizeof *to.token);
	for (uint16_t i = (uint16_t)(r->from.n - 1); i < p->n; i++)
		out->token[out->n++] = p->token[i];
	return true;
}

/* The name of p on the target; *by: the pair that gives it, n_rename: none. */
static bool
turned(struct turn *t, const struct pattern *p, struct pattern *out, size_t *by)
{
	const struct ns_rules *r = t->r;

	*by = r->n_rename;
	for (size_t i = r->n_rename; i-- > 0;) {
		if (!pattern_meet(p, &r->rename[i].from))
			continue;
		if (stars(r->rename[i].from.token, r->rename[i].from.n) > 1 ||
		    stars(r->rename[i].to, r->rename[i].to_n) !=
			stars(r->rename[i].from.token, r->rename[i].from.n))
			return refuse(t, p,
			    "is renamed by a pair with more than one * or "
			    "variable, or not the same in both");
		*by = i;
		if (pattern_within(p, &r->rename[i].from))
			return renamed(t, &r->rename[i], p, out);
		return refuse(t, p, "is renamed in part");
	}
	*out = *p;
	return true;
}

static bool
add(struct turn *t, struct patterns *l, const struct pattern *p)
{
	char *text = pattern_text(p);
	bool ok = ns_rules_pattern(
	    l, "the way back:", text, MM_EXIT_REFUSED, t->error);

	bson_free(text);
	return ok;
}

/* What a pair gives belongs to it alone. */
static bool
alone(struct turn *t, const struct pattern *p, const struct pattern *name,
    size_t by)
{
	struct pattern to;

	for (size_t i = 0; i < t->r->n_rename; i++) {
		if (!t->used[i] || i == by)
			continue;
		new_name(&t->r->rename[i], &to);
		if (pattern_meet(name, &to))
			return refuse(t, p,
			    "and what is renamed may have the same names on "
			    "the target");
	}
	return true;
}

static bool
turn_includes(struct turn *t)
{
	const struct patterns *l = &t->r->include;
	struct pattern all, name;
	size_t by;

	pattern_parse(&all, "*");
	if (l->n == 0)
		return turned(t, &all, &name, &by);
	for (size_t i = 0; i < l->n; i++) {
		if (!turned(t, &l->item[i], &name, &by) ||
		    !add(t, &t->out->include, &name))
			return false;
		if (by < t->r->n_rename)
			t->used[by] = true;
	}
	for (size_t i = 0; i < l->n; i++)
		if (!turned(t, &l->item[i], &name, &by) ||
		    !alone(t, &l->item[i], &name, by))
			return false;
	return true;
}

/* What is left out there is left out here; what no include takes anyway is no
 * matter. */
static bool
turn_excludes(struct turn *t)
{
	const struct patterns *in = &t->r->include, *l = &t->r->exclude;
	struct pattern name;
	size_t by;

	for (size_t i = 0; i < l->n; i++) {
		bool met = in->n == 0;

		for (size_t k = 0; k < in->n && !met; k++)
			met = pattern_meet(&l->item[i], &in->item[k]);
		if (met &&
		    (!turned(t, &l->item[i], &name, &by) ||
			!alone(t, &l->item[i], &name, by) ||
			!add(t, &t->out->exclude, &name)))
			return false;
	}
	return true;
}

static bool
turn_renames(struct turn *t)
{
	for (size_t i = 0; i < t->r->n_rename; i++) {
		const struct rename *r = &t->r->rename[i];

		/* One kind of pair is not written as the other. */
		if (t->used[i] && !strchr(r->from_text, '$') &&
		    strchr(r->to_text, '$'))
			return refuse(t, &r->from, "gets a name with a $");
		if (t->used[i] &&
		    !ns_rules_rename(t->out, r->to_text, r->from_text,
			MM_EXIT_REFUSED, t->error))
			return error_prefix(t->error, "the way back");
	}
	return true;
}

struct ns_rules *
ns_rules_turn(const struct ns_rules *r, bson_error_t *error)
{
	struct turn t = {.r = r, .error = error};
	bool ok;

	t.out = ns_rules_empty();
	t.used = bson_malloc0(r->n_rename + 1);
	ok = turn_includes(&t) && turn_excludes(&t) && turn_renames(&t);
	bson_free(t.used);
	if (ok) {
		ns_rules_normalise(t.out);
		return t.out;
	}
	ns_rules_free(t.out);
	return NULL;
}
