bats_require_minimum_version 1.8.0
# The pipelines: which failure is named, nothing left behind, killed and
# started again, a whole migration under a writer.
load lib

servers() {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	py "$src_uri" <<-'P'
		client.shop.orders.insert_many({"_id": i, "n": i} for i in range(3000))
		client.shop.orders.create_index("n", unique=True)
		client.shop.orders.create_index("at", expireAfterSeconds=3600)
		client.shop.users.insert_many({"_id": "u%d" % i} for i in range(50))
		client.other.x.insert_one({"_id": 1})
	P
}

# stub NAME COMMANDS: a program of that name, in front of the real one.
stub() {
	mkdir -p "$TMP/stub"
	printf '#!/bin/bash\n%s\n' "$2" >"$TMP/stub/$1"
	chmod +x "$TMP/stub/$1"
	[[ $PATH == "$TMP/stub:"* ]] || PATH=$TMP/stub:$PATH
}

# assert_ends STATUS PID: a program in the background.
assert_ends() {
	local status=0
	wait "$2" || status=$?
	assert_equal "$status" "$1"
}

# Process ids of all that descend from PID.
below() {
	local child
	for child in $(pgrep -P "$1"); do
		echo "$child"
		below "$child"
	done
}

# alive PID...: one of them runs (a zombie does not).
alive() {
	local pid
	for pid; do
		[[ -r /proc/$pid/stat ]] &&
			! grep -q '^[0-9]* (.*) Z' "/proc/$pid/stat" && return 0
	done
	return 1
}
gone() {
	! alive "$@"
}

# A writer that never stops until its file is gone; every write is counted in
# its document, so that nothing can be lost unseen.
start_writer() {
	touch "$TMP/write"
	cat >"$TMP/writer.py" <<-'P'
		import os, random, sys, time, pymongo
		client = pymongo.MongoClient(sys.argv[1])
		random.seed(5)
		c, n = client.shop.orders, 100000
		while os.path.exists(sys.argv[2]):
		    for _ in range(10):
		        n += 1
		        c.insert_one({"_id": n, "n": n})
		        c.update_one({"_id": random.randrange(3000)}, {"$inc": {"w": 1}})
		        c.update_one({"_id": random.randrange(3000)}, {"$set": {"t.x": n}})
		        c.delete_one({"_id": random.randrange(3000)})
		        client.other.x.update_one({"_id": 1}, {"$inc": {"n": 1}})
		    time.sleep(0.02)
	P
	run_bg writer "$PY" "$TMP/writer.py" "$src_uri" "$TMP/write"
}
stop_writer() {
	rm "$TMP/write"
	assert_ends 0 "$writer_pid"
}

# caught_up FILE: the applier that writes this status file is alive and close.
caught_up() {
	jq -e '.state == "applying" and .lag_seconds < 1' "$1" \
		>/dev/null 2>&1 && alive "$(jq .pid "$1")"
}
status_has() { # status_has FILE FIELD
	jq -e --arg f "$2" '.[$f]' "$1" >/dev/null 2>&1
}
# passed FILE POSITION: the position in the status file has reached it.
passed() {
	jq -e --arg want "$2" '
		def at: split(":") | map(tonumber) | .[:2];
		(.position | at) >= ($want | at)' "$1" >/dev/null 2>&1
}

@test "the leftmost true failure is the status, and is named" {
	export MM_SOURCE_URI=mongodb://x MM_TARGET_URI=mongodb://y
	local case dump load want who
	for case in '4 3 4 mm-dump' '141 5 5 mm-load' '0 3 3 mm-load' \
		'0 0 0 none' '8 8 8 mm-dump' '137 3 137 mm-dump'; do
		read -r dump load want who <<<"$case"
		stub mm-dump "exit $dump"
		stub mm-load "[[ \$* != *resume* ]] || exit 1
cat >/dev/null; exit $load"
		run --separate-stderr "-$want" mm-copy -d shop
		if [[ $who == none ]]; then
			assert_equal "$stderr" ''
		else
			assert_regex "$stderr" \
				"^mm-copy: error: $who ended with status $want: "
		fi
	done
}

