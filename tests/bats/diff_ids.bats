bats_require_minimum_version 1.8.0
# mm-diff: which documents are one and the same.
load lib
load diff_lib
# bats file_tags=server

setup() {
	start_both
}

@test "_ids of one value and other types: the same document, other bytes" {
	py "$src_uri" <<-'P'
		for i, k in enumerate([1, 2, 3, 0.0, float("nan"), {"a": 1}]):
		    client.shop.c.insert_one({"_id": k, "n": 1})
	P
	py "$dst_uri" <<-'P'
		for i, k in enumerate([1.0, Int64(2), Decimal128("3.0"), -0.0,
		                       Decimal128("NaN"), {"a": Int64(1)}]):
		    client.shop.c.insert_one({"_id": k, "n": 1})
	P
	for how in '' --by-lookup; do
		# shellcheck disable=SC2086
		run -1 mm-diff -d shop $how
		assert_line --partial 'missing=0 extra=0 content=0 order-only=0 type-only=6 '
	done
}

@test "a collation on _id: compared by lookup" {
	on_both <<-'P'
		from pymongo.collation import Collation
		client.shop.create_collection("c", collation=Collation("en", strength=2))
		names = ["k%d%s" % (i, "xX"[i % 2]) for i in range(3000)]
		client.shop.c.insert_many({"_id": k} for k in names)
	P
	run -0 mm-diff -d shop
	py "$dst_uri" <<-'P'
		client.shop.c.delete_one({"_id": "k5X"})
		client.shop.c.insert_one({"_id": "other"})
		client.shop.c.update_one({"_id": "k7X"}, {"$set": {"a": 1}})
	P
	run -1 mm-diff -d shop --format json -o "$TMP/report"
	run found "$TMP/report"
	assert_output '["content","shop.c","k7X"]
["extra","shop.c","other"]
["missing","shop.c","k5X"]'
	# Where only one side has it, "a" is not "A".
	py "$src_uri" <<<'client.shop.drop_collection("c")
client.shop.c.insert_many({"_id": k} for k in ["OTHER", "k1X", "z"])'
	py "$dst_uri" <<<'client.shop.c.delete_many({"n": {"$exists": False}, "_id": {"$nin": ["k1X", "other"]}})'
	run -1 mm-diff -d shop
	assert_line $'metadata\tshop.c\toptions\tdiffers in collation'
	assert_line --partial 'missing=2 extra=1 content=0 '
}

@test "a collation on _id: over 100 of each" {
	on_both <<-'P'
		from pymongo.collation import Collation
		client.shop.create_collection("c", collation=Collation("en", strength=2))
		client.shop.c.insert_many(SON([("_id", "k%dx" % i), ("a", i), ("b", i)])
		                          for i in range(3000))
	P
	py "$dst_uri" <<-'P'
		c = client.shop.c
		c.delete_many({"_id": {"$in": ["k%dx" % i for i in range(0, 110)]}})
		c.insert_many({"_id": "new%d" % i} for i in range(110))
		for i in range(200, 310):
		    c.update_one({"_id": "k%dx" % i}, {"$set": {"a": -1}})
		for i in range(400, 510):
		    c.update_one({"_id": "k%dx" % i}, {"$set": {"a": Int64(i)}})
		for i in range(600, 710):
		    c.replace_one({"_id": "k%dx" % i}, SON([("_id", "k%dx" % i), ("b", i), ("a", i)]))
	P
	for how in '' '--mode static --workers 1'; do
		# shellcheck disable=SC2086
		run -1 mm-diff -d shop $how
		assert_line --index -1 --partial 'missing=110 extra=110 content=110 order-only=110 type-only=110 sequence=0'
	done
}

@test "a collation on _id: its own idea of one key" {
	on_both <<-'P'
		from pymongo.collation import Collation
		client.shop.create_collection("c", collation=Collation("en", strength=2))
	P
	py "$src_uri" <<<'client.shop.c.insert_many({"_id": k} for k in ["a", "B", "c", "D", "e"])'
	py "$dst_uri" <<<'client.shop.c.insert_many({"_id": k} for k in ["A", "b", "c", "x", "e"])'
	run -1 mm-diff -d shop --format json -o "$TMP/report"
	run found "$TMP/report"
	assert_output '["content","shop.c","B"]
["content","shop.c","a"]
["extra","shop.c","x"]
["missing","shop.c","D"]'
}
