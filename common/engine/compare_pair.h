/* engine: which collection of the source is compared with which of the target.
 *
 * A pair is named after the source. The target's name comes from --nsFrom and
 * --nsTo; a collection that only the target has is part of the comparison
 * when some namespace of the selection would be mapped to its name.
 */
#ifndef MM_ENGINE_COMPARE_PAIR_H
#define MM_ENGINE_COMPARE_PAIR_H

#include <stdatomic.h>

#include "engine/compare_class.h"
#include "model/ns.h"
#include "mongo/catalog.h"

/* Counted by all threads. */
struct tally {
	_Atomic int64_t source_docs, source_bytes;
	_Atomic int64_t target_docs, target_bytes;
	/* modulo 2^64, of the XXH64 of the documents: as in a cend */
	_Atomic uint64_t source_sum, target_sum;
	_Atomic int64_t found[DIFF_CLASSES];
	/* Under live writes: what waits to be looked at (again), and the
	 * position up to which everything was compared: seconds in the upper
	 * half, 0 none. */
	_Atomic int64_t waiting;
	_Atomic uint64_t verified;
	/* of the difference documents written to a stream */
	_Atomic int64_t out_docs, out_bytes;
	_Atomic uint64_t out_sum;
};

/* Sums of the classes that differ, that are not decided. */
int64_t tally_differences(const struct tally *t);
int64_t tally_undecided(const struct tally *t);

struct pair {
	char ns[NS_MAX + 1];                /* on the source */
	char target_ns[NS_MAX + 1];         /* on the target */
	const struct coll *source, *target; /* NULL: not there */
	int32_t c;                          /* its number, from 0 */
	_Atomic int64_t units;              /* of work not finished */
	struct tally tally;
};

struct pair_list {
	struct pair *item; /* by ns */
	size_t n;
	struct coll_list source, target;
};

/* Lists both sides, or one alone (the other NULL). `flags` are those that made
 * `rules`. Status 8: two namespaces of the selection are mapped to one. Release
 * also after an error. */
bool pair_list_read(struct pair_list *list, struct conn *source,
    struct conn *target, const struct ns_flags *flags,
    const struct ns_rules *rules, bson_error_t *error);
void pair_list_release(struct pair_list *list);

/* The name on the source that is mapped to target_ns: false when there is
 * none in the selection. source_ns holds NS_MAX + 1. */
bool pair_unmap(const struct ns_flags *flags, const struct ns_rules *rules,
    const char *target_ns, char *source_ns);

/* Where target names of the selection can lie: all databases, or, where the
 * patterns name them, only those: rights on others are not needed then. Caller
 * frees. */
struct ns_rules *pair_target_rules(
    const struct ns_flags *flags, bson_error_t *error);

#endif
