bats_require_minimum_version 1.8.0
# What a log must not hold: each thing named with position and namespace, by
# mm-oplog-apply and by --dryRun, which reads with the same eyes; the checkpoint
# stands before it. (Unknown commands, filters: apply.bats; duplicate keys and
# the ledger: ledger.bats.)
load lib

setup() {
	start_server dst
	export MM_TARGET_URI=$dst_uri
	"$PY" "$TOOLS/mmstream.py" write-snapshot --source ledger --nsInclude 'shop.*' --from 10:0:1 --to 10:0:1 \
		<<<'{"ns": "shop.a", "doc": {"_id": 0}}' | mm-load -d shop --quiet
}

# bad CODE: plain entries: an insert, what CODE makes of the list `bad` (made
# with e, chain), an insert.
bad() {
	"$PY" - "$1" >"$TMP/log" <<-'P'
		import sys, bson
		from bson import Binary, Int64, Timestamp, SON, Code
		A, B = Binary(b"a" * 16, 4), Binary(b"b" * 16, 4)
		def e(op, ns, o, at=2, **more):
		    return SON([("op", op), ("ns", ns), ("o", o), ("ts", Timestamp(10, at)),
		                ("t", Int64(1)), ("v", Int64(2))] + list(more.items()))
		def update(o, at=2, **more):
		    return e("u", "shop.a", o, at, o2={"_id": 0}, **more)
		session = SON([("id", Binary(b"s" * 16, 4)), ("uid", Binary(b"u" * 32))])
		def chain(prev, o, at=2, number=1):
		    return e("c", "admin.$cmd", o, at, lsid=session, txnNumber=Int64(number),
		             prevOpTime=SON([("ts", prev), ("t", Int64(1))]))
		NONE, GONE = Timestamp(0, 0), Timestamp(9, 9)
		ops = [SON([("op", "i"), ("ns", "shop.a"), ("o", {"_id": "txn"})])]
		bad = eval(sys.argv[1])
		for entry in [e("i", "shop.a", {"_id": 1}, 1)] + bad + [e("i", "shop.a", {"_id": 9}, 9)]:
		    sys.stdout.buffer.write(bson.encode(entry) if not isinstance(entry, bytes) else entry)
	P
}

checkpoint() {
	py "$dst_uri" <<-'P'
		c = client.mm_control.jobs.find_one()["checkpoint"]["applied"]
		print("%d:%d:%d" % (c["ts"].time, c["ts"].inc, c["t"]))
	P
}

# refused STATUS PATTERN [CHECKPOINT]: by apply, which stops, and by --dryRun, which
# goes on.
refused() {
	run "-$1" mm-oplog-apply -d shop --input-format=bson --from 10:0:1 "$TMP/log"
	assert_output --regexp "$2"
	run checkpoint
	assert_output "${3:-10:1:1}"
	run py "$dst_uri" <<<'print(client.shop.a.find_one({"_id": "txn"}))'
	assert_output None
	# without a target, from the beginning
	MM_TARGET_URI='' run -1 --separate-stderr mm-oplog-apply -d shop --dryRun \
		--input-format=bson --from 10:0:1 "$TMP/log"
	assert_regex "$output" "$2"
	assert_equal "${#lines[@]}" 2
	assert_regex "${lines[0]}" $'^10:[0-9]+:1\t[a-z]+\\.[a-z$]+\trefused\t'
	assert_regex "${lines[1]}" '^[0-9]+ entries, 1 refused \([a-z]+ 1\), 0 skipped$'
	# and with the target's job
	run -1 --separate-stderr mm-oplog-apply -d shop --dryRun --input-format=bson \
		--from 10:0:1 "$TMP/log"
	assert_regex "$output" "$2"
	assert_equal "${#lines[@]}" 2
}

@test "operations and formats that are not known" {
	bad '[e("ki", "shop.a", {"_id": 2})]'
	refused 8 'operation "ki" on "shop.a" \(position 10:2:1\): unknown kind'
	bad '[dict(e("i", "shop.a", {"_id": 2}), v=Int64(3))]'
	refused 8 'on "shop.a" \(position 10:2:1\): the oplog is not of format 2'
	bad '[e("c", "shop.$cmd", {"frobnicate": "a"})]'
	refused 8 'frobnicate on "shop.\$cmd" at 10:2:1: unknown command'
}

