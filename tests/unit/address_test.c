/* Address modules that tell the truth, lie, hang, talk too much. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/address.h"
#include "tap.h"

static char dir[256];

static char *
put(const char *name, int mode, const char *text)
{
	char *path = bson_strdup_printf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0 ||
	    chmod(path, (mode_t)mode) != 0)
		abort();
	return path;
}

/* A module of sh: $old, $new are contents, $at the file that is the world. */
static char *
module(const char *get, const char *set)
{
	char *text = bson_strdup_printf(
	    "#!/bin/sh\ncd %s || exit 9\nverb=$1; shift\n"
	    "id() { printf %%s \"$1\" | sha256sum | cut -c1-32; }\n"
	    "now=$(cat world)\n"
	    "for w; do case $w in old=*) old=$(cat \"${w#old=}\");;"
	    " new=*) new=$(cat \"${w#new=}\");; esac; done\n"
	    "case $verb in\n"
	    "probe) echo cas=yes bound=3; exit 0;;\n"
	    "get) %s;;\n"
	    "set) %s;;\n"
	    "drain) exit 0;;\n"
	    "esac\n",
	    dir, get, set);
	char *path = put("module", 0700, text);

	bson_free(text);
	return path;
}

#define GET "echo endpoint=one state=ok id=$(id \"$now\") address=redacted"
#define SET "[ \"$now\" = \"$old\" ] || exit 75; printf %s \"$new\" >world"

struct outcome {
	bool ok;
	enum address_held held;
	bson_error_t error;
};

static struct outcome
set_with(const char *get, const char *set, const char *world)
{
	struct outcome o = {0};
	struct address_state state = {0};
	struct address *a;
	char *path = module(get, set), *old, *new;

	bson_free(put("world", 0600, world));
	old = put("old", 0600, "mongodb://a\n");
	new = put("new", 0600, "mongodb://b\n");
	a = address_new(path, old, new, 2, &o.error);
	if (a) {
		o.ok = address_set(a, &state, &o.error);
		o.held = state.held;
	}
	address_free(a);
	bson_free(path);
	bson_free(old);
	bson_free(new);
	return o;
}

static void
test_set(void)
{
	struct outcome o = set_with(GET, SET, "mongodb://a");

	OK(o.ok && o.held == ADDRESS_NEW, "old becomes new");
	o = set_with(GET, SET, "mongodb://c");
	OK(!o.ok && o.held == ADDRESS_OTHER &&
		strstr(o.error.message, "not the old one"),
	    "an address that someone else has changed: %s", o.error.message);
	o = set_with(GET, "exit 0", "mongodb://a");
	OK(!o.ok && o.held == ADDRESS_OLD &&
		strstr(o.error.message, "it said that it was"),
	    "a module that lies is found out");
	o = set_with(GET, SET "; sleep 60", "mongodb://a");
	OK(o.ok && o.held == ADDRESS_NEW,
	    "one that hangs afterwards has changed it: get decides");
	o = set_with(GET, "sleep 60 & sleep 60", "mongodb://a");
	OK(!o.ok && o.held == ADDRESS_OLD &&
		strstr(o.error.message, "no answer in time"),
	    "one that hangs before has not");
	o = set_with(GET "; exit 69", SET, "mongodb://a");
	OK(!o.ok && o.held == ADDRESS_UNKNOWN,
	    "an endpoint that does not answer: unknown");
	o = set_with("echo nothing", SET, "mongodb://a");
	OK(!o.ok && error_status(&o.error) == MM_EXIT_REFUSED,
	    "no endpoint at all is refused");
	o = set_with(GET "; echo endpoint=two state=ok id=$(id mongodb://a)",
	    SET, "mongodb://a");
	OK(!o.ok && o.held == ADDRESS_MIXED, "two that do not agree are mixed");
	o = set_with("yes endpoint=x state=ok id=1", SET, "mongodb://a");
	OK(!o.ok && o.held == ADDRESS_UNKNOWN, "no end of lines is no answer");
	o = set_with(
	    "printf 'endpoint=a\\033[2Jb state=bad\\n'", SET, "mongodb://a");
	OK(!o.ok && !strchr(o.error.message, '\033'),
	    "no control character gets into a message");
}

static void
test_files(void)
{
	bson_error_t error;
	char *a = put("a", 0600, "x"), *b = put("b", 0644, "y");
	char *c = put("c", 0600, "\n"), *d = put("d", 0600, "x\n");
	char *m = module(GET, SET);
	struct address *address;

	OK(!address_new(m, a, b, 2, &error) &&
		error_status(&error) == MM_EXIT_USAGE,
	    "a file that others may read: %s", error.message);
	OK(!address_new(m, a, c, 2, &error) && strstr(error.message, "empty"),
	    "an empty one");
	OK(!address_new(m, a, d, 2, &error) &&
		strstr(error.message, "the same address"),
	    "twice the same address");
	OK(!address_new("nothing", a, d, 2, &error) &&
		strstr(error.message, "no address module"),
	    "no such module");
	bson_free(d);
	d = put("d", 0600, "z");
	address = address_new(m, a, d, 2, &error);
	OK(address &&
		strcmp(address_old_id(address),
		    "2d711642b726b04401627ca9fbac32f5") == 0,
	    "the identity is a piece of the SHA-256");
	address_turn(address);
	OK(strcmp(address_new_id(address),
	       "2d711642b726b04401627ca9fbac32f5") == 0,
	    "turned for the way back");
	address_free(address);
	bson_free(a);
	bson_free(b);
	bson_free(c);
	bson_free(d);
	bson_free(m);
}

int
main(void)
{
	char *command;
	int end;

	snprintf(dir, sizeof dir, "%s/mm-address-XXXXXX",
	    getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(dir))
		return 1;
	test_set();
	test_files();
	end = tap_done();
	command = bson_strdup_printf("rm -r %s", dir);
	if (system(command) != 0)
		end = 1;
	bson_free(command);
	return end;
}
