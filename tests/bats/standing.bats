bats_require_minimum_version 1.8.0
# mm-load --on-duplicate: documents that stood on the target before the load.
load lib

# Two servers; a snapshot of shop in $TMP/s; on the target some of its documents
# already: 0 to 9 equal, 10 to 12 with other contents, three of others.
stood() {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		client.shop.a.insert_many([{"_id": i, "n": i, "p": "x" * 200} for i in range(20000)])
		client.shop.a.create_index("n")
		client.shop.b.insert_many([{"_id": i} for i in range(5)])
	P
	theirs
	mm-dump -d shop --block-size 128K -o "$TMP/s" --quiet
}

theirs() {
	py "$dst_uri" <<-'P'
		client.shop.drop_collection("a")
		client.shop.drop_collection("b")
		client.drop_database("mm_control")
		client.shop.a.insert_many([{"_id": i, "n": i, "p": "x" * 200} for i in range(10)])
		client.shop.a.insert_many([{"_id": i, "other": i} for i in range(10, 13)])
		client.shop.a.insert_many([{"_id": i, "theirs": i} for i in range(30000, 30003)])
	P
}

# What is there: how many, of which theirs; what 10 to 12 hold; and whether all
# that is not theirs is as on the source.
there() {
	py "$dst_uri" "$src_uri" <<-'P'
		source = {d["_id"]: d for d in pymongo.MongoClient(sys.argv[2]).shop.a.find()}
		have = {d["_id"]: d for d in client.shop.a.find()}
		kept = sum(1 for i in range(30000, 30003) if have.get(i) == {"_id": i, "theirs": i})
		other = sum(1 for i in range(10, 13) if have.get(i) == {"_id": i, "other": i})
		wrong = [i for i, d in have.items() if i < 30000 and not 10 <= i <= 12 and source.get(i) != d]
		print(len(have), kept, other, len(wrong), client.shop.b.count_documents({}))
	P
}

phase() {
	py "$dst_uri" <<<'print(*[j["phase"] for j in client.mm_control.jobs.find()])'
}

@test "refused, left, replaced, compared; what is of others is never dropped" {
	stood
	run -8 mm-load -d shop "$TMP/s"
	assert_output --partial '"shop.a" on the target holds data'
	run there
	assert_output '16 3 3 0 0'
	run -8 mm-load -d shop --on-duplicate identical "$TMP/s"
	for i in 10 11 12; do
		assert_line --partial "\"shop.a\": _id { \"\$numberInt\" : \"$i\" }: the target's document is another one"
	done
	assert_line --partial '13 documents stood there already and were compared'
	assert_line --partial '3 documents are not on the target'
	run there
	assert_output '20003 3 3 0 5'
	run phase
	assert_output loading
	# nor by the next one, which may be of another mind
	run -8 mm-load -d shop "$TMP/s"
	run -8 mm-load -d shop --on-duplicate identical --stopOnError "$TMP/s"
	assert_line --regexp "error: .*: the target's document is another one"
	run there
	[[ $output == *' 3 3 0 '* ]]
	theirs

	run -0 mm-load -d shop --on-duplicate skip --status-file "$TMP/status" "$TMP/s"
	assert_output --partial '13 documents stood there already and were left'
	run jq -c '[.docs, .duplicates, .left_out]' "$TMP/status"
	assert_output '[20005,13,null]'
	run there
	assert_output '20003 3 3 0 5'
	run phase
	assert_output loaded
	run py "$dst_uri" <<<'print(sorted(client.shop.a.index_information()))'
	assert_output "['_id_', 'n_1']"
	run -8 mm-load -d shop --on-duplicate skip "$TMP/s"
	assert_output --partial 'loaded already'
	# of the same snapshot nothing is older
	run -0 mm-load -d shop --on-duplicate skip --drop "$TMP/s"
	assert_output --partial '"shop.a" is not dropped'
	run there
	assert_output '20003 3 3 0 5'

	# a newer snapshot: what it left of an older one is not that of others
	py "$src_uri" <<<'client.shop.a.update_many({"_id": {"$gte": 19000}}, {"$set": {"n": -1}})'
	mm-dump -d shop -o "$TMP/new" --quiet
	run -8 mm-load -d shop --on-duplicate skip --drop "$TMP/new"
	assert_output --partial 'an earlier snapshot'
	run -8 mm-load -d shop --drop "$TMP/new"
	run -0 mm-load -d shop --on-duplicate replace --drop "$TMP/new"
	assert_output --partial '20000 documents stood there already and were replaced'
	run there
	assert_output '20003 3 0 0 5'
	py "$dst_uri" <<<'client.shop.a.delete_many({"theirs": {"$exists": True}})'
	assert_same "$src_uri" "$dst_uri" shop
}

