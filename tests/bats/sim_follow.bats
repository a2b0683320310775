#!/usr/bin/env bats
# Two and three members of mongosim: what follows, what the majority has, what
# a secondary refuses, locks.
bats_require_minimum_version 1.8.0

load lib

# member NAME [options]: follows p, in its set.
member() {
	local name=$1
	shift
	start_sim "$name" --replSet rs_p --follow "127.0.0.1:$p_port" "$@"
}

# direct PORT: Python against that member alone.
direct() {
	py "mongodb://127.0.0.1:$1/?directConnection=true"
}

@test "a member that follows has all that the primary has, byte for byte" {
	QUIET=1 start_sim p
	py "$p_uri" <<-'END'
		db = client.app
		db.early.insert_many([{"_id": i} for i in range(3000)])
		db.create_collection("cap", capped=True, size=4096, max=3)
		db.early.create_index("n", unique=True, sparse=True)
	END
	member f
	py "$p_uri" <<-'END'
		db, rng = client.app, random.Random(2)
		for n in range(500):
		    k = rng.randrange(40)
		    rng.choice([
		        lambda: db.c.update_one({"_id": k}, {"$set": {"s.x": n}},
		            upsert=True),
		        lambda: db.c.update_one({"_id": k}, {"$push": {"a": n}}),
		        lambda: db.c.delete_one({"_id": k}),
		        lambda: db.cap.insert_one({"_id": n})])()
		with client.start_session() as s, s.start_transaction():
		    db.t.insert_many([{"_id": i} for i in range(5)], session=s)
		db.x.insert_one({"_id": 1})
		db.x.rename("y")
		w = pymongo.WriteConcern("majority", wtimeout=100000)
		db.get_collection("last", write_concern=w).insert_one({})
	END
	assert_same "$p_uri" "mongodb://127.0.0.1:$f_port/?directConnection=true" app
	run py "mongodb://127.0.0.1:$p_port" "$f_port" <<-'END'
		other = pymongo.MongoClient("127.0.0.1", int(sys.argv[2]))
		raw = bson.codec_options.CodecOptions(
		    document_class=bson.raw_bson.RawBSONDocument)
		def log(c):
		    return {d["ts"]: d.raw for d in c.local.get_collection(
		        "oplog.rs", codec_options=raw).find()}
		a, b = log(client), log(other)
		print(len(b) > 500, all(a[ts] == d for ts, d in b.items()))
		rows = lambda c: list(c.config.transactions.find())
		print(rows(client)[0] in rows(other))
	END
	assert_output "True True
True"
}

@test "hello, status, refusals of a secondary; reads there when asked for" {
	start_sim p
	member f
	run py "$p_uri" "$p_port" "$f_port" <<-'END'
		p, f = ("127.0.0.1:" + n for n in sys.argv[2:4])
		one = lambda host: pymongo.MongoClient(host)
		client.t.get_collection("c", write_concern=
		    pymongo.WriteConcern(2)).insert_one({"_id": 1})
		for host in p, f:
		    h = one(host).admin.command("hello")
		    print(h["hosts"] == [p, f], h["isWritablePrimary"],
		        h["secondary"], h["primary"] == p, h["me"] == host)
		    s = one(host).admin.command("replSetGetStatus")
		    print(s["myState"], s["syncSourceHost"] == (p if host == f
		        else ""), [(m["stateStr"], m.get("self", False)) for m in
		        s["members"]])
		    c = one(host).admin.command("replSetGetConfig")["config"]
		    print([m["host"] for m in c["members"]] == [p, f])
		for what in (lambda t: t.c.insert_one({"_id": 2}),
		        lambda t: t.command("drop", "c")):
		    try:
		        what(one(f).t)
		    except pymongo.errors.NotMasterError as e:
		        print(e.details["code"], e.details["codeName"])
		read = client.get_database("t", read_preference=
		    pymongo.ReadPreference.SECONDARY)
		print(list(read.c.find()))
		majority = pymongo.read_concern.ReadConcern("majority")
		print(list(read.get_collection("c", read_concern=majority).find()))
		r = one(p).t.command(SON([("insert", "c"), ("documents", [{}]),
		    ("writeConcern", {"w": 3})]), check=False)
		print(r["writeConcernError"]["code"])
	END
	assert_output "True True False True True
1 True [('PRIMARY', True), ('SECONDARY', False)]
True
True False True True True
2 True [('PRIMARY', False), ('SECONDARY', True)]
True
10107 NotWritablePrimary
10107 NotWritablePrimary
[{'_id': 1}]
[{'_id': 1}]
100"
}

