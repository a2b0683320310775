bats_require_minimum_version 1.8.0
# mm-oplog-tail: which entries, from where to where, what it refuses, how it
# survives. The oracle reads the oplog itself, with pymongo.
load lib

QUIET=1

# A source whose oplog holds changes of two databases. $first is a position
# before all of them.
setup() {
	start_server src
	export MM_SOURCE_URI=$src_uri
	first=$(position)
	more 40
}

more() { # more N [DB]: N changes of shop and N of others
	py "$src_uri" "$1" "${2:-shop}" <<-'P'
		n, db = int(sys.argv[2]), client[sys.argv[3]]
		base = int(time.time() * 1e6)
		for i in range(n):
		    db[("a", "b", "sub.c")[i % 3]].insert_one({"_id": base + i, "n": i})
		    client.other.x.insert_one({"n": i})
		    if i % 4 == 3:
		        db.a.update_many({}, {"$set": {"n": i}})
		        db.b.delete_one({"_id": base + i - 2})
	P
}

nth_position() { # nth_position N: of the Nth entry after $first (from 0)
	py "$src_uri" "$first" "$1" <<-'P'
		s, i, t = map(int, sys.argv[2].split(":"))
		e = list(client.local["oplog.rs"].find({"ts": {"$gt": Timestamp(s, i)}}))[int(sys.argv[3])]
		print("%d:%d:%d" % (e["ts"].time, e["ts"].inc, e["t"]))
	P
}

# expect AFTER TO STREAM...: the streams together hold exactly the entries of
# shop in (AFTER, TO], byte for byte, and join without a gap.
expect() {
	PYTHONPATH=$TOOLS "$PY" - "$src_uri" "$@" <<-'P'
		import sys, pymongo, mmstream
		from bson import Timestamp
		from bson.codec_options import CodecOptions
		from bson.raw_bson import RawBSONDocument
		uri, after, to, files = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
		stamp = lambda p: Timestamp(*map(int, p.split(":")[:2]))
		log = pymongo.MongoClient(uri).local.get_collection(
		    "oplog.rs", CodecOptions(document_class=RawBSONDocument))
		want = [e.raw for e in log.find({"ts": {"$gt": stamp(after), "$lte": stamp(to)}})
		        if e["ns"].startswith("shop.")]
		have, last = [], stamp(after)
		for f in files:
		    for _, doc, data in mmstream.Reader(open(f, "rb")):
		        if doc["$mm"] == "stream":
		            assert doc["after"]["ts"] == last, (f, doc["after"], last)
		        if doc["$mm"] == "end":
		            last = doc["to"]["ts"]
		        have += map(bytes, data or ())
		assert last == stamp(to), (last, to)
		assert have == want, (len(have), len(want))
		assert have or after == to, "nothing to compare"
	P
}

control() { # control STREAM PYTHON: prints PYTHON of the control documents `c`
	PYTHONPATH=$TOOLS "$PY" - "$1" "$2" <<-'P'
		import sys, mmstream
		c = [doc for _, doc, _ in mmstream.Reader(open(sys.argv[1], "rb"))]
		print(eval(sys.argv[2]))
	P
}

status_position_is() { # status_position_is FILE POSITION
	[[ $(jq -r .position "$1" 2>/dev/null) == "$2" ]]
}

@test "the selection, byte for byte, from a position to what is committed" {
	mm-oplog-tail --from "$first" --exit-when-caught-up -d shop >"$TMP/s"
	expect "$first" "$(position)" "$TMP/s"
	mm-oplog-tail --from "${first%:*}" --exit-when-caught-up -d shop -Z none >"$TMP/s"
	expect "$first" "$(position)" "$TMP/s"
	run control "$TMP/s" 'c[-1]["reason"], c[0]["filters"]["include"]'
	assert_output "('until', ['shop.*'])"
	mm-oplog-tail --from "$first" --exit-when-caught-up --nsInclude 'shop.*' \
		--nsExclude 'shop.sub.*' --nsExclude 'shop.a' >"$TMP/s"
	run control "$TMP/s" 'c[-1]["docs"]'
	local n=$output
	run py "$src_uri" <<<'print(client.local["oplog.rs"].count_documents({"ns": "shop.b"}) + client.local["oplog.rs"].count_documents({"o.create": "b"}))'
	assert_output "$n"
}

