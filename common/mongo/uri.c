/* URIs as text: what the driver cannot do with them without handing secrets
 * or other hosts back. */
#include "base/buf.h"
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

/* After the userinfo: hosts, database, options with secret values hidden. */
static void
add_redacted(struct buf *out, const char *rest)
{
	size_t n = strcspn(rest, "?");

	buf_add(out, rest, n);
	for (rest += n; *rest; rest += n) {
		buf_add_byte(out, (uint8_t)*rest++);
		n = strcspn(rest, "&");
		if (named(rest, n, secret_options,
			sizeof secret_options / sizeof *secret_options)) {
			buf_add(out, rest, strcspn(rest, "=&"));
			buf_add_text(out, "=" HIDDEN);
		} else {
			buf_add(out, rest, n);
		}
	}
}

char *
uri_redact(const char *uri)
{
	struct buf out = BUF_INIT;
	const char *rest = strstr(uri, "://");
	const char *at;

	rest = rest ? rest + 3 : uri;
	buf_add(&out, uri, (size_t)(rest - uri));
	/* The last @ of all: a password that is not escaped as it should be
	 * may hold any of `/?@`, and must not show either. */
	at = strrchr(rest, '@');
	if (at) {
		buf_add_text(&out, HIDDEN "@");
		rest = at + 1;
	}
	add_redacted(&out, rest);
	return buf_take_text(&out);
}

static void
add_kept_options(struct buf *out, const char *options, bool *has_tls)
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
		buf_add(out, options, n);
		buf_add_byte(out, '&');
	}
}

char *
uri_pin(const char *uri, const char *member, bson_error_t *error)
{
	struct buf out = BUF_INIT;
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
	buf_add_text(&out, "mongodb://");
	if (at)
		buf_add(&out, rest, (size_t)(at + 1 - rest));
	buf_add_text(&out, member);
	rest += authority;
	n = strcspn(rest, "?");
	if (n == 0)
		buf_add_byte(&out, '/');
	buf_add(&out, rest, n);
	rest += n;
	buf_add_byte(&out, '?');
	add_kept_options(&out, *rest ? rest + 1 : rest, &has_tls);
	/* mongodb+srv means TLS where nothing else is said. */
	if (!has_tls && strncmp(uri, "mongodb+srv", 11) == 0)
		buf_add_text(&out, "tls=true&");
	buf_add_text(&out, "directConnection=true");
	return buf_take_text(&out);
}
