#!/usr/bin/env bash
# A whole migration on two servers while a writer keeps writing: archive,
# dump | load, apply, diff, stop the writer, drain, diff again. Then two
# applications that never stop are moved with their databases, and one of them
# is moved back. Each step says in one line what it does. SOURCE=URI TARGET=URI
# runs it on servers of one's own (databases demo_* are used there; accounts
# demo_shop and demo_back are made where there is access control).
set -uo pipefail

cd "$(dirname "$0")/.." || exit 70
B=${B:-$PWD/build}
PATH=$B/bin:$PATH
PY=$(scripts/python.sh) || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/mm-demo.XXXXXX")
moved=demo_moved
stays=demo_stays
rate=${RATE:-400}
pids=()
started=$SECONDS

say() {
	printf 'demo: %s\n' "$*"
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
	local status=$?
	trap '' INT TERM
	((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$work"
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

die() {
	printf 'demo: failed: %s\n' "$*" >&2
	local log
	for log in "$work"/*.log; do
		[[ -s $log ]] || continue
		printf -- '--- %s\n' "$(basename "$log")" >&2
		tail -n 15 "$log" >&2
	done
	exit 1
}

# wait_for SECONDS COMMAND...
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

status_field() { # status_field FILE FIELD
	jq -r --arg f "$2" '.[$f] // empty' "$work/$1" 2>/dev/null
}

start_server() { # start_server NAME: prints its URI
	local name=$1 mongod=${MM_MONGOD:-$(command -v mongod || true)} port
	if [[ -z $mongod ]]; then
		"$B/tests/mongosim" --port 0 --replSet "$name" \
			--auth root:secret \
			>"$work/$name.out" 2>"$work/$name.log" &
		pids+=($!)
		wait_for 10 grep -qs '^ready ' "$work/$name.out" ||
			die "server $name did not start"
		port=$(sed -n 's/^ready .*://p' "$work/$name.out")
		# mongosim has this one for tests: nobody else here is root.
		"$PY" -c 'import pymongo, sys
pymongo.MongoClient(port=int(sys.argv[1]), username="root", password="secret").admin.command(
    "dropUser", "noplog")' "$port" || die "server $name does not answer"
	else
		port=$("$PY" -c 'import socket; s = socket.socket()
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
		mkdir "$work/$name.db"
		(umask 077 && echo demodemodemo >"$work/$name.key")
		"$mongod" --dbpath "$work/$name.db" --port "$port" \
			--bind_ip 127.0.0.1 --replSet "$name" \
			--auth --keyFile "$work/$name.key" \
			>"$work/$name.log" 2>&1 &
		pids+=($!)
		"$PY" tests/tools/initiate.py "$port" "$name" ||
			die "server $name did not start"
		"$PY" -c 'import pymongo, sys
pymongo.MongoClient(port=int(sys.argv[1])).admin.command(
    "createUser", "root", pwd="secret", roles=["root"])' "$port" ||
			die "server $name takes no account"
	fi
	uri="mongodb://root:secret@127.0.0.1:$port/?replicaSet=$name&authSource=admin"
}

if [[ -n ${SOURCE:-} && -n ${TARGET:-} ]]; then
	MM_SOURCE_URI=$SOURCE MM_TARGET_URI=$TARGET
	say 'servers: the source and target that were given'
else
	start_server demo_source && MM_SOURCE_URI=$uri
	start_server demo_target && MM_TARGET_URI=$uri
	say "servers: source ${MM_SOURCE_URI#*@}, target ${MM_TARGET_URI#*@}"
fi
export MM_SOURCE_URI MM_TARGET_URI

"$PY" tests/tools/workload.py "$MM_SOURCE_URI" --db $moved --db $stays \
	--rate "$rate" --seconds 300 --seed 1 --initial 500 --docs 2000 \
	--transactions 0.1 \
	>"$work/writer.json" 2>"$work/writer.log" &
writer=$!
pids+=("$writer")
say "writer: about $rate mixed operations a second on $moved and $stays; only $moved is selected"

mm-oplog-tail -D "$work/archive" --from now -d $moved \
	--status-file "$work/tail.status" --quiet 2>"$work/tail.log" &
tail=$!
pids+=("$tail")
wait_for 10 test -s "$work/tail.status" || die 'the archive did not start'
archive_grows() {
	(($(status_field tail.status entries) > 200))
}
wait_for 20 archive_grows 2>/dev/null ||
	die 'the archive does not grow'
say "archive: every change of $moved goes to segment files from now on"

mm-dump -d $moved --quiet 2>"$work/dump.log" |
	mm-load -d $moved --status-file "$work/load.status" --quiet \
		2>"$work/load.log"
statuses=("${PIPESTATUS[@]}")
[[ ${statuses[*]} == '0 0' ]] || die "dump | load ended with ${statuses[*]}"
say "dump | load: $(status_field load.status docs) documents copied, the writer did not stop"

mm-oplog-apply -D "$work/archive" -d $moved \
	--status-file "$work/apply.status" --quiet 2>"$work/apply.log" &
apply=$!
pids+=("$apply")
caught_up() {
	local lag
	lag=$(status_field apply.status lag_seconds)
	[[ -n $lag ]] && jq -e --argjson lag "$lag" -n '$lag <= 1' >/dev/null
}
wait_for 30 caught_up || die 'the applier did not catch up'
say 'apply: caught up, follows the writer'

mm-diff -d $moved --status-file "$work/diff1.status" \
	>"$work/diff1.log" 2>&1 || die "the first diff ended with $?"
say "diff while the writer runs: $(status_field diff1.status docs) documents compared, in sync up to $(status_field diff1.status verified_ts)"

lag_ms=$(status_field apply.status lag_seconds |
	jq -r '. * 1000 | round')
kill "$writer"
wait "$writer" || die 'the writer failed'
say "writer: stopped after $(jq -r .ops "$work/writer.json") operations"

kill -0 "$tail" 2>/dev/null || die 'the archive ended early'
fence() { # the last majority position of the source
	"$PY" -c 'import os, pymongo
client = pymongo.MongoClient(os.environ["MM_SOURCE_URI"])
at = client.admin.command("isMaster")["lastWrite"]["majorityOpTime"]
print("%d:%d:%d" % (at["ts"].time, at["ts"].inc, at["t"]))'
}
drained() {
	"$PY" -c 'import sys
a, b = ([int(x) for x in p.split(":")] for p in sys.argv[1:3])
sys.exit(a[:2] < b[:2])' "$(status_field apply.status position)" "$end"
}
end=$(fence) || die 'the source does not answer'
wait_for 30 drained 2>/dev/null || die 'the applier did not drain'
kill "$tail"
wait "$tail" || die 'the archive failed'
kill "$apply"
wait "$apply" || die 'the applier failed'
say "drain: everything up to $end is applied"

mm-diff -d $moved --status-file "$work/diff.status" \
	>"$work/diff.log" 2>&1 || die 'the final diff found differences'
differences=$(jq '[.missing, .extra, .content, .order_only, .type_only, .sequence,
		.stale, .foreign, .metadata] | add' \
	"$work/diff.status")
# shellcheck source=scripts/demo_switch.sh
. scripts/demo_switch.sh

printf 'demo: documents=%s operations=%s lag_ms=%s seconds=%s differences=%s\n' \
	"$(status_field diff.status docs)" \
	"$(status_field apply.status entries)" \
	"$lag_ms" "$((SECONDS - started))" "$differences"
[[ $differences == 0 ]] || die 'the final diff counted differences'
