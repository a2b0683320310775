/* engine: bytes that several threads may hold together.
 *
 * Who needs more than is left waits, except where nobody holds anything: a
 * single piece may be larger than the whole budget.
 */
#ifndef MM_ENGINE_BUDGET_H
#define MM_ENGINE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget;

struct budget *budget_new(int64_t bytes);
void budget_free(struct budget *b);

/* at_once: does not wait, for who keeps something that others wait for while
 * they hold bytes. */
void budget_take(struct budget *b, int64_t bytes, bool at_once);
/* It has become more than was taken, or (negative) less. */
void budget_change(struct budget *b, int64_t bytes);

#endif
