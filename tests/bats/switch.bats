bats_require_minimum_version 1.8.0
# mm-switch, forward: a writer follows the address; every record of the journal
# is killed before, while and after it is written.
load lib
load switch_lib
# bats file_tags=server

setup() {
	S=$TMP/state
}

@test "applications are moved, and no write is lost" {
	migration
	run -0 switch check
	assert_line 'ok  the target follows, and is the same'
	run -0 switch run --dryRun
	assert_line --regexp '^switching +end the applier'
	run --separate-stderr -0 switch run --status-file "$TMP/switch.st"
	assert_regex "$stderr" 'applications are on the target$'
	field_is switch.st state 'done'
	more_writes
	writable target
	run -0 switch status
	assert_line 'state      switched'
	# the applier has ended by itself
	wait "$apply_pid"
	nothing_lost "$dst_uri"
	# the lifetime is there
	run -0 py "$dst_uri" <<<'print(client.shop.visits.index_information()["ttl"]["expireAfterSeconds"])'
	assert_output 86400
	run --separate-stderr -0 switch run
	assert_regex "$stderr" 'on the target already'
	run --separate-stderr -8 switch abort
}

every_record() { # every_record HOW N N-LATER RUNS
	migration
	killed_at_each "$@" run
	writable target
	nothing_lost "$dst_uri"
	run -0 mm-switch status --state "$S"
	[[ $(grep -cE '^  20.* (syncing|block|fenced|verified|armed|switch)' <<<"$output") == 8 ]]
}

@test "killed after each record: the next run goes on, and no write is lost" {
	every_record kept 1 1 9
}

@test "killed before each record: the next run goes on, and no write is lost" {
	every_record lost 2 2 8
}

@test "killed within each record: the next run goes on, and no write is lost" {
	every_record torn 2 3 8
}

@test "given up after each record, killed there too: the source is open, no write is lost" {
	migration
	killed '1 kept' run
	state_is syncing
	for n in 1 2 3 4 5; do
		for how in lost kept; do
			[[ $how == kept ]] && m=$n k=1 || m=$((n + 1)) k=2
			killed "$m $how" run
			killed "1 $how" abort
			killed "$k $how" abort
			run -0 switch abort
			state_is syncing
			writable source
			more_writes
			wait_until 20 field_is diff.st in_sync true
		done
	done
	# TTL indexes sleep again
	run -0 py "$dst_uri" <<<'print(client.shop.visits.index_information()["ttl"]["expireAfterSeconds"])'
	assert_output 2147483647
	# the deadline has passed while nobody was there
	late_in blocked run
	run --separate-stderr -1 switch run
	assert_regex "$stderr" 'not switched: the deadline has passed'
	writable source
	# somebody has lifted the block in between
	wait_until 20 field_is diff.st in_sync true
	killed '3 kept' run
	"$TMP/gate" unblock source job
	more_writes
	"$TMP/gate" block source job
	run --separate-stderr -8 switch run
	assert_regex "$stderr" 'somebody has (let applications write to the source|written after the fence)'
	writable source
	wait_until 20 field_is diff.st in_sync true
	run -0 switch run
	writable target
	nothing_lost "$dst_uri"
}

# Where others write to the source, what it reads tells with marks alone how far
# the log is known.
@test "marks are written as long as mm-diff is waited for" {
	marks() {
		py "$src_uri" <<-'P'
			found = [e for e in client.local["oplog.rs"].find() if "mongomove" in e["o"]]
			sys.exit(len(found) < 6)
		P
	}
	migration
	jq '.updated = "2099-01-01T00:00:00Z"' "$TMP/diff.st" >"$TMP/behind.st"
	run_bg run switch run --diff-status "$TMP/behind.st" --deadline 100
	wait_until 30 marks
	ln -s diff.st "$TMP/diff.link"
	mv "$TMP/diff.link" "$TMP/behind.st"
	wait "$run_pid"
	writable target
	nothing_lost "$dst_uri"
}

@test "a transaction that was open before the block is waited for, and is not lost" {
	migration
	py "$src_uri" <<<'client.shop.create_collection("late")'
	transaction late
	# it is asked for them when a second is not over, on most machines
	for s in 1 5 25; do
		run --separate-stderr -1 switch run --deadline "$s"
		[[ $stderr != *'transactions and '* ]] || break
		in_sync
	done
	assert_regex "$stderr" '1 transactions and 0 writes are open'
	writable source
	wait_until 20 field_is diff.st in_sync true
	# so does a signal, to the watching one or to both
	run_bg move switch run
	wait_until 10 grep -q closed "$TMP/gate.source"
	kill "$(pgrep -P "$move_pid")"
	wait "$move_pid" && fail 'ended with 0' || [[ $? == 9 ]]
	writable source
	wait_until 20 field_is diff.st in_sync true
	run_bg move switch run
	wait_until 10 grep -q closed "$TMP/gate.source"
	touch "$TMP/late.commit"
	wait "$late_pid"
	wait "$move_pid"
	writable target
	run -0 py "$dst_uri" <<<'print(client.shop.late.find_one()["_id"])'
	assert_output late
	nothing_lost "$dst_uri"
}

