bats_require_minimum_version 1.8.0
# Views of a snapshot, made in the order of what they are made of.
load lib

# bats test_tags=server
@test "a view is made behind those it shows or reads; one made of itself: 8, nothing written" {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		s = client.shop
		s.orders.insert_many([{"_id": i} for i in range(10)])
		s.create_collection("z", viewOn="orders", pipeline=[{"$match": {"_id": {"$gt": 1}}}])
		s.create_collection("y", viewOn="orders", pipeline=[{"$lookup": {"from": "z", "as": "z",
		    "localField": "_id", "foreignField": "_id"}}])
		s.create_collection("b", viewOn="orders", pipeline=[{"$facet": {"f": [{"$unionWith": "y"}]}}])
		s.create_collection("c", viewOn="z", pipeline=[{"$unionWith": {"coll": "b", "pipeline": []}}])
		s.create_collection("a", viewOn="c", pipeline=[{"$graphLookup": {"from": "b", "startWith": "$_id",
		    "connectFromField": "_id", "connectToField": "_id", "as": "g"}}])
		# on nothing, and on a name that is a field only
		s.create_collection("n", viewOn="none", pipeline=[{"$project": {"from": "zz", "coll": "n"}}])
	P
	mm-dump -d shop -Z none -o "$TMP/s" --quiet
	run mm-load -d shop "$TMP/s"
	assert_success
	run py "$dst_uri" <<-'P'
		made = [e["o"]["_id"] if e["op"] == "i" else "shop." + e["o"]["create"]
		    for e in client.local.oplog.rs.find().sort("$natural", 1)
		    if e["ns"] == "shop.system.views" or (e["op"] == "c" and "viewOn" in e["o"])]
		at = {ns[5:]: i for i, ns in enumerate(made)}
		print(sorted(at), all(at[x] < at[y] for x, y in ("zy", "yb", "zc", "bc", "ca", "ba")) or made)
	P
	assert_output "['a', 'b', 'c', 'n', 'y', 'z'] True"
	run mm-diff -d shop
	assert_success

	# as no server has it: z shows a
	py "$dst_uri" <<<'client.drop_database("shop"); client.mm_control.jobs.drop(); client.mm_control.owned.drop()'
	"$PY" "$TOOLS/restream.py" '
for r in records:
    if r[0].get("coll") == "z":
        r[0]["options"]["viewOn"] = "a"' <"$TMP/s" >"$TMP/ring"
	run mm-load -d shop "$TMP/ring"
	assert_failure 8
	assert_output --regexp 'error: .*view "shop\.[abcyz]" is made of itself, through "shop\.[abcyz]"'
	run py "$dst_uri" <<<'print(client.shop.list_collection_names())'
	assert_output '[]'
	"$PY" "$TOOLS/restream.py" '
for r in records:
    if r[0].get("coll") == "n":
        r[0]["options"]["viewOn"] = "n"' <"$TMP/s" >"$TMP/ring"
	run mm-load -d shop "$TMP/ring"
	assert_failure 8
	assert_output --partial 'view "shop.n" is made of itself, through "shop.n"'
}
