/* model: namespace patterns, and what can be said about two of them.
 *
 * As in mongorestore: `*` stands for any text, also over the dot; `\*` and
 * `\\` for themselves. A From pattern with `$` in it has variables instead
 * ($name$, any text), and then `*` and `\` are ordinary. Text is bytes. A
 * variable takes the shortest text that lets the whole match.
 */
#ifndef MM_MODEL_PATTERN_H
#define MM_MODEL_PATTERN_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define PATTERN_MAX 320  /* tokens; longer is refused */
#define PATTERN_VARS 16  /* stars or variables */
#define PATTERN_STAR 256 /* a token that is no byte */

struct pattern {
	uint16_t token[PATTERN_MAX]; /* byte or PATTERN_STAR */
	uint16_t n;
};

/* `*` patterns. False: empty or too long. Neighbouring stars become one. */
bool pattern_parse(struct pattern *p, const char *text);
/* Its one spelling: parse of it gives the same pattern. Caller frees with
 * bson_free. */
char *pattern_text(const struct pattern *p);
/* The pattern that is exactly this text followed by `.*` or `.coll`. */
bool pattern_literal(struct pattern *p, const char *db, const char *coll);

bool pattern_match(const struct pattern *p, const char *text);
/* Every text of `inner` is one of `outer`. False where that is not proved. */
bool pattern_within(const struct pattern *inner, const struct pattern *outer);
/* Some text fits both. */
bool pattern_meet(const struct pattern *a, const struct pattern *b);

/* One --nsFrom and --nsTo pair. */
struct rename {
	char *from_text, *to_text; /* as given */
	struct pattern from;       /* neighbouring stars kept */
	/* to: byte, or PATTERN_STAR + number of the star in from */
	uint16_t to[PATTERN_MAX], to_n;
};

/* NULL, or what is wrong. rename_release in any case. */
const char *rename_parse(struct rename *r, const char *from, const char *to);
void rename_release(struct rename *r);
enum rename_got { RENAME_NO, RENAME_DONE, RENAME_LONG };
/* The name for ns in out (`size` bytes with NUL). RENAME_NO: does not match. */
enum rename_got rename_apply(
    const struct rename *r, const char *ns, char *out, size_t size);
/* The other way: a name that gives `ns`, or would if a star stood for other
 * text; the caller tries it. RENAME_NO also where the second pattern leaves out
 * a variable of the first. */
enum rename_got rename_reverse(
    const struct rename *r, const char *ns, char *out, size_t size);

#endif
