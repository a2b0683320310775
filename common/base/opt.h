/* base: one option table parses, prints --help, and is compared with the man
 * page (scripts/check-docs.sh reads --help).
 *
 * A program's options are a list of groups (its own, and shared ones such as
 * ns_options or server_options). Every long name is taken in both
 * spellings: --nsInclude and --ns-include. No abbreviations. Values may be
 * attached (--name=V, -nV) or follow.
 */
#ifndef MM_BASE_OPT_H
#define MM_BASE_OPT_H

#include "base/error.h"

enum opt_kind {
	OPT_FLAG,     /* bool *: set true; no value */
	OPT_TEXT,     /* const char **: borrowed from argv */
	OPT_LIST,     /* struct opt_list *: repeatable text */
	OPT_COUNT,    /* int64_t *: integer within min..max */
	OPT_BYTES,    /* int64_t *: integer with optional K, M, G (powers of
			 1024), within min..max */
	OPT_SECONDS,  /* int64_t *: milliseconds; takes 10, 0.5, 10s, 5m, 2h,
			 7d; min..max are milliseconds */
	OPT_POSITION, /* struct optime * */
	OPT_CHOICE,   /* const char **: one of the words in `choices` ("a|b") */
	OPT_SECRET,   /* char **: a copy owned by the caller; the bytes in argv
			 are overwritten */
	OPT_COUNTED   /* int *: number of times given; no value (-vv) */
};

struct opt {
	char key;         /* short letter, or 0 */
	const char *name; /* long name, house or mongodump spelling */
	const char *arg;  /* shown in --help: FILE, N ...; NULL: no value */
	enum opt_kind kind;
	void *out;
	const char *help; /* one line, without full stop; defaults in () */
	int64_t min, max; /* OPT_COUNT, OPT_BYTES, OPT_SECONDS; 0,0: 0.. */
	const char *choices;
};

struct opt_list {
	const char **item;
	size_t n;
};

struct opt_group {
	const char *title; /* heading in --help */
	const struct opt *rows;
	size_t n;
};

#define OPT_GROUP(title, rows)                                                 \
	{                                                                      \
		title, rows, sizeof(rows) / sizeof *(rows)                     \
	}

struct opt_program {
	const char *tool;     /* "mm-dump" */
	const char *purpose;  /* one line for --help */
	const char *synopsis; /* after the name: "[options] > STREAM" */
	const struct opt_group *groups;
	size_t n_groups;
	int min_operands, max_operands; /* max -1: any number */
};

enum opt_outcome {
	OPT_RUN, /* go on; *first_operand is set */
	OPT_DONE /* --help or --version was printed: end with *status */
};

/* Also handles the common options that every program has: --help, --version,
 * -v/--verbose, --quiet, --log-format, --status-file (status_file_option()).
 * On wrong use: message and hint to stderr, OPT_DONE and status 2. */
enum opt_outcome opt_parse(const struct opt_program *program, int argc,
    char **argv, int *first_operand, int *status);

/* The value of --status-file, or NULL. */
const char *opt_status_file(void);

/* Contradictions that a tool finds itself: message + hint, returns status 2. */
int opt_wrong_use(const char *format, ...) BSON_GNUC_PRINTF(1, 2);

/* Text to number as OPT_BYTES does it, for environment and config values. */
bool opt_bytes(const char *text, int64_t *out, bson_error_t *error);

void opt_list_release(struct opt_list *list);

#endif