@test "--until is inclusive, and to is the last existing entry" {
	local at limit
	at=$(nth_position 30)
	mm-oplog-tail --from "$first" --until "$at" -d shop >"$TMP/s"
	expect "$first" "$at" "$TMP/s"
	# a limit between two entries
	limit=$(position)
	py "$src_uri" <<<'time.sleep(2.1); client.other.x.insert_one({})'
	IFS=: read -r s i _ <<<"$limit"
	mm-oplog-tail --from "$first" --until "$s:$((i + 1000))" -d shop >"$TMP/s"
	expect "$first" "$limit" "$TMP/s"
	# nothing to do, and a position in the past
	mm-oplog-tail --from "$at" --until "$at" -d shop >"$TMP/s"
	expect "$at" "$at" "$TMP/s"
	mm-oplog-tail --from "$at" --until "$first" -d shop >"$TMP/s"
	run control "$TMP/s" 'c[-1]["reason"], c[-1]["docs"], c[-1]["to"] == c[0]["after"]'
	assert_output "('until', 0, True)"
}

@test "from now, from a time, from the position in a file" {
	local now seconds
	now=$(position)
	mm-oplog-tail --from now -d shop --exit-when-caught-up >"$TMP/a"
	more 10
	mm-oplog-tail --from "$TMP/a" -d shop --exit-when-caught-up >"$TMP/b"
	expect "$now" "$(position)" "$TMP/a" "$TMP/b"
	mm-dump -d shop --quiet >"$TMP/snapshot"
	more 10
	mm-oplog-tail --from "$TMP/snapshot" -d shop --exit-when-caught-up >"$TMP/c"
	run control "$TMP/snapshot" 'c[0]["from"]'
	local from=$output
	run control "$TMP/c" 'c[0]["after"]'
	assert_output "$from"
	# a time: everything of that second and later
	seconds=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	py "$src_uri" <<<'time.sleep(1.1)'
	now=$(position)
	more 5
	mm-oplog-tail --from "$seconds" -d shop --exit-when-caught-up >"$TMP/d"
	run control "$TMP/d" 'c[-1]["docs"] >= 5, c[0]["after"]["ts"].inc > 0'
	assert_output '(True, True)'
	run -2 mm-oplog-tail --from nowhere -d shop
	assert_output --partial '"nowhere" is neither'
	head -c 300 "$TMP/b" >"$TMP/cut"
	run -3 mm-oplog-tail --from "$TMP/cut" -d shop
}

@test "a position that is gone: rolled over, rolled back, ahead, each its message, all 6" {
	require_sim
	local at s i t
	at=$(nth_position 10)
	IFS=: read -r s i t <<<"$at"
	run -6 mm-oplog-tail --from "$s:$i:$((t + 1))" -d shop --exit-when-caught-up
	assert_output --partial 'was rolled back: the entry there is of another term'
	run -6 mm-oplog-tail --from "$((s - 1)):4000000:1" -d shop --exit-when-caught-up
	assert_output --regexp 'was rolled back: no entry is there|has rolled over'
	IFS=: read -r s i t <<<"$(position)"
	run -6 mm-oplog-tail --from "$((s + 1000)):1:1" -d shop --exit-when-caught-up
	assert_output --partial 'ahead of the source'
	run -6 mm-oplog-tail --from 1000:1:1 -d shop --exit-when-caught-up
	assert_output --partial 'has rolled over'
	mm-oplog-tail -D "$TMP/seg" --from "$at" --until "$(nth_position 20)" -d shop
	simulate "$src_uri" '{"simulate": "rollover", "entries": 40}'
	ls "$TMP/seg" >"$TMP/before"
	run -6 mm-oplog-tail -D "$TMP/seg" -d shop --exit-when-caught-up
	assert_output --partial 'has rolled over'
	ls "$TMP/seg" >"$TMP/after"
	cmp "$TMP/before" "$TMP/after"
	run -6 mm-oplog-tail -D "$TMP/seg" --from "$first" -d shop --exit-when-caught-up
}

