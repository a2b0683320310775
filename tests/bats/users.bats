bats_require_minimum_version 1.8.0
# mm-dump --users, mm-load --users: accounts with their hashes, without rights.
load lib
# bats file_tags=server

setup() {
	require_sim # its accounts; a mongod without access control has none
	start_sim src --auth root:secret
	start_sim dst --auth root:secret
	src_root=$(uri_of "$src_port" root secret admin)
	dst_root=$(uri_of "$dst_port" root secret admin)
	export MM_SOURCE_URI=$src_root MM_TARGET_URI=$dst_root
	umask 022
	accounts "$src_root" <<-'P'
		role("shop", "packer", [], "read", privileges=[("shop", "numbers", "insert")])
		role("admin", "mixed", [], privileges=[("shop", "", "find"),
		    ("other", "", "find"), ("", "", "listIndexes")])
		user("shop", "app", "readWrite", "packer")
		user("shop", "guest")
		user("admin", "boss", {"role": "mixed", "db": "admin"},
		    {"role": "dbOwner", "db": "shop"}, {"role": "read", "db": "other"})
		user("other", "biz", "readWrite")
	P
}

uri_of() { # uri_of PORT USER PASSWORD DB
	echo "mongodb://$2:$3@127.0.0.1:$1/?authSource=$4"
}

# accounts URI [ARG...]: the program on standard input.
accounts() {
	py "$@" < <(
		cat <<-'P'
			run = lambda db, *pairs: client[db].command(SON(pairs))
			def user(db, name, *roles):
			    run(db, ("createUser", name), ("pwd", name + "-pw"),
			        ("roles", list(roles)), ("customData", {"of": db}))
			def role(db, name, _, *roles, privileges=()):
			    run(db, ("createRole", name), ("privileges", [{"resource":
			        {"db": d, "collection": c}, "actions": [a]} for d, c, a in privileges]),
			        ("roles", list(roles)))
			def may(port, db, name, where):
			    c = pymongo.MongoClient("127.0.0.1", int(port), username=name,
			        password=name + "-pw", authSource=db)
			    try:
			        c[where].numbers.insert_one({})
			        return True
			    except pymongo.errors.OperationFailure as e:
			        assert e.code == 13, e
			        return False
			def left():
			    return sorted(d["_id"]["kind"] + " " + d["_id"]["db"] + "." + d["_id"]["name"] +
			        ": " + ", ".join(d["before"]) for d in client.mm_control.withheld.find())
			all_of = lambda what: {d["_id"]: d for d in client.admin["system." + what].find()}
		P
		cat
	)
}

@test "accounts of a selection come with their passwords and without rights, under new names" {
	run -0 --separate-stderr mm-dump -d shop --users -o "$TMP/u"
	assert_regex "$stderr" '3 users and 2 roles'
	assert_regex "$stderr" 'role "admin.mixed" has a right on more than the selection'
	refute_regex "$stderr" 'biz|storedKey'
	assert_equal "$(stat -c %a "$TMP/u")" 600
	mm-cat verify "$TMP/u"
	run -8 mm-cat json "$TMP/u"
	refute_output --partial storedKey
	run -8 mm-load -d shop "$TMP/u"
	assert_output --partial 'kind users'

	# Not for this writer to make; nothing is.
	run -8 mm-load -d other --users "$TMP/u"
	run -0 mm-load -d shop --users --nsFrom 'shop.*' --nsTo 'store.*' "$TMP/u"
	assert_output --partial '3 users and 2 roles made, 0 were there'
	accounts "$dst_root" "$dst_port" "$src_root" <<-'P'
		users, roles = all_of("users"), all_of("roles")
		assert "other.biz" not in users and "shop.app" not in users
		there = pymongo.MongoClient(sys.argv[3]).admin["system.users"]
		for old, new in ("shop.app", "store.app"), ("shop.guest", "store.guest"), ("admin.boss",) * 2:
		    u, o = users[new], there.find_one({"_id": old})
		    assert u["roles"] == [] and u["credentials"] == o["credentials"], u
		    assert u["customData"] == o["customData"]
		del roles["admin.status"] # of mongosim itself
		for r in roles.values():
		    assert r["roles"] == [] and r["privileges"] == [], r
		assert sorted(roles) == ["admin.mixed", "store.packer"]
		assert left() == [
		    'role admin.mixed: P find { "db" : "store", "collection" : "" }',
		    'role store.packer: P insert { "db" : "store", "collection" : "numbers" }, R store.read',
		    'user admin.boss: R admin.mixed, R store.dbOwner',
		    'user store.app: R store.packer, R store.readWrite',
		    'user store.guest: '], left()
		# Logs in, by its old password; may do nothing.
		assert not may(sys.argv[2], "store", "app", "store")
		assert not {"tempusers", "temproles"} & set(client.admin.list_collection_names())
	P
	# Once more: the same; a password that was changed meanwhile comes too.
	load=(mm-load -d shop --users --nsFrom 'shop.*' --nsTo 'store.*')
	run -0 "${load[@]}" "$TMP/u"
	assert_output --partial '0 users and 0 roles made, 5 were there'
	accounts "$src_root" <<<'run("shop", ("updateUser", "app"), ("pwd", "new-pw"))'
	mm-dump -d shop --users --quiet >"$TMP/v"
	run -0 "${load[@]}" "$TMP/v"
	assert_output --partial '1 users and 0 roles made, 5 were there'
	accounts "$dst_root" "$(uri_of "$dst_port" app new-pw store)" <<-'P'
		pymongo.MongoClient(sys.argv[2]).admin.command("connectionStatus")
		assert all_of("users")["store.app"]["roles"] == []
	P
}

