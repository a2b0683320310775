/* One side of a migration: finding the member, and what is known of it. */
#include "mongo/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"

#define PASSWORD_MAX 4096

struct server_flags source_flags, target_flags;

#define SERVER_TEXT "use the member HOST:PORT and no other"
#define PASSWORD_TEXT "first line of FILE is the password (or $MM_PASSWORD)"

static const struct opt source_rows[] = {
    {0, "source", "URI", OPT_SECRET, &source_flags.uri,
	"read from this deployment (or $MM_SOURCE_URI)"},
    {0, "uri", "URI", OPT_SECRET, &source_flags.uri, "the same as --source"},
    {0, "server", "HOST:PORT", OPT_TEXT, &source_flags.member, SERVER_TEXT},
    {0, "password-file", "FILE", OPT_TEXT, &source_flags.password_file,
	PASSWORD_TEXT},
};
const struct opt_group source_options = OPT_GROUP("source", source_rows);

static const struct opt target_rows[] = {
    {0, "target", "URI", OPT_SECRET, &target_flags.uri,
	"write to this deployment (or $MM_TARGET_URI)"},
    {0, "uri", "URI", OPT_SECRET, &target_flags.uri, "the same as --target"},
    {0, "server", "HOST:PORT", OPT_TEXT, &target_flags.member, SERVER_TEXT},
    {0, "password-file", "FILE", OPT_TEXT, &target_flags.password_file,
	PASSWORD_TEXT},
};
const struct opt_group target_options = OPT_GROUP("target", target_rows);

static const struct opt both_rows[] = {
    {0, "source", "URI", OPT_SECRET, &source_flags.uri,
	"one deployment (or $MM_SOURCE_URI)"},
    {0, "target", "URI", OPT_SECRET, &target_flags.uri,
	"the other deployment (or $MM_TARGET_URI)"},
    {0, "source-server", "HOST:PORT", OPT_TEXT, &source_flags.member,
	"of the source, " SERVER_TEXT},
    {0, "target-server", "HOST:PORT", OPT_TEXT, &target_flags.member,
	"of the target, " SERVER_TEXT},
    {0, "source-password-file", "FILE", OPT_TEXT, &source_flags.password_file,
	"source: " PASSWORD_TEXT},
    {0, "target-password-file", "FILE", OPT_TEXT, &target_flags.password_file,
	"target: " PASSWORD_TEXT},
};
const struct opt_group both_options = OPT_GROUP("servers", both_rows);

static void
forget(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	bson_free(*secret);
	*secret = NULL;
}

static bool
read_password_file(const char *file, char *password, bson_error_t *error)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t got = 0;
	ssize_t n = 0;

	if (fd < 0)
		return error_errno(error, MM_EXIT_IO,
		    "could not open the password file \"%s\"", file);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077))
		msg_warn("others may read the password file \"%s\"", file);
	while (got < PASSWORD_MAX &&
	    ((n = read(fd, password + got, PASSWORD_MAX - got)) > 0 ||
		(n < 0 && errno == EINTR)))
		got += n > 0 ? (size_t)n : 0;
	if (n < 0) {
		error_errno(error, MM_EXIT_IO,
		    "could not read the password file \"%s\"", file);
		close(fd);
		return false;
	}
	close(fd);
	password[got] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	return true;
}

/* --password-file, else $MM_PASSWORD, else what the URI has. */
static bool
set_password(struct server *s, const char *file, bson_error_t *error)
{
	char password[PASSWORD_MAX + 1];
	const char *env = getenv("MM_PASSWORD");
	bool ok = true;

	if (!mongoc_uri_get_username(s->uri)) {
		if (!file)
			return true;
		return error_set(error, MM_EXIT_USAGE, 0,
		    "a password file for the %s, but no user in its URI",
		    side_name(s->side));
	}
	if (file)
		ok = read_password_file(file, password, error);
	else if (env)
		snprintf(password, sizeof password, "%s", env);
	else
		return true;
	if (ok && !mongoc_uri_set_password(s->uri, password))
		ok = error_set(error, MM_EXIT_USAGE, 0,
		    "the password for the %s is not UTF-8", side_name(s->side));
	explicit_bzero(password, sizeof password);
	return ok;
}

static const char *
given(enum side side, const struct server_flags *flags)
{
	const char *env =
	    getenv(side == SIDE_SOURCE ? "MM_SOURCE_URI" : "MM_TARGET_URI");

	if (flags->uri)
		return flags->uri;
	return env && *env ? env : NULL;
}

bool
server_named(enum side side, const struct server_flags *flags)
{
	return given(side, flags) != NULL;
}