@test "which statuses are tried again, with which arguments" {
	export MM_SOURCE_URI=mongodb://x MM_TARGET_URI=mongodb://y
	stub mm-oplog-tail 'printf "%s\n" "$*" >>'"$TMP/calls"'
case $(wc -l <'"$TMP/calls"') in 1) exit 4 ;; 2) kill -9 $$ ;; *) exit 6 ;; esac'
	run --separate-stderr -6 mm-archive -D "$TMP/a b" -d shop -c 'x y' \
		--ns-exclude 'shop.*_old'
	assert_regex "$stderr" 'mm-oplog-tail ended with status 6: position gone'
	run cat "$TMP/calls"
	assert_line --index 2 "-D $TMP/a b --from now --db shop --collection x y --nsExclude shop.*_old"
	assert_equal "${#lines[@]}" 3
	# For a timer nothing is tried again.
	rm "$TMP/calls"
	run -4 mm-archive -D "$TMP/a" -d shop --exit-when-caught-up
	# Passwords and members go to their side alone.
	stub mm-dump 'printf "dump %s\n" "$*" >>'"$TMP/words"
	stub mm-load '[[ $* != *resume* ]] || exit 1
cat >/dev/null; printf "load %s\n" "$*" >>'"$TMP/words"
	run -0 mm-copy -dshop --nsFrom 'shop.*' --nsTo='store.*' --job j -v \
		--source-server a:1 --source-password-file p --target-password-file q
	run sort "$TMP/words"
	assert_line 'dump --db shop -v --server a:1 --password-file p'
	assert_line 'load --db shop --nsFrom shop.* --nsTo store.* -v --password-file q --job j'
}

@test "wrong use: 2, nothing is started" {
	run --separate-stderr -2 mm-copy -d shop
	assert_output ''
	assert_regex "$stderr" 'MM_SOURCE_URI is not set'
	export MM_SOURCE_URI=mongodb://x MM_TARGET_URI=mongodb://y
	stub mm-dump 'exit 99'
	run -2 mm-copy operand
	run -2 mm-copy -d
	run -2 mm-copy --quiet=yes
	run -2 mm-copy --source mongodb://u:p@x
	run -2 mm-archive -d shop
	run -2 mm-replay -d shop
	run -2 mm-migrate -d shop
	run -2 mm-migrate -w "$TMP/w" -d shop --compare-every soon
	[[ ! -e $TMP/w ]]
}

# bats test_tags=server
@test "mm-copy: equal, refused a second time, with --drop once more; 4 and 5" {
	servers
	run -0 mm-copy -d shop
	assert_same "$src_uri" "$dst_uri" shop
	run --separate-stderr -8 mm-copy -d shop
	assert_regex "$stderr" 'mm-copy: error: mm-load ended with status 8: refused'
	py "$src_uri" <<<'client.shop.users.delete_many({})'
	run -0 mm-copy -d shop --drop
	assert_same "$src_uri" "$dst_uri" shop
	# Held back or asleep by the job: known, and no difference. Without the
	# job's word they are.
	run -0 mm-diff -d shop
	assert_line $'staged\tshop.orders\tindex n_1\theld back by the job'
	assert_line $'staged\tshop.orders\tindex at_1\tput to sleep by the job'
	run -1 mm-diff --nsInclude shop.orders
	assert_line $'metadata\tshop.orders\tindex n_1\tmissing on the target'
	assert_line $'metadata\tshop.orders\tindex at_1\tdiffers in expireAfterSeconds'
	local nobody='mongodb://127.0.0.1:1/?replicaSet=x&serverSelectionTimeoutMS=500'
	run --separate-stderr -4 env MM_SOURCE_URI="$nobody" mm-copy -d shop --job n
	assert_regex "$stderr" 'mm-copy: error: mm-dump ended with status 4'
	run --separate-stderr -5 env MM_TARGET_URI="$nobody" mm-copy -d shop --job n
	assert_regex "$stderr" 'mm-copy: error: mm-load ended with status 5'
}