@test "killed while writes are blocked: the one that watches opens the source" {
	migration
	run --separate-stderr -137 under_watch '5 kept'
	assert_regex "$stderr" 'killed by signal 9'
	writable source
	state_is syncing
	more_writes
	wait_until 20 field_is diff.st in_sync true
	# but not any more when the address is about to change
	run --separate-stderr -137 under_watch '6 kept'
	state_is switching
	run -0 switch run
	writable target
	nothing_lost "$dst_uri"
}

@test "what is not as it has to be is refused before anything is blocked" {
	migration
	run --separate-stderr -2 mm-switch run --state "$S"
	run --separate-stderr -2 mm-switch move --state "$S"
	run --separate-stderr -0 switch check
	cp -r "$S" "$S.old"
	# the module is too slow for the deadline
	echo 'mongodb://elsewhere:1/' >"$TMP/app.uri.else"
	run --separate-stderr -8 switch run --address "file path=$TMP/app.uri bound=60" --deadline 30 --state "$TMP/s2"
	assert_regex "$stderr" 'longer than the deadline'
	# somebody else's address
	cp "$TMP/app.uri.else" "$TMP/app.uri2"
	run --separate-stderr -8 switch run --address "file path=$TMP/app.uri2" --state "$TMP/s3"
	# a comparison of other collections, or none
	run --separate-stderr -1 switch run --diff-status "$TMP/tail.st"
	assert_regex "$stderr" 'not a status file of mm-diff'
	kill "$diff_pid"
	wait "$diff_pid"
	run --separate-stderr -1 switch run
	assert_regex "$stderr" 'mm-diff has ended'
	rm "$TMP/diff.st" # of the one before
	run_bg diff mm-diff -d shop --follow --status-file "$TMP/diff.st"
	wait_until 30 field_is diff.st in_sync true
	# another one is at work
	run_bg lock flock -F "$S/switch.journal" sleep 60
	wait_until 5 eval "! flock -n '$S/switch.journal' true"
	run --separate-stderr -8 switch run
	assert_regex "$stderr" 'in use'
	kill "$lock_pid"
	wait "$lock_pid" || true
	# the other way round
	run --separate-stderr -8 switch check --source "$dst_uri" --target "$src_uri"
	assert_regex "$stderr" 'journal'
	assert_equal "$(cat "$TMP/gate.source")" 'open 0'
	# an old copy of the journal
	killed '2 kept' run
	run --separate-stderr -8 switch run --state "$S.old"
	assert_regex "$stderr" 'this is an old copy'
	run -0 switch abort
	# a difference
	py "$dst_uri" <<<'client.shop.visits.insert_one({"_id": "foreign"})'
	py "$src_uri" <<<'client.shop.visits.insert_one({"_id": "x"})'
	kill "$diff_pid"
	wait "$diff_pid"
	rm "$TMP/diff.st"
	run_bg diff2 mm-diff -d shop --follow --status-file "$TMP/diff.st"
	wait_until 30 field_is diff.st in_sync false
	run --separate-stderr -1 switch run
	writable source
	more_writes
}

@test "check names who can write to the selection" {
	start_sim src --auth root:secret
	start_server dst
	umask 077
	echo a >"$TMP/old"
	echo b >"$TMP/new"
	cp "$TMP/old" "$TMP/app.uri"
	cp "$TOOLS/switch_gate.sh" "$TMP/gate"
	echo open 0 >"$TMP/gate.source"
	echo closed 0 >"$TMP/gate.target"
	export MM_TARGET_URI=$dst_uri
	export MM_SOURCE_URI="mongodb://root:secret@127.0.0.1:$src_port/?authSource=admin"
	py "$MM_SOURCE_URI" <<-'P'
		run = lambda db, *pairs: client[db].command(SON(pairs))
		run("admin", ("createRole", "seller"), ("privileges", [
		    {"resource": {"db": "shop", "collection": "orders"},
		     "actions": ["find", "insert"]}]), ("roles", []))
		run("admin", ("createUser", "seller"), ("pwd", "pw"), ("roles", ["seller"]))
		run("shop", ("createUser", "app"), ("pwd", "pw"), ("roles", ["readWrite"]))
		run("shop", ("createUser", "reader"), ("pwd", "pw"), ("roles", ["read"]))
		run("other", ("createUser", "app"), ("pwd", "pw"), ("roles", ["readWrite"]))
		run("admin", ("createUser", "dba"), ("pwd", "pw"),
		    ("roles", ["readWriteAnyDatabase"]))
	P
	run --separate-stderr -1 switch check
	assert_line 'ok  applications write to the source'
	run grep ^who <<<"$output"
	assert_output 'who user "shop.app" can write to the selection
who role "admin.seller" can write to the selection
who user "admin.dba" can write everywhere: role admin.readWriteAnyDatabase
who user "admin.noplog" can write everywhere: role admin.dbAdminAnyDatabase, role admin.readWriteAnyDatabase
who user "admin.root" goes on writing'
}
