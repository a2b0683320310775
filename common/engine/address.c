#include "engine/address.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/child.h"
#include "io/secret.h"

enum {
	MAX_WORDS = 64,
	MAX_ADDRESS = 16 << 10,
	MAX_OUT = 256 << 10,
	STATUS_MISMATCH = 75
};

struct address {
	char *spec; /* cut into words */
	char *program;
	char *word[MAX_WORDS];
	int words;
	char *file[2]; /* old, new */
	char id[2][ADDRESS_ID];
	int seconds;
};

/* A file as in mm-address(7): trailing newlines do not count. */
static bool
read_id(const char *path, char *id, bson_error_t *error)
{
	char *data = secret_read(path, MAX_ADDRESS, error);
	char full[SHA256_TEXT];
	struct sha256 *h;

	if (!data)
		return false;
	h = sha256_new();
	sha256_add(h, data, strlen(data));
	sha256_finish(h, full);
	memcpy(id, full, ADDRESS_ID - 1);
	id[ADDRESS_ID - 1] = '\0';
	secret_free(data);
	return true;
}

/* Beside this program, or where `make install` puts them. */
static char *
find_module(const char *name)
{
	static const char *const places[] = {
	    "address", "../libexec/mongomove/address"};
	char self[PATH_MAX], *slash, *path;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (strchr(name, '/'))
		return bson_strdup(name);
	if (n < 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	*slash = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		path = bson_strdup_printf("%s/%s/%s", self, places[i], name);
		if (access(path, X_OK) == 0)
			return path;
		bson_free(path);
	}
	return NULL;
}

static bool
cut_spec(struct address *a, const char *spec, bson_error_t *error)
{
	char *save = NULL, *w;

	a->spec = bson_strdup(spec);
	for (w = strtok_r(a->spec, " \t", &save); w;
	     w = strtok_r(NULL, " \t", &save)) {
		if (a->words == MAX_WORDS)
			return error_set(error, MM_EXIT_USAGE, 0,
			    "the address has more than %d settings", MAX_WORDS);
		a->word[a->words++] = w;
	}
	if (a->words == 0)
		return error_set(
		    error, MM_EXIT_USAGE, 0, "the address names no module");
	a->program = find_module(a->word[0]);
	return a->program ||
	    error_set(error, MM_EXIT_USAGE, 0,
		"there is no address module \"%s\"", a->word[0]);
}

struct address *
address_new(const char *spec, const char *old_file, const char *new_file,
    int seconds, bson_error_t *error)
{
	struct address *a = bson_malloc0(sizeof *a);

	a->seconds = seconds;
	a->file[0] = bson_strdup(old_file);
	a->file[1] = bson_strdup(new_file);
	if (!cut_spec(a, spec, error) || !read_id(old_file, a->id[0], error) ||
	    !read_id(new_file, a->id[1], error)) {
		address_free(a);
		return NULL;
	}
	if (strcmp(a->id[0], a->id[1]) == 0) {
		error_set(error, MM_EXIT_USAGE, 0,
		    "\"%s\" and \"%s\" hold the same address", old_file,
		    new_file);
		address_free(a);
		return NULL;
	}
	return a;
}

void
address_free(struct address *a)
{
	if (!a)
		return;
	bson_free(a->spec);
	bson_free(a->program);
	bson_free(a->file[0]);
	bson_free(a->file[1]);
	bson_free(a);
}

const char *
address_old_id(const struct address *a)
{
	return a->id[0];
}

const char *
address_new_id(const struct address *a)
{
	return a->id[1];
}

void
address_turn(struct address *a)
{
	char id[ADDRESS_ID], *file = a->file[0];

	a->file[0] = a->file[1];
	a->file[1] = file;
	memcpy(id, a->id[0], sizeof id);
	memcpy(a->id[0], a->id[1], sizeof id);
	memcpy(a->id[1], id, sizeof id);
}

const char *
address_held_text(enum address_held h)
{
	static const char *const texts[] = {
	    "unknown", "old", "new", "mixed", "other"};

	return texts[h];
}

static bool
call(struct address *a, const char *verb, struct child_result *r,
    bson_error_t *error)
{
	char *argv[MAX_WORDS + 5], *old, *new;
	int n = 0;
	bool ok;

	old = bson_strdup_printf("old=%s", a->file[0]);
	new = bson_strdup_printf("new=%s", a->file[1]);
	argv[n++] = a->program;
	argv[n++] = (char *)verb;
	for (int i = 1; i < a->words; i++)
		argv[n++] = a->word[i];
	if (strcmp(verb, "set") == 0) {
		argv[n++] = old;
		argv[n++] = new;
	}
	argv[n] = NULL;
	ok = child_run(argv, a->seconds, MAX_OUT, r, error);
	bson_free(old);
	bson_free(new);
	return ok;
}

static bool
wrong_use(
    const struct address *a, const struct child_result *r, bson_error_t *error)
{
	return error_set(error, MM_EXIT_USAGE, 0, "address module %s: %s",
	    a->word[0],
	    r->complaint[0] ? r->complaint : "wrong use, and no reason");
}

