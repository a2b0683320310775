bats_require_minimum_version 1.8.0
# mm-switch: what a run waits for before it begins, and what makes it stop while
# writes are blocked.
load lib
load switch_lib
# bats file_tags=server

setup() {
	S=$TMP/state
}

waits_for() { # waits_for PATTERN
	jq -re '.waits_for // empty' "$TMP/wait.st" 2>/dev/null | grep -q "$1"
}

# A run with these options waits for this and says so; a signal ends it with 9,
# and nothing is changed.
waits() { # waits PATTERN OPTIONS...
	local pattern=$1
	shift
	rm -f "$TMP/wait.st"
	cp "$S/switch.journal" "$TMP/journal.before"
	run_bg waiter switch run --status-file "$TMP/wait.st" "$@"
	wait_until 20 waits_for "$pattern"
	wait_until 20 field_is wait.st state waiting
	wait_until 20 grep -q "waiting: .*$pattern" "$TMP/waiter.err"
	# another one is kept out
	run --separate-stderr -8 switch run
	assert_regex "$stderr" 'in use'
	kill "$(pgrep -P "$waiter_pid")"
	wait "$waiter_pid" && fail 'ended with 0' || assert_equal $? 9
	grep -q 'nothing was changed' "$TMP/waiter.err"
	cmp "$S/switch.journal" "$TMP/journal.before"
	writable source
}

# The status file of mm-diff with something else in it.
other_proof() { # other_proof JQ
	jq -c "$1" "$TMP/diff.st" >"$TMP/other.st"
}

at() { # at SECONDS: HH:MM then
	"$PY" -c 'import sys, time
print(time.strftime("%H:%M", time.localtime(time.time() + int(sys.argv[1]))))' "$1"
}

@test "a run waits for file, window and proof, and says for what" {
	migration
	"$TMP/gate" block target job
	run --separate-stderr -0 switch check
	touch "$TMP/not yet"
	waits 'postponed as long as .*/not yet' --postpone-file "$TMP/not yet"
	waits 'the window .* begins in 2[012] h' --window "$(at -5400)-$(at -1800)"
	# its last seconds are not taken
	waits 'the window .* begins in 23 h' --window "$(at -600)-$(at 1500)" --deadline 1800
	run --separate-stderr -2 switch run --window 02:00-02:10 --deadline 600
	run --separate-stderr -2 switch run --window 2:00-4:00
	run --separate-stderr -2 switch check --when-in-sync
	# no proof at all
	other_proof '.selection = "other"'
	run --separate-stderr -8 switch run --when-in-sync --diff-status "$TMP/other.st"
	assert_regex "$stderr" 'a comparison of another selection'
	other_proof '.updated = "2026-01-01T00:00:00Z"'
	run --separate-stderr -1 switch run --when-in-sync --diff-status "$TMP/other.st"
	assert_regex "$stderr" 'older than a minute'
	writable source
	# not the same
	py "$dst_uri" <<<'client.shop.visits.insert_one({"_id": "foreign"})'
	py "$src_uri" <<<'client.shop.visits.insert_one({"_id": "x", "at": 0})'
	kill "$diff_pid"
	wait "$diff_pid" || true
	rm "$TMP/diff.st" # of the one before
	run_bg diff mm-diff -d shop --follow --status-file "$TMP/diff.st"
	wait_until 30 field_is diff.st in_sync false
	waits 'mm-diff' --when-in-sync
	run_bg waiter switch run --status-file "$TMP/wait.st" --when-in-sync \
		--window "$(at -3600)-$(at 7200)" --postpone-file "$TMP/not yet"
	wait_until 20 waits_for postponed
	rm "$TMP/not yet"
	wait_until 20 waits_for mm-diff
	more_writes
	# the same on both sides
	py "$src_uri" <<<'client.shop.visits.insert_one({"_id": "foreign"})'
	wait "$waiter_pid" || fail "$(cat "$TMP/waiter.err")"
	writable target
	nothing_lost "$dst_uri"
}

