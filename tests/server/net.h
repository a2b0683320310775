/* mongosim: listening, and one thread a connection. */
#ifndef SIM_NET_H
#define SIM_NET_H

#include "base/error.h"

/* Binds 127.0.0.1; port 0: any. The port is then in *port. */
bool net_listen(int *port, bson_error_t *error);
/* Accepts until a stop signal. */
void net_serve(void);
/* Closes every connection and waits for the threads. */
void net_stop(void);
/* Close all connections but one (NULL: all). With sim.lock held. */
struct conn;
void net_close_all(const struct conn *except);

#endif
