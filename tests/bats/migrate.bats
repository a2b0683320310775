bats_require_minimum_version 1.8.0
# mm-migrate with an address: the whole arc, by a block hook; the writer follows
# the address.
load lib
load switch_lib
# bats file_tags=server

setup() {
	sides
	W=$TMP/w
	migrate=(mm-migrate -w "$W" -d shop --address "file path=$TMP/app.uri"
		--address-old "$TMP/old" --address-new "$TMP/new"
		--block-hook "$TMP/gate" --deadline 200)
	run_bg writer "$PY" "$TOOLS/switch_writer.py" "$TMP" "$TMP/app.uri"
	wait_until 30 test -s "$TMP/acked"
}

state_is() {
	field_is w/mm-migrate.status state "$1"
}

# written_to SIDE: the address is its, and a write is acknowledged from now on.
written_to() {
	local n
	assert_equal "$(cat "$TMP/app.uri")" \
		"$(cat "$TMP/$([[ $1 == source ]] && echo old || echo new)")"
	n=$(wc -l <"$TMP/acked")
	wait_until 30 eval "((\$(wc -l <'$TMP/acked') > $n))"
}

nothing_lost() { # nothing_lost URI
	no_more_writes
	assert_file_not_exists "$TMP/violations"
	numbers_are_there py "$1"
}

@test "there, back, there again and to stay: no write is lost" {
	run_bg move "${migrate[@]}"
	wait_until 90 state_is observing
	written_to target
	"$W/mm-switch" rollback
	written_to source
	wait_until 90 test -e "$W/postpone"
	wait_until 90 state_is switching
	rm "$W/postpone"
	wait_until 90 state_is observing
	written_to target
	# Its way back may just be handed over: a red line.
	wait_until 60 "$W/mm-switch" finish --quiet-for 0
	wait "$move_pid"
	nothing_lost "$dst_uri"
	run -0 "${migrate[@]}"
	assert_output --partial moved
}

# killed_in STATE: started, killed with -9 as soon as it is in this state.
killed_in() {
	rm -f "$W/mm-migrate.status" # of the run before
	run_bg move "${migrate[@]}"
	wait_until 90 phase_reached w/mm-migrate.status "$1"
	kill -9 "$move_pid"
	wait "$move_pid" || true
}

@test "killed with -9 in each phase, moved back while it does not run: it goes on" {
	local phase
	for phase in archiving copying following switching observing observing; do
		killed_in "$phase"
	done
	written_to target
	# What it left may still be ending.
	"$W/mm-switch" rollback
	written_to source
	run_bg move "${migrate[@]}"
	wait_until 90 test -e "$W/postpone"
	wait_until 90 state_is switching
	run -0 mm-switch status --state "$W/switch"
	assert_line 'state      syncing'
	kill "$move_pid"
	wait "$move_pid"
	rm "$W/postpone"
	run_bg move "${migrate[@]}"
	wait_until 90 state_is observing
	written_to target
	nothing_lost "$dst_uri"
}

@test "what cannot be is refused before anything is begun" {
	run -2 mm-migrate -w "$W" -d shop --window 02:00-04:00
	assert_output --partial '--address is needed'
	run -2 "${migrate[@]}" --once
	assert_output --partial 'not for a move with --address'
	assert_not_exists "$W"
}