@test "the window: half used up, then gone, while the reader takes nothing" {
	require_sim
	field_is() { # field_is PROGRAM-OF-JQ
		[[ $(jq "$1" "$TMP/st" 2>/dev/null) == true ]]
	}
	mkfifo "$TMP/fifo"
	exec 8<>"$TMP/fifo"
	run_bg tail bash -c 'exec mm-oplog-tail --from "$1" -d shop --status-file "$2" >"$3" 8>&-' _ \
		"$(position)" "$TMP/st" "$TMP/fifo"
	wait_until 20 field_is '.oplog_left_seconds >= 0 and .oplog_window_seconds >= .oplog_left_seconds'
	local old
	old=$(py "$src_uri" <<<'print(len(list(client.local["oplog.rs"].find())) + 10)')
	# it is stuck in a write
	py "$src_uri" <<<'client.shop.a.insert_many([{"x": os.urandom(100000)} for _ in range(60)])'
	simulate "$src_uri" '{"simulate": "clock", "ms": 1000000}'
	more 40
	wait_until 20 grep -q 'behind, and the source.s oplog holds .* it may roll over' "$TMP/tail.err"
	wait_until 5 field_is '.oplog_window_seconds >= 1000 and .oplog_left_seconds < 500 and .lag_seconds > 900'
	simulate "$src_uri" '{"simulate": "rollover", "entries": '"$old"'}'
	wait_until 20 grep -q 'has rolled over: the oldest entry' "$TMP/tail.err"
	wait_until 5 field_is '.oplog_left_seconds < 0'
	exec 8>&-
	wait "$tail_pid" || [[ $? == 141 ]]
}

@test "a fence of a switch is a mark at once, also without a write of the selection" {
	run_bg tail mm-oplog-tail --from "$first" -d shop --heartbeat 60 --status-file "$TMP/st"
	py "$src_uri" <<-'P'
		client.admin.command("appendOplogNote", data={"mongomove": "fence", "job": "j", "token": "t"}, writeConcern={"w": "majority"})
	P
	wait_until 30 status_position_is "$TMP/st" "$(position)"
	kill "$tail_pid"
	wait "$tail_pid"
	run control "$TMP/tail.out" '[d["reason"] for d in c if d["$mm"] == "mark"][0]'
	assert_output fence
}

@test "only what a majority has is read; heartbeats move in quiet namespaces" {
	require_sim
	local at
	at=$(position)
	simulate "$src_uri" '{"simulate": "hold"}'
	more 9
	run_bg tail mm-oplog-tail --from "$at" -d shop --heartbeat 0.1 --status-file "$TMP/st"
	wait_until 10 status_position_is "$TMP/st" "$at"
	sleep 1
	status_position_is "$TMP/st" "$at"
	simulate "$src_uri" '{"simulate": "release"}'
	more 3 quiet
	wait_until 10 status_position_is "$TMP/st" "$(position)"
	kill "$tail_pid"
	wait "$tail_pid"
	expect "$at" "$(position)" "$TMP/tail.out"
	run control "$TMP/tail.out" 'c[-1]["reason"], len([1 for d in c if d["$mm"] == "mark" and d["reason"] == "heartbeat" and d["readFrom"]["ts"] == d["ts"]]) > 3'
	assert_output "('signal', True)"
}

@test "cursors killed, replies lost, connections cut while it reads: nothing lost or doubled" {
	require_sim
	run_bg tail mm-oplog-tail --from "$first" -d shop --status-file "$TMP/st" --heartbeat 0.2
	local fault
	for fault in '"killCursors"' '"loseReply", "command": "getMore"' \
		'"dropConnection", "command": "getMore", "bytes": 300' \
		'"killCursors", "command": "getMore", "after": 1' \
		'"fail", "command": "getMore", "code": 11602, "errmsg": "interrupted"' \
		'"fail", "command": "getMore", "code": 43, "errmsg": "gone"'; do
		simulate "$src_uri" "{\"simulate\": $fault}"
		more 12
		wait_until 15 status_position_is "$TMP/st" "$(position)"
	done
	kill "$tail_pid"
	wait "$tail_pid"
	expect "$first" "$(position)" "$TMP/tail.out"
	for fault in killCursors loseReply dropConnection fail; do
		[[ $(fired "$src_uri" "$fault") -ge 1 ]]
	done
}

