/* engine: mm-diff with digests: options, servers, files. */
#ifndef MM_ENGINE_DIGEST_RUN_H
#define MM_ENGINE_DIGEST_RUN_H

#include "engine/compare_report.h"
#include "engine/compare_task.h"

/* --digest, --against and what belongs to them. */
extern const struct opt_group digest_options;

/* 0, or 2 after a message: they contradict each other. */
int digest_use(void);
/* One of the two modes was asked for. */
bool digest_wanted(void);
/* The output is a stream, whatever the format of the report. */
bool digest_streams(void);

struct digest_run {
	const char *job; /* NULL: by selection */
	int workers;
	int64_t partition_bytes, rate;
	struct report_opts report; /* fd, format, level */
};
/* Opens what it needs; the output is fd. Sets *differences. */
enum compare_got digest_run(
    const struct digest_run *run, int64_t *differences, bson_error_t *error);

#endif
