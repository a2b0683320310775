#!/usr/bin/env bats
# Reads of mongosim where the recordings say little: tails, limits of a reply,
# resume tokens, catalog changes under an open cursor.
bats_require_minimum_version 1.8.0

load lib

@test "a tail waits, goes on, and dies when its position is gone" {
	start_sim s --oplog-entries 50
	run py "$s_uri" <<-'END'
		log = client.local["oplog.rs"]
		def tail(ts):
		    c = log.find({"ts": {"$gte": ts}}, cursor_type=
		        pymongo.CursorType.TAILABLE_AWAIT, oplog_replay=True)
		    return c.max_await_time_ms(300)
		first = log.find_one(sort=[("$natural", 1)])
		t = tail(first["ts"])
		print(len([next(t) for i in range(2)]), first["o"])
		start = time.monotonic()
		print(next(t, None), time.monotonic() - start >= 0.25, t.alive)
		client.t.c.insert_one({"_id": 1})
		print([next(t)["op"] for i in range(2)])
		future = tail(Timestamp(2 ** 31 - 1, 1))
		print(next(future, None), future.alive)
		client.t.c.insert_many([{"_id": i} for i in range(2, 100)])
		# pymongo ends a tail without a word then: ask the server.
		r = client.local.command(SON([("getMore", Int64(t.cursor_id)),
		    ("collection", "oplog.rs")]), check=False)
		print(r["code"], r["codeName"], r["errmsg"][:60])
		print(log.find_one({"ts": first["ts"]}), len(list(log.find())))
		empty = client.t.create_collection("cap", capped=True, size=4096)
		c = empty.find(cursor_type=pymongo.CursorType.TAILABLE_AWAIT)
		print(next(c, None), c.alive)
	END
	assert_output "2 {'msg': 'initiating set'}
None True True
['c', 'i']
None True
136 CappedPositionLost CollectionScan died due to position in capped collection bei
None 50
None False"
}

@test "batches: counts, 16 MiB a reply, a document of 16 MiB" {
	start_sim s
	run py "$s_uri" <<-'END'
		db = client.t
		def command(*pairs):
		    return db.command(SON(pairs))["cursor"]
		db.c.insert_many([{"_id": i} for i in range(300)])
		c = command(("find", "c"))
		print(len(c["firstBatch"]), c["id"] != 0)
		c = command(("getMore", Int64(c["id"])), ("collection", "c"))
		print(len(c["nextBatch"]), c["id"])
		c = command(("find", "c"), ("batchSize", 300))
		print(len(c["firstBatch"]), c["id"] != 0)
		c = command(("find", "c"), ("limit", 300), ("batchSize", 300))
		print(len(c["firstBatch"]), c["id"])
		c = command(("find", "c"), ("batchSize", 3), ("singleBatch", True))
		print(len(c["firstBatch"]), c["id"])
		db.big.insert_many([{"_id": i, "s": "x" * 5000000}
		                    for i in range(5)])
		c = command(("find", "big"))
		print([d["_id"] for d in c["firstBatch"]])
		c = command(("getMore", Int64(c["id"])), ("collection", "big"))
		print([d["_id"] for d in c["nextBatch"]], c["id"])
		whole = {"_id": 1, "s": "x" * (16777216 - 22)}
		print(len(bson.encode(whole)))
		db.whole.insert_one(whole)
		print(db.whole.find_one() == whole)
		r = db.command(SON([("insert", "whole"), ("documents",
		    [{"_id": 2, "s": "x" * (16777216 - 21)}])]))
		print(r["n"], r["writeErrors"][0]["code"])
	END
	assert_output "101 True
199 0
300 True
300 0
3 0
[0, 1, 2]
[3, 4] 0
16777216
True
0 2"
}

@test "a natural scan goes on from its resume token" {
	start_sim s
	run py "$s_uri" <<-'END'
		db = client.t
		db.c.insert_many([{"_id": i} for i in range(20)])
		def scan(n, **more):
		    return db.command(SON([("find", "c"), ("batchSize", n),
		        ("hint", {"$natural": 1}), ("$_requestResumeToken", True)]
		        + [("$_" + k, v) for k, v in more.items()]))["cursor"]
		c = scan(7)
		token = c["postBatchResumeToken"]
		db.c.delete_one({"_id": 8})
		c = scan(100, resumeAfter=token)
		print(token, [d["_id"] for d in c["firstBatch"]])
		db.c.delete_one({"_id": 6})
		try:
		    scan(100, resumeAfter=token)
		except pymongo.errors.OperationFailure as e:
		    print(e.code)
	END
	assert_output "{'\$recordId': 7} [7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]
211"
}

