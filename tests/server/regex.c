/* A lookahead (?!...) right after a leading ^ is what drivers and tools send to
 * leave out system collections; it is split off: no match of ^..., and a match
 * of the rest. Patterns are compiled at each use, none is used on a hot path.
 */
#include "regex.h"

#include <regex.h>
#include <string.h>

#include "base/buf.h"
static char *
translate(const char *pattern, size_t len)
{
	struct buf s_buf = BUF_INIT, *s = &s_buf;
	bool bracket = false;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!bracket && pattern[i] == '\\' && i + 1 < len) {
			i++;
			if (pattern[i] == 'd')
				buf_add_text(s, "[0-9]");
			else
				buf_add_format(s, "\\%c", pattern[i]);
			continue;
		}
		if (pattern[i] == '[')
			bracket = true;
		else if (pattern[i] == ']')
			bracket = false;
		buf_add_format(s, "%c", pattern[i]);
	}
	return buf_take_text(s);
}

static bool
search_posix(const char *pattern, size_t pattern_len, int flags,
    const char *text, size_t len, bool *found, bson_error_t *error)
{
	char *posix = translate(pattern, pattern_len);
	regmatch_t at = {0, (regoff_t)len};
	char why[128];
	regex_t re;
	int rc;

	rc = regcomp(&re, posix, REG_EXTENDED | flags);
	bson_free(posix);
	if (rc != 0) {
		regerror(rc, &re, why, sizeof why);
		return error_set(error, MM_EXIT_REFUSED, 51091,
		    "Regular expression is invalid: %s", why);
	}
	*found = regexec(&re, text, 1, &at, REG_STARTEND) == 0;
	regfree(&re);
	return true;
}

bool
regex_search(const char *pattern, const char *options, const char *text,
    size_t len, bool *found, bson_error_t *error)
{
	int flags = 0;
	const char *end;
	char *negated;
	bool barred;

	if (strchr(options, 'i'))
		flags |= REG_ICASE;
	if (strchr(options, 'm'))
		flags |= REG_NEWLINE;
	if (strncmp(pattern, "^(?!", 4) != 0)
		return search_posix(
		    pattern, strlen(pattern), flags, text, len, found, error);
	end = strchr(pattern, ')');
	if (!end)
		return error_set(error, MM_EXIT_REFUSED, 51091,
		    "Regular expression is invalid: missing )");
	negated =
	    bson_strdup_printf("^%.*s", (int)(end - pattern - 4), pattern + 4);
	if (!search_posix(
		negated, strlen(negated), flags, text, len, &barred, error)) {
		bson_free(negated);
		return false;
	}
	bson_free(negated);
	if (!search_posix(
		end + 1, strlen(end + 1), flags, text, len, found, error))
		return false;
	*found = *found && !barred;
	return true;
}
