bats_require_minimum_version 1.8.0
# Index builds of a target: several at once, watched, taken up when the program
# or the connection was lost. A build lasts until a test lets it go on.
load lib

two() { # OPTIONS of the target's server
	start_sim src
	start_sim dst "$@"
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
}

# Four collections, the largest is "b"; INDEX: options of the two indexes.
fill() {
	py "$src_uri" <<-P
		for name, n in [("a", 200), ("b", 300), ("c", 100), ("d", 50)]:
		    c = client.shop[name]
		    c.insert_many([{"_id": i, "x": i, "y": -i} for i in range(n)])
		    c.create_index("x", name="x", **{$1})
		    c.create_index("y", name="y", **{$1})
	P
}

hold_builds() {
	simulate "$dst_uri" '{"simulate": "holdBuild", "done": 30, "times": 0}' >/dev/null
}

go_on() {
	simulate "$dst_uri" '{"simulate": "clear"}' >/dev/null
}

# What the server builds: NS:NUMBER OF INDEXES of each build, and how many
# clients wait.
building() {
	py "$dst_uri" <<-'P'
		ops = [o for o in client.admin.aggregate([{"$currentOp": {"allUsers": True}}])
		    if "createIndexes" in o["command"]]
		print(*sorted("%s:%d" % (o["ns"][5:], len(o["command"]["indexes"]))
		    for o in ops if "msg" in o), sum("msg" not in o for o in ops))
	P
}

builds() {
	[[ $(building) == "$1" ]]
}

# The newest of the clients that wait, by the server's number.
waiting() {
	py "$dst_uri" <<-'P'
		print(max(o["opid"] for o in client.admin.aggregate([{"$currentOp": {"allUsers": True}}])
		    if "createIndexes" in o["command"] and "msg" not in o))
	P
}

# All four wait again, each with a new command; $last is the newest before.
returned() {
	py "$dst_uri" <<-P || return 1
		n = sum(o["opid"] > $last for o in client.admin.aggregate([{"\$currentOp": {"allUsers": True}}])
		    if "createIndexes" in o["command"] and "msg" not in o)
		sys.exit(n < 4)
	P
	last=$(waiting)
}

# How many were begun at all.
begun() {
	py "$dst_uri" <<-'P'
		print(client.local["oplog.rs"].count_documents({"o.startIndexBuild": {"$exists": True}}))
	P
}

indexes() { # of a collection on the target
	py "$dst_uri" <<<"print(*sorted(client.shop['$1'].index_information()))"
}

held() { # what the job holds back
	py "$dst_uri" <<-'P'
		for doc in client.mm_control.owned.find().sort("_id", 1):
		    print(*[doc["_id"]["ns"][5:] + "." + s["spec"]["name"] for s in doc.get("staged", [])], end=" ")
	P
}

start_load() {
	run_bg load mm-load -d shop --progress never "$@" "$TMP/stream"
}

told() { # FILE TEXT
	grep -qF -- "$2" "$TMP/$1"
}

@test "builds run beside one another, are watched, and outlive program and primary" {
	two
	fill ''
	mm-dump -d shop --quiet >"$TMP/stream"
	hold_builds
	run_bg load mm-load -d shop --index-jobs 2 --status-interval 1 \
		--status-file "$TMP/status.json" --metrics-file "$TMP/metrics" \
		"$TMP/stream"
	# The largest two, both indexes of each with one scan.
	wait_until 10 builds 'a:2 b:2 2'
	wait_until 10 told status.json '\"shop.b\" scanning collection 10%, \"shop.a\" scanning collection 15%'
	wait_until 10 told load.err 'indexing: 0 of 4 collections, "shop.b" scanning collection 10%, "shop.a" scanning collection 15%'
	progress() {
		grep -q 'mm_index_progress_done{.*} 60$' "$TMP/metrics" &&
			grep -q 'mm_index_progress_expected{.*} 500$' "$TMP/metrics" &&
			grep -q 'mm_index_collections_expected{.*} 4$' "$TMP/metrics"
	}
	wait_until 10 progress
	kill -9 "$load_pid"
	# The server goes on with them; the next run takes them up.
	token=$(mm-load -d shop --print-resume-token)
	mm-dump -d shop --quiet --resume "$token" >"$TMP/stream"
	start_load
	wait_until 10 told load.err '"shop.a": the target is building indexes of it already'
	wait_until 10 told load.err '"shop.b": the target is building indexes of it already'
	wait_until 10 builds 'a:2 b:2 c:2 d:2 6'
	direct="mongodb://127.0.0.1:$dst_port/?directConnection=true"
	# More often than a command is tried again.
	last=$(waiting)
	for _ in 1 2 3 4 5 6; do
		simulate "$direct" '{"simulate": "stepDown"}' >/dev/null
		simulate "$direct" '{"simulate": "stepUp"}' >/dev/null
		wait_until 20 returned
	done
	told load.err 'lost the connection while the target builds indexes of "shop.b"'
	go_on
	wait "$load_pid"
	assert_equal "$(begun)" 4
	for c in a b c d; do
		assert_equal "$(indexes $c)" '_id_ x y'
	done
	assert_same "$src_uri" "$dst_uri" shop
	# What was not held back is not told as if it were.
	run ! told load.err 'is not to be seen'
}

