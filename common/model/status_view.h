/* model: a status file as it is read: a JSON object of one level
 * (mm-migrate(7), STATUS FILES), and conditions on its fields. Pure.
 */
#ifndef MM_MODEL_STATUS_VIEW_H
#define MM_MODEL_STATUS_VIEW_H

#include "base/error.h"

struct status_view {
	bson_t *doc;                    /* owned */
	int64_t updated_ms, started_ms; /* since 1970 */
	bool ended;                     /* done, stopped or failed */
};

/* Status 3: not such an object. Release only after true. */
bool status_view_read(
    struct status_view *v, const char *json, size_t len, bson_error_t *error);
void status_view_release(struct status_view *v);
/* False: the field is not there, or no number. */
bool status_view_number(
    const struct status_view *v, const char *field, double *number);
/* "" for none; numbers are not turned into text. */
const char *status_view_text(const struct status_view *v, const char *field);

/* FIELD OP VALUE: OP one of < <= > >= = !=; VALUE a number (s, m, h, d behind
 * it: seconds), true, false, or a word. "lag" is short for lag_seconds. */
struct status_condition {
	char field[64];
	enum { COND_LT, COND_LE, COND_GT, COND_GE, COND_EQ, COND_NE } op;
	bool number;
	double value;
	char word[64];
};
/* Status 2. */
bool status_condition_parse(
    struct status_condition *c, const char *text, bson_error_t *error);
/* 1 holds, 0 does not, -1: the file does not have that field. */
int status_condition_holds(
    const struct status_condition *c, const struct status_view *v);

/* Work done a second between two looks at one program (before NULL: since its
 * start), and seconds to the end; -1 where that is not known. */
struct status_pace {
	double documents, bytes, entries; /* a second */
	double eta;
};
void status_pace(const struct status_view *before, const struct status_view *v,
    struct status_pace *pace);

#endif
