bats_require_minimum_version 1.8.0
# mm-diff --digest and --against: the same answer as a comparison of both
# sides, from digests alone.
load lib
# bats file_tags=server

setup() {
	start_server src
	start_server dst
}

# sides: the two addresses, for what needs only one at a time.
on_source() {
	MM_SOURCE_URI=$src_uri "$@"
}

on_target() {
	MM_TARGET_URI=$dst_uri "$@"
}

found() {
	jq -c 'select(.ns) | [.class, .ns, ._id // .name // .what]' "$1" | sort
}

# fill: the same 20,000 documents on both sides.
fill() {
	local uri
	for uri in "$src_uri" "$dst_uri"; do
		py "$uri" <<-'P'
			client.shop.big.insert_many({"_id": i * 3, "a": i, "b": "x" * (i % 50)}
			                            for i in range(20000))
			client.shop.ids.insert_many({"_id": k} for k in [
			    MinKey(), MaxKey(), None, 1, 2.5, "a", {"a": 1}, ObjectId("0" * 24),
			    True, Binary(b"x"), Timestamp(1, 1), Decimal128("7.5")])
			client.shop.create_collection("ring", capped=True, size=1 << 20)
			client.shop.ring.insert_many({"_id": i} for i in [5, 3, 9, 1])
			client.shop.big.create_index("a", name="a")
			client.shop.create_collection("empty")
			client.shop.create_collection("seen", viewOn="big", pipeline=[])
		P
	done
}

# narrow: three rounds between the two hosts; the last report is $TMP/3.json.
narrow() {
	local n
	on_source mm-diff -d shop --digest --range-docs 4096 -o "$TMP/1"
	for n in 1 2; do
		run -1 --separate-stderr on_target mm-diff -d shop --against "$TMP/$n" \
			--differing "$TMP/$n.bad" --format json -o "$TMP/$n.json"
		mm-cat verify "$TMP/$n" "$TMP/$n.bad"
		mm-cat json "$TMP/$n" | jq -e . >/dev/null
		on_source mm-diff -d shop --digest --ranges "$TMP/$n.bad" -o "$TMP/$((n + 1))"
	done
	run -1 --separate-stderr on_target mm-diff -d shop --against "$TMP/3" \
		--format json -o "$TMP/3.json"
}

@test "equal sides: 0, and a stream that any tool can read" {
	fill
	on_source mm-diff -d shop --digest --range-docs 1000 -o "$TMP/a"
	run -0 mm-cat verify "$TMP/a"
	run -0 mm-cat ls "$TMP/a"
	assert_output --partial 'kind=digest'
	assert_output --partial 'collections=5 docs=23 '
	run -0 --separate-stderr on_target mm-diff -d shop --against "$TMP/a"
	assert_equal "$stderr" ''
	assert_line --index -1 --partial 'collections=5 source=20016 target=20016 missing=0'
	# The other way round, through a pipe.
	run -0 bash -o pipefail -c 'MM_TARGET_URI=$1 mm-diff -d shop --digest --side target --workers 1 |
		MM_SOURCE_URI=$2 mm-diff -d shop --against -' _ "$dst_uri" "$src_uri"
	# Two runs have two keys: nothing in the streams is alike.
	on_source mm-diff -d shop --digest --range-docs 1000 -o "$TMP/b"
	for f in a b; do
		mm-cat json "$TMP/$f" | jq -c 'select(.docs | .["$numberLong"] != "0") | .sum' | sort -u >"$TMP/$f.sums"
	done
	run -0 comm -12 "$TMP/a.sums" "$TMP/b.sums"
	assert_output ''
}

