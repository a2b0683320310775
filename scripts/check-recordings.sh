#!/usr/bin/env bash
# Every recording of a real server (a folder with a meta.json, at any depth
# under $MM_CORPUS, default tests/corpus; tests/corpus/README.md): once in
# memory, once through streams and servers, with one lane and with eight, and
# with the applier killed on the way; with eight also a journal, whose values
# are compared with the images that the server recorded, and which is undone. Ends with "N passed, N failed, N skipped".
set -u

cd "$(dirname "$0")/.." || exit 70
B=${B:-$PWD/build}
MM_CORPUS=$(realpath "${MM_CORPUS:-$PWD/tests/corpus}") || exit 2
export B MM_CORPUS MM_TESTS=$PWD/tests PATH=$B/bin:$PATH
PY=$(scripts/python.sh) || exit 70
tmp=$(mktemp -d) || exit 70
pid=
passed=0 failed=0 skipped=0

# shellcheck disable=SC2317 # called through trap
clean_up() {
	[[ -z $pid ]] || kill -9 "$pid" 2>/dev/null
	rm -rf "$tmp"
}
trap clean_up EXIT

result() {
	if (($1 == 0)); then
		passed=$((passed + 1))
		echo "ok $2"
	else
		failed=$((failed + 1))
		echo "not ok $2"
		sed 's/^/# /' "$tmp/out"
	fi
}

in_memory() {
	timeout 900 "$B/tests/unit/recordings_test" >"$tmp/tap" 2>&1
	local status=$?
	grep -v '^1\.\.' "$tmp/tap"
	passed=$((passed + $(grep -c '^ok' "$tmp/tap")))
	failed=$((failed + $(grep -c '^not ok' "$tmp/tap")))
	if ((status != 0)) && ! grep -q '^not ok' "$tmp/tap"; then
		echo "not ok recordings_test ended with status $status"
		failed=$((failed + 1))
	fi
}

start_server() {
	: >"$tmp/server"
	"$B/tests/mongosim" --port 0 --replSet rs_target >"$tmp/server" \
		2>"$tmp/server.log" &
	pid=$!
	for ((i = 0; i < 200; i++)); do
		grep -q '^ready ' "$tmp/server" && break
		sleep 0.05
	done
	port=$(sed -n 's/^ready .*://p' "$tmp/server")
	MM_TARGET_URI="mongodb://127.0.0.1:$port/?replicaSet=rs_target"
	export MM_TARGET_URI
}

stop_server() {
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	pid=
}

through_servers() {
	local folder=$1 workers=$2 kills=$3 journal=${4:-} status
	start_server
	WORKERS=$workers KILL=$kills JOURNAL=$journal timeout 600 "$PY" \
		tests/tools/recording.py "$folder" >"$tmp/out" 2>&1
	status=$?
	stop_server
	result $status "$folder through servers, $workers lanes, $kills kills${journal:+, journal and undo}"
}

in_memory
mapfile -t folders < <(find "$MM_CORPUS" -name meta.json -printf '%h\n' | sort)
for folder in "${folders[@]}"; do
	through_servers "$folder" 1 0
	through_servers "$folder" 8 0 1
	through_servers "$folder" 8 5 1
done
if ((${#folders[@]} == 0)); then
	echo "check-recordings: no meta.json under $MM_CORPUS" >&2
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