@test "a name that is taken is refused before anything is made, or left as it is" {
	accounts "$dst_root" <<<'user("shop", "app", "read"); role("shop", "packer", [])'
	mm-dump -d shop --users --quiet >"$TMP/u"
	run -8 mm-load -d shop --users "$TMP/u"
	assert_output --partial 'user "shop.app" is there already'
	assert_output --partial 'role "shop.packer" is there already'
	before='print(sorted(all_of("users")), sorted(all_of("roles")), left(),
	    all_of("users")["shop.app"]["roles"])'
	run -0 accounts "$dst_root" <<<"$before"
	assert_output --partial "'shop.packer'] [] "
	run -0 mm-load -d shop --users --on-duplicate skip "$TMP/u"
	assert_output --partial '2 users and 1 roles made, 2 were there'
	run -0 accounts "$dst_root" <<<"$before"
	assert_output --partial "'db': 'shop'"
	refute_output --partial "user shop.app"
	assert_output --partial "user admin.boss"
	run -2 mm-load -d shop --users --on-duplicate replace "$TMP/u"

	# What somebody else's restore is about to do is not disturbed.
	py "$dst_root" <<<'client.admin.tempusers.insert_one({"_id": "x.y", "user": "y", "db": "x"})'
	accounts "$dst_root" <<<'run("admin", ("dropUser", "boss"))'
	run -8 mm-load -d shop --users --on-duplicate skip "$TMP/u"
	assert_output --partial 'admin.tempusers'

	# One who may not see accounts is told so.
	MM_SOURCE_URI=$(uri_of "$src_port" noplog secret admin)
	run -8 mm-dump -d shop --users -o "$TMP/no"
	assert_file_not_exists "$TMP/no"
}

@test "a stream of accounts that is cut, or asks for more, makes nothing" {
	mm-dump -d shop --users --quiet -Z none >"$TMP/u"
	none='assert not left() and sorted(all_of("users")) == users0, all_of("users")'
	users0=$(accounts "$dst_root" <<<'print("users0 =", sorted(all_of("users")))')
	# At every border of a document, and one byte before it.
	"$PY" - "$TMP/u" "$TMP" >"$TMP/cuts" <<-'P'
		import sys, struct
		data, at = open(sys.argv[1], "rb").read(), 0
		while at < len(data):
		    at += struct.unpack_from("<i", data, at)[0]
		    for n in (at - 1, at)[:1 if at == len(data) else 2]:
		        print(n)
	P
	assert [ "$(wc -l <"$TMP/cuts")" -gt 10 ]
	while read -r n; do
		head -c "$n" "$TMP/u" >"$TMP/cut"
		run -3 mm-load -d shop --users "$TMP/cut"
	done <"$TMP/cuts"
	# Rights beyond the selection that the stream itself names.
	"$PY" - "$TOOLS" >"$TMP/evil" <<-'P'
		import sys
		sys.path.insert(0, sys.argv[1])
		import bson, mmstream
		from bson.son import SON
		w = mmstream.Writer(sys.stdout.buffer, "users", [
		    ("source", SON([("set", "x")])), ("filters", SON([
		        ("include", ["shop.*"]), ("exclude", []), ("rename", [])]))])
		w.coll(0, "admin", "system.users")
		w.block(0, [bson.encode({"user": "evil", "db": "shop", "roles": [
		    {"role": "readWrite", "db": "other"}]})])
		w.cend(0)
		w.end("complete")
	P
	run -8 mm-load -d shop --users "$TMP/evil"
	assert_output --partial 'rights beyond the selection'
	accounts "$dst_root" <<<"$users0"$'\n'"$none"
}
