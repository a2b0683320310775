bats_require_minimum_version 1.8.0
# mm-diff: every planted difference in the right class, and none invented.
load lib
load diff_lib
# bats file_tags=server

setup() {
	start_both
}

@test "equal data of every _id type: 0, and every document is compared" {
	on_both <<-'P'
		import datetime
		c = client.shop.ids
		nan = float("nan")
		ids = [MinKey(), MaxKey(), None, 1, Int64(2), 3.5, -0.0, nan,
		       float("inf"), -float("inf"), Decimal128("4.25"),
		       Decimal128("-1.5"), Int64(2**62), 2.0**70, "", "a", "A",
		       "\u00e4", "a\x00b", {}, {"a": 1}, {"a": 1, "b": 2},
		       {"b": 2, "a": 1}, {"a": {"b": None}}, Binary(b""),
		       Binary(b"xy"), Binary(b"xy", 128), Binary(b"x" * 300),
		       ObjectId("0" * 24), ObjectId("f" * 24), False, True,
		       datetime.datetime(1950, 1, 1), datetime.datetime(2026, 1, 1),
		       Timestamp(1, 1), Timestamp(4294967295, 1)]
		for n, i in enumerate(ids):
		    c.insert_one({"_id": i, "n": n})
		client.shop.empty.create_index("x", name="x")
		client.other.x.insert_one({"_id": 1, "pid": os.getpid()})
	P
	run --separate-stderr -0 mm-diff -d shop
	assert_equal "$stderr" ''
	assert_line --index -1 'total: collections=2 source=36 target=36 missing=0 extra=0 content=0 order-only=0 type-only=0 sequence=0 stale=0 foreign=0 range=0 metadata=0 staged=0 pending=0 unstable=0 differences=0'
	run -0 mm-diff -d shop --by-lookup
	assert_line --partial 'source=36 target=36 missing=0'
	# What is not selected is not looked at, and selected it differs.
	run -1 mm-diff
	assert_line --regexp $'^content\tother.x\t\{ "\$numberInt" : "1" \}$'
}

@test "planted faults: over 100 of each class found, none invented, by either method" {
	on_both <<-'P'
		import datetime
		random.seed(3)
		docs = []
		for i in range(3000):
		    key = [i, "k%05d" % i, Int64(i) * 2**33, ObjectId("%024x" % i),
		           {"a": i}, i + 0.5, Decimal128("%d.25" % i), Binary(b"%d" % i),
		           Timestamp(i, 1), Int64(-1000000 - i),
		           datetime.datetime(2000, 1, 1) + datetime.timedelta(0, i)][i % 11]
		    docs.append(SON([("_id", key), ("a", i), ("b", "x" * (i % 300)),
		                     ("c", [i, {"d": i}])]))
		client.shop.big.insert_many(docs)
		client.shop.same.insert_many({"_id": i} for i in range(500))
	P
	plant <<-'P'
		for d in take(120):                      # a field more, far down
		    d["c"][1]["e"] = None
		    put(d)
	P
	run wc -l <"$TMP/planted"
	assert_output 960
	for how in '--workers 1' '--workers 4 --partition-size 64K' '--by-lookup'; do
		# shellcheck disable=SC2086
		run --separate-stderr -1 mm-diff -d shop --format json $how -o "$TMP/report"
		assert_equal "$stderr" ''
		found "$TMP/report" >"$TMP/found"
		run -0 diff "$TMP/planted" "$TMP/found"
		run jq -c 'select(.total) | [.missing, .extra, .content, .order_only, .type_only, .differences, .source_docs, .target_docs]' "$TMP/report"
		assert_output '[120,120,480,120,120,960,3500,3500]'
	done
	# The stream says the same.
	run -1 mm-diff -d shop --format stream -o "$TMP/report.zst"
	mm-cat verify "$TMP/report.zst"
	mm-cat json "$TMP/report.zst" | found /dev/stdin >"$TMP/found"
	run -0 diff "$TMP/planted" "$TMP/found"
	# And so does the text.
	run -1 mm-diff -d shop -o "$TMP/report.txt"
	run bash -c 'grep -cP "^(missing|extra|content|order-only|type-only)\tshop.big\t" "$1"' _ "$TMP/report.txt"
	assert_output 960
}

