bats_require_minimum_version 1.8.0
# mm-diff --sample: a choice that a seed repeats, from both sides.
load lib
# bats file_tags=server

setup() {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	for uri in "$src_uri" "$dst_uri"; do
		py "$uri" <<-'P'
			client.shop.a.insert_many({"_id": i, "n": i} for i in range(3000))
			client.shop.b.insert_many({"_id": "k%d" % i, "n": i} for i in range(1000))
			client.shop.create_collection("ring", capped=True, size=1 << 20)
			client.shop.ring.insert_many({"_id": i} for i in range(100))
		P
	done
}

found() {
	jq -c 'select(.ns) | [.class, .ns, ._id // .what]' "$1" | sort
}

@test "equal: 0; differing: as many as are in the sample, and the same with the seed" {
	run -0 --separate-stderr mm-diff -d shop --sample 400
	assert_line --index -1 --partial 'source=400 target=400 missing=0'
	assert_regex "$stderr" '400 documents chosen, seed [0-9]+'
	# Half of a is other, a tenth is missing, and the target has 1000 of its own.
	py "$dst_uri" <<-'P'
		client.shop.a.update_many({"n": {"$mod": [2, 0]}}, {"$set": {"x": 1}})
		client.shop.b.delete_many({"n": {"$mod": [10, 3]}})
		client.shop.b.insert_many({"_id": -i} for i in range(1, 1001))
	P
	run -1 mm-diff -d shop --sample 600 --seed 42 --format json -o "$TMP/one"
	run -1 mm-diff -d shop --sample 600 --seed 42 --workers 1 --format json -o "$TMP/two"
	run -0 diff <(found "$TMP/one") <(found "$TMP/two")
	run jq 'select(.total) | .source_docs + .extra' "$TMP/one"
	assert_output 600
	# 5100 keys are there: expected content 176, missing 12, extra 118.
	run jq -c 'select(.total) | [(.content > 120 and .content < 235), (.missing > 1 and .missing < 35), (.extra > 70 and .extra < 170)]' "$TMP/one"
	assert_output '[true,true,true]'
	run -1 mm-diff -d shop --sample 600 --seed 43 --format json -o "$TMP/three"
	run -1 diff <(found "$TMP/one") <(found "$TMP/three")
	# A sample of everything finds what a comparison finds.
	run -1 mm-diff -d shop --sample 100000 --format json -o "$TMP/all"
	run -1 mm-diff -d shop --format json -o "$TMP/whole"
	run -0 diff <(found "$TMP/all") <(found "$TMP/whole")
	run -1 mm-diff -d shop --sample 50 --format stream -o "$TMP/stream"
	run -0 mm-cat verify "$TMP/stream"
	# The _ids alone are read to choose: no document.
	run bash -c 'mm-cat json --control "$1" | jq -c "select(.[\"\$mm\"] == \"stream\") | .sample[\"\$numberLong\"]"' _ "$TMP/stream"
	assert_output '"50"'
}

@test "catalogs are compared whole; what does not fit: 2" {
	py "$dst_uri" <<<'client.shop.a.create_index("n", name="n")'
	run -1 mm-diff -d shop --sample 5 --seed 1
	assert_line $'metadata\tshop.a\tindex n\tonly on the target'
	run -2 mm-diff -d shop --seed 1
	run -2 mm-diff -d shop --sample 5 --follow
	run -2 mm-diff -d shop --sample 5 --state "$TMP/state"
	assert_not_exist "$TMP/state"
	run -2 mm-diff -d shop --sample 5 --emit repair
	run -2 mm-diff -d shop --sample 5 --digest
	run -2 mm-diff -d shop --sample 0
}
