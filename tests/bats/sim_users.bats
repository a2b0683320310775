#!/usr/bin/env bats
# Users and roles of mongosim: what they allow, and that a change bites at once.
bats_require_minimum_version 1.8.0

load lib

PRELUDE='
def login(name, db="admin", password="pw"):
    return pymongo.MongoClient("127.0.0.1", int(sys.argv[2]), username=name,
        password=password, authSource=db, authMechanism="SCRAM-SHA-256",
        serverSelectionTimeoutMS=60000)
def code(f):
    try:
        f()
        return 0
    except pymongo.errors.OperationFailure as e:
        return e.code
def user(name, db, *roles):
    client[db].command(SON([("createUser", name), ("pwd", "pw"),
        ("roles", list(roles)), ("mechanisms", ["SCRAM-SHA-256"])]))
'

as_root() {
	py "mongodb://root:secret@127.0.0.1:$s_port/?authSource=admin&authMechanism=SCRAM-SHA-256" \
		"$s_port" < <(echo "$PRELUDE"; cat)
}

@test "built-in roles: by database, by kind; a wrong password, another database" {
	start_sim s --auth root:secret
	run as_root <<-'END'
		client.a.c.insert_one({"_id": 1})
		client.b.c.insert_one({"_id": 1})
		user("w", "a", "readWrite")
		user("r", "admin", {"role": "read", "db": "a"})
		user("all", "admin", "readAnyDatabase", "clusterMonitor")
		user("owner", "a", "dbOwner")
		def tries(c):
		    return [code(f) for f in (
		        lambda: c.a.c.find_one(), lambda: c.b.c.find_one(),
		        lambda: c.local["oplog.rs"].find_one(),
		        lambda: c.a.c.insert_one({}),
		        lambda: c.a.c.update_one({"_id": 1}, {"$set": {"x": 1}}),
		        lambda: c.a.c.delete_one({"_id": 2}),
		        lambda: c.a.c.find_one_and_update({}, {"$set": {"y": 1}}),
		        lambda: c.a.c.create_index("x"),
		        lambda: c.a.list_collection_names(),
		        lambda: list(c.a.c.aggregate([{"$out": "o"}])),
		        lambda: c.a.command("collMod", "c"),
		        lambda: c.admin.command("serverStatus"),
		        lambda: c.a.command("usersInfo", 1),
		        lambda: c.admin.command("createUser", "x", pwd="x",
		            roles=[]))]
		print(tries(login("w", "a")))
		print(tries(login("r")))
		print(tries(login("all")))
		print(tries(login("owner", "a")))
		print(code(lambda: login("w", "admin").a.c.find_one()),
		    code(lambda: login("w", "a", "no").a.c.find_one()))
		print(code(lambda: user("w", "a", "readWrite")),
		    code(lambda: user("v", "a", "nonsense")))
		info = login("w", "a").a.command("connectionStatus",
		    showPrivileges=True)["authInfo"]
		print(info["authenticatedUsers"], info["authenticatedUserRoles"],
		    info["authenticatedUserPrivileges"][0]["resource"])
	END
	assert_output "[0, 13, 13, 0, 0, 0, 0, 0, 0, 0, 13, 13, 13, 13]
[0, 13, 13, 13, 13, 13, 13, 13, 0, 13, 13, 13, 13, 13]
[0, 0, 0, 13, 13, 13, 13, 13, 0, 13, 13, 0, 13, 13]
[0, 13, 13, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 13]
18 18
51003 31
[{'user': 'w', 'db': 'a'}] [{'role': 'readWrite', 'db': 'a'}] {'db': 'a', 'collection': ''}"
}

@test "a revoked privilege or role bites at once; a cursor and a commit go on" {
	start_sim s --auth root:secret
	run as_root <<-'END'
		db = client.a
		db.c.insert_many([{"_id": i} for i in range(300)])
		p = lambda *actions, coll="c": [SON([("resource", SON([("db", "a"),
		    ("collection", coll)])), ("actions", list(actions))])]
		admin = client.admin
		admin.command("createRole", "base", privileges=p("find"), roles=[])
		admin.command("createRole", "app", privileges=p("insert", "update"),
		    roles=["base"])
		user("app", "admin", "app")
		c = login("app").a.c
		ins = lambda: c.insert_one({})
		print(code(ins), code(lambda: c.find_one()),
		    code(lambda: c.delete_one({})), code(lambda:
		    login("app").a.d.find_one()))
		cursor = c.find().batch_size(10)
		next(cursor)
		session = c.database.client.start_session()
		session.start_transaction()
		c.insert_one({"_id": "in"}, session=session)
		admin.command("revokePrivilegesFromRole", "app",
		    privileges=p("insert"))
		print(code(ins), code(lambda: c.update_one({"_id": 1}, {"$set": {
		    "a": 1}})), code(lambda: c.insert_one({}, session=session)))
		admin.command("grantPrivilegesToRole", "app", privileges=p("insert"))
		print(code(ins))
		session = c.database.client.start_session()
		session.start_transaction()
		c.insert_one({"_id": "committed"}, session=session)
		admin.command("revokeRolesFromUser", "app", roles=["app"])
		print(code(ins), code(lambda: c.find_one()), len(list(cursor)) > 200)
		print(code(session.commit_transaction),
		    db.c.count_documents({"_id": "committed"}))
		admin.command("grantRolesToUser", "app", roles=["app"])
		print(code(ins))
		role = admin.command("rolesInfo", "app", showPrivileges=True)["roles"]
		print([(x["resource"]["collection"], x["actions"]) for x in
		    role[0]["privileges"]], role[0]["inheritedRoles"],
		    len(role[0]["inheritedPrivileges"]))
		admin.command("updateRole", "app", privileges=p("find", coll="d"))
		print(code(ins), code(lambda: login("app").a.d.find_one()))
		admin.command("dropRole", "base")
		print(code(lambda: c.find_one()), admin.command("rolesInfo",
		    "app")["roles"][0]["roles"])
		admin.command("dropUser", "app")
		print(code(lambda: login("app").a.d.find_one()),
		    code(lambda: admin.command("dropRole", "base")),
		    code(lambda: admin.command("dropRole", "read")))
		log = client.local["oplog.rs"]
		print([(e["ns"], e["op"]) for e in log.find({"ns": {"$in": [
		    "admin.system.users", "admin.system.roles"]}})][4:9])
	END
	assert_output "0 0 13 13
13 0 13
0
13 13 True
0 1
0
[('c', ['insert', 'update'])] [{'role': 'base', 'db': 'admin'}] 1
13 0
13 []
18 31 49
[('admin.system.roles', 'i'), ('admin.system.roles', 'i'), ('admin.system.users', 'i'), ('admin.system.roles', 'u'), ('admin.system.roles', 'u')]"
}