@test "collections, views, options and indexes: over 100 wrong, each named" {
	on_both <<-'P'
		db = client.shop
		for i in range(110):
		    db["i%03d" % i].create_index([("a", 1)], name="a_1")
		    db["o%03d" % i].insert_one({"_id": 1})
		db.create_collection("seen", viewOn="o001", pipeline=[{"$match": {"a": 1}}])
		db.create_collection("valid", validator={"a": {"$gt": 1}})
		db.create_collection("ring", capped=True, size=65536, max=10)
		db.plain.create_index([("b", 1), ("c", -1)], name="b_c", sparse=True)
	P
	run -0 mm-diff -d shop
	py "$dst_uri" <<-'P'
		db = client.shop
		for i in range(110):
		    c = db["i%03d" % i]
		    c.drop_index("a_1")
		    c.create_index([("a", 1)], name="a_1",
		                   **[{"sparse": True}, {"unique": True},
		                      {"expireAfterSeconds": 5}][i % 3])
		for i in range(0, 110, 2):
		    db["o%03d" % i].drop()
		    db["e%03d" % i].insert_one({"_id": 1})
		db.seen.drop()
		db.create_collection("seen", viewOn="o001", pipeline=[{"$match": {"a": 2}}])
		db.create_collection("seen2", viewOn="o001", pipeline=[])
		db.valid.drop()
		db.create_collection("valid", validator={"a": {"$gt": 2}})
		db.ring.drop()
		db.create_collection("ring", capped=True, size=65536, max=11)
		db.plain.drop_index("b_c")
		db.plain.create_index("d", name="d")
	P
	run -1 mm-diff -d shop -o "$TMP/report"
	assert_equal "$(grep -cP '^metadata\tshop.i\d+\tindex a_1\tdiffers in (sparse|unique|expireAfterSeconds)$' "$TMP/report")" 110
	assert_equal "$(grep -cP '^metadata\tshop.o\d+\tcollection\tmissing on the target$' "$TMP/report")" 55
	assert_equal "$(grep -cP '^metadata\tshop.e\d+\tcollection\tonly on the target$' "$TMP/report")" 55
	run cat "$TMP/report"
	assert_line $'metadata\tshop.seen\tview\tdiffers in pipeline'
	assert_line $'metadata\tshop.seen2\tview\tonly on the target'
	assert_line $'metadata\tshop.valid\toptions\tdiffers in validator'
	assert_line $'metadata\tshop.ring\toptions\tdiffers in max'
	assert_line $'metadata\tshop.plain\tindex b_c\tmissing on the target'
	assert_line $'metadata\tshop.plain\tindex d\tonly on the target'
	# The documents of a missing collection are missing, too.
	assert_line --index -1 --partial 'missing=55 extra=55 content=0 order-only=0 type-only=0 sequence=0 stale=0 foreign=0 range=0 metadata=226 staged=0 pending=0 unstable=0 differences=336'
}

@test "capped collections: natural order is part of the data" {
	on_both <<-'P'
		client.shop.create_collection("ring", capped=True, size=1 << 20)
	P
	py "$src_uri" <<-'P'
		client.shop.ring.insert_many({"_id": i, "n": i} for i in range(4000))
	P
	py "$dst_uri" <<-'P'
		order = list(range(4000))
		for i in range(0, 1200, 10):         # 120 pairs of neighbours
		    order[i], order[i + 1] = order[i + 1], order[i]
		gone = set(range(1205, 2405, 10)) | {3999}
		order = list(range(-110, 0)) + [i for i in order if i not in gone]
		client.shop.ring.insert_many(
		    {"_id": i, "n": i + (2500 <= i < 2620)} for i in order)
	P
	run -1 mm-diff -d shop --format json -o "$TMP/report"
	found "$TMP/report" >"$TMP/found"
	run jq -rsc '[.[] | .[0]] | group_by(.) | map([.[0], length]) | tojson' "$TMP/found"
	assert_output '[["content",120],["extra",110],["missing",121],["sequence",240]]'
}