@test "a cut load, gone on with or begun anew, leaves what is of others" {
	stood
	local size token
	size=$(stat -c %s "$TMP/s")
	head -c $((size / 2)) "$TMP/s" >"$TMP/cut"
	run -3 mm-load -d shop --on-duplicate replace "$TMP/cut"
	mm-load -d shop --print-resume-token >"$TMP/token"
	mm-dump -d shop --resume "$TMP/token" -o "$TMP/rest" --quiet
	run -8 mm-load -d shop "$TMP/rest"
	assert_output --partial '"shop.a" on the target held data before'
	run -0 mm-load -d shop --on-duplicate replace "$TMP/rest"
	run there
	assert_output '20003 3 0 0 5'
	theirs
	run -3 mm-load -d shop --on-duplicate identical "$TMP/cut"
	run -0 mm-load -d shop --on-duplicate skip "$TMP/s"
	run there
	assert_output '20003 3 3 0 5'
	run -0 mm-copy -d shop --drop --on-duplicate replace
	run there
	assert_output '20003 3 0 0 5'
	# the source has it no longer: no reason to drop it here
	py "$src_uri" <<<'client.shop.a.drop()'
	run -0 bash -o pipefail -c 'mm-dump -d shop | mm-load -d shop --drop'
	run py "$dst_uri" <<-'P'
		print(client.shop.a.count_documents({}))
		print([d["_id"]["ns"] for d in client.mm_control.owned.find()])
	P
	assert_output "20003
['shop.b']"
}

@test "another document with the same unique key; other options; a capped one" {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<<'client.shop.u.insert_many([{"_id": i, "k": i} for i in range(100)])'
	mm-dump -d shop -o "$TMP/s" --quiet
	local how
	anew() {
		py "$dst_uri" <<-'P'
			client.drop_database("mm_control")
			client.shop.u.drop()
			client.shop.u.create_index("k", unique=True)
			client.shop.u.insert_many([{"_id": "x", "k": 7}, {"_id": 8, "k": 8}])
		P
	}
	for how in replace identical; do
		anew
		run -8 mm-load -d shop --on-duplicate "$how" "$TMP/s"
		assert_line --partial '"shop.u": _id { "$numberInt" : "7" }: E11000'
		assert_line --partial '1 documents are not on the target'
		refute_output --partial '"k": 7'
	done
	anew
	run -0 mm-load -d shop --on-duplicate skip "$TMP/s"
	assert_line --partial '"shop.u": _id { "$numberInt" : "7" }: E11000'
	assert_line --partial '1 documents are not on the target'
	run py "$dst_uri" <<<'print(client.shop.u.count_documents({}), client.shop.u.find_one({"k": 7})["_id"])'
	assert_output '100 x'

	py "$dst_uri" <<<'client.drop_database("mm_control"); client.shop.u.drop()
client.shop.create_collection("u", collation={"locale": "de"}); client.shop.u.insert_one({"_id": 1})'
	run -8 mm-load -d shop --on-duplicate skip "$TMP/s"
	assert_output --partial 'has other options'
	py "$src_uri" <<<'client.shop.u.drop(); client.shop.create_collection("u", capped=True, size=4096); client.shop.u.insert_one({"_id": 1})'
	py "$dst_uri" <<<'client.shop.u.drop(); client.shop.create_collection("u", capped=True, size=4096); client.shop.u.insert_one({"_id": 2})'
	run -8 bash -o pipefail -c 'mm-dump -d shop | mm-load -d shop --on-duplicate skip'
	assert_output --partial 'is capped'
	run py "$dst_uri" <<<'print([d["_id"] for d in client.shop.u.find()])'
	assert_output '[2]'
	run -2 mm-load -d shop --users --on-duplicate replace "$TMP/s"
	run -2 mm-load -d shop --on-duplicate keep "$TMP/s"
}

# bats test_tags=server
@test "duplicate keys and a write concern error in one reply, lost replies: none is lost, none is overwritten" {
	require_sim
	stood
	local fault how order want
	# With one loader it is the first insert that meets the 13.
	while read -r fault how order; do
		theirs
		simulate "$dst_uri" "{\"simulate\": \"$fault\", \"command\": \"insert\", \"ns\": \"shop.a\", \"times\": 2}" >/dev/null
		want=0
		[[ $how != identical ]] || want=8
		run "-$want" mm-load -d shop -j 1 --on-duplicate "$how" "$order" "$TMP/s"
		run there
		[[ $how != replace ]] || assert_output '20003 3 0 0 5'
		[[ $how = replace ]] || assert_output '20003 3 3 0 5'
	done <<-'C'
		writeConcernError skip --quiet
		writeConcernError replace --quiet
		writeConcernError identical --quiet
		writeConcernError skip --maintainInsertionOrder
		writeConcernError replace --maintainInsertionOrder
		dropConnection skip --quiet
		dropConnection replace --quiet
	C
	run fired "$dst_uri" writeConcernError
	assert_output 10
	run fired "$dst_uri" dropConnection
	assert_output 4
	# The second answer is the one that counts: the write concern error comes
	# with writeErrors, and is no success.
	theirs
	simulate "$dst_uri" '{"simulate": "writeConcernError", "command": "insert", "ns": "shop.a", "code": 100, "errmsg": "not enough members"}' >/dev/null
	run -5 mm-load -d shop -j 1 --on-duplicate skip "$TMP/s"
	assert_output --partial 'not enough members'
}

