#!/usr/bin/env bats
# The command applyOps of mongosim: all or none, one by one, what it logs.
# (mongorestore --oplogReplay over it: tests/peers.)
bats_require_minimum_version 1.8.0

load lib

@test "operations on documents: all or none, one entry as recorded" {
	start_sim s
	run py "$s_uri" <<-'END'
		db = client.t
		log = client.local["oplog.rs"]
		def apply(*ops, **more):
		    return client.admin.command(SON([("applyOps", list(ops))] +
		        list(more.items())), check=False)
		db.c.insert_one({"_id": 0, "a": 1, "u": 1})
		db.c.create_index("u", unique=True)
		i = lambda d, ns="t.c": SON([("op", "i"), ("ns", ns), ("o", d)])
		r = apply(i({"_id": 1, "u": 2}), SON([("op", "u"), ("ns", "t.c"),
		    ("o2", {"_id": 1}), ("o", SON([("$v", 2), ("diff",
		    {"i": {"b": 5}})]))]), SON([("op", "d"), ("ns", "t.c"),
		    ("o", {"_id": 0})]), i({"_id": 9, "u": 1}))
		print(r["ok"], r["applied"], r["results"])
		print(list(db.c.find()))
		e = next(log.find().sort("$natural", -1))
		print(list(e), e["op"], e["ns"], list(e["o"])[0],
		    [list(o) for o in e["o"]["applyOps"]])
		count = log.count_documents({})
		r = apply(i({"_id": 2, "u": 7}), i({"_id": 3, "u": 2}))
		print(r["ok"], r["applied"], r["code"], r["results"])
		print(db.c.count_documents({}), log.count_documents({}) == count,
		    db.c.find_one({"u": 7}))
		# Replayed: what is there is replaced, what is gone is left.
		r = apply(i({"_id": 1, "u": 3}), SON([("op", "d"), ("ns", "t.c"),
		    ("o", {"_id": 77})]))
		print(r["ok"], db.c.find_one({"_id": 1}))
		for bad in ([5], [{"op": "i", "ns": "t.c"}],
		        [{"op": "q", "ns": "t.c", "o": {}}]):
		    print(apply(*bad)["code"])
		db.create_collection("cap", capped=True, size=4096, max=2)
		print(apply(*[i({"_id": n}, "t.cap") for n in range(4)])["ok"],
		    [d["_id"] for d in db.cap.find()])
	END
	assert_output "1.0 4 [True, True, True, True]
[{'_id': 1, 'u': 2, 'b': 5}, {'_id': 9, 'u': 1}]
['op', 'ns', 'o', 'ts', 't', 'wall', 'v'] c admin.\$cmd applyOps [['op', 'ns', 'o', 'ui'], ['op', 'ns', 'o2', 'o', 'ui'], ['op', 'ns', 'o', 'ui'], ['op', 'ns', 'o', 'ui']]
0.0 2 11000 [False, False]
2 True None
1.0 {'_id': 1, 'u': 3}
9
9
9
1.0 [2, 3]"
}

@test "with commands among them: one by one, up to the first that fails" {
	start_sim s
	run py "$s_uri" <<-'END'
		db = client.t
		log = client.local["oplog.rs"]
		def apply(*ops):
		    return client.admin.command(SON([("applyOps", list(ops))]),
		        check=False)
		c = lambda o: SON([("op", "c"), ("ns", "t.$cmd"), ("o", o)])
		i = lambda ns, d: SON([("op", "i"), ("ns", ns), ("o", d)])
		r = apply(c(SON([("create", "n")])), i("t.n", {"_id": 1}),
		    c(SON([("createIndexes", "n"), ("v", 2), ("key", {"a": 1}),
		        ("name", "a_1")])), i("t.none", {"_id": 1}),
		    i("t.n", {"_id": 2}))
		print(r["ok"], r["applied"], r["code"], r["results"])
		print(list(db.n.find()), list(db.n.index_information()))
		print([(e["op"], list(e["o"])[0], "ui" in e) for e in log.find(
		    {"ns": {"$in": ["t.n", "t.$cmd"]}})])
		r = apply(c(SON([("drop", "n")])), c(SON([("drop", "n")])))
		print(r["applied"], r["codeName"], db.list_collection_names())
	END
	assert_output "0.0 4 26 [True, True, True, False]
[{'_id': 1}] ['_id_', 'a_1']
[('c', 'create', True), ('i', '_id', True), ('c', 'createIndexes', True)]
2 NamespaceNotFound []"
}

@test "an open transaction: applyOps waits for it" {
	start_sim s
	run py "$s_uri" <<-'END'
		import threading
		db = client.t
		db.c.insert_one({"_id": 1})
		done = []
		def apply():
		    r = client.admin.command(SON([("applyOps", [
		        SON([("op", "u"), ("ns", "t.c"), ("o2", {"_id": 1}),
		            ("o", {"_id": 1, "by": "applyOps"})]),
		        SON([("op", "i"), ("ns", "t.c"), ("o", {"_id": 2})])])]))
		    done.append(r["ok"])
		with client.start_session() as s:
		    s.start_transaction()
		    db.c.update_one({"_id": 1}, {"$set": {"by": "txn"}}, session=s)
		    thread = threading.Thread(target=apply)
		    thread.start()
		    thread.join(0.3)
		    print(done, list(db.c.find()))
		    s.commit_transaction()
		thread.join(100)
		print(done, list(db.c.find()))
	END
	assert_output "[] [{'_id': 1}]
[1.0] [{'_id': 1, 'by': 'applyOps'}, {'_id': 2}]"
}