@test "renamed by --nsFrom and --nsTo, what only the target has included" {
	py "$src_uri" <<-'P'
		for name in ["a", "b"]:
		    client.shop[name].insert_many({"_id": i} for i in range(10))
		client.shop.create_collection("v", viewOn="a", pipeline=[])
	P
	py "$dst_uri" <<-'P'
		for name in ["old_a", "old_b"]:
		    client.store[name].insert_many({"_id": i} for i in range(10))
		client.store.create_collection("old_v", viewOn="old_a", pipeline=[])
		client.store.elsewhere.insert_one({"_id": 1})
	P
	local rename=(-d shop --nsFrom 'shop.*' --nsTo 'store.old_*')
	run -0 mm-diff "${rename[@]}"
	assert_line --partial 'collections=3 source=20 target=20'
	assert_line --partial 'shop.a -> store.old_a'
	py "$dst_uri" <<<'client.store.old_c.insert_one({"_id": 1}); client.store.old_a.delete_one({"_id": 3})'
	run -1 mm-diff "${rename[@]}" --format json -o "$TMP/report"
	run found "$TMP/report"
	assert_output '["extra","shop.c",{"$numberInt":"1"}]
["metadata","shop.c","collection"]
["missing","shop.a",{"$numberInt":"3"}]'
	run jq -r 'select(.class == "missing") | .target_ns' "$TMP/report"
	assert_output store.old_a
	# Two that would become one are refused.
	run --separate-stderr -8 mm-diff -d shop --nsFrom shop.a --nsTo shop.b
	assert_regex "$stderr" 'both mapped to "shop.b"'
}

@test "documents of 16 MiB that differ in the last byte" {
	on_both <<-'P'
		size = 16777216 - 64
		for i in range(3):
		    client.shop.large.insert_one(
		        {"_id": i, "b": Binary(b"\0" * (size - 1) + b"\1")})
	P
	run -0 mm-diff -d shop
	py "$dst_uri" <<-'P'
		client.shop.large.replace_one(
		    {"_id": 1}, {"_id": 1, "b": Binary(b"\0" * (16777216 - 64))})
	P
	run -1 mm-diff -d shop
	assert_line $'content\tshop.large\t{ "$numberInt" : "1" }'
	assert_line --partial 'source=3 target=3 missing=0 extra=0 content=1 '
}

@test "an _id that no text can show, and names that must not reach a terminal" {
	py "$src_uri" <<-'P'
		raw = b"\x02_id\x00\x03\x00\x00\x00\xff\xfe\x00"
		doc = (len(raw) + 5).to_bytes(4, "little") + raw + b"\x00"
		client.shop["a\x1b\tb"].insert_one(bson.raw_bson.RawBSONDocument(doc))
	P
	run -1 mm-diff -d shop
	assert_line $'missing\tshop.a\\x1b\\x09b\t{"$raw": {"type": 2, "hex": "03000000fffe00"}}'
	run bash -c 'mm-diff -d shop --format json | jq -r "select(.class == \"missing\") | .ns"'
	assert_output $'shop.a\x1b\tb'
}

@test "interrupted: 9, and the report says that it is none" {
	on_both <<-'P'
		client.shop.big.insert_many({"_id": i, "x": "y" * 1000} for i in range(4000))
	P
	run_bg slow mm-diff -d shop --rate-limit 64K --status-file "$TMP/status" \
		--format stream -o "$TMP/report.zst"
	wait_until 10 grep -q '"state":"comparing"' "$TMP/status"
	kill -TERM "$slow_pid"
	assert_ends 9 "$slow_pid"
	run cat "$TMP/slow.err"
	assert_output --partial 'stopped before the end: no result'
	run jq -r .state "$TMP/status"
	assert_output stopped
	run mm-cat json "$TMP/report.zst"
	refute_output --partial '"complete"'
	run_bg slow mm-diff -d shop --rate-limit 64K --status-file "$TMP/status"
	wait_until 10 grep -q '"state":"comparing"' "$TMP/status"
	kill -TERM "$slow_pid"
	assert_ends 9 "$slow_pid"
	run tail -n 1 "$TMP/slow.out"
	assert_output --regexp '^stopped, not a result: '
}

# assert_ends STATUS PID: a program in the background.
assert_ends() {
	local status=0
	wait "$2" || status=$?
	assert_equal "$status" "$1"
}

