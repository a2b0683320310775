#!/usr/bin/env bats
# mm-status over files that are written by hand and by programs.
bats_require_minimum_version 1.8.0

load lib

# put NAME AGE FIELDS: a status file last written AGE seconds ago by a program
# that ran for 100 s then; FRESH: however slow the machine is, not silent yet.
FRESH=-1000
put() {
	printf '{"tool":"%s","pid":1,"started":"%s","updated":"%s"%s}\n' "$1" \
		"$(date -u -d "$(($2 + 100)) seconds ago" +%FT%TZ)" \
		"$(date -u -d "$2 seconds ago" +%FT%TZ)" "$3" >"$TMP/$1.new"
	mv "$TMP/$1.new" "$TMP/$1.status"
}

@test "status: a table, a row for each program" {
	put mm-dump $FRESH ',"state":"copying","docs":1000,"docs_total":3000'
	put mm-oplog-apply $FRESH ',"state":"following","entries":50,"lag_seconds":0.25,"checkpoint":"12:1:1","oplog_window_seconds":86400'
	put mm-load 30 ',"state":"loading","docs":5'
	run -0 mm-status "$TMP"
	assert_line --index 0 --regexp '^PROGRAM +STATE +DONE +RATE +ETA +LAG +WINDOW +POSITION$'
	assert_line --regexp '^mm-dump +copying +1000 +(9|10|11)/s +(18|19|20[0-9]|1..)*[0-9]*[sm] +- +- +-$'
	assert_line --regexp '^mm-oplog-apply +following +50 .* 0\.2s +24h +12:1:1$'
	assert_line --regexp '^mm-load +silent +5 '
	run -0 mm-status --format json "$TMP/mm-dump.status"
	assert_equal "$(jq .docs <<<"$output")" 1000
}

@test "status: --wait holds when every program that has the field says so" {
	put mm-oplog-apply $FRESH ',"state":"following","lag_seconds":5'
	put mm-diff $FRESH ',"state":"comparing","in_sync":false,"pending":3'
	run -1 mm-status --wait 'lag<2s' --timeout 0.5 "$TMP"
	mm-status --wait 'lag<2s' --wait in_sync=true --timeout 300 "$TMP" \
		>"$TMP/waited" 3>&- &
	local pid=$!
	put mm-oplog-apply $FRESH ',"state":"following","lag_seconds":0.5'
	put mm-diff $FRESH ',"state":"comparing","in_sync":true,"pending":0'
	wait "$pid"
	# A program that says nothing any more is not believed.
	put mm-oplog-apply 60 ',"state":"following","lag_seconds":0'
	run -1 mm-status --wait 'lag<2s' --timeout 0 "$TMP"
	# One that has ended is.
	put mm-oplog-apply 60 ',"state":"done","lag_seconds":0'
	run -0 mm-status --wait 'lag<2s' --timeout 0 "$TMP"
	run -1 mm-status --wait 'nothing=1' --timeout 0 "$TMP"
	run -0 mm-status --wait 'state!=failed' --timeout 0 "$TMP"
}

@test "status: what begins later is waited for, and seen" {
	mm-status --wait 'lag<2s' --timeout 300 "$TMP/later" >"$TMP/seen" 3>&- &
	local pid=$!
	mkdir "$TMP/new"
	TMP=$TMP/new put mm-dump 0 ',"state":"done","docs":7'
	mv "$TMP/new" "$TMP/later"
	TMP=$TMP/later put mm-oplog-tail $FRESH ',"state":"following","lag_seconds":0.5'
	wait "$pid"
	run -0 cut -d ' ' -f 1 "$TMP/seen"
	assert_output $'PROGRAM\nmm-dump\nmm-oplog-tail'
}

@test "status: a signal ends the waiting with 9" {
	put mm-oplog-apply 0 ',"state":"following","lag_seconds":5'
	mm-status --wait 'lag<2s' "$TMP" >/dev/null 2>&1 3>&- &
	local pid=$!
	catches() { # SIGTERM
		local mask
		mask=$(sed -n 's/^SigCgt:\t/0x/p' "/proc/$pid/status")
		((mask & 1 << 14))
	}
	wait_until 10 catches
	kill -TERM "$pid"
	local status=0
	wait "$pid" || status=$?
	assert_equal "$status" 9
}

@test "status: what is no status file is named" {
	echo '{"a":1}' >"$TMP/other.status"
	run -7 mm-status "$TMP/other.status"
	assert_output --partial 'not a status file of ours'
	printf '{"tool":"mm-dump","upd' >"$TMP/other.status"
	run -7 mm-status "$TMP/other.status"
	run -7 mm-status "$TMP/none"
	run -2 mm-status --wait 'lag~2' "$TMP"
	run -2 mm-status --wait 'state<done' "$TMP"
	run -2 mm-status
	mkdir "$TMP/empty"
	run -7 mm-status "$TMP/empty"
	assert_output --partial 'no status file'
}
