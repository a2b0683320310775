bats_require_minimum_version 1.8.0
# mm-cat cut: a wide archive becomes what the narrower one would have been.
load lib

# One log of two businesses, with transactions that touch both, one of which
# ends with an operation of the other business, and DDL.
setup() {
	start_server src
	export MM_SOURCE_URI=$src_uri
	py "$src_uri" <<-'P'
		for name in ("shop", "mall"):
		    for coll in ("a", "b", "big"):
		        client[name].create_collection(coll)
		    client[name].a.insert_many([{"_id": i, "n": i} for i in range(50)])
	P
}

write() { # write SEED [ddl]
	py "$src_uri" "$1" "$MONGOD" ${2:+"$2"} <<-'P'
		seed = int(sys.argv[2])
		def transaction(ops): # mongosim writes no such entry by itself
		    if sys.argv[3]:
		        with client.start_session() as s, s.start_transaction():
		            for db, coll, doc in ops:
		                db[coll].insert_one(doc, session=s)
		        return
		    inner = []
		    for db, coll, doc in ops:
		        ui = next(db.list_collections(filter={"name": coll}))["info"]["uuid"]
		        inner.append(SON([("op", "i"), ("ns", "%s.%s" % (db.name, coll)),
		            ("ui", ui), ("o", doc)]))
		    client.admin.command(SON([("simulate", "entry"), ("entry", SON([
		        ("op", "c"), ("ns", "admin.$cmd"), ("o", {"applyOps": inner})])),
		        ("behind", {"prevOpTime": SON([("ts", Timestamp(0, 0)), ("t", Int64(-1))])})]))
		    for db, coll, doc in ops:
		        db[coll].insert_one(doc)
		rnd = random.Random(seed)
		shop, mall = client.shop, client.mall
		for i in range(120):
		    for db in (shop, mall):
		        k = rnd.randrange(60)
		        db.a.update_one({"_id": k}, {"$set": {"n": rnd.random()}}, upsert=True)
		        if i % 7 == 0:
		            db.a.delete_one({"_id": rnd.randrange(60)})
		    if i % 10 == 0:
		        order = [shop, mall, shop] if i % 20 else [mall, shop, mall]
		        transaction([(db, coll, {"_id": (seed * 1000 + i) * 10 + j})
		            for j, db in enumerate(order) for coll in ("b", "big")])
		    if i == 60:
		        shop.create_collection("new%d" % seed)
		        mall.create_collection("late%d" % seed)
		        if len(sys.argv) > 4:
		            mall["late%d" % seed].rename("later%d" % seed)
		            shop["new%d" % seed].create_index("n")
		            mall["new"].drop()
	P
}

control() { # control STREAM PYTHON: prints PYTHON of the control documents `c`
	PYTHONPATH=$TOOLS "$PY" - "$1" "$2" <<-'P'
		import sys, mmstream
		c = [doc for _, doc, _ in mmstream.Reader(open(sys.argv[1], "rb"))]
		print(eval(sys.argv[2]))
	P
}

@test "a log: entry for entry what the narrow tail writes; verified; marks and positions stay" {
	local first n
	first=$(position)
	write 1 ddl
	mm-oplog-tail --from "$first" --exit-when-caught-up >"$TMP/wide"
	for n in shop mall; do
		mm-oplog-tail --from "$first" --exit-when-caught-up -d $n >"$TMP/$n.want"
		mm-cat cut -d $n -o "$TMP/$n" "$TMP/wide"
		assert_equal "$(mm-cat verify "$TMP/$n")" "$TMP/$n: ok"
		# The tails ran one after the other: compared up to the first's end.
		cmp <(mm-cat bson "$TMP/$n") <(mm-cat bson "$TMP/$n.want")
		for field in '[c[0]["source"]]' '[c[0][k] for k in ("after", "seen")]' \
			'[d for d in c if d["$mm"] == "end"][0]["to"]'; do
			assert_equal "$(control "$TMP/$n" "$field")" \
				"$(control "$TMP/wide" "$field")"
		done
		# shellcheck disable=SC2016
		assert_equal "$(control "$TMP/$n" '[d["ts"] for d in c if d["$mm"] == "mark"]')" \
			"$(control "$TMP/wide" '[d["ts"] for d in c if d["$mm"] == "mark"]')"
	done
	assert_equal "$(control "$TMP/shop" 'dict(c[0]["filters"])["include"]')" "['shop.*']"
	# Within the database, and from what was cut already; by patterns too.
	mm-cat cut --nsInclude 'shop.b*' "$TMP/wide" >"$TMP/b"
	mm-cat cut --nsInclude 'shop.b*' - <"$TMP/shop" >"$TMP/b2"
	cmp <(mm-cat bson "$TMP/b") <(mm-cat bson "$TMP/b2")
	mm-cat verify "$TMP/b"
	run bash -o pipefail -c 'mm-cat json --relaxed "$1" | jq -r .ns | sort -u | xargs' _ "$TMP/b"
	assert_output 'shop.b shop.big'
	# Each kept group ends, and only there.
	run bash -o pipefail -c 'mm-cat json --relaxed "$1" |
		jq -s -c "[.[].txn] | [(map(select(.i == 0)) | length), (map(select(.last)) | length)]"' _ "$TMP/b"
	assert_output '[12,12]'
}

