bats_require_minimum_version 1.8.0
# Tail and apply together, on changes that never stop.
load lib

# Two servers, data in shop and other, shop copied while a writer runs; the
# archive began before. The writer goes on.
begin() { # begin [options of the source]
	start_sim src "$@"
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	run_bg writer "$PY" "$TOOLS/workload.py" "$src_uri" --db shop --db other \
		--rate 400 --threads 2 --initial 60
	wait_until 15 written 300
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now -d shop --status-file "$TMP/tail.st"
	wait_until 15 test -s "$TMP/tail.st"
	wait_until 15 field_is tail.st state following
	mm-dump -d shop --quiet | mm-load -d shop --quiet
}

stop_writer() {
	stop writer
	end=$(position)
}

apply_bg() {
	run_bg apply mm-oplog-apply -D "$TMP/seg" -d shop --status-file "$TMP/apply.st" "$@"
}

finish() {
	stop_writer
	wait_until 30 applied "$end"
	stop tail
	stop apply
	assert_same "$src_uri" "$dst_uri" shop
	run py "$dst_uri" <<<'print("other" in client.list_database_names())'
	assert_output False
}

both_forms() { # both_forms FUNCTION: with updates of $v:2, then of $v:1
	"$1"
	stop_servers
	rm -rf "$TMP/seg" "$TMP"/*.st
	"$1" --fcv 4.4
}

follow_archive() {
	begin "$@"
	apply_bg
	wait_until 30 grows apply.st entries 300
	near() { [[ $(jq '.lag_seconds < 5' "$TMP/apply.st") == true ]]; }
	wait_until 30 near
	finish
	field_is apply.st lag_entries 0
	field_is apply.st diverged 0
	field_is apply.st state 'done'
	run cat "$TMP/apply.err"
	refute_output --partial warning
}

@test "archive, copy, apply under a writer: equal, nothing unexpected met, both forms of updates" {
	both_forms follow_archive
}

@test "tail | apply, killed and begun again from --print-position" {
	begin
	stop tail
	local i
	for i in 1 2 3; do
		mkfifo "$TMP/fifo"
		from=$(mm-oplog-apply -d shop --print-position)
		mm-oplog-tail --from "$from" -d shop --heartbeat 0.2 >"$TMP/fifo" 2>"$TMP/tail.err" 3>&- &
		tail_pid=$!
		run_bg apply bash -c 'exec mm-oplog-apply -d shop --status-file "$1/apply.st" <"$1/fifo"' _ "$TMP"
		wait_until 30 grows apply.st entries 200
		if ((i == 3)); then
			break
		fi
		kill -9 "$apply_pid" "$tail_pid"
		wait "$apply_pid" "$tail_pid" || true
		rm "$TMP/fifo" "$TMP/apply.st"
	done
	finish
}

@test "tail and apply killed again and again, the same commands: equal" {
	begin
	local i
	for i in 1 2 3 4 5 6; do
		apply_bg --workers $((1 + i % 3 * 4))
		wait_until 30 grows apply.st entries $((i * 40))
		kill -9 "$apply_pid"
		wait "$apply_pid" || true
		rm "$TMP/apply.st"
		((i % 2)) || continue
		kill -9 "$tail_pid"
		wait "$tail_pid" || true
		run_bg tail mm-oplog-tail -D "$TMP/seg" --from now -d shop --segment-bytes 20000
	done
	apply_bg
	finish
	mm-cat verify "$TMP/seg"
}

@test "the second applier of a job is refused while the first is at work" {
	begin
	apply_bg
	wait_until 30 grows apply.st entries 50
	run -8 mm-oplog-apply -D "$TMP/seg" -d shop --exit-when-caught-up
	assert_output --partial 'is being written by mm-oplog-apply'
	finish
	# the lease was given back, and there is nothing left to do
	run mm-oplog-apply -D "$TMP/seg" -d shop --exit-when-caught-up
	assert_success
	assert_output --partial 'applied 0 entries'
	assert_same "$src_uri" "$dst_uri" shop
}

fault() { # fault URI JSON-FIELDS
	simulate "$1" "{\"simulate\": $2}" >/dev/null
}

@test "lost replies, killed cursors, write concern errors, stalls, cut connections: equal" {
	require_sim
	begin
	apply_bg
	wait_until 30 grows apply.st entries 50
	local i command
	for i in $(seq 5); do
		for command in insert update delete; do
			fault "$dst_uri" "\"loseReply\", \"command\": \"$command\", \"ns\": \"shop\""
			sleep 0.05
			fault "$dst_uri" "\"writeConcernError\", \"command\": \"$command\", \"ns\": \"shop\", \"code\": 64, \"errmsg\": \"waiting for replication timed out\""
			sleep 0.05
		done
		fault "$dst_uri" '"dropConnection", "command": "update", "ns": "shop", "bytes": 10'
		fault "$dst_uri" '"loseReply", "command": "find", "ns": "shop"'
		fault "$dst_uri" '"loseReply", "command": "update", "ns": "mm_control"'
		fault "$dst_uri" '"stall", "command": "delete", "ns": "shop"'
		fault "$src_uri" '"killCursors"'
		fault "$src_uri" '"loseReply", "command": "getMore"'
		stalled() { (($(fired "$dst_uri" stall) >= i)); }
		wait_until 30 stalled
		fault "$dst_uri" '"clear", "what": "stall"'
	done
	finish
	for i in loseReply writeConcernError dropConnection stall; do
		[[ $(fired "$dst_uri" "$i") -ge 1 ]] || fail "$i did not fire"
	done
	for i in killCursors loseReply; do
		[[ $(fired "$src_uri" "$i") -ge 1 ]] || fail "$i did not fire"
	done
	field_is apply.st diverged 0
}

@test "an entry that comes alone is there at once; the lag says so" {
	begin
	stop_writer
	# Nothing but the entry itself makes the tail write: with heartbeats
	# alone, this takes half an hour.
	stop tail
	run_bg tail mm-oplog-tail -D "$TMP/seg" -d shop --status-file "$TMP/tail.st" --heartbeat 60
	apply_bg
	wait_until 30 applied "$end"
	py "$src_uri" "$dst_uri" <<-'P'
		a, b = client.shop.alone, pymongo.MongoClient(sys.argv[2]).shop.alone
		took = []
		for i in range(30):
		    a.insert_one({"_id": i})
		    began = time.monotonic()
		    while b.find_one({"_id": i}) is None:
		        assert time.monotonic() - began < 150
		        time.sleep(0.001)
		    took.append(time.monotonic() - began)
		took.sort()
		print("p50 %.1f ms" % (took[15] * 1000))
	P
	stop tail
	stop apply
	[[ $(jq '.lag_seconds < 150' "$TMP/apply.st") == true ]]
}
