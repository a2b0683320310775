#!/usr/bin/env bats
# Rights to write a selection, taken away and given back on a server; what is
# under way there. mm-switch is made of these.
bats_require_minimum_version 1.8.0

load lib

RUN='run = lambda db, *pairs: client[db].command(SON(pairs))
def attempt(name, f):
    try:
        f()
        print(name, "done")
    except pymongo.errors.OperationFailure as e:
        print(name, e.code)
def login(name, db):
    return pymongo.MongoClient(client.address[0], client.address[1],
        username=name, password="pw", authSource=db)
'

setup() {
	start_sim s --auth root:secret
	uri="mongodb://root:secret@127.0.0.1:$s_port/?authSource=admin"
}

as_root() {
	py "$uri" < <(echo "$RUN"; cat)
}

side() {
	"$B/tests/tools/side_rights" "$uri" shop "$@"
}

people() {
	as_root <<-'END'
		res = lambda db, coll: {"db": db, "collection": coll}
		run("admin", ("createRole", "seller"), ("privileges", [
		    {"resource": res("shop", "orders"), "actions": ["find", "insert"]},
		    {"resource": res("other", ""), "actions": ["insert"]}]),
		    ("roles", []))
		run("admin", ("createUser", "seller"), ("pwd", "pw"),
		    ("roles", ["seller"]))
		run("shop", ("createUser", "app"), ("pwd", "pw"),
		    ("roles", ["readWrite"]))
		run("other", ("createUser", "app"), ("pwd", "pw"),
		    ("roles", ["readWrite"]))
		run("admin", ("createUser", "dba"), ("pwd", "pw"),
		    ("roles", ["readWriteAnyDatabase"]))
	END
}

# tries: what each account can do.
tries() {
	as_root <<-'END'
		for name, db in (("seller", "admin"), ("app", "shop"),
		                 ("app", "other"), ("dba", "admin")):
		    c, got = login(name, db), []
		    for f in (lambda: c.shop.orders.insert_one({}),
		              lambda: c.shop.orders.find_one(),
		              lambda: c.other.c.insert_one({})):
		        try:
		            f()
		            got.append("yes")
		        except pymongo.errors.OperationFailure as e:
		            got.append("no" if e.code == 13 else e.code)
		    print(name, db, *got)
	END
}

BEFORE="seller admin yes yes yes
app shop yes yes no
app other no no yes
dba admin yes yes yes"

@test "writing is taken from all but those who are named, and given back" {
	people
	side plan >"$TMP/plan"
	run "$PY" - "$TMP/plan" <<-'END'
		import json, sys
		p = json.load(open(sys.argv[1]))
		print(sorted((c["kind"], c["db"], c["name"]) for c in p["changes"]))
		print(sorted({o["name"] for o in p["open"]}), p["kept"])
	END
	assert_output "[('role', 'admin', 'seller'), ('user', 'shop', 'app')]
['admin.dba', 'admin.noplog'] [{'name': 'admin.root'}]"
	run tries
	assert_output "$BEFORE"
	before=$(side token "$TMP/plan")
	side block "$TMP/plan"
	blocked=$(side token "$TMP/plan")
	assert_not_equal "$before" "$blocked"
	side block "$TMP/plan"
	assert_equal "$(side token "$TMP/plan")" "$blocked"
	run tries
	assert_output "seller admin no yes yes
app shop no yes no
app other no no yes
dba admin yes yes yes"
	side undo "$TMP/plan"
	side undo "$TMP/plan"
	assert_equal "$(side token "$TMP/plan")" "$before"
	run tries
	assert_output "$BEFORE"
}

@test "what somebody adds meanwhile stays; what he takes is refused; a lost reply" {
	people
	side plan >"$TMP/plan"
	as_root <<-'END'
		client.admin.command(SON([("simulate", "loseReply"),
		    ("command", "updateUser")]))
	END
	side block "$TMP/plan"
	as_root <<-'END'
		run("shop", ("grantRolesToUser", "app"), ("roles", [
		    {"role": "read", "db": "other"}]))
	END
	side undo "$TMP/plan"
	run as_root <<-'END'
		print(sorted((r["db"], r["role"]) for r in run("shop",
		    ("usersInfo", "app"))["users"][0]["roles"]))
		fired = client.admin.command("simulate", "status")["fired"]
		print(fired["loseReply"])
	END
	assert_output "[('other', 'read'), ('shop', 'readWrite')]
1"
	side plan >"$TMP/plan"
	side block "$TMP/plan"
	as_root <<-'END'
		run("shop", ("updateUser", "app"), ("roles", []))
	END
	run -8 side undo "$TMP/plan"
	assert_output --partial 'user "shop.app"'
}

@test "an account that may not see users: 8" {
	uri="mongodb://reader:secret@127.0.0.1:$s_port/?authSource=admin"
	run -8 side plan
	assert_output --partial "not authorized"
}

