#!/usr/bin/env bats
# Faults of mongosim: each does what it says, and says that it did.
bats_require_minimum_version 1.8.0

load lib

@test "a lost reply: done, but the client never hears of it" {
	start_sim s
	simulate "$s_uri" '{"simulate": "loseReply", "command": "insert",
		"ns": "t.c"}'
	run py "$s_uri" <<-'END'
		plain = pymongo.MongoClient(sys.argv[1], retryWrites=False)
		plain.t.other.insert_one({"_id": 0})
		try:
		    plain.t.c.insert_one({"_id": 1})
		    print("answered")
		except pymongo.errors.AutoReconnect:
		    print("lost")
		print(list(client.t.c.find()))
	END
	assert_output "lost
[{'_id': 1}]"
	run fired "$s_uri" loseReply
	assert_output 1
}

@test "a retry after a lost reply writes nothing twice" {
	start_sim s
	py "$s_uri" <<<'client.t.c.insert_one({"_id": 1, "n": 0})'
	simulate "$s_uri" '{"simulate": "loseReply", "command": "update"}'
	run py "$s_uri" <<-'END'
		r = client.t.c.update_one({"_id": 1}, {"$inc": {"n": 1}})
		print(r.modified_count, list(client.t.c.find()))
		print(client.local["oplog.rs"].count_documents({"op": "u"}))
	END
	assert_output "1 [{'_id': 1, 'n': 1}]
1"
	run fired "$s_uri" loseReply
	assert_output 1
}

@test "killed cursors, at once and at the third getMore" {
	start_sim s
	run py "$s_uri" <<-'END'
		client.t.c.insert_many([{"_id": i} for i in range(20)])
		cursor = client.t.c.find().batch_size(2)
		cursor.next()
		print(client.admin.command("simulate", "killCursors")["killed"])
		seen = 1
		try:
		    for d in cursor:
		        seen += 1
		except pymongo.errors.CursorNotFound as e:
		    print("dead after", seen)
		client.admin.command(SON([("simulate", "killCursors"),
		                          ("ns", "t.c"), ("after", 2)]))
		seen = 0
		try:
		    for d in client.t.c.find().batch_size(2):
		        seen += 1
		except pymongo.errors.CursorNotFound as e:
		    print("dead after", seen)
		print(len(list(client.t.c.find().batch_size(2))))
	END
	assert_output "1
dead after 2
dead after 6
20"
	run fired "$s_uri" killCursors
	assert_output 2
}

@test "a connection that breaks inside a reply" {
	start_sim s
	simulate "$s_uri" '{"simulate": "dropConnection", "command": "find",
		"bytes": 40, "times": 2}'
	run py "$s_uri" <<-'END'
		client.t.c.insert_one({"_id": 1})
		try:
		    client.t.c.find_one({"_id": 1})
		    print("answered")
		except pymongo.errors.AutoReconnect:
		    print("broken")
		print(client.t.c.find_one())
	END
	# pymongo reads again by itself, once: the second break is the client's.
	assert_output "broken
{'_id': 1}"
	run fired "$s_uri" dropConnection
	assert_output 2
}

@test "failures with a code and labels, limited by command, place and number" {
	start_sim s
	simulate "$s_uri" '{"simulate": "fail", "command": "insert", "ns": "t.c",
		"code": 112, "errmsg": "conflict", "labels": ["Strange"],
		"after": 1, "times": 2}'
	run py "$s_uri" <<-'END'
		def insert(coll, i):
		    try:
		        client.t[coll].insert_one({"_id": i})
		        print(coll, i, "done")
		    except pymongo.errors.OperationFailure as e:
		        print(coll, i, e.code, e.details["errmsg"],
		              e.details["errorLabels"])
		for i in range(4):
		    insert("c", i)
		    insert("d", i)
		print(sorted(d["_id"] for d in client.t.c.find()))
	END
	assert_output "c 0 done
