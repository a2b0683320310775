bats_require_minimum_version 1.8.0
# Not part of `make check` (scripts/check-peers.sh): our archives and
# directories beside the real mongodump and mongorestore.
bats_load_library bats-support
BATS_TEST_DIRNAME=$BATS_TEST_DIRNAME/../bats
# shellcheck source=tests/bats/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"
PATH=$PATH:$B/peers

setup() {
	[[ -x $B/peers/mongodump ]] || skip 'no mongodump'
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		shop, rnd = client.shop, random.Random(7)
		shop.a.insert_many([{"_id": i, "n": i, "s": "x" * rnd.randrange(3000)}
		    for i in range(8000)])
		shop.a.create_index("n", unique=True)
		shop.a.create_index([("s", 1), ("n", -1)], name="two",
		    partialFilterExpression={"n": {"$gt": 5}})
		shop.types.insert_many([{"_id": i, "v": [i, None, MinKey(), MaxKey(),
		    Decimal128("1.50"), Int64(2), Regex("a", "i"), Code("f")]} for i in
		    (float("nan"), 1, "a", {"x": 1}, ObjectId(), True, Binary(b"a"), Timestamp(1, 1))])
		shop.create_collection("none")
		shop.create_collection("cap", capped=True, size=1 << 20)
		shop.cap.insert_many([{"_id": i} for i in range(10)])
		shop.create_collection("strict", validator={"a": {"$regex": "^x", "$options": "i"}})
		shop.command("create", "seen", viewOn="a", pipeline=[{"$match": {"n": {"$gt": 3}}}])
		shop["odd %name/x"].insert_one({"_id": 1})
		for i in range(150):
		    shop["c%d" % i].insert_many([{"_id": j, "p": "y" * 200} for j in range(i)] or [{}])
	P
}

write() { # in the background, until it is killed
	cat >"$TMP/writer.py" <<-'P'
		import sys, pymongo
		shop, i = pymongo.MongoClient(sys.argv[1]).shop, 0
		while True:
		    shop.a.update_one({"_id": i % 8000}, {"$set": {"z%d" % (i % 3): i}})
		    shop.a.insert_one({"_id": "new%d" % i, "n": 10000 + i})
		    if i % 3 == 0:
		        shop.a.delete_one({"_id": 8000 - i // 3})
		    i += 1
	P
	run_bg writer "$PY" "$TMP/writer.py" "$src_uri"
	wait_until 20 grown 9
}

grown() { # grown I: the writer has come so far
	py "$src_uri" "$1" <<<'assert client.shop.a.find_one({"_id": "new" + sys.argv[2]})' \
		2>/dev/null
}

# Names, types, options and indexes are those of the source; unique indexes may
# be held back (yes).
same_catalog() { # same_catalog URI held
	py "$src_uri" "$1" "$2" <<-'P'
		def told(uri, held):
		    db = pymongo.MongoClient(uri).shop
		    return {c["name"]: (c["type"], c["options"], sorted(str(list(i.to_dict().items()))
		        for i in db[c["name"]].list_indexes() if not (held and i.get("unique")))
		        if c["type"] != "view" else 0)
		        for c in db.list_collections(filter={"name": {"$ne": "system.views"}})}
		a, b = (told(u, sys.argv[3]) for u in sys.argv[1:3])
		assert a == b, [(n, a.get(n), b.get(n)) for n in a if a.get(n) != b.get(n)]
	P
}

@test "mongorestore takes our archives; we take mongodump's; plain and compressed" {
	mm-dump -d shop --archive -j 8 -T 8 --quiet >"$TMP/ours"
	mongorestore --quiet --uri "$dst_uri" --archive="$TMP/ours"
	assert_same "$src_uri" "$dst_uri" shop
	same_catalog "$dst_uri" ''
	# One restorer alone.
	mm-dump -d shop --archive -j 1 --quiet | gzip -1 | mongorestore --quiet \
		--uri "$dst_uri" --archive --gzip --drop -j 1
	assert_same "$src_uri" "$dst_uri" shop

	start_server third
	export MM_TARGET_URI=$third_uri
	mongodump --quiet --uri "$src_uri" -d shop --archive |
		mm-load -d shop --archive --quiet
	assert_same "$src_uri" "$third_uri" shop
	same_catalog "$third_uri" held
	mongodump --quiet --uri "$src_uri" --archive="$TMP/theirs" --gzip -j 1
	gzip -dc "$TMP/theirs" |
		mm-load -d shop --archive --nsFrom 'shop.*' --nsTo 'store.*' --quiet
	assert_same "$src_uri" "$third_uri" shop=store
}

@test "a directory of mongodump --oplog, and the log at its end" {
	write
	mongodump --quiet --uri "$src_uri" --oplog --gzip -o "$TMP/dump"
	kill "$writer_pid"
	gzip -dc "$TMP/dump/oplog.bson" >"$TMP/oplog" 2>/dev/null ||
		cp "$TMP/dump/oplog.bson" "$TMP/oplog"
	mm-load -d shop --dir "$TMP/dump" --job dir --quiet
	same_catalog "$dst_uri" held
	mm-oplog-apply -d shop --job dir --quiet --input-format=bson "$TMP/oplog"
	# The oracle: what mongorestore makes of it.
	start_server third
	mongorestore --quiet --uri "$third_uri" --gzip --oplogReplay "$TMP/dump"
	assert_same "$third_uri" "$dst_uri" shop
}

@test "an archive of mongodump --oplog, and the log inside it" {
	write
	mongodump --quiet --uri "$src_uri" --oplog --archive="$TMP/archive"
	kill "$writer_pid"
	mm-load -d shop --archive --job log --oplog-out "$TMP/log" --quiet "$TMP/archive"
	same_catalog "$dst_uri" held
	mm-oplog-apply -d shop --job log --quiet --input-format=bson "$TMP/log"
	start_server third
	mongorestore --quiet --uri "$third_uri" --oplogReplay --archive="$TMP/archive"
	assert_same "$third_uri" "$dst_uri" shop
}

@test "mongodump and mongorestore copy, our log makes it exact: a whole migration" {
	write
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now -d shop
	position() { # the newest entry
		py "$src_uri" <<<'e = client.admin.command("hello")["lastWrite"]["opTime"]
print("%d:%d:%d" % (e["ts"].time, e["ts"].inc, e["t"]))'
	}
	started() { compgen -G "$TMP/seg/*.partial" >/dev/null; }
	wait_until 20 started
	from=$(position)
	mongodump --quiet --uri "$src_uri" -d shop --archive |
		mongorestore --quiet --uri "$dst_uri" --archive
	until=$(position)
	run_bg apply mm-oplog-apply -D "$TMP/seg" -d shop --job whole \
		--from "$from" --fuzzy-until "$until"
	kill "$writer_pid"
	wait "$writer_pid" || true
	applied() { mm-diff -d shop --job whole --by-lookup --quiet >"$TMP/diff" 2>&1; }
	wait_until 60 applied || {
		cat "$TMP/diff" "$TMP/apply.err"
		false
	}
	kill "$apply_pid" "$tail_pid"
	wait "$tail_pid"
	assert_same "$src_uri" "$dst_uri" shop
}
