bats_require_minimum_version 1.8.0
# Indexes of a target while a log is applied to it: those a job holds back are
# built by the applier at work, others beside what comes after.
load lib

# A source with a writer's collection, loaded into a target, its log tailed
# into segments and applied. swap.py keeps the values of `u` unique at every
# moment, in the order of the log alone.
following() {
	start_sim src
	start_sim dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		d = client.shop
		d.a.insert_many([{"_id": i, "u": i, "w": i} for i in range(200)])
		d.a.create_index("u", unique=True, name="u")
		d.a.create_index("w", unique=True, sparse=True, name="w")
		d.b.insert_many([{"_id": i} for i in range(10)])
	P
	run_bg tail mm-oplog-tail -D "$TMP/log" --from now -d shop
	wait_until 10 compgen -G "$TMP/log/*.partial" >/dev/null
	mm-dump -d shop --quiet | mm-load -d shop --quiet
}

start_apply() {
	rm -f "$TMP/apply.json"
	run_bg apply mm-oplog-apply -D "$TMP/log" -d shop -v \
		--status-file "$TMP/apply.json"
	wait_until 10 applying
}

applying() {
	grep -q '"state": *"applying"' "$TMP/apply.json" 2>/dev/null
}

start_swaps() {
	cat >"$TMP/swap.py" <<-'P'
		import os, random, sys, time, pymongo
		a = pymongo.MongoClient(sys.argv[1]).shop.a
		u, rnd, n = list(range(200)), random.Random(3), 0
		while not os.path.exists(sys.argv[2]):
		    i, j = rnd.sample(range(200), 2)
		    a.update_one({"_id": i}, {"$set": {"u": -1 - n % 7}})
		    a.update_one({"_id": j}, {"$set": {"u": u[i]}})
		    a.update_one({"_id": i}, {"$set": {"u": u[j]}})
		    u[i], u[j] = u[j], u[i]
		    n += 1
		    if n % 20 == 0:
		        a.delete_one({"_id": i})
		        a.insert_one({"_id": i, "u": u[i], "w": i})
	P
	run_bg swaps "$PY" "$TMP/swap.py" "$src_uri" "$TMP/stop"
}

stop_swaps() {
	touch "$TMP/stop"
	wait "$swaps_pid"
}

held() { # what the job holds back: NS NAME WHY
	py "$dst_uri" <<-'P'
		for doc in client.mm_control.owned.find().sort("_id", 1):
		    for s in doc.get("staged", []):
		        print(doc["_id"]["ns"], s["spec"]["name"], s["why"])
	P
}

indexes() { # of a collection on the target
	py "$dst_uri" <<<"print(*sorted(client.shop['$1'].index_information()))"
}

request() { # its state, or nothing
	py "$dst_uri" <<-'P'
		job = client.mm_control.jobs.find_one()
		print(job.get("requests", {}).get("finishIndexes", {}).get("state", ""))
	P
}

has_state() {
	[[ $(request) == "$1" ]]
}

# Everything the source has is applied; the tail goes on.
in_sync() {
	mm-diff -d shop --quiet >"$TMP/diff.out" 2>&1
}

# The applier drains at a signal and ends with 0.
end_apply() {
	kill -TERM "$apply_pid"
	wait "$apply_pid"
}

finished() {
	! kill -0 "$finish_pid" 2>/dev/null
}

stalled() {
	(($(fired "$dst_uri" stall) > 0))
}

stall_build() { # of shop.NAME
	simulate "$dst_uri" "{\"simulate\": \"stall\", \"command\": \"createIndexes\", \"ns\": \"shop.$1\"}" >/dev/null
}

go_on() {
	simulate "$dst_uri" '{"simulate": "clear"}' >/dev/null
}

