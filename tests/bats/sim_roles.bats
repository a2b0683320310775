#!/usr/bin/env bats
# Roles of mongosim by the rules of the server: what is refused, inherited, shown,
# logged and followed.
bats_require_minimum_version 1.8.0

load lib

# people: Python with `admin` (root) and login(NAME[, DB]) of the server s.
people() {
	{
		cat <<-'END'
			U = pymongo.MongoClient
			def login(user, db="admin", password="secret", **more):
			    return U(sys.argv[1], username=user, password=password,
			             authSource=db, **more)
			def attempt(name, f):
			    try:
			        f()
			        print(name, "done")
			    except pymongo.errors.OperationFailure as e:
			        print(name, e.code)
			admin = login("root").admin
			shop = admin.client.shop
			def run(db, *pairs):
			    return db.command(SON(pairs))
		END
		cat
	} | py "$s_uri"
}

@test "users: rights by role, a role's privileges, and both taken away" {
	start_sim s --auth root:secret
	run people <<-'END'
		run(admin, ("createRole", "orders"), ("privileges", [
		    {"resource": {"db": "shop", "collection": "orders"},
		     "actions": ["update", "find", "insert"]}]), ("roles", []))
		run(shop, ("createUser", "app"), ("pwd", "secret"), ("roles", [
		    "read", {"role": "orders", "db": "admin"}]))
		app = login("app", "shop").shop
		attempt("insert", lambda: app.orders.insert_one({"_id": 1}))
		attempt("update", lambda: app.orders.update_one({}, {"$set": {"a": 1}}))
		attempt("upsert", lambda: app.orders.update_one({"_id": 2},
		    {"$set": {"a": 1}}, upsert=True))
		attempt("delete", lambda: app.orders.delete_one({}))
		attempt("other", lambda: app.other.insert_one({}))
		attempt("other read", lambda: app.other.find_one())
		attempt("elsewhere", lambda: app.client.t.c.find_one())
		attempt("drop", lambda: app.orders.drop())
		attempt("users", lambda: app.client.admin["system.users"].find_one())
		attempt("self", lambda: run(app, ("usersInfo", "app")))
		attempt("all", lambda: run(app, ("usersInfo", 1)))
		print(app.client.list_database_names())
		cursor = app.orders.find(batch_size=1)
		cursor.next()
		# Taken away under a connection that is logged in.
		run(admin, ("revokePrivilegesFromRole", "orders"), ("privileges", [
		    {"resource": {"db": "shop", "collection": "orders"},
		     "actions": ["insert", "update"]}]))
		attempt("insert", lambda: app.orders.insert_one({}))
		attempt("read", lambda: app.orders.find_one())
		run(shop, ("revokeRolesFromUser", "app"), ("roles", [
		    "read", {"role": "orders", "db": "admin"}]))
		attempt("read", lambda: app.orders.find_one())
		attempt("getMore", cursor.next)
		run(shop, ("grantRolesToUser", "app"), ("roles", ["readWrite"]))
		attempt("insert", lambda: app.orders.insert_one({}))
		run(shop, ("dropUser", "app"))
		attempt("insert", lambda: app.orders.insert_one({}))
		attempt("login", lambda: login("app", "shop").shop.c.find_one())
	END
	assert_output "insert done
update done
upsert done
delete 13
other 13
other read done
elsewhere 13
drop 13
users 13
self done
all 13
['shop']
insert 13
read done
read 13
getMore done
insert done
insert 13
login 18"
}

