bats_require_minimum_version 1.8.0
# Sequences of events in which others have lost data: each test here fails when
# the rule that it stands for is taken out (make check-rules).
load lib

setup() {
	require_sim
	start_sim src
	start_sim dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
}

# source: Python on the source, with `a` = shop.a.
source_do() {
	py "$src_uri" "$1" <<<'a = client.shop.a; exec(sys.argv[2])'
}

target_do() {
	py "$dst_uri" "$1" <<<'a = client.shop.a; exec(sys.argv[2])'
}

copy() {
	mm-dump -d shop --quiet | mm-load -d shop --quiet
}

# The log goes on to the target until `finish`.
follow() { # follow [options of mm-oplog-apply]
	local from
	from=$(mm-oplog-apply -d shop --print-position)
	mkfifo "$TMP/pipe"
	run_bg apply bash -c 'exec mm-oplog-apply -d shop "${@:2}" <"$1"' _ "$TMP/pipe" "$@"
	run_bg tail bash -c 'exec mm-oplog-tail -d shop --from "$2" >"$1"' _ "$TMP/pipe" "$from"
}

# on_target ID JSON: within 20 s that is what the target has of it.
on_target() {
	wait_until 20 is_on_target "$1" "$2" ||
		fail "is not on the target: $1 $2; $(target_do 'print(list(a.find({}, {"x": 0})))')"
}

is_on_target() {
	py "$dst_uri" "$1" "$2" <<-'P'
		doc = client.shop.a.find_one({"_id": int(sys.argv[2])}, {"x": 0})
		sys.exit(doc != json.loads(sys.argv[3]))
	P
}

finish() {
	kill "$tail_pid"
	wait "$tail_pid"
	wait "$apply_pid" || fail "$(cat "$TMP/apply.err")"
	assert_same "$src_uri" "$dst_uri" shop
}

to_target() { # to_target JSON-FIELDS
	simulate "$dst_uri" "{\"simulate\": $1}" >/dev/null
}

has_fired() { # has_fired URI WHAT N
	(($(fired "$1" "$2") >= $3))
}

@test "unique values swapped in a circle" {
	source_do 'a.insert_many([{"_id": i, "k": i} for i in range(10)])'
	copy
	source_do 'a.create_index("k", unique=True)'
	target_do 'a.create_index("k", unique=True)'
	source_do '
for turn in range(13):
    k = [d["k"] for d in a.find().sort("_id", 1)]
    a.update_one({"_id": 0}, {"$set": {"k": -1}})
    for i in range(1, 10):
        a.update_one({"_id": i}, {"$set": {"k": k[i - 1]}})
    a.update_one({"_id": 0}, {"$set": {"k": k[9]}})
    a.delete_one({"_id": 5})
    a.insert_one({"_id": 5, "k": k[4]})'
	mm-oplog-tail -d shop --from "$(mm-oplog-apply -d shop --print-position)" \
		--exit-when-caught-up >"$TMP/log"
	run mm-oplog-apply -d shop --workers 4 "$TMP/log"
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
}

