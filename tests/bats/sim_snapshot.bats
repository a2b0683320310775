#!/usr/bin/env bats
# Snapshot reads of mongosim outside of transactions: the data of a time, for
# as long as the history goes back.
bats_require_minimum_version 1.8.0

load lib

PRELUDE='
db = client.t
def read(command, coll, at=None, **more):
    concern = {"level": "snapshot"}
    if at:
        concern["atClusterTime"] = at
    if command == "aggregate":
        more = dict({"pipeline": [], "cursor": {}}, **more)
    return db.command(SON([(command, coll), ("readConcern", concern)] +
        list(more.items())), check=False)
def rest(r):
    docs = list(r["cursor"]["firstBatch"])
    while r["cursor"]["id"]:
        r = db.command(SON([("getMore", Int64(r["cursor"]["id"])),
            ("collection", r["cursor"]["ns"].split(".", 1)[1])]), check=False)
        if not r["ok"]:
            return docs, r["code"]
        docs += r["cursor"]["nextBatch"]
    return docs
def now():
    return client.admin.command("ping")["operationTime"]
def step(t, n):
    return Timestamp(t.time, t.inc + n)
'

snap() {
	py "$s_uri" < <(echo "$PRELUDE"; cat)
}

@test "a snapshot read gives every state of a workload, by every plan" {
	start_sim s --fcv 5.0
	run snap <<-'END'
		rng = random.Random(5)
		state, states = {}, []
		db.create_collection("c")
		for i in range(400):
		    k = rng.randrange(12)
		    if k in state and rng.random() < .4:
		        db.c.delete_one({"_id": k})
		        del state[k]
		    else:
		        state[k] = {"_id": k, "n": i, "s": "x" * rng.randrange(9)}
		        db.c.replace_one({"_id": k}, state[k], upsert=True)
		    states.append((now(), sorted(state.items())))
		def same(r, want):
		    got = sorted((d["_id"], d) for d in rest(r))
		    assert got == want, (got, want)
		    return r
		for t, want in states:
		    r = same(read("find", "c", t, batchSize=2), want)
		    assert r["cursor"]["atClusterTime"] == t, r
		    assert list(r["cursor"]) == ["firstBatch", "id", "ns",
		        "atClusterTime"], r
		    same(read("find", "c", t, hint={"_id": 1}, batchSize=3), want)
		    same(read("find", "c", t, sort={"n": 1}), want)
		    k = rng.randrange(12)
		    same(read("find", "c", t, filter={"_id": k}),
		        [s for s in want if s[0] == k])
		    same(read("aggregate", "c", t), want)
		    r = db.command(SON([("distinct", "c"), ("key", "n"),
		        ("readConcern", {"level": "snapshot",
		            "atClusterTime": t})]))
		    assert sorted(r["values"]) == sorted(
		        d["n"] for _, d in want), r
		r = read("find", "c")
		print(len(rest(r)) == len(state),
		    r["cursor"]["atClusterTime"] == now())
	END
	assert_output "True True"
}

@test "a cursor stays at its time; history that is gone is 239" {
	start_sim s --fcv 5.0
	run snap <<-'END'
		db.c.insert_many([{"_id": i} for i in range(20)])
		t = now()
		r = read("find", "c", t, batchSize=5)
		db.c.delete_many({"_id": {"$gt": 10}})
		db.c.update_many({}, {"$set": {"a": 1}})
		docs = rest(r)
		print(len(docs), any("a" in d for d in docs))
		plain = read("find", "c", None, batchSize=5)
		first = read("find", "c", t, batchSize=5)
		print(len(rest(read("find", "c", t))), db.c.count_documents({}))
		client.admin.command("simulate", "forgetHistory")
		print(rest(first)[1])
		r = read("find", "c", t)
		print(r["code"], r["codeName"], r["errmsg"] ==
		    "Read timestamp Timestamp(%d, %d) is older than the oldest "
		    "available timestamp." % (t.time, t.inc))
		print(rest(read("find", "c", now())) == list(db.c.find()),
		    len(rest(plain)))
	END
	assert_output "20 False
20 11
239
239 SnapshotTooOld True
True 11"
}

