bats_require_minimum_version 1.8.0
# mm-dump: what it writes, where it refuses, how it ends.
load lib

# snapshot_of FILE: a summary as JSON, by a reader that shares no code; fails
# where a seal, hash, count or digest is wrong.
snapshot_of() {
	"$PY" "$TOOLS/restream.py" <"$1"
}

fill() { # fill URI N: N documents of about 300 bytes in shop.orders
	py "$1" "$2" <<-'P'
		n = int(sys.argv[2])
		pad = "abcdefgh " * 25
		for at in range(0, n, 5000):
		    client.shop.orders.insert_many(
		        [{"_id": i, "n": i * 7 % 1000, "pad": pad} for i in range(at, min(n, at + 5000))])
	P
}

@test "a snapshot is whole: collections, views, positions, digests" {
	start_server src
	fill "$src_uri" 3000
	py "$src_uri" <<-'P'
		client.shop.create_collection("empty")
		client.shop.create_collection("ring", capped=True, size=100000)
		client.shop.ring.insert_many([{"_id": i} for i in range(50)])
		client.shop.create_collection("seen", viewOn="orders", pipeline=[{"$match": {"n": 1}}])
		client.crm.people.insert_one({"_id": 1})
	P
	before=$(py "$src_uri" <<<'print(client.admin.command("isMaster")["lastWrite"]["majorityOpTime"]["ts"].time)')
	for method in none zstd zstd:3; do
		mm-dump --source "$src_uri" -d shop -Z $method >"$TMP/s" 2>"$TMP/err"
		run snapshot_of "$TMP/s"
		assert_success
		run jq -c '[.kind, .last, .reason, .docs, (.to >= .from), .colls]' <<<"$output"
		assert_output '["snapshot","end","complete",3050,true,{"shop.empty":["collection",0,true],"shop.orders":["collection",3000,true],"shop.ring":["collection",50,true],"shop.seen":["view",0,false]}]'
	done
	run jq -e --argjson t "$before" '.from >= ($t * 4294967296)' <<<"$(snapshot_of "$TMP/s")"
	assert_success
	run cat "$TMP/err"
	assert_output --partial 'mm-dump: info: 3050 documents of 4 collections, from '
}

@test "several readers inside one collection give each document once" {
	start_server src
	py "$src_uri" <<-'P'
		# all kinds of _id in one collection, above the size that is split
		pad = "x" * 300
		ids = [i for i in range(3000)] + [i + 0.5 for i in range(1500)] + [str(i) for i in range(1500)]
		ids += [ObjectId() for i in range(1500)] + [MinKey(), MaxKey(), None, True, {"a": 1}, {"a": 2}]
		ids += [bytes([i % 256]) * (i + 1) for i in range(100)]
		random.Random(1).shuffle(ids)
		client.shop.mixed.insert_many([{"_id": i, "pad": pad} for i in ids])
	P
	mm-dump --source "$src_uri" -d shop -T 3 --partition-size 1M -v >"$TMP/s" 2>"$TMP/err"
	run grep -E 'shop.mixed": about [0-9]+ documents in ([2-9]|1[0-9]) parts' "$TMP/err"
	assert_success
	run jq -c .colls <<<"$(snapshot_of "$TMP/s")"
	assert_output '{"shop.mixed":["collection",7606,true]}'
	run "$PY" -c '
import sys
sys.path.insert(0, sys.argv[1])
import restream
docs = [d for c, ds in restream.read(open(sys.argv[2], "rb").read()) for d in ds or []]
print(len(docs), len(set(docs)))' "$TOOLS" "$TMP/s"
	assert_output '7606 7606'
}

