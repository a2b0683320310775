#include "hold.h"

#include "history.h"
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
	sim.committed = sim.last;
	sim.committed_wall = sim.last_wall;
	history_trim();
	server_wake();
}
