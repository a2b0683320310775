/* stream: MANIFEST.jsonl of a segment directory, for checks of it. */
#ifndef MM_STREAM_MANIFEST_H
#define MM_STREAM_MANIFEST_H

#include "base/hash.h"
#include "stream/segment.h"

#define MANIFEST_FILE "MANIFEST.jsonl"

struct manifest_line {
	char file[96];
	struct optime after, last;
	int64_t docs;
	uint64_t bytes; /* of the file */
	char sha256[SHA256_TEXT];
};

/* All readable lines; *lines is freed with bson_free. No manifest is an empty
 * one. Status 7. */
bool manifest_read(const char *dir, struct manifest_line **lines, size_t *n,
    bson_error_t *error);
/* The newest line of a file, or NULL. */
const struct manifest_line *manifest_find(
    const struct manifest_line *lines, size_t n, const char *file);
/* Hash (SHA256_TEXT bytes) and size of a file. */
bool manifest_sha256(
    const char *path, char *text, uint64_t *bytes, bson_error_t *error);

#endif
