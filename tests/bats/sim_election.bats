#!/usr/bin/env bats
# Faults of a replica set: rollback, step-down, holes, replies sent twice.
bats_require_minimum_version 1.8.0

load lib

setup() {
	require_sim
}

@test 'rollback: data, oplog, transactions, new collections; a new term' {
	start_sim s
	py "$s_uri" <<-'END'
		def sim(what, **more):
		    return client.admin.command("simulate", what, **more)
		def majority():
		    return client.admin.command("hello")["lastWrite"]
		a, log = client.app.a, client.local["oplog.rs"]
		a.create_index("k", unique=True)
		a.insert_many([{"_id": i, "k": i} for i in range(6)])
		before, at = list(a.find()), majority()["opTime"]
		tail = a.find(batch_size=2)
		next(tail)
		sim("hold")
		w1 = a.with_options(write_concern=pymongo.WriteConcern(w=1))
		w1.delete_one({"_id": 2})
		w1.update_one({"_id": 3}, {"$set": {"k": 2}})
		w1.update_one({"_id": 3}, {"$set": {"x": 2}})
		w1.insert_one({"_id": 9, "k": 9})
		client.app.new.insert_one({"_id": 1})
		with client.start_session() as s, s.start_transaction(
		        write_concern=pymongo.WriteConcern(w=1)):
		    a.update_one({"_id": 5}, {"$set": {"k": 55}}, session=s)
		assert a.find_one({"_id": 5})["k"] == 55
		assert majority()["majorityOpTime"] == at
		assert sim("rollback")["entries"] == 7
		assert list(a.find()) == before
		assert client.app.list_collection_names() == ["a"]
		last = majority()
		assert last["opTime"] == last["majorityOpTime"]
		assert last["opTime"]["t"] == at["t"] + 1
		assert last["opTime"]["ts"] > at["ts"]
		assert log.count_documents({"ts": {"$gt": at["ts"]}}) == 1
		try:
		    list(tail)
		    raise SystemExit("the cursor lives")
		except (pymongo.errors.CursorNotFound,
		        pymongo.errors.AutoReconnect):
		    pass
		# The unique values are as before, too.
		a.insert_one({"_id": 9, "k": 9})
		try:
		    a.insert_one({"k": 2})
		    raise SystemExit("twice the same value")
		except pymongo.errors.DuplicateKeyError:
		    pass
		sim("hold")
		w1.drop_index("k_1")
		try:
		    sim("rollback")
		    raise SystemExit("an index was rolled back")
		except pymongo.errors.OperationFailure as e:
		    assert e.code == 238, e
	END
	assert_equal "$(fired "$s_uri" rollback)" 1
}

@test 'step-down: writes and plain reads refused, then a new term' {
	start_sim s
	py "mongodb://127.0.0.1:$s_port/?directConnection=true" <<-'END'
		def fails(code, f):
		    try:
		        f()
		    except pymongo.errors.PyMongoError as e:
		        assert e.details["code"] == code, e
		        return
		    raise SystemExit("%d expected" % code)
		def run(db, *command):
		    return client[db].command(SON(command))
		from pymongo import ReadPreference as R
		client.app.a.insert_one({"_id": 1})
		term = run("admin", ("hello", 1))["lastWrite"]["opTime"]["t"]
		other = pymongo.MongoClient(*client.address)
		run("admin", ("simulate", "stepDown"))
		hello = run("admin", ("hello", 1))
		assert hello["secondary"] and not hello["isWritablePrimary"]
		assert "primary" not in hello
		fails(10107, lambda: run("app", ("insert", "a"), ("documents",
		    [{"_id": 2}])))
		db = client.app
		assert db.command("find", "a", read_preference=R.SECONDARY)
		import socket, struct
		def raw(command):
		    body = bson.encode(SON(command + [("$db", "app")]))
		    with socket.create_connection(client.address) as s:
		        s.sendall(struct.pack("<iiiiIB", 21 + len(body), 1, 0,
		                              2013, 0, 0) + body)
		        return bson.decode(s.recv(100000)[21:])
		assert raw([("find", "a")])["code"] == 13435
		run("admin", ("simulate", "stepUp"))
		hello = run("admin", ("hello", 1))
		assert hello["isWritablePrimary"] and not hello["secondary"]
		assert hello["lastWrite"]["opTime"]["t"] == term + 1
		run("app", ("insert", "a"), ("documents", [{"_id": 2}]))
	END
	assert_equal "$(fired "$s_uri" stepDown)" 1
	assert_equal "$(fired "$s_uri" stepUp)" 1
}

@test 'a hole in the oplog is seen by no majority reader' {
	start_sim s
	py "$s_uri" <<-'END'
		def sim(what):
		    client.admin.command("simulate", what)
		w1 = client.app.a.with_options(
		    write_concern=pymongo.WriteConcern(w=1))
		w1.insert_one({"_id": 0})
		log = client.local["oplog.rs"]
		def ids(level):
		    return [e["o"]["_id"] for e in log.with_options(
		        read_concern=pymongo.read_concern.ReadConcern(level)
		        ).find({"op": "i", "ns": "app.a"})]
		sim("oplogHole")
		w1.insert_one({"_id": 1})
		w1.insert_one({"_id": 2})
		assert ids("local") == [0, 2], ids("local")
		assert ids("majority") == [0]
		sim("fillHole")
		assert ids("local") == ids("majority") == [0, 1, 2]
	END
	assert_equal "$(fired "$s_uri" oplogHole)" 1
}

@test 'a reply that comes twice' {
	start_sim s
	py "$s_uri" <<-'END'
		import socket, struct
		client.admin.command(SON([("simulate", "duplicateReply"),
		    ("command", "ping"), ("ns", "twice")]))
		body = bson.encode(SON([("ping", 1), ("$db", "twice")]))
		with socket.create_connection(client.address, timeout=100) as s:
		    s.sendall(struct.pack("<iiiiIB", 21 + len(body), 7, 0, 2013,
		                          0, 0) + body)
		    got = b""
		    while len(got) < 4 or len(got) < 2 * struct.unpack(
		            "<i", got[:4])[0]:
		        got += s.recv(10000)
		half = len(got) // 2
		assert got[:half] == got[half:]
		assert struct.unpack("<i", got[8:12]) == (7,)
		client.twice.command("ping")
	END
	assert_equal "$(fired "$s_uri" duplicateReply)" 1
}
