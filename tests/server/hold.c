#include "hold.h"

#include "members.h"
#include "server.h"

void
hold(void)
{
	sim.held = true;
}

void
release(void)
{
	sim.held = false;
	members_commit();
	server_wake();
}
