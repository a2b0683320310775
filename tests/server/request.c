#include "request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool
refuse(bson_error_t *error, int code, const char *format, ...)
{
	va_list args;

	if (!error)
		return false;
	error->domain = 0;
	error->code = (uint32_t)code;
	va_start(args, format);
	vsnprintf(error->message, sizeof error->message, format, args);
	va_end(args);
	return false;
}

bool
arg_find(const struct request *r, const char *name, bson_iter_t *it)
{
	return bson_iter_init_find(it, &r->body, name);
}

bool
iter_doc(const bson_iter_t *it, bson_t *out)
{
	const uint8_t *data;
	uint32_t len;

	if (BSON_ITER_HOLDS_DOCUMENT(it))
		bson_iter_document(it, &len, &data);
	else if (BSON_ITER_HOLDS_ARRAY(it))
		bson_iter_array(it, &len, &data);
	else
		return false;
	return bson_init_static(out, data, len);
}

bool
arg_doc(const struct request *r, const char *name, bson_t *out)
{
	bson_iter_t it;

	return arg_find(r, name, &it) && iter_doc(&it, out);
}

bool
arg_bool(const struct request *r, const char *name)
{
	bson_iter_t it;

	return arg_find(r, name, &it) && bson_iter_as_bool(&it);
}

int64_t
arg_int(const struct request *r, const char *name, int64_t missing)
{
	bson_iter_t it;

	if (!arg_find(r, name, &it) || !BSON_ITER_HOLDS_NUMBER(&it))
		return missing;
	return bson_iter_as_int64(&it);
}

const char *
arg_text(const struct request *r, const char *name)
{
	bson_iter_t it;

	if (!arg_find(r, name, &it) || !BSON_ITER_HOLDS_UTF8(&it))
		return NULL;
	return bson_iter_utf8(&it, NULL);
}

bool
arg_coll_name(const struct request *r, const char **name, bson_error_t *error)
{
	bson_iter_t it;
	uint32_t len;

	bson_iter_init(&it, &r->body);
	if (!bson_iter_next(&it) || !BSON_ITER_HOLDS_UTF8(&it))
		return refuse(
		    error, 73, "collection name has invalid type %s", "object");
	*name = bson_iter_utf8(&it, &len);
	if (strlen(*name) != len)
		return refuse(error, 73,
		    "namespaces cannot have embedded null characters");
	return catalog_check_name(r->db, *name, error);
}

bool
doc_list_init(const struct request *r, const char *name, struct doc_list *list)
{
	bson_iter_t it;
	bson_t array;

	memset(list, 0, sizeof *list);
	for (size_t i = 0; i < r->n_seq; i++) {
		if (strcmp(r->seq[i].name, name) != 0)
			continue;
		list->at = r->seq[i].data;
		list->end = list->at + r->seq[i].len;
		for (const uint8_t *p = list->at; p < list->end;
		     p += doc_len(p))
			list->count++;
		return true;
	}
	if (!arg_find(r, name, &it) || !BSON_ITER_HOLDS_ARRAY(&it) ||
	    !iter_doc(&it, &array))
		return false;
	list->is_array = true;
	list->count = bson_count_keys(&array);
	return walk_init(&list->walk, bson_get_data(&array), array.len);
}

bool
doc_list_next(struct doc_list *list, const uint8_t **doc, size_t *len)
{
	struct elem e;

	if (!list->is_array) {
		if (list->at >= list->end)
			return false;
		*doc = list->at;
		*len = doc_len(list->at);
		list->at += *len;
		return true;
	}
	if (!walk_next(&list->walk, &e))
		return false;
	if (e.value.type != BSON_TYPE_DOCUMENT) {
		list->broken = true;
		return false;
	}
	*doc = e.value.data;
	*len = e.value.len;
	return true;
}

int64_t
request_deadline(const struct request *r)
{
	int64_t max = arg_int(r, "maxTimeMS", 0);

	return max > 0 ? r->started + max : -1;
}

const char *
code_name(int code)
{
	static const struct {
		int code;
		const char *name;
	} known[] = {{1, "InternalError"}, {2, "BadValue"}, {4, "NoSuchKey"},
	    {6, "HostUnreachable"}, {7, "HostNotFound"}, {8, "UnknownError"},
	    {9, "FailedToParse"}, {11, "UserNotFound"}, {13, "Unauthorized"},
	    {14, "TypeMismatch"}, {16, "InvalidLength"}, {17, "ProtocolError"},
	    {18, "AuthenticationFailed"}, {20, "IllegalOperation"},
	    {26, "NamespaceNotFound"}, {27, "IndexNotFound"},
	    {28, "PathNotViable"}, {31, "RoleNotFound"},
	    {40, "ConflictingUpdateOperators"}, {43, "CursorNotFound"},
	    {48, "NamespaceExists"}, {49, "InvalidRoleModification"},
	    {50, "MaxTimeMSExpired"}, {52, "DollarPrefixedFieldName"},
	    {59, "CommandNotFound"}, {64, "WriteConcernFailed"},
	    {66, "ImmutableField"}, {67, "CannotCreateIndex"},
	    {68, "IndexAlreadyExists"}, {72, "InvalidOptions"},
	    {73, "InvalidNamespace"}, {79, "UnknownReplWriteConcern"},
	    {85, "IndexOptionsConflict"}, {86, "IndexKeySpecsConflict"},
	    {89, "NetworkTimeout"}, {91, "ShutdownInProgress"},
	    {100, "UnsatisfiableWriteConcern"}, {112, "WriteConflict"},
	    {125, "CommandFailed"}, {256, "TransactionCommitted"},
	    {267, "PreparedTransactionInProgress"},
	    {117, "ConflictingOperationInProgress"},
	    {121, "DocumentValidationFailure"},
	    {133, "FailedToSatisfyReadPreference"},
	    {134, "ReadConcernMajorityNotAvailableYet"},
	    {136, "CappedPositionLost"}, {166, "CommandNotSupportedOnView"},
	    {167, "OptionNotSupportedOnView"}, {175, "QueryPlanKilled"},
	    {189, "PrimarySteppedDown"},
	    {197, "InvalidIndexSpecificationOption"}, {211, "KeyNotFound"},
	    {225, "TransactionTooOld"}, {237, "CursorKilled"},
	    {238, "NotImplemented"}, {239, "SnapshotTooOld"},
	    {246, "SnapshotUnavailable"}, {251, "NoSuchTransaction"},
	    {262, "ExceededTimeLimit"},
	    {263, "OperationNotSupportedInTransaction"},
	    {279, "ClientDisconnect"}, {334, "MechanismUnavailable"},
	    {280, "ChangeStreamFatalError"}, {286, "ChangeStreamHistoryLost"},
	    {371, "UserWritesBlocked"}, {11601, "Interrupted"},
	    {9001, "SocketException"},
	    {10003, "CannotGrowDocumentInCappedNamespace"},
	    {10107, "NotWritablePrimary"}, {10334, "BSONObjectTooLarge"},
	    {11000, "DuplicateKey"}, {11600, "InterruptedAtShutdown"},
	    {276, "IndexBuildAborted"},
	    {11602, "InterruptedDueToReplStateChange"},
	    {13297, "DatabaseDifferCase"}, {13388, "StaleConfig"},
	    {13435, "NotPrimaryNoSecondaryOk"},
	    {13436, "NotPrimaryOrSecondary"}};
	static __thread char other[32];

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].code == code)
			return known[i].name;
	snprintf(other, sizeof other, "Location%d", code);
	return other;
}
