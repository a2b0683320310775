/* base: exit statuses of every program (shown in mm-migrate(7)). */
#ifndef MM_BASE_EXIT_H
#define MM_BASE_EXIT_H

enum mm_exit {
	MM_EXIT_OK = 0,       /* done */
	MM_EXIT_NO = 1,       /* the answer is no: differences, not ready */
	MM_EXIT_USAGE = 2,    /* wrong use */
	MM_EXIT_STREAM = 3,   /* input stream damaged or cut */
	MM_EXIT_SOURCE = 4,   /* source unreachable or failed */
	MM_EXIT_TARGET = 5,   /* target unreachable or failed */
	MM_EXIT_POSITION = 6, /* position gone: dump again */
	MM_EXIT_IO = 7,       /* local input or output */
	MM_EXIT_REFUSED = 8,  /* refused: rights, version, guard, unknown op */
	MM_EXIT_STOPPED = 9,  /* stopped early, can be resumed */
	MM_EXIT_INTERNAL = 70 /* a defect of the program */
};

#endif