@test "an index that cannot be built: 8, by name, others under way are finished" {
	two
	fill ''
	mm-dump -d shop --quiet >"$TMP/stream"
	hold_builds
	simulate "$dst_uri" '{"simulate": "fail", "command": "createIndexes", "ns": "shop.a", "code": 67, "errmsg": "no such index here", "times": 0}' >/dev/null
	start_load --index-jobs 2
	failed() {
		(($(fired "$dst_uri" fail) > 0))
	}
	wait_until 10 failed
	wait_until 10 builds 'b:2 1'
	go_on
	status=0
	wait "$load_pid" || status=$?
	assert_equal "$status" 8
	run cat "$TMP/load.err"
	assert_output --partial 'error: could not build indexes "x", "y" of "shop.a":'
	assert_output --partial 'no such index here'
	assert_equal "$(indexes b)" '_id_ x y'
	assert_equal "$(indexes c)" '_id_'
	# A stop lets the builds under way come to their end, too.
	hold_builds
	start_load --index-jobs 2
	wait_until 10 builds 'a:2 b:2 2'
	kill -TERM "$load_pid"
	go_on
	status=0
	wait "$load_pid" || status=$?
	assert_equal "$status" 9
	assert_equal "$(indexes a)" '_id_ x y'
	# One that was killed and is begun anew: its builds end with what they are
	# built for.
	hold_builds
	start_load
	wait_until 10 builds 'a:2 b:2 c:2 d:2 4'
	kill -9 "$load_pid"
	start_load
	cleared() {
		told load.err 'dropped' || [[ $(building) == 'a:2 b:2 c:2 d:2 4' ]]
	}
	wait_until 10 cleared
	simulate "$dst_uri" '{"simulate": "clear"}' >/dev/null
	wait "$load_pid"
	assert_equal "$(indexes c)" '_id_ x y'
	assert_same "$src_uri" "$dst_uri" shop
}

@test "without the right to see them builds are waited for, and it is said once" {
	two --auth root:secret
	fill ''
	uri="mongodb://root:secret@127.0.0.1:$dst_port/?authSource=admin"
	py "$uri" <<-'P'
		rw = lambda db: [{"role": r, "db": db} for r in ("readWrite", "dbAdmin")]
		client.admin.command("createRole", "bypass", roles=[], privileges=[{
		    "resource": {"db": "shop", "collection": ""},
		    "actions": ["bypassDocumentValidation"]}])
		client.admin.command("createUser", "loader", pwd="pw",
		    roles=rw("shop") + rw("mm_control") + ["bypass"])
	P
	mm-dump -d shop --quiet >"$TMP/stream"
	simulate "$uri" '{"simulate": "holdBuild", "done": 30, "times": 0}' >/dev/null
	MM_TARGET_URI="mongodb://loader:pw@127.0.0.1:$dst_port/?authSource=admin&replicaSet=rs_dst" \
		start_load --status-file "$TMP/status.json"
	wait_until 10 told load.err 'how far index builds are is not to be seen'
	# What is seen are its own commands, which tell no progress.
	wait_until 10 told status.json '"index_progress":"\"shop.a\", \"shop.b\" and 2 more"'
	simulate "$uri" '{"simulate": "clear"}' >/dev/null
	wait "$load_pid"
	assert_equal "$(grep -c 'not to be seen' "$TMP/load.err")" 1
}

@test "--finish-indexes: several collections at once, taken up after kill -9" {
	two
	fill '"unique": True'
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	all=$(held)
	hold_builds
	run_bg finish mm-load -d shop --finish-indexes --index-jobs 2
	wait_until 10 builds 'a:2 b:2 2'
	kill -9 "$finish_pid"
	assert_equal "$(held)" "$all"
	run_bg finish mm-load -d shop --finish-indexes --index-jobs 3 --status-interval 1
	wait_until 10 told finish.err '"shop.b": the target is building indexes of it already'
	wait_until 10 builds 'a:2 b:2 c:2 5'
	wait_until 10 told finish.err 'indexing: 0 of 4 collections, "shop.b" scanning collection 10%, "shop.a" scanning collection 15% and 1 more'
	go_on
	wait "$finish_pid"
	told finish.err '8 unique indexes built'
	assert_equal "$(held | tr -d ' ')" ''
	assert_equal "$(begun)" 4
	for c in a b c d; do
		assert_equal "$(indexes $c)" '_id_ x y'
	done
}

@test "a TTL index that a killed applier has left being made: waited for, put to sleep" {
	two
	py "$src_uri" <<<'client.shop.a.insert_many([{"_id": i} for i in range(40)])'
	run_bg tail mm-oplog-tail -D "$TMP/log" --from now -d shop
	wait_until 10 compgen -G "$TMP/log/*.partial" >/dev/null
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	hold_builds
	run_bg apply mm-oplog-apply -D "$TMP/log" -d shop
	py "$src_uri" <<<'client.shop.a.create_index("at", name="at", expireAfterSeconds=60)'
	wait_until 20 builds 'a:1 1'
	kill -9 "$apply_pid"
	run_bg apply mm-oplog-apply -D "$TMP/log" -d shop --status-file "$TMP/apply.json"
	# The one of before waits, too.
	wait_until 20 builds 'a:1 2'
	wait_until 10 told apply.json '"index_progress":"\"shop.a\" scanning collection 75%"'
	go_on
	asleep() {
		py "$dst_uri" <<-'P'
			at = client.shop.a.index_information().get("at", {})
			sys.exit(at.get("expireAfterSeconds") != 2147483647)
		P
	}
	wait_until 20 asleep
	kill -TERM "$apply_pid"
	wait "$apply_pid"
	assert_equal "$(held)" 'a.at '
	assert_equal "$(begun)" 1
}
