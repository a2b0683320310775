bats_require_minimum_version 1.8.0
# mm-load: what it makes of a stream, what it refuses, what it leaves.
load lib

# Two servers; shop on the source, and a bare snapshot of it in $TMP/s.
two_servers() { # two_servers [options of mm-dump]
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		client.shop.orders.insert_many([{"_id": i, "p": "x" * 200} for i in range(20000)])
		client.shop.users.insert_many([{"_id": str(i), "n": i} for i in range(500)])
	P
	mm-dump -d shop -Z none -o "$TMP/s" --quiet "$@"
}

restream() { # restream CODE: the snapshot, changed by CODE
	"$PY" "$TOOLS/restream.py" "$1" <"$TMP/s"
}

target_is_empty() {
	run py "$dst_uri" <<<'print(sorted(set(client.list_database_names()) - {"admin", "config", "local", "mm_control"}))'
	assert_output '[]'
}

phase() { # phases of all jobs
	py "$dst_uri" <<<'print(*sorted(j["phase"] for j in client.mm_control.jobs.find()))'
}

@test "namespaces must be named, and must cover the stream's selection" {
	two_servers
	run -2 mm-load "$TMP/s"
	assert_output --partial 'namespaces'
	run -8 mm-load -d crm "$TMP/s"
	run -8 mm-load -d shop -c orders "$TMP/s"
	run -8 mm-load -d shop --nsExclude shop.users "$TMP/s"
	target_is_empty
	run mm-load --nsInclude 'sh*' --nsInclude 'crm.*' "$TMP/s"
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
}

@test "a collection outside the stream's selection, a system name: 8, nothing written" {
	two_servers
	local code
	for code in 'records[2][0]["db"] = "crm"' \
		'records[2][0]["db"] = "admin"' \
		'records[2][0]["coll"] = "system.users"' \
		'records[2][0]["coll"] = "system.views"' \
		'records[2][0]["db"] = "shop.x"' \
		'records[2][0]["coll"] = "orders"' \
		'records[2][0]["coll"] = "a" * 300' \
		'records[2][0]["type"] = "timeseries"' \
		'records[0][0]["filters"]["rename"] = [{"from": "shop.*", "to": "crm.*"}]'; do
		restream "$code" >"$TMP/bad"
		run -8 mm-load -d shop "$TMP/bad"
		target_is_empty
	done
}

@test "another kind of stream, a second stream, a newer one: 8" {
	two_servers
	restream 'records[0][0]["kind"] = "journal"' >"$TMP/bad"
	run -8 mm-load -d shop "$TMP/bad"
	restream 'records[0][0]["v"] = 2' >"$TMP/bad"
	run -8 mm-load -d shop "$TMP/bad"
	target_is_empty
	cat "$TMP/s" "$TMP/s" >"$TMP/bad"
	run -8 mm-load -d shop "$TMP/bad"
	assert_output --partial 'second stream'
	"$B/tests/bench/gen" 100 oplog >"$TMP/bad"
	run -8 mm-load --nsInclude '*' "$TMP/bad"
}

@test "foreign data are refused by name, before the first write" {
	two_servers
	py "$dst_uri" <<<'client.shop.users.insert_one({"_id": "mine"})'
	run -8 mm-load -d shop "$TMP/s"
	assert_output --partial '"shop.users"'
	run py "$dst_uri" <<<'print(client.shop.list_collection_names(), client.shop.users.count_documents({}))'
	assert_output "['users'] 1"
	# an empty collection alike is no harm; one with an index or options is
	py "$dst_uri" <<<'client.shop.users.delete_many({}); client.shop.users.create_index("n", unique=True)'
	run -8 mm-load -d shop "$TMP/s"
	py "$dst_uri" <<<'client.shop.users.drop(); client.shop.create_collection("users", capped=True, size=5000)'
	run -8 mm-load -d shop "$TMP/s"
	py "$dst_uri" <<<'client.shop.users.drop(); client.shop.create_collection("users", viewOn="orders", pipeline=[])'
	run -8 mm-load -d shop "$TMP/s"
	py "$dst_uri" <<<'client.shop.users.drop(); client.shop.create_collection("users")'
	run mm-load -d shop "$TMP/s"
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
}

