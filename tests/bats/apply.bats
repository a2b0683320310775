bats_require_minimum_version 1.8.0
# mm-oplog-apply: what it takes, and where its checkpoint stands.
load lib
load apply_lib

@test "another store as the source: inserts, updates, deletes, groups; twice" {
	store 10:0:1 <<-'J'
		{"ns": "shop.a", "doc": {"_id": 1, "n": 1}}
		{"ns": "shop.a", "doc": {"_id": 2, "n": 2}}
	J
	changes 10:0:1 >"$TMP/log" <<-'J'
		{"at": "10:1:1", "op": "i", "ns": "shop.b", "doc": {"_id": "x"}}
		{"at": "10:2:1", "op": "u", "ns": "shop.a", "doc": {"_id": 1, "n": 10}}
		{"at": "10:3:1", "txn": [{"op": "d", "ns": "shop.a", "_id": 2}, {"op": "i", "ns": "shop.a", "doc": {"_id": 3}}]}
		{"at": "10:4:1", "op": "i", "ns": "shop.a", "doc": {"_id": 2, "again": true}}
		{"at": "10:9:1", "mark": true}
	J
	run mm-oplog-apply -d shop <"$TMP/log"
	assert_success
	assert_output --partial 'applied 5 entries, checkpoint 10:9:1'
	run docs a
	assert_output "[{'_id': 1, 'n': 10}, {'_id': 2, 'again': True}, {'_id': 3}]"
	run docs b
	assert_output "[{'_id': 'x'}]"
	run mm-oplog-apply -d shop "$TMP/log" "$TMP/log"
	assert_success
	assert_output --partial 'applied 0 entries'
	run mm-oplog-apply -d shop --print-position
	assert_output 10:9:1
}

@test "a log cut at each record, and one byte before: 3, and the rest goes on from there" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0, "n": 0}}'
	log_lines 1 12 | changes 10:0:1 --encoding bare >"$TMP/log"
	local borders at last=10:0:1 now
	borders=$("$PY" - "$TMP/log" <<-'P'
		import sys, struct
		data, at = open(sys.argv[1], "rb").read(), 0
		while at < len(data):
		    print(at - 1 if at else "", at)
		    at += struct.unpack_from("<i", data, at)[0]
		print(at - 1)
	P
	)
	for at in $borders; do
		head -c "$at" "$TMP/log" >"$TMP/cut"
		run -3 mm-oplog-apply -d shop "$TMP/cut"
		now=$(checkpoint)
		IFS=: read -r _ a _ <<<"$last"
		IFS=: read -r _ b _ <<<"$now"
		((b >= a && b <= a + 1))
		last=$now
	done
	[[ $last == 10:12:1 ]]
	run mm-oplog-apply -d shop "$TMP/log"
	assert_success
	run docs a
	assert_output "[{'_id': 12, 'n': 12}]"
}

@test "killed before a checkpoint: its own writes are not strange to the next run" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	changes 10:0:1 --encoding bare >"$TMP/log" <<-'J'
		{"at": "10:1:1", "op": "i", "ns": "shop.a", "doc": {"_id": 1}}
		{"at": "10:2:1", "op": "d", "ns": "shop.a", "_id": 0}
	J
	mkfifo "$TMP/fifo"
	run_bg apply bash -c 'exec mm-oplog-apply -d shop <"$1"' _ "$TMP/fifo"
	exec 9>"$TMP/fifo"
	# all but its end: the first checkpoint is due a second after the begin
	head -c -10 "$TMP/log" >&9
	gone() { [[ $(docs a) == "[{'_id': 1}]" ]]; }
	wait_until 10 gone
	kill -9 "$apply_pid"
	wait "$apply_pid" || true
	exec 9>&-
	# where it was slow, one was saved
	py "$dst_uri" <<<'client.mm_control.jobs.update_one({}, {"$set": {"checkpoint.applied.ts": Timestamp(10, 0)}})'
	run mm-oplog-apply -d shop --status-file "$TMP/st" "$TMP/log"
	assert_success
	assert_output --partial 'applied 2 entries'
	run jq .diverged "$TMP/st"
	assert_output 0
	# what comes later is judged strictly again
	changes 10:2:1 >"$TMP/log" <<<'{"at": "500:1:1", "op": "d", "ns": "shop.a", "_id": 7}'
	mm-oplog-apply -d shop --status-file "$TMP/st" "$TMP/log"
	run jq .diverged "$TMP/st"
	assert_output 1
}

@test "--until is inclusive and takes whole groups" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	changes 10:0:1 --encoding live >"$TMP/log" <<-'J'
		{"at": "10:1:1", "op": "i", "ns": "shop.a", "doc": {"_id": 1}}
		{"at": "10:3:1", "txn": [{"op": "i", "ns": "shop.a", "doc": {"_id": 2}}, {"op": "i", "ns": "shop.a", "doc": {"_id": 3}}]}
		{"at": "10:5:1", "op": "i", "ns": "shop.a", "doc": {"_id": 4}}
	J
	mm-oplog-apply -d shop --until 10:2 "$TMP/log"
	run docs a
	assert_output "[{'_id': 0}, {'_id': 1}]"
	mm-oplog-apply -d shop --until 10:3 "$TMP/log"
	run docs a
	assert_output "[{'_id': 0}, {'_id': 1}, {'_id': 2}, {'_id': 3}]"
	run checkpoint
	assert_output 10:3:1
	mm-oplog-apply -d shop --until 10:1 "$TMP/log"
	run checkpoint
	assert_output 10:3:1
	mm-oplog-apply -d shop "$TMP/log"
	run checkpoint
	assert_output 10:5:1
}

