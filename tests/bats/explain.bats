bats_require_minimum_version 1.8.0
# mm-diff --journal and -D: which version the target has, and what it waits for.
load lib
# bats file_tags=server

setup() {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
}

# migrate: 600 documents of three versions, all copied and applied with a
# journal; the applier goes on.
migrate() {
	py "$src_uri" <<<'client.shop.c.insert_many({"_id": i, "v": 0} for i in range(600))'
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now -d shop --status-file "$TMP/tail.st"
	wait_until 15 field_is tail.st state following
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	run_bg apply mm-oplog-apply -D "$TMP/seg" -d shop --journal "$TMP/journal" --status-file "$TMP/apply.st"
	wait_until 15 field_is apply.st state applying
	py "$src_uri" <<-'P'
		for v in 1, 2, 3:
		    client.shop.c.update_many({"_id": {"$lt": 500}}, {"$set": {"v": v}})
		client.shop.c.delete_many({"_id": {"$gte": 450, "$lt": 500}})
	P
	wait_until 30 applied "$(position)"
}

# entry N V: the position of the entry that made version V of document N, or
# deleted it (V d).
entries() {
	py "$src_uri" <<-'P' >"$TMP/entries"
		for e in client.local["oplog.rs"].find({"ns": "shop.c"}):
		    at = "%d:%d:%d" % (e["ts"].time, e["ts"].inc, e["t"])
		    if e["op"] == "u":
		        o = e["o"]
		        v = o["diff"]["u"]["v"] if "diff" in o else o["$set"]["v"]
		        print(e["o2"]["_id"], v, at)
		    elif e["op"] == "d":
		        print(e["o"]["_id"], "d", at)
	P
}

@test "over 100 each: stale, foreign, missing, extra; with and without the writer" {
	migrate
	entries
	py "$dst_uri" <<-'P'
		c = client.shop.c
		for i in range(0, 100):                     # one entry lost
		    c.replace_one({"_id": i}, {"_id": i, "v": 2})
		for i in range(100, 120):                   # the copy's version
		    c.replace_one({"_id": i}, {"_id": i, "v": 0})
		for i in range(150, 270):                   # nobody's version
		    c.replace_one({"_id": i}, {"_id": i, "v": "mine"})
		for i in range(500, 520):                   # of documents at rest, too
		    c.replace_one({"_id": i}, {"_id": i, "v": "mine"})
		for i in range(300, 410):
		    c.delete_one({"_id": i})
		for i in range(450, 470):                   # a delete lost
		    c.insert_one({"_id": i, "v": 3})
		for i in range(1000, 1110):
		    c.insert_one({"_id": i})
		c.replace_one({"_id": 599}, {"v": 0.0})
	P
	# Without a journal nothing is known of versions.
	run -1 mm-diff -d shop --format json -o "$TMP/plain"
	run bash -c 'jq -c "select(.ns) | .class" "$1" | sort | uniq -c | sed "s/^ *//"' _ "$TMP/plain"
	assert_output '260 "content"
130 "extra"
110 "missing"
1 "type-only"'
	run -1 mm-diff -d shop --journal "$TMP/journal" -D "$TMP/seg" --format json -o "$TMP/report"
	run bash -c 'jq -c "select(.ns) | .class" "$1" | sort | uniq -c | sed "s/^ *//"' _ "$TMP/report"
	assert_output '250 "foreign"
110 "missing"
140 "stale"
1 "type-only"'
	"$PY" - "$TMP/report" "$TMP/entries" <<-'P'
		import json, sys
		entry = {tuple(l.split()[:2]): l.split()[2] for l in open(sys.argv[2])}
		n = 0
		for line in open(sys.argv[1]):
		    d = json.loads(line)
		    if "ns" not in d:
		        continue
		    i = int(d["_id"]["$numberInt"])
		    if i < 100:
		        want = ("stale", entry[str(i), "2"], entry[str(i), "3"])
		    elif i < 120:
		        want = ("stale", None, entry[str(i), "1"])
		    elif 450 <= i < 470:
		        want = ("stale", entry[str(i), "3"], entry[str(i), "d"])
		    elif i == 599:
		        want = ("type-only", None, None)
		    elif 300 <= i < 410:
		        want = ("missing", None, None)
		    else:
		        want = ("foreign", None, None)
		    got = (d["class"], d.get("version"), d.get("next"))
		    assert got == want, (i, got, want)
		    n += 1
		assert n == 501
	P
	# The stream and the text carry it as well.
	run -1 mm-diff -d shop --journal "$TMP/journal" --format stream -o "$TMP/stream"
	run bash -c 'mm-cat json "$1" | jq -c "select(.class == \"stale\") | .next.t" | wc -l' _ "$TMP/stream"
	assert_output 140
	run -1 mm-diff -d shop --journal "$TMP/journal" -o "$TMP/text"
	run grep -cP '^stale\tshop.c\t.*\t(version of [0-9:]+, )?waits for [0-9:]+$' "$TMP/text"
	assert_output 140
	# The repair mends them all.
	mm-diff -d shop --emit repair -o "$TMP/repair" || test $? -eq 1
	kill "$apply_pid"
	wait "$apply_pid"
	mm-oplog-apply -d shop "$TMP/repair"
	mm-oplog-apply -D "$TMP/seg" -d shop --exit-when-caught-up
	assert_same "$src_uri" "$dst_uri" shop
}

@test "a journal of something else: refused" {
	migrate
	run -8 mm-diff -d shop --journal "$TMP/none"
	run -2 mm-diff -d shop --journal "$TMP/journal" --mode static
}
