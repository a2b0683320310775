bats_require_minimum_version 1.8.0
# mm-oplog-apply and mm-load --finish-indexes: changes of the catalog.
load lib
load ddl_lib

both_servers() {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
}

held() { # what the job holds back: NS NAME WHY SECONDS
	py "$dst_uri" <<-'P'
		for doc in client.mm_control.owned.find().sort("_id", 1):
		    for s in doc.get("staged", []):
		        print(doc["_id"]["ns"], s["spec"]["name"], s["why"], s["spec"].get("expireAfterSeconds"))
	P
}

follow() {
	mm-oplog-tail -D "$TMP/log" -d shop --exit-when-caught-up --quiet
	mm-oplog-apply -D "$TMP/log" -d shop --exit-when-caught-up "$@"
}

@test "what pymongo does to the catalog of a source is on the target" {
	both_servers
	py "$src_uri" <<-'P'
		d = client.shop
		d.a.insert_many([{"_id": i, "u": i, "t": "x"} for i in range(20)])
		d.old.insert_one({"_id": 1})
		d.gone.insert_one({"_id": 1})
		d.a.create_index("u", unique=True, name="was_there")
	P
	mm-oplog-tail -D "$TMP/log" --from now -d shop --exit-when-caught-up --quiet
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	py "$src_uri" <<-'P'
		d = client.shop
		d.create_collection("cap", capped=True, size=8192, max=5)
		d.cap.insert_many([{"_id": i} for i in range(9)])
		d.create_collection("fr", collation={"locale": "fr", "strength": 2})
		d.fr.insert_one({"_id": "b"})
		d.create_collection("val", validator={"n": {"$type": "int"}})
		d.command("collMod", "val", validator={"n": {"$gte": 0}}, validationAction="warn")
		d.val.insert_one({"_id": 1, "n": 5})
		d.create_collection("v", viewOn="a", pipeline=[{"$match": {"u": 3}}])
		d.command("collMod", "v", viewOn="old", pipeline=[])
		d.create_collection("v2", viewOn="a", pipeline=[])
		d.v2.drop()
		d.a.create_index("t", name="plain")
		d.a.create_index("x", unique=True, sparse=True, name="late")
		d.a.create_index("when", expireAfterSeconds=60, name="ttl")
		d.command("collMod", "a", index={"name": "ttl", "expireAfterSeconds": 30})
		d.command("collMod", "a", index={"name": "plain", "hidden": True})
		d.a.create_index("tmp", unique=True, sparse=True, name="unwanted")
		d.a.drop_index("unwanted")
		d.a.drop_index("was_there")
		d.old.rename("new")
		d.new.insert_one({"_id": 2})
		d.a.rename("b")
		d.b.update_one({"_id": 3}, {"$set": {"u": 5}})
		d.create_collection("c")
		d.c.insert_one({"_id": "c"})
		d.c.rename("new", dropTarget=True)
		d.gone.drop()
		d.gone.insert_one({"_id": "again"})
		d.fr.drop()
	P
	run follow
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
	run held
	assert_output "shop.b late unique None
shop.b ttl ttl 30"
	run mm-diff -d shop
	assert_success
	# Twice changes nothing.
	run follow
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
	py "$src_uri" <<<'client.drop_database("shop"); client.shop.fresh.insert_one({"_id": 1})'
	run follow
	assert_success
	run state
	assert_output "fresh [{'_id': 1}]"
	run held
	assert_output ''
}