@test "a refusal is worded like the server's; no password in it" {
	start_sim s --auth root:secret
	run people <<-'END'
		run(shop, ("createUser", "app"), ("pwd", "secret"), ("roles", []))
		app = login("app", "shop").shop
		def text(f):
		    try:
		        f()
		    except pymongo.errors.OperationFailure as e:
		        return e.details["errmsg"]
		print(text(lambda: app.c.insert_one({"_id": "hidden"}))[:62])
		t = text(lambda: run(app, ("createUser", "x"), ("pwd", "topsecret"),
		    ("roles", [])))
		print(t[:57], "topsecret" in t)
		print(text(lambda: U(sys.argv[1]).shop.c.find_one()))
	END
	assert_output "not authorized on shop to execute command { insert: \"c\", order
not authorized on shop to execute command { createUser: \" False
command find requires authentication"
}

@test "a transaction whose writes were made before still commits" {
	start_sim s --auth root:secret
	run people <<-'END'
		run(shop, ("createUser", "app"), ("pwd", "secret"),
		    ("roles", ["readWrite"]))
		app = login("app", "shop").shop
		app.c.insert_one({"_id": 0})
		with app.client.start_session() as s:
		    s.start_transaction()
		    app.c.insert_one({"_id": 1}, session=s)
		    run(shop, ("updateUser", "app"), ("roles", ["read"]))
		    attempt("write", lambda: app.c.insert_one({"_id": 2}, session=s))
		    attempt("commit", s.commit_transaction)
		print([d["_id"] for d in shop.c.find()])
	END
	assert_output "write 13
commit done
[0, 1]"
}

@test "roles in roles; who may give them; what may not be" {
	start_sim s --auth root:secret
	run people <<-'END'
		priv = lambda coll, *a: {"resource": {"db": "shop",
		    "collection": coll}, "actions": list(a)}
		run(shop, ("createRole", "a"), ("privileges", [priv("c", "find")]),
		    ("roles", []))
		run(shop, ("createRole", "b"), ("privileges", []), ("roles", ["a"]))
		run(shop, ("createUser", "app"), ("pwd", "secret"), ("roles", ["b"]))
		run(shop, ("createUser", "boss"), ("pwd", "secret"),
		    ("roles", ["userAdmin"]))
		app, boss = login("app", "shop").shop, login("boss", "shop").shop
		attempt("inherited", lambda: app.c.find_one())
		i = run(shop, ("rolesInfo", "b"), ("showPrivileges", True))["roles"][0]
		print(list(i), i["inheritedRoles"], i["inheritedPrivileges"])
		attempt("cycle", lambda: run(shop, ("grantRolesToRole", "a"),
		    ("roles", ["b"])))
		attempt("none", lambda: run(shop, ("grantRolesToRole", "a"),
		    ("roles", ["nothing"])))
		attempt("other database", lambda: run(shop, ("createRole", "x"),
		    ("privileges", []), ("roles", [{"role": "read", "db": "t"}])))
		attempt("action", lambda: run(shop, ("createRole", "x"),
		    ("privileges", [priv("c", "fly")]), ("roles", [])))
		attempt("built-in", lambda: run(shop, ("dropRole", "read")))
		attempt("give", lambda: run(boss, ("grantRolesToUser", "app"),
		    ("roles", ["readWrite"])))
		attempt("write", lambda: app.c.insert_one({}))
		attempt("give elsewhere", lambda: run(boss, ("grantRolesToUser",
		    "app"), ("roles", [{"role": "root", "db": "admin"}])))
		attempt("update", lambda: run(boss, ("updateUser", "app"),
		    ("roles", ["read"])))
		attempt("role", lambda: run(shop, ("dropRole", "a")))
		print(run(shop, ("rolesInfo", "b"))["roles"][0]["roles"])
		print(len(run(shop, ("rolesInfo", 1), ("showBuiltinRoles", True))
		    ["roles"]), len(run(shop, ("rolesInfo", 1))["roles"]))
		st = run(app, ("connectionStatus", 1), ("showPrivileges", True))
		print(st["authInfo"]["authenticatedUserRoles"],
		    len(st["authInfo"]["authenticatedUserPrivileges"]))
	END
	assert_output "inherited done
['_id', 'role', 'db', 'privileges', 'roles', 'inheritedRoles', 'inheritedPrivileges', 'isBuiltin'] [{'role': 'a', 'db': 'shop'}] [{'resource': {'db': 'shop', 'collection': 'c'}, 'actions': ['find']}]
cycle 49
none 31
other database 49
action 9
built-in 49
give done
write done
give elsewhere 13
update 13
role done
[]
6 1
[{'role': 'b', 'db': 'shop'}, {'role': 'readWrite', 'db': 'shop'}] 2"
}

@test "the documents, and the entries of their changes" {
	start_sim s --auth root:secret
	run people <<-'END'
		run(shop, ("createUser", "app"), ("pwd", "secret"),
		    ("roles", ["read"]), ("customData", {"team": 1}))
		d = admin["system.users"].find_one({"_id": "shop.app"})
		print(list(d), list(d["credentials"]["SCRAM-SHA-256"]))
		run(shop, ("updateUser", "app"), ("roles", ["readWrite"]))
		run(shop, ("dropUser", "app"))
		shown = run(admin, ("usersInfo", {"forAllDBs": True}))["users"]
		print(sorted(u["_id"] for u in shown), "credentials" in shown[0])
		for e in admin.client.local["oplog.rs"].find(
		    {"ns": "admin.system.users", "$or": [{"o._id": "shop.app"},
		     {"o2._id": "shop.app"}]}):
		    print(e["op"], list(e["o"]), e.get("o2"))
		print(admin["system.users"].index_information()["user_1_db_1"]["unique"])
	END
	assert_output "['_id', 'userId', 'user', 'db', 'credentials', 'customData', 'roles'] ['iterationCount', 'salt', 'storedKey', 'serverKey']
['admin.noplog', 'admin.reader', 'admin.root'] False
i ['_id', 'userId', 'user', 'db', 'credentials', 'customData', 'roles'] None
u ['\$v', 'diff'] {'_id': 'shop.app'}
d ['_id'] None
True"
}

@test "a member that follows has the users and roles too" {
	start_sim p
	start_sim f --replSet rs_p --follow "127.0.0.1:$p_port"
	run py "$p_uri" "$f_port" <<-'END'
		run = lambda db, *pairs: db.command(SON(pairs))
		run(client.admin, ("createRole", "r"), ("privileges", []),
		    ("roles", []))
		run(client.shop, ("createUser", "app"), ("pwd", "x"),
		    ("roles", ["read"]), ("writeConcern", {"w": 2, "wtimeout": 100000}))
		run(client.shop, ("updateUser", "app"), ("roles", ["readWrite"]),
		    ("writeConcern", {"w": 2, "wtimeout": 100000}))
		other = pymongo.MongoClient("127.0.0.1", int(sys.argv[2]))
		info = lambda c: run(c.shop, ("usersInfo", "app"))["users"]
		print(info(client) == info(other), info(other)[0]["roles"])
		print(list(other.admin["system.roles"].find()) ==
		    list(client.admin["system.roles"].find()))
	END
	assert_output "True [{'role': 'readWrite', 'db': 'shop'}]
True"
}
