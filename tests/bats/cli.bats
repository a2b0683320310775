bats_require_minimum_version 1.8.0
# Every program answers --help, --version and a wrong option alike.
load lib


programs() {
	for p in "$B"/bin/mm-*; do
		basename "$p"
	done
}

@test "--help: status 0, on stdout alone, lines up to 95 characters" {
	for p in $(programs); do
		run --separate-stderr "$p" --help
		assert_success
		assert_equal "$p: $stderr" "$p: "
		assert_output --partial "usage: $p "
		run bash -c '"$1" --help | awk "length > 95"' _ "$p"
		assert_output ''
	done
}

@test "--version: name and version" {
	for p in $(programs); do
		run --separate-stderr "$p" --version
		assert_success
		assert_output "$p $(cat "$REPO/VERSION")"
	done
}

@test "unknown option: 2, one line and a hint, nothing on stdout" {
	for p in $(programs); do
		run --separate-stderr -2 "$p" --no-such-option
		assert_output ''
		assert_equal "${#stderr_lines[@]}" 2
		assert_regex "${stderr_lines[0]}" "^$p: error: .*no-such-option"
		assert_regex "${stderr_lines[1]}" "^$p: hint: "
	done
}

@test "--help into a closed or full stdout is not success" {
	for p in $(programs); do
		run -7 bash -c '"$1" --help >/dev/full 2>/dev/null' _ "$p"
	done
}

@test "an abbreviated option is refused" {
	for p in $(programs); do
		run --separate-stderr -2 "$p" --versio
	done
}