@test "indexes by key, whatever type its numbers are; made unique in two steps; gone with convertToCapped" {
	start_server dst
	export MM_TARGET_URI=$dst_uri
	store 'shop.*' <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	changes 'shop.*' <<-'J'
		{"at": "10:1:1", "op": "c", "ns": "shop.$cmd", "doc": {"createIndexes": "a", "v": 2, "key": {"t": {"$numberInt": "1"}}, "name": "t", "expireAfterSeconds": 60}}
		{"at": "10:2:1", "op": "c", "ns": "shop.$cmd", "doc": {"collMod": "a", "index": {"keyPattern": {"t": {"$numberDouble": "1.0"}}, "expireAfterSeconds": 30}}}
		{"at": "10:3:1", "op": "c", "ns": "shop.$cmd", "doc": {"createIndexes": "a", "v": 2, "key": {"u": {"$numberInt": "1"}}, "name": "u"}}
		{"at": "10:4:1", "op": "c", "ns": "shop.$cmd", "doc": {"collMod": "a", "index": {"name": "u", "prepareUnique": true}}}
		{"at": "10:5:1", "op": "c", "ns": "shop.$cmd", "doc": {"collMod": "a", "index": {"keyPattern": {"u": {"$numberDouble": "1.0"}}, "unique": true}}}
		{"at": "10:6:1", "op": "c", "ns": "shop.$cmd", "doc": {"createIndexes": "b", "v": 2, "key": {"u": {"$numberInt": "1"}}, "name": "u", "unique": true}}
	J
	mm-oplog-apply -d shop "$TMP/log"
	run held
	assert_output "shop.a t ttl 30
shop.a u unique None
shop.b u unique None"
	run py "$dst_uri" <<<'print([sorted(s["spec"]) for d in client.mm_control.owned.find() for s in d["staged"] if s["why"] == "unique"])'
	assert_output "[['key', 'name', 'unique', 'v'], ['key', 'name', 'unique', 'v']]"
	{
		cat <<-'J'
			{"at": "10:7:1", "op": "c", "ns": "shop.$cmd", "doc": {"create": "b2"}}
			{"at": "10:8:1", "op": "c", "ns": "shop.$cmd", "doc": {"convertToCapped": "a", "size": 4096}}
		J
	} | "$PY" "$TOOLS/mmstream.py" write-oplog --source ledger --nsInclude 'shop.*' --after 10:6:1 >"$TMP/log"
	mm-oplog-apply -d shop "$TMP/log"
	run held
	assert_output "shop.b u unique None"
}

@test "what is on the target and not of the job is neither dropped nor changed" {
	local command
	start_server dst
	export MM_TARGET_URI=$dst_uri
	"$PY" "$TOOLS/mmstream.py" write-snapshot --source ledger --nsInclude 'shop.*' \
		--from 10:0:1 --to 10:9:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}' | mm-load -d shop --quiet
	# the copy has none of that name: it was dropped at the source meanwhile
	py "$dst_uri" <<<'client.shop.theirs.insert_one({"_id": 1}); client.shop.theirs.create_index("t", name="t")'
	for command in '"drop": "theirs"' '"collMod": "theirs", "validator": {}' '"dropIndexes": "theirs", "index": "t"' \
		'"createIndexes": "theirs", "v": 2, "key": {"u": 1}, "name": "u"'; do
		changes 'shop.*' <<<'{"at": "10:1:1", "op": "c", "ns": "shop.$cmd", "doc": {'"$command"'}}'
		run -8 mm-oplog-apply -d shop "$TMP/log"
		assert_output --partial '"shop.theirs" that is not of this job'
	done
	run py "$dst_uri" <<<'print(client.shop.theirs.find_one(), sorted(client.shop.theirs.index_information()), client.shop.theirs.options())'
	assert_output "{'_id': 1} ['_id_', 't'] {}"
}

