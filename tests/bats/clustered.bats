bats_require_minimum_version 1.8.0
# Clustered collections (MongoDB 5.3 and later): no index on _id beside them,
# and a lifetime that is an option of the collection.
load lib
# bats file_tags=server

setup() {
	start_sim src --fcv 6.0
	start_sim dst --fcv 6.0
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		import datetime
		shop = client.shop
		cluster = {"key": {"_id": 1}, "unique": True, "name": "by the key"}
		shop.create_collection("a", clusteredIndex=cluster)
		ids = list(range(9000))
		random.Random(3).shuffle(ids)
		shop.a.insert_many([{"_id": i, "p": "x" * 150} for i in ids])
		shop.a.create_index("p", name="p")
		shop.create_collection("brief", clusteredIndex={"key": {"_id": 1}, "unique": True},
		    expireAfterSeconds=3600)
		shop.brief.insert_many([{"_id": datetime.datetime(2020, 1, i + 1)} for i in range(20)])
		assert [d["_id"] for d in shop.a.find(hint=[("$natural", 1)])] == sorted(ids)
	P
}

# What a server says of its collections: options and indexes.
told() { # told URI
	py "$1" <<-'P'
		from bson import json_util
		for c in sorted(client.shop.list_collections(), key=lambda c: c["name"]):
		    print(c["name"], json_util.dumps(c["options"]), "idIndex" in c,
		        [dict(i) for i in client.shop[c["name"]].list_indexes()])
	P
}

@test "mongosim: what a clustered collection shows, takes and refuses" {
	run -0 told "$src_uri"
	assert_output "a {\"clusteredIndex\": {\"v\": 2, \"key\": {\"_id\": 1}, \"name\": \"by the key\", \"unique\": true}} False [{'v': 2, 'key': SON([('_id', 1)]), 'name': 'by the key', 'unique': True, 'clustered': True}, {'v': 2, 'key': SON([('p', 1)]), 'name': 'p'}]
brief {\"clusteredIndex\": {\"v\": 2, \"key\": {\"_id\": 1}, \"name\": \"_id_\", \"unique\": true}, \"expireAfterSeconds\": 3600} False [{'v': 2, 'key': SON([('_id', 1)]), 'name': '_id_', 'unique': True, 'clustered': True}]"
	py "$src_uri" <<-'P'
		def code(**more):
		    try:
		        client.shop.command(SON(list(more.items())))
		    except pymongo.errors.OperationFailure as e:
		        return e.code
		assert code(create="x", clusteredIndex={"key": {"a": 1}, "unique": True}) == 197
		assert code(create="x", clusteredIndex={"key": {"_id": 1}}) == 197
		assert code(create="x", expireAfterSeconds=1) == 72
		assert code(dropIndexes="a", index="by the key") == 72
		client.shop.a.create_index("_id")
		assert len(list(client.shop.a.list_indexes())) == 2
		client.shop.plain.insert_one({})
		assert code(collMod="plain", expireAfterSeconds=1) == 72
	P
}

@test "dumped in parts, loaded, followed, compared; the lifetime waits for --wake-ttl" {
	run_bg tail mm-oplog-tail -d shop --from now -D "$TMP/seg" --status-file "$TMP/tail.st"
	started() { compgen -G "$TMP/seg/*.partial" >/dev/null; }
	wait_until 20 started
	mm-dump -d shop --partition id -T 3 -v 2>"$TMP/err" | mm-load -d shop --quiet
	run -0 grep -E 'shop.a": about 9000 documents in [3-9] parts' "$TMP/err"
	assert_same "$src_uri" "$dst_uri" shop
	# Nothing expires before it is told to; that is no difference.
	run -0 told "$dst_uri"
	refute_output --partial expireAfterSeconds
	run -0 mm-diff -d shop
	assert_output --partial 'staged=1 '

	py "$src_uri" <<-'P'
		import datetime
		client.shop.a.delete_one({"_id": 5})
		client.shop.a.update_one({"_id": 6}, {"$set": {"p": 1}})
		client.shop.create_collection("later", clusteredIndex={"key": {"_id": 1},
		    "unique": True}, expireAfterSeconds=60)
		client.shop.later.insert_one({"_id": datetime.datetime(2020, 1, 1)})
		client.shop.command("collMod", "brief", expireAfterSeconds=7200)
		client.shop.create_collection("ever", clusteredIndex={"key": {"_id": 1},
		    "unique": True}, expireAfterSeconds=60)
		client.shop.command("collMod", "ever", expireAfterSeconds="off")
	P
	wait_until 20 reaches tail.st position "$(position)"
	kill -TERM "$tail_pid"
	wait "$tail_pid"
	mm-oplog-apply -d shop -D "$TMP/seg" --exit-when-caught-up --quiet
	assert_same "$src_uri" "$dst_uri" shop
	run -0 told "$dst_uri"
	refute_output --partial expireAfterSeconds
	run -0 mm-diff -d shop
	assert_output --partial 'staged=2 '

	mm-load -d shop --finish-indexes --wake-ttl --quiet
	assert_equal "$(told "$dst_uri")" "$(told "$src_uri")"
	run -0 mm-diff -d shop
	assert_output --partial 'staged=0 '
}
