#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
set(bson_error_t *error, enum mm_exit status, int code, const char *text)
{
	error->domain = MM_ERR_DOMAIN + (uint32_t)status;
	error->code = (uint32_t)code;
	bson_strncpy(error->message, text, sizeof error->message);
}

bool
error_set(
    bson_error_t *error, enum mm_exit status, int code, const char *format, ...)
{
	char text[sizeof error->message];
	va_list ap;

	if (!error)
		return false;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	set(error, status, code, text);
	return false;
}

bool
error_errno(bson_error_t *error, enum mm_exit status, const char *format, ...)
{
	int saved = errno;
	char *what, *text;
	va_list ap;

	if (!error)
		return false;
	va_start(ap, format);
	what = bson_strdupv_printf(format, ap);
	va_end(ap);
	text = bson_strdup_printf("%s: %s", what, strerror(saved));
	set(error, status, saved, text);
	bson_free(text);
	bson_free(what);
	errno = saved;
	return false;
}

bool
error_prefix(bson_error_t *error, const char *format, ...)
{
	char *context, *text;
	va_list ap;

	if (!error)
		return false;
	va_start(ap, format);
	context = bson_strdupv_printf(format, ap);
	va_end(ap);
	text = bson_strdup_printf("%s: %s", context, error->message);
	bson_strncpy(error->message, text, sizeof error->message);
	bson_free(text);
	bson_free(context);
	return false;
}

enum mm_exit
error_status(const bson_error_t *error)
{
	uint32_t status = error->domain - MM_ERR_DOMAIN;

	return status <= MM_EXIT_STOPPED ? (enum mm_exit)status
					 : MM_EXIT_INTERNAL;
}