/* The value of key= in a line, up to the next blank; NULL: not there. */
static const char *
field(const char *line, const char *key, size_t *len)
{
	size_t n = strlen(key);
	const char *p = line;

	while (p) {
		if (strncmp(p, key, n) == 0 && p[n] == '=') {
			*len = strcspn(p + n + 1, " \t\n");
			return p + n + 1;
		}
		p = strpbrk(p, " \t\n");
		p = p ? p + 1 : NULL;
	}
	return NULL;
}

static bool
field_is(const char *line, const char *key, const char *value)
{
	size_t len;
	const char *v = field(line, key, &len);

	return v && len == strlen(value) && memcmp(v, value, len) == 0;
}

static enum address_held
line_held(const struct address *a, const char *line)
{
	if (!field_is(line, "state", "ok"))
		return ADDRESS_UNKNOWN;
	if (field_is(line, "id", a->id[0]))
		return ADDRESS_OLD;
	return field_is(line, "id", a->id[1]) ? ADDRESS_NEW : ADDRESS_OTHER;
}

static enum address_held
both(enum address_held a, enum address_held b)
{
	if (a == b)
		return a;
	if (a == ADDRESS_UNKNOWN || b == ADDRESS_UNKNOWN)
		return ADDRESS_UNKNOWN;
	if (a == ADDRESS_OTHER || b == ADDRESS_OTHER)
		return ADDRESS_OTHER;
	return ADDRESS_MIXED;
}

static void
read_lines(const struct address *a, char *text, struct address_state *state)
{
	enum address_held first = ADDRESS_UNKNOWN, held;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "endpoint=", 9) != 0)
			continue;
		held = line_held(a, line);
		if (state->endpoints++ == 0) {
			first = held;
			state->held = held;
		}
		state->held = both(state->held, held);
		if (state->first[0] == '\0' &&
		    (held != first || held == ADDRESS_OTHER ||
			held == ADDRESS_UNKNOWN))
			snprintf(state->first, sizeof state->first, "%s", line);
	}
	for (char *p = state->first; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
}

bool
address_get(struct address *a, struct address_state *state, bson_error_t *error)
{
	struct child_result r;
	bool ok = call(a, "get", &r, error);

	*state = (struct address_state){.held = ADDRESS_UNKNOWN};
	if (ok && r.status == 2 && !r.late)
		ok = wrong_use(a, &r, error);
	if (ok && !r.late)
		read_lines(a, (char *)r.out.data, state);
	/* A module that says no may have told the truth about a part. */
	if (ok && (r.late || r.status != 0))
		state->held = ADDRESS_UNKNOWN;
	if (ok && !r.late && r.status == 0 && state->endpoints == 0)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "address module %s names no endpoint", a->word[0]);
	child_release(&r);
	return ok;
}

bool
address_probe(
    struct address *a, struct address_bound *bound, bson_error_t *error)
{
	struct child_result r;
	const char *text, *v;
	size_t len;
	bool ok = call(a, "probe", &r, error);

	*bound = (struct address_bound){.seconds = -1};
	text = ok ? (const char *)r.out.data : "";
	if (ok && r.status == 2 && !r.late)
		ok = wrong_use(a, &r, error);
	else if (ok && (r.late || r.status != 0))
		ok = error_set(error, MM_EXIT_REFUSED, r.status,
		    "address module %s says that the address cannot be "
		    "changed: %.*s%s%s",
		    a->word[0], (int)strcspn(text, "\n"), text,
		    r.complaint[0] ? "; " : "",
		    r.late ? "no answer in time" : r.complaint);
	if (ok) {
		bound->cas = field_is(text, "cas", "yes");
		v = field(text, "bound", &len);
		if (v && len > 0 && len <= 5)
			bound->seconds = atoi(v);
	}
	child_release(&r);
	return ok;
}

bool
address_set(struct address *a, struct address_state *state, bson_error_t *error)
{
	struct child_result r;
	bool ok = call(a, "set", &r, error);
	bool late = ok && r.late;
	int status = ok ? r.status : -1;
	char complaint[sizeof r.complaint];

	snprintf(complaint, sizeof complaint, "%s", r.complaint);
	child_release(&r);
	if (!ok) {
		*state = (struct address_state){.held = ADDRESS_OLD};
		return false;
	}
	if (!address_get(a, state, error))
		return false;
	if (state->held == ADDRESS_NEW)
		return true;
	return error_set(error, MM_EXIT_REFUSED, status,
	    "the address was not changed (module %s: %s%s%s; it is %s now%s%s)",
	    a->word[0],
	    late                            ? "no answer in time"
		: status == 0               ? "it said that it was"
		: status == STATUS_MISMATCH ? "it is not the old one"
					    : "failed",
	    complaint[0] ? ": " : "", complaint, address_held_text(state->held),
	    state->first[0] ? ": " : "", state->first);
}

bool
address_drain(struct address *a, bson_error_t *error)
{
	struct child_result r;
	bool ok = call(a, "drain", &r, error);

	if (ok && (r.late || r.status != 0))
		ok = error_set(error, MM_EXIT_REFUSED, r.status,
		    "address module %s could not cut old connections: %s",
		    a->word[0], r.late ? "no answer in time" : r.complaint);
	child_release(&r);
	return ok;
}