# bats test_tags=server
@test "mm-copy: one signal drains both and ends with 9, the next run completes" {
	servers
	py "$src_uri" <<-'P'
		for i in range(30):
		    client.shop.big.insert_many({"x": "y" * 1000} for i in range(1000))
	P
	stub mm-dump "exec $B/bin/mm-dump --rate-limit 700K \"\$@\""
	run_bg copy mm-copy -d shop --status-file "$TMP/status"
	wait_until 20 status_has "$TMP/status" docs
	local children
	children=$(below "$copy_pid")
	kill -TERM "$copy_pid"
	assert_ends 9 "$copy_pid"
	# shellcheck disable=SC2086
	run -0 gone $children
	run cat "$TMP/copy.err"
	assert_output --partial 'ended with status 9'
	rm "$TMP/stub/mm-dump"
	run -0 mm-copy -d shop
	assert_same "$src_uri" "$dst_uri" shop
}

# bats test_tags=server
@test "Ctrl-C on the whole group, and kill -9 of the pipeline, leave nothing running" {
	servers
	start_writer
	# As a terminal starts it: a group of its own, SIGINT not ignored.
	run_bg archive "$PY" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.setsid()
os.execvp(sys.argv[1], sys.argv[1:])' mm-archive -D "$TMP/a" -d shop \
		--status-file "$TMP/status"
	wait_until 10 status_has "$TMP/status" position
	local children
	children=$(below "$archive_pid")
	[[ -n $children ]]
	kill -INT -- "-$archive_pid"
	assert_ends 0 "$archive_pid"
	# shellcheck disable=SC2086
	run -0 gone $children
	run -0 mm-cat verify "$TMP"/a/*.bson.zst
	rm "$TMP/status"
	run_bg archive mm-archive -D "$TMP/a" -d shop --status-file "$TMP/status"
	wait_until 10 status_has "$TMP/status" position
	children=$(below "$archive_pid")
	kill -9 "$archive_pid"
	# shellcheck disable=SC2086
	wait_until 10 gone $children
	# And it goes on where it was.
	run -0 mm-archive -D "$TMP/a" -d shop --exit-when-caught-up
	stop_writer
	run -0 mm-cat verify "$TMP"/a/*.bson.zst
	assert_ends 137 "$archive_pid"
}

# bats test_tags=server
@test "mm-archive for a timer: ten fetches under a writer give one chain; mm-replay of it" {
	servers
	start_writer
	local fetch middle
	run -0 mm-archive -D "$TMP/a" -d shop --exit-when-caught-up
	run -0 mm-copy -d shop
	for fetch in {1..9}; do
		run -0 mm-archive -D "$TMP/a" -d shop --exit-when-caught-up
		((fetch != 5)) || middle=$(position)
	done
	stop_writer
	run -0 mm-archive -D "$TMP/a" -d shop --exit-when-caught-up
	run -0 mm-cat ls "$TMP/a"
	run -0 mm-replay -D "$TMP/a" -d shop --until "$middle"
	run -9 mm-diff -d shop --wait 1
	assert_line --regexp $'^pending\tshop\.'
	run -0 mm-replay -D "$TMP/a" -d shop
	run -0 mm-diff -d shop
	assert_same "$src_uri" "$dst_uri" shop
	run -0 mm-replay -D "$TMP/a" -d shop
}

# bats test_tags=server
@test "mm-follow from the source: programs killed with -9 midway are started again" {
	servers
	run -0 mm-copy -d shop
	start_writer
	run_bg follow mm-follow -d shop --status-file "$TMP/status"
	local victim applier
	for victim in mm-oplog-apply mm-oplog-tail mm-oplog-apply; do
		wait_until 20 caught_up "$TMP/status"
		applier=$(jq .pid "$TMP/status")
		pkill -9 -P "$follow_pid" -x "$victim"
		wait_until 10 gone "$applier"
	done
	wait_until 30 caught_up "$TMP/status"
	stop_writer
	wait_until 30 passed "$TMP/status" "$(position)"
	local children
	children=$(below "$follow_pid")
	kill -TERM "$follow_pid"
	assert_ends 0 "$follow_pid"
	# shellcheck disable=SC2086
	run -0 gone $children
	run grep -c 'tries again' "$TMP/follow.err"
	assert_output 3
	run -0 mm-diff -d shop
	assert_same "$src_uri" "$dst_uri" shop
}

# bats test_tags=server
@test "mm-migrate: killed with -9 in each phase and started again, under a writer; then in sync" {
	servers
	py "$src_uri" <<-'P'
		for i in range(20):
		    client.shop.big.insert_many({"x": "y" * 1000} for i in range(1000))
	P
	start_writer
	local phase children
	local migrate=(mm-migrate -w "$TMP/w" -d shop)
	stub mm-dump "exec $B/bin/mm-dump --rate-limit 8M \"\$@\""
	for phase in archiving copying following; do
		rm -f "$TMP/w/mm-migrate.status" # of the run before
		run_bg move "${migrate[@]}"
		wait_until 30 phase_reached w/mm-migrate.status "$phase"
		children=$(below "$move_pid")
		kill -9 "$move_pid"
		# shellcheck disable=SC2086
		wait_until 20 gone $children
	done
	# Once more, for as long as wanted; told to end, all drains.
	run_bg move "${migrate[@]}"
	wait_until 30 test -s "$TMP/w/diff.txt"
	kill -TERM "$move_pid"
	assert_ends 0 "$move_pid"
	# Another migration, or a second run, is refused there.
	run -8 mm-migrate -w "$TMP/w" -d other
	stop_writer
	run --separate-stderr -0 "${migrate[@]}" --once
	assert_regex "$stderr" 'mm-migrate: info: in sync'
	run tail -n 1 "$TMP/w/diff.txt"
	assert_output --partial 'differences=0'
	assert_same "$src_uri" "$dst_uri" shop
	run jq -r .state "$TMP/w/mm-migrate.status"
	assert_output 'done'
	# The copy was done once, and not again after it was complete.
	run py "$dst_uri" <<<'print(client.other.x.count_documents({}))'
	assert_output 0
}

# bats test_tags=server
@test "mm-migrate: a lasting program that fails ends all, with its status" {
	servers
	stub mm-follow 'sleep 1; exit 6'
	run --separate-stderr -6 mm-migrate -w "$TMP/w" -d shop
	assert_regex "$stderr" 'mm-migrate: error: mm-follow ended with status 6: position gone'
	stub mm-archive 'exit 8'
	run --separate-stderr -8 mm-migrate -w "$TMP/v" -d shop
	assert_regex "$stderr" 'mm-archive ended with status 8'
}

# bats test_tags=server
@test "no password in an argument list or message" {
	require_sim
	start_sim src --auth mover:s3cretcanary
	start_sim dst --auth mover:s3cretcanary
	local with='mongodb://mover:s3cretcanary@'
	export MM_SOURCE_URI=${src_uri/mongodb:\/\//$with}\&authSource=admin
	export MM_TARGET_URI=${dst_uri/mongodb:\/\//$with}\&authSource=admin
	py "$MM_SOURCE_URI" <<<'client.shop.orders.insert_many({"_id": i} for i in range(100))'
	run_bg move mm-migrate -v -w "$TMP/w" -d shop
	local seen=0 end=$((SECONDS + 150 * MM_SLOW)) pid
	until [[ -s $TMP/w/diff.txt ]] || ((SECONDS > end)); do
		for pid in "$move_pid" $(below "$move_pid"); do
			seen=$((seen + 1))
			! tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null |
				grep s3cretcanary || fail 'a password in argv'
		done
	done
	((seen > 20))
	kill -TERM "$move_pid"
	assert_ends 0 "$move_pid"
	run grep -r s3cretcanary "$TMP/move.err" "$TMP/w"
	assert_output ''
}