# The seed decides everything but what the servers do.
@test "unique values that move at random, applied again from anywhere" {
	local seed=${SEED:-22} round
	echo "# SEED=$seed"
	RANDOM=$seed
	source_do 'a.create_index("k", unique=True); a.insert_one({"_id": 0, "k": 0})'
	copy
	target_do 'a.create_index("k", unique=True)'
	source_do "
random.seed($seed)
for i in range(1500):
    one, k = {'_id': random.randrange(12)}, random.randrange(16)
    try:
        random.choice([
            lambda: a.update_one(one, {'\$set': {'k': k}}, upsert=True),
            lambda: a.update_one(one, {'\$set': {'k': k, 'f%d' % (i % 4): i}}),
            lambda: a.update_one(one, {'\$unset': {'f%d' % (i % 4): 1}}),
            lambda: a.replace_one(one, {'k': k, 'r': i}),
            lambda: a.delete_one(one)])()
    except pymongo.errors.DuplicateKeyError:
        pass"
	mm-oplog-tail -d shop --from "$(mm-oplog-apply -d shop --print-position)" \
		--exit-when-caught-up >"$TMP/log"
	mm-oplog-apply -d shop --quiet "$TMP/log"
	assert_same "$src_uri" "$dst_uri" shop
	for round in 1 2 3 4 5 6; do
		# as if the applier had been killed there
		py "$dst_uri" "$src_uri" "$RANDOM" <<-'P'
			log = list(pymongo.MongoClient(sys.argv[2]).local["oplog.rs"].find({"ns": "shop.a", "op": {"$in": ["i", "u", "d"]}}))
			at = log[1 + int(sys.argv[3]) % (len(log) - 1)]
			jobs = client.mm_control.jobs
			end = jobs.find_one()["checkpoint"]["applied"]
			at = {"ts": at["ts"], "t": at["t"]}
			jobs.update_one({}, {"$set": {"checkpoint.applied": at, "checkpoint.seen": end}})
		P
		mm-oplog-apply -d shop --quiet --batch-ops $((1 + RANDOM % 50)) "$TMP/log"
		assert_same "$src_uri" "$dst_uri" shop
	done
}

@test "a stalled write that arrives late" {
	source_do 'a.insert_one({"_id": 1, "n": 0})'
	copy
	MM_TARGET_URI="$dst_uri&socketTimeoutMS=1500" follow
	to_target '"stall", "command": "update", "ns": "shop.a"'
	source_do 'a.update_one({"_id": 1}, {"$set": {"n": 1}})'
	on_target 1 '{"_id": 1, "n": 1}'
	has_fired "$dst_uri" stall 1
	source_do 'a.update_one({"_id": 1}, {"$set": {"n": 2}})'
	on_target 1 '{"_id": 1, "n": 2}'
	to_target '"clear"'
	sleep 1 # long enough for what must not happen
	on_target 1 '{"_id": 1, "n": 2}'
	finish
}

@test "a lost reply to getMore" {
	source_do 'a.insert_one({"_id": -1})'
	copy
	source_do 'a.insert_many([{"_id": i, "x": "x" * 500} for i in range(20000)])'
	simulate "$src_uri" '{"simulate": "loseReply", "command": "getMore", "after": 1, "times": 3}' >/dev/null
	follow
	on_target 19999 '{"_id": 19999}'
	wait_until 20 has_fired "$src_uri" loseReply 1
	# the collection itself is read by getMore, too
	simulate "$src_uri" '{"simulate": "loseReply", "command": "getMore", "ns": "shop.a", "after": 1, "times": 3}' >/dev/null
	mm-dump -d shop --quiet >"$TMP/snapshot"
	wait_until 20 has_fired "$src_uri" loseReply 4
	finish
	mm-load -d shop --nsFrom 'shop.*' --nsTo 'twice.*' --job twice --quiet "$TMP/snapshot"
	assert_same "$src_uri" "$dst_uri" shop=twice
}

@test "eviction of an unacknowledged image" {
	source_do 'a.insert_many([{"_id": i, "x": "x" * 700000} for i in (1, 2)])'
	copy
	# so many lanes that none can remember such a document
	follow --workers 64
	local i
	for i in 1 2 3; do
		# refused before it is done, in a way that leaves that open
		to_target '"fail", "command": "update", "ns": "shop.a", "code": 112, "errmsg": "conflict", "times": 2'
		source_do "a.update_many({}, {'\$set': {'f$i': $i}})"
		wait_until 20 has_fired "$dst_uri" fail $((2 * i))
		source_do "a.update_many({}, {'\$set': {'g$i': $i}})"
		wait_until 20 target_do "sys.exit(a.count_documents({'g$i': $i}) != 2)"
	done
	finish
}

