#!/usr/bin/env bash
# Print an interpreter that can `import bson`; Debian's first, because the
# python3 on PATH may be another one without the packages of `make deps`.
for python in /usr/bin/python3 python3; do
	if "$python" -c 'import bson, pymongo' 2>/dev/null; then
		command -v "$python"
		exit 0
	fi
done
echo 'python.sh: no python3 with bson and pymongo: run "make deps"' >&2
exit 1
