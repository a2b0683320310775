bats_require_minimum_version 1.8.0
# The formats of mongodump and mongorestore: mm-dump --archive, mm-load
# --archive and --dir. Beside the real ones: tests/peers.
load lib
# bats file_tags=server

setup() {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		shop = client.shop
		shop.a.insert_many([{"_id": i, "n": i, "s": "x" * (i % 900)} for i in range(3000)])
		shop.a.create_index([("s", 1), ("n", -1)], name="two",
		    partialFilterExpression={"n": {"$gt": 5}})
		shop.a.create_index("u", unique=True, sparse=True)
		shop.types.insert_many([{"_id": i} for i in (1, "a", {"x": 1}, ObjectId(),
		    Binary(b"a"), Timestamp(1, 1), MinKey(), float("nan"))])
		shop.create_collection("none")
		shop.create_collection("cap", capped=True, size=1 << 20)
		shop.cap.insert_many([{"_id": i} for i in range(10)])
		shop.create_collection("strict", validator={"a": {"$regex": "^x", "$options": "i"}})
		shop.command("create", "seen", viewOn="a", pipeline=[{"$match": {"n": {"$gt": 3}}}])
		client.other.x.insert_one({"_id": 1})
	P
}

@test "an archive is loaded as it was dumped; cut anywhere it is not taken for whole" {
	mm-dump --archive --quiet >"$TMP/a"
	run -0 mm-load -d shop --archive "$TMP/a"
	assert_output --partial '3018 documents of 6 collections'
	assert_same "$src_uri" "$dst_uri" shop
	py "$src_uri" "$dst_uri" <<-'P'
		def told(uri):
		    db = pymongo.MongoClient(uri).shop
		    return {c["name"]: (c["type"], c["options"], [list(i["key"].items()) for i in
		        db[c["name"]].list_indexes() if not i.get("unique")] if c["type"] != "view" else 0)
		        for c in db.list_collections(filter={"name": {"$ne": "system.views"}})}
		assert told(sys.argv[1]) == told(sys.argv[2]), (told(sys.argv[1]), told(sys.argv[2]))
		assert "other" not in pymongo.MongoClient(sys.argv[2]).list_database_names()
	P
	# Once more: refused, unless it is dropped.
	run -8 mm-load -d shop --archive "$TMP/a"
	run -0 mm-load -d shop --archive --drop "$TMP/a"
	for n in 3 200 5000 $(($(stat -c %s "$TMP/a") - 4)); do
		run -3 mm-load -d shop --archive --drop <(head -c "$n" "$TMP/a")
	done
	run -3 mm-load -d shop --archive <(gzip -c "$TMP/a")
	assert_output --partial 'gzip -dc'
	gzip -c "$TMP/a" | gzip -dc |
		mm-load --archive -d shop --nsFrom 'shop.*' --nsTo 'store.*' --quiet
	assert_same "$src_uri" "$dst_uri" shop=store
	# A stream is no archive.
	mm-dump -d shop --quiet >"$TMP/s"
	run -3 mm-load -d shop --archive --drop "$TMP/s"
	run -2 mm-dump --archive -Z zstd:3
	run -2 mm-load -d shop --from 5:1 "$TMP/s"
}

