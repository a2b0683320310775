# shellcheck shell=bash
# shellcheck disable=SC2154 # set by start_server and run_bg
# shellcheck disable=SC2030,SC2031 # subshells are meant
# Shared by the tests of mm-switch: `load switch_lib` after lib. A migration
# with a writer that follows the address, and kills at records of the journal.

# A test may say otherwise:
SEL=(-d shop) # what is moved
WRITER=writer # name of the program that writes,
ACKED=acked   # and the file of what it was acknowledged

# Two servers, an address, and gates for applications.
sides() {
	[[ -n ${src_uri:-} ]] || start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	umask 077
	printf '%s\n' "$src_uri" >"$TMP/old"
	printf '%s\n' "$dst_uri" >"$TMP/new"
	cp "$TMP/old" "$TMP/app.uri"
	cp "$TOOLS/switch_gate.sh" "$TMP/gate"
	echo open 0 >"$TMP/gate.source"
	echo open 0 >"$TMP/gate.target"
}

# With a copy that is followed and compared, and a writer.
migration() {
	sides
	py "$src_uri" <<-'P'
		client.shop.numbers.create_index("n", unique=True)
		client.shop.visits.create_index("at", name="ttl", expireAfterSeconds=86400)
		client.shop.visits.insert_many({"at": i} for i in range(20))
		client.other.x.insert_one({"_id": 1})
	P
	run_bg writer "$PY" "$TOOLS/switch_writer.py" "$TMP" "$TMP/app.uri"
	wait_until 30 test -s "$TMP/acked"
	follow
}

# The copy, followed and compared.
follow() {
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now "${SEL[@]}" \
		--status-file "$TMP/tail.st"
	wait_until 30 field_is tail.st state following
	mm-dump "${SEL[@]}" --quiet | mm-load "${SEL[@]}" --quiet
	run_bg apply mm-oplog-apply -D "$TMP/seg" "${SEL[@]}" --status-file "$TMP/apply.st"
	wait_until 30 field_is apply.st state applying
	mm-load --finish-indexes "${SEL[@]}" --quiet
	run_bg diff mm-diff "${SEL[@]}" --follow --status-file "$TMP/diff.st"
	in_sync
}

in_sync() {
	wait_until 60 field_is diff.st in_sync true
}

# A slow machine has as much time as it needs, where no test is about that.
switch() { # switch COMMAND [options]
	local command=$1
	shift
	mm-switch "$command" --state "$S" "${SEL[@]}" --deadline 200 \
		--address "file path=$TMP/app.uri" \
		--address-old "$TMP/old" --address-new "$TMP/new" \
		--block-hook "$TMP/gate" --diff-status "$TMP/diff.st" \
		--apply-status "$TMP/apply.st" "$@"
}

# Somebody else changes the address. At once, as every writer of an address
# does: the application must not read half of one.
point_at() { # point_at old|new
	cp "$TMP/$1" "$TMP/app.uri.next"
	mv "$TMP/app.uri.next" "$TMP/app.uri"
}

open_gates() {
	grep -l open "$TMP"/gate.source "$TMP"/gate.target | sed 's/.*gate\.//'
}

# Exactly this side is open, and the address is its.
writable() {
	assert_equal "$(open_gates)" "$1"
	assert_equal "$(cat "$TMP/app.uri")" \
		"$(cat "$TMP/$([[ $1 == source ]] && echo old || echo new)")"
	assert_file_not_exists "$TMP/violations"
	run -0 switch status
	assert_line --regexp "^$1 +takes writes"
}

# Ends the writer.
no_more_writes() {
	local pid=${WRITER}_pid
	kill "${!pid}"
	wait "${!pid}"
}

# What the writer was acknowledged is there, once. py URI, or the like.
numbers_are_there() { # numbers_are_there COMMAND...
	"$@" "$TMP/$ACKED" <<-'P'
		acked = [int(x) for x in open(sys.argv[2])]
		found = sorted(d["n"] for d in client.shop.numbers.find())
		assert found == acked, (len(found), len(acked), found[-3:], acked[-3:])
		assert acked == list(range(len(acked))) and acked
	P
}