@test "-o: the file has its name only when whole, and is never replaced" {
	start_server src
	fill "$src_uri" 100
	export MM_SOURCE_URI=$src_uri
	run mm-dump -d shop -o "$TMP/a.bson.zst"
	assert_success
	run jq -r .reason <<<"$(snapshot_of "$TMP/a.bson.zst")"
	assert_output complete
	assert_not_exists "$TMP/a.bson.zst.partial"
	run -7 mm-dump -d shop -o "$TMP/a.bson.zst"
	assert_output --partial 'exists already'
	# what a killed dump left is in nobody's way
	echo rest >"$TMP/b.bson.zst.partial"
	run mm-dump -d shop -o "$TMP/b.bson.zst"
	assert_success
	# but one at work is not disturbed
	exec 8>"$TMP/c.bson.zst.partial"
	flock 8
	run -8 mm-dump -d shop -o "$TMP/c.bson.zst"
	assert_exists "$TMP/c.bson.zst.partial"
	exec 8>&-
	run -7 mm-dump -d shop -o "$TMP/no/such/dir"
}

@test "a full disk is 7, a closed pipe SIGPIPE, a terminal wrong use" {
	start_server src
	fill "$src_uri" 20000
	export MM_SOURCE_URI=$src_uri
	run -7 bash -c 'mm-dump -d shop -Z none >/dev/full'
	assert_output --partial 'standard output'
	run bash -c 'mm-dump -d shop -Z none 2>'"$TMP/err"' | head -c 1000 >/dev/null; echo ${PIPESTATUS[0]}'
	assert_output 141
	assert_equal "$(cat "$TMP/err")" ''
	run -2 "$PY" -c 'import os, pty, sys
os._exit(os.waitstatus_to_exitcode(pty.spawn(["mm-dump", "-d", "shop"], lambda fd: os.read(fd, 1000))))'
	assert_output --partial 'terminal'
}

@test "a signal ends the stream with reason signal and the program with 9" {
	start_server src
	fill "$src_uri" 5000
	run_bg dump mm-dump --source "$src_uri" -d shop --rate-limit 100K \
		--status-file "$TMP/status"
	under_way() {
		jq -e '.docs > 100' "$TMP/status" >/dev/null 2>&1
	}
	wait_until 20 under_way
	kill -TERM "$dump_pid"
	status=0
	wait "$dump_pid" || status=$?
	assert_equal "$status" 9
	run jq -c '[.last, .reason, .docs > 100, .docs < 5000]' <<<"$(snapshot_of "$TMP/dump.out")"
	assert_output '["end","signal",true,true]'
	run jq -r '[.state, .exit_status, .docs_total] | @csv' "$TMP/status"
	assert_output '"stopped",9,5000'
}

@test "--rate-limit is kept" {
	start_server src
	fill "$src_uri" 2000
	local started=$EPOCHREALTIME
	run bash -c 'mm-dump --source "$1" -d shop --rate-limit 250K | wc -c' _ "$src_uri"
	assert_success
	# 2000 * 261 bytes at 250 KiB/s, less a quarter of a second's burst
	run "$PY" -c 'import sys; t = float(sys.argv[2]) - float(sys.argv[1]); print(t > 1.5, t)' \
		"$started" "$EPOCHREALTIME"
	assert_output --partial 'True'
}

@test "unreachable source 4; not a replica set, no rights, router, shard 8" {
	run -4 mm-dump --source 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500' -d shop
	assert_output --partial 'mm-dump: error: source 127.0.0.1:1'
	run -2 mm-dump -d shop
	assert_output --partial 'MM_SOURCE_URI'
	run -2 mm-dump --source http://nothing -d shop

	local pose
	for pose in mongos shard standalone; do
		start_sim "$pose" --pose "$pose"
		local uri=${pose}_port
		run -8 mm-dump --source "mongodb://127.0.0.1:${!uri}/?directConnection=true" -d shop
	done
}

