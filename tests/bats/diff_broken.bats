bats_require_minimum_version 1.8.0
# mm-diff while both sides are written, and something stands still, is killed or
# fails.
load lib
load diff_lib
# bats file_tags=server

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

saved_since() { # saved_since FILE: a comparison has been saved after it
	[[ -e $TMP/state/state && (! -e $1 || $TMP/state/state -nt $1) ]]
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
	local resume=(mm-diff -d shop --state "$TMP/state" --partition-size 256K
		--format json -o "$TMP/report" -v)
	local i
	for i in $(seq 20); do
		run_bg diff "${resume[@]}" --rate-limit 700K
		case $((i % 5)) in
		1) wait_until 20 saved_since "$TMP/begun" ;; # what is saved grows
		2 | 4) wait_until 20 grep -q 'goes on at' "$TMP/diff.err" ;;
		esac
		sleep "0.$((RANDOM % 5))$((RANDOM % 10))" # a moment, not a wait
		kill -KILL "$diff_pid"
		wait "$diff_pid" || [[ $? == 137 ]]
		touch "$TMP/begun"
	done
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
	plant_all
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