@test "a directory: segments into segments, gone on with, one output stream" {
	local first n
	first=$(position)
	for n in 1 2 3; do
		write $n
		if ((n == 1)); then set -- --from "$first"; else set --; fi
		mm-oplog-tail "$@" --exit-when-caught-up -D "$TMP/wide"
		mm-cat cut -d mall -D "$TMP/mall" "$TMP/wide"
		mm-cat verify "$TMP/mall"
	done
	# Nothing new: nothing happens.
	ls "$TMP/mall" >"$TMP/before"
	mm-cat cut -d mall -D "$TMP/mall" "$TMP/wide"
	ls "$TMP/mall" | diff "$TMP/before" -
	mm-oplog-tail --from "$first" --exit-when-caught-up -d mall >"$TMP/want"
	cmp <(mm-cat bson "$TMP/mall") <(mm-cat bson "$TMP/want")
	# Each tail has a `seen` of its own, which must not get lost.
	mm-cat cut -d mall "$TMP/wide" >"$TMP/one"
	mm-cat verify "$TMP/one"
	cmp <(mm-cat bson "$TMP/one") <(mm-cat bson "$TMP/want")
	# shellcheck disable=SC2016
	assert_equal "$(control "$TMP/one" '[d["seen"] for d in c if d["$mm"] == "stream"]')" \
		"$(for f in "$TMP"/wide/*.zst; do control "$f" 'c[0]["seen"]'; done |
			sort -u | "$PY" -c 'import sys; print("[%s]" % ", ".join(sys.stdin.read().split("\n")[:-1]))')"
	# The same directory for another selection.
	run -8 --separate-stderr mm-cat cut -d shop -D "$TMP/mall" "$TMP/wide"
	assert_regex "$stderr" 'selections .filters. differ'
}

@test "a snapshot: collections of the selection, byte for byte" {
	write 1
	mm-dump -o "$TMP/wide"
	mm-dump -d shop -o "$TMP/want"
	mm-cat cut -d shop -Z none "$TMP/wide" >"$TMP/shop"
	mm-cat verify "$TMP/shop"
	diff <(mm-cat ls --collections "$TMP/shop" | tail -n +2 | sort) \
		<(mm-cat ls --collections "$TMP/want" | tail -n +2 | sort)
	diff <(mm-cat json --with-ns "$TMP/shop" | sort) <(mm-cat json --with-ns "$TMP/want" | sort)
	run -8 mm-cat cut -d shop -D "$TMP/dir" "$TMP/wide"
}

@test "refused: not covered, a gap, a cut or damaged input, wrong use" {
	local first middle
	first=$(position)
	write 1
	middle=$(position)
	mm-oplog-tail --from "$first" --exit-when-caught-up -d shop >"$TMP/shop"
	run -8 --separate-stderr mm-cat cut -d mall -o "$TMP/x" "$TMP/shop"
	assert_regex "$stderr" 'does not hold all of this selection'
	assert_not_exist "$TMP/x"
	assert_not_exist "$TMP/x.partial"
	run -8 mm-cat cut --nsInclude 'sh*' "$TMP/shop"
	head -c 3000 "$TMP/shop" >"$TMP/part"
	run -3 bash -c 'mm-cat cut -c a -d shop "$1" >"$2"' _ "$TMP/part" "$TMP/out"
	# What came out is no whole stream either.
	run -3 mm-cat verify "$TMP/out"
	write 2
	mm-oplog-tail --from "$middle" --exit-when-caught-up -d shop >"$TMP/second"
	write 3
	mm-oplog-tail --from "$(position)" --exit-when-caught-up -d shop >"$TMP/third"
	mm-cat cut -d shop -c b -o "$TMP/both" "$TMP/shop" "$TMP/second"
	mm-cat verify "$TMP/both"
	run -6 --separate-stderr mm-cat cut -d shop -c b -o "$TMP/x" "$TMP/shop" "$TMP/third"
	assert_regex "$stderr" 'the log before ends at [0-9:]+, this one begins at'
	run -2 mm-cat cut "$TMP/shop"
	run -2 mm-cat ls -d shop "$TMP/shop"
	run -2 mm-cat ls -o "$TMP/x" "$TMP/shop"
	run -2 mm-cat cut -d shop -o "$TMP/x" -D "$TMP/y" "$TMP/shop"
	run -7 bash -c 'mm-cat cut -d shop "$1" >/dev/full' _ "$TMP/shop"
}

