bats_require_minimum_version 1.8.0
# The fixed streams of tests/data, read by both implementations.
load lib

@test "good-*: verified, and shown as ever" {
	for file in "$REPO"/tests/data/good-*.json; do
		file=${file%.json}
		run --separate-stderr mm-cat verify "$file"
		assert_success
		mm-cat json --control "$file" >"$TMP/now.json"
		diff "$file.json" "$TMP/now.json"
		"$PY" "$TOOLS/mmstream.py" read "$file" >/dev/null
	done
}

@test "bad-*: refused with their status, by both" {
	count=0
	for file in "$REPO"/tests/data/bad-*; do
		status=$(basename "$file" | cut -d- -f2)
		run "-$status" --separate-stderr mm-cat verify "$file"
		assert_output ''
		assert_equal "${#stderr_lines[@]}" 1
		count=$((count + 1))
		# That one is about the content of a log.
		[[ $file != *half-transaction* ]] || continue
		run "-$status" "$PY" "$TOOLS/mmstream.py" read "$file"
	done
	assert_equal "$count" 12
}
