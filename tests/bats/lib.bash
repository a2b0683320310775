# Shared by all bats files: `load lib`. Starts servers (mongosim, or a real
# mongod from $MM_MONGOD or PATH), runs Python snippets against them, compares
# data with an oracle that shares no code with the programs.
# shellcheck shell=bash disable=SC2154 # variables of start_server and run_bg

bats_load_library bats-support
bats_load_library bats-assert
bats_load_library bats-file

REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
B=${B:-$REPO/build}
TOOLS=$REPO/tests/tools
PY=${PY:-$("$REPO/scripts/python.sh")}
TMP=${BATS_TEST_TMPDIR:-}
export B PY TOOLS REPO
# No setting of the person who runs the tests gets in.
unset MM_SOURCE_URI MM_TARGET_URI MM_URI MM_PASSWORD

if [[ -n ${VG:-} ]]; then
	mkdir -p "$B/vgbin"
	for program in "$B"/bin/mm-*; do
		printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$VG" "$program" \
			>"$B/vgbin/$(basename "$program")"
		chmod +x "$B/vgbin/$(basename "$program")"
	done
	PATH=$B/vgbin:$PATH
fi
PATH=$PATH:$B/bin
[[ -n ${VG:-} ]] || PATH=$B/bin:$PATH
export PATH

MONGOD=${MM_MONGOD:-$(command -v mongod || true)}

# Under sanitizers or valgrind: slower, and with memory of its own.
instrumented() {
	[[ -n ${VG:-} ]] || grep -qs __asan_init "$B/bin/mm-dump"
}
# All limits of time are multiplied by it.
: "${MM_SLOW:=$(instrumented && echo 4 || echo 1)}"
export MM_SLOW
# A limit is there against hanging alone: a machine may be slow, and busy. bats
# reads this one before setup.
: "${BATS_TEST_TIMEOUT:=$((300 * MM_SLOW))}"

teardown() {
	[[ -n ${BATS_TEST_COMPLETED:-} || -n ${BATS_TEST_SKIPPED:-} ]] || explain
	stop_servers
}

# What a test that failed has seen last: it may never fail so again.
explain() {
	local f
	[[ -z ${stderr:-} ]] || tail -n 8 <<<"stderr: $stderr"
	for f in "$TMP"/*.err "$TMP"/*.log; do
		[[ ! -s $f ]] || printf '%s: %s\n' "${f##*/}" "$(tail -n 3 "$f")"
	done
}

# A test that compares positions says QUIET=1 before its servers start: no entry
# is written but those of clients, however long they take. Otherwise a server
# writes one when it was idle for 10 s.

# start_sim NAME [mongosim options]: sets NAME_uri, NAME_port, NAME_pid.
# Always mongosim: for faults and poses.
start_sim() {
	local name=$1 line pid out
	shift
	out=$TMP/$name.out
	: >"$out" # not the "ready" of one before
	"$B/tests/mongosim" --port 0 --replSet "rs_$name" \
		${QUIET:+--noop-interval 0} "$@" \
		>"$out" 2>"$TMP/$name.log" 3>&- &
	pid=$!
	# The shell need not tell how it ended.
	disown "$pid"
	remember "$pid"
	wait_until 10 grep -q '^ready ' "$out" || {
		cat "$TMP/$name.log" >&2
		return 1
	}
	line=$(grep '^ready ' "$out")
	printf -v "${name}_port" %s "${line##*:}"
	printf -v "${name}_pid" %s "$pid"
	printf -v "${name}_uri" %s \
		"mongodb://127.0.0.1:${line##*:}/?replicaSet=rs_$name"
}

# start_server NAME: a real mongod where there is one, else mongosim.
start_server() {
	if [[ -z $MONGOD ]]; then
		start_sim "$@"
	else
		start_mongod "$1"
	fi
}

