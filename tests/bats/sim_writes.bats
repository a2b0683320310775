#!/usr/bin/env bats
# Writes of mongosim: retryable ones, unique indexes, capped collections.
bats_require_minimum_version 1.8.0

load lib

@test "retryable writes: answered again as before, an older number refused" {
	start_sim s
	run py "$s_uri" <<-'END'
		import uuid
		lsid = {"id": Binary(uuid.uuid4().bytes, 4)}
		def send(db, number, *pairs):
		    return db.command(SON(list(pairs) + [("lsid", lsid),
		        ("txnNumber", Int64(number))]), check=False)
		db = client.t
		ops = lambda: client.local["oplog.rs"].count_documents(
		    {"ns": "t.c"})
		insert = (("insert", "c"), ("documents", [{"_id": 1}, {"_id": 2}]))
		more = (("insert", "c"), ("documents",
		    [{"_id": 1}, {"_id": 2}, {"_id": 3}]))
		upsert = (("update", "c"), ("updates", [
		    SON([("q", {"_id": 1}), ("u", {"$inc": {"n": 1}})]),
		    SON([("q", {"k": 5}), ("u", {"$set": {"a": 1}}),
		         ("upsert", True)])]))
		delete = (("delete", "c"), ("deletes",
		    [SON([("q", {"_id": 2}), ("limit", 1)])]))
		for number, command in enumerate((insert, more, upsert, delete)):
		    number = max(number, 1)
		    a = send(db, number, *command)
		    n = ops()
		    b = send(db, number, *command)
		    for r in a, b:
		        for key in ("$clusterTime", "operationTime", "opTime"):
		            r.pop(key, None)
		    print(a["n"], a.get("nModified"), len(a.get("upserted", [])),
		          a == b, ops() - n)
		r = send(db, 1, *insert)
		print(r["ok"], r["code"], r["codeName"])
		print([d.get("n") for d in db.c.find({"_id": {"$in": [1, 2]}})])
		r = send(db, 9, ("update", "c"), ("updates", [SON([("q", {}),
		    ("u", {"$set": {"x": 1}}), ("multi", True)])]))
		print(r["writeErrors"][0]["code"])
		r = send(db, 9, ("insert", "c"), ("documents", [{"_id": 1}]))
		print(r["n"], r["writeErrors"][0]["code"])
	END
	assert_output "2 None 0 True 0
3 None 0 True 0
2 1 1 True 0
1 None 0 True 0
0.0 225 TransactionTooOld
[1]
72
0 11000"
}

@test "unique indexes hold, with sparse, partial and array keys" {
	start_sim s
	run py "$s_uri" <<-'END'
		def attempt(f):
		    try:
		        f()
		        print("done")
		    except pymongo.errors.DuplicateKeyError as e:
		        print(e.details["keyPattern"], e.details["keyValue"])
		c = client.t.c
		c.create_index([("a", 1), ("b.c", -1)], unique=True)
		c.insert_one({"_id": 1, "a": 1, "b": {"c": 1}})
		attempt(lambda: c.insert_one({"_id": 2, "a": 1, "b": {"c": 1.0}}))
		attempt(lambda: c.insert_one({"_id": 2, "a": 1, "b": {"c": [2, 3]}}))
		attempt(lambda: c.insert_one({"_id": 3, "a": 1, "b": {"c": 3}}))
		attempt(lambda: c.update_one({"_id": 2}, {"$set": {"b.c": [3, 4]}}))
		attempt(lambda: c.insert_one({"_id": 4, "a": 1, "b": {"c": 2}}))
		attempt(lambda: c.update_one({"_id": 1}, {"$set": {"b.c": 4}}))
		c.delete_one({"_id": 2})
		attempt(lambda: c.update_one({"_id": 1}, {"$set": {"b.c": 4}}))
		attempt(lambda: c.insert_one({"_id": 5}))
		attempt(lambda: c.insert_one({"_id": 6}))
		s = client.t.s
		s.create_index("a", unique=True, sparse=True)
		s.insert_many([{"_id": 1}, {"_id": 2}, {"_id": 3, "a": None}])
		attempt(lambda: s.insert_one({"_id": 4, "a": None}))
		p = client.t.p
		p.create_index("a", unique=True,
		               partialFilterExpression={"on": True})
		p.insert_many([{"a": 1}, {"a": 1}, {"a": 1, "on": True}])
		attempt(lambda: p.insert_one({"a": 1, "on": True}))
		d = client.t.d
		d.insert_many([{"a": 1}, {"a": 1}])
		attempt(lambda: d.create_index("a", unique=True))
		print(len(d.index_information()))
	END
	assert_output "{'a': 1, 'b.c': -1} {'a': 1, 'b.c': 1.0}
done
{'a': 1, 'b.c': -1} {'a': 1, 'b.c': 3}
done
done
{'a': 1, 'b.c': -1} {'a': 1, 'b.c': 4}
done
done
{'a': 1, 'b.c': -1} {'a': None, 'b.c': None}
{'a': 1} {'a': None}
{'a': 1} {'a': 1}
{'a': 1} {'a': 1}
1"
}

