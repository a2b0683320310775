bats_require_minimum_version 1.8.0
# mongosim under a driver that knows nothing of it: reads, writes, retries,
# indexes, capped tails; and the workload generator that other tests use.
load lib

@test 'reads and writes' {
	start_server server
	run py "$server_uri" <<-'P'
		c = client.shop.users
		assert c.insert_one({"_id": 1, "a": [1]}).inserted_id == 1
		c.insert_many([{"_id": i, "g": i % 3} for i in range(2, 12)])
		r = c.update_one({"_id": 1}, {"$set": {"s.x": 1}, "$push": {"a": 2}})
		assert (r.matched_count, r.modified_count) == (1, 1)
		assert c.find_one({"_id": 1}) == {"_id": 1, "a": [1, 2], "s": {"x": 1}}
		r = c.update_many({"g": 1}, {"$inc": {"n": 2}})
		assert (r.matched_count, r.modified_count) == (3, 3)
		r = c.update_one({"_id": 50}, {"$set": {"u": 1}}, upsert=True)
		assert (r.matched_count, r.upserted_id) == (0, 50)
		c.replace_one({"_id": 50}, {"z": 1})
		assert c.find_one({"_id": 50}) == {"_id": 50, "z": 1}
		assert c.delete_many({"g": 2}).deleted_count == 4
		left = [1, 3, 4, 6, 7, 9, 10, 50]
		assert [d["_id"] for d in c.find(batch_size=2).sort("_id", 1)] == left
		assert sorted(d["_id"] for d in c.find(batch_size=3)) == left
		assert c.count_documents({}) == c.estimated_document_count() == 8
		assert list(c.find({"_id": {"$gt": 9}}, {"_id": 1})) == [{"_id": 10}, {"_id": 50}]
		sort = [("g", -1), ("_id", 1)]
		assert [d["_id"] for d in c.find().sort(sort).skip(1).limit(3)] == [7, 10, 3]
		assert sorted(c.distinct("g")) == [0, 1]
		assert list(c.aggregate([{"$match": {"g": 1}}, {"$count": "n"}])) == [{"n": 3}]
		assert client.list_database_names() == ["admin", "config", "local", "shop"]
	P
	assert_success
}

@test 'bulk writes, ordered and not, with what fails in between' {
	start_server server
	run py "$server_uri" <<-'P'
		from pymongo import InsertOne, UpdateOne, UpdateMany, ReplaceOne, DeleteOne
		c = client.shop.bulk
		r = c.bulk_write([InsertOne({"_id": 1}), InsertOne({"_id": 2}),
		    UpdateOne({"_id": 1}, {"$set": {"a": 1}}), UpdateMany({}, {"$inc": {"n": 1}}),
		    ReplaceOne({"_id": 9}, {"r": 1}, upsert=True), DeleteOne({"_id": 2})])
		assert (r.inserted_count, r.matched_count, r.modified_count, r.upserted_ids,
		    r.deleted_count) == (2, 3, 3, {4: 9}, 1)
		for ordered, left in (True, [1, 5, 9]), (False, [1, 5, 6, 9]):
		    try:
		        c.bulk_write([InsertOne({"_id": 5}), InsertOne({"_id": 1}), InsertOne({"_id": 6})],
		            ordered=ordered)
		        assert False
		    except pymongo.errors.BulkWriteError as e:
		        errors = e.details["writeErrors"]
		        assert [x["code"] for x in errors] == [11000] * len(errors)
		        assert errors[-1]["keyValue"] == {"_id": 1}
		    assert [d["_id"] for d in c.find().sort("_id", 1)] == left
	P
	assert_success
}

@test 'ids of every type, their order, equal numbers are one key' {
	start_server server
	run py "$server_uri" <<-'P'
		c = client.shop.ids
		ids = [MinKey(), None, float("nan"), -1, 0, 0.5, Int64(1), Decimal128("1.5"), "", "a", "b",
		    {}, {"a": 1}, {"a": 1, "b": 2}, {"b": 1}, b"", b"x", Binary(b"x", 5),
		    ObjectId("0" * 24), ObjectId("1" * 24), False, True,
		    __import__("datetime").datetime(1970, 1, 1), Timestamp(1, 1), Code("f()"), MaxKey()]
		shuffled = list(ids)
		random.Random(5).shuffle(shuffled)
		for i in shuffled:
		    c.insert_one({"_id": i})
		got = [d["_id"] for d in c.find().sort("_id", 1)]
		assert repr(got) == repr(ids), got
		assert [repr(d["_id"]) for d in c.find().sort("_id", -1)] == [repr(i) for i in ids[::-1]]
		assert [d["_id"] for d in c.find({"_id": {"$gte": 0}})] == [0, 0.5, 1, Decimal128("1.5")]
		for twin in (1, 1.0, Decimal128("1.00"), Decimal128("NaN"), -0.0, Decimal128("0.5")):
		    try:
		        c.insert_one({"_id": twin})
		        assert False, twin
		    except pymongo.errors.DuplicateKeyError:
		        pass
		    assert c.count_documents({"_id": twin}) == 1
		for i in shuffled:
		    assert c.delete_one({"_id": i}).deleted_count == 1, i
	P
	assert_success
}

