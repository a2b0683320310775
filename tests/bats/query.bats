bats_require_minimum_version 1.8.0
# A part of a collection (mm-dump --query): exactly what matches, by every way of
# reading, and nothing takes it for the whole.
load lib
load switch_lib
# bats file_tags=server

SEL=(-d shop -c orders)

two() {
	start_server src
	sides
	py "$src_uri" <<-'P'
		c = client.shop.orders
		odd = [MinKey(), None, float("nan"), {"a": 1}, b"\0", True, MaxKey()]
		for at in range(0, 20000, 5000):
		    c.insert_many([{"_id": i, "n": i % 7, "s": "ab%d" % (i % 3), "pad": "x" * 150}
		        for i in range(at, at + 5000)])
		c.insert_many([{"_id": i, "n": 3, "s": "Ab0"} for i in odd])
		c.create_index("u", unique=True, partialFilterExpression={"u": {"$exists": True}})
		client.shop.create_collection("seen", viewOn="orders", pipeline=[])
	P
}

# matched QUERY: mm-cat of standard input has what the source finds, once each.
matched() {
	mm-cat bson | py "$src_uri" "$1" 8<&0 <<-'P'
		from bson import json_util
		read = open(8, "rb").read()
		read = bson.decode_all(read)
		key = lambda d: bson.encode({"": d["_id"]})
		found = list(client.shop.orders.find(json_util.loads(sys.argv[2])))
		assert sorted(map(bson.encode, read)) == sorted(map(bson.encode, found)), (len(read), len(found))
		print(len(read))
	P
}

@test "what matches, in every partition; header, features, what is refused" {
	two
	local how
	for how in auto id natural none; do
		run -0 bash -o pipefail -c 'mm-dump -d shop -c orders -q "{\"n\": 3}" \
			--partition "$1" --partition-size 1M --batch-bytes 64K >"$2"' _ "$how" "$TMP/s"
		run -0 matched '{"n": 3}' <"$TMP/s"
		assert_output 2864
	done
	# the odd one at the end of the order does not match
	mm-dump "${SEL[@]}" --query '{"n": {"$lt": 3}, "_id": {"$gte": 10}}' --partition id -Z none >"$TMP/s"
	run -0 matched '{"n": {"$lt": 3}, "_id": {"$gte": 10}}' <"$TMP/s"
	run -0 bash -o pipefail -c 'mm-cat json --control "$1" | jq -c "select(.[\"\$mm\"] == \"stream\" or .[\"\$mm\"] == \"coll\") | [.features, .filters.query, .est]"' _ "$TMP/s"
	assert_line --index 0 '[["query"],{"n":{"$lt":{"$numberInt":"3"}},"_id":{"$gte":{"$numberInt":"10"}}},null]'
	assert_line --index 1 '[null,null,null]'
	# from a file, as mongodump has it
	echo ' {"s": {"$regex": "^aB", "$options": "i"}, "n": {"$type": ["int", "long"]}, "$or": [{"n": 3}, {"n": {"$numberInt": "5"}}]} ' >"$TMP/q"
	mm-dump "${SEL[@]}" --queryFile "$TMP/q" -Z none >"$TMP/s"
	run -0 matched '{"s": {"$regex": "^aB", "$options": "i"}, "n": {"$in": [3, 5]}}' <"$TMP/s"
	mm-dump "${SEL[@]}" --query-file - <"$TMP/q" | mm-cat verify
	# a log of a part is none
	run -8 mm-oplog-apply "${SEL[@]}" "$TMP/s"
	"$PY" "$TOOLS/restream.py" 'del records[1:-1]
records[0][0].update(kind="oplog", features=[], after=records[0][0]["from"])' <"$TMP/s" >"$TMP/log"
	run -8 mm-oplog-apply "${SEL[@]}" "$TMP/log"
	assert_output --partial 'of a part of a collection'

	# wrong use, and what a server does not take
	for how in '{n: 1}' '[1]' '{"n": 1} {"n": 2}' '' '{"n":'; do
		run -2 mm-dump "${SEL[@]}" --query "$how"
		assert_output --partial 'no query in Extended JSON'
	done
	echo '{"secret": }' >"$TMP/q"
	run -2 mm-dump "${SEL[@]}" --queryFile "$TMP/q"
	refute_output --partial secret
	run -7 mm-dump "${SEL[@]}" --queryFile "$TMP/none"
	run -2 mm-dump "${SEL[@]}" --query '{}' --queryFile "$TMP/q"
	run -2 mm-dump -d shop --query '{}'
	run -2 mm-dump --nsInclude shop.orders --query '{}'
	run -2 mm-dump "${SEL[@]}" --nsInclude 'shop.*' --query '{}'
	run -2 mm-dump "${SEL[@]}" --query '{}' --archive
	run -2 mm-dump "${SEL[@]}" --query '{}' --users
	run --separate-stderr -8 mm-dump -d shop -c seen --query '{}'
	assert_equal "$output" ''
	assert_regex "$stderr" '"shop.seen" is a view'
	run --separate-stderr -8 mm-dump "${SEL[@]}" --query '{"n": {"$such": 1}}'
	assert_equal "$output" ''
	assert_regex "$stderr" '"shop.orders": the query: '
}