@test "updates that cannot be right: by namespace, _id, position and place" {
	bad '[update(SON([("$v", 3), ("diff", {"u": {"a": 1}})]))]'
	refused 8 '"shop.a".*10:2:1.*\$v' 10:0:1
	bad '[update(SON([("$v", 2), ("diff", {"sa": {"q": 1}})]))]'
	refused 8 '"shop.a".*10:2:1.*sa' 10:0:1
	bad '[update(SON([("$v", 2)]))]'
	refused 8 '"shop.a".*10:2:1' 10:0:1
	bad '[update(SON([("$v", 1), ("$inc", {"n": 1})]))]'
	refused 8 '"shop.a".*10:2:1.*\$inc' 10:0:1
	bad '[e("u", "shop.a", {"$v": 2, "diff": {"u": {"a": 1}}})]'
	refused 8 '10:2:1.*"shop.a"'
	bad '[e("i", "shop.a", {"no": "id"})]'
	refused 8 '10:2:1.*"shop.a"'
}

@test "transactions without their beginning, middle or all of their operations" {
	bad '[chain(GONE, SON([("commitTransaction", 1), ("commitTimestamp", Timestamp(10, 1))]))]'
	refused 6 'commitTransaction at 10:2:1: the prepared transaction was not read'
	bad '[chain(GONE, SON([("applyOps", ops), ("count", Int64(2))]))]'
	refused 6 'applyOps at 10:2:1: the start of its chain was not read'
	bad '[e("c", "admin.$cmd", {"applyOps": [{"op": "i", "ns": "shop.a"}]})]'
	refused 8 '10:2:1'
	# a piece in the middle is one by itself until its end comes
	bad '[chain(GONE, SON([("applyOps", ops), ("partialTxn", True)])), chain(Timestamp(10, 2), SON([("applyOps", ops), ("count", Int64(3))]), 3)]'
	refused 6 'applyOps at 10:3:1: the start of its chain was not read' 10:2:1
	# one piece is missing between two
	bad '[chain(NONE, SON([("applyOps", ops), ("partialTxn", True)])), chain(Timestamp(10, 2), SON([("applyOps", ops), ("count", Int64(3))]), 4)]'
	refused 8 'applyOps at 10:4:1: 2 operations instead of 3' 10:2:1
	# applied already, it is no matter where one began
	bad '[]'
	mm-oplog-apply -d shop --input-format=bson --from 10:0:1 "$TMP/log"
	bad '[chain(GONE, SON([("applyOps", ops), ("count", Int64(2))]))]'
	mm-oplog-apply -d shop --input-format=bson --from 10:0:1 "$TMP/log"
}

@test "a collection that was dropped and made anew without a word in the log" {
	bad '[e("i", "shop.a", {"_id": 2}, 2, ui=A), e("d", "shop.a", {"_id": 2}, 3, ui=B)]'
	refused 8 '"shop.a" at position 10:3:1: the entry is about another collection' 10:2:1
	# told, it is right: by a drop, in a transaction, by a rename
	bad '[e("i", "shop.a", {"_id": 2}, 2, ui=A), e("c", "shop.$cmd", {"drop": "a"}, 3, ui=A), e("c", "shop.$cmd", {"create": "a"}, 4, ui=B), e("i", "shop.a", {"_id": 3}, 5, ui=B), e("i", "shop.b", {"_id": 4}, 6, ui=A), e("c", "shop.$cmd", SON([("renameCollection", "shop.a"), ("to", "shop.b"), ("dropTarget", True)]), 7, ui=B), e("i", "shop.b", {"_id": 5}, 8, ui=B)]'
	mm-oplog-apply -d shop --input-format=bson --from 10:0:1 "$TMP/log"
	run py "$dst_uri" <<<'print([d["_id"] for d in client.shop.b.find().sort("_id", 1)])'
	assert_output '[3, 5]'
}

@test "what is too large, or no length at all" {
	bad '[e("i", "shop.a", SON([("_id", 2), ("x", "x" * 16777216)]))]'
	refused 8 '10:2:1.*shop.a.*the document would exceed 16 MiB' 10:0:1
	bad '[(18 << 20).to_bytes(4, "little") + b"\0" * 100]'
	run -3 mm-oplog-apply -d shop --input-format=bson --from 10:0:1 "$TMP/log"
	assert_output --partial 'document length 18874368 is not within'
	run checkpoint
	assert_output 10:1:1
	MM_TARGET_URI='' run -3 mm-oplog-apply -d shop --dryRun --input-format=bson --from 10:0:1 "$TMP/log"
}

