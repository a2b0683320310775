bats_require_minimum_version 1.8.0
# mm-switch after the switch: the way back is given up when nothing is red, the
# old data are put aside and deleted, and somebody else in the same database
# notices nothing of it.
load lib
load switch_lib
# bats file_tags=server

setup() {
	BATS_TEST_TIMEOUT=$((240 * MM_SLOW))
	S=$TMP/state
}

# after COMMAND [options]: of the selection, without the address.
after() {
	local command=$1
	shift
	mm-switch "$command" --state "$S" -d shop --pace 0 "$@"
}

@test "finish, quarantine, delete, clean up" {
	migration
	run -0 switch run
	state_is switched
	run_bg observe after observe
	wait_until 20 test -s "$S/red"
	cat "$S/red" >&3
	run --separate-stderr after finish --quiet-for 0
	echo "$status $output $stderr" >&3
	run --separate-stderr after quarantine --quarantine rename
	echo "$status $output $stderr" >&3
	mm-switch status --state "$S" >&3
	job=$(mm-switch status --state "$S" | sed -n 's/^job *//p')
	run --separate-stderr after delete-source --confirm "delete $job" --min-age 0
	echo "$status $output $stderr" >&3
	run --separate-stderr after cleanup
	echo "$status $output $stderr" >&3
}
