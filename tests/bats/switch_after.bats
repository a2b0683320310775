bats_require_minimum_version 1.8.0
# mm-switch after the switch: the way back is given up when nothing is red, the
# old data are put aside and deleted, and somebody else in the same database
# notices nothing of it.
load lib
load switch_lib
# bats file_tags=server

setup() {
	S=$TMP/state
	SEL=(--nsInclude shop.numbers --nsInclude shop.counts
		--nsInclude shop.visits --nsInclude shop.feed)
}

# after COMMAND [options]: without the address.
after() {
	local command=$1
	shift
	mm-switch "$command" --state "$S" "${SEL[@]}" --pace 0 "$@"
}

# ends_with STATUS COMMAND...: on a slow machine the way back may be late for a
# while, which is red.
ends_with() {
	local want=$1
	shift
	run "$@"
	[[ $status == "$want" ]]
}

# after_kill FILE "N HOW" COMMAND [options]
after_kill() (
	export LD_PRELOAD=$B/tests/preload/kill_at_sync.so
	export KILL_FILE=$1 KILL_AT=$2
	export ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS:-}
	shift 2
	after "$@"
)

# Another business, in the same database; it writes all the time.
second_business() {
	py "$src_uri" <<-'P'
		client.shop.create_collection("feed", capped=True, size=65536)
		client.shop.feed.insert_one({"_id": 0})
		client.shop.others.create_index("n")
		client.shop.others.insert_many({"_id": -i, "n": i} for i in range(1, 51))
	P
	run_bg business "$PY" -c 'import pymongo, signal, sys, time
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
c = pymongo.MongoClient(sys.argv[1], w="majority").shop.others
n = 0
while not stop:
    c.insert_one({"_id": n, "n": n})
    n += 1
    time.sleep(0.01)
print(n)' "$src_uri"
}

# Its documents, its indexes and the entries of its log are its own.
unharmed() {
	kill "$business_pid"
	wait "$business_pid"
	py "$src_uri" "$(cat "$TMP/business.out")" <<-'P'
		n = int(sys.argv[2])
		c = client.shop.others
		assert sorted(d["_id"] for d in c.find()) == list(range(-50, n))
		assert all(d == {"_id": d["_id"], "n": abs(d["_id"])} for d in c.find())
		assert sorted(c.index_information()) == ["_id_", "n_1"]
		info = client.shop.command("listCollections", filter={"name": "others"})
		uuid = info["cursor"]["firstBatch"][0]["info"]["uuid"]
		mine = [e for e in client.local["oplog.rs"].find()
		    if e["ns"] == "shop.others" or e.get("ui") == uuid]
		assert [e["op"] for e in mine if e["op"] != "c"] == ["i"] * (n + 50)
		assert [e["o"]["_id"] for e in mine if e["op"] == "i"][50:] == list(range(n))
		assert sorted(list(e["o"])[0] for e in mine if e["op"] == "c") == \
		    ["create", "createIndexes"], mine
	P
}

names() { # of the database on the source
	py "$src_uri" <<<'print(*sorted(client.shop.list_collection_names()))'
}

job() {
	mm-switch status --state "$S" | sed -n 's/^job *//p'
}

# Killed before, within and after each of so many records; the last run ends
# well. Where a record was torn, the first sync is of its removal.
each_record() { # each_record RECORDS COMMAND [options]
	local i n records=$1
	shift
	for ((i = 0; i < records; i++)); do
		for n in '1 lost' '1 torn' '2 kept'; do
			run -137 after_kill /switch.journal "$n" "$@"
		done
	done
	run -0 after "$@"
}

observing() {
	rm -f "$S/red"
	run_bg observe mm-switch observe --state "$S" "${SEL[@]}"
	wait_until 30 grep -qs '"ok"' "$S/red"
}

# Seen at once, if it is not just between two getMore.
red_now() {
	run -1 after finish --quiet-for 0
	[[ $output == *'red old-operations: 1 of "oldapp"'* ]]
}

