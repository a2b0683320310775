#include "base/optime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"

bool
optime_is_null(struct optime o)
{
	return o.secs == 0 && o.inc == 0;
}

int
optime_cmp(struct optime a, struct optime b)
{
	if (a.secs != b.secs)
		return a.secs < b.secs ? -1 : 1;
	return a.inc < b.inc ? -1 : a.inc > b.inc;
}

bool
optime_same(struct optime a, struct optime b)
{
	return optime_cmp(a, b) == 0 &&
	    (a.term == b.term || a.term == -1 || b.term == -1);
}

struct optime
optime_max(struct optime a, struct optime b)
{
	return optime_cmp(a, b) < 0 ? b : a;
}

const char *
optime_text(struct optime o, char *text)
{
	if (o.term == -1)
		snprintf(
		    text, OPTIME_TEXT, "%" PRIu32 ":%" PRIu32, o.secs, o.inc);
	else
		snprintf(text, OPTIME_TEXT, "%" PRIu32 ":%" PRIu32 ":%" PRId64,
		    o.secs, o.inc, o.term);
	return text;
}

/* Digits up to `stop` or the end; false on anything else or above `max`. */
static bool
number(const char **p, char stop, int64_t max, int64_t *out)
{
	int64_t v = 0;
	const char *s = *p;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (v > (max - (*s - '0')) / 10)
			return false;
		v = v * 10 + (*s - '0');
	}
	if (*s != stop && *s != '\0')
		return false;
	*p = *s == '\0' ? s : s + 1;
	*out = v;
	return true;
}

static bool
parse_iso(const char *text, struct optime *o)
{
	struct tm tm = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	time_t at;

	if (!rest || (strcmp(rest, "Z") != 0 && *rest != '\0'))
		return false;
	at = timegm(&tm);
	if (at <= 0 || (int64_t)at > UINT32_MAX)
		return false;
	*o = (struct optime){(uint32_t)at, 0, -1};
	return true;
}

bool
optime_parse(const char *text, struct optime *o, bson_error_t *error)
{
	const char *p = text;
	int64_t secs, inc, term = -1;

	if (strchr(text, 'T')) {
		if (parse_iso(text, o))
			return true;
	} else if (number(&p, ':', UINT32_MAX, &secs) && p[-1] == ':' &&
	    number(&p, ':', UINT32_MAX, &inc) &&
	    (p[-1] != ':' || number(&p, '\0', INT64_MAX, &term))) {
		*o = (struct optime){(uint32_t)secs, (uint32_t)inc, term};
		return true;
	}
	return error_set(error, MM_EXIT_USAGE, 0,
	    "not a position: \"%s\" (SECONDS:INCREMENT:TERM, "
	    "SECONDS:INCREMENT or YYYY-MM-DDTHH:MM:SSZ)",
	    text);
}

void
optime_append(bson_t *doc, const char *key, struct optime o)
{
	bson_t sub;

	bson_append_document_begin(doc, key, -1, &sub);
	bson_append_timestamp(&sub, "ts", 2, o.secs, o.inc);
	bson_append_int64(&sub, "t", 1, o.term);
	bson_append_document_end(doc, &sub);
}

bool
optime_of(const bson_t *doc, struct optime *o)
{
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, "ts") ||
	    !BSON_ITER_HOLDS_TIMESTAMP(&it))
		return false;
	bson_iter_timestamp(&it, &o->secs, &o->inc);
	o->term = -1;
	if (bson_iter_init_find(&it, doc, "t") && BSON_ITER_HOLDS_NUMBER(&it))
		o->term = bson_iter_as_int64(&it);
	return true;
}

bool
optime_read(const bson_t *doc, const char *key, struct optime *o)
{
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;
	bson_t sub;

	if (!bson_iter_init_find(&it, doc, key) ||
	    !BSON_ITER_HOLDS_DOCUMENT(&it))
		return false;
	bson_iter_document(&it, &len, &data);
	return bson_init_static(&sub, data, len) && optime_of(&sub, o);
}
