#include "engine/compare_class.h"

static const struct {
	const char *text, *field;
} names[DIFF_CLASSES] = {
    [DIFF_MISSING] = {"missing", "missing"},
    [DIFF_EXTRA] = {"extra", "extra"},
    [DIFF_CONTENT] = {"content", "content"},
    [DIFF_ORDER] = {"order-only", "order_only"},
    [DIFF_TYPE] = {"type-only", "type_only"},
    [DIFF_SEQUENCE] = {"sequence", "sequence"},
    [DIFF_STALE] = {"stale", "stale"},
    [DIFF_FOREIGN] = {"foreign", "foreign"},
    [DIFF_RANGE] = {"range", "range"},
    [DIFF_METADATA] = {"metadata", "metadata"},
    [DIFF_STAGED] = {"staged", "staged"},
    [DIFF_PENDING] = {"pending", "pending"},
    [DIFF_UNSTABLE] = {"unstable", "unstable"},
};

bool diff_class_undecided(enum diff_class class)
{
	return class == DIFF_PENDING || class == DIFF_UNSTABLE;
}

bool diff_class_differs(enum diff_class class)
{
	return class != DIFF_STAGED && !diff_class_undecided(class);
}

const char *diff_class_text(enum diff_class class)
{
	return names[class].text;
}

const char *diff_class_field(enum diff_class class)
{
	return names[class].field;
}