@test "--finish-indexes while the applier runs: it builds, in the order of the log" {
	following
	start_apply
	start_swaps
	run mm-load -d shop --finish-indexes --status-file "$TMP/load.json"
	assert_success
	assert_output --partial 'asked mm-oplog-apply'
	assert_output --partial '2 unique indexes built'
	assert_equal "$(held)" ''
	assert_equal "$(indexes a)" '_id_ u w'
	has_state ''
	grep -q '"state": *"done"' "$TMP/load.json"
	# Nothing is left to do, and it says so.
	run mm-load -d shop --finish-indexes
	assert_success
	assert_output --partial '0 unique indexes built'
	# A second of swaps under the indexes.
	end_swaps_at=$((SECONDS + 2))
	wait_until 5 eval '((SECONDS >= end_swaps_at))'
	stop_swaps
	wait_until 20 in_sync
	end_apply
	assert_same "$src_uri" "$dst_uri" shop
	# Lifetimes are for the end.
	start_apply
	run -8 mm-load -d shop --finish-indexes --wake-ttl
	assert_output --partial 'for the end'
	end_apply
	run mm-load -d shop --finish-indexes --wake-ttl
	assert_success
}

@test "the applier meets duplicates: 1, they are named, and it goes on" {
	following
	start_apply
	wait_until 20 in_sync
	py "$dst_uri" <<<'client.shop.a.insert_one({"_id": "evil", "u": 1000, "w": 7})'
	run -1 mm-load -d shop --finish-indexes
	assert_output --partial 'index "w", first and last _id: { "n" : 2, "first" : 7, "last" : "evil" }'
	assert_equal "$(held)" 'shop.a w unique'
	py "$dst_uri" <<<'client.shop.a.delete_one({"_id": "evil"})'
	py "$src_uri" <<<'client.shop.a.update_one({"_id": 3}, {"$set": {"u": 3000}})'
	run mm-load -d shop --finish-indexes
	assert_success
	assert_equal "$(held)" ''
	wait_until 20 in_sync
	end_apply
	assert_same "$src_uri" "$dst_uri" shop
}

# Past what a killed run may have applied, as its checkpoint says.
later() {
	simulate "$src_uri" '{"simulate": "clock", "ms": 200000}' >/dev/null
	py "$src_uri" <<<'client.shop.b.insert_one({"_id": time.time()})'
}

@test "killed while the applier builds: the next one does it, and nothing is lost" {
	following
	start_apply
	wait_until 20 in_sync
	stall_build a
	run_bg finish mm-load -d shop --finish-indexes
	wait_until 10 stalled
	has_state taken
	# Meanwhile everything is applied, in the order of the log.
	start_swaps
	py "$src_uri" <<<'client.shop.b.insert_one({"_id": "late"})'
	late() { py "$dst_uri" <<<'sys.exit(not client.shop.b.count_documents({"_id": "late"}))'; }
	wait_until 20 late
	kill -9 "$apply_pid" "$finish_pid"
	go_on
	stop_swaps
	# What was applied may come a second time: nobody builds before that.
	run -8 mm-load -d shop --finish-indexes
	assert_output --partial 'may be applied a second time'
	later
	start_apply
	run mm-load -d shop --finish-indexes
	assert_success
	assert_equal "$(held)" ''
	assert_equal "$(indexes a)" '_id_ u w'
	wait_until 20 in_sync
	end_apply
	assert_same "$src_uri" "$dst_uri" shop
}

@test "mm-load is killed while it waits: the applier carries the request out" {
	following
	start_apply
	wait_until 20 in_sync
	stall_build a
	run_bg finish mm-load -d shop --finish-indexes
	wait_until 10 stalled
	kill -9 "$finish_pid"
	# Another one waits for that request, then asks for itself.
	run_bg finish mm-load -d shop --finish-indexes
	waits() { grep -q 'of another mm-load' "$TMP/finish.err"; }
	wait_until 10 waits
	go_on
	wait "$finish_pid"
	assert_equal "$(held)" ''
	has_state ''
	end_apply
}

@test "the applier ends while mm-load waits: mm-load does it; a signal takes the request back" {
	following
	start_apply
	wait_until 20 in_sync
	# Held up where it looks for requests.
	simulate "$dst_uri" '{"simulate": "stall", "command": "find", "ns": "mm_control.jobs"}' >/dev/null
	wait_until 10 stalled
	run_bg finish mm-load -d shop --finish-indexes
	has_asked() { has_state asked; }
	wait_until 10 has_asked
	kill -TERM "$finish_pid"
	status=0
	wait "$finish_pid" || status=$?
	assert_equal "$status" 9
	has_state ''
	go_on
	stall_build a
	run_bg finish mm-load -d shop --finish-indexes
	wait_until 10 stalled
	kill -TERM "$apply_pid"
	go_on
	wait "$apply_pid"
	wait "$finish_pid"
	assert_equal "$(held)" ''
	has_state ''
}