# One archive of everything serves several moves, each with a job of its own.
@test "one log, two businesses: cut for two jobs, both applied, equal" {
	local first n
	start_server dst
	export MM_TARGET_URI=$dst_uri
	first=$(position)
	mm-dump -o "$TMP/copy"
	write 1
	mm-oplog-tail --from "$first" --exit-when-caught-up -D "$TMP/log"
	for n in shop mall; do
		mm-cat cut -d $n "$TMP/copy" | mm-load -d $n
	done
	write 2
	mm-oplog-tail --exit-when-caught-up -D "$TMP/log"
	for n in shop mall; do
		mm-cat cut -d $n "$TMP/log" | mm-oplog-apply -d $n
		mm-diff -d $n
	done
	assert_same "$src_uri" "$dst_uri" shop mall
}

# everything on the target but what is of job or database NAME
others() {
	py "$dst_uri" "$1" <<-'P'
		raw = bson.codec_options.CodecOptions(document_class=bson.raw_bson.RawBSONDocument)
		mine = client.mm_control.jobs.find_one({"selection.include": sys.argv[2] + ".*"})["_id"]
		for db in sorted(set(client.list_database_names()) - {"admin", "config", "local", sys.argv[2]}):
		    for c in sorted(client[db].list_collections(), key=lambda c: c["name"]):
		        print(db, c["name"], c["options"], c["info"].get("uuid"))
		        for doc in client[db].get_collection(c["name"], raw).find().hint([("$natural", 1)]):
		            if db != "mm_control" or mine not in (doc["_id"], doc["_id"].get("job") if isinstance(doc["_id"], dict) else None):
		                print(doc.raw.hex())
	P
}

@test "one log, three businesses: one is rolled back, the others stay byte for byte, their jobs too" {
	local first n back
	start_server dst
	export MM_TARGET_URI=$dst_uri
	py "$src_uri" <<<'client.inn.a.insert_many([{"_id": i} for i in range(50)])'
	first=$(position)
	mm-dump -o "$TMP/copy"
	write 1 ddl
	mm-oplog-tail --from "$first" --exit-when-caught-up -D "$TMP/log"
	for n in shop mall inn; do
		mm-cat cut -d $n "$TMP/copy" | mm-load -d $n
		mm-cat cut -d $n "$TMP/log" | mm-oplog-apply -d $n --journal "$TMP/journal.$n"
	done
	py "$dst_uri" >"$TMP/before" <<<'print([list(client.shop[c].find().sort("_id", 1)) for c in sorted(client.shop.list_collection_names())])'
	back=$(mm-oplog-apply -d shop --print-position)
	# nothing but documents: DDL is not undone
	py "$src_uri" <<-'P'
		for i in range(60):
		    for db in (client.shop, client.mall, client.inn):
		        db.a.update_one({"_id": i}, {"$set": {"later": i}}, upsert=True)
		        db.a.delete_one({"_id": 2 * i})
	P
	mm-oplog-tail --exit-when-caught-up -D "$TMP/log"
	for n in shop mall inn; do
		mm-cat cut -d $n "$TMP/log" | mm-oplog-apply -d $n --journal "$TMP/journal.$n"
		mm-diff -d $n
	done
	others shop >"$TMP/others"
	run -0 grep -c . "$TMP/others"
	assert [ "$output" -gt 150 ]
	find "$TMP"/journal.{mall,inn} -type f -exec sha256sum {} + | sort >"$TMP/journals"
	mm-oplog-apply -d shop --journal "$TMP/journal.shop" --undo "${back%% *}.."
	py "$dst_uri" >"$TMP/after" <<<'print([list(client.shop[c].find().sort("_id", 1)) for c in sorted(client.shop.list_collection_names())])'
	cmp "$TMP/before" "$TMP/after"
	others shop | cmp "$TMP/others" -
	find "$TMP"/journal.{mall,inn} -type f -exec sha256sum {} + | sort | cmp "$TMP/journals" -
	mm-diff -d mall
	mm-diff -d inn
	# and forward again, from the same archive
	mm-cat cut -d shop "$TMP/log" | mm-oplog-apply -d shop --journal "$TMP/journal.shop"
	mm-diff -d shop
	others shop | cmp "$TMP/others" -
}
