bats_require_minimum_version 1.8.0
# mm-dump of data that stand still: a locked secondary, a snapshot read.
load lib

setup() {
	require_sim
	export TMPDIR=$TMP
}

# trio: a primary p with followers f and g, and some data that all have.
trio() {
	local name
	start_sim p
	for name in f g; do
		start_sim "$name" --replSet rs_p --follow "127.0.0.1:$p_port"
	done
	export MM_SOURCE_URI="mongodb://127.0.0.1:$p_port/?replicaSet=rs_p"
	py "$MM_SOURCE_URI" <<-'P'
		c = client.shop.get_collection("orders", write_concern=pymongo.WriteConcern(2, wtimeout=60000))
		for at in range(0, 6000, 2000):
		    c.insert_many([{"_id": i, "pad": "x" * 300} for i in range(at, at + 2000)])
		client.shop.create_collection("ring", capped=True, size=100000)
	P
	wait_until 30 has_all
}

direct() { # direct PORT: Python against that member alone
	py "mongodb://127.0.0.1:$1/?directConnection=true"
}

has_all() {
	direct "$f_port" <<-'P' >/dev/null 2>&1
		assert client.shop.orders.estimated_document_count() == 6000
		assert "ring" in client.shop.list_collection_names()
	P
}

is_locked() {
	direct "$f_port" <<<'sys.exit(not client.admin.command("currentOp").get("fsyncLock", False))'
}
# A dump is over as quickly as it can: told, not looked at.
was_locked() {
	grep -q 'locked at' "$TMP/dump.err"
}
is_free() {
	! is_locked
}

# slow [options]: a dump of f that takes some seconds, in the background.
slow() {
	run_bg dump mm-dump --server "127.0.0.1:$f_port" -d shop --lock-secondary \
		--rate-limit 400K --block-size 128K "$@"
}

ends() { # ends STATUS
	local status=0
	wait "$dump_pid" || status=$?
	cat "$TMP/dump.err"
	assert_equal "$status" "$1"
}

summary() {
	"$PY" "$TOOLS/restream.py" <"$1"
}

# bats test_tags=server
@test "locked, it stands still; writes go on; unlocked, it catches up; kill -9, signals and closed pipes leave no lock" {
	trio
	slow
	wait_until 20 was_locked
	py "$MM_SOURCE_URI" <<-'P'
		c = client.shop.get_collection("orders", write_concern=pymongo.WriteConcern("majority", wtimeout=60000))
		c.insert_many([{"_id": 10000 + i} for i in range(500)])
		c.delete_many({"_id": {"$lt": 1000}})
		client.shop.late.insert_one({"_id": 1})
	P
	ends 0
	run is_locked
	assert_failure
	assert_file_contains "$TMP/dump.err" 'unlocked after'
	run jq -c '[.reason, .docs, (.colls | keys)]' <<<"$(summary "$TMP/dump.out")"
	assert_output '["complete",6000,["shop.orders","shop.ring"]]'
	# from and to are one position
	run sed -nE 's/.* from ([0-9:]+) to ([0-9:]+)$/\1 \2/p' "$TMP/dump.err"
	local from to
	read -r from to <<<"$output"
	assert_equal "$from" "$to"
	caught_up() {
		direct "$f_port" <<<'sys.exit(client.shop.late.count_documents({}) != 1)'
	}
	wait_until 20 caught_up

	# killed: the next one, and --unlock, lift it
	slow --rate-limit 50K
	wait_until 20 was_locked
	kill -9 "$dump_pid"
	wait "$dump_pid" || true
	is_locked
	slow --rate-limit 50K
	wait_until 20 grep -q 'lifting the lock' "$TMP/dump.err"
	wait_until 20 grep -q 'locked at' "$TMP/dump.err"
	kill -9 "$dump_pid"
	wait "$dump_pid" || true
	run mm-dump --server "127.0.0.1:$f_port" --unlock
	assert_success
	assert_output --partial 'unlocked'
	is_free
	run mm-dump --server "127.0.0.1:$f_port" --unlock
	assert_success
	assert_output --partial 'is not locked'

	# a signal
	slow --rate-limit 50K
	wait_until 20 was_locked
	kill -TERM "$dump_pid"
	ends 9
	is_free
	# a pipe whose reader goes
	run bash -c 'mm-dump --server "$1" -d shop --lock-secondary -Z none | head -c 1000 >/dev/null
		echo "${PIPESTATUS[0]}"' _ "127.0.0.1:$f_port"
	assert_line 141
	is_free
	# too long
	slow --lock-max 1
	ends 9
	assert_file_contains "$TMP/dump.err" 'as long as --lock-max allows'
	is_free
	run jq -r .reason <<<"$(summary "$TMP/dump.out")"
	assert_output signal
	# the log that it has to read afterwards goes
	slow --rate-limit 100K
	wait_until 20 was_locked
	py "$MM_SOURCE_URI" <<<'client.shop.late.insert_many([{"_id": i} for i in range(2, 9)])'
	simulate "$MM_SOURCE_URI" '{"simulate": "rollover", "entries": 1000000}' >/dev/null
	ends 9
	assert_file_contains "$TMP/dump.err" 'about to be overwritten'
	is_free
	run compgen -G "$TMP/mm-dump.lock*"
	assert_failure
}

