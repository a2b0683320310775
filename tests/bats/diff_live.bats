bats_require_minimum_version 1.8.0
# mm-diff while a writer and an applier are at work: what it finds, and what it
# must not invent.
load lib
load diff_lib
# bats file_tags=server

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

@test "planted faults: all found in their class and none invented, with everything at work and at rest" {
	start_both
	fill
	go --transactions 0.05
	plant_all
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

verified() { # verified POSITION: all is compared up to there
	reaches diff.st verified_ts "$1"
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