@test "capped: order kept, a log given twice adds nothing" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	py "$dst_uri" <<<'client.shop.create_collection("ring", capped=True, size=65536, max=20)'
	"$PY" - >"$TMP/lines" <<-'P'
		import json
		for i in range(1, 51):
		    print(json.dumps({"at": "10:%d:1" % i, "op": "i", "ns": "shop.ring", "doc": {"_id": i, "n": "y" * 10}}))
		    if i == 45:
		        print(json.dumps({"at": "10:%d:2" % 45, "mark": True}))
		print(json.dumps({"at": "10:60:1", "op": "u", "ns": "shop.ring", "doc": {"_id": 48, "n": "z" * 10}}))
	P
	changes 10:0:1 --seen 10:70:1 <"$TMP/lines" >"$TMP/log"
	mm-oplog-apply -d shop --workers 8 "$TMP/log"
	ring() { py "$dst_uri" <<<'print([d["_id"] for d in client.shop.ring.find()], client.shop.ring.find_one({"_id": 48})["n"])'; }
	run ring
	assert_output "$("$PY" -c 'print(list(range(31, 51)), "z" * 10)')"
	py "$dst_uri" <<<'client.mm_control.jobs.update_one({}, {"$set": {"checkpoint.applied.ts": Timestamp(10, 40)}})'
	mm-oplog-apply -d shop "$TMP/log"
	run ring
	assert_output "$("$PY" -c 'print(list(range(31, 51)), "z" * 10)')"
}

@test "_ids of equal value in one lane, coalesced and not; every _id type" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	"$PY" - >"$TMP/lines" <<-'P'
		import json, random
		r = random.Random(3)
		forms = [{"$numberInt": "%d"}, {"$numberLong": "%d"}, {"$numberDouble": "%d.0"}, {"$numberDecimal": "%d.0"}]
		for i in range(1, 3001):
		    k = r.randrange(40)
		    _id = {n: v % k for n, v in r.choice(forms).items()}
		    op = {"op": "d", "_id": _id} if r.random() < 0.4 else {"op": "i", "doc": {"_id": _id, "n": i}}
		    print(json.dumps({"at": "10:%d:1" % i, "ns": "shop.ids", **op}))
	P
	changes 10:0:1 --seen 10:9999:1 <"$TMP/lines" >"$TMP/log"
	mm-oplog-apply -d shop --workers 7 --batch-ops 50 "$TMP/log"
	py "$dst_uri" "$TMP/lines" <<-'P'
		from bson import json_util
		opts = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL)
		want = {}
		for line in open(sys.argv[2]):
		    e = json_util.loads(line, json_options=opts)
		    _id = e["_id"] if e["op"] == "d" else e["doc"]["_id"]
		    key = int(_id.to_decimal()) if isinstance(_id, Decimal128) else int(_id)
		    want.pop(key, None)
		    if e["op"] == "i":
		        want[key] = bson.encode(e["doc"])
		have = sorted(d.raw for d in client.shop.get_collection("ids", bson.codec_options.CodecOptions(document_class=bson.raw_bson.RawBSONDocument)).find())
		assert have == sorted(want.values()), (len(have), len(want))
	P
}

