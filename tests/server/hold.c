#include "hold.h"

#include "catalog.h"
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
	catalog_settle();
	server_wake();
}