@test "a cut stream is 3 wherever it is cut; the same command again loads it" {
	two_servers
	local size at
	size=$(stat -c %s "$TMP/s")
	for at in 0 3 200 700 $((size / 2)) $((size - 1)); do
		head -c "$at" "$TMP/s" >"$TMP/cut"
		run -3 mm-load -d shop "$TMP/cut"
	done
	run phase
	assert_output loading
	run mm-load -d shop "$TMP/s"
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
	run phase
	assert_output loaded
}

@test "documents that do not arrive as sent are 3: count, digest, damage" {
	two_servers
	local code
	for code in \
		'[r for r in records if r[0]["$mm"] == "cend"][0][0]["sum"] += 1' \
		'[r for r in records if r[0]["$mm"] == "cend"][0][0]["docs"] += 1' \
		'[r for r in records if r[1]][1][1].pop()' \
		'records[:] = [r for r in records if r[0]["$mm"] != "cend"]' \
		'records[-1][0]["reason"] = "until"' \
		'del records[-1][0]["to"]'; do
		restream "$code" >"$TMP/bad"
		run -3 mm-load -d shop "$TMP/bad"
	done
	cp "$TMP/s" "$TMP/bad"
	printf 'Q' | dd of="$TMP/bad" bs=1 seek=1000000 conv=notrunc status=none
	run -3 mm-load -d shop "$TMP/bad"
	assert_output --partial 'record '
	restream 'records[-1][0]["reason"] = "signal"' >"$TMP/bad"
	run -9 mm-load -d shop "$TMP/bad"
	run phase
	assert_output loading
}

@test "a document nested deeper than a server takes: 8 at once" {
	two_servers
	local depth began
	for depth in 250 20000; do
		restream "
d = b'\\5\\0\\0\\0\\0'
for i in range($depth):
    d = struct.pack('<i', len(d) + 8) + b'\\3a\\0' + d + b'\\0'
d = b'\\x10_id\\0' + struct.pack('<i', -1) + b'\\3d\\0' + d + b'\\0'
d = struct.pack('<i', len(d) + 4) + d
control, docs = [r for r in records if r[1]][0]
end = [r[0] for r in records if r[0]['\$mm'] == 'cend' and r[0]['c'] == control['c']][0]
end['bytes'] = bson.Int64(end['bytes'] + len(d) - len(docs[0]))
end['sum'] = signed((end['sum'] - total(docs[:1]) + total([d])) % 2**64)
docs[0] = d" >"$TMP/deep"
		began=$SECONDS
		run -8 mm-load -d shop --drop "$TMP/deep"
		assert_output --partial nested
		((SECONDS - began < 100 * MM_SLOW))
	done
}

@test "files are joined; one that cannot be read is 7" {
	two_servers
	split -n 3 "$TMP/s" "$TMP/part."
	run mm-load -d shop "$TMP"/part.*
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
	run -7 mm-load -d shop --drop "$TMP/part.aa" "$TMP/none"
	run -7 mm-load -d shop --drop "$TMP/none"
	run -7 mm-load -d shop --drop "$TMP"
	run -3 mm-load -d shop --drop "$TMP/part.aa" /dev/null
}

@test "a finished load is refused, --drop loads anew, another job is not touched" {
	two_servers
	py "$src_uri" <<<'client.crm.people.insert_many([{"_id": i} for i in range(100)])'
	run mm-load -d shop "$TMP/s"
	assert_success
	run bash -o pipefail -c 'mm-dump -d crm | mm-load -d crm'
	assert_success
	run -8 mm-load -d shop "$TMP/s"
	assert_output --partial '--drop'
	py "$src_uri" <<<'client.shop.users.delete_many({"n": {"$lt": 100}}); client.shop.orders.insert_one({"_id": "new"})'
	crm_before=$(py "$dst_uri" <<<'print(client.crm.command("listCollections")["cursor"]["firstBatch"][0]["info"]["uuid"])')
	run bash -o pipefail -c 'mm-dump -d shop | mm-load -d shop --drop'
	assert_success
	assert_same "$src_uri" "$dst_uri" shop crm
	run py "$dst_uri" <<<'print(client.crm.command("listCollections")["cursor"]["firstBatch"][0]["info"]["uuid"])'
	assert_output "$crm_before"
	run phase
	assert_output 'loaded loaded'
	# a job's name cannot be used for something else
	run bash -c 'mm-dump -d crm | mm-load -d crm --job x --nsFrom "crm.*" --nsTo "c2.*"'
	assert_success
	run -8 mm-load -d shop --job x --drop "$TMP/s"
	assert_output --partial 'another selection'
	# nor can one job load into what another owns
	run -8 mm-load -d shop --job y "$TMP/s"
	assert_output --partial 'belongs to job'
	py "$dst_uri" <<<'client.shop.users.delete_many({}); client.shop.orders.delete_many({})'
	run -8 mm-load -d shop --job y "$TMP/s"
}