by_role() { # by_role COMMAND [options]
	local command=$1
	shift
	mm-switch "$command" --state "$TMP/s2" -d shop --deadline 200 \
		--address "file path=$TMP/app.uri" \
		--address-old "$TMP/old" --address-new "$TMP/new" \
		--probe-source-uri-file "$TMP/app.account" \
		--keep-user admin.noplog --diff-status "$TMP/diff.st" \
		--apply-status "$TMP/apply.st" "$@"
}

steps() { # steps PATTERN: ms of these
	sed -nE "s/^step ($1) //p" "$TMP/report" |
		awk '{ ms += $1 } END { print ms + 0 }'
}

figure() { # figure NAME: of the last rehearsal
	sed -n "s/^$1 //p" "$TMP/report"
}

@test "a rehearsal leaves nothing; transactions and late writes stop a run" {
	# with accounts: who was late is known by his
	start_server() {
		start_sim "$1" --auth root:secret
		local port=${1}_port
		printf -v "${1}_uri" '%s' \
			"mongodb://root:secret@127.0.0.1:${!port}/?replicaSet=rs_$1&authSource=admin"
	}
	migration
	py "$src_uri" <<-'P'
		client.shop.create_collection("late")
		client.other.create_collection("late")
		client.other.command(SON([("createUser", "biz"), ("pwd", "pw"), ("roles", ["readWrite"])]))
		for name in ("app", "cron"):
		    client.shop.command(SON([("createUser", name), ("pwd", "pw"), ("roles", ["readWrite"])]))
	P
	printf 'mongodb://app:pw@127.0.0.1:%s/?replicaSet=rs_src&authSource=shop\n' \
		"$src_port" >"$TMP/app.account"

	# rehearsed, without and with a block
	run --separate-stderr -0 switch run --rehearse noblock
	assert_line 'blocked_ms 0'
	assert_line 'result it would have switched'
	assert_equal "$(find "$S" -maxdepth 1 -type f -printf '%f\n')" switch.journal
	assert_equal "$(stat -c %s "$S/switch.journal")" 0
	run --separate-stderr -0 switch check
	cp "$S/switch.journal" "$TMP/journal.before"
	assert_equal "$(cat "$TMP/gate.source")" 'open 0'
	run --separate-stderr -8 switch run --rehearse block
	assert_regex "$stderr" 'without --confirm "block '
	job=$(mm-switch status --state "$S" | sed -n 's/^job  *//p')
	for target in open closed; do
		# open by nobody's doing, it stays open, which the gate tells
		[[ $target == open ]] || rm "$TMP/violations"
		[[ $target == open ]] || "$TMP/gate" block target job
		wait_until 20 field_is diff.st in_sync true
		run --separate-stderr -0 switch run --rehearse block --confirm "block $job"
		printf '%s\n' "$output" >"$TMP/report"
		assert_line 'result it would have switched'
		assert_line "way_back $([[ $target == closed ]] && echo armed ||
			echo 'not armed: the target is not closed')"
		# about as long as its steps, which the journal's clock measured:
		# it is another one, and may be set meanwhile
		((blocked = $(figure blocked_ms)))
		((2 * blocked + 1000 >= $(steps 'blocked|fenced|verified|armed')))
		((blocked <= 2 * $(steps '.*') + 1000))
		cmp "$S/switch.journal" "$TMP/journal.before"
		grep -q open "$TMP/gate.source"
		cmp "$TMP/app.uri" "$TMP/old"
		more_writes
	done
	# killed in the middle, it is undone by whatever comes next
	wait_until 20 field_is diff.st in_sync true
	killed '3 kept' run --rehearse block --confirm "block $job"
	grep -q closed "$TMP/gate.source"
	run mm-switch status --state "$S"
	assert_line --regexp "^rehearsal  $S/rehearsal-.*: the source may be closed"
	run -0 switch abort
	cmp "$S/switch.journal" "$TMP/journal.before"
	writable source
	refute_line --regexp '^rehearsal'
	wait_until 20 field_is diff.st in_sync true

	# by rights, while a transaction holds it up; what an account saw of it
	kill -STOP "$writer_pid"
	transaction rehearsed
	run_bg rehearsal by_role run --rehearse block --confirm "block $job" \
		--status-file "$TMP/rehearsal.st"
	wait_until 20 eval "(( \$(jq '.probe_failed // 0' '$TMP/rehearsal.st') > 0 ))" ||
		fail "$(cat "$TMP/rehearsal.out" "$TMP/rehearsal.err")"
	touch "$TMP/rehearsed.commit"
	wait "$rehearsal_pid" || fail "$(cat "$TMP/rehearsal.out" "$TMP/rehearsal.err")"
	cp "$TMP/rehearsal.out" "$TMP/report"
	cmp <(sed -n '/^rehearsal/,$p' "$TMP/report") "$TMP"/s2/rehearsal-*/report
	(($(figure probe_failed) > 0 && $(figure probe_writes) > $(figure probe_failed)))
	(($(figure probe_failed_ms) > 0))
	((2 * $(figure blocked_ms) + 1000 >= $(steps 'blocked|fenced|verified')))
	assert_equal "$(figure probe_unknown)" 0
	wait "$rehearsed_pid"
	kill -CONT "$writer_pid"
	py "$src_uri" <<-'P'
		for user in client.admin.command("usersInfo", {"forAllDBs": True})["users"]:
		    if user["db"] == "shop":
		        assert user["roles"] == [{"role": "readWrite", "db": "shop"}], user
		assert client.mm_control.jobs.count_documents({}) == 0
	P

	# the page for who is on call asks accounts and rights
	run --separate-stderr -0 by_role check
	run --separate-stderr -0 mm-switch status --state "$TMP/s2" -d shop \
		--probe-source-uri-file "$TMP/app.account" \
		--keep-user admin.noplog --diff-status "$TMP/diff.st"
	assert_line --regexp '^source     takes writes of applications'
	assert_line 'target     refuses writes of applications'
	assert_line --regexp '^proof      [0-9.]+ s old, verified up to [0-9:]+: '
	run --separate-stderr -1 mm-switch status --state "$TMP/s2" -d other
	assert_line --partial 'not known: the journal is of another'

	# a transaction is waited for, and the attempt given up; not those of
	# whoever cannot write to the selection
	transaction foreign "mongodb://biz:pw@127.0.0.1:$src_port/?replicaSet=rs_src&authSource=other" other
	transaction killed
	wait_until 20 field_is diff.st in_sync true
	run --separate-stderr -1 switch run --txn-wait 0.1
	assert_regex "$stderr" 'as --txn-wait says: 1 transactions and 0 writes'
	writable source
	# somebody writes when everything is ready
	cat >"$TMP/late" <<-H
		#!/usr/bin/env bash
		if [[ "\$1 \$2" == "probe source" && ! -e "$TMP/was late" ]] &&
		    "$(command -v mm-switch)" status --state "$S" | grep -q '^state  *armed'; then
		    touch "$TMP/was late"
		    "$PY" -c 'import pymongo; pymongo.MongoClient("mongodb://cron:pw@127.0.0.1:$src_port/?replicaSet=rs_src&authSource=shop").shop.visits.insert_one({"_id": "late"})'
		fi
		exec "$TMP/gate" "\$@"
	H
	chmod +x "$TMP/late"
	wait_until 20 field_is diff.st in_sync true
	run --separate-stderr -8 switch run --block-hook "$TMP/late" \
		--txn-wait 0 --kill-transactions
	assert_equal "$(grep -c 'killed: ' <<<"$stderr")" 1
	assert_regex "$stderr" 'killed: transaction'
	assert_regex "$stderr" 'past the block: insert into "shop.visits" at [0-9:]+, by "shop.cron"'
	assert_file_exists "$TMP/was late"
	writable source
	wait_until 20 field_is diff.st in_sync true
	run --separate-stderr -0 switch run --block-hook "$TMP/late"
	writable target
	run -0 py "$dst_uri" <<<'print(sorted(d["_id"] for c in ("visits", "late") for d in client.shop[c].find({"_id": {"$in": ["rehearsed", "killed", "late"]}})))'
	assert_output "['late', 'rehearsed']"
	touch "$TMP/foreign.commit"
	wait "$foreign_pid" || fail "$(cat "$TMP/foreign.err")"
	nothing_lost "$dst_uri"
}
