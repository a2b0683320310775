bats_require_minimum_version 1.8.0
# The documentation cannot drift: options, statuses, README, and every example
# of a man page is executed.
load lib

@test "options, statuses and README agree with the programs" {
	run "$REPO/scripts/check-docs.sh"
	assert_success
}

@test "layers hold, files keep their size" {
	run "$REPO/scripts/check-layers.sh"
	assert_success
}

# examples PAGE: the literal blocks of EXAMPLES, one file each in $TMP/ex.
examples() {
	mkdir -p "$TMP/ex"
	rm -f "$TMP"/ex/*
	awk -v dir="$TMP/ex" '
		/^\.Sh / { on = ($0 == ".Sh EXAMPLES") }
		on && /^\.Bd -literal/ { n++; file = sprintf("%s/%02d", dir, n); next }
		/^\.Ed/ { file = "" }
		file { gsub(/\\e/, "\\"); gsub(/\\&/, ""); gsub(/\\-/, "-")
			gsub("/usr/local/libexec/mongomove/address", modules)
			print > file }
	' modules="$REPO/pipelines/address" "$1"
}

# An example that never ends (a tail) is interrupted, and must then end well.
run_example() {
	local status=0
	# What one before has left must not pass for what this one begins.
	! grep -q '&$' "$1" || rm -f "$TMP"/sandbox/*/apply.status
	(
		cd "$TMP/sandbox" || exit 70
		timeout -s INT -k 30 "${EXAMPLE_SECONDS:-8}" \
			bash -o pipefail "$1" >"$TMP/ex.out" 2>"$TMP/ex.err" </dev/null
	) || status=$?
	# 124: timeout had to interrupt it, which is how such a command ends.
	[[ $status == 0 || $status == 124 ]] || {
		echo "example $1 ended with $status:"
		cat "$1" "$TMP/ex.err"
		return 1
	}
}

# page_examples PAGE: all of a page, in a folder of its own.
page_examples() {
	local example
	TMP=$TMP/${1##*/}
	mkdir -p "$TMP/sandbox"
	trap stop_servers EXIT
	# One example goes on where another ended: no entry is written between.
	export QUIET=1
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		for i in range(50):
		    client.shop.orders.insert_one({"_id": i, "n": i})
		client.shop.users.insert_one({"_id": "a", "name": "b"})
		client.other.x.insert_one({"_id": 1})
	P
	examples "$1"
	for example in "$TMP"/ex/*; do
		[[ -f $example ]] || continue
		echo "ran $example"
		run_example "$example"
	done
}

@test "every example of every man page runs" {
	mkdir -p "$TMP/stub"
	# ssh runs the command here, in the same folder.
	printf '#!/bin/bash\nwhile [[ $1 == -* ]]; do shift; done\nshift\nexec bash -c "$*"\n' \
		>"$TMP/stub/ssh"
	chmod +x "$TMP/stub/ssh"
	PATH=$TMP/stub:$PATH
	local page job bad=0 jobs=()
	# Most of the time is waiting for examples that never end.
	for page in "$REPO"/man/*.[157]; do
		((${#jobs[@]} < 4)) || {
			wait "${jobs[0]}" || bad=1
			jobs=("${jobs[@]:1}")
		}
		page_examples "$page" >"$TMP/${page##*/}.log" 2>&1 3>&- &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do
		wait "$job" || bad=1
	done
	((bad == 0)) || {
		tail -n 20 "$TMP"/*.log
		return 1
	}
	run -0 cat "$TMP"/*.log
	[[ $(grep -c '^ran ' <<<"$output") -ge 10 ]]
}
