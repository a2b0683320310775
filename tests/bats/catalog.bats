bats_require_minimum_version 1.8.0
# Every option of collections and indexes comes to the target, byte for byte.
load lib
# bats file_tags=server

# What mongosim of that version has besides.
two() { # two [FCV]
	require_sim
	start_sim src ${1:+--fcv "$1"}
	start_sim dst ${1:+--fcv "$1"}
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
}

@test "options and indexes are the same bytes on both sides" {
	two 6.0
	py "$src_uri" <<-'P'
		s = client.shop
		s.command("create", "ring", capped=True, size=(1 << 31) + 256 * 40, max=(1 << 31) + 7)
		s.command("create", "strict", validator={"$or": [{"n": {"$type": ["int", "long"]}},
		    {"s": {"$regex": "^a", "$options": "i"}}]}, validationLevel="moderate", validationAction="warn")
		s.command("create", "names", collation={"locale": "fr", "strength": 1, "caseLevel": True, "backwards": True})
		s.command("create", "images", changeStreamPreAndPostImages={"enabled": True})
		s.command("create", "packed", recordPreImages=True,
		    storageEngine={"wiredTiger": {"configString": "block_compressor=zstd,prefix_compression=true"}},
		    indexOptionDefaults={"storageEngine": {"wiredTiger": {"configString": "prefix_compression=false"}}})
		s.command("create", "z", viewOn="strict", pipeline=[{"$match": {"n": {"$gt": 1}}}])
		s.command("create", "a", viewOn="z", pipeline=[{"$sort": {"n": -1}}], collation={"locale": "de"})
		s.command("createIndexes", "many", indexes=[
		    {"name": "plain", "key": SON([("a", 1), ("b", -1.0), ("c", Int64(1)), ("d", -1e-10)])},
		    {"name": "hidden", "key": {"h": 1}, "hidden": True},
		    {"name": "part", "key": {"p": 1}, "partialFilterExpression": {"p": {"$gt": 5, "$exists": True}}},
		    {"name": "wild", "key": {"$**": 1}, "wildcardProjection": SON([("x", 1), ("y.z", 1)])},
		    {"name": "text", "key": SON([("k", 1), ("t", "text"), ("u.v", "text")]), "weights": SON([("t", 10), ("u.v", 3)]),
		     "default_language": "german", "language_override": "lang"},
		    {"name": "geo", "key": SON([("g", "2dsphere"), ("a", 1)]), "2dsphereIndexVersion": 3},
		    {"name": "flat", "key": {"f": "2d"}, "bits": 20, "min": -90.5, "max": 90.5},
		    {"name": "hash", "key": {"hh": "hashed"}},
		    {"name": "sparse", "key": {"s": 1}, "sparse": True},
		    {"name": "collated", "key": {"n": 1}, "collation": {"locale": "sv", "numericOrdering": True}},
		    {"name": "engine", "key": {"e": 1}, "storageEngine": {"wiredTiger": {"configString": "prefix_compression=false"}}},
		    {"name": "ttl", "key": {"at": 1}, "expireAfterSeconds": 86400, "partialFilterExpression": {"gone": True}},
		    {"name": "ttl0", "key": {"until": 1}, "expireAfterSeconds": 0},
		    {"name": "only", "key": SON([("u", 1), ("w", -1)]), "unique": True, "sparse": True},
		])
		s.command("createIndexes", "names", indexes=[{"name": "n", "key": {"n": 1}},
		    {"name": "simple", "key": {"m": 1}, "collation": {"locale": "simple"}},
		    {"name": "t", "key": {"t": "text"}, "collation": {"locale": "simple"}}])
		s.many.insert_many({"_id": i, "u": i, "w": i} for i in range(100))
		s.names.insert_many({"_id": i} for i in ("b", "a", "C"))
		s.ring.insert_many({"_id": i} for i in range(10))
	P
	run bash -o pipefail -c 'mm-dump -d shop | mm-load -d shop'
	assert_success
	refute_output --partial 'warning'
	run mm-load -d shop --finish-indexes --wake-ttl
	assert_success
	run py "$src_uri" "$dst_uri" <<-'P'
		from bson.raw_bson import RawBSONDocument
		def catalog(c):
		    opts = bson.CodecOptions(document_class=RawBSONDocument)
		    out = {}
		    for i in c.shop.command("listCollections", codec_options=opts)["cursor"]["firstBatch"]:
		        out[i["name"]] = i["type"], i["options"].raw
		        if i["type"] != "view":
		            for x in c.shop.command("listIndexes", i["name"], codec_options=opts)["cursor"]["firstBatch"]:
		                out[i["name"], x["name"]] = x.raw
		    return out
		a, b = catalog(client), catalog(pymongo.MongoClient(sys.argv[2]))
		print(len(a), sorted(map(str, a)) == sorted(map(str, b)), [k for k in a if a[k] != b.get(k)])
		# collMod has lifetimes as int64, and may have them at the end
		print(all(bson.decode(a[k]) == bson.decode(b[k]) for k in a if isinstance(a[k], bytes)))
	P
	assert_output "33 True [('many', 'ttl'), ('many', 'ttl0')]
True"
	run mm-diff -d shop
	assert_success
}

