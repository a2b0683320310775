bats_require_minimum_version 1.8.0
# mm-diff while a writer and an applier are at work.
load lib
# bats file_tags=server

setup() {
	BATS_TEST_TIMEOUT=$((150 * MM_SLOW))
}

# Two servers, data in shop, copied while a writer runs, archived and applied.
start_both() {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
}

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

written() { # written N: so many entries are in the source's oplog
	py "$src_uri" "$1" <<<'sys.exit(client.local["oplog.rs"].estimated_document_count() < int(sys.argv[2]))'
}

field() {
	jq -r ".$2" "$TMP/$1" 2>/dev/null
}

field_is() {
	[[ $(field "$1" "$2") == "$3" ]]
}

grows() { # grows FILE FIELD N
	(($(field "$1" "$2") >= $3))
}

apply_bg() {
	run_bg apply mm-oplog-apply -D "$TMP/seg" -d shop --status-file "$TMP/apply.st"
}

stop() { # stop NAME: a drain, which ends with 0
	local pid=${1}_pid
	kill "${!pid}"
	wait "${!pid}"
}

still() { # everything written so far is applied, and nothing writes
	stop writer
	at=$(py "$src_uri" <<-'P'
		at = client.admin.command("isMaster")["lastWrite"]["majorityOpTime"]
		print("%d:%d" % (at["ts"].time, at["ts"].inc))
	P
	)
	wait_until 30 applied "$at"
}

applied() { # applied POSITION: the status file says so
	local hs hi
	IFS=: read -r hs hi _ <<<"$(field apply.st position)"
	IFS=: read -r s i _ <<<"$1"
	[[ -n $hi ]] && ((hs > s || (hs == s && hi >= i)))
}

# found REPORT: class, namespace and _id or name of a JSON report, sorted.
found() {
	jq -c 'select(.ns) | [.class, .ns, ._id // .name // .what]' "$1" | sort
}

