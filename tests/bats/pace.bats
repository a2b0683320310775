bats_require_minimum_version 1.8.0
# How fast mm-dump and mm-load go, and what they tell of it.
load lib

fill() { # fill URI
	py "$1" <<-'P'
		for at in range(0, 6000, 2000):
		    client.shop.orders.insert_many([{"_id": i, "pad": "x" * 300} for i in range(at, at + 2000)])
		client.shop.orders.create_index("n")
	P
}

# The value of a metric.
metric() {
	sed -nE "s/^$1\{.*\} //p" "$TMP/m.prom"
}

# bats test_tags=server
@test "lines, metrics and SIGUSR1; the rate is changed by a file meanwhile" {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	fill "$src_uri"
	echo 50K >"$TMP/rate"
	run_bg dump mm-dump -d shop -T 1 --throttle-file "$TMP/rate" --block-size 128K \
		--status-interval 1 --metrics-file "$TMP/m.prom"
	wait_until 20 grep -q 'info: rate: at most 51200' "$TMP/dump.err"
	wait_until 20 grep -qE 'info: copying: [0-9]+ of about 6000 documents, .*/s, ' "$TMP/dump.err"
	some() { [[ $(metric mm_docs_total) -gt 0 ]]; }
	wait_until 30 some
	kill -0 "$dump_pid"
	assert_equal "$(metric mm_docs_expected)" 6000
	run grep -c '^# TYPE mm_docs_total counter$' "$TMP/m.prom"
	assert_output 1
	wait_until 20 grep -q 'ETA 0:00:' "$TMP/dump.err"
	local lines
	lines=$(grep -c 'info: copying' "$TMP/dump.err")
	kill -USR1 "$dump_pid"
	more() { (($(grep -c 'info: copying' "$TMP/dump.err") > lines)); }
	wait_until 20 more
	# what cannot be understood changes nothing; 0 is no limit
	echo fast >"$TMP/rate.new"
	mv "$TMP/rate.new" "$TMP/rate"
	wait_until 20 grep -q 'warning: throttle file .*; the rate stays' "$TMP/dump.err"
	kill -0 "$dump_pid"
	echo 0 >"$TMP/rate.new"
	mv "$TMP/rate.new" "$TMP/rate"
	wait "$dump_pid"
	assert_file_contains "$TMP/dump.err" 'rate: no limit'
	assert_equal "$(metric mm_docs_total)" 6000
	assert_equal "$(metric mm_exit_status)" 0
	# what it waited for: it was held back most of the time
	run sed -nE 's/^mm_stage_seconds_total\{.*stage="(held|server|pack)"\} //p' "$TMP/m.prom"
	[[ ${lines[0]} != 0.000 && ${lines[1]} != 0.000 && ${lines[2]%.*} -ge 1 ]] ||
		fail "server, pack, held: $output"
	run mm-load -d shop --progress always --metrics-file "$TMP/m.prom" <"$TMP/dump.out"
	assert_success
	assert_equal "$(metric mm_docs_total)" 6000
	run mm-load -d shop --drop --progress sometimes <"$TMP/dump.out"
	assert_failure 2
	run mm-load -d shop --drop --metrics-file "$TMP/no/such" <"$TMP/dump.out"
	assert_failure 7
}

