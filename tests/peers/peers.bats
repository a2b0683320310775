bats_require_minimum_version 1.8.0
# Not part of `make check`: what others wrote has to be fetched first
# (scripts/check-peers.sh). Data are compared by mm-diff and by an oracle.
bats_load_library bats-support
BATS_TEST_DIRNAME=$BATS_TEST_DIRNAME/../bats
# shellcheck source=tests/bats/lib.bash
source "$BATS_TEST_DIRNAME/lib.bash"
PATH=$PATH:$B/peers

setup() {
	start_server src
	export MM_SOURCE_URI=$src_uri
	py "$src_uri" <<-'P'
		shop = client.shop
		rnd = random.Random(7)
		shop.a.insert_many([{"_id": i, "n": i, "s": "x" * rnd.randrange(300),
		    "l": [i, {"d": float(i)}]} for i in range(5000)])
		shop.a.create_index("n", unique=True)
		shop.a.create_index([("s", 1), ("n", -1)], name="two")
		ids = [float("nan"), 1, "a", {"x": 1}, ObjectId(), True, Binary(b"a"),
		    Timestamp(1, 1)]
		shop.types.insert_many([{"_id": i, "v": [i, None, MinKey(), MaxKey(),
		    Decimal128("1.50"), Int64(2), Regex("a", "i"), Code("f")]} for i in ids])
		shop.odd.insert_one(SON([("_id", 1), ("b", 1), ("a", 2), ("e", {})]))
		shop.gone.insert_many([{"_id": i} for i in range(10)])
	P
}

need_java() {
	[[ -z ${MM_NO_JAVA:-} ]] || skip 'no mongo-java-server'
	java -cp "$B/peers/jars/*:$B/peers/classes" Peer \
		>"$TMP/java.out" 2>"$TMP/java.log" 3>&- &
	remember $!
	disown $!
	wait_until 30 grep -q '^ready ' "$TMP/java.out"
	java_uri=mongodb://127.0.0.1:$(sed -n 's/^ready .*://p' "$TMP/java.out")/
	export MM_TARGET_URI=$java_uri
}

need_tools() {
	[[ -x $B/peers/mongodump ]] || skip 'no mongodump'
}

changes() { # what an application does meanwhile
	py "$src_uri" <<-'P'
		shop, rnd = client.shop, random.Random(8)
		for i in range(600):
		    k = rnd.randrange(5000)
		    shop.a.update_one({"_id": k}, {"$set": {"l.1.d": rnd.random(), "z%d" % (i % 5): i},
		        "$unset": {"s": 1}})
		    shop.a.update_one({"_id": k}, {"$push": {"l": i}, "$inc": {"z": 0.5}})
		    if i % 3 == 0:
		        shop.a.delete_one({"_id": rnd.randrange(5000)})
		    if i % 5 == 0:
		        shop.a.insert_one({"_id": 10000 + i, "n": 10000 + i})
		    if i % 50 == 0:
		        shop.types.replace_one({"_id": "a"}, {"v": i})
		shop.gone.delete_many({})
		shop.fresh.insert_one({"_id": 1})
		shop.was.insert_one({"_id": 1})
		shop.was.rename("new")
		shop.new.insert_one({"_id": 2})
	P
}

# same URI: mm-diff and the oracle say so. By lookup, for mongo-java-server has
# an order of its own for _ids of several types.
same() {
	mm-diff -d shop --by-lookup --source "$src_uri" --target "$1"
	assert_same "$src_uri" "$1" shop
}

@test "mongo-java-server as target: copy, follow, equal; and back through its own reader" {
	need_java
	mm-oplog-tail -d shop --from now >"$TMP/log" 2>"$TMP/tail.err" 3>&- &
	tail=$!
	remember $tail
	wait_until 10 test -s "$TMP/log"
	mm-dump -d shop | mm-load -d shop
	same "$java_uri"
	changes
	kill -TERM $tail
	wait $tail
	mm-oplog-apply -d shop <"$TMP/log"
	same "$java_uri"
	# A log that was applied once more changes nothing.
	mm-oplog-apply -d shop <"$TMP/log"
	same "$java_uri"

	need_tools
	start_server third
	mongodump --quiet --uri "$java_uri" -d shop --archive |
		mongorestore --quiet --uri "$third_uri" --archive
	assert_same "$src_uri" "$third_uri" shop
}

@test "mongo-java-server as target: live, through a pipe, while it is written" {
	need_java
	mm-oplog-tail -d shop --from now -D "$TMP/seg" 2>"$TMP/tail.err" 3>&- &
	tail=$!
	remember $tail
	started() { compgen -G "$TMP/seg/*.partial" >/dev/null; }
	wait_until 10 started
	mm-dump -d shop | mm-load -d shop
	run_bg apply mm-oplog-apply -d shop -D "$TMP/seg"
	changes
	applied() { mm-diff -d shop --by-lookup --quiet >"$TMP/diff.out" 2>&1; }
	wait_until 30 applied
	kill -TERM $tail "$apply_pid"
	wait $tail
	same "$java_uri"
}

@test "mongodump and mongorestore on our server: a copy, compressed or not" {
	need_tools
	local n
	for n in '' --gzip; do
		start_server dst
		mongodump --quiet --uri "$src_uri" -d shop --archive $n |
			mongorestore --quiet --uri "$dst_uri" --archive $n
		same "$dst_uri"
		kill -9 "$dst_pid"
	done
}


@test "bsondump shows what mm-cat bson gives" {
	need_tools
	mm-dump -d shop -c a | mm-cat bson >"$TMP/a.bson"
	assert_equal "$(bsondump --quiet "$TMP/a.bson" | wc -l)" 5000
}

@test "mongorestore --oplogReplay plays a log of every kind" {
	need_tools
	start_server dst
	py "$src_uri" <<-'END'
		db = client.app
		rng = random.Random(3)
		db.c.insert_many([{"_id": i, "a": []} for i in range(50)])
		for n in range(300):
		    k = rng.randrange(60)
		    rng.choice([
		        lambda: db.c.update_one({"_id": k}, {"$set": {"n": n,
		            "s.x%d" % (n % 3): n}}, upsert=True),
		        lambda: db.c.update_one({"_id": k}, {"$push": {"a": n}}),
		        lambda: db.c.replace_one({"_id": k}, {"r": n}),
		        lambda: db.c.delete_one({"_id": k})])()
		with client.start_session() as s, s.start_transaction():
		    for n in range(5):
		        db.c.insert_one({"_id": "t%d" % n}, session=s)
		db.create_collection("cap", capped=True, size=4096)
		db.cap.insert_one({"_id": 1})
		db.gone.insert_one({"_id": 1})
		db.gone.drop()
		db.old.insert_one({"_id": 1})
		db.old.rename("new")
	END
	mkdir "$TMP/dump"
	py "$src_uri" "$TMP/dump/oplog.bson" <<-'END'
		log = client.local.get_collection("oplog.rs", codec_options=
		    bson.codec_options.CodecOptions(
		        document_class=bson.raw_bson.RawBSONDocument))
		with open(sys.argv[2], "wb") as f:
		    for e in log.find():
		        if e["op"] != "n":
		            f.write(e.raw)
	END
	run -0 mongorestore --quiet --uri "$dst_uri" --oplogReplay "$TMP/dump"
	assert_same "$src_uri" "$dst_uri" app
}