@test "what the target does not take: an engine is told, an old index key is refused or converted" {
	two
	py "$src_uri" <<-'P'
		s = client.shop
		s.command("create", "packed", storageEngine={"wiredTiger": {}})
		s.packed.create_index([("a", 1), ("b", -1)], name="old")
		s.packed.create_index("c", name="once", unique=True)
	P
	mm-dump -d shop -Z none -o "$TMP/s" --quiet
	# of a server with another engine, whose indexes were made before 3.4
	"$PY" "$TOOLS/restream.py" '
coll = records[1][0]
coll["options"]["storageEngine"] = {"rocks": {}}
for x in coll["indexes"][1:]:
    x["v"] = 1
    for k in x["key"]:
        x["key"][k] = {"a": True, "b": -2, "c": ""}[k]' <"$TMP/s" >"$TMP/old"
	run mm-load -d shop "$TMP/old"
	assert_failure 8
	assert_output --partial 'index "old" of "shop.packed" has the key { "a" : true, "b" : -2 }, which no server takes since MongoDB 3.4 (--convertLegacyIndexes'
	run py "$dst_uri" <<<'print(client.shop.list_collection_names())'
	assert_output '[]'
	run mm-load -d shop --convertLegacyIndexes "$TMP/old"
	assert_success
	assert_output --partial 'warning: "shop.packed" is made without options that the target does not take (storageEngine, recordPreImages): '
	assert_output --partial 'rocks is not a registered storage engine'
	run mm-load -d shop --finish-indexes
	assert_success
	run py "$dst_uri" <<<'print(*[(x["name"], dict(x["key"]), x["v"]) for x in client.shop.packed.list_indexes()][1:])'
	assert_output "('old', {'a': 1, 'b': -2}, 2) ('once', {'c': 1}, 2)"
	# where none are made there is nothing to refuse
	run mm-load -d shop --drop --noIndexRestore "$TMP/old"
	assert_success
}

@test "a time series collection is refused by name, before the first write" {
	two
	py "$src_uri" <<<'client.shop.a.insert_one({}); client.shop.m.insert_one({})'
	mm-dump -d shop -Z none -o "$TMP/s" --quiet
	local change
	for change in 'records[2][0]["type"] = "timeseries"' \
		'records[2][0]["options"]["timeseries"] = {"timeField": "t"}'; do
		"$PY" "$TOOLS/restream.py" "$change" <"$TMP/s" >"$TMP/bad"
		run mm-load -d shop "$TMP/bad"
		assert_failure 8
		assert_output --partial 'shop.m'
		assert_output --partial 'time'
		run py "$dst_uri" <<<'print(client.shop.list_collection_names())'
		assert_output '[]'
	done
}

@test "an encrypted collection is refused by name: on the source, in a stream, in a directory" {
	two 6.0
	local fields='{"fields": [{"path": "ssn", "bsonType": "string", "keyId": bson.Binary(bytes(16), 4)}]}'
	py "$src_uri" <<-P
		client.shop.a.insert_one({"_id": 1})
		client.shop.command("create", "secret", encryptedFields=$fields)
	P
	run mm-dump -d shop -o "$TMP/x"
	assert_failure 8
	assert_output --partial '"shop.secret" is an encrypted collection: not supported, exclude it'
	mm-dump -d shop --nsExclude shop.secret -Z none -o "$TMP/s" --quiet
	"$PY" "$TOOLS/restream.py" 'records[1][0]["options"]["encryptedFields"] = {"fields": []}' <"$TMP/s" >"$TMP/bad"
	run mm-load -d shop "$TMP/bad"
	assert_failure 8
	assert_output --partial '"shop.a" is an encrypted collection'
	mkdir -p "$TMP/d/shop"
	: >"$TMP/d/shop/b.bson"
	echo '{"options": {"encryptedFields": {"fields": []}}, "indexes": []}' >"$TMP/d/shop/b.metadata.json"
	run mm-load -d shop --dir "$TMP/d"
	assert_failure 8
	assert_output --partial '"shop.b" is an encrypted collection'
	run py "$dst_uri" <<<'print(client.shop.list_collection_names())'
	assert_output '[]'
}

@test "what an older server does not know is refused, not tried again" {
	require_sim
	start_sim src --fcv 6.0
	start_sim dst --fcv 4.9
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		client.shop.command("create", "images", changeStreamPreAndPostImages={"enabled": True})
		client.crm.a.insert_one({"_id": 1})
		client.crm.command("create", "v", viewOn="a", pipeline=[{"$setWindowFields": {"output": {}}}])
	P
	run bash -c 'set -o pipefail; mm-dump -d shop --quiet | mm-load -d shop'
	assert_failure 8
	assert_output --partial 'could not create "shop.images"'
	assert_output --partial "changeStreamPreAndPostImages' is an unknown field. (40415)"
	run bash -c 'set -o pipefail; mm-dump -d crm --quiet | mm-load -d crm'
	assert_failure 8
	assert_output --partial 'could not create "crm.v"'
	assert_output --partial "'\$setWindowFields' (40324)"
}