@test "renames: across the border of the selection, and from temporary collections" {
	start_server dst
	export MM_TARGET_URI=$dst_uri
	store 'shop.keep*' <<<'{"ns": "shop.keep", "doc": {"_id": 0}}'
	changes 'shop.keep*' <<-'J'
		{"at": "10:1:1", "op": "c", "ns": "shop.$cmd", "doc": {"create": "tmp.agg_out.1", "temp": true}}
		{"at": "10:2:1", "op": "i", "ns": "shop.tmp.agg_out.1", "doc": {"_id": 1}}
		{"at": "10:3:1", "op": "c", "ns": "shop.$cmd", "doc": {"renameCollection": "shop.tmp.agg_out.1", "to": "shop.keep", "dropTarget": true}}
		{"at": "10:4:1", "op": "i", "ns": "shop.keep", "doc": {"_id": 2}}
		{"at": "10:5:1", "op": "c", "ns": "shop.$cmd", "doc": {"create": "tmp.agg_out.2", "temp": true}}
		{"at": "10:6:1", "op": "c", "ns": "shop.$cmd", "doc": {"renameCollection": "shop.tmp.agg_out.2", "to": "shop.else"}}
		{"at": "10:7:1", "op": "c", "ns": "shop.$cmd", "doc": {"create": "keep2"}}
		{"at": "10:8:1", "op": "c", "ns": "shop.$cmd", "doc": {"renameCollection": "shop.keep2", "to": "shop.else2"}}
	J
	run mm-oplog-apply --nsInclude 'shop.keep*' "$TMP/log"
	assert_success
	run state
	assert_output "keep [{'_id': 1}, {'_id': 2}]"
	# The temporary one was begun before the log: never stale in silence.
	changes 'shop.keep*' <<-'J'
		{"at": "11:1:1", "op": "i", "ns": "shop.tmp.agg_out.3", "doc": {"_id": 9}}
		{"at": "11:2:1", "op": "c", "ns": "shop.$cmd", "doc": {"renameCollection": "shop.tmp.agg_out.3", "to": "shop.keep", "dropTarget": true}}
	J
	run -8 mm-oplog-apply --nsInclude 'shop.keep*' "$TMP/log"
	assert_output --partial 'position 11:2:1'
	changes 'shop.keep*' <<-'J'
		{"at": "12:2:1", "op": "c", "ns": "shop.$cmd", "doc": {"renameCollection": "shop.other", "to": "shop.keep", "dropTarget": true}}
	J
	run -8 mm-oplog-apply --nsInclude 'shop.keep*' "$TMP/log"
	assert_output --partial 'position 12:2:1'
	run state
	assert_line "keep [{'_id': 1}, {'_id': 2}]"
}

@test "drop of system.views: views that were renamed one by one, too, and no others" {
	start_server dst
	export MM_TARGET_URI=$dst_uri
	local map=(--nsFrom shop.v --nsTo other.view --nsFrom shop.a --nsTo other.a)
	"$PY" "$TOOLS/mmstream.py" write-snapshot --source ledger --nsInclude 'shop.*' \
		--nsInclude 'more.*' --from 10:0:1 >"$TMP/snapshot" <<-'J'
			{"ns": "shop.a", "doc": {"_id": 0}}
			{"ns": "more.a", "doc": {"_id": 0}}
		J
	mm-load --nsInclude 'shop.*' --nsInclude 'more.*' "${map[@]}" --quiet <"$TMP/snapshot"
	"$PY" "$TOOLS/mmstream.py" write-oplog --source ledger --nsInclude 'shop.*' \
		--nsInclude 'more.*' --after 10:0:1 >"$TMP/log" <<-'J'
			{"at": "10:1:1", "op": "i", "ns": "shop.system.views", "doc": {"_id": "shop.v", "viewOn": "a", "pipeline": []}}
			{"at": "10:2:1", "op": "i", "ns": "more.system.views", "doc": {"_id": "more.v", "viewOn": "a", "pipeline": []}}
			{"at": "10:3:1", "op": "c", "ns": "shop.$cmd", "doc": {"drop": "system.views"}}
		J
	run mm-oplog-apply --nsInclude 'shop.*' --nsInclude 'more.*' "${map[@]}" "$TMP/log"
	assert_success
	run py "$dst_uri" <<-'P'
		for d in "more", "other", "shop":
		    print(d, sorted(n for n in client[d].list_collection_names() if n != "system.views"))
	P
	assert_output "more ['a', 'v']
other ['a']
shop []"
}

@test "a rename during the copy: 6, and the checkpoint stands before it" {
	start_server dst
	export MM_TARGET_URI=$dst_uri
	store 'shop.*' --to 10:5:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	changes 'shop.*' <<-'J'
		{"at": "10:1:1", "op": "i", "ns": "shop.a", "doc": {"_id": 1}}
		{"at": "10:3:1", "op": "c", "ns": "shop.$cmd", "doc": {"renameCollection": "shop.a", "to": "shop.b"}}
	J
	run -6 mm-oplog-apply -d shop "$TMP/log"
	assert_output --partial '10:3:1'
	run state
	assert_output "a [{'_id': 0}, {'_id': 1}]"
}