@test "a directory: killed at any moment, the same command goes on; one chain" {
	local i
	for i in 1 2 3 4 5; do
		run_bg tail mm-oplog-tail -D "$TMP/seg" --from "$first" -d shop \
			--segment-bytes 3000 --status-file "$TMP/st"
		more 20
		wait_until 15 status_position_is "$TMP/st" "$(position)"
		kill -9 "$tail_pid"
		wait "$tail_pid" || true
		rm "$TMP/st"
	done
	more 5
	mm-oplog-tail -D "$TMP/seg" --from "$first" -d shop --exit-when-caught-up
	expect "$first" "$(position)" "$TMP"/seg/*.oplog.bson.zst
	mm-cat verify "$TMP/seg"
	[[ $(ls "$TMP/seg"/*.oplog.bson.zst | wc -l) -gt 4 ]]
}

@test "twenty fetches under a writer give one contiguous chain" {
	run_bg writer "$PY" "$TOOLS/workload.py" "$src_uri" --db shop --db other --rate 300
	local i last
	for i in $(seq 20); do
		mm-oplog-tail -D "$TMP/seg" --from "$first" -d shop --exit-when-caught-up
	done
	kill "$writer_pid"
	wait "$writer_pid"
	mm-oplog-tail -D "$TMP/seg" -d shop --exit-when-caught-up
	last=$(jq -rs '.[-1].last' "$TMP/seg/MANIFEST.jsonl")
	expect "$first" "$last" "$TMP"/seg/*.oplog.bson.zst
	mm-cat verify "$TMP/seg"
	assert_not_exist "$TMP"/seg/*.partial
}

@test "a directory: of another selection 8, a second writer 8, a gap 6, SIGUSR2 rotates" {
	local at
	at=$(nth_position 20)
	run -2 mm-oplog-tail -D "$TMP/seg" -d shop --exit-when-caught-up
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from "$at" -d shop --status-file "$TMP/st" --synchronous
	wait_until 15 status_position_is "$TMP/st" "$(position)"
	run -8 mm-oplog-tail -D "$TMP/seg" --from now -d shop --exit-when-caught-up
	kill -USR2 "$tail_pid"
	rotated() { compgen -G "$TMP/seg/2*_2*.zst" >/dev/null; }
	wait_until 10 rotated
	more 3
	wait_until 15 status_position_is "$TMP/st" "$(position)"
	kill "$tail_pid"
	wait "$tail_pid"
	expect "$at" "$(position)" "$TMP"/seg/*.oplog.bson.zst
	[[ $(ls "$TMP/seg"/*.oplog.bson.zst | wc -l) -eq 2 ]]
	run -8 mm-oplog-tail -D "$TMP/seg" -d other --exit-when-caught-up
	run -6 mm-oplog-tail -D "$TMP/seg" --from "$first" -d shop --exit-when-caught-up
	assert_output --partial 'gap'
	run -2 mm-oplog-tail -D "$TMP/seg" -d shop -Z none
	run -2 mm-oplog-tail -d shop
}

@test "time series of the selection are refused by name and position, not left out" {
	require_sim
	py "$src_uri" <<<'client.other.command({"create": "system.buckets.t"}); client.shop.a.insert_one({})'
	mm-oplog-tail --from "$first" -d shop --exit-when-caught-up >"$TMP/s"
	expect "$first" "$(position)" "$TMP/s"
	run -8 mm-oplog-tail --from "$first" -d other --exit-when-caught-up
	assert_output --partial 'other.system.buckets.t'
}

@test "a closed pipe ends it as SIGPIPE, a full disk with 7" {
	run bash -c 'mm-oplog-tail --from "$1" -d shop --heartbeat 0.1 | head -c 100 >/dev/null; echo "${PIPESTATUS[0]}"' _ "$first"
	assert_output 141
	run -7 bash -c 'mm-oplog-tail --from "$1" -d shop --exit-when-caught-up >/dev/full' _ "$first"
}

@test "unreachable 4; no replica set, router, shard, no rights 8" {
	run -4 timeout $((300 * MM_SLOW)) mm-oplog-tail --source 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500' --from now -d shop
	require_sim
	local pose
	for pose in mongos shard; do
		start_sim "$pose" --pose "$pose"
		local port=${pose}_port
		run -8 mm-oplog-tail --source "mongodb://127.0.0.1:${!port}/?directConnection=true" --from now -d shop
	done
	start_sim locked --auth admin:geheim
	run -8 mm-oplog-tail --source "$locked_uri" --from now -d shop --exit-when-caught-up
	refute_output --partial geheim
}
