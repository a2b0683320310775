bats_require_minimum_version 1.8.0
# mm-dump | mm-load: what is copied, and that no fault on the way changes it.
load lib

# copy DB [options of mm-load]: output is both statuses.
copy() {
	run bash -c 'mm-dump -d "$1" 2>"$TMP_DIR/dump.err" |
		mm-load -d "$@" 2>"$TMP_DIR/load.err"
		echo "${PIPESTATUS[*]}"' _ "$@"
}

two() { # two START_FUNCTION
	"$1" src
	"$1" dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri TMP_DIR=$TMP
}

fill() { # fill URI N BYTES
	py "$@" <<-'P'
		n, size = int(sys.argv[2]), int(sys.argv[3])
		pad = os.urandom(size // 2).hex()
		for at in range(0, n, 2000):
		    client.shop.orders.insert_many(
		        [{"_id": i, "n": i % 97, "pad": pad} for i in range(at, min(n, at + 2000))])
		client.shop.users.insert_many([{"_id": str(i), "n": i} for i in range(300)])
		client.shop.create_collection("ring", capped=True, size=1 << 20)
		client.shop.ring.insert_many([{"_id": i, "p": "z" * 100} for i in range(3000)])
		client.shop.orders.create_index("n")
	P
}

ring_in_order() {
	run py "$dst_uri" "$src_uri" <<-'P'
		other = pymongo.MongoClient(sys.argv[2])
		ids = lambda c: [d["_id"] for d in c.shop.ring.find().sort("$natural", 1)]
		print(ids(client) == ids(other))
	P
	assert_output True
}

show_errors() {
	cat "$TMP/dump.err" "$TMP/load.err"
}

@test "every BSON type, odd names, every type of _id, byte for byte" {
	two start_server
	"$PY" "$TOOLS/alltypes.py" "$src_uri" shop.all
	# an insert would have set it to the present time
	py "$src_uri" <<-'P'
		for i in range(3):
		    client.shop.zero.insert_one({"_id": i, "a": 1})
		client.shop.zero.update_one({"_id": 1}, {"$set": {"z": Timestamp(0, 0)}})
		print(client.shop.zero.find_one({"_id": 1}))
	P
	local options
	for options in '' '-Z none' '-T 1'; do
		# shellcheck disable=SC2086 # several words
		run bash -o pipefail -c "mm-dump -d shop $options | mm-load -d shop --drop"
		assert_success
		assert_same "$src_uri" "$dst_uri" shop
	done
}

@test "empty collection, empty selection, documents of 16 MiB" {
	two start_server
	py "$src_uri" <<-'P'
		client.shop.create_collection("empty")
		for i in range(3):
		    client.shop.large.insert_one({"_id": i, "p": b""})
		    client.shop.large.replace_one({"_id": i}, {"_id": i, "p": os.urandom(16777216 - 27)})
		client.shop.large.insert_many([{"_id": 100 + i, "p": "x" * 3000} for i in range(500)])
		print([len(bson.BSON.encode(d)) for d in client.shop.large.find({"_id": 1})])
	P
	copy shop
	assert_output '0 0'
	assert_same "$src_uri" "$dst_uri" shop
	copy nothing
	assert_output '0 0'
	run cat "$TMP/dump.err"
	assert_output --partial 'nothing is selected'
}

@test "killed at any moment, the same command again copies everything" {
	two start_server
	fill "$src_uri" 20000 400
	local victim after
	for victim in dump load; do
		for after in 0.1 0.3 0.6; do
			# Both ends are open from the start: whoever is
			# killed early does not leave the other waiting.
			mkfifo "$TMP/fifo"
			exec 8<>"$TMP/fifo" 9<"$TMP/fifo"
			run_bg load bash -c 'exec mm-load -d shop --drop <&9 8>&- 9<&-'
			mm-dump -d shop --rate-limit 4M >"$TMP/fifo" \
				2>"$TMP/dump.err" 3>&- 8>&- 9<&- &
			dump_pid=$!
			exec 9<&-
			sleep "$after" # a moment within the run, not a wait
			local pid=${victim}_pid
			kill -9 "${!pid}" 2>/dev/null || true
			exec 8>&-
			dump_status=0
			wait "$dump_pid" || dump_status=$?
			load_status=0
			wait "$load_pid" || load_status=$?
			# where it was slow, the dump was whole already
			if [[ $victim == dump && $dump_status != 0 ]]; then
				[[ $load_status == 3 ]] || {
					echo "load: $load_status"
					cat "$TMP/load.err"
					false
				}
			fi
			rm "$TMP/fifo"
			# --drop: a load killed before it began left the
			# job as it was
			copy shop --drop
			assert_output '0 0'
			assert_same "$src_uri" "$dst_uri" shop
			ring_in_order
		done
	done
}

# with_fault URI FAULT: a copy while the fault is armed; it must have fired.
with_fault() {
	local what before
	what=$(jq -r .simulate <<<"$2")
	before=$(fired "$1" "$what")
	simulate "$1" "$2" >/dev/null
	copy shop --drop
	[[ $output == '0 0' ]] || show_errors
	assert_output '0 0'
	[[ $(fired "$1" "$what") -gt $before ]] || fail "did not fire: $2"
	simulate "$1" '{"simulate": "clear"}' >/dev/null
	assert_same "$src_uri" "$dst_uri" shop
	ring_in_order
}

@test "killed cursors and lost replies of reads: nothing is lost or doubled" {
	require_sim
	two start_sim
	fill "$src_uri" 20000 400
	local fault
	for fault in \
		'{"simulate": "killCursors", "after": 7, "times": 3}' \
		'{"simulate": "loseReply", "command": "getMore", "after": 5, "times": 3}' \
		'{"simulate": "loseReply", "command": "find", "after": 1, "times": 2}' \
		'{"simulate": "loseReply", "command": "listCollections"}' \
		'{"simulate": "fail", "command": "getMore", "code": 11602, "after": 3, "times": 3}' \
		'{"simulate": "fail", "command": "find", "code": 189, "times": 2}' \
		'{"simulate": "dropConnection", "command": "getMore", "bytes": 70000, "after": 4, "times": 2}' \
		'{"simulate": "delay", "command": "getMore", "ms": 200, "times": 5}'; do
		with_fault "$src_uri" "$fault"
	done
}

@test "killed cursors at random places of several readers in one collection" {
	require_sim
	two start_sim
	fill "$src_uri" 20000 400
	local i
	for i in 1 2 3 4 5; do
		simulate "$src_uri" "{\"simulate\": \"killCursors\", \"after\": $((RANDOM % 6)), \"times\": 4}" >/dev/null
		run bash -o pipefail -c 'mm-dump -d shop -T 3 --partition-size 1M |
			mm-load -d shop --drop'
		assert_success
		assert_same "$src_uri" "$dst_uri" shop
	done
	[[ $(fired "$src_uri" killCursors) -ge 5 ]]
}

@test "lost replies, write concern errors, failures of writes: nothing is lost or doubled" {
	require_sim
	two start_sim
	fill "$src_uri" 20000 400
	local fault
	for fault in \
		'{"simulate": "loseReply", "command": "insert", "ns": "shop.orders", "after": 2, "times": 2}' \
		'{"simulate": "writeConcernError", "command": "insert", "ns": "shop.orders", "after": 2, "times": 4}' \
		'{"simulate": "fail", "command": "insert", "ns": "shop.orders", "code": 10107, "after": 3, "times": 2}' \
		'{"simulate": "fail", "command": "insert", "ns": "shop.users", "code": 91}' \
		'{"simulate": "dropConnection", "command": "insert", "ns": "shop.orders", "bytes": 10, "after": 4, "times": 2}' \
		'{"simulate": "delay", "command": "insert", "ns": "shop.orders", "ms": 500, "times": 3}' \
		'{"simulate": "loseReply", "command": "insert", "ns": "shop.ring", "times": 2}' \
		'{"simulate": "writeConcernError", "ns": "shop.ring", "command": "insert", "times": 2}'; do
		with_fault "$dst_uri" "$fault"
	done
}

@test "lost replies and failures of commands that make or drop: the load goes on" {
	require_sim
	two start_sim
	fill "$src_uri" 3000 400
	copy shop
	assert_output '0 0'
	local fault
	for fault in \
		'{"simulate": "loseReply", "command": "create"}' \
		'{"simulate": "loseReply", "command": "drop"}' \
		'{"simulate": "loseReply", "command": "createIndexes"}' \
		'{"simulate": "fail", "command": "createIndexes", "code": 11600}' \
		'{"simulate": "loseReply", "command": "update", "ns": "mm_control.jobs"}' \
		'{"simulate": "writeConcernError", "command": "update", "ns": "mm_control.owned"}'; do
		with_fault "$dst_uri" "$fault"
	done
}

@test "a write that hangs and comes late changes nothing" {
	require_sim
	two start_sim
	fill "$src_uri" 20000 400
	simulate "$dst_uri" '{"simulate": "stall", "command": "insert", "ns": "shop.orders", "after": 2, "times": 2}' >/dev/null
	MM_TARGET_URI="$dst_uri&socketTimeoutMS=2000" copy shop
	[[ $output == '0 0' ]] || show_errors
	assert_output '0 0'
	assert_equal "$(fired "$dst_uri" stall)" 2
	py "$dst_uri" <<<'client.shop.orders.delete_many({"_id": {"$gte": 0}})'
	# now they come; none may be written
	simulate "$dst_uri" '{"simulate": "clear"}' >/dev/null
	sleep 1 # long enough for what must not happen
	run py "$dst_uri" <<<'print(client.shop.orders.count_documents({}))'
	assert_output 0
}

no_orders() { # no_orders WHETHER
	py "$dst_uri" "$1" <<<'sys.exit(str("orders" not in client.shop.list_collection_names()) != sys.argv[2])'
}

@test "a write of a killed load that comes when the next one has dropped: dropped again" {
	require_sim
	two start_sim
	fill "$src_uri" 5000 400
	mm-dump -d shop -Z none >"$TMP/snapshot"
	simulate "$dst_uri" '{"simulate": "stall", "command": "insert", "ns": "shop.orders", "times": 1}' >/dev/null
	run_bg load mm-load -d shop "$TMP/snapshot"
	stalled() { [[ $(fired "$dst_uri" stall) == 1 ]]; }
	wait_until 10 stalled
	kill -9 "$load_pid"
	wait "$load_pid" || true
	mkfifo "$TMP/fifo"
	run_bg load mm-load -d shop "$TMP/fifo"
	exec 9>"$TMP/fifo"
	local head
	head=$(od -An -tu4 -N4 "$TMP/snapshot")
	head -c $((head)) "$TMP/snapshot" >&9
	wait_until 10 no_orders True
	simulate "$dst_uri" '{"simulate": "clear"}' >/dev/null
	wait_until 10 no_orders False
	tail -c +$((head + 1)) "$TMP/snapshot" >&9
	exec 9>&-
	wait "$load_pid"
	assert_file_contains "$TMP/load.err" 'a write of the load before came late'
	assert_same "$src_uri" "$dst_uri" shop
	run py "$dst_uri" <<<'print(client.mm_control.owned.count_documents({"earlier": True}))'
	assert_output 0
}

# peak FILE COMMAND...: runs it; its largest RSS in KiB goes to FILE.
peak() {
	"$PY" -c 'import os, subprocess, sys
p = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(p.pid, 0)
open(sys.argv[1], "w").write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))' "$@"
}