@test "segments: replayed to a position, to the end, followed; a missing one is 6" {
	start_server src
	export MM_SOURCE_URI=$src_uri
	py "$src_uri" <<<'client.shop.a.insert_many([{"_id": i} for i in range(50)])'
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	local from i
	from=$(mm-oplog-apply -d shop --print-position)
	for i in 1 2 3 4; do
		py "$src_uri" "$i" <<<'[client.shop.a.update_one({"_id": i}, {"$set": {"n": int(sys.argv[2])}, "$push": {"l": i}}) for i in range(50)]'
		mm-oplog-tail -D "$TMP/seg" --from "$from" -d shop --exit-when-caught-up
	done
	mapfile -t positions < <(jq -r .last "$TMP/seg/MANIFEST.jsonl")
	run -2 mm-oplog-apply -d shop --exit-when-caught-up
	mm-oplog-apply -D "$TMP/seg" -d shop --until "${positions[1]}"
	run checkpoint
	assert_output "${positions[1]}"
	run py "$dst_uri" <<<'print(client.shop.a.count_documents({"n": 2, "l": {"$size": 2}}))'
	assert_output 50
	mv "$TMP"/seg/*"$("$PY" -c 'import sys, time; s, i, _ = sys.argv[1].split(":"); print(time.strftime("_%Y%m%dT%H%M%SZ-", time.gmtime(int(s))) + "%010d" % int(i))' "${positions[2]}").oplog.bson.zst" "$TMP/kept"
	run -6 mm-oplog-apply -D "$TMP/seg" -d shop --exit-when-caught-up
	run checkpoint
	assert_output "${positions[1]}"
	mv "$TMP/kept" "$TMP/seg/$(jq -rs '.[2].file' "$TMP/seg/MANIFEST.jsonl")"
	mm-oplog-apply -D "$TMP/seg" -d shop --exit-when-caught-up
	assert_same "$src_uri" "$dst_uri" shop
	# followed, with an end when the lag is small
	run_bg tail mm-oplog-tail -D "$TMP/seg" -d shop --heartbeat 0.2 --status-file "$TMP/tail.st"
	py "$src_uri" <<<'client.shop.a.delete_many({"_id": {"$lt": 10}})'
	mm-oplog-apply -D "$TMP/seg" -d shop --exit-when-lag 2
	wait_until 20 reaches tail.st position "$(position)"
	stop tail
	mm-oplog-apply -D "$TMP/seg" -d shop --exit-when-caught-up
	assert_same "$src_uri" "$dst_uri" shop
}

@test "renamed on the way: --nsFrom and --nsTo of the load" {
	"$PY" "$TOOLS/mmstream.py" write-snapshot --source ledger --nsInclude 'shop.*' \
		--from 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}' |
		mm-load -d shop --nsFrom 'shop.*' --nsTo 'new.*' --quiet
	log_lines 1 6 | changes 10:0:1 >"$TMP/log"
	run -8 mm-oplog-apply -d shop "$TMP/log"
	mm-oplog-apply -d shop --nsFrom 'shop.*' --nsTo 'new.*' "$TMP/log"
	run py "$dst_uri" <<<'print(sorted(client.list_database_names()), list(client.new.a.find()))'
	assert_output --partial "'new'] [{'_id': 6, 'n': 6}]"
	refute_output --partial shop
}

@test "memory: 150 MB of log, documents of up to 1 MiB, at most 256 MiB" {
	require_plain
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	PYTHONPATH=$TOOLS "$PY" - "$TMP/log" <<-'P'
		import sys, random, bson, mmstream
		from bson import SON, Int64, Timestamp
		r, pos = random.Random(1), lambda i: SON([("ts", Timestamp(10, i)), ("t", Int64(1))])
		w = mmstream.Writer(open(sys.argv[1], "wb"), "oplog", [
		    ("source", SON([("set", "ledger")])),
		    ("filters", SON([("include", ["shop.*"]), ("exclude", []), ("rename", [])])),
		    ("after", pos(0)), ("seen", pos(10000000))], "bulk")
		big = "b" * (1 << 20)
		for i in range(1, 3001):
		    k = r.randrange(400)
		    o = SON([("_id", k), ("text", big[:r.randrange(100, 100000 if i % 50 else 1 << 20)])])
		    if i > 500 and i % 3:
		        e = [("op", "u"), ("o2", SON([("_id", k)])), ("o", SON([("$v", 2), ("diff", SON([("u", SON([("n", i)]))]))]))]
		    else:
		        e = [("op", "i"), ("o", o)]
		    w.block(0, [bson.encode(SON(list(pos(i).items()) + [("v", Int64(2)), ("ns", "shop.a")] + e))], [("first", pos(i)), ("last", pos(i))])
		w.end("until", [("to", pos(3000)), ("readFrom", pos(3000))])
	P
	run "$PY" - "$TMP/log" <<-'P'
		import sys, subprocess, resource
		p = subprocess.run(["mm-oplog-apply", "-d", "shop", sys.argv[1]])
		print(p.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
	P
	assert_output --regexp '^0 [0-9]+$|
0 [0-9]+$'
	[[ ${lines[-1]#* } -le 256 ]]
}

@test "unreachable target 5; no rights, router 8; a signal drains and ends with 0" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	log_lines 1 3 | changes 10:0:1 >"$TMP/log"
	run -5 timeout $((300 * MM_SLOW)) mm-oplog-apply --target 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500' -d shop "$TMP/log"
	run -3 mm-oplog-apply -d shop </dev/null
	run -7 mm-oplog-apply -d shop "$TMP/nothing"
	mkfifo "$TMP/fifo"
	run_bg apply bash -c 'exec mm-oplog-apply -d shop <"$1"' _ "$TMP/fifo"
	exec 9>"$TMP/fifo"
	head -c $(($(stat -c %s "$TMP/log") - 40)) "$TMP/log" >&9
	has_lease() { py "$dst_uri" <<<'sys.exit("apply" not in str(client.mm_control.jobs.find_one()["writer"]))'; }
	wait_until 10 has_lease
	kill "$apply_pid"
	wait "$apply_pid"
	exec 9>&-
	require_sim
	start_sim router --pose mongos
	run -8 mm-oplog-apply --target "mongodb://127.0.0.1:$router_port/?directConnection=true" -d shop "$TMP/log"
	start_sim locked --auth admin:geheim
	run -8 mm-oplog-apply --target "$locked_uri" -d shop "$TMP/log"
}
