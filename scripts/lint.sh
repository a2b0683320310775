#!/usr/bin/env bash
# clang-format, shellcheck, mandoc, layers, docs, rules. Needs what `make deps`
# installs; a missing linter is a failure, not a skip.
set -u

cd "$(dirname "$0")/.." || exit 70
bad=0
step() {
	local name=$1
	shift
	if "$@"; then
		echo "lint: $name: ok"
	else
		echo "lint: $name: FAILED" >&2
		bad=1
	fi
}

mapfile -t c_files < <(git ls-files '*.c' '*.h' 2>/dev/null ||
	find . -name '*.[ch]' -not -path './build*')
mapfile -t shell_files < <(find scripts tests .ci pipelines -type f \
	\( -name '*.sh' -o -name '*.bash' -o -path '*.ci/*' \
	-o -path 'pipelines/*' \) | sort)
mapfile -t bats_files < <(find tests/bats -name '*.bats' | sort)

step clang-format clang-format --dry-run --Werror "${c_files[@]}"
step shellcheck shellcheck -x -S style "${shell_files[@]}"
if ((${#bats_files[@]})); then
	step 'shellcheck (bats)' shellcheck -x -s bats -S warning \
		-e SC2030,SC2031,SC2034,SC2154,SC2314,SC2317 \
		"${bats_files[@]}"
fi
# shellcheck disable=SC2317 # called through step
mandoc_lint() {
	local out
	out=$(mandoc -T lint -W warning man/*.[157] 2>&1)
	[[ -z $out ]] || { printf '%s\n' "$out" >&2 && return 1; }
}
step mandoc mandoc_lint
# bats reads it before setup: one that is set there does nothing.
# shellcheck disable=SC2317 # called through step
time_limits() {
	! grep -n 'BATS_TEST_TIMEOUT' tests/bats/*.bats >&2
}
step 'time limits' time_limits
step layers scripts/check-layers.sh
step docs scripts/check-docs.sh
step rules "$(scripts/python.sh)" tests/tools/rules.py --match
exit $bad
