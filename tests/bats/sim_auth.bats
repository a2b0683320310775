#!/usr/bin/env bats
# Accounts and rights of mongosim.
bats_require_minimum_version 1.8.0

load lib

@test "SCRAM-SHA-256: nothing without a login, rights by account" {
	start_sim s --auth root:secret
	run py "$s_uri" <<-'END'
		def attempt(name, f):
		    try:
		        f()
		        print(name, "done")
		    except pymongo.errors.OperationFailure as e:
		        print(name, e.code)
		attempt("nobody", lambda: client.t.c.find_one())
		attempt("nobody", lambda: client.list_database_names())
		def login(user, password="secret"):
		    return pymongo.MongoClient(sys.argv[1], username=user,
		                               password=password)
		attempt("wrong", lambda: login("root", "Secret").t.c.find_one())
		attempt("who", lambda: login("who").t.c.find_one())
		for user in "root", "reader", "noplog":
		    c = login(user)
		    attempt(user + " read", lambda: c.t.c.find_one())
		    attempt(user + " write", lambda: c.t.c.insert_one({}))
		    attempt(user + " index", lambda: c.t.c.create_index("a"))
		    attempt(user + " oplog", lambda: c.local["oplog.rs"].find_one())
		    attempt(user + " note", lambda: c.admin.command(SON([
		        ("appendOplogNote", 1), ("data", {})])))
		    attempt(user + " status", lambda: c.admin.command(
		        "replSetGetStatus"))
		    print(c.admin.command("connectionStatus")["authInfo"]
		          ["authenticatedUsers"])
	END
	assert_output "nobody 13
nobody 13
wrong 18
who 18
root read done
root write done
root index done
root oplog done
root note done
root status done
[{'user': 'root', 'db': 'admin'}]
reader read done
reader write 13
reader index 13
reader oplog done
reader note 13
reader status done
[{'user': 'reader', 'db': 'admin'}]
noplog read done
noplog write done
noplog index done
noplog oplog 13
noplog note 13
noplog status done
[{'user': 'noplog', 'db': 'admin'}]"
}

@test "the password is not in the argument list" {
	start_sim s --auth root:topsecret
	run cat "/proc/$s_pid/cmdline"
	refute_output --partial topsecret
}

@test "poses: a router, a shard member" {
	start_sim r --pose mongos
	start_sim m --pose shard
	run py "mongodb://127.0.0.1:$r_port/" <<-'END'
		hello = client.admin.command("hello")
		print(hello["msg"], "setName" in hello)
	END
	assert_output "isdbgrid False"
	run py "$m_uri" <<-'END'
		print(client.admin["system.version"].find_one(
		    {"_id": "shardIdentity"})["shardName"])
	END
	assert_output "shard0"
}

@test "versions: wire version and buildInfo by --fcv" {
	for v in 4.4 4.9 5.0 6.0; do
		start_sim s --fcv "$v"
		py "$s_uri" <<-'END' >>"$TMP/versions"
			hello = client.admin.command("hello")
			print(hello["maxWireVersion"],
			      client.server_info()["version"],
			      client.admin.command(SON([("getParameter", 1),
			      ("featureCompatibilityVersion", 1)]))
			      ["featureCompatibilityVersion"]["version"])
		END
	done
	run cat "$TMP/versions"
	assert_output "9 4.4.29 4.4
12 4.9.0 4.9
13 5.0.31 5.0
17 6.0.19 6.0"
}