@test "mm-load is killed while it builds by itself: the applier takes it up" {
	following
	run mm-oplog-apply -D "$TMP/log" -d shop --exit-when-caught-up
	assert_success
	stall_build a
	run_bg finish mm-load -d shop --finish-indexes
	wait_until 10 stalled
	kill -9 "$finish_pid"
	has_state taken
	go_on
	start_apply
	built() { [[ -z $(held) ]]; }
	wait_until 20 built
	end_apply
}

# ------------------------------------------------- builds beside the applier

@test "an index is built beside what comes after, and waited for where it matters" {
	following
	start_apply
	wait_until 20 in_sync
	stall_build a
	py "$src_uri" <<-'P'
		d = client.shop
		d.a.create_index("x", name="x")
		d.a.create_index("when", name="ttl", expireAfterSeconds=60)
		d.b.create_index("y", name="y")
		d.b.insert_one({"_id": "after"})
	P
	wait_until 10 stalled
	assert_equal "$(held)" 'shop.a u unique
shop.a w unique
shop.a x build'
	# The second one of the collection waits, so nothing after it comes.
	run py "$dst_uri" <<<'print(client.shop.b.count_documents({"_id": "after"}))'
	assert_output 0
	go_on
	wait_until 20 in_sync
	assert_equal "$(held)" 'shop.a u unique
shop.a w unique
shop.a ttl ttl'
	assert_equal "$(indexes a)" '_id_ ttl x'
	# One alone holds nothing up; the end waits for it.
	stall_build a
	py "$src_uri" <<-'P'
		d = client.shop
		d.a.create_index("z", name="z")
		d.a.update_one({"_id": 1}, {"$set": {"w": 1000}})
		d.b.insert_one({"_id": "behind"})
	P
	wait_until 10 stalled
	wait_until 10 in_sync
	building() { grep -q '"index_builds": *1' "$TMP/apply.json"; }
	wait_until 10 building
	kill -TERM "$apply_pid"
	waiting() { grep -q 'waits for indexes' "$TMP/apply.err"; }
	wait_until 10 waiting
	go_on
	wait "$apply_pid"
	assert_equal "$(indexes a)" '_id_ ttl x z'
	assert_equal "$(held)" 'shop.a u unique
shop.a w unique
shop.a ttl ttl'
}

@test "killed while an index is built: it is begun again, though the checkpoint is past it" {
	following
	start_apply
	wait_until 20 in_sync
	stall_build a
	py "$src_uri" <<-'P'
		d = client.shop
		d.a.create_index("x", name="x")
		d.b.insert_one({"_id": "after"})
	P
	wait_until 10 stalled
	wait_until 10 in_sync
	saved() { # the checkpoint
		mm-oplog-apply -d shop --print-position
	}
	before=$(saved)
	moved() { [[ $(saved) != "$before" ]]; }
	py "$src_uri" <<<'client.shop.b.insert_one({"_id": "more"})'
	wait_until 10 moved
	kill -9 "$apply_pid"
	go_on
	# The server may have done it all the same.
	py "$dst_uri" <<<'client.shop.a.drop_index("x") if "x" in client.shop.a.index_information() else 0'
	run mm-diff -d shop --quiet
	assert_equal "$(held)" 'shop.a u unique
shop.a w unique
shop.a x build'
	run mm-oplog-apply -D "$TMP/log" -d shop --exit-when-caught-up
	assert_success
	assert_equal "$(indexes a)" '_id_ x'
	assert_equal "$(held)" 'shop.a u unique
shop.a w unique'
}

@test "an index that the target does not take ends the applier with 8, by name" {
	following
	start_apply
	wait_until 20 in_sync
	simulate "$dst_uri" '{"simulate": "fail", "command": "createIndexes", "code": 67, "errmsg": "no such index here", "times": 0}' >/dev/null
	py "$src_uri" <<<'client.shop.a.create_index("x", name="x")'
	status=0
	wait "$apply_pid" || status=$?
	assert_equal "$status" 8
	run cat "$TMP/apply.err"
	assert_output --partial 'index "x" of "shop.a"'
	go_on
	run mm-oplog-apply -D "$TMP/log" -d shop --exit-when-caught-up
	assert_success
	assert_equal "$(indexes a)" '_id_ x'
}
