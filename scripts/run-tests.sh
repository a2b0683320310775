#!/usr/bin/env bash
# Run all tests (or with T=TEXT those whose file name contains it), one file more
# at a time than there are processors (tests wait a lot) or $MM_TEST_JOBS, and
# end with "N passed, N failed, N skipped". Every test prints
# TAP. A skip that tests/skips does not list is a failure.
set -u

cd "$(dirname "$0")/.." || exit 70
B=${B:-$PWD/build}
export B VG=${VG:-}
export MM_TESTS=$PWD/tests
# Under sanitizers or valgrind all limits of time are larger.
MM_SLOW=1
if [[ -n $VG ]] || grep -qs __asan_init "$B/bin/mm-dump"; then
	MM_SLOW=4
fi
export MM_SLOW
export BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-$((300 * MM_SLOW))}
results=$B/tests/results
rm -rf "$results"
mkdir -p "$results"
# What a sanitizer finds counts in every program that a test starts, whatever
# becomes of its status and its messages.
export ASAN_OPTIONS=exitcode=99:log_path=$results/sanitizer
export UBSAN_OPTIONS=print_stacktrace=1:log_path=$results/sanitizer

list_tests() {
	find "$B/tests/unit" -type f -name '*_test' 2>/dev/null
	find tests/bats -name '*.bats'
	find tests/tools -name '*_test.py'
	find tests/model -name '*_test.sh'
}

# Long ones first, so that the lanes end together.
mapfile -t files < <(list_tests | sort | while read -r f; do
	name=$(basename "$f")
	[[ -z ${T:-} || $name == *"$T"* ]] || continue
	weight=$(grep -cE '^@test' "$f" 2>/dev/null)
	printf '%s\t%s\n' "${weight:-0}" "$f"
done | sort -k1,1nr -k2 | cut -f2)
if ((${#files[@]} == 0)); then
	echo "run-tests: no test file name contains \"${T:-}\"" >&2
	exit 2
fi

# shellcheck disable=SC2317 # called through xargs
run_one() {
	local file=$1 name out status start limit=$((900 * MM_SLOW))
	name=$(basename "$file")
	out=$results/$name.tap
	start=$SECONDS
	case $file in
	*.bats) timeout -k 10 $limit bats --tap "$file" ;;
	*.py) timeout -k 10 $limit "$(scripts/python.sh)" "$file" ;;
	*.sh) timeout -k 10 $limit bash "$file" ;;
	*) timeout -k 10 $limit ${VG:+$VG} "$file" ;;
	esac >"$out" 2>&1 </dev/null
	status=$?
	if ((status != 0)) && ! grep -q '^not ok' "$out"; then
		echo "not ok - $name ended with status $status" >>"$out"
	fi
	printf '%-28s %4d ok %3d not ok %3d skipped %4d s\n' "$name" \
		"$(grep '^ok' "$out" | grep -vci '# skip')" \
		"$(grep -c '^not ok' "$out")" \
		"$(grep '^ok' "$out" | grep -ci '# skip')" $((SECONDS - start))
}
export -f run_one
export results
# shellcheck disable=SC2016 # expanded by the inner shell
printf '%s\0' "${files[@]}" |
	xargs -0 -n 1 -P "${MM_TEST_JOBS:-$(($(nproc) + 1))}" bash -c 'run_one "$1"' _

passed=0 failed=0 skipped=0
for out in "$results"/*.tap; do
	name=$(basename "$out" .tap)
	while IFS= read -r line; do
		case $line in
		'not ok'*)
			((failed++))
			echo "FAILED: $name: $line"
			;;
		ok*'# skip'* | ok*'# SKIP'*)
			((skipped++))
			reason=${line##*# skip }
			echo "skipped: $name: $line"
			if ! grep -v '^#' tests/skips | grep -qF -- "$reason"; then
				((failed++))
				echo "FAILED: skip is not listed in tests/skips"
			fi
			;;
		ok*) ((passed++)) ;;
		esac
	done <"$out"
	if grep -q '^not ok' "$out"; then
		grep -A 30 '^not ok' "$out" | sed 's/^/    /' | head -n 120
	fi
done
for report in "$results"/sanitizer.*; do
	[[ -e $report ]] || continue
	((failed++))
	echo "FAILED: a sanitizer's finding:"
	sed 's/^/    /' "$report" | head -n 40
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