@test "w: majority waits for the follower; of three members two suffice" {
	start_sim p
	member f
	py "$p_uri" <<<'client.t.get_collection("c", write_concern=pymongo.WriteConcern(2)).insert_one({"_id": 0})'
	simulate "mongodb://127.0.0.1:$f_port" '{"simulate": "pause"}'
	run py "mongodb://127.0.0.1:$p_port" <<-'END'
		def write(i, **concern):
		    r = client.t.command(SON([("insert", "c"), ("documents",
		        [{"_id": i}]), ("writeConcern", concern)]), check=False)
		    return r["n"], r.get("writeConcernError", {}).get("code")
		majority = pymongo.read_concern.ReadConcern("majority")
		def state():
		    h = client.admin.command("hello")["lastWrite"]
		    print(client.t.c.count_documents({}), client.t.get_collection(
		        "c", read_concern=majority).count_documents({}),
		        h["majorityOpTime"]["ts"] < h["opTime"]["ts"])
		print(write(1, w=1), write(2, w="majority", wtimeout=100),
		    write(3, w=2, wtimeout=100))
		state()
	END
	assert_output --partial "(1, None) (1, 64) (1, 64)"
	assert_line --index 1 "4 1 True"
	member g
	run py "mongodb://127.0.0.1:$p_port" <<-'END'
		def write(i, **concern):
		    r = client.t.command(SON([("insert", "c"), ("documents",
		        [{"_id": i}]), ("writeConcern", concern)]), check=False)
		    return r["n"], r.get("writeConcernError", {}).get("code")
		print(write(4, w="majority", wtimeout=100000),
		    write(5, w=3, wtimeout=100))
	END
	assert_output "(1, None) (1, 64)"
	kill -9 "$g_pid"
	simulate "mongodb://127.0.0.1:$f_port" '{"simulate": "resume"}'
	run py "mongodb://127.0.0.1:$p_port" <<-'END'
		r = client.t.command(SON([("insert", "c"), ("documents", [{}]),
		    ("writeConcern", {"w": "majority", "wtimeout": 100000})]))
		print("writeConcernError" in r)
		end = time.time() + 100
		def states():
		    return [m["stateStr"] for m in client.admin.command(
		        "replSetGetStatus")["members"]]
		while states()[2] == "SECONDARY" and time.time() < end:
		    time.sleep(.05)
		print(states())
	END
	assert_output "False
['PRIMARY', 'SECONDARY', '(not reachable/healthy)']"
}

@test "fsync locks count; a locked follower catches up, a locked primary waits" {
	start_sim p
	member f
	run py "mongodb://127.0.0.1:$p_port" "$f_port" <<-'END'
		import threading
		f = pymongo.MongoClient("127.0.0.1", int(sys.argv[2]))
		lock = lambda c: c.admin.command("fsync", lock=True)["lockCount"]
		unlock = lambda c: c.admin.command("fsyncUnlock", check=False)
		client.t.get_collection("c", write_concern=
		    pymongo.WriteConcern(2)).insert_one({"_id": 1})
		print(lock(f), lock(f))
		r = client.t.command(SON([("insert", "c"), ("documents",
		    [{"_id": 2}]), ("writeConcern", {"w": 2, "wtimeout": 200})]))
		print(r["writeConcernError"]["code"], f.t.c.count_documents({}))
		print(unlock(f)["lockCount"], f.t.c.count_documents({}),
		    unlock(f)["lockCount"])
		client.t.get_collection("c", write_concern=
		    pymongo.WriteConcern(2, wtimeout=100000)).insert_one({"_id": 3})
		print(f.t.c.count_documents({}), unlock(f)["ok"])
		lock(client)
		thread = threading.Thread(target=lambda:
		    client.t.c.insert_one({"_id": 4}))
		thread.start()
		thread.join(.3)
		print(thread.is_alive(), client.t.c.count_documents({}))
		unlock(client)
		thread.join(100)
		print(thread.is_alive(), client.t.c.count_documents({}))
	END
	assert_output "1 2
64 1
1 1 0
3 0.0
True 3
False 4"
}

@test "the primary restarts the tail after faults; what cannot be followed" {
	start_sim p
	member f
	simulate "$p_uri" '{"simulate": "dropConnection", "command": "getMore", "ns": "local", "bytes": 30, "times": 2}'
	simulate "$p_uri" '{"simulate": "killCursors"}'
	run py "$p_uri" <<-'END'
		w = pymongo.WriteConcern(2, wtimeout=100000)
		client.t.get_collection("c", write_concern=w).insert_one({})
		print("replicated")
	END
	assert_output replicated
	kill -9 "$p_pid"
	run direct "$f_port" <<-'END'
		end = time.time() + 100
		while "primary" in client.admin.command("hello") and \
		        time.time() < end:
		    time.sleep(.05)
		h = client.admin.command("hello")
		print("primary" in h, h["secondary"], client.t.c.count_documents({}))
	END
	assert_output "False True 1"
	start_sim p --oplog-entries 5
	py "$p_uri" <<<'client.t.c.insert_many([{} for i in range(20)])'
	run -8 "$B/tests/mongosim" --port 0 --replSet rs_p \
		--follow "127.0.0.1:$p_port"
	assert_output --partial 'does not reach back to its start'
	run -8 "$B/tests/mongosim" --port 0 --replSet other \
		--follow "127.0.0.1:$p_port"
	assert_output --partial 'is no member of the set "other"'
}
