/* mongosim: holding the majority view back. */
#ifndef SIM_HOLD_H
#define SIM_HOLD_H

/* From now on writes stay out of the majority view: majority reads and hello
 * show the state of this moment, writes with w:majority wait. */
void hold(void);
/* All that was held back is majority now. */
void release(void);

#endif
