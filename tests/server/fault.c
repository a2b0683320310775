#include "fault.h"

bool
fault_before(struct request *r, bson_error_t *error)
{
	(void)r, (void)error;
	return true;
}

bool
fault_concern(struct request *r)
{
	(void)r;
	return false;
}

void
fault_after(struct request *r)
{
	(void)r;
}

bool
cmd_simulate(struct request *r, bson_error_t *error)
{
	(void)r;
	return refuse(error, 238, "no faults yet");
}
