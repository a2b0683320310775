/* io: what a child of ours is before it becomes another program. */
#ifndef MM_IO_SPAWN_H
#define MM_IO_SPAWN_H

enum { SPAWN_FAILED = 127 }; /* its exit status when it cannot */

/* In the child, between fork and exec: takes no lock. argv[0] is a path; no
 * shell. Standard input is empty, out and err become 1 and 2, nothing else is
 * open; signals are as at a program's start, and the process group is its
 * own. */
_Noreturn void spawn_become(
    char *const *argv, char *const *env, int out, int err);

#endif
