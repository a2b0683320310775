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
	field_is wait.st state waiting
	grep -q "waiting: .*$pattern" "$TMP/waiter.err"
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