@test "memory: 300 MB through dump and load, at most 64 MiB each" {
	require_plain
	two start_server
	py "$src_uri" <<-'P'
		pad = os.urandom(20000).hex()
		for at in range(0, 200000, 2000):
		    client.shop.orders.insert_many([{"_id": i, "p": pad[i % 1000:i % 1000 + 900]}
		        for i in range(at, at + 2000)])
		client.shop.users.insert_many([{"_id": i, "p": pad[:1 << 15]} for i in range(600)])
		# 100 of these are what a first reply holds of small ones
		large = os.urandom(900 << 10)
		for k in range(4):
		    client.shop["m%d" % k].insert_many([{"_id": i, "p": large[i:i + (1 << 16)]} for i in range(200)])
		    for i in range(15):
		        client.shop["l%d" % k].insert_one({"_id": i, "p": large})
	P
	local options
	for options in '' '-Z none --partition-size 20M'; do
		# shellcheck disable=SC2086 # several words
		peak "$TMP/dump" mm-dump -d shop $options |
			peak "$TMP/load" mm-load -d shop --drop
		echo "peak: dump $(cat "$TMP/dump") load $(cat "$TMP/load") KiB"
		(($(cat "$TMP/dump") <= 65536))
		(($(cat "$TMP/load") <= 65536))
	done
	assert_same "$src_uri" "$dst_uri" shop
}

@test "memory: documents of 16 MiB, at most 64 MiB and six of them" {
	require_plain
	two start_server
	py "$src_uri" <<-'P'
		for name in "abc":
		    for i in range(6):
		        client.shop[name].insert_one({"_id": i, "p": os.urandom(16777216 - 27)})
	P
	peak "$TMP/dump" mm-dump -d shop | peak "$TMP/load" mm-load -d shop
	echo "peak: dump $(cat "$TMP/dump") load $(cat "$TMP/load") KiB"
	(($(cat "$TMP/dump") <= 163840))
	(($(cat "$TMP/load") <= 163840))
	assert_same "$src_uri" "$dst_uri" shop
}
