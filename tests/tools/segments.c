/* segments DIR FROM TO: groups FROM..TO-1 of the log of tests/unit/segments.h
 * into a segment directory; a position of each. For mm-cat's tests. */
#include "../unit/segments.h"

#include "base/msg.h"

int
main(int argc, char **argv)
{
	struct optime last;
	bson_error_t error = {0};
	struct segment_dir *d;
	uint32_t from, to;
	bool ok;

	msg_init("segments");
	if (argc != 4)
		return 2;
	from = (uint32_t)atoi(argv[2]);
	to = (uint32_t)atoi(argv[3]);
	d = open_dir(argv[1], &last, &error);
	ok = d &&
	    segment_start(d, at(from - 1), at(from), at(from - 1), &error) &&
	    write_groups(d, from, to, &error) &&
	    segment_dir_close(d, "signal", at(to - 1), at(to - 1), &error);
	segment_dir_free(d);
	if (!ok)
		msg_error("%s", error.message);
	return ok ? 0 : (int)error_status(&error);
}