@test "catalog changes, bad times and levels: the server's codes" {
	start_sim s --fcv 5.0
	run snap <<-'END'
		def show(r):
		    print(r["ok"] or (r["code"], r["codeName"]))
		before = now()
		db.create_collection("c")
		show(read("find", "c", before))
		db.c.insert_one({"_id": 1})
		t = now()
		show(read("find", "c", t))
		db.c.create_index("a")
		show(read("find", "c", t))
		show(read("aggregate", "c", t))
		print(rest(read("find", "missing", t)))
		show(read("find", "c", Timestamp(now().time + 1000, 1)))
		show(read("find", "c", Timestamp(0, 0)))
		show(read("find", "c", 5))
		show(read("count", "c", now()))
		show(db.command(SON([("find", "c"), ("readConcern", {
		    "level": "majority", "atClusterTime": now()})]),
		    check=False))
		db.command("create", "v", viewOn="c", pipeline=[])
		t = now()
		db.c.insert_one({"_id": 2})
		print(rest(read("find", "v", t)), rest(read("aggregate", "v", t)))
		client.admin.command("simulate", "hold")
		db.get_collection("c", write_concern=pymongo.WriteConcern(1)).insert_one({"_id": 3})
		r = read("find", "c")
		print(len(rest(r)), r["cursor"]["atClusterTime"] < now())
		show(read("find", "c", now(), maxTimeMS=50))
	END
	assert_output "(246, 'SnapshotUnavailable')
1.0
(246, 'SnapshotUnavailable')
(246, 'SnapshotUnavailable')
[]
(72, 'InvalidOptions')
(72, 'InvalidOptions')
(14, 'TypeMismatch')
(72, 'InvalidOptions')
(72, 'InvalidOptions')
[{'_id': 1}] [{'_id': 1}]
2 True
(50, 'MaxTimeMSExpired')"
	start_sim s --fcv 4.4
	run snap <<-'END'
		db.c.insert_one({"_id": 1})
		print(read("find", "c")["code"])
	END
	assert_output 72
}

@test "the window and its bytes bound the history; capped and hot documents" {
	start_sim s --fcv 5.0 --snapshot-window 1
	run snap <<-'END'
		db.c.insert_one({"_id": 1, "n": 0})
		t = now()
		end = time.time() + 60
		while read("find", "c", t)["ok"] and time.time() < end:
		    db.c.update_one({"_id": 1}, {"$inc": {"n": 1}})
		r = read("find", "c", t)
		print(r["code"], now().time - t.time >= 1)
		# Nothing piles up behind what is inserted and removed again.
		cap = db.create_collection("cap", capped=True, size=4096, max=5)
		for i in range(3000):
		    cap.insert_one({"_id": i})
		    db.q.insert_one({"_id": 0})
		    db.q.delete_one({"_id": 0})
		print([d["_id"] for d in cap.find()], db.q.find_one())
		print(read("find", "cap", now())["code"])
	END
	assert_output "239 True
[2995, 2996, 2997, 2998, 2999] None
246"
	start_sim s --fcv 5.0
	run snap <<-'END'
		db.c.insert_one({"_id": 1, "s": "x" * 8000000})
		t = now()
		for i in range(20):
		    db.c.update_one({"_id": 1}, {"$set": {"n": i}})
		print(read("find", "c", t)["ok"])
		for i in range(20):
		    db.c.update_one({"_id": 1}, {"$set": {"n": i}})
		print(read("find", "c", t)["code"])
		t = now()
		with client.start_session() as s, s.start_transaction():
		    db.c.delete_one({"_id": 1}, session=s)
		    db.c.insert_one({"_id": 1, "new": True}, session=s)
		    print(len(rest(read("find", "c", t))[0]["s"]))
		print(len(rest(read("find", "c", t))[0]["s"]),
		    rest(read("find", "c")))
	END
	assert_output "1.0
239
8000000
8000000 [{'_id': 1, 'new': True}]"
}
