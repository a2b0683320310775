/* URIs as text: what the driver cannot do with them without handing secrets
 * or other hosts back. */
#include "mongo/driver.h"

#include <string.h>
#include <strings.h>

#define HIDDEN "***"

static const char *const secret_options[] = {"tlsCertificateKeyFilePassword",
    "sslClientCertificateKeyPassword", "authMechanismProperties"};
/* What pinning one member replaces or makes senseless. */
static const char *const pinned_options[] = {
    "directConnection", "loadBalanced", "srvMaxHosts", "srvServiceName"};

static bool
named(const char *option, size_t len, const char *const *names, size_t n)
{
	size_t name_len = strcspn(option, "=&");

	if (name_len > len)
		name_len = len;
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == name_len &&
		    strncasecmp(option, names[i], name_len) == 0)
			return true;
	return false;
}

static void
add(bson_string_t *out, const char *text, size_t len)
{
	char *piece = bson_strndup(text, len);

	bson_string_append(out, piece);
	bson_free(piece);
}

/* After the userinfo: hosts, database, options with secret values hidden. */
static void
add_redacted(bson_string_t *out, const char *rest)
{
	size_t n = strcspn(rest, "?");

	add(out, rest, n);
	for (rest += n; *rest; rest += n) {
		bson_string_append_c(out, *rest++);
		n = strcspn(rest, "&");
		if (named(rest, n, secret_options,
			sizeof secret_options / sizeof *secret_options)) {
			add(out, rest, strcspn(rest, "=&"));
			bson_string_append(out, "=" HIDDEN);
		} else {
			add(out, rest, n);
		}
	}
}

char *
uri_redact(const char *uri)
{
	bson_string_t *out = bson_string_new(NULL);
	const char *rest = strstr(uri, "://");
	const char *at;

	rest = rest ? rest + 3 : uri;
	add(out, uri, (size_t)(rest - uri));
	/* The last @ of all: a password that is not escaped as it should be
	 * may hold any of `/?@`, and must not show either. */
	at = strrchr(rest, '@');
	if (at) {
		bson_string_append(out, HIDDEN "@");
		rest = at + 1;
	}
	add_redacted(out, rest);
	return bson_string_free(out, false);
}

static void
add_kept_options(bson_string_t *out, const char *options, bool *has_tls)
{
	static const char *const tls[] = {"tls", "ssl"};
	size_t n;

	for (; *options; options += n + (options[n] == '&')) {
		n = strcspn(options, "&");
		if (n == 0 ||
		    named(options, n, pinned_options,
			sizeof pinned_options / sizeof *pinned_options))
			continue;
		if (named(options, n, tls, 2))
			*has_tls = true;
		add(out, options, n);
		bson_string_append_c(out, '&');
	}
}

char *
uri_pin(const char *uri, const char *member, bson_error_t *error)
{
	bson_string_t *out;
	const char *rest = strstr(uri, "://"), *at;
	bool has_tls = false;
	size_t n, authority;

	if (!rest) {
		error_set(error, MM_EXIT_USAGE, 0,
		    "not a MongoDB URI (it has no \"://\")");
		return NULL;
	}
	if (*member == '\0' || strpbrk(member, "/?@,&= ")) {
		error_set(error, MM_EXIT_USAGE, 0,
		    "member \"%s\" is not HOST:PORT", member);
		return NULL;
	}
	rest += 3;
	authority = strcspn(rest, "/?");
	at = memrchr(rest, '@', authority);
	out = bson_string_new("mongodb://");
	if (at)
		add(out, rest, (size_t)(at + 1 - rest));
	bson_string_append(out, member);
	rest += authority;
	n = strcspn(rest, "?");
	if (n == 0)
		bson_string_append_c(out, '/');
	add(out, rest, n);
	rest += n;
	bson_string_append_c(out, '?');
	add_kept_options(out, *rest ? rest + 1 : rest, &has_tls);
	/* mongodb+srv means TLS where nothing else is said. */
	if (!has_tls && strncmp(uri, "mongodb+srv", 11) == 0)
		bson_string_append(out, "tls=true&");
	bson_string_append(out, "directConnection=true");
	return bson_string_free(out, false);
}
