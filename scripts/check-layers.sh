#!/usr/bin/env bash
# Who may include whom: base <- io <- stream; base <- model <- mongo <- engine
# <- tools, tests. mongoc.h only in common/mongo, zstd.h only in io/zio.c,
# main() only in tools/ and tests/.
set -u

cd "$(dirname "$0")/.." || exit 70
bad=0

complain() {
	echo "check-layers: $*" >&2
	bad=1
}

allowed_in() {
	case $1 in
	base) echo base ;;
	io) echo base io ;;
	stream) echo base io stream ;;
	model) echo base model ;;
	mongo) echo base model mongo ;;
	engine) echo base io stream model mongo engine ;;
	esac
}

for dir in common/*/; do
	layer=$(basename "$dir")
	allowed=" $(allowed_in "$layer") "
	while IFS=: read -r file line; do
		used=$(sed -E 's/^#include "([a-z]+)\/.*/\1/' <<<"$line")
		[[ $allowed == *" $used "* ]] ||
			complain "$file: layer $layer includes $used"
	done < <(grep -H '^#include "[a-z]*/' "$dir"*.[ch] 2>/dev/null)
	for header in "$dir"*.h; do
		[[ -e $header ]] || continue
		head -n 1 "$header" | grep -q "^/\* $layer:" ||
			complain "$header: first line does not name its layer"
	done
done

only() { # only PATTERN WHERE: PATTERN is found only in files that match WHERE
	local file
	while read -r file; do
		[[ $file =~ $2 ]] || complain "$file: $1 belongs to $2"
	done < <(grep -lE "$1" common/*/*.[ch] tools/*.c 2>/dev/null)
}
only '#include [<"]mongoc' '^common/mongo/'
only '#include <zstd' '^common/io/zio'
only '^main\(' '^tools/'
only '[^_a-z]exit\(' '^tools/'
if grep -nE '#include "(\.\.|tools/|tests/)' tools/*.c common/*/*.[ch]; then
	complain 'include of a tool or test'
fi
while read -r lines file; do
	[[ $file == total ]] && continue
	limit=400
	[[ $file == tools/* ]] && limit=300
	((lines <= limit)) || complain "$file: $lines lines, more than $limit"
done < <(wc -l tools/*.c common/*/*.c tests/server/*.c tests/unit/*.c \
	2>/dev/null)
exit $bad