@test "a password is never seen" {
	start_sim src --auth mover:s3cretword
	local uri="mongodb://mover:s3cretword@127.0.0.1:$src_port/?replicaSet=rs_src"
	py "$uri" <<<'client.shop.orders.insert_many([{"_id": i, "p": "x" * 1000} for i in range(2000)])'
	run_bg dump mm-dump --source "$uri" -d shop --rate-limit 100K -v
	wait_until 10 test -s "$TMP/dump.out"
	run grep -c s3cretword "/proc/$dump_pid/cmdline"
	assert_output 0
	kill -TERM "$dump_pid"
	wait "$dump_pid" || true
	run grep -a s3cretword "$TMP/dump.err" "$TMP/dump.out"
	assert_failure
	run -8 mm-dump --source "${uri/s3cretword/wr0ngword}" -d shop
	refute_output --partial wr0ngword
	# a user who may not read
	run -8 mm-dump --source "mongodb://127.0.0.1:$src_port/?replicaSet=rs_src" -d shop
	echo s3cretword >"$TMP/password"
	chmod 600 "$TMP/password"
	run mm-dump --source "mongodb://mover@127.0.0.1:$src_port/?replicaSet=rs_src" \
		--password-file "$TMP/password" -d shop -o "$TMP/ok"
	assert_success
}

@test "only what a majority has is read" {
	start_sim src
	py "$src_uri" <<<'client.shop.orders.insert_many([{"_id": i} for i in range(10)])'
	simulate "$src_uri" '{"simulate": "hold"}' >/dev/null
	"$PY" -c 'import pymongo, sys
client = pymongo.MongoClient(sys.argv[1], w=1)
client.shop.orders.insert_many([{"_id": i} for i in range(10, 30)])
client.shop.orders.delete_one({"_id": 3})' "$src_uri"
	mm-dump --source "$src_uri" -d shop >"$TMP/s"
	run jq -r .docs <<<"$(snapshot_of "$TMP/s")"
	assert_output 10
	simulate "$src_uri" '{"simulate": "release"}' >/dev/null
	mm-dump --source "$src_uri" -d shop >"$TMP/s"
	run jq -r .docs <<<"$(snapshot_of "$TMP/s")"
	assert_output 29
}

@test "a collection dropped meanwhile ends with what was read" {
	start_server src
	fill "$src_uri" 4000
	py "$src_uri" <<<'client.shop.users.insert_many([{"_id": i, "p": "x" * 500} for i in range(1000)])'
	run_bg dump mm-dump --source "$src_uri" -d shop -T 1 -j 1 \
		--rate-limit 200K --block-size 128K --status-file "$TMP/status"
	under_way() {
		jq -e '.docs > 100' "$TMP/status" >/dev/null 2>&1
	}
	wait_until 20 under_way
	py "$src_uri" <<<'client.shop.orders.drop(); client.shop.users.drop()'
	status=0
	wait "$dump_pid" || status=$?
	assert_equal "$status" 0
	run jq -c '[.reason, .docs > 100, .docs < 5000, (.colls | keys)]' <<<"$(snapshot_of "$TMP/dump.out")"
	assert_output '["complete",true,true,["shop.orders","shop.users"]]'
}

@test "a user who may only read can dump; --server names the member" {
	start_sim src --auth mover:s3cret
	py "mongodb://mover:s3cret@127.0.0.1:$src_port/?replicaSet=rs_src" \
		<<<'client.shop.orders.insert_many([{"_id": i} for i in range(10)])'
	export MM_PASSWORD=s3cret
	run mm-dump --source "mongodb://reader@127.0.0.1:$src_port/?replicaSet=rs_src" -d shop -o "$TMP/a"
	assert_success
	# nor must the oplog be readable
	run mm-dump --source "mongodb://noplog@127.0.0.1:$src_port/?replicaSet=rs_src" -d shop -o "$TMP/b"
	assert_success
	run mm-dump --source "mongodb://mover@127.0.0.1:$src_port/?replicaSet=rs_src" \
		--server "127.0.0.1:$src_port" -d shop -o "$TMP/c"
	assert_success
	run jq -r .docs <<<"$(snapshot_of "$TMP/c")"
	assert_output 10
	run -4 mm-dump --source "mongodb://mover@127.0.0.1:$src_port/?replicaSet=rs_src&serverSelectionTimeoutMS=500" \
		--server 127.0.0.1:1 -d shop
}
