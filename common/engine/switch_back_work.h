/* engine: inside of engine/switch_back.h: what switch_back.c (keeping),
 * switch_back_args.c (making) and switch_back_once.c share. For these only.
 */
#ifndef MM_ENGINE_SWITCH_BACK_WORK_H
#define MM_ENGINE_SWITCH_BACK_WORK_H

#include "engine/switch_back.h"
#include "io/worker.h"

#define BACK_PAUSE_MS 1000

/* One of the two. */
struct program {
	const char *name;
	char **argv;
	size_t n;
	char *log;
	enum side side; /* where it is connected to */
	struct worker worker;
	int64_t started, next, pause; /* ms */
	int last, failures;           /* how it ended, and how often alike */
};

struct back {
	struct back_opts o;
	char *dir, *lock_path;
	int lock; /* -1: not ours */
	bool elsewhere;
	struct program tail, apply;
};

/* Adds one. */
void program_arg(struct program *p, const char *text);
/* Starts it, or (argv) another one in its place, with its addresses. */
bool program_start(struct back *b, struct program *p, char *const *argv,
    const char *log, bson_error_t *error);
/* The lock, unless somebody else has it; the directories. */
bool back_take(struct back *b, bson_error_t *error);

#endif