@test "--ddl ignore leaves out indexes, options and views; the rest is done" {
	start_server dst
	export MM_TARGET_URI=$dst_uri
	store 'shop.*' <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	changes 'shop.*' <<-'J'
		{"at": "10:1:1", "op": "c", "ns": "shop.$cmd", "doc": {"createIndexes": "a", "v": 2, "key": {"x": 1}, "name": "x_1"}}
		{"at": "10:2:1", "op": "c", "ns": "shop.$cmd", "doc": {"create": "b"}}
		{"at": "10:3:1", "op": "i", "ns": "shop.system.views", "doc": {"_id": "shop.v", "viewOn": "a", "pipeline": []}}
		{"at": "10:4:1", "op": "c", "ns": "shop.$cmd", "doc": {"collMod": "a", "validator": {"x": 1}}}
		{"at": "10:5:1", "op": "c", "ns": "shop.$cmd", "doc": {"renameCollection": "shop.b", "to": "shop.c"}}
	J
	run mm-oplog-apply -d shop --ddl ignore "$TMP/log"
	assert_success
	assert_output --partial 'left out 3 changes'
	run state
	assert_output "a [{'_id': 0}]
c []"
	run py "$dst_uri" <<<'print(sorted(client.shop.a.index_information()), client.shop.a.options())'
	assert_output "['_id_'] {}"
}

@test "a name on the target that is not of the job is refused, and not touched" {
	start_server dst
	export MM_TARGET_URI=$dst_uri
	store 'shop.*' <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	py "$dst_uri" <<<'client.shop.b.insert_one({"_id": "foreign"})'
	changes 'shop.*' <<<'{"at": "10:1:1", "op": "c", "ns": "shop.$cmd", "doc": {"create": "b"}}'
	run -8 mm-oplog-apply -d shop "$TMP/log"
	assert_output --partial 'not of this job'
	changes 'shop.*' <<<'{"at": "10:1:1", "op": "c", "ns": "shop.$cmd", "doc": {"renameCollection": "shop.a", "to": "shop.b", "dropTarget": true}}'
	run -8 mm-oplog-apply -d shop "$TMP/log"
	assert_output --partial 'not of this job'
	run state
	assert_output "a [{'_id': 0}]
b [{'_id': 'foreign'}]"
}

@test "mm-load --finish-indexes: unique ones at any time, lifetimes at the end, duplicates are named" {
	both_servers
	py "$src_uri" <<-'P'
		d = client.shop
		d.a.insert_many([{"_id": i, "u": i, "w": i} for i in range(20)])
		d.a.create_index("u", unique=True, name="u")
		d.a.create_index("w", unique=True, name="w")
		d.a.create_index("when", expireAfterSeconds=60, name="ttl")
	P
	mm-oplog-tail -D "$TMP/log" --from now -d shop --exit-when-caught-up --quiet
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	# What a server writes by itself meanwhile has to be behind us.
	follow --quiet
	py "$dst_uri" <<<'client.shop.a.insert_one({"_id": "evil", "u": 100, "w": 7})'
	run -1 mm-load -d shop --finish-indexes
	assert_output --partial 'index "w", first and last _id: { "n" : 2, "first" : 7, "last" : "evil" }'
	run held
	assert_output "shop.a w unique None
shop.a ttl ttl 60"
	py "$dst_uri" <<<'client.shop.a.delete_one({"_id": "evil"})'
	run mm-load -d shop --finish-indexes
	assert_success
	run held
	assert_output "shop.a ttl ttl 60"
	# Values move in a circle: exact only in the order of the log.
	py "$src_uri" <<-'P'
		a = client.shop.a
		u = list(range(20))
		for i in range(20):
		    j = (i + 7) % 20
		    a.update_one({"_id": i}, {"$set": {"u": -1}})
		    a.update_one({"_id": j}, {"$set": {"u": u[i]}})
		    a.update_one({"_id": i}, {"$set": {"u": u[j]}})
		    u[i], u[j] = u[j], u[i]
	P
	run follow
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
	run mm-load -d shop --finish-indexes --wake-ttl
	assert_success
	run held
	assert_output ''
	run mm-diff -d shop --quiet
	assert_success
	run -2 mm-load -d shop --wake-ttl
}