# bats test_tags=server
@test "what may not be locked is refused with 8, and left as it is; valid only when a majority has it" {
	trio
	run -8 mm-dump --server "127.0.0.1:$p_port" -d shop --lock-secondary
	assert_output --partial 'it is no secondary'
	direct "$f_port" <<<'client.admin.command("fsync", lock=True)'
	run -8 mm-dump --server "127.0.0.1:$f_port" -d shop --lock-secondary
	assert_output --partial 'is locked already'
	direct "$f_port" <<<'print(client.admin.command("fsyncUnlock")["lockCount"])'
	run -2 mm-dump -d shop --unlock -o "$TMP/x"
	run -2 mm-dump -d shop --at-cluster-time 1:1
	run -2 mm-dump -d shop --lock-secondary --read-concern snapshot

	# not before a majority has it
	simulate "$MM_SOURCE_URI" '{"simulate": "hold"}' >/dev/null
	py "$MM_SOURCE_URI&w=1" <<<'client.shop.get_collection("orders", write_concern=pymongo.WriteConcern(1)).insert_one({"_id": -1})'
	has_it() {
		direct "$f_port" <<<'sys.exit(client.shop.orders.count_documents({"_id": -1}) != 1)'
	}
	wait_until 20 has_it
	run_bg dump mm-dump --server "127.0.0.1:$f_port" -d shop --lock-secondary \
		--status-file "$TMP/status"
	waits() { jq -e '.state == "waiting"' "$TMP/status" >/dev/null 2>&1; }
	wait_until 20 waits
	is_free
	alive() { kill -0 "$dump_pid"; }
	alive
	simulate "$MM_SOURCE_URI" '{"simulate": "release"}' >/dev/null
	ends 0
	run jq -c '[.reason, .docs]' <<<"$(summary "$TMP/dump.out")"
	assert_output '["complete",6001]'

	# without f only the primary of two would be left
	kill -9 "$g_pid"
	no_g() {
		direct "$f_port" <<<'sys.exit(any(m["health"] != 1 for m in client.admin.command("replSetGetStatus")["members"]) == False)'
	}
	wait_until 60 no_g
	run -8 mm-dump --server "127.0.0.1:$f_port" -d shop --lock-secondary
	assert_output --partial 'without it no majority'
	is_free
}

# bats test_tags=server
@test "--read-concern snapshot: all as of one time, while it is written" {
	start_sim src
	export MM_SOURCE_URI=$src_uri
	py "$src_uri" <<-'P'
		for at in range(0, 6000, 2000):
		    client.shop.orders.insert_many([{"_id": i, "pad": "x" * 300} for i in range(at, at + 2000)])
	P
	run_bg dump mm-dump -d shop --read-concern snapshot --rate-limit 400K \
		--block-size 128K --status-file "$TMP/status"
	under_way() { jq -e '.docs > 300' "$TMP/status" >/dev/null 2>&1; }
	wait_until 20 under_way
	py "$src_uri" <<-'P'
		client.shop.orders.insert_many([{"_id": 10000 + i} for i in range(500)])
		client.shop.orders.delete_many({"_id": {"$gt": 3000, "$lt": 10000}})
	P
	ends 0
	run jq -c '[.reason, .docs]' <<<"$(summary "$TMP/dump.out")"
	assert_output '["complete",6000]'
	local at
	at=$(sed -nE 's/.* from ([0-9:]+) to .*/\1/p' "$TMP/dump.err")
	run mm-dump -d shop --read-concern snapshot --at-cluster-time "$at" -o "$TMP/again"
	assert_success
	run jq -c '[.reason, .docs]' <<<"$(summary "$TMP/again")"
	assert_output '["complete",6000]'
	py "$src_uri" <<<'client.shop.create_collection("ring", capped=True, size=4096)'
	run -8 mm-dump -d shop --read-concern snapshot -o "$TMP/capped"
	assert_output --partial '"shop.ring" is capped: the source cannot read it as of a time, that needs MongoDB 8.0; exclude it'
	start_sim old --fcv 4.4
	run -8 mm-dump --source "$old_uri" -d shop --read-concern snapshot
	assert_output --partial 'needs MongoDB 5.0'
}
