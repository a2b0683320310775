/* Matching never tries a text twice: the piece after a star goes to the first
 * place where it fits, the last piece to the end. That is also exactly what
 * "each variable takes the shortest text" means, so one matcher serves both,
 * in time linear in pattern times text. */
#include "model/pattern.h"

#include <bson/bson.h>
#include <string.h>

static bool
put(uint16_t *token, uint16_t *n, unsigned value)
{
	if (*n >= PATTERN_MAX)
		return false;
	token[(*n)++] = (uint16_t)value;
	return true;
}

/* `*` for a star, with `\` as escape; one neighbour of each star kept only if
 * `single`. */
static bool
parse(struct pattern *p, const char *text, bool single)
{
	p->n = 0;
	for (; *text; text++) {
		bool star = *text == '*';

		if (*text == '\\') {
			if (text[1] != '\\' && text[1] != '*')
				continue; /* a lone escape says nothing */
			text++;
		}
		if (star && single && p->n > 0 &&
		    p->token[p->n - 1] == PATTERN_STAR)
			continue;
		if (!put(p->token, &p->n,
			star ? PATTERN_STAR : (unsigned char)*text))
			return false;
	}
	return p->n > 0;
}

bool
pattern_parse(struct pattern *p, const char *text)
{
	return parse(p, text, true);
}

char *
pattern_text(const struct pattern *p)
{
	char *text = bson_malloc(2 * PATTERN_MAX + 1), *t = text;

	for (uint16_t i = 0; i < p->n; i++) {
		if (p->token[i] == '*' || p->token[i] == '\\')
			*t++ = '\\';
		*t++ = p->token[i] == PATTERN_STAR ? '*' : (char)p->token[i];
	}
	*t = '\0';
	return text;
}

bool
pattern_literal(struct pattern *p, const char *db, const char *coll)
{
	bool ok = true;

	p->n = 0;
	for (; ok && *db; db++)
		ok = put(p->token, &p->n, (unsigned char)*db);
	ok = ok && put(p->token, &p->n, '.');
	if (!coll)
		return ok && put(p->token, &p->n, PATTERN_STAR);
	for (; ok && *coll; coll++)
		ok = put(p->token, &p->n, (unsigned char)*coll);
	return ok;
}

/* Length of the piece without stars that starts at token i. */
static uint16_t
piece(const struct pattern *p, uint16_t i)
{
	uint16_t n = 0;

	while (i + n < p->n && p->token[i + n] != PATTERN_STAR)
		n++;
	return n;
}

static bool
fits(const struct pattern *p, uint16_t i, uint16_t n, const char *text)
{
	for (uint16_t k = 0; k < n; k++)
		if (p->token[i + k] != (unsigned char)text[k])
			return false;
	return true;
}

/* Where the texts of the stars start and end, when start is not NULL. */
static bool
match(const struct pattern *p, const char *text, size_t len, const char **start,
    const char **stop)
{
	const char *end = text + len, *at = text;
	uint16_t n = piece(p, 0), i = n, star = 0;

	if (n > len || !fits(p, 0, n, at))
		return false;
	if (i == p->n)
		return n == len;
	for (at += n; i < p->n; i += n) {
		const char *from = at;

		n = piece(p, ++i);
		if (i + n == p->n) { /* the last piece belongs to the end */
			if (n > end - at || !fits(p, i, n, end - n))
				return false;
			at = end - n;
		} else {
			while (n <= end - at && !fits(p, i, n, at))
				at++;
			if (n > end - at)
				return false;
		}
		if (start) {
			start[star] = from;
			stop[star++] = at;
		}
		at += n;
	}
	return true;
}

bool
pattern_match(const struct pattern *p, const char *text)
{
	return match(p, text, strlen(text), NULL, NULL);
}

/* reach: places of b at which the tokens of a so far can end. The rows of a
 * table of a->n + 1 by b->n + 1, of which two are kept. `meet`: a star in
 * either takes anything; else (within) a is the inner one and its star is a
 * letter that only a star of b takes. */
static bool
table(const struct pattern *a, const struct pattern *b, bool meet)
{
	bool row[2][PATTERN_MAX + 1];
	bool *now = row[0], *next = row[1], *swap;

	now[0] = true;
	for (uint16_t j = 0; j < b->n; j++)
		now[j + 1] = now[j] && b->token[j] == PATTERN_STAR;
	for (uint16_t i = 0; i < a->n; i++) {
		unsigned x = a->token[i];
		bool wild = meet && x == PATTERN_STAR;

		next[0] = now[0] && wild;
		for (uint16_t j = 0; j < b->n; j++) {
			unsigned y = b->token[j];

			if (wild)
				next[j + 1] = now[j + 1] || next[j];
			else if (y == PATTERN_STAR)
				next[j + 1] = now[j + 1] || next[j];
			else
				next[j + 1] = now[j] && x == y;
		}
		swap = now;
		now = next;
		next = swap;
	}
	return now[b->n];
}

bool
pattern_within(const struct pattern *inner, const struct pattern *outer)
{
	return table(inner, outer, false);
}