# bats test_tags=server
@test "mm-load at the rate of a file: lines, metrics and SIGUSR1; 0 ends it" {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	fill "$src_uri"
	mm-dump -d shop -Z none --block-size 128K -o "$TMP/s" --quiet
	echo 40K >"$TMP/rate"
	run_bg load mm-load -d shop -j 1 --rate-limit 1G --throttle-file "$TMP/rate" \
		--status-interval 1 --metrics-file "$TMP/m.prom" "$TMP/s"
	wait_until 20 grep -q 'info: rate: at most 40960' "$TMP/load.err"
	wait_until 30 grep -qE 'info: loading: [0-9]+ of about 6000 documents, .*/s, ETA ' "$TMP/load.err"
	[[ $(metric mm_docs_total) -lt 6000 ]]
	local lines
	lines=$(grep -c 'info: loading' "$TMP/load.err")
	kill -USR1 "$load_pid"
	more() { (($(grep -c 'info: loading' "$TMP/load.err") > lines)); }
	wait_until 20 more
	kill -0 "$load_pid"
	echo 0 >"$TMP/rate.new"
	mv "$TMP/rate.new" "$TMP/rate"
	wait "$load_pid"
	assert_file_contains "$TMP/load.err" 'rate: no limit'
	assert_equal "$(metric mm_docs_total)" 6000
	run mm-load -d shop --finish-indexes --rate-limit 1M
	assert_failure 2
	run mm-load -d shop --users --max-load 5 "$TMP/s"
	assert_failure 2
	# a signal does not wait for the rate
	rm "$TMP/rate"
	run_bg load mm-load -d shop --drop -j 1 --rate-limit 100K --status-file "$TMP/status" "$TMP/s"
	wait_until 20 jq -e '.docs > 0' "$TMP/status"
	kill "$load_pid"
	local status=0
	wait "$load_pid" || status=$?
	assert_equal "$status" 9
	run mm-load -d shop "$TMP/s"
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
}

# bats test_tags=server
@test "on a terminal one line is drawn again, and messages stand above it" {
	start_server src
	fill "$src_uri"
	run "$PY" - "$src_uri" <<-'P'
		import os, pty, sys
		pid, fd = pty.fork()
		if pid == 0:
		    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
		    os.execvp("mm-dump", ["mm-dump", "--source", sys.argv[1], "-d", "shop",
		        "--rate-limit", "600K", "--block-size", "128K"])
		out = b""
		try:
		    while True:
		        more = os.read(fd, 4096)
		        if not more:
		            break
		        out += more
		except OSError:
		    pass
		status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
		drawn = out.count(b"mm-dump: copying: ")
		print(status, drawn >= 1, drawn == out.count(b"\r\x1b[K"),
		    b"\r\x1b[Kmm-dump: info: 6000 documents" in out or out)
	P
	assert_output '0 True True True'
}

# bats test_tags=server
@test "--max-load: waits while a member lags, of either side" {
	require_sim
	start_sim p
	start_sim g --replSet rs_p --follow "127.0.0.1:$p_port"
	start_sim src
	fill "$src_uri"
	export MM_SOURCE_URI=$src_uri
	mm-dump -d shop -Z none -o "$TMP/s"
	lock() {
		py "mongodb://127.0.0.1:$g_port/?directConnection=true" <<<'client.admin.command("fsync", lock=True)'
		# it is behind by what is written now
		py "mongodb://127.0.0.1:$p_port/?replicaSet=rs_p" <<-'P'
			c = client.x.get_collection("y", write_concern=pymongo.WriteConcern(1))
			end = time.time() + 2.5
			while time.time() < end:
			    c.insert_one({})
			    time.sleep(.1)
		P
	}
	free() {
		py "mongodb://127.0.0.1:$g_port/?directConnection=true" <<<'client.admin.command("fsyncUnlock")'
	}
	lock
	run_bg dump mm-dump --source "mongodb://127.0.0.1:$p_port/?replicaSet=rs_p" -d x --max-load 1 --read-concern majority
	wait_until 20 grep -q 'info: waits: a member lags' "$TMP/dump.err"
	free
	wait "$dump_pid"
	lock
	run_bg load mm-load --target "mongodb://127.0.0.1:$p_port/?replicaSet=rs_p" -d shop --max-load 1 "$TMP/s"
	wait_until 20 grep -q 'info: waits: a member lags' "$TMP/load.err"
	kill -0 "$load_pid"
	free
	wait "$load_pid"
	assert_file_contains "$TMP/load.err" 'goes on: members lag'
	assert_same "$src_uri" "mongodb://127.0.0.1:$p_port/?replicaSet=rs_p" shop
}
