/* A test program prints TAP: one line a test, the plan at the end. */
#ifndef MM_TEST_TAP_H
#define MM_TEST_TAP_H

#include <bson/bson.h>
#include <stdbool.h>

/* One test: `ok N - name` or `not ok N - name` with file and line. Returns
 * `passed`. */
bool tap_ok(bool passed, const char *file, int line, const char *format, ...)
    BSON_GNUC_PRINTF(4, 5);
void tap_skip(const char *reason, const char *format, ...)
    BSON_GNUC_PRINTF(2, 3);
/* A comment line. */
void tap_note(const char *format, ...) BSON_GNUC_PRINTF(1, 2);
/* Prints the plan; the value for main to return. */
int tap_done(void);

/* The folder tests/ of the checkout ($MM_TESTS, else ./tests). */
const char *tap_tests_dir(void);
/* Whole file; caller frees with bson_free. Aborts when it cannot be read. */
char *tap_read_file(const char *path, size_t *len);
/* Calls each for the lines of tests/vectors/NAME. How many. */
int tap_vectors(const char *name, void (*each)(const char *line));
/* A document from JSON, with {"$hex":"aabb"} turned into BinData 0; owned by
 * the caller (bson_destroy). Aborts on bad JSON. */
bson_t *tap_json(const char *json);
/* The same with single quotes for double ones, for tables in C. */
bson_t *tap_json5(const char *json);
/* Same bytes; on a difference notes both as JSON. NULL equals NULL. */
bool tap_same_doc(const bson_t *got, const bson_t *want);

#define OK(passed, ...) tap_ok(passed, __FILE__, __LINE__, __VA_ARGS__)

#endif