@test "indexes, TTL, capped, collation, validator, views, renaming" {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		db = client.shop
		db.orders.insert_many([{"_id": i, "u": i, "n": i % 7, "at": None} for i in range(300)])
		db.orders.create_index([("n", 1), ("u", -1)])
		db.orders.create_index("u", unique=True, name="only")
		db.orders.create_index("at", expireAfterSeconds=3600, name="old")
		db.create_collection("ring", capped=True, size=40960, max=60)
		db.ring.insert_many([{"_id": 1000 - i, "p": "y" * 100} for i in range(100)])
		db.create_collection("names", collation={"locale": "de", "strength": 3})
		db.names.insert_many([{"_id": x} for x in ["b", "a", "C"]])
		db.create_collection("checked", validator={"n": {"$gt": 5}})
		db.command("insert", "checked", documents=[{"_id": 1, "n": 1}], bypassDocumentValidation=True)
		db.create_collection("few", viewOn="orders", pipeline=[{"$match": {"n": 1}}])
	P
	run bash -o pipefail -c 'mm-dump -d shop | mm-load -d shop --nsFrom "shop.*" --nsTo "new.s_*"'
	assert_success
	run py "$dst_uri" <<-'P'
		db = client.new
		raw = lambda name: list(client.new[name].list_indexes())
		print(sorted(i["name"] for i in raw("s_orders")))
		print([i["expireAfterSeconds"] for i in raw("s_orders") if i["name"] == "old"])
		info = {c["name"]: c for c in db.command("listCollections")["cursor"]["firstBatch"]}
		print(info["s_ring"]["options"])
		print(info["s_names"]["options"]["collation"]["strength"], raw("s_names")[0]["collation"]["locale"])
		print(info["s_checked"]["options"]["validator"])
		print(info["s_few"]["type"], info["s_few"]["options"])
		print([d["_id"] for d in db.s_ring.find().sort("$natural", 1)] == list(range(960, 900, -1)))
		held = client.mm_control.owned.find({"staged": {"$ne": []}})
		for d in held:
		    for s in d["staged"]:
		        print(s["ns"], s["why"], s["spec"]["name"], s["spec"].get("expireAfterSeconds"), s["spec"].get("unique"))
	P
	assert_line --index 0 "['_id_', 'n_1_u_-1', 'old']"
	assert_line --index 1 "[2147483647]"
	assert_line --index 2 "{'capped': True, 'size': 40960, 'max': 60}"
	assert_line --index 3 "3 de"
	assert_line --index 4 "{'n': {'\$gt': 5}}"
	assert_line --index 5 "view {'viewOn': 's_orders', 'pipeline': [{'\$match': {'n': 1}}]}"
	assert_line --index 6 "True"
	assert_line --partial "new.s_orders unique only None True"
	assert_line --partial "new.s_orders ttl old 3600 None"
	run bash -o pipefail -c 'mm-dump -d shop | mm-load -d shop --noIndexRestore'
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
	run py "$dst_uri" <<<'print(len(list(client.shop.orders.list_indexes())))'
	assert_output 1
}

# A load that is at work, and whose stream does not go on.
slow_load() {
	two_servers --block-size 128K # several in what comes, whatever is first
	mkfifo "$TMP/slow"
	(
		head -c 1000000 "$TMP/s"
		exec sleep 300
	) >"$TMP/slow" 3>&- &
	remember $!
	run_bg load mm-load -d shop --status-file "$TMP/status" "$TMP/slow"
	wait_until 20 jq -e '.docs > 0' "$TMP/status"
}

@test "a signal is 9, and the same command loads it" {
	slow_load
	kill -TERM "$load_pid"
	status=0
	wait "$load_pid" || status=$?
	[[ $status == 9 ]] || {
		cat "$TMP/load.err"
		false
	}
	run mm-load -d shop "$TMP/s"
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
}

