/* base: little-endian numbers in bytes of any alignment, as BSON has them. */
#ifndef MM_BASE_LE_H
#define MM_BASE_LE_H

#include <bson/bson.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t
le32(const void *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof v);
	return BSON_UINT32_FROM_LE(v);
}

static inline uint64_t
le64(const void *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof v);
	return BSON_UINT64_FROM_LE(v);
}

#endif