# refused COMMAND...: with the reason.
refused() {
	run --separate-stderr -8 "$@" </dev/null
	assert_regex "$stderr$output" 'match a query'
}

@test "loaded, it is a part: apply, diff, switch refuse it by name; the whole in its place is none" {
	two
	mm-oplog-tail "${SEL[@]}" --from now --exit-when-caught-up --quiet >"$TMP/tail"
	mm-dump "${SEL[@]}" -q '{"n": 3}' -o "$TMP/s" --quiet
	run -0 mm-load "${SEL[@]}" "$TMP/s"
	assert_output --partial 'only the documents that match a query'
	run -0 py "$dst_uri" <<-'P'
		j = client.mm_control.jobs.find_one()
		print(client.shop.orders.count_documents({}), j["phase"], j["query"])
	P
	assert_output '2864 loaded { "n" : { "$numberInt" : "3" } }'
	refused mm-oplog-apply "${SEL[@]}" "$TMP/tail"
	refused mm-oplog-apply "${SEL[@]}" --dryRun "$TMP/tail"
	refused mm-oplog-apply "${SEL[@]}" --print-position
	refused mm-oplog-apply "${SEL[@]}" --from 1:1 --fuzzy-until 1:1 "$TMP/tail"
	refused mm-diff "${SEL[@]}"
	refused mm-diff -d shop
	refused mm-diff "${SEL[@]}" --follow
	refused mm-diff "${SEL[@]}" --digest --side target
	refused mm-diff "${SEL[@]}" --sample 10
	refused mm-diff "${SEL[@]}" --emit repair
	S=$TMP/state
	refused switch check
	assert_line --partial 'no  the copy is the whole of the selection: '
	# the whole does not come on top of it
	mm-dump "${SEL[@]}" -o "$TMP/whole" --quiet
	run -8 mm-load "${SEL[@]}" "$TMP/whole"
	assert_output --partial 'is loaded already'
	run -8 mm-load -d shop --nsInclude shop.orders --job other "$TMP/whole"
	# its indexes can be made
	py "$dst_uri" <<-'P'
		client.mm_control.jobs.delete_one({"_id": "other"})
		# as if it had been written meanwhile
		client.mm_control.jobs.update_one({}, {"$set": {"checkpoint.seen.ts": bson.Timestamp(2**31 - 1, 1)}})
	P
	run -0 mm-load "${SEL[@]}" --finish-indexes
	assert_output --partial '1 unique indexes built'
	run -0 mm-load "${SEL[@]}" --drop "$TMP/whole"
	run -0 mm-diff "${SEL[@]}"
	run -0 mm-oplog-apply "${SEL[@]}" --print-position
	# and a part in the place of the whole is one
	run -0 mm-load "${SEL[@]}" --drop "$TMP/s"
	refused mm-diff "${SEL[@]}"
}

@test "cut and gone on with: the same query, and no other" {
	two
	local q='{"n": {"$ne": 3}, "s": {"$exists": true}}' how
	for how in id natural; do
		mm-dump "${SEL[@]}" -q "$q" -Z none --partition "$how" --partition-size 1M \
			--batch-bytes 64K --block-size 128K -T 2 --quiet >"$TMP/s"
		run -3 bash -o pipefail -c 'head -c 2000000 "$0" | mm-load "$@"' "$TMP/s" "${SEL[@]}" --drop
		mm-load "${SEL[@]}" --print-resume-token >"$TMP/token"
		run -8 mm-dump "${SEL[@]}" --resume "$TMP/token"
		assert_output --partial 'of another --query'
		run -8 mm-dump "${SEL[@]}" --resume "$TMP/token" -q '{"n": {"$ne": 4}, "s": {"$exists": true}}'
		mm-dump "${SEL[@]}" --resume "$TMP/token" -q "$q" -Z none --quiet >"$TMP/rest"
		# some of it was there
		[[ $(stat -c %s "$TMP/rest") -lt $(($(stat -c %s "$TMP/s") - 1000000)) ]]
		"$PY" "$TOOLS/restream.py" 'records[0][0]["features"] = ["resume"]
del records[0][0]["filters"]["query"]' <"$TMP/rest" >"$TMP/bad"
		run -8 mm-load "${SEL[@]}" "$TMP/bad"
		assert_output --partial 'goes on with another load'
		run -0 mm-load "${SEL[@]}" "$TMP/rest"
		refused mm-diff "${SEL[@]}"
		run -0 py "$dst_uri" "$src_uri" <<-'P'
			q = {"n": {"$ne": 3}, "s": {"$exists": True}}
			raw = lambda c, q: sorted(map(bson.encode, c.shop.orders.find(q)))
			print(raw(client, {}) == raw(pymongo.MongoClient(sys.argv[2]), q))
		P
		assert_output True
	done
	# begun with a part, done again with the whole
	run -3 bash -o pipefail -c 'head -c 2000000 "$0" | mm-load "$@"' "$TMP/s" "${SEL[@]}" --drop
	run -0 bash -o pipefail -c 'mm-dump "$@" | mm-load "$@"' _ "${SEL[@]}"
	run -0 mm-diff "${SEL[@]}"
}