start_mongod() {
	local name=$1 port
	port=$("$PY" -c 'import socket; s = socket.socket()
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	mkdir -p "$TMP/$name.db"
	"$MONGOD" --dbpath "$TMP/$name.db" --port "$port" --bind_ip 127.0.0.1 \
		--replSet "rs_$name" --oplogSize 990 \
		${QUIET:+--setParameter writePeriodicNoops=false} \
		>"$TMP/$name.log" 2>&1 3>&- &
	disown $!
	remember $!
	printf -v "${name}_pid" %s $!
	printf -v "${name}_port" %s "$port"
	printf -v "${name}_uri" %s \
		"mongodb://127.0.0.1:$port/?replicaSet=rs_$name"
	"$PY" "$TOOLS/initiate.py" "$port" "rs_$name"
}

# born PID: sets `birth`: when that process began, in ticks; empty: there is none.
born() {
	local stat=
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || true
	read -ra stat <<<"${stat##*) }"
	birth=${stat[19]:-}
}

# remember PID: teardown kills it, and nobody who has the number after it: on
# many machines there are no more than 32768.
remember() {
	local birth
	born "$1"
	echo "$1 $birth" >>"$TMP/server_pids"
}

stop_servers() {
	local pid was birth
	[[ -f $TMP/server_pids ]] || return 0
	while read -r pid was; do
		born "$pid"
		[[ $birth != "$was" ]] || kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done <"$TMP/server_pids"
	rm -f "$TMP/server_pids"
}

# A background program that teardown kills: run_bg NAME COMMAND...; sets
# NAME_pid; its stderr is in $TMP/NAME.err, its stdout in $TMP/NAME.out unless
# redirected inside.
run_bg() {
	local name=$1
	shift
	# not, for a moment, what one of that name said before
	: >"$TMP/$name.out"
	: >"$TMP/$name.err"
	"$@" >"$TMP/$name.out" 2>"$TMP/$name.err" 3>&- &
	printf -v "${name}_pid" %s $!
	remember $!
}

# A test that plays faults needs mongosim.
require_sim() {
	[[ -z $MONGOD || -z ${MM_ONLY_MONGOD:-} ]] ||
		skip 'needs mongosim: a fault that no mongod can be told to play'
}

# A test that measures memory.
require_plain() {
	! instrumented || skip 'memory of an instrumented program'
}

# wait_until SECONDS COMMAND...: polls; 1 when five times that time
# ($MM_PATIENCE) is over: the seconds are those of a machine that has nothing
# else to do. A command may read variables of its caller: ours have names of their
# own.
wait_until() {
	local wait_end=$((SECONDS + ${MM_PATIENCE:-5} * $1 * MM_SLOW + 1)) wait_said=$TMP/waited
	shift
	until "$@" >"$wait_said" 2>&1; do
		if ((SECONDS >= wait_end)); then
			echo "in vain: $*: $(tail -n 3 "$wait_said")"
			return 1
		fi
		sleep 0.05
	done
}

# py URI: the Python program on standard input, with `client`, `db(name)` and
# pymongo, bson imported.
py() {
	"$PY" -c 'import sys, bson, pymongo, bson.raw_bson, time, os, json, random
from bson import Int64, ObjectId, Timestamp, Binary, Decimal128, Regex, Code
from bson import MinKey, MaxKey
from bson.son import SON
client = pymongo.MongoClient(sys.argv[1], serverSelectionTimeoutMS=60000)
exec(compile(sys.stdin.read(), "<test>", "exec"))' "$@"
}

# simulate URI '{"simulate": "killCursors", ...}': tell mongosim to play a
# fault. The reply as JSON on stdout.
simulate() {
	"$B/tests/tools/simulate" "$1" "$2"
}

# fired URI WHAT: how often that fault has happened.
fired() {
	simulate "$1" '{"simulate": "status"}' | jq --arg what "$2" '.fired[$what] // 0'
}

# assert_same SOURCE_URI TARGET_URI DB[=TARGETDB]...: every collection of the
# databases holds the same documents byte for byte (an oracle in Python).
assert_same() {
	"$PY" "$TOOLS/same.py" "$@" || fail "data differ: $*"
}

# field FILE FIELD: of a status file in $TMP.
field() {
	jq -r ".$2" "$TMP/$1" 2>/dev/null
}

field_is() { # field_is FILE FIELD VALUE
	[[ $(field "$1" "$2") == "$3" ]]
}

# A move is in that phase, or in a later one: a short phase may pass unseen.
phase_reached() { # phase_reached FILE PHASE
	local phases=' archiving copying following switching observing '
	local is
	is=$(field "$1" state)
	[[ $is == "$2" || (-n $is && $phases == *" $2 "*"$is "*) ]]
}

grows() { # grows FILE FIELD N
	(($(field "$1" "$2") >= $3))
}

position() { # the majority position of the source
	py "$src_uri" <<-'P'
		at = client.admin.command("isMaster")["lastWrite"]["majorityOpTime"]
		print("%d:%d:%d" % (at["ts"].time, at["ts"].inc, at["t"]))
	P
}

reaches() { # reaches FILE FIELD POSITION
	local s i hs hi
	IFS=: read -r s i _ <<<"$3"
	IFS=: read -r hs hi _ <<<"$(field "$1" "$2")"
	[[ -n $hi ]] && ((hs > s || (hs == s && hi >= i)))
}

applied() { # applied POSITION: the status file says so
	reaches apply.st position "$1"
}

written() { # written N: so many entries are in the source's oplog
	py "$src_uri" "$1" <<<'sys.exit(client.local["oplog.rs"].estimated_document_count() < int(sys.argv[2]))'
}

stop() { # stop NAME: a drain, which ends with 0
	local pid=${1}_pid
	# a reader of a pipe may have come to the same end just now
	kill "${!pid}" || true
	wait "${!pid}"
}