@test "a directory of mongodump is loaded, compressed or not; its oplog says what follows" {
	# As mongodump --oplog --out leaves it.
	py "$src_uri" "$TMP/dump" <<-'P'
		from bson import json_util
		log = client.local["oplog.rs"].with_options(codec_options=
		    bson.codec_options.CodecOptions(document_class=bson.raw_bson.RawBSONDocument))
		first = list(log.find())[-1]
		for db in "shop", "other":
		    os.makedirs(sys.argv[2] + "/" + db)
		    for c in client[db].list_collections():
		        if c["name"].startswith("system."):
		            continue
		        at = "%s/%s/%s" % (sys.argv[2], db, c["name"].replace("e", "%65"))
		        meta = {"options": c["options"], "type": c["type"], "collectionName": c["name"]}
		        if c["type"] == "collection":
		            meta["indexes"] = list(client[db][c["name"]].list_indexes())
		            raw = client[db].get_collection(c["name"], codec_options=log.codec_options)
		            with open(at + ".bson", "wb") as f:
		                f.write(b"".join(d.raw for d in raw.find()))
		        with open(at + ".metadata.json", "w") as f:
		            f.write(json_util.dumps(meta, json_options=json_util.CANONICAL_JSON_OPTIONS))
		client.shop.a.update_one({"_id": 1}, {"$set": {"late": 1}})
		client.shop.a.insert_one({"_id": "late"})
		with open(sys.argv[2] + "/oplog.bson", "wb") as f:
		    f.write(b"".join(e.raw for e in log.find({"ts": {"$gte": first["ts"]}})))
	P
	gzip "$TMP"/dump/shop/a.* "$TMP/dump/shop/typ%65s.bson"
	run -0 mm-load -d shop --dir "$TMP/dump" --job d
	assert_output --partial '3018 documents of 6 collections'
	# The log at its end makes it exact.
	mm-oplog-apply -d shop --job d --input-format=bson "$TMP/dump/oplog.bson"
	assert_same "$src_uri" "$dst_uri" shop
	run -0 mm-diff -d shop --by-lookup --job d

	head -c 1000 "$TMP/dump/shop/cap.bson" >"$TMP/dump/shop/%74orn.bson"
	printf '\100\0\0\0' >>"$TMP/dump/shop/%74orn.bson"
	run -3 mm-load --nsInclude shop.torn --dir "$TMP/dump" --job e
	assert_output --partial 'orn.bson: cut short'
	truncate -s -9 "$TMP/dump/shop/a.bson.gz"
	run -3 mm-load --nsInclude shop.a --dir "$TMP/dump" --nsFrom shop.a --nsTo shop.b
	run -7 mm-load -d shop --dir "$TMP/no"
	run -2 mm-load -d shop --dir "$TMP/dump" --archive
}

@test "an archive with a log: it is kept, and makes the copy exact" {
	mm-dump --archive --quiet >"$TMP/a"
	# As mongodump --oplog --archive: announced, and at the end.
	py "$src_uri" "$TMP/a" "$TMP/b" <<-'P'
		import struct
		def crc(data, c=2**64 - 1):
		    for byte in data:
		        c ^= byte
		        for _ in range(8):
		            c = c >> 1 ^ (0xC96C5795D7870F42 if c & 1 else 0)
		    c ^= 2**64 - 1
		    return c - 2**64 if c >> 63 else c
		log = client.local["oplog.rs"].with_options(codec_options=
		    bson.codec_options.CodecOptions(document_class=bson.raw_bson.RawBSONDocument))
		first = list(log.find())[-1]
		client.shop.a.update_one({"_id": 1}, {"$set": {"late": 1}})
		client.shop.a.insert_one({"_id": "late"})
		entries = b"".join(e.raw for e in log.find({"ts": {"$gte": first["ts"]}}))
		data, end = open(sys.argv[2], "rb").read(), b"\xff" * 4
		at = 4
		while data[at:at + 4] != end:
		    at += struct.unpack("<i", data[at:at + 4])[0]
		head = lambda eof, c: bson.encode(SON([("db", ""), ("collection", "oplog"),
		    ("EOF", eof), ("CRC", Int64(c))]))
		open(sys.argv[3], "wb").write(data[:at] + bson.encode(SON([("db", ""),
		    ("collection", "oplog"), ("metadata", ""), ("size", 0), ("type", "")])) +
		    data[at:] + head(False, 0) + entries + end + head(True, crc(entries)) + end)
		open(sys.argv[3] + ".log", "wb").write(entries)
	P
	run -8 mm-load -d shop --archive --job none --oplog-out "$TMP/log" "$TMP/a"
	assert_output --partial 'no log'
	run -3 mm-load -d shop --archive --job cut --nsFrom 'shop.*' --nsTo 'cut.*' \
		--oplog-out "$TMP/log" <(head -c -1 "$TMP/b")
	assert_not_exists "$TMP/log"
	run -2 mm-load -d shop --oplog-out "$TMP/log" "$TMP/b"
	mm-load -d shop --archive --job log --drop --oplog-out "$TMP/log" --quiet "$TMP/b"
	cmp "$TMP/log" "$TMP/b.log"
	mm-oplog-apply -d shop --job log --input-format=bson --quiet "$TMP/log"
	assert_same "$src_uri" "$dst_uri" shop
	run -0 mm-diff -d shop --by-lookup --job log

	# Passed over: said, and its positions are known all the same.
	run -0 mm-load -d shop --archive --job past --nsFrom 'shop.*' --nsTo 'past.*' "$TMP/b"
	assert_output --partial 'warning: the archive has a log, which is passed over'
	mm-oplog-apply -d shop --job past --nsFrom 'shop.*' --nsTo 'past.*' \
		--input-format=bson --quiet "$TMP/log"
	assert_same "$src_uri" "$dst_uri" shop=past
}
