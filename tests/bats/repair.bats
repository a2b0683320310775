bats_require_minimum_version 1.8.0
# mm-diff --emit repair, and mm-oplog-apply of it: planted faults, then none.
load lib
# bats file_tags=server

begin() {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
}

checkpoint() { # applied and seen of the only job
	py "$dst_uri" <<-'P'
		c = client.mm_control.jobs.find_one()["checkpoint"]
		for f in "applied", "seen":
		    print("%d:%d:%d" % (c[f]["ts"].time, c[f]["ts"].inc, c[f]["t"]))
	P
}

# plant SEED: over 100 faults of each kind in the collections of shop that are
# there, on the target.
plant() {
	py "$dst_uri" "$1" <<-'P'
		random.seed(int(sys.argv[2]))
		raw = bson.CodecOptions(document_class=SON)
		def retyped(v):
		    return Int64(v) if type(v) is int else v
		kinds = ["missing", "extra", "content", "order", "type", "foreign"]
		planted = dict.fromkeys(kinds, 0)
		names = [n for n in sorted(client.shop.list_collection_names())
		         if not client.shop[n].options().get("capped")]
		for n in names:
		    c = client.shop.get_collection(n, raw)
		    docs = list(c.find())
		    random.shuffle(docs)
		    for i, d in enumerate(docs[:1200 // len(names)]):
		        kind = kinds[i % len(kinds)]
		        if kind == "missing":
		            c.delete_one({"_id": d["_id"]})
		        elif kind == "extra":
		            c.insert_one({"_id": "planted%s%d" % (n, i), "x": 1})
		        elif kind == "content":
		            c.update_one({"_id": d["_id"]}, {"$set": {"planted": i}})
		        elif kind == "order":
		            d = SON([("_id", d["_id"])] + [p for p in reversed(list(d.items())) if p[0] != "_id"])
		            c.replace_one({"_id": d["_id"]}, d)
		        elif kind == "type":
		            d = SON((k, retyped(v) if k != "_id" else v) for k, v in d.items())
		            c.replace_one({"_id": d["_id"]}, d)
		        else:
		            c.replace_one({"_id": d["_id"]}, {"foreign": i})
		        planted[kind] += 1
		assert min(planted.values()) >= 100, planted
		print(sum(planted.values()))
	P
}

@test "both sides quiet: everything planted is mended, byte for byte" {
	begin
	py "$src_uri" <<-'P'
		for n in "abc":
		    client.shop[n].insert_many(SON([
		        ("_id", [i, "k%d" % i, {"a": i, "b": float(i)}, ObjectId("%024x" % i)][i % 4]),
		        ("n", i), ("m", i + 1), ("in", {"x": i})]) for i in range(900))
		client.shop.big.insert_one({"_id": 1, "b": Binary(b"x" * 16700000)})
		client.shop.create_collection("ring", capped=True, size=65536)
		client.shop.ring.insert_many({"_id": i} for i in range(10))
	P
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	run -0 mm-diff -d shop
	plant 1
	py "$dst_uri" <<-'P'
		client.shop.big.update_one({"_id": 1}, {"$set": {"b": 1}})
		client.shop.a.create_index("n", name="wrong")
		# The keys of two documents swapped.
		c = client.shop.c
		a, b = c.find({"n": {"$exists": True}, "foreign": None, "planted": None}).sort("_id", 1).limit(2)
		a["_id"], b["_id"] = b["_id"], a["_id"]
		c.replace_one({"_id": a["_id"]}, a)
		c.replace_one({"_id": b["_id"]}, b)
	P
	mapfile -t was < <(checkpoint)
	run -1 --separate-stderr mm-diff -d shop --emit repair -o "$TMP/repair"
	assert_regex "$stderr" 'total: .* foreign=0 .* metadata=1 '
	assert_regex "$stderr" '1 differences are not in the repair'
	run -0 mm-cat verify "$TMP/repair"
	run -0 mm-cat ls "$TMP/repair"
	assert_output --partial 'kind=oplog'
	# It is no log like others.
	run -8 --separate-stderr bash -o pipefail -c 'mm-oplog-tail -d shop --from "$1" --until "$1" |
		cat - "$2" | mm-oplog-apply -d shop' _ "${was[0]}" "$TMP/repair"
	assert_regex "$stderr" 'a repair is applied alone'
	run -8 --separate-stderr mm-cat cut -d shop "$TMP/repair" -o "$TMP/cut"
	assert_regex "$stderr" 'a repair cannot be cut'
	run -2 mm-diff -d shop --emit repair --format json
	run -2 mm-oplog-apply -d shop --journal "$TMP/journal" "$TMP/repair"
	run -8 mm-oplog-apply -d shop --dryRun "$TMP/repair"
	run -0 --separate-stderr mm-oplog-apply -d shop "$TMP/repair"
	assert_regex "$stderr" 'repaired [0-9]+ documents; apply the log again from'
	assert_same "$src_uri" "$dst_uri" shop
	py "$dst_uri" <<<'client.shop.a.drop_index("wrong")'
	run -0 mm-diff -d shop
	# Applied again it changes nothing.
	mm-oplog-apply -d shop <"$TMP/repair"
	run -0 mm-diff -d shop
	run -0 --separate-stderr mm-diff -d shop --emit repair -o "$TMP/none"
	run -0 --separate-stderr mm-oplog-apply -d shop "$TMP/none"
	assert_regex "$stderr" 'the repair is empty'
}

follow() {
	rm -f "$TMP/apply.st"
	run_bg apply mm-oplog-apply -D "$TMP/seg" -d shop --status-file "$TMP/apply.st"
	wait_until 30 field_is apply.st state applying
}

pause() {
	kill "$apply_pid"
	wait "$apply_pid"
}

left() { # left N: fewer than N planted documents are there
	py "$dst_uri" "$1" <<-'P'
		n = sum(client.shop[c].count_documents({"$or": [
		    {"planted": {"$exists": True}}, {"foreign": {"$exists": True}}]})
		        for c in client.shop.list_collection_names())
		print(n)
		sys.exit(n >= int(sys.argv[2]))
	P
}

@test "writer and applier go on: mended, also when the repair is killed in its middle" {
	require_sim
	start_sim src
	start_sim dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	run_bg writer "$PY" "$TOOLS/workload.py" "$src_uri" --db shop --db other \
		--rate 300 --threads 2 --initial 150
	wait_until 20 written 1200
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now -d shop --status-file "$TMP/tail.st"
	wait_until 15 field_is tail.st state following
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	follow
	wait_until 30 applied "$(position)"
	plant 2
	wait_until 30 applied "$(position)"
	# While it runs: differences that are only under way are in it, too.
	run -1 mm-diff -d shop --emit repair -o "$TMP/repair"
	run -8 --separate-stderr mm-oplog-apply -d shop "$TMP/repair"
	assert_regex "$stderr" 'lease|held by|pid'
	pause
	there=$(left 10) || true
	((there > 100))
	simulate "$dst_uri" '{"simulate": "delay", "command": "update", "ms": 700, "times": 1000}'
	run_bg repair mm-oplog-apply -d shop --workers 1 --batch-ops 10 "$TMP/repair"
	wait_until 30 left "$there"
	kill -9 "$repair_pid"
	wait "$repair_pid" || test $? -eq 137
	simulate "$dst_uri" '{"simulate": "clear"}'
	run -1 left 10
	# The applier goes on where the repair has put it back to.
	follow
	wait_until 30 applied "$(position)"
	pause
	run -0 --separate-stderr mm-oplog-apply -d shop "$TMP/repair"
	assert_regex "$stderr" 'repaired'
	follow
	kill "$writer_pid"
	wait "$writer_pid"
	wait_until 30 applied "$(position)"
	pause
	kill "$tail_pid"
	wait "$tail_pid"
	assert_same "$src_uri" "$dst_uri" shop
	run -0 mm-diff -d shop
}

@test "renamed, and with a collation: under the names and keys of the target" {
	begin
	names=(-d shop --nsFrom 'shop.*' --nsTo 'store.*')
	py "$src_uri" <<-'P'
		from pymongo.collation import Collation
		client.shop.a.insert_many({"_id": i, "n": i} for i in range(300))
		client.shop.create_collection("c", collation=Collation("en", strength=2))
		client.shop.c.insert_many({"_id": "k%d" % i} for i in range(300))
	P
	mm-dump -d shop --quiet | mm-load "${names[@]}" --quiet
	run -0 mm-diff "${names[@]}"
	py "$dst_uri" <<-'P'
		for c in client.store.a, client.store.c:
		    ids = [d["_id"] for d in c.find()]
		    c.delete_many({"_id": {"$in": ids[:100]}})
		    c.update_many({"_id": {"$in": ids[100:200]}}, {"$set": {"planted": 1}})
		    c.insert_many({"_id": "new%d" % i} for i in range(100))
		# Another spelling of the same key.
		client.store.c.delete_one({"_id": "k250"})
		client.store.c.insert_one({"_id": "K250"})
	P
	run -1 mm-diff "${names[@]}" --emit repair -o "$TMP/repair"
	mm-oplog-apply "${names[@]}" "$TMP/repair"
	assert_same "$src_uri" "$dst_uri" shop=store
	run -0 mm-diff "${names[@]}"
}

@test "a rename since the comparison began: refused, nothing is touched" {
	begin
	py "$src_uri" <<<'client.shop.a.insert_many({"_id": i} for i in range(100))'
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now -d shop --status-file "$TMP/tail.st"
	wait_until 15 field_is tail.st state following
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	py "$dst_uri" <<<'client.shop.a.update_one({"_id": 1}, {"$set": {"planted": 1}})'
	run -1 mm-diff -d shop --emit repair -o "$TMP/repair"
	follow
	py "$src_uri" <<<'client.shop.a.rename("b"); client.shop.b.insert_one({"_id": 100})'
	wait_until 30 applied "$(position)"
	pause
	checkpoint >"$TMP/before"
	run -8 --separate-stderr mm-oplog-apply -d shop "$TMP/repair"
	assert_regex "$stderr" 'a collection was renamed at [0-9:]+, after the comparison began'
	checkpoint | diff "$TMP/before" -
	# A later one is not.
	run -1 mm-diff -d shop --emit repair -o "$TMP/repair"
	mm-oplog-apply -d shop "$TMP/repair"
	follow
	wait_until 30 applied "$(position)"
	pause
	assert_same "$src_uri" "$dst_uri" shop
}

@test "cut, stopped, of another job: nothing is touched" {
	begin
	py "$src_uri" <<<'client.shop.a.insert_many({"_id": i} for i in range(5000))'
	run -8 --separate-stderr mm-diff -d shop --emit repair -o "$TMP/none"
	assert_regex "$stderr" 'load first'
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	py "$dst_uri" <<<'client.shop.a.update_many({}, {"$set": {"planted": 1}})'
	run -1 mm-diff -d shop --emit repair -Z none -o "$TMP/repair"
	checkpoint >"$TMP/before"
	head -c 200000 "$TMP/repair" >"$TMP/cut"
	run -3 mm-oplog-apply -d shop "$TMP/cut"
	run -8 mm-oplog-apply -d other "$TMP/repair"
	run -8 --separate-stderr mm-oplog-apply -d shop "$TMP/repair" "$TMP/repair"
	assert_regex "$stderr" 'applied alone'
	checkpoint | diff "$TMP/before" -
	run -0 py "$dst_uri" <<<'print(client.shop.a.count_documents({"planted": 1}))'
	assert_output 5000
	run -0 mm-oplog-apply -d shop "$TMP/repair"
	run -0 mm-diff -d shop
}