d 0 done
c 1 112 conflict ['Strange']
d 1 done
c 2 112 conflict ['Strange']
d 2 done
c 3 done
d 3 done
[0, 3]"
	run fired "$s_uri" fail
	assert_output 2
}

@test "a writeConcernError beside a write that was done" {
	start_sim s
	simulate "$s_uri" '{"simulate": "writeConcernError", "command": "insert"}'
	run py "$s_uri" <<-'END'
		w = pymongo.WriteConcern("majority", wtimeout=1000)
		try:
		    client.t.get_collection("c", write_concern=w).insert_one(
		        {"_id": 1})
		except pymongo.errors.WTimeoutError as e:
		    print(e.details)
		print(client.t.c.find_one())
	END
	assert_line --partial "'code': 64, 'codeName': 'WriteConcernFailed'"
	assert_line "{'_id': 1}"
	run fired "$s_uri" writeConcernError
	assert_output 1
}

@test "a stalled write is done late, though its client is gone" {
	start_sim s
	simulate "$s_uri" '{"simulate": "stall", "command": "insert"}'
	run py "$s_uri" <<-'END'
		hasty = pymongo.MongoClient(sys.argv[1], socketTimeoutMS=2000,
		                            retryWrites=False)
		try:
		    hasty.t.c.insert_one({"_id": 1})
		except pymongo.errors.NetworkTimeout:
		    print("given up")
		print(list(client.t.c.find()))
		client.admin.command("simulate", "clear", what="stall")
		end = time.time() + 60
		while time.time() < end and not client.t.c.find_one():
		    pass
		print(list(client.t.c.find()))
	END
	assert_output "given up
[]
[{'_id': 1}]"
	run fired "$s_uri" stall
	assert_output 1
}

@test "delay, slow replies, the clock, an oplog that rolls over" {
	# the clock that is set makes the server idle for an hour
	start_sim s --noop-interval 0
	run py "$s_uri" <<-'END'
		def simulate(what, **more):
		    return client.admin.command(SON([("simulate", what)] +
		                                    list(more.items())))
		def took(f):
		    start = time.monotonic()
		    f()
		    return time.monotonic() - start
		client.t.c.insert_many([{"_id": i} for i in range(30)])
		simulate("delay", command="ping", ms=300)
		print("delay", took(lambda: client.admin.command("ping")) >= 0.29)
		simulate("slowDown", command="find", perSecond=100)
		print("slow", took(lambda: list(client.t.c.find())) >= 0.29)
		before = client.admin.command("hello")["localTime"]
		simulate("clock", ms=3600000)
		after = client.admin.command("hello")["localTime"]
		print("clock", 3590 < (after - before).total_seconds() < 3610)
		ts = client.local["oplog.rs"].find_one(
		    {"ns": "t.c"}, sort=[("$natural", 1)])["ts"]
		simulate("rollover", entries=1000)
		print(client.local["oplog.rs"].find_one({"ts": ts}))
		print(len(list(client.local["oplog.rs"].find())))
		print(sorted(simulate("status")["fired"]))
	END
	assert_output "delay True
slow True
clock True
None
1
['clock', 'delay', 'rollover', 'slowDown']"
}

@test "faults are refused by name, listed while armed, cleared" {
	start_sim s
	run py "$s_uri" <<-'END'
		def simulate(fault, **more):
		    return client.admin.command(SON([("simulate", fault)] +
		                                    list(more.items())))
		try:
		    simulate("frob")
		except pymongo.errors.OperationFailure as e:
		    print(e.code)
		simulate("fail", command="ping", times=0)
		simulate("delay", command="ping", ms=1)
		print(simulate("status")["armed"])
		simulate("clear", what="fail")
		print(simulate("status")["armed"])
		client.admin.command("ping")
		print(simulate("status")["armed"], simulate("status")["fired"])
	END
	assert_output "2
['fail', 'delay']
['delay']
[] {'delay': 1}"
}
