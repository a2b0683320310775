/* Prints which record of a switch may follow which, a pair a line, to be held
 * against the model. */
#include <stdio.h>

#include "model/switch_state.h"

int
main(void)
{
	for (int a = SWITCH_SYNCING; a < SWITCH_STATES; a++)
		for (int b = SWITCH_SYNCING; b < SWITCH_STATES; b++)
			if (switch_may_follow(a, b))
				printf("%s %s\n", switch_state_text(a),
				    switch_state_text(b));
	return 0;
}