@test "--maintainInsertionOrder: as in the stream, beside what stood" {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		ids = list(range(20000))
		random.Random(1).shuffle(ids)
		client.shop.a.insert_many([{"_id": i, "p": "x" * 100} for i in ids])
	P
	mm-dump -d shop --partition natural --block-size 128K -o "$TMP/s" --quiet
	in_order() {
		py "$dst_uri" "$src_uri" <<-'P'
			ids = lambda c: [d["_id"] for d in c.shop.a.find({"other": None}).sort("$natural", 1)]
			a, b = ids(client), ids(pymongo.MongoClient(sys.argv[2]))
			stood = {1, 2, 3}
			print([i for i in a if i not in stood] == [i for i in b if i not in stood], len(a))
		P
	}
	run -0 mm-load -d shop --maintainInsertionOrder "$TMP/s"
	assert_same "$src_uri" "$dst_uri" shop
	run in_order
	assert_output 'True 20000'
	anew() {
		py "$dst_uri" <<-'P'
			client.drop_database("mm_control")
			client.shop.a.drop()
			client.shop.a.insert_many([{"_id": i, "p": "x" * 100} for i in (1, 2)])
			client.shop.a.insert_one({"_id": 3, "other": 1})
		P
	}
	anew
	run -0 mm-load -d shop --maintainInsertionOrder --on-duplicate skip "$TMP/s"
	run in_order
	assert_output 'True 19999'
	anew
	run -0 mm-load -d shop --maintainInsertionOrder --on-duplicate replace "$TMP/s"
	run in_order
	assert_output 'True 20000'
	assert_same "$src_uri" "$dst_uri" shop
	anew
	run -8 mm-load -d shop --maintainInsertionOrder --on-duplicate identical "$TMP/s"
	assert_line --regexp 'error: .*_id . "\$numberInt" : "3" .: the target'
	py "$dst_uri" <<<'client.shop.a.replace_one({"_id": 3}, {"p": "x" * 100})'
	run -0 mm-load -d shop --maintainInsertionOrder --on-duplicate identical "$TMP/s"
	assert_same "$src_uri" "$dst_uri" shop
}

@test "a document without _id: 8, and nothing of its block is there" {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<<'client.shop.a.insert_many([{"_id": i, "n": i} for i in range(10)])'
	mm-dump -d shop -Z none -o "$TMP/s" --quiet
	"$PY" "$TOOLS/restream.py" '
control, docs = [r for r in records if r[1]][0]
docs[3] = bson.encode({"n": 3})
end = [r[0] for r in records if r[0]["$mm"] == "cend"][0]
end["bytes"], end["sum"] = bson.Int64(sum(map(len, docs))), total(docs)' <"$TMP/s" >"$TMP/bad"
	local how
	for how in '' --maintainInsertionOrder; do
		# shellcheck disable=SC2086 # none, or one
		run -8 mm-load -d shop $how "$TMP/bad"
		assert_output --partial 'document 3 of block 0 has no _id'
		run py "$dst_uri" <<<'print(client.shop.a.count_documents({}))'
		assert_output 0
	done
}

# bats test_tags=server
@test "a zero timestamp stays one on servers of every age, loaded once or again" {
	require_sim
	start_sim src
	export MM_SOURCE_URI=$src_uri
	# an insert would have set it to the present time
	py "$src_uri" <<-'P'
		client.shop.create_collection("ring", capped=True, size=100000)
		for c in client.shop.a, client.shop.ring:
		    for i in range(3):
		        c.insert_one(SON([("_id", i), ("z", 8), ("t", Timestamp(1, 1))]))
		    c.update_one({"_id": 1}, {"$set": {"t": Timestamp(0, 0)}})
	P
	mm-dump -d shop -o "$TMP/s" --quiet
	local version
	for version in 4.4 4.9 5.0 6.0; do
		start_sim "v${version/./}" --fcv "$version"
		local uri=v${version/./}_uri
		export MM_TARGET_URI=${!uri}
		mm-load -d shop --quiet "$TMP/s"
		assert_same "$src_uri" "$MM_TARGET_URI" shop
		py "$MM_TARGET_URI" <<-'P'
			assert client.shop.ring.find_one({"_id": 1})["t"] == Timestamp(0, 0)
			client.drop_database("mm_control")
			client.shop.ring.drop()
			client.shop.a.delete_one({"_id": 0})
			client.shop.a.update_one({"_id": 1}, {"$set": {"t": 7}})
		P
		mm-load -d shop --on-duplicate replace --quiet "$TMP/s"
		assert_same "$src_uri" "$MM_TARGET_URI" shop
	done
}