nothing_lost() { # nothing_lost URI: on this server
	no_more_writes
	numbers_are_there py "$1"
	py "$1" "$TMP/$ACKED" <<-'P'
		acked = len(open(sys.argv[2]).readlines())
		count = client.shop.counts.find_one({"_id": "all"})["v"]
		assert count == acked, (count, acked)
	P
}

more_writes() { # a write is acknowledged from now on
	local n
	n=$(wc -l <"$TMP/$ACKED")
	wait_until 10 eval "((\$(wc -l <'$TMP/$ACKED') > $n))"
}

# An open transaction of an application, until the file NAME.commit is there.
transaction() { # transaction NAME [URI DB]
	run_bg "$1" "$PY" -c 'import os, pymongo, sys, time
client = pymongo.MongoClient(sys.argv[2], w="majority")
with client.start_session() as s:
    with s.start_transaction():
        client[sys.argv[3]].late.insert_one({"_id": sys.argv[4]}, session=s)
        open(sys.argv[1] + ".open", "w").close()
        while not os.path.exists(sys.argv[1] + ".commit"):
            time.sleep(0.02)' "$TMP/$1" "${2:-$src_uri}" "${3:-shop}" "$1"
	wait_until 10 test -e "$TMP/$1.open"
}

# killed "N HOW" COMMAND [options]: at the n-th time the journal is synced; the
# last record is lost, torn or kept.
killed() {
	local at=$1
	shift
	run under_kill "$at" "$@"
	[[ $status == 137 ]] || fail "not killed, but ended with $status: $output"
	assert_file_not_exists "$TMP/violations"
}

under_kill() (
	export LD_PRELOAD=$B/tests/preload/kill_at_sync.so
	export KILL_FILE=/switch.journal KILL_AT=$1
	# The one that does the work and the one that watches it; others are one.
	[[ $2 != run && $2 != rollback ]] || export KILL_PARENT=1
	export ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-}
	shift
	switch "$@"
)

# Kills at one record after the other; run RUNS ends well.
killed_at_each() { # killed_at_each HOW N N-LATER RUNS COMMAND
	local n=$2 record
	for record in $(seq 12); do
		run under_kill "$n $1" "$5"
		assert_file_not_exists "$TMP/violations"
		[[ $status == 137 ]] || break
		n=$3
	done
	assert_equal "$status" 0
	assert_equal "$record" "$4"
	more_writes
}

# Killed in this state, and its deadline is over: as short a one as the machine
# can do.
late_in() { # late_in STATE COMMAND
	local s
	for s in 1 5 25; do
		run under_kill '2 kept' "$2" --deadline "$s"
		[[ $(mm-switch status --state "$S") != *"state      $1"* ]] || break
		run switch abort
		[[ $2 == rollback ]] || in_sync
	done
	assert_file_not_exists "$TMP/violations"
	state_is "$1"
	sleep "$s.1"
}

state_is() {
	run -0 mm-switch status --state "$S"
	assert_line "state      $1"
}

# The watching one is not killed; its own records are none of the numbers.
under_watch() ( # under_watch "N HOW" [COMMAND]
	export LD_PRELOAD=$B/tests/preload/kill_at_sync.so \
		KILL_FILE=/switch.journal KILL_AT=$1 \
		ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-}
	switch "${2:-run}"
)

# The applier, which has ended with the switch, after a way back; in sync again.
follow_again() {
	run_bg apply mm-oplog-apply -D "$TMP/seg" "${SEL[@]}" --status-file "$TMP/apply.st"
	wait_until 30 field_is apply.st state applying
	nudge
	wait_until 60 in_step "$(date +%s)"
}

# What follows the source says at once how far it is.
nudge() {
	py "$src_uri" <<<'client.admin.command("appendOplogNote", 1, data={"mongomove": "fence"})'
}

# mm-diff has compared what was written then, and it is the same.
in_step() { # in_step SECONDS
	field_is diff.st in_sync true &&
		(($(jq -r '.verified_ts | split(":")[0]' "$TMP/diff.st") >= $1))
}