@test "a second loader of a job is refused while the first is at work" {
	slow_load
	run -8 mm-load -d shop "$TMP/s"
	assert_output --partial "$load_pid"
	kill -9 "$load_pid"
	wait "$load_pid" || true
	run mm-load -d shop "$TMP/s"
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
}

@test "unreachable target 5; no rights, router, shard 8; password unseen" {
	"$B/tests/bench/gen" 10 snapshot >"$TMP/s"
	run -5 mm-load --target 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500' -d bench "$TMP/s"
	run -2 mm-load -d bench "$TMP/s"
	local pose
	for pose in mongos shard; do
		start_sim "$pose" --pose "$pose"
		local port=${pose}_port
		run -8 mm-load --target "mongodb://127.0.0.1:${!port}/?directConnection=true" -d bench "$TMP/s"
	done
	start_sim dst --auth mover:s3cretword
	run -8 mm-load --target "mongodb://mover:wr0ngword@127.0.0.1:$dst_port/?replicaSet=rs_dst" -d bench "$TMP/s"
	refute_output --partial wr0ngword
	run -8 mm-load --target "mongodb://127.0.0.1:$dst_port/?replicaSet=rs_dst" -d bench "$TMP/s"
	MM_PASSWORD=s3cretword run -8 mm-load --target "mongodb://reader@127.0.0.1:$dst_port/?replicaSet=rs_dst" -d bench "$TMP/s"
	run mm-load --target "mongodb://mover:s3cretword@127.0.0.1:$dst_port/?replicaSet=rs_dst" -d bench -v "$TMP/s"
	assert_success
	refute_output --partial s3cretword
}

@test "input from a terminal is wrong use; an index that is refused is 8" {
	start_server dst
	export MM_TARGET_URI=$dst_uri
	run -2 "$PY" -c 'import os, pty, sys
os._exit(os.waitstatus_to_exitcode(pty.spawn(["mm-load", "-d", "shop"])))' </dev/null
	assert_output --partial 'terminal'
	"$B/tests/bench/gen" 10 snapshot >"$TMP/s"
	restream '[r for r in records if r[0]["$mm"] == "coll"][0][0]["indexes"].append({"v": 2, "key": {"n": "nonsense"}, "name": "bad"})' >"$TMP/bad"
	run -8 mm-load -d bench "$TMP/bad"
	assert_output --partial 'bench.docs'
	run phase
	assert_output loading
}

@test "ten thousand collections" {
	start_server src
	start_server dst
	"$B/tests/bench/gen" 10 snapshot >"$TMP/s"
	"$PY" "$TOOLS/restream.py" '
coll = [r for r in records if r[0]["$mm"] == "coll"][0]
block = [r for r in records if r[1]][0]
cend = [r for r in records if r[0]["$mm"] == "cend"][0]
import copy
index = {"v": 2, "key": {"n": 1}, "name": "n_1"}
colls, rest = [], []
for i in range(10000):
    a, b, c = copy.deepcopy(coll), copy.deepcopy(block), copy.deepcopy(cend)
    a[0]["coll"] = "collection number %d" % i
    a[0]["indexes"] = [{"v": 2, "key": {"_id": 1}, "name": "_id_"}] + [dict(index, name="n%d" % k, key={"n%d" % k: 1}) for k in range(3)]
    a[0]["c"] = b[0]["c"] = c[0]["c"] = i
    b[1] = b[1][:1]
    c[0]["docs"], c[0]["bytes"], c[0]["sum"] = bson.Int64(1), bson.Int64(len(b[1][0])), total(b[1])
    colls.append(a)
    rest += [b, c]
records[1:-1] = colls + rest' <"$TMP/s" >"$TMP/many"
	"$PY" -c 'import resource, subprocess, sys
for command in (["mm-load", "-d", "bench", "--target", sys.argv[1], sys.argv[3]],
                ["mm-dump", "-d", "bench", "--source", sys.argv[1], "-o", sys.argv[2]]):
    subprocess.check_call(command)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak)
sys.exit(peak > 65536 and "plain" in sys.argv[4])' "$dst_uri" "$TMP/again" "$TMP/many" \
		"$(instrumented || echo plain)"
	run jq -c '[.docs, (.colls | length)]' <<<"$("$PY" "$TOOLS/restream.py" <"$TMP/again")"
	assert_output '[10000,10000]'
}