# It is over, and stands in the way all the same.
red_no_longer() {
	run -1 after finish --quiet-for $((SECONDS - since - 1))
	[[ $output =~ red\ [0-9]+\ s\ ago:\ old-operations:\ 1\ of\ \"oldapp\" ]]
}

@test "finish, quarantine, delete-source, cleanup" {
	start_server src
	second_business
	py "$src_uri" <<<'client.trial.x.insert_one({"_id": 1})'
	migration
	run --separate-stderr -8 after finish
	assert_regex "$stderr" 'no switch has begun'
	# what was tried first, and is in the way of what is wanted
	trial() { # trial COMMAND: another selection than `-d trial`
		"$@" -d trial --nsExclude trial.y
	}
	give_up() { # give_up SELECTION
		run --separate-stderr -8 mm-switch cleanup --state "$TMP/none" "$@"
		assert_regex "$stderr" 'without --confirm "(abandon [0-9a-f]{64})"'
		run -0 mm-switch cleanup --state "$TMP/none" "$@" --confirm "${BASH_REMATCH[1]}"
	}
	mm-dump -d trial --quiet | mm-load -d trial --quiet
	run -8 trial mm-load --quiet < <(trial mm-dump --quiet)
	assert_output --partial 'mm-switch cleanup'
	give_up -d trial
	run -8 trial mm-load --quiet < <(trial mm-dump --quiet)
	assert_output --partial 'holds data, which this job did not put there'
	py "$dst_uri" <<<'client.drop_database("trial")'
	trial mm-dump --quiet | trial mm-load --quiet
	trial give_up
	# a migration is not given up by mistake
	run -0 switch check
	run --separate-stderr -8 after cleanup
	assert_regex "$stderr" 'without --confirm "abandon [0-9a-f]{64}"'
	run --separate-stderr -8 after cleanup --confirm "abandon $(job)"
	assert_regex "$stderr" 'mm-oplog-apply writes for job'
	run -0 switch run
	since=$SECONDS
	job=$(job)

	# ------------------------------------------------------------ finish
	run --separate-stderr -1 after finish
	assert_regex "$stderr" 'less than the 600 s of --quiet-for'
	run --separate-stderr -1 after finish --quiet-for 0
	assert_line 'red back-stopped: nobody applies'
	observing
	run_bg old "$PY" -c 'import pymongo, sys
c = pymongo.MongoClient(sys.argv[1], appname="oldapp").shop.feed
while True:
    for _ in c.find(cursor_type=pymongo.CursorType.TAILABLE_AWAIT):
        pass' "$src_uri"
	wait_until 20 grep -q oldapp "$S/red"
	wait_until 20 red_now
	kill -9 "$old_pid"
	wait "$old_pid" || true
	wait_until 30 red_no_longer
	run --separate-stderr -8 after quarantine --quarantine rename
	wait_until 30 ends_with 137 after_kill /old.list '3 torn' finish --quiet-for 0
	state_is committing
	run --separate-stderr -8 switch rollback
	wait "$observe_pid"
	run -137 after_kill /old.list '2 kept' finish
	each_record 1 finish
	state_is committed

	# -------------------------------------------------------- quarantine
	run --separate-stderr -8 after delete-source --confirm "delete $job" --min-age 0
	assert_regex "$stderr" 'the state is committed'
	run --separate-stderr -8 after quarantine
	assert_regex "$stderr" 'has no access control'
	py "$src_uri" <<<'client.shop.create_collection("mine", viewOn="others", pipeline=[{"$lookup": {"from": "counts", "localField": "n", "foreignField": "_id", "as": "c"}}])'
	run --separate-stderr -8 after quarantine --quarantine rename
	assert_regex "$stderr" 'the view "shop.mine" is none of the selection'
	py "$src_uri" <<<'client.shop.drop_collection("mine")'
	run -137 after_kill /switch.journal '2 lost' quarantine --quarantine rename
	state_is quarantining
	run --separate-stderr -8 after delete-source --confirm "delete $job" --min-age 0
	each_record 2 quarantine --undo
	state_is committed
	run -0 names
	assert_output 'counts feed numbers others system.views visits'
	each_record 2 quarantine --quarantine rename
	state_is quarantined
	run -0 names
	assert_output --regexp '^mm_quarantine_[0-9a-f]{8}_counts mm_.*_feed mm_.*_numbers mm_.*_visits others system.views$'

	# ----------------------------------------------------------- deletion
	aside=${output%%_counts*}
	run --separate-stderr -8 after delete-source --min-age 0
	assert_regex "$stderr" "without --confirm \"delete $job\""
	run --separate-stderr -8 after delete-source --min-age 0 --confirm "delete $job "
	run --separate-stderr -8 after delete-source --confirm "delete $job"
	assert_regex "$stderr" 'less than the 604800 s of --min-age'
	run --separate-stderr -8 after delete-source --confirm "delete $job" --min-age 0 \
		--address "file path=$TMP/app.uri" --address-old "$TMP/new" \
		--address-new "$TMP/old" --block-hook "$TMP/gate"
	run --separate-stderr -8 after delete-source --confirm "delete $job" \
		--min-age 0 --nsInclude 'shop.others'
	py "$dst_uri" <<<'client.mm_control.jobs.update_one({}, {"$set": {"query": "{}"}})'
	run --separate-stderr -8 after delete-source --confirm "delete $job" --min-age 0
	assert_regex "$stderr" 'match a query'
	py "$dst_uri" <<<'client.mm_control.jobs.update_one({}, {"$unset": {"query": 1}})'
	py "$src_uri" "$aside" <<<'client.shop[sys.argv[2] + "_visits"].insert_one({"_id": "late"})'
	run --separate-stderr -8 after delete-source --confirm "delete $job" --min-age 0
	assert_regex "$stderr" '"shop.visits" was written to since .*: 20 documents then, 21 now'
	state_is quarantined
	py "$src_uri" "$aside" "$TMP/was" <<-'P'
		c = client.shop[sys.argv[2] + "_visits"]
		c.delete_one({"_id": "late"})
		d = c.find_one()
		c.update_one({"_id": d["_id"]}, {"$set": {"at": -1}})
		open(sys.argv[3], "w").write("%s %d" % (d["_id"], d["at"]))
	P
	run --separate-stderr -8 after delete-source --confirm "delete $job" --min-age 0
	assert_regex "$stderr" '20 documents then, 20 now'
	# what it was; somebody has put other collections in the place of two
	py "$src_uri" "$aside" "$TMP/was" <<-'P'
		_id, at = open(sys.argv[3]).read().split()
		client.shop[sys.argv[2] + "_visits"].update_one({"_id": ObjectId(_id)}, {"$set": {"at": int(at)}})
		client.shop.numbers.insert_one({"_id": "somebody else's"})
		client.shop.drop_collection(sys.argv[2] + "_feed")
		client.shop[sys.argv[2] + "_feed"].insert_one({"_id": "not ours"})
	P
	cp "$S/old.list" "$TMP/list"
	printf x | dd of="$S/old.list" bs=1 seek=300 conv=notrunc status=none
	run --separate-stderr -3 after delete-source --confirm "delete $job" --min-age 0
	cp "$TMP/list" "$S/old.list"
	run -137 after_kill /switch.journal '1 lost' delete-source --confirm "delete $job" --min-age 0
	state_is quarantined
	run_bg delete mm-switch delete-source --state "$S" "${SEL[@]}" \
		--confirm "delete $job" --min-age 0 --pace 1h
	wait_until 30 grep -q 'deleted "shop.counts"' "$TMP/delete.err"
	kill -9 "$delete_pid"
	wait "$delete_pid" || true
	state_is deleting
	run --separate-stderr -8 after quarantine --undo
	run --separate-stderr -8 after delete-source
	run -137 after_kill /switch.journal '1 lost' delete-source --confirm "delete $job"
	run --separate-stderr -0 after delete-source --confirm "delete $job"
	assert_regex "$stderr" '"shop.feed" is another collection now: left alone'
	assert_line "left source collection \"shop.numbers\": another collection than was moved"
	assert_line "left source collection \"shop.${aside}_feed\": another collection than was moved"
	assert_line --regexp '^left source documents "mm_control.jobs": 1 documents of job .*\.back$'
	assert_line --regexp '^left target documents "mm_control.switches": 1 '
	run -0 names
	assert_output "${aside}_feed numbers others system.views"
	state_is deleted
	run -0 py "$src_uri" "$aside" <<<'print(client.shop.numbers.find_one()["_id"], client.shop[sys.argv[2] + "_feed"].find_one()["_id"])'
	assert_output "somebody else's not ours"

	# ------------------------------------------------------------ cleanup
	run --separate-stderr -0 after cleanup
	refute_output --partial mm_control
	refute_output --partial segments
	assert_file_not_exists "$S/back"
	for uri in "$src_uri" "$dst_uri"; do
		run -0 py "$uri" <<<'print([(c, d) for c in client.mm_control.list_collection_names() for d in client.mm_control[c].find()])'
		assert_output '[]'
	done
	run -0 after cleanup
	more_writes
	nothing_lost "$dst_uri"
	unharmed
}

# as USER DB PASSWORD: the program on standard input, on the source.
as() {
	py "mongodb://$1:$3@127.0.0.1:$src_port/?authSource=$2"
}

can_read() {
	as reader shop pw <<<'print(client.shop.a.count_documents({"n": 1}))'
}

is_applying() {
	py "$MM_TARGET_URI" <<<'sys.exit(client.mm_control.jobs.find_one()["phase"] != "applying")'
}

@test "readers lose their rights, and get them back" {
	start_sim src --auth root:secret
	start_sim dst --auth root:secret
	export MM_SOURCE_URI="mongodb://root:secret@127.0.0.1:$src_port/?authSource=admin"
	export MM_TARGET_URI="mongodb://root:secret@127.0.0.1:$dst_port/?authSource=admin"
	umask 077
	echo old >"$TMP/old"
	echo new >"$TMP/new"
	cp "$TMP/old" "$TMP/app.uri"
	SEL=(-d shop --keep-user admin.noplog)
	for uri in "$MM_SOURCE_URI" "$MM_TARGET_URI"; do
		py "$uri" <<-'P'
			user = lambda db, name, role: client[db].command("createUser", name, pwd="pw", roles=[role])
			user("shop", "app", "readWrite")
			user("shop", "reader", "read")
			user("other", "reader", "read")
		P
	done
	as app shop pw <<<'client.shop.a.insert_many({"n": i} for i in range(3))'
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now -d shop --status-file "$TMP/tail.st"
	wait_until 30 field_is tail.st state following
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	run_bg apply mm-oplog-apply -D "$TMP/seg" -d shop --status-file "$TMP/apply.st"
	wait_until 30 field_is apply.st state applying
	mm-load --finish-indexes -d shop --quiet
	run_bg diff mm-diff -d shop --follow --status-file "$TMP/diff.st"
	wait_until 60 field_is diff.st in_sync true
	as app shop pw <<<'client.shop.a.insert_one({"n": 3})'
	wait_until 20 is_applying
	run -0 after run --deadline 200 --address "file path=$TMP/app.uri" --address-old "$TMP/old" \
		--address-new "$TMP/new" --diff-status "$TMP/diff.st" --apply-status "$TMP/apply.st"
	job=$(job)
	# which reads the old data, too
	kill "$diff_pid"
	wait "$diff_pid" || true
	observing
	as reader shop pw <<<'list(client.shop.a.find()), list(client.shop.a.find())'
	wait_until 20 grep -q 'old-reads.*shop.a' "$S/red"
	wait_until 30 ends_with 0 after finish --quiet-for 0
	run -0 can_read
	run -137 after_kill /switch.journal '2 lost' quarantine
	run -0 after quarantine
	run -1 can_read
	assert_output --partial 'not authorized'
	run -137 after_kill /switch.journal '2 lost' quarantine --undo
	run -0 after quarantine --undo
	run -0 can_read
	assert_output 1
	run -0 after quarantine
	run -1 can_read
	# somebody has let the application in again
	py "$MM_SOURCE_URI" <<<'client.shop.command("grantRolesToUser", "app", roles=["readWrite"])'
	run --separate-stderr -8 after delete-source --confirm "delete $job" --min-age 0
	assert_regex "$stderr" 'the source is not closed: .*"shop.app" can write'
	py "$MM_SOURCE_URI" <<<'client.shop.command("revokeRolesFromUser", "app", roles=["readWrite"])'
	run --separate-stderr -0 after delete-source --confirm "delete $job" --min-age 0
	assert_line 'left source user "shop.app": its rights on the selection were taken away'
	assert_line 'left source user "shop.reader": its rights on the selection were taken away'
	refute_output --partial other.reader
	run -0 py "$MM_SOURCE_URI" <<<'print(client.shop.list_collection_names())'
	assert_output '[]'
	run -0 py "$MM_TARGET_URI" <<<'print(client.shop.a.count_documents({}))'
	assert_output 4
}