@test "an open cursor: changes behind and before it, drop, rename" {
	start_sim s
	run py "$s_uri" <<-'END'
		db = client.t
		for hint in ([("$natural", 1)], [("_id", 1)]):
		    db.c.drop()
		    db.c.insert_many([{"_id": i} for i in range(0, 20, 2)])
		    c = db.c.find(hint=hint).batch_size(4)
		    seen = [next(c)["_id"] for i in range(4)]
		    db.c.delete_many({"_id": {"$in": [6, 8]}})
		    db.c.insert_many([{"_id": 5}, {"_id": 13}])
		    print(seen + [d["_id"] for d in c])
		for change in (lambda: db.c.drop(), lambda: db.d.rename("e")):
		    name = "c" if db.c.find_one() else "d"
		    db.d.insert_many([{"_id": i} for i in range(10)]
		                     if name == "d" else [{"_id": "x"}])
		    c = db[name].find().batch_size(2)
		    next(c)
		    change()
		    try:
		        list(c)
		    except pymongo.errors.OperationFailure as e:
		        print(e.code, e.details["codeName"])
	END
	assert_output "[0, 2, 4, 6, 10, 12, 14, 16, 18, 5, 13]
[0, 2, 4, 6, 10, 12, 13, 14, 16, 18]
175 QueryPlanKilled
175 QueryPlanKilled"
}

@test "_id of every type: the server's order, ranges, seeks" {
	start_sim s
	run py "$s_uri" <<-'END'
		ids = [MinKey(), None, float("nan"), float("-inf"), -5,
		       Decimal128("-1.5"), 0, 0.5, Int64(3), 2 ** 53,
		       Int64(2 ** 53 + 1), float("inf"), "", "a", "a\0", "ab",
		       {}, {"a": 1}, {"b": 0}, Binary(b""), Binary(b"a"),
		       Binary(b"b"), Binary(b"aa", 128), ObjectId("0" * 24),
		       ObjectId("f" * 24), False, True, bson.datetime.datetime(
		       1960, 1, 1), bson.datetime.datetime(2020, 1, 1),
		       Timestamp(0, 1), Timestamp(2 ** 31, 1), MaxKey()]
		docs = [{"_id": v, "n": i} for i, v in enumerate(ids)]
		shuffled = docs[:]
		random.Random(7).shuffle(shuffled)
		c = client.t.c
		c.insert_many(shuffled)
		ns = lambda cursor: [d["n"] for d in cursor]
		every = list(range(len(ids)))
		print(ns(c.find().sort("_id", 1)) == every)
		print(ns(c.find().sort("_id", -1)) == every[::-1])
		print(ns(c.find(hint=[("_id", 1)]).batch_size(3)) == every)
		print(ns(c.find({"_id": {"$gte": MinKey()}}).sort("_id", 1))
		      == every)
		print(all(c.find_one({"_id": v})["n"] == i
		          for i, v in enumerate(ids)))
		print(ns(c.find({"_id": {"$gte": 0}}).sort("_id", 1)))
		print(ns(c.find({"_id": {"$gte": "a", "$lt": "ab"}})))
		print(ns(c.find().hint([("_id", 1)]).min([("_id", 0.5)])
		         .max([("_id", "a")])))
		print(ns(c.find().hint([("_id", 1)]).min([("_id", MinKey())]))
		      == every[:-1])
		for same in (0.0, -0.0, Decimal128("3.00"), Decimal128("NaN")):
		    try:
		        c.insert_one({"_id": same})
		        print("inserted", same)
		    except pymongo.errors.DuplicateKeyError:
		        pass
	END
	assert_output "True
True
True
True
True
[6, 7, 8, 9, 10, 11]
[13, 14]
[7, 8, 9, 10, 11, 12]
True"
}
