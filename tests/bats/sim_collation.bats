#!/usr/bin/env bats
# Collations of mongosim: order, equality on _id and in unique indexes, filters
# and sorts by the collection's collation or the command's.
bats_require_minimum_version 1.8.0

load lib

@test "a collated _id: one key, its order, its ranges, at any time" {
	start_sim s --fcv 5.0
	run py "$s_uri" <<-'END'
		from pymongo.collation import Collation
		from pymongo.errors import DuplicateKeyError
		db = client.t
		en2 = Collation("en", strength=2)
		c = db.create_collection("c", collation=en2)
		words = ["b", "A", "ä", "C", "á", "Z", "é", "e", "10", "9", ""]
		more = [5, None, {"k": "b"}, {"k": "A"}, True]
		c.insert_many([{"_id": w} for w in words + more])
		for same in ("B", "a", "Á", "É", {"k": "a"}):
		    try:
		        c.insert_one({"_id": same})
		        print("inserted", same)
		    except DuplicateKeyError as e:
		        key = e.details["keyValue"]["_id"]
		        assert type(same) is dict or key.startswith(
		            "CollationKey(0x"), e.details
		        assert type(same) is dict or "dup key: { _id: " + key + \
		            " }" in e.details["errmsg"], e.details
		ids = lambda cursor: [d["_id"] for d in cursor]
		print(ids(c.find().sort("_id", 1)))
		print(ids(c.find().sort("_id", -1)) ==
		    ids(c.find().sort("_id", 1))[::-1])
		print(ids(c.find({"_id": {"$gte": "a", "$lt": "E"}}).sort("_id", 1)))
		print(ids(c.find({"_id": {"$in": ["Z", "a", "B", "b"]}})))
		print(ids(c.find({"_id": "z"})), ids(c.find({"_id": {"k": "B"}})))
		print(ids(c.find({"_id": "z"}).collation(Collation("simple"))),
		    ids(c.find({"_id": "Z"}).collation(Collation("simple"))))
		print(ids(c.find({"_id": {"$lt": "~"}}).sort("_id", 1).collation(
		    Collation("simple"))))
		print(ids(c.find().hint([("_id", 1)]).min([("_id", "B")]).max(
		    [("_id", "e")]).collation(en2)))
		t = client.admin.command("ping")["operationTime"]
		print(c.replace_one({"_id": "z"}, {"x": 1}).modified_count,
		    c.delete_one({"_id": "a"}).deleted_count,
		    c.update_one({"_id": "E"}, {"$set": {"x": 1}},
		        upsert=True).upserted_id)
		print(list(c.find({"x": 1}).sort("_id", 1)))
		r = db.command(SON([("find", "c"), ("filter", {"_id": "a"}),
		    ("readConcern", {"level": "snapshot", "atClusterTime": t})]))
		print(r["cursor"]["firstBatch"], c.find_one({"_id": "A"}))
		c.insert_one({"_id": "a"})
		print(c.find_one({"_id": "A"}))
	END
	assert_output "[None, 5, '', '10', '9', 'A', 'á', 'ä', 'b', 'C', 'e', 'é', 'Z', {'k': 'A'}, {'k': 'b'}, True]
True
['A', 'á', 'ä', 'b', 'C']
['A', 'b', 'Z']
['Z'] [{'k': 'b'}]
[] ['Z']
['', '10', '9', 'A', 'C', 'Z', 'b', 'e']
['b', 'C']
1 1 None
[{'_id': 'e', 'x': 1}, {'_id': 'Z', 'x': 1}]
[{'_id': 'A'}] None
{'_id': 'a'}"
}

@test "unique indexes, filters, sorts, groups under a collation" {
	start_sim s
	run py "$s_uri" <<-'END'
		from pymongo.collation import Collation, CollationStrength
		from pymongo.errors import DuplicateKeyError, OperationFailure
		db = client.t
		en1 = Collation("en", strength=1)
		numeric = Collation("en", numericOrdering=True)
		c = db.c
		c.insert_many([{"_id": i, "s": s} for i, s in enumerate(
		    ["x10", "x9", "É", "e", "X1", "B"])])
		c.create_index("s", name="two", unique=True,
		    collation=Collation("en", strength=2))
		try:
		    c.insert_one({"s": "b"})
		except DuplicateKeyError as e:
		    print(e.code, list(e.details["keyPattern"]))
		c.insert_one({"_id": 9, "s": "è"})
		c.update_one({"_id": 9}, {"$set": {"s": "ê"}})
		try:
		    c.create_index("s", name="one", unique=True, collation=en1)
		except OperationFailure as e:
		    print(e.code)
		print(c.count_documents({"s": "E"}),
		    c.count_documents({"s": "E"}, collation=en1),
		    c.count_documents({"s": {"$gt": "x"}}, collation=en1))
		vs = lambda cursor: [d["s"] for d in cursor]
		print(vs(c.find().sort("s", 1)))
		print(vs(c.find().sort("s", 1).collation(numeric)))
		print(sorted(len(v) for v in [c.distinct("s"),
		    c.distinct("s", collation=en1)]))
		print(sorted(d["n"] for d in c.aggregate([{"$group": {"_id": "$s",
		    "n": {"$sum": 1}}}], collation=en1)))
		print(c.update_many({"s": "e"}, {"$set": {"n": 1}},
		    collation=en1).modified_count,
		    c.delete_many({"s": "e"}, collation=en1).deleted_count,
		    c.find_one_and_delete({"s": "x1"}, collation=en1))
		for bad in ({"locale": "xx"}, {"locale": "en", "strength": 7},
		        {"strength": 1}, {"locale": "en", "frob": 1}):
		    try:
		        db.create_collection("bad", collation=bad)
		    except OperationFailure as e:
		        print(e.code, e.details["errmsg"])
	END
	assert_output "11000 ['s']
11000
0 3 3
['B', 'X1', 'e', 'x10', 'x9', 'É', 'ê']
['B', 'e', 'É', 'ê', 'X1', 'x9', 'x10']
[5, 7]
[1, 1, 1, 1, 3]
3 3 {'_id': 4, 's': 'X1'}
2 Field 'locale' is invalid in: { locale: \"xx\" }
2 Field 'strength' is invalid in: { locale: \"en\", strength: 7 }
40414 BSON field 'collation.locale' is missing but a required field
2 Collation spec contains unknown field: frob"
}