@test "the digests are what the page says" {
	fill
	on_source mm-diff -d shop --digest --range-docs 700 -o "$TMP/a"
	py "$src_uri" "$TMP/a" <<-'P'
		import hashlib
		sys.path.insert(0, os.environ["TOOLS"])
		import mmstream
		def value(doc):
		    return int.from_bytes(doc, "little")
		key = None
		colls, sums, totals, bounds = {}, {}, {}, {}
		for number, doc, data in mmstream.Reader(open(sys.argv[2], "rb")):
		    if doc["$mm"] == "stream":
		        assert doc["kind"] == "digest" and doc["hash"] == "blake2b"
		        key = bytes(doc["key"])
		        assert len(key) == 32 and doc["side"] == "source"
		    elif doc["$mm"] == "coll":
		        colls[doc["c"]] = doc
		    elif doc["$mm"] == "block":
		        for r in data:
		            r = bson.decode(bytes(r))
		            n, size, total = sums.get(doc["c"], (0, 0, 0))
		            sums[doc["c"]] = (n + r["docs"], size + r["bytes"],
		                              (total + value(r["sum"])) % 2**128)
		            bounds.setdefault(doc["c"], []).append(r)
		    elif doc["$mm"] == "cend":
		        totals[doc["c"]] = doc["digest"]
		raw = client.get_database("shop", codec_options=bson.CodecOptions(
		    document_class=bson.raw_bson.RawBSONDocument))
		def leaf(sub, place, doc):
		    h = hashlib.blake2b(sub + place.to_bytes(8, "little", signed=True) + doc)
		    return value(h.digest()[:16])
		for c, coll in colls.items():
		    if coll["type"] == "view":
		        assert c not in sums
		        continue
		    ns = "shop." + coll["coll"]
		    sub = hashlib.blake2b(key + ns.encode()).digest()[:32]
		    capped = coll["order"] == "natural"
		    assert capped == (ns == "shop.ring"), coll["order"]
		    docs = [d.raw for d in raw[coll["coll"]].find(sort=[("$natural", 1)])]
		    total = sum(leaf(sub, i if capped else -1, d) for i, d in enumerate(docs))
		    wanted = (len(docs), sum(map(len, docs)), total % 2**128)
		    assert sums[c] == wanted, (ns, sums[c], wanted)
		    t = totals[c]
		    assert (t["docs"], t["bytes"], value(t["sum"])) == wanted
		    # The ranges cover everything, without a gap.
		    ranges = bounds[c]
		    begins = [r.get("from") for r in ranges]
		    ends = [r.get("to") for r in ranges]
		    assert begins.count(None) == 1 and ends.count(None) == 1
		    assert set(map(repr, begins)) == set(map(repr, ends))
		big = [b for c, b in bounds.items() if colls[c]["coll"] == "big"][0]
		assert len(big) == 29 and max(r["docs"] for r in big) == 700
	P
}

@test "faults are found from digests alone, in three rounds" {
	fill
	py "$dst_uri" <<-'P'
		c = client.shop.big
		c.delete_many({"_id": {"$in": [0, 30, 30003, 59997]}})
		c.insert_many([{"_id": -5}, {"_id": 31}, {"_id": 60000}, {"_id": "x"}])
		c.update_many({"_id": {"$in": [300, 30300]}}, {"$set": {"b": "other"}})
		c.drop_index("a")
		client.shop.empty.insert_one({"_id": 1})
	P
	narrow
	run jq -c 'select(.ns) | [.class, .ns]' "$TMP/1.json"
	assert_line '["metadata","shop.big"]'
	assert_equal "$(grep -c '"range","shop.big"' <<<"$output")" 3
	# A small range is told document by document a round earlier.
	cat "$TMP/2.json" "$TMP/3.json" >"$TMP/named.json"
	found "$TMP/named.json" | grep -v range >"$TMP/found"
	printf '%s\n' '["missing","shop.big",{"$numberInt":"0"}]' \
		'["missing","shop.big",{"$numberInt":"30"}]' \
		'["missing","shop.big",{"$numberInt":"30003"}]' \
		'["missing","shop.big",{"$numberInt":"59997"}]' \
		'["extra","shop.empty",{"$numberInt":"1"}]' \
		'["extra","shop.big",{"$numberInt":"-5"}]' \
		'["extra","shop.big",{"$numberInt":"31"}]' \
		'["extra","shop.big",{"$numberInt":"60000"}]' \
		'["extra","shop.big","x"]' \
		'["content","shop.big",{"$numberInt":"300"}]' \
		'["content","shop.big",{"$numberInt":"30300"}]' | sort >"$TMP/wanted"
	run -0 diff "$TMP/wanted" "$TMP/found"
	# With both addresses the ranges are looked into at once.
	run -1 env MM_SOURCE_URI="$src_uri" MM_TARGET_URI="$dst_uri" \
		mm-diff -d shop --against "$TMP/1" --format json -o "$TMP/both.json"
	found "$TMP/both.json" | grep -v metadata >"$TMP/found"
	run -0 diff "$TMP/wanted" "$TMP/found"
	run jq -c 'select(.total) | [.source_docs, .target_docs]' "$TMP/both.json"
	assert_output '[20016,20017]'
}