@test "unreachable: 4 and 5; refused: 8; wrong use: 2" {
	py "$src_uri" <<<'client.shop.a.insert_one({"_id": 1})'
	local nobody='mongodb://127.0.0.1:1/?replicaSet=x&serverSelectionTimeoutMS=500'
	run --separate-stderr -4 env MM_SOURCE_URI="$nobody" mm-diff
	assert_regex "$stderr" '^mm-diff: error: '
	run --separate-stderr -5 env MM_TARGET_URI="$nobody" mm-diff
	run --separate-stderr -8 env MM_TARGET_URI="$src_uri" mm-diff
	assert_regex "$stderr" 'the same replica set'
	run --separate-stderr -8 mm-diff --job nosuch
	assert_regex "$stderr" 'no job "nosuch"'
	run --separate-stderr -2 mm-diff -c orders
	run --separate-stderr -2 mm-diff --format xml
	run --separate-stderr -2 mm-diff -Z gzip --format stream
	run --separate-stderr -2 mm-diff operand
	start_sim router --pose mongos
	run --separate-stderr -8 env MM_TARGET_URI="mongodb://127.0.0.1:$router_port/" mm-diff
}

@test "a full or closed output: 7 and SIGPIPE" {
	on_both <<-'P'
		client.shop.big.insert_many({"_id": i} for i in range(2000))
	P
	py "$dst_uri" <<<'client.shop.big.delete_many({})'
	run -7 bash -c 'mm-diff -d shop >/dev/full'
	run -7 mm-diff -d shop -o /nonexistent/report
	run bash -c 'mm-diff -d shop | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}'
	assert_output 141
}

@test "memory is the same at 100,000 and 400,000 documents, and below 64 MiB" {
	require_plain
	local peak=()
	for count in 100000 400000; do
		on_both "$count" <<-'P'
			n = int(sys.argv[2])
			have = client.shop.big.estimated_document_count()
			for i in range(have, n, 10000):
			    client.shop.big.insert_many(
			        [{"_id": k, "x": "y" * 40} for k in range(i, min(n, i + 10000))])
		P
		run -0 "$PY" -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
			mm-diff -d shop --partition-size 1M
		assert_line --partial "source=$count target=$count"
		peak+=("${lines[-1]}")
	done
	echo "peak KiB: ${peak[*]}"
	((peak[1] < 64 * 1024))
	((peak[1] < peak[0] + 6 * 1024))
}

# fired_all URI: how many faults have happened there.
fired_all() {
	simulate "$1" '{"simulate": "status"}' | jq '[.fired[]] | add // 0'
}

@test "killed cursors, lost replies, cut connections on either side: the same answer" {
	require_sim
	stop_servers
	start_sim src
	start_sim dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	on_both <<-'P'
		client.shop.big.insert_many({"_id": i, "x": "y" * 500} for i in range(12000))
		client.shop.create_collection("ring", capped=True, size=8 << 20)
		client.shop.ring.insert_many({"_id": i, "x": "y" * 500} for i in range(6000))
	P
	py "$dst_uri" <<-'P'
		client.shop.big.delete_many({"_id": {"$in": list(range(0, 12000, 100))}})
		for i in range(50, 12000, 100):
		    client.shop.big.replace_one({"_id": i}, {"_id": i, "x": "z"})
		    client.shop.big.insert_one({"_id": i + 0.5})
	P
	mm-diff -d shop --format json -o "$TMP/report" || true
	found "$TMP/report" >"$TMP/wanted"
	run wc -l <"$TMP/wanted"
	assert_output 360
	RANDOM=11
	local round uri how fault after count=(0 0)
	for round in {1..16}; do
		uri=$src_uri how=''
		((round % 2)) || uri=$dst_uri
		((round % 3)) || how=--by-lookup
		((round % 5)) || how='--partition-size 1M'
		after=$((RANDOM % 5))
		case $((round % 4)) in
		0) fault='"killCursors"' ;;
		1) fault='"loseReply", "command": "getMore"' ;;
		2) fault='"loseReply", "command": "find"' after=0 ;;
		3) fault='"fail", "command": "getMore", "code": 11602' ;;
		esac
		simulate "$uri" "{\"simulate\": $fault, \"ns\": \"shop.big\", \"after\": $after}" >/dev/null
		# shellcheck disable=SC2086
		run --separate-stderr -1 mm-diff -d shop --format json $how -o "$TMP/report"
		count[$((round % 2))]=$((count[round % 2] + 1))
		assert_equal "$round: $(fired_all "$uri")" "$round: ${count[round % 2]}"
		found "$TMP/report" >"$TMP/found"
		run diff "$TMP/wanted" "$TMP/found"
		assert_output ''
	done
}
