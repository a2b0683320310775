/* engine: documents that a lane wrote lately, so that it need not read them
 * again. The least recently used go first when the byte budget is full. Of one
 * thread.
 */
#ifndef MM_ENGINE_CACHE_H
#define MM_ENGINE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;

struct cache *cache_new(size_t max_bytes);
void cache_free(struct cache *c);
/* Keys are a namespace (any pointer) and canonical _id bytes. Copies both. doc
 * NULL: it is known that there is no such document. What is too large is not
 * kept, and an older image of it is dropped. */
void cache_put(struct cache *c, const void *ns, const uint8_t *key,
    size_t key_len, const uint8_t *doc, size_t doc_len);
/* True: known; *doc is NULL where there is none. A view until the next
 * cache_put or cache_clear. */
bool cache_get(struct cache *c, const void *ns, const uint8_t *key,
    size_t key_len, const uint8_t **doc, size_t *doc_len);
void cache_clear(struct cache *c);

#endif