char *
server_uri_copy(enum side side, const struct server_flags *flags)
{
	return bson_strdup(given(side, flags));
}

void
server_uri_forget(char **uri)
{
	forget(uri);
}

static const char *
uri_text(enum side side, const struct server_flags *flags, bson_error_t *error)
{
	bool source = side == SIDE_SOURCE;
	const char *text = given(side, flags);

	if (text)
		return text;
	error_set(error, MM_EXIT_USAGE, 0, "no %s: give --%s URI or $%s",
	    side_name(side), side_name(side),
	    source ? "MM_SOURCE_URI" : "MM_TARGET_URI");
	return NULL;
}

static bool
make_uri(struct server *s, struct server_flags *flags, bson_error_t *error)
{
	struct rlimit none = {0, 0};
	const char *text = uri_text(s->side, flags, error);
	char *pinned = NULL;
	int32_t timeout;

	if (!text)
		return false;
	if (flags->member) {
		pinned = uri_pin(text, flags->member, error);
		if (!pinned)
			return false;
		text = pinned;
	}
	s->uri = driver_uri(s->side, text, error);
	forget(&pinned);
	if (!s->uri || !set_password(s, flags->password_file, error))
		return false;
	/* The driver keeps the password in memory: no core files. */
	if (mongoc_uri_get_password(s->uri))
		setrlimit(RLIMIT_CORE, &none);
	timeout = mongoc_uri_get_option_as_int32(
	    s->uri, MONGOC_URI_SOCKETTIMEOUTMS, 0);
	if (timeout <= 0 || timeout > SOCKET_TIMEOUT_MS)
		mongoc_uri_set_option_as_int32(
		    s->uri, MONGOC_URI_SOCKETTIMEOUTMS, SOCKET_TIMEOUT_MS);
	return true;
}

/* Never mongoc_uri_get_string: it holds the password. */
static char *
hosts_text(const mongoc_uri_t *uri)
{
	const mongoc_host_list_t *h = mongoc_uri_get_hosts(uri);
	const char *srv = mongoc_uri_get_srv_hostname(uri);
	struct buf out = BUF_INIT;

	if (srv)
		buf_add_text(&out, srv);
	for (; h; h = h->next) {
		buf_add_text(&out, h->host_and_port);
		if (h->next)
			buf_add_byte(&out, ',');
	}
	return buf_take_text(&out);
}

struct server *
server_open(enum side side, struct server_flags *flags, const char *job,
    bool need_oplog, bson_error_t *error)
{
	struct server *s;
	char *hosts;

	driver_init();
	s = bson_malloc0(sizeof *s);
	s->side = side;
	/* The server takes 128 bytes at most. */
	s->appname = bson_strdup_printf("%s/%s%s%.80s", msg_tool(), MM_VERSION,
	    job ? " job=" : "", job ? job : "");
	if (!make_uri(s, flags, error))
		goto fail;
	hosts = hosts_text(s->uri);
	s->where = bson_strdup_printf("%s %s", side_name(side), hosts);
	bson_free(hosts);
	s->pool = driver_pool(s, s->uri, error);
	if (!s->pool || !server_learn(s, need_oplog, error))
		goto fail;
	forget(&flags->uri);
	return s;
fail:
	forget(&flags->uri);
	server_close(s);
	return NULL;
}

void
server_close(struct server *s)
{
	if (!s)
		return;
	if (s->pool)
		driver_pool_end(s->pool);
	if (s->prefs)
		mongoc_read_prefs_destroy(s->prefs);
	if (s->uri)
		mongoc_uri_destroy(s->uri);
	bson_free(s->appname);
	bson_free(s->where);
	bson_free(s);
}

const struct server_info *
server_info(const struct server *s)
{
	return &s->info;
}

enum side
server_side(const struct server *s)
{
	return s->side;
}

/* What is not known is left out: an empty text would say something else than
 * the text of a program that may see more. */
static void
append_known(bson_t *doc, const char *key, const char *text)
{
	if (*text)
		bson_append_utf8(doc, key, -1, text, -1);
}

void
server_append(const struct server *s, const char *key, bson_t *doc)
{
	const struct server_info *i = &s->info;
	bson_t sub;

	bson_append_document_begin(doc, key, -1, &sub);
	BSON_APPEND_UTF8(&sub, "set", i->set);
	append_known(&sub, "replicaSetId", i->id);
	append_known(&sub, "me", i->me);
	append_known(&sub, "version", i->version);
	append_known(&sub, "fcv", i->fcv);
	BSON_APPEND_UTF8(&sub, "topology", "replicaSet");
	bson_append_document_end(doc, &sub);
}
