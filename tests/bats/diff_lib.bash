# Two servers; a writer, an archive and an applier for tests of mm-diff while all
# of them are at work. After `load lib`.
# shellcheck shell=bash disable=SC2154 # set by lib.bash and bats

start_both() {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
}

# on_both: the Python program on standard input, run against either side.
on_both() {
	local code
	code=$(cat)
	py "$src_uri" "$@" <<<"$code"
	py "$dst_uri" "$@" <<<"$code"
}

# Data in shop, copied while a writer runs, archived and applied.
go() { # go [options of the writer]
	run_bg writer "$PY" "$TOOLS/workload.py" "$src_uri" --db shop --db other \
		--rate 300 --threads 2 --initial 60 "$@"
	wait_until 15 written 300
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now -d shop --status-file "$TMP/tail.st"
	wait_until 15 field_is tail.st state following
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	apply_bg
	wait_until 20 grows apply.st entries 50
}

apply_bg() {
	run_bg apply mm-oplog-apply -D "$TMP/seg" -d shop --status-file "$TMP/apply.st"
}

still() { # everything written so far is applied, and nothing writes
	stop writer
	at=$(position)
	wait_until 30 applied "$at"
}

# found REPORT: class, namespace and _id or name of a JSON report, sorted.
found() {
	jq -c 'select(.ns) | [.class, .ns, ._id // .name // .what]' "$1" | sort
}

# 3,000 documents that nobody writes any more, and 100 indexes.
fill() {
	py "$src_uri" <<-'P'
		docs = []
		for i in range(3000):
		    key = [i, "k%05d" % i, Int64(i) * 2**33, ObjectId("%024x" % i),
		           {"a": i}][i % 5]
		    docs.append(SON([("_id", key), ("a", i), ("b", "x" * (i % 300)),
		                     ("c", [i, {"d": i}])]))
		client.shop.big.insert_many(docs)
		client.shop.big.create_index("a", name="a")
		client.shop.many.insert_many({"_id": i} for i in range(1000))
		for i in range(100):
		    client.shop["many%d" % (i % 2)].create_index("f%d" % i, name="f%d" % i)
	P
}

# Written to the documents of shop.big on the target, past any applier, 120 of
# each kind; to the file what has to be found. The Python program on standard
# input goes on with take(N), put(DOCUMENT) and plant(KIND, KEY, NS).
plant() {
	{
		cat <<-'P'
			from bson import json_util
			options = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL)
			c = client.shop.big
			docs = list(c.find({"a": {"$gte": 0}}, sort=[("a", 1)]))
			random.seed(7)
			random.shuffle(docs)
			out = open(sys.argv[2], "w")
			def plant(kind, key, ns="shop.big"):
			    text = json.dumps(json.loads(json_util.dumps(key, json_options=options)),
			                      separators=(",", ":"))
			    print('["%s","%s",%s]' % (kind, ns, text), file=out)
			def take(n):
			    return [docs.pop() for _ in range(n)]
			def put(doc, kind="content"):
			    c.replace_one({"_id": doc["_id"]}, doc)
			    plant(kind, doc["_id"])
			for d in take(120):
			    c.delete_one({"_id": d["_id"]})
			    plant("missing", d["_id"])
			for i in range(120):
			    key = [-1 - i, "new%d" % i, {"z": i}, ObjectId()][i % 4]
			    c.insert_one({"_id": key})
			    plant("extra", key)
			for d in take(120):                      # a changed byte
			    d["a"] += 1
			    put(d)
			for d in take(120):                      # the type of a number
			    d["a"] = Int64(d["a"])
			    put(d, "type-only")
			for d in take(120):                      # the order of fields
			    put(SON([("_id", d["_id"]), ("b", d["b"]), ("a", d["a"]),
			             ("c", d["c"])]), "order-only")
			pairs = take(240)
			for x, y in zip(pairs[::2], pairs[1::2]):  # bodies swapped
			    a, b = SON(x), SON(y)
			    a["_id"], b["_id"] = y["_id"], x["_id"]
			    put(a)
			    put(b)
		P
		cat
	} | py "$dst_uri" "$TMP/planted"
	sort -o "$TMP/planted" "$TMP/planted"
}

# The same, documents of somebody else, and 100 indexes.
plant_all() {
	plant <<-'P'
		for d in take(120):
		    put({"_id": d["_id"], "foreign": os.getpid()})
		for i in range(100):
		    m = client.shop["many%d" % (i % 2)]
		    m.drop_index("f%d" % i)
		    m.create_index("f%d" % i, name="f%d" % i, sparse=True)
		    plant("metadata", "f%d" % i, m.full_name)
	P
}

planted_are_found() {
	run --separate-stderr mm-diff -d shop --format json -o "$TMP/report" "$@"
	[[ $status == 1 ]] || fail "ended with $status: $stderr"
	assert_equal "$stderr" ''
	found "$TMP/report" >"$TMP/found"
	run -0 diff "$TMP/planted" "$TMP/found"
}
