bats_require_minimum_version 1.8.0
# mm-switch, back: what applications have written to the target comes back with
# them, wherever the programs are killed.
load lib
load switch_lib
# bats file_tags=server

setup() {
	BATS_TEST_TIMEOUT=$((240 * MM_SLOW))
	S=$TMP/state
}

lifetime() { # lifetime URI: of the TTL index
	py "$1" <<<'print(client.shop.visits.index_information()["ttl"]["expireAfterSeconds"])'
}

@test "there, back, there again and back, and no write is lost" {
	migration
	run -0 switch run
	more_writes
	writable target
	# on the source nothing expires by itself meanwhile
	run -0 lifetime "$src_uri"
	assert_output 2147483647
	run -0 lifetime "$dst_uri"
	assert_output 86400
	# what would come back
	run -0 switch rollback --dryRun
	assert_line 'ok  applications write to the target'
	assert_line --regexp '^wait shop.numbers: [1-9][0-9]* operations, [0-9]+ bytes$'
	assert_line --regexp '^back [1-9][0-9]* operations'
	assert_line --regexp ' entries, 0 refused, 0 skipped$'
	run -0 switch rollback
	more_writes
	writable source
	run -0 lifetime "$src_uri"
	assert_output 86400
	run -0 switch rollback
	assert_output --partial 'on the source already'
	follow_again
	run -0 lifetime "$dst_uri"
	assert_output 2147483647
	run -0 switch run
	more_writes
	writable target
	run -0 lifetime "$dst_uri"
	assert_output 86400
	run -0 switch rollback
	more_writes
	writable source
	follow_again
	nothing_lost "$src_uri"
}

# Kills at one record of the way back after the other; the last run ends well.
back_every_record() { # back_every_record HOW N N-LATER RUNS
	local n=$2 record
	for record in $(seq 9); do
		run under_kill "$n $1" rollback --deadline 200
		assert_file_not_exists "$TMP/violations"
		[[ $status == 137 ]] || break
		n=$3
	done
	assert_equal "$status" 0
	assert_equal "$record" "$4"
	more_writes
	writable source
}

@test "killed around each record of the way back: the next run goes on, and no write is lost" {
	migration
	for how in 'kept 1 1 6' 'lost 2 2 5' 'torn 2 3 5'; do
		run -0 switch run --deadline 200
		more_writes
		writable target
		# shellcheck disable=SC2086 # words
		back_every_record $how
		follow_again
	done
	nothing_lost "$src_uri"
}

@test "given up after each record of the way back: the target is open again, no write is lost" {
	migration
	run -0 switch run --deadline 200
	for n in 1 2 3; do
		killed "$n kept" rollback
		killed '1 kept' abort
		run -0 switch abort
		state_is switched
		writable target
		more_writes
	done
	run -0 lifetime "$dst_uri"
	assert_output 86400
	# the deadline has passed while nobody was there
	killed '2 kept' rollback --deadline 1
	state_is back-blocked
	sleep 1.1
	run --separate-stderr -1 switch rollback
	assert_regex "$stderr" 'not moved back: the deadline has passed'
	writable target
	# the one that watches puts back, too
	run --separate-stderr -137 under_watch '3 kept' rollback
	assert_regex "$stderr" 'killed by signal 9'
	writable target
	more_writes
	# somebody has let applications write in between
	killed '2 kept' rollback
	"$TMP/gate" unblock target job
	more_writes
	"$TMP/gate" block target job
	run --separate-stderr -8 switch rollback
	assert_regex "$stderr" 'somebody has let applications write to the target'
	writable target
	# after that it can be gone back nevertheless
	run -0 switch rollback
	writable source
	follow_again
	nothing_lost "$src_uri"
}

@test "observed: what dies is started again, and a way back ends it" {
	migration
	run_bg move switch run --observe --status-file "$TMP/switch.st"
	wait_until 60 field_is switch.st state observing
	writable target
	# the shell, the one that watches, the one that works
	observer=$(pgrep -P "$(pgrep -P "$move_pid")")
	first=$(pgrep -P "$observer" -f mm-oplog-apply)
	kill -9 "$first"
	wait_until 30 eval "pgrep -P $observer -f mm-oplog-apply | grep -qv '^$first\$'"
	assert_file_contains "$TMP/move.err" 'mm-oplog-apply of the way back has ended with 137'
	run --separate-stderr -8 switch observe
	assert_regex "$stderr" 'another mm-switch keeps the programs'
	more_writes
	run -0 switch rollback --dryRun
	assert_line --regexp '^back [0-9]+ operations'
	run -0 switch rollback
	wait "$move_pid"
	assert_file_contains "$TMP/move.err" 'no more is observed'
	writable source
	follow_again
	run --separate-stderr -8 switch observe
	assert_regex "$stderr" 'cannot observe: the state is syncing'
	# by itself, killed as a whole, and somebody else brings back
	run -0 switch run
	run_bg observe switch observe --status-file "$TMP/switch.st"
	wait_until 60 field_is switch.st state observing
	kill -9 "$(pgrep -P "$observe_pid")"
	more_writes
	run -0 switch rollback
	writable source
	follow_again
	nothing_lost "$src_uri"
}