@test 'a lost reply is retried and the write is done once' {
	require_sim
	start_sim server
	for command in insert update delete; do
		simulate "$server_uri" '{"simulate": "loseReply", "command": "'$command'", "ns": "shop.retry", "times": 1}'
		run py "$server_uri" "$command" <<-'P'
			c = client.shop.retry
			if sys.argv[2] == "insert":
			    c.insert_one({"_id": 1, "n": 0})
			    assert c.count_documents({}) == 1
			elif sys.argv[2] == "update":
			    r = c.update_one({"_id": 1}, {"$inc": {"n": 1}})
			    assert (r.matched_count, r.modified_count) == (1, 1)
			    assert c.find_one() == {"_id": 1, "n": 1}
			else:
			    assert c.delete_one({}).deleted_count == 1
		P
		assert_success
	done
	assert_equal "$(fired "$server_uri" loseReply)" 3
	run py "$server_uri" <<-'P'
		print([e["op"] for e in client.local["oplog.rs"].find({"ns": "shop.retry"})])
	P
	assert_output "['i', 'u', 'd']"
}

@test 'indexes and options come back as they were given' {
	start_server server
	run py "$server_uri" <<-'P'
		db = client.shop
		db.create_collection("cap", capped=True, size=5000, max=9)
		assert db.cap.options() == {"capped": True, "size": 5120, "max": 9}
		db.create_collection("fr", collation={"locale": "fr", "strength": 2})
		assert db.fr.options()["collation"]["strength"] == 2
		c = db.plain
		c.insert_many([{"_id": i, "u": i} for i in range(5)])
		c.create_index([("u", 1), ("v", -1)], unique=True, sparse=True)
		c.create_index("t", expireAfterSeconds=60, name="ttl")
		c.create_index("p", partialFilterExpression={"p": {"$gt": 1}})
		info = c.index_information()
		assert list(info) == ["_id_", "u_1_v_-1", "ttl", "p_1"], info
		assert info["u_1_v_-1"]["unique"] and info["u_1_v_-1"]["sparse"]
		assert info["u_1_v_-1"]["key"] == [("u", 1), ("v", -1)]
		assert info["ttl"]["expireAfterSeconds"] == 60
		try:
		    c.create_index("t", expireAfterSeconds=2147483647, name="asleep")
		    assert False
		except pymongo.errors.OperationFailure as e:
		    assert e.code == 67, e
		r = db.command("collMod", "plain", index={"name": "ttl", "expireAfterSeconds": 2147483647})
		assert r["expireAfterSeconds_old"] == 60, r
		assert c.index_information()["ttl"]["expireAfterSeconds"] == 2147483647
		try:
		    c.insert_one({"_id": 9, "u": 3})
		    assert False
		except pymongo.errors.DuplicateKeyError as e:
		    assert e.details["keyPattern"] == {"u": 1, "v": -1}, e.details
		c.drop_index("ttl")
		c.drop_indexes()
		assert list(c.index_information()) == ["_id_"]
		db.create_collection("view", viewOn="plain", pipeline=[{"$match": {"u": {"$gt": 2}}}])
		assert [d["_id"] for d in db.view.find()] == [3, 4]
		c.rename("moved")
		assert sorted(db.list_collection_names()) == ["cap", "fr", "moved", "system.views", "view"]
		db.moved.drop()
		client.drop_database("shop")
		assert db.list_collection_names() == []
	P
	assert_success
}

@test 'a capped tail: waits, sees what comes, dies when it is overtaken' {
	start_server server
	run py "$server_uri" <<-'P'
		import threading
		db = client.shop
		ring = db.create_collection("ring", capped=True, size=1 << 16, max=100)
		ring.insert_many([{"_id": i} for i in range(10)])
		cursor = ring.find(cursor_type=pymongo.CursorType.TAILABLE_AWAIT, batch_size=4)
		cursor.max_await_time_ms(200000)
		assert [next(cursor)["_id"] for _ in range(10)] == list(range(10))
		threading.Timer(0.2, lambda: ring.insert_one({"_id": 10})).start()
		began = time.monotonic()
		assert next(cursor)["_id"] == 10
		assert time.monotonic() - began < 150
		ring.insert_many([{"_id": i} for i in range(11, 300)])
		assert [d["_id"] for d in ring.find()] == list(range(200, 300))
		try:
		    next(cursor)
		    assert False
		except StopIteration: # the driver's way with CappedPositionLost
		    assert not cursor.alive
	P
	assert_success
}

# workload NAME: what the log says is what is stored, byte for byte.
workload() {
	local uri=$1_uri
	run -0 --separate-stderr "$PY" "$TOOLS/workload.py" "${!uri}" \
		--db one --db two --rate 0 --ops 4000 --seed 7 --new 3 --size 60
	assert_equal "$stderr" ''
	assert_equal "$(jq -r '.ops, .errors, .collections' <<<"$output" |
		paste -sd ' ')" '4000 0 3'
	assert_equal "$(jq '[.inserts, .updates, .upserts, .deletes] |
		all(. > 100)' <<<"$output")" true
	run "$PY" "$TOOLS/replay.py" "${!uri}" one two
	assert_success
	assert_output --regexp '^[0-9]{4,} entries, [0-9]{4} documents$'
}

@test 'the workload: every operation, and a log that gives the same bytes' {
	start_server server
	workload server
}

@test 'the same with modifiers in the log' {
	require_sim
	start_sim old --fcv 4.4
	workload old
}

@test 'the workload ends on SIGTERM with its summary' {
	start_server server
	run_bg writer "$PY" "$TOOLS/workload.py" "$server_uri" --db one \
		--rate 300 --threads 2
	some() {
		py "$server_uri" <<<'sys.exit(client.one.c0.estimated_document_count() < 30)'
	}
	wait_until 20 some
	kill "$writer_pid"
	wait "$writer_pid"
	assert_equal "$(jq .errors "$TMP/writer.out")" 0
	assert_equal "$(wc -l <"$TMP/writer.out")" 1
	assert_equal "$(cat "$TMP/writer.err")" ''
}
