#!/usr/bin/env bats
# Operations under way on mongosim: listed, killed, counted; user writes blocked.
bats_require_minimum_version 1.8.0

load lib

@test "\$currentOp: running commands by appName, idle transactions; both killed" {
	start_sim s
	run py "$s_uri" <<-'END'
		import threading
		client.admin.command("ping")
		other = pymongo.MongoClient(client.address[0], client.address[1],
		    appname="shop")
		db = client.t
		db.c.insert_one({"_id": 1})
		def ops(**match):
		    return list(client.admin.aggregate([{"$currentOp": {
		        "allUsers": True, "idleSessions": True}}, {"$match": match}]))
		mine, = ops(**{"command.aggregate": 1})
		print(mine["op"], mine["ns"], mine["active"], "appName" in mine)
		with other.start_session() as s:
		    s.start_transaction()
		    other.t.c.update_one({"_id": 1}, {"$set": {"a": 1}}, session=s)
		    idle, = ops(type="idleSession")
		    print(idle["active"], idle["transaction"]["parameters"],
		        idle["transaction"]["timeOpenMicros"] >= 0)
		    failed = []
		    def write():
		        try:
		            other.t.c.update_one({"_id": 1}, {"$set": {"a": 2}})
		        except pymongo.errors.OperationFailure as e:
		            failed.append((e.code, e.details["codeName"]))
		    thread = threading.Thread(target=write)
		    thread.start()
		    end = time.time() + 60
		    while not ops(appName="shop", op="update") and time.time() < end:
		        time.sleep(.02)
		    op, = ops(appName="shop", op="update")
		    print(op["op"], op["ns"], op["command"]["update"])
		    print(client.admin.command("killOp", op=op["opid"])["info"])
		    thread.join(100)
		    print(failed, ops(appName="shop", op="update"))
		    client.admin.command("killAllSessionsByPattern", [{"lsid": {
		        "id": s.session_id["id"]}}])
		    print(ops(type="idleSession"))
		    try:
		        other.t.c.insert_one({}, session=s)
		    except pymongo.errors.OperationFailure as e:
		        print(e.code)
		print(db.c.find_one())
		print(client.admin.command("currentOp")["inprog"][0]["op"])
		try:
		    client.admin.command("aggregate", 1, pipeline=[], cursor={})
		except pymongo.errors.OperationFailure as e:
		    print(e.code)
	END
	assert_output "command admin.\$cmd True False
False {'txnNumber': 1, 'autocommit': False} True
update t.c c
attempting to kill op
[(11601, 'Interrupted')] []
[]
251
{'_id': 1}
command
238"
}

@test "\$collStats: latencyStats count by kind, count and size as they are" {
	start_sim s
	run py "$s_uri" <<-'END'
		c = client.t.c
		c.insert_many([{"_id": i} for i in range(200)])
		list(c.find().batch_size(60))
		c.delete_one({"_id": 0})
		c.create_index("a")
		with client.start_session() as s, s.start_transaction():
		    c.update_one({"_id": 1}, {"$set": {"a": 1}}, session=s)
		    c.find_one({"_id": 1}, session=s)
		r, = c.aggregate([{"$collStats": {"latencyStats": {},
		    "storageStats": {}, "count": {}}}])
		print({k: v["ops"] for k, v in r["latencyStats"].items()})
		print(r["ns"], r["count"], r["storageStats"]["nindexes"])
		try:
		    list(client.t.none.aggregate([{"$collStats": {"count": {}}}]))
		except pymongo.errors.OperationFailure as e:
		    print(e.code)
	END
	assert_output "{'reads': 4, 'writes': 2, 'commands': 1, 'transactions': 2}
t.c 199 2
26"
}

@test "setUserWriteBlockMode: user databases alone, but for who may bypass it" {
	start_sim s --auth root:secret --fcv 6.0
	run py "mongodb://root:secret@127.0.0.1:$s_port/?authSource=admin&authMechanism=SCRAM-SHA-256" \
		"$s_port" <<-'END'
		client.admin.command("createUser", "app", pwd="pw",
		    roles=["readWriteAnyDatabase"], mechanisms=["SCRAM-SHA-256"])
		app = pymongo.MongoClient("127.0.0.1", int(sys.argv[1 + 1]),
		    username="app", password="pw")
		def code(f):
		    try:
		        f()
		        return 0
		    except pymongo.errors.OperationFailure as e:
		        return e.code
		def tries():
		    return [code(f) for f in (lambda: app.t.c.insert_one({}),
		        lambda: app.t.c.drop(), lambda: list(app.t.d.aggregate(
		            [{"$out": "o"}])), lambda: app.t.c.find_one(),
		        lambda: client.t.c.insert_one({}))]
		block = lambda on: client.admin.command(
		    SON([("setUserWriteBlockMode", 1), ("global", on)]))
		block(True)
		print(tries())
		block(False)
		print(tries())
		print(code(lambda: app.admin.command(SON([
		    ("setUserWriteBlockMode", 1), ("global", True)]))))
	END
	assert_output "[371, 371, 371, 0, 0]
[0, 0, 0, 0, 0]
13"
	start_sim s --fcv 5.0
	run py "$s_uri" <<-'END'
		r = client.admin.command("setUserWriteBlockMode", 1, **{
		    "global": True, "check": False})
		print(r["code"])
	END
	assert_output 59
}