@test "what the target refuses: into the ledger, by namespace, _id and position" {
	# a validator is of no concern, its source has let it in
	py "$dst_uri" <<<'client.shop.command("collMod", "a", validator={"_id": {"$lt": 2}})
client.shop.a.create_index("k", unique=True, sparse=True)'
	bad '[e("i", "shop.a", SON([("_id", 5), ("k", 1)])), e("i", "shop.a", SON([("_id", 6), ("k", 1)]), 3)]'
	run -8 mm-oplog-apply -d shop --input-format=bson --from 10:0:1 --ledger "$TMP/ledger" "$TMP/log"
	assert_output --regexp 'position 10:3:1 to "shop.a", _id .*6.*duplicate key'
	run checkpoint
	assert_output 10:0:1
	run bash -o pipefail -c 'mm-cat json --relaxed "$1"/* | grep -c refused' _ "$TMP/ledger"
	assert_output 1
	# which a look at the log alone cannot know
	MM_TARGET_URI='' run -0 mm-oplog-apply -d shop --dryRun --input-format=bson --from 10:0:1 "$TMP/log"
}

@test "--dryRun: all at once, of entries and of streams, what is skipped, what it needs" {
	bad '[e("i", "crm.a", {"_id": 2}), e("c", "shop.$cmd", {"startIndexBuild": "a", "indexes": []}, 3), e("c", "shop.$cmd", SON([("create", "ts"), ("timeseries", {"timeField": "t"})]), 4), e("c", "shop.$cmd", SON([("collMod", "a"), ("validator", {})]), 5), e("c", "shop.$cmd", SON([("renameCollection", "crm.z"), ("to", "shop.a")]), 6), update({"$v": 9}, 7)]'
	MM_TARGET_URI='' run -1 --separate-stderr mm-oplog-apply -d shop --dryRun --ddl ignore \
		--input-format=bson --from 10:0:1 "$TMP/log"
	assert_regex "${lines[0]}" $'^10:3:1\tshop.\\$cmd\tskipped\tstartIndexBuild: nothing to do'
	assert_regex "${lines[1]}" $'^10:4:1\tshop.\\$cmd\trefused\tcreate on "shop.ts" at 10:4:1: time'
	assert_regex "${lines[2]}" $'^10:5:1\tshop.\\$cmd\tskipped\tcollMod: --ddl ignore'
	assert_regex "${lines[3]}" $'^10:6:1\tshop.\\$cmd\trefused\t.*renameCollection'
	assert_regex "${lines[4]}" $'^10:7:1\tshop.a\trefused\t.*\\$v'
	assert_equal "${lines[5]}" '7 entries, 3 refused (update 1, catalog 2), 2 skipped'
	# nothing was written; up to a position it would do
	run checkpoint
	assert_output 10:0:1
	MM_TARGET_URI='' run -0 mm-oplog-apply -d shop --dryRun --input-format=bson --until 10:3 --from 10:0:1 "$TMP/log"
	# a stream, as it comes from elsewhere
	"$PY" "$TOOLS/mmstream.py" write-oplog --source ledger --nsInclude 'shop.*' --after 10:0:1 --encoding bare >"$TMP/plain" <<-'J'
		{"at": "10:1:1", "op": "i", "ns": "shop.a", "doc": {"_id": 1}}
		{"at": "10:2:1", "txn": [{"op": "i", "ns": "shop.a", "doc": {"_id": 2}}, {"op": "i", "ns": "shop.a", "doc": {"_id": 3}}]}
		{"at": "10:3:1", "op": "i", "ns": "shop.a", "doc": {"_id": 4}}
	J
	"$PY" "$TOOLS/restream.py" "
row = next(r for r in records if any(b'txn' in d for d in r[1] or []))
i = max(i for i, d in enumerate(row[1]) if b'txn' in d)
e = bson.decode(row[1][i], codec_options=SON_CODEC)
e['op'] = 'zz'
row[1][i] = bson.encode(e)" <"$TMP/plain" >"$TMP/log"
	run -1 --separate-stderr mm-oplog-apply -d shop --dryRun "$TMP/log"
	assert_regex "${lines[0]}" $'^10:2:1\tshop.a\trefused\t'
	assert_equal "${lines[1]}" '4 entries, 1 refused (entry 1), 0 skipped'
	run -8 mm-oplog-apply -d shop "$TMP/log"
	run -0 mm-oplog-apply -d shop --dryRun "$TMP/plain"
	head -c -1 "$TMP/plain" >"$TMP/cut"
	run -3 mm-oplog-apply -d shop --dryRun "$TMP/cut"
	# with a target its job counts
	"$PY" "$TOOLS/mmstream.py" write-oplog --source other --nsInclude 'shop.*' --after 10:0:1 </dev/null >"$TMP/other"
	run -8 mm-oplog-apply -d shop --dryRun "$TMP/other"
	MM_TARGET_URI='' run -0 mm-oplog-apply -d shop --dryRun "$TMP/other"
}
