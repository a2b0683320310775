/* The fuzz target without a fuzzer: its seeds, changed at random. What it finds
 * wrong it aborts on; `make fuzz` looks deeper. MM_SEED=N repeats a run. */
#include <glob.h>
#include <stdio.h>
#include <time.h>

#include "../fuzz/delta_fuzz.c"
#include "change.h"
#include "tap.h"

enum { ROUNDS = 8000, SEEDS = 64 };

static void
spoil(uint8_t *data, size_t len)
{
	for (uint32_t n = change_random(3); n > 0; n--) {
		size_t at = change_random((uint32_t)len);

		data[at] = change_random(2) ? (uint8_t)change_random(256)
					    : (uint8_t)(data[at] + 1);
	}
}

int
main(void)
{
	const char *given = getenv("MM_SEED");
	uint64_t seed =
	    given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	char *pattern = bson_strdup_printf("%s/fuzz/delta/*", tap_tests_dir());
	char *seeds[SEEDS];
	size_t len[SEEDS], n;
	glob_t g;

	tap_note("MM_SEED=%llu", (unsigned long long)seed);
	fflush(stdout); /* it stands there when the rest aborts */
	change_seed(seed);
	if (glob(pattern, 0, NULL, &g) != 0)
		g.gl_pathc = 0;
	n = g.gl_pathc < SEEDS ? g.gl_pathc : SEEDS;
	for (size_t i = 0; i < n; i++) {
		seeds[i] = tap_read_file(g.gl_pathv[i], &len[i]);
		LLVMFuzzerTestOneInput((uint8_t *)seeds[i], len[i]);
	}
	OK(n > 10, "%zu seeds", n);
	for (size_t i = 0; i < n; i++) {
		uint8_t *copy = bson_malloc(len[i]);

		for (int k = 0; k < ROUNDS; k++) {
			memcpy(copy, seeds[i], len[i]);
			spoil(copy, len[i]);
			LLVMFuzzerTestOneInput(copy, len[i]);
		}
		bson_free(copy);
		bson_free(seeds[i]);
	}
	OK(true, "%d inputs for each", ROUNDS);
	globfree(&g);
	bson_free(pattern);
	return tap_done();
}