@test "capped, renamed, and what only one side has" {
	fill
	py "$src_uri" <<<'client.shop.only.insert_one({"_id": 1})'
	py "$dst_uri" <<-'P'
		client.shop.ring.drop()
		client.shop.create_collection("ring", capped=True, size=1 << 20)
		client.shop.ring.insert_many({"_id": i} for i in [5, 9, 3, 1])
		client.shop.more.insert_one({"_id": 1})
	P
	on_source mm-diff -d shop --digest -o "$TMP/a"
	run -1 on_target mm-diff -d shop --against "$TMP/a" --format json -o "$TMP/r"
	run found "$TMP/r"
	assert_output '["metadata","shop.more","collection"]
["metadata","shop.only","collection"]
["range","shop.only",null]
["range","shop.ring",null]'
	run -1 env MM_SOURCE_URI="$src_uri" MM_TARGET_URI="$dst_uri" \
		mm-diff -d shop --against "$TMP/a" --format json -o "$TMP/r"
	run bash -c 'jq -c "select(.ns) | [.class, .ns]" "$1" | sort | uniq -c | sed "s/^ *//"' _ "$TMP/r"
	assert_output '1 ["metadata","shop.more"]
1 ["metadata","shop.only"]
1 ["missing","shop.only"]
2 ["sequence","shop.ring"]'
	# Under another name.
	on_source mm-diff --nsInclude 'shop.ids' --digest -o "$TMP/a"
	run -8 --separate-stderr on_target mm-diff -d shop --against "$TMP/a"
	assert_regex "$stderr" 'another selection'
	run -8 --separate-stderr on_target mm-diff --nsInclude shop.ids --digest --side target --ranges "$TMP/a"
	assert_regex "$stderr" 'of the other side'
	py "$dst_uri" <<<'client.store.ids.insert_many(client.shop.ids.find())'
	names=(--nsInclude shop.ids --nsFrom 'shop.*' --nsTo 'store.*')
	on_source mm-diff "${names[@]}" --digest -o "$TMP/a"
	run -0 on_target mm-diff "${names[@]}" --against "$TMP/a"
	assert_line --partial 'source=12 target=12'
	on_target mm-diff "${names[@]}" --digest --side target -o "$TMP/b"
	run -0 on_source mm-diff "${names[@]}" --against "$TMP/b"
}

@test "what is not right: 2, 3, 8" {
	fill
	run -2 mm-diff --digest --against x
	run -2 mm-diff --digest --follow
	run -2 mm-diff --against x --state "$TMP/state"
	run -2 mm-diff --side target
	run -2 mm-diff --differing x
	on_source mm-diff -d shop --digest -Z none -o "$TMP/a"
	head -c 3000 "$TMP/a" >"$TMP/cut"
	run -3 on_target mm-diff -d shop --against "$TMP/cut"
	run -3 on_target mm-diff -d shop --against /dev/null
	on_source mm-dump -d shop -o "$TMP/dump"
	run -8 --separate-stderr on_target mm-diff -d shop --against "$TMP/dump"
	assert_regex "$stderr" 'kind snapshot, not digest'
	run -7 on_target mm-diff -d shop --against "$TMP/none"
	run -7 on_source mm-diff -d shop --digest -o /dev/full
	# A server that is away: 4 and 5.
	local away='mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500'
	MM_SOURCE_URI=$away run -4 mm-diff -d shop --digest
	MM_TARGET_URI=$away run -5 mm-diff -d shop --against "$TMP/a"
	# Damaged anywhere: never taken for another answer.
	py "$dst_uri" "$TMP/a" "$TMP/bad" <<-'P'
		raw = bytearray(open(sys.argv[2], "rb").read())
		random.seed(5)
		for n in range(12):
		    bad = bytearray(raw)
		    bad[random.randrange(len(bad))] ^= 1 << random.randrange(8)
		    open("%s%d" % (sys.argv[3], n), "wb").write(bad)
	P
	for n in {0..11}; do
		on_target mm-diff -d shop --against "$TMP/bad$n" >/dev/null 2>&1 || status=$?
		[[ $status == 3 || $status == 8 ]]
	done
}

@test "stopped: 9, and what was written is no stream" {
	require_sim
	fill
	for uri in "$src_uri" "$dst_uri"; do
		on_source mm-diff -d shop --digest -o "$TMP/whole"
		simulate "$uri" '{"simulate": "delay", "command": "find", "ms": 3000, "times": 100}'
		if [[ $uri == "$src_uri" ]]; then
			MM_SOURCE_URI=$uri run_bg diff mm-diff -d shop --digest -o "$TMP/part" --status-file "$TMP/st"
		else
			MM_TARGET_URI=$uri run_bg diff mm-diff -d shop --against "$TMP/whole" -o "$TMP/part" --status-file "$TMP/st"
		fi
		wait_until 10 bash -c 'jq -e ".state | test(\"digesting|comparing\")" "$1" >/dev/null 2>&1' _ "$TMP/st"
		kill "$diff_pid"
		wait "$diff_pid" && status=0 || status=$?
		assert_equal "$status" 9
		simulate "$uri" '{"simulate": "clear"}'
	done
	assert_equal "$(tail -n 1 "$TMP/part" | cut -c 1-7)" stopped
}