@test "a writer and an applier at work: no difference is invented, in many rounds" {
	start_both
	go --transactions 0.05
	for _ in $(seq 5); do
		run --separate-stderr -0 mm-diff -d shop --status-file "$TMP/diff.st"
		assert_equal "$stderr" ""
		refute_output --regexp '^(missing|extra|content|pending|unstable)'
		field_is diff.st mode bracket
		field_is diff.st in_sync true
		[[ $(field diff.st verified_ts) =~ ^[0-9]+:[0-9]+ ]]
	done
	stop writer
	run -0 mm-diff -d shop
	run -0 mm-diff -d shop --mode static
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

# What the applier knows nothing of, written to the target; to the file what
# has to be found.
plant() {
	py "$dst_uri" "$TMP/planted" <<-'P'
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
		def put(kind, doc):
		    c.replace_one({"_id": doc["_id"]}, doc)
		    plant(kind, doc["_id"])
		for d in take(120):
		    c.delete_one({"_id": d["_id"]})
		    plant("missing", d["_id"])
		for i in range(120):
		    key = [-1 - i, "new%d" % i, {"z": i}, ObjectId()][i % 4]
		    c.insert_one({"_id": key})
		    plant("extra", key)
		for d in take(120):
		    d["a"] += 1
		    put("content", d)
		for d in take(120):
		    d["a"] = Int64(d["a"])
		    put("type-only", d)
		for d in take(120):
		    put("order-only", SON([("_id", d["_id"]), ("b", d["b"]), ("a", d["a"]),
		                           ("c", d["c"])]))
		pairs = take(240)
		for x, y in zip(pairs[::2], pairs[1::2]):
		    a, b = SON(x), SON(y)
		    a["_id"], b["_id"] = y["_id"], x["_id"]
		    put("content", a)
		    put("content", b)
		for d in take(120):  # somebody else's
		    put("content", {"_id": d["_id"], "foreign": os.getpid()})
		for i in range(100):
		    m = client.shop["many%d" % (i % 2)]
		    m.drop_index("f%d" % i)
		    m.create_index("f%d" % i, name="f%d" % i, sparse=True)
		    plant("metadata", "f%d" % i, m.full_name)
	P
	sort -o "$TMP/planted" "$TMP/planted"
}

planted_are_found() {
	run --separate-stderr mm-diff -d shop --format json -o "$TMP/report" "$@"
	[[ $status == 1 ]] || fail "ended with $status: $stderr"
	assert_equal "$stderr" ''
	found "$TMP/report" >"$TMP/found"
	run -0 diff "$TMP/planted" "$TMP/found"
}

@test "planted faults: all found in their class and none invented, with everything at work and at rest" {
	start_both
	fill
	go --transactions 0.05
	plant
	planted_are_found
	planted_are_found --workers 1 --partition-size 64K
	still
	planted_are_found
	planted_are_found --mode static
	stop tail
	stop apply
	planted_are_found --by-lookup
	# from the segments instead of the oplog
	planted_are_found -D "$TMP/seg"
	py "$dst_uri" <<<'client.shop.drop_collection("big"); client.shop.drop_collection("many")'
	run -1 mm-diff -d shop --format json -o "$TMP/report"
	[[ $(jq -c 'select(.class == "missing")' "$TMP/report" | wc -l) == 4000 ]]
}

@test "a document that is never right and written for ever: never 0" {
	start_both
	py "$src_uri" <<<'client.shop.late.insert_many({"_id": i, "n": 0} for i in range(200))'
	go
	py "$dst_uri" <<<'client.shop.late.update_one({"_id": 77}, {"$set": {"wrong": 1}})'
	run_bg beater "$PY" -c 'import pymongo, sys, time
c = pymongo.MongoClient(sys.argv[1]).shop.late
while True:
    c.update_one({"_id": 77}, {"$inc": {"n": 1}})
    time.sleep(float(sys.argv[2]))' "$src_uri" 0.2
	for _ in 1 2 3; do
		run mm-diff -d shop --rounds 20
		[[ $status == 1 || $status == 9 ]]
		assert_line --regexp $'^(content|unstable)\tshop.late\t\{ "\$numberInt" : "77" \}'
		refute_line --regexp $'^(missing|extra|pending)'
	done
	run timeout -s TERM 5 mm-diff -d shop --until-same
	[[ $status != 0 ]]
	kill "$beater_pid"
	py "$src_uri" <<<'client.shop.late.replace_one({"_id": 77}, {"n": 1})'
	run -0 mm-diff -d shop --until-same
}

@test "the applier stopped: what waits for it is pending, and the status is 9" {
	start_both
	py "$src_uri" <<<'client.shop.still.insert_many({"_id": i, "n": 0} for i in range(200))'
	go
	still
	stop apply
	run -0 mm-diff -d shop --wait 1
	py "$src_uri" <<-'P'
		client.shop.still.delete_many({"_id": {"$lt": 5}})
		client.shop.still.update_many({"_id": {"$gte": 195}}, {"$set": {"n": 1}})
		client.shop.still.insert_one({"_id": "new"})
	P
	run --separate-stderr -9 mm-diff -d shop --wait 1 --format json -o "$TMP/report"
	assert_equal "$stderr" "mm-diff: warning: the applier has not moved for 1 s
mm-diff: warning: cannot decide yet"
	run bash -c 'jq -c "select(.class) | .class" "$1" | sort | uniq -c' _ "$TMP/report"
	assert_output --regexp '^ *11 "pending"$'
	# a difference of which nothing waits decides all the same
	py "$dst_uri" <<<'client.shop.still.delete_one({"_id": 100})'
	run -1 mm-diff -d shop --wait 1 --format json -o "$TMP/report"
	run bash -c 'jq -c "select(.class) | .class" "$1" | sort | uniq -c' _ "$TMP/report"
	assert_output --regexp '1 "missing"'
	assert_output --regexp '11 "pending"'
	apply_bg
	run -1 mm-diff -d shop
	assert_line --index 0 $'missing\tshop.still\t{ "$numberInt" : "100" }'
}

@test "documents that go to and fro between two states: never a difference" {
	start_both
	py "$src_uri" <<<'client.shop.flip.insert_many({"_id": i, "v": "A"} for i in range(30))'
	go
	run_bg flipper "$PY" -c 'import pymongo, sys, time, random
c = pymongo.MongoClient(sys.argv[1]).shop.flip
n = 0
while True:
    for v in "BA":
        i = random.randrange(30)
        if random.random() < 0.1:
            c.delete_one({"_id": i})
        c.replace_one({"_id": i}, {"v": v}, upsert=True)
        time.sleep(0.004)' "$src_uri"
	for _ in 1 2 3; do
		run mm-diff -d shop --rounds 15
		[[ $status == 0 || $status == 9 ]]
		refute_line --regexp $'^(missing|extra|content|type-only|order-only)'
	done
	kill "$flipper_pid"
	still
	run -0 mm-diff -d shop
}

@test "followed through drops, renames, new options and indexes: nothing invented, in sync at the end" {
	start_both
	go
	run_bg diff mm-diff -d shop --follow --status-file "$TMP/diff.st"
	wait_until 20 field_is diff.st in_sync true
	py "$src_uri" <<-'P'
		d = client.shop
		for i in range(12):
		    n = "t%d" % i
		    d[n].insert_many({"_id": k, "i": i} for k in range(300))
		    d[n].create_index("i")
		    if i % 3 == 0:
		        d[n].rename("r%d" % i)
		    elif i % 3 == 1:
		        d[n].drop()
		        d[n].insert_one({"_id": "again"})
		    else:
		        d.command("collMod", n, validator={"i": {"$gte": 0}})
		        d[n].drop_index("i_1")
		    time.sleep(0.1)
		d.create_collection("cap", capped=True, size=100000)
		d.cap.insert_many({"_id": i} for i in range(50))
		d.create_collection("coll", collation={"locale": "en", "strength": 2})
		d.coll.insert_many({"_id": x} for x in ["a", "B", "c", 1, 2])
		d.coll.replace_one({"_id": "A"}, {"_id": "a", "n": 2})
		d.coll.delete_one({"_id": "b"})
		d.command("create", "view", viewOn="coll", pipeline=[])
	P
	still
	wait_until 20 verified "$at"
	wait_until 20 field_is diff.st in_sync true
	# what somebody does to the target is not in the log; a write next to it is
	py "$dst_uri" <<<'client.shop.cap.insert_one({"_id": "foreign"})'
	py "$src_uri" <<<'client.shop.cap.insert_one({"_id": 99})'
	wait_until 20 field_is diff.st in_sync false
	kill "$diff_pid"
	wait "$diff_pid" && fail "ended with 0" || [[ $? == 1 ]]
	run cat "$TMP/diff.out"
	assert_line --regexp $'^extra\tshop.cap\t"foreign"'
	refute_line --regexp $'^(missing|content|metadata|pending|unstable)'
}

verified() { # verified POSITION: all is compared up to there
	local hs hi
	IFS=: read -r hs hi _ <<<"$(field diff.st verified_ts)"
	IFS=: read -r s i _ <<<"$1"
	[[ -n $hi ]] && ((hs > s || (hs == s && hi >= i)))
}

@test "killed at 20 random points and begun again with --state: the same answer" {
	start_both
	py "$src_uri" <<-'P'
		for j in range(20):
		    client.shop.big.insert_many({"_id": j * 1000 + i, "x": "y" * 900} for i in range(1000))
	P
	go --transactions 0.05
	py "$dst_uri" <<-'P'
		c = client.shop.big
		random.seed(5)
		ids = random.sample(range(20000), 200)
		c.delete_many({"_id": {"$in": ids[:100]}})
		c.update_many({"_id": {"$in": ids[100:]}}, {"$set": {"x": "z"}})
		c.insert_many({"_id": -1 - i} for i in range(100))
	P
	local resume=(mm-diff -d shop --state "$TMP/state" --rate-limit 700K
		--partition-size 256K --format json -o "$TMP/report" -v)
	local i
	for i in $(seq 20); do
		timeout -s KILL "0.$((3 + RANDOM % 7))$((RANDOM % 10))" \
			"${resume[@]}" 2>>"$TMP/killed.err" || [[ $? == 137 ]]
		# As long as it takes: what is saved grows.
		((i % 5)) || timeout -s KILL 3.5 "${resume[@]}" 2>>"$TMP/killed.err" || [[ $? == 137 ]]
	done
	run grep -c 'goes on at' "$TMP/killed.err"
	((output >= 10))
	run -8 mm-diff -d shop --nsExclude shop.c1 --state "$TMP/state" --job "$(py "$dst_uri" <<<'print(client.mm_control.jobs.find_one()["_id"])')"
	assert_output --partial 'is of another source, target, selection or job'
	run --separate-stderr -1 "${resume[@]}"
	assert_regex "$stderr" 'goes on at'
	run bash -c 'jq -r "select(._id) | .class" "$1" | sort | uniq -c | tr -s " "' _ "$TMP/report"
	assert_output ' 100 content
 100 extra
 100 missing'
	# It came to its end: the next one begins anew.
	run --separate-stderr -1 mm-diff -d shop --state "$TMP/state" -v
	refute_regex "$stderr" 'goes on at'
}

@test "lost replies, killed cursors, cut connections: the same answer" {
	require_sim
	start_both
	fill
	go --transactions 0.05
	plant
	run_bg gremlin "$PY" -c 'import pymongo, random, sys, time
from bson.son import SON
sides = [pymongo.MongoClient(u).admin for u in sys.argv[1:]]
shop = {"ns": "shop"}
while True:
    for db in sides:
        for what, more in [("loseReply", {"command": "find", **shop}),
                           ("dropConnection", {"command": "find", "bytes": 10, **shop}),
                           ("loseReply", {"command": "getMore", **shop}),
                           ("killCursors", {})]:
            db.command(SON([("simulate", what), *more.items()]))
            time.sleep(0.7)
    sides[1].command(SON([("simulate", "loseReply"), ("command", "find"), ("ns", "mm_control")]))
    sides[0].command(SON([("simulate", "loseReply"), ("command", "getMore"), ("ns", "local")]))' \
		"$src_uri" "$dst_uri"
	for _ in 1 2 3; do
		planted_are_found --rate-limit 300K
	done
	kill "$gremlin_pid"
	for i in killCursors loseReply dropConnection; do
		[[ $(fired "$src_uri" "$i") -ge 1 && $(fired "$dst_uri" "$i") -ge 1 ]] || fail "$i did not fire"
	done
}

@test "capped collections and collated _ids under a writer: decided when they are at rest" {
	start_both
	py "$src_uri" <<-'P'
		d = client.shop
		d.create_collection("cap", capped=True, size=1000000)
		d.cap.insert_many({"_id": i} for i in range(500))
		d.create_collection("words", collation={"locale": "en", "strength": 2})
		d.words.insert_many({"_id": "%s-%d" % (x, i)} for x in "abC" for i in range(100))
	P
	go
	run_bg beater "$PY" -c 'import pymongo, sys, time
d = pymongo.MongoClient(sys.argv[1]).shop
i = 500
while True:
    d.cap.insert_one({"_id": i})
    d.words.replace_one({"_id": "A-%d" % (i % 100)}, {"_id": "a-%d" % (i % 100), "n": i})
    d.words.delete_one({"_id": "B-%d" % (i % 100)})
    d.words.insert_one({"_id": "b-%d" % (i % 100), "n": i})
    i += 1
    time.sleep(2)' "$src_uri"
	run -0 mm-diff -d shop
	py "$dst_uri" <<-'P'
		d = client.shop
		d.words.delete_one({"_id": "C-7"})
		d.words.insert_one({"_id": "new"})
		d.words.update_one({"_id": "c-8"}, {"$set": {"n": 1}})
	P
	run -1 mm-diff -d shop
	assert_line $'missing\tshop.words\t"C-7"'
	assert_line $'extra\tshop.words\t"new"'
	assert_line $'content\tshop.words\t"C-8"'
	assert_line --partial 'missing=1 extra=1 content=1 order-only=0 type-only=0 sequence=0'
	# out of order for ever
	py "$dst_uri" <<<'client.shop.cap.insert_one({"_id": "foreign"})'
	run -1 mm-diff -d shop
	assert_line $'extra\tshop.cap\t"foreign"'
	kill "$beater_pid"
	still
	run -1 mm-diff -d shop
	assert_line --partial 'missing=1 extra=2 content=1 '
}