bool
pattern_meet(const struct pattern *a, const struct pattern *b)
{
	return table(a, b, true);
}

/* ------------------------------------------------------------- renaming */

struct vars {
	const char *name[PATTERN_VARS];
	size_t len[PATTERN_VARS];
	unsigned n;
};

static bool
find_var(const struct vars *v, const char *name, size_t len, unsigned *i)
{
	for (*i = 0; *i < v->n; (*i)++)
		if (v->len[*i] == len && memcmp(v->name[*i], name, len) == 0)
			return true;
	return false;
}

static const char *
parse_from_vars(struct rename *r, struct vars *v)
{
	for (const char *t = r->from_text; *t; t++) {
		const char *close = *t == '$' ? strchr(t + 1, '$') : NULL;
		unsigned i;

		if (*t == '$') {
			if (!close)
				return "odd number of $ in the first";
			if (find_var(v, t + 1, (size_t)(close - t - 1), &i))
				return "a variable stands twice in the first";
			if (v->n == PATTERN_VARS)
				return "too many variables";
			v->name[v->n] = t + 1;
			v->len[v->n++] = (size_t)(close - t - 1);
			t = close;
		}
		if (!put(r->from.token, &r->from.n,
			close ? PATTERN_STAR : (unsigned char)*t))
			return "too long";
	}
	return NULL;
}

static const char *
parse_to_vars(struct rename *r, const struct vars *v)
{
	for (const char *t = r->to_text; *t; t++) {
		const char *close = *t == '$' ? strchr(t + 1, '$') : NULL;
		unsigned i = 0;

		if (*t == '$') {
			if (!close)
				return "odd number of $ in the second";
			if (!find_var(v, t + 1, (size_t)(close - t - 1), &i))
				return "unknown variable in the second";
			t = close;
		}
		if (!put(r->to, &r->to_n,
			close ? PATTERN_STAR + i : (unsigned char)*t))
			return "too long";
	}
	return NULL;
}

static const char *
parse_stars(struct rename *r)
{
	struct pattern to;
	unsigned from_stars = 0, to_stars = 0;

	if (!parse(&r->from, r->from_text, false) ||
	    !parse(&to, r->to_text, false))
		return "empty or too long";
	for (uint16_t i = 0; i < r->from.n; i++)
		from_stars += r->from.token[i] == PATTERN_STAR;
	for (uint16_t i = 0; i < to.n; i++) {
		unsigned token = to.token[i];

		if (token == PATTERN_STAR)
			token += to_stars++;
		put(r->to, &r->to_n, token);
	}
	if (from_stars > PATTERN_VARS)
		return "too many *";
	return from_stars == to_stars ? NULL : "different numbers of *";
}

const char *
rename_parse(struct rename *r, const char *from, const char *to)
{
	struct vars v = {.n = 0};
	const char *wrong;

	memset(r, 0, sizeof *r);
	r->from_text = bson_strdup(from);
	r->to_text = bson_strdup(to);
	if (!*from || !*to)
		return "empty";
	if (!strchr(from, '$'))
		return parse_stars(r);
	wrong = parse_from_vars(r, &v);
	return wrong ? wrong : parse_to_vars(r, &v);
}

void
rename_release(struct rename *r)
{
	bson_free(r->from_text);
	bson_free(r->to_text);
}

enum rename_got
rename_apply(const struct rename *r, const char *ns, char *out, size_t size)
{
	const char *start[PATTERN_VARS], *stop[PATTERN_VARS];
	size_t used = 0;

	if (!match(&r->from, ns, strlen(ns), start, stop))
		return RENAME_NO;
	for (uint16_t i = 0; i < r->to_n; i++) {
		char letter = (char)r->to[i];
		const char *text = &letter;
		size_t len = 1;

		if (r->to[i] >= PATTERN_STAR) {
			text = start[r->to[i] - PATTERN_STAR];
			len = (size_t)(stop[r->to[i] - PATTERN_STAR] - text);
		}
		if (len > size - 1 - used)
			return RENAME_LONG;
		memcpy(out + used, text, len);
		used += len;
	}
	out[used] = '\0';
	return RENAME_DONE;
}

enum rename_got
rename_reverse(const struct rename *r, const char *ns, char *out, size_t size)
{
	struct rename back = {.to_n = 0};
	unsigned stars = 0, place[PATTERN_VARS];
	bool known[PATTERN_VARS] = {false};

	for (uint16_t i = 0; i < r->to_n; i++) {
		unsigned token = r->to[i];

		if (token >= PATTERN_STAR) {
			if (stars == PATTERN_VARS)
				return RENAME_NO;
			known[token - PATTERN_STAR] = true;
			place[token - PATTERN_STAR] = stars++;
			token = PATTERN_STAR;
		}
		put(back.from.token, &back.from.n, token);
	}
	stars = 0;
	for (uint16_t i = 0; i < r->from.n; i++) {
		unsigned token = r->from.token[i];

		if (token == PATTERN_STAR && !known[stars])
			return RENAME_NO;
		if (token == PATTERN_STAR)
			token += place[stars++];
		put(back.to, &back.to_n, token);
	}
	return rename_apply(&back, ns, out, size);
}