@test "roles of a database, where system.roles may not be read" {
	people
	as_root <<-'END'
		run("shop", ("createRole", "clerk"), ("privileges", [{"resource":
		    {"db": "shop", "collection": ""}, "actions": ["insert"]}]),
		    ("roles", []))
		run("shop", ("grantRolesToUser", "app"), ("roles", ["clerk"]))
		client.shop.c.insert_one({})
		run("admin", ("createRole", "looker"), ("privileges", [
		    {"resource": {"cluster": True}, "actions": ["viewUser"]},
		    {"resource": {"db": "", "collection": ""}, "actions": ["viewUser",
		     "viewRole"]}]), ("roles", []))
		run("admin", ("createUser", "looker"), ("pwd", "pw"),
		    ("roles", ["looker"]))
	END
	uri="mongodb://looker:pw@127.0.0.1:$s_port/?authSource=admin"
	side plan >"$TMP/plan"
	run "$PY" - "$TMP/plan" <<-'END'
		import json, sys
		p = json.load(open(sys.argv[1]))
		print(sorted(c["kind"] + " " + c["name"] for c in p["changes"]))
	END
	assert_output "['role clerk', 'role seller', 'user app']"
}

@test "open transactions and writes under way: counted, ended, by program" {
	run as_root <<-END
		import subprocess, threading
		def side(verb):
		    print(subprocess.run(["$B/tests/tools/side_rights", sys.argv[1],
		        "shop", verb], stdout=subprocess.PIPE).stdout.decode().strip())
		c = pymongo.MongoClient(sys.argv[1], appname="till").shop.c
		c.insert_one({"_id": 1})
		side("ops")
		with c.database.client.start_session() as s:
		    s.start_transaction()
		    c.update_one({"_id": 1}, {"\$set": {"a": 1}}, session=s)
		    side("ops")
		    failed = []
		    def write():
		        try:
		            c.update_one({"_id": 1}, {"\$set": {"a": 2}})
		        except pymongo.errors.PyMongoError as e:
		            failed.append(e.code)
		    t = threading.Thread(target=write)
		    t.start()
		    end = time.time() + 100
		    while time.time() < end and not list(client.admin.aggregate([
		        {"\$currentOp": {"allUsers": True}},
		        {"\$match": {"op": "update"}}])):
		        time.sleep(.02)
		    side("apps")
		    side("kill")
		    t.join(100)
		    attempt("commit", s.commit_transaction)
		side("ops")
		print(failed, c.find_one().get("a"))
	END
	assert_output "0 transactions, 0 writes, new
1 transactions, 0 writes, old
{ \"till\" : { \"\$numberLong\" : \"1\" } }
1 transactions, 1 writes, old
commit 251
0 transactions, 0 writes, new
[11601] None"
}

@test "bulkWrite (8.0): between two of its operations, and during one" {
	start_sim s --fcv 8.0
	run py "$s_uri" <<-END
		import subprocess, threading
		def side(verb):
		    print(subprocess.run(["$B/tests/tools/side_rights", sys.argv[1],
		        "shop", verb], stdout=subprocess.PIPE).stdout.decode().strip())
		till = pymongo.MongoClient(sys.argv[1], appname="till")
		client.shop.c.insert_one({"_id": 1})
		done = []
		def write(ns):
		    try:
		        done.append(till.admin.command(SON([("bulkWrite", 1), ("ops",
		            [{"insert": 0, "document": {"n": 1}},
		             SON([("update", 0), ("filter", {"_id": 1}),
		                ("updateMods", {"\$set": {"a": 2}})])])]),
		            **({"nsInfo": [{"ns": ns}]} if ns else {})
		            )["nInserted"])
		    except pymongo.errors.PyMongoError as e:
		        done.append(e.code)
		def there(match):
		    end = time.time() + 100
		    while time.time() < end and not list(client.admin.aggregate([
		        {"\$currentOp": {"allUsers": True}}, {"\$match": match}])):
		        time.sleep(.02)
		for ns in "shop.c", "bank.c", None:
		    client.admin.command(SON([("simulate", "stall"), ("command", "bulkWrite")]))
		    t = threading.Thread(target=write, args=[ns])
		    t.start()
		    there({"command.bulkWrite": 1})
		    side("ops")
		    client.admin.command("simulate", "clear")
		    t.join(100)
		print(done)
		with client.start_session() as s:
		    s.start_transaction()
		    client.shop.c.update_one({"_id": 1}, {"\$set": {"a": 1}}, session=s)
		    t = threading.Thread(target=write, args=["shop.c"])
		    t.start()
		    there({"op": "bulkWrite", "command.update": 0, "ns": "shop.c"})
		    side("ops")
		    side("kill")
		    t.join(100)
		side("ops")
	END
	assert_output "0 transactions, 1 writes, old
0 transactions, 0 writes, new
0 transactions, 1 writes, old
[1, 1, 2]
1 transactions, 1 writes, old
1 transactions, 1 writes, old
0 transactions, 0 writes, new"
}