@test "a base read from a deposed primary" {
	source_do 'a.insert_many([{"_id": 1, "n": 0}, {"_id": 2, "n": 0}])'
	copy
	follow
	source_do 'a.update_one({"_id": 1}, {"$set": {"n": 1}})'
	on_target 1 '{"_id": 1, "n": 1}'
	# what no majority will ever have
	to_target '"hold"'
	target_do 'a.with_options(write_concern=pymongo.WriteConcern(w=1)).update_one({"_id": 2}, {"$set": {"ghost": 1}})'
	to_target '"stall", "command": "update", "ns": "shop.a"'
	source_do 'a.update_one({"_id": 2}, {"$set": {"n": 1}})'
	wait_until 20 has_fired "$dst_uri" stall 1
	to_target '"rollback"'
	to_target '"clear"'
	on_target 2 '{"_id": 2, "n": 1}'
	finish
}

@test "write concern timeout, then rollback" {
	source_do 'a.insert_many([{"_id": 1, "n": 0}, {"_id": 2, "n": 0}])'
	copy
	follow
	source_do 'a.update_one({"_id": 1}, {"$set": {"n": 1}})'
	on_target 1 '{"_id": 1, "n": 1}'
	to_target '"hold"'
	to_target '"writeConcernError", "command": "update", "ns": "shop.a", "code": 64, "errmsg": "waiting for replication timed out"'
	source_do 'a.update_one({"_id": 2}, {"$set": {"n": 1}})'
	wait_until 20 has_fired "$dst_uri" writeConcernError 1
	on_target 2 '{"_id": 2, "n": 1}'
	to_target '"rollback"'
	on_target 2 '{"_id": 2, "n": 1}'
	finish
}

@test "a document of 16 MiB replaced; one that no longer fits" {
	source_do '
def full(**more):
    doc = {"_id": 1, **more, "x": ""}
    doc["x"] = "x" * (16 * 1024 * 1024 - len(bson.encode(doc)))
    return doc
a.insert_one(full())
a.insert_one({"_id": 2, "n": 0})'
	copy
	follow
	source_do '
def full(**more):
    doc = {"_id": 1, **more, "x": ""}
    doc["x"] = "y" * (16 * 1024 * 1024 - len(bson.encode(doc)))
    return doc
a.replace_one({"_id": 1}, full(n=1))'
	on_target 1 '{"_id": 1, "n": 1}'
	# replaced at once: at no time was it gone
	run target_do 'print(client.local["oplog.rs"].count_documents({"ns": "shop.a", "op": "d"}))'
	assert_output 0
	# whatever made it that large there
	target_do 'a.update_one({"_id": 2}, {"$set": {"x": "x" * (16777216 - 40)}})'
	before=$(target_do 'print(len(bson.encode(a.find_one({"_id": 2}))))')
	source_do 'a.update_one({"_id": 2}, {"$set": {"more": "x" * 100}})'
	wait "$apply_pid" && status=0 || status=$?
	assert_equal "$status" 8
	run cat "$TMP/apply.err"
	assert_output --regexp '_id .*2.*: the document would exceed 16 MiB'
	run target_do 'print(len(bson.encode(a.find_one({"_id": 2}))))'
	assert_output "$before"
}

@test "a dumped member behind the tail" {
	source_do 'a.insert_one({"_id": 1})'
	mm-dump -d shop --quiet >"$TMP/snapshot"
	source_do 'a.insert_one({"_id": 2})'
	mm-oplog-tail -D "$TMP/seg" -d shop --from now --exit-when-caught-up --quiet
	source_do 'a.insert_one({"_id": 3})'
	mm-oplog-tail -D "$TMP/seg" -d shop --exit-when-caught-up --quiet
	mm-load -d shop --quiet "$TMP/snapshot"
	run -6 mm-oplog-apply -D "$TMP/seg" -d shop --exit-when-caught-up
	assert_output --partial 'after the position'
	run target_do 'print(list(a.find()))'
	assert_output "[{'_id': 1}]"
	run -6 mm-oplog-apply -d shop "$TMP"/seg/*.zst
	assert_output --partial 'there is a gap'
	# from where the dump began nothing is lost
	mm-oplog-tail -d shop --from "$TMP/snapshot" --exit-when-caught-up |
		mm-oplog-apply -d shop --quiet
	assert_same "$src_uri" "$dst_uri" shop
}