@test "capped collections: size and number, refusals, the log of drops" {
	start_sim s
	run py "$s_uri" <<-'END'
		db = client.t
		c = db.create_collection("c", capped=True, size=4096, max=3)
		c.insert_many([{"_id": i, "s": "x"} for i in range(5)])
		print([d["_id"] for d in c.find()])
		print([d["_id"] for d in c.find(sort=[("$natural", -1)])])
		for f in (lambda: c.delete_one({"_id": 4}),
		          lambda: c.update_one({"_id": 4}, {"$set": {"s": "xy"}})):
		    try:
		        f()
		    except pymongo.errors.OperationFailure as e:
		        print(e.code)
		c.update_one({"_id": 4}, {"$set": {"s": "y"}})
		print(c.find_one({"_id": 4}), c.find_one({"_id": 1}))
		b = db.create_collection("b", capped=True, size=4096)
		b.insert_many([{"_id": i, "s": "x" * 1000} for i in range(10)])
		print([d["_id"] for d in b.find()])
		print(client.local["oplog.rs"].count_documents({"op": "d"}))
	END
	assert_output "[2, 3, 4]
[4, 3, 2]
20
10003
{'_id': 4, 's': 'y'} None
[6, 7, 8, 9]
0"
}

@test "documents of a TTL index go when their time is over, and are logged" {
	start_sim s
	run py "$s_uri" <<-'END'
		c = client.t.c
		c.create_index("at", expireAfterSeconds=60)
		now = bson.datetime.datetime.utcnow()
		minutes = lambda n: now + bson.datetime.timedelta(minutes=n)
		c.insert_many([{"_id": 1, "at": minutes(-2)},
		    {"_id": 2, "at": minutes(5)}, {"_id": 3, "at": "x"}, {"_id": 4},
		    {"_id": 5, "at": [minutes(5), minutes(-3)]}])
		ttl = lambda: client.admin.command("simulate", "ttl")["removed"]
		print(ttl(), [d["_id"] for d in c.find()])
		client.t.command(SON([("collMod", "c"), ("index", SON([
		    ("name", "at_1"), ("expireAfterSeconds", 2147483647)]))]))
		client.admin.command(SON([("simulate", "clock"),
		    ("ms", 3600000)]))
		print(ttl())
		client.t.command(SON([("collMod", "c"), ("index", SON([
		    ("name", "at_1"), ("expireAfterSeconds", 60)]))]))
		print(ttl(), [d["_id"] for d in c.find()])
		print([d["o"]["_id"] for d in client.local["oplog.rs"].find(
		    {"op": "d"})])
	END
	assert_output "2 [2, 3, 4]
0
1 [3, 4]
[1, 5, 2]"
}

@test "stored form: _id in front, made where missing, times filled in" {
	start_sim s
	run py "$s_uri" <<-'END'
		db = client.get_database("t", codec_options=
		    bson.codec_options.CodecOptions(document_class=SON))
		zero = Timestamp(0, 0)
		r = db.command(SON([("insert", "c"), ("documents", [
		    SON([("a", 1), ("_id", 1), ("t", zero), ("s", SON([("t", zero)]))]),
		    SON([("b", 1)])])]))
		one = db.c.find_one({"a": 1})
		print(list(one), one["t"] != zero, one["s"]["t"] == zero)
		two = db.c.find_one({"b": 1})
		print(list(two), type(two["_id"]).__name__)
		db.c.replace_one({"_id": 1}, SON([("t", zero)]))
		print(db.c.find_one({"_id": 1})["t"] != zero)
		db.c.update_one({"_id": 1}, {"$set": {"t": zero}})
		print(db.c.find_one({"_id": 1})["t"] == zero)
		for bad in (SON([("$x", 1)]), SON([("_id", [1])]),
		            SON([("_id", Regex("a"))])):
		    r = db.command(SON([("insert", "c"), ("documents", [bad])]),
		                   check=False)
		    print(r["writeErrors"][0]["code"])
		db.command(SON([("insert", "c"), ("documents", [
		    SON([("_id", 9), ("a.b", 1), ("", 2), ("s", SON([("$x", 1)]))])])]))
		print(list(db.c.find_one({"_id": 9})))
		db.c.replace_one({"_id": 9}, SON([("_id", 9.0)]))
		print(db.c.find_one({"_id": 9})["_id"])
	END
	assert_output "['_id', 'a', 't', 's'] True True
['_id', 'b'] ObjectId
True
True
2
2
2
['_id', 'a.b', '', 's']
9.0"
}
