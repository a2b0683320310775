#include "rig.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mongo/bulk.h"
#include "tap.h"

_Noreturn static void
die(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

static int
free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		die("no free port", strerror(errno));
	close(fd);
	return ntohs(a.sin_port);
}

static void
run_mongod(struct rig *r, const char *program)
{
	int port = free_port(), status;
	char text[16], command[400];

	snprintf(text, sizeof text, "%d", port);
	snprintf(r->dir, sizeof r->dir, "/tmp/mm-rig-XXXXXX");
	if (!mkdtemp(r->dir))
		die("no directory", strerror(errno));
	r->pid = fork();
	if (r->pid == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(126);
		execlp(program, program, "--dbpath", r->dir, "--port", text,
		    "--bind_ip", "127.0.0.1", "--replSet", "rig", "--oplogSize",
		    "990", (char *)NULL);
		_exit(127);
	}
	snprintf(command, sizeof command,
	    "/usr/bin/python3 '%s/tools/initiate.py' %d rig", tap_tests_dir(),
	    port);
	status = system(command);
	if (status != 0)
		die("mongod", "could not be initiated");
	snprintf(r->host, sizeof r->host, "127.0.0.1:%d", port);
}

static bool
run_sim(struct rig *r, const char *const *more)
{
	char path[500], line[200], *slash;
	const char *argv[20] = {path, "--port", "0", "--replSet", "rig"};
	int to[2], n = 5;
	ssize_t len;
	FILE *out;

	len = readlink("/proc/self/exe", path, sizeof path - 20);
	path[len > 0 ? len : 0] = '\0';
	for (int i = 0; i < 2 && (slash = strrchr(path, '/')); i++)
		*slash = '\0';
	strcat(path, "/mongosim");
	if (access(path, X_OK) != 0) {
		tap_skip("no mongosim and no $MM_MONGOD", "everything");
		return false;
	}
	while (more && *more && n < 19)
		argv[n++] = *more++;
	if (pipe(to) != 0)
		die("pipe", strerror(errno));
	r->pid = fork();
	if (r->pid == 0) {
		dup2(to[1], 1);
		close(to[0]);
		close(to[1]);
		execv(path, (char *const *)argv);
		_exit(127);
	}
	close(to[1]);
	out = fdopen(to[0], "r");
	if (!fgets(line, sizeof line, out) ||
	    sscanf(line, "ready %63s", r->host) != 1)
		die("mongosim", "did not get ready");
	fclose(out);
	r->sim = true;
	return true;
}

bool
rig_start(struct rig *r, const char *const *more)
{
	const char *mongod = getenv("MM_MONGOD");

	memset(r, 0, sizeof *r);
	if (mongod && !more)
		run_mongod(r, mongod);
	else if (!run_sim(r, more))
		return false;
	snprintf(
	    r->uri, sizeof r->uri, "mongodb://%s/?replicaSet=rig", r->host);
	return true;
}

void
rig_open(struct rig *r, enum side side)
{
	struct server_flags flags = {.uri = bson_strdup(r->uri)};
	bson_error_t error;

	r->server = server_open(side, &flags, "test", false, &error);
	if (!r->server)
		die("open", error.message);
	r->conn = conn_open(r->server, &error);
	if (!r->conn)
		die("open", error.message);
}

void
rig_stop(struct rig *r)
{
	char command[100];

	conn_close(r->conn);
	server_close(r->server);
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	if (r->dir[0]) {
		snprintf(command, sizeof command, "rm -rf '%s'", r->dir);
		if (system(command) != 0)
			tap_note("%s stays behind", r->dir);
	}
}

void
rig_run(struct rig *r, const char *db, const char *json, bson_t *reply)
{
	bson_t *cmd = tap_json(json);
	bson_error_t error;

	if (!conn_command(r->conn, db, cmd, reply, &error))
		die(json, error.message);
	bson_destroy(cmd);
}

int64_t
rig_fired(struct rig *r, const char *kind)
{
	bson_iter_t it, found;
	int64_t n = 0;
	bson_t reply;
	char *path = bson_strdup_printf("fired.%s", kind);

	rig_run(r, "admin", "{\"simulate\":\"status\"}", &reply);
	if (bson_iter_init(&it, &reply) &&
	    bson_iter_find_descendant(&it, path, &found))
		n = bson_iter_as_int64(&found);
	bson_destroy(&reply);
	bson_free(path);
	return n;
}

void
rig_fill(struct rig *r, const char *ns, int n, int size)
{
	struct bulk *b = bulk_new(r->conn);
	const struct bulk_error *errors;
	char *text = bson_malloc0((size_t)size + 1);
	bson_error_t error;
	size_t n_errors;

	memset(text, 'x', (size_t)size);
	bulk_begin(b, ns, false);
	for (int i = 0; i < n; i++) {
		bson_t doc = BSON_INITIALIZER;

		BSON_APPEND_INT32(&doc, "_id", i);
		BSON_APPEND_UTF8(&doc, "text", text);
		bulk_insert(b, bson_get_data(&doc), doc.len);
		bson_destroy(&doc);
	}
	if (bulk_run(b, &errors, &n_errors, &error) != BULK_CLEAN)
		die(ns, "cannot be filled");
	bulk_free(b);
	bson_free(text);
}
