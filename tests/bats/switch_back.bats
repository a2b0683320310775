bats_require_minimum_version 1.8.0
# mm-switch, back: what applications have written to the target comes back with
# them, wherever the programs are killed.
load lib
load switch_lib
# bats file_tags=server

setup() {
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
	nothing_lost "$src_uri"
}

@test "killed around each record of the way back: the next run goes on, and no write is lost" {
	migration
	for how in 'kept 1 1 6' 'lost 2 2 5'; do
		run -0 switch run
		more_writes
		writable target
		# shellcheck disable=SC2086 # words
		killed_at_each $how rollback
		writable source
		follow_again
	done
	nothing_lost "$src_uri"
}

@test "given up after each record of the way back: the target is open again, no write is lost" {
	migration
	# the way there given up when the way back was at work: it has ended
	killed '6 kept' run
	state_is armed
	point_at new
	run --separate-stderr -8 switch run
	assert_regex "$stderr" 'the address is not the old one'
	assert_file_exists "$(echo "$S"/back/*/apply.log)"
	point_at old
	run -0 py "$src_uri" <<<'print(*(j["phase"] for j in client.mm_control.jobs.find()))'
	assert_output switched
	more_writes
	writable source
	wait_until 30 field_is diff.st in_sync true
	run -0 switch run
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
	late_in back-blocked rollback
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
	nothing_lost "$src_uri"
}

@test "other names, new collections and indexes come back, and go there again" {
	sides
	py "$src_uri" <<-'P'
		client.shop.a.insert_many({"_id": i, "v": 0} for i in range(50))
		client.shop.gone.insert_one({"_id": 1})
		client.other.x.insert_one({"_id": 1})
	P
	SEL=(--nsInclude 'shop.*' --nsFrom 'shop.*' --nsTo 'store.*')
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now --nsInclude 'shop.*' \
		--status-file "$TMP/tail.st"
	wait_until 30 field_is tail.st state following
	mm-dump --nsInclude 'shop.*' --quiet | mm-load "${SEL[@]}" --quiet
	run_bg apply mm-oplog-apply -D "$TMP/seg" "${SEL[@]}" --status-file "$TMP/apply.st"
	wait_until 30 field_is apply.st state applying
	run_bg diff mm-diff "${SEL[@]}" --follow --status-file "$TMP/diff.st"
	wait_until 60 field_is diff.st in_sync true
	nudge
	# what is not known to lead back is refused before anything is done
	run --separate-stderr -8 switch check --state "$TMP/s2" --nsFrom shop.a --nsTo shop.b
	assert_line --partial 'is renamed in part'
	for round in 1 2; do
		wait_until 60 switch check
		run -0 switch run
		py "$dst_uri" "$round" <<-'P'
			n = int(sys.argv[2])
			store = client.store
			store.a.update_many({"_id": {"$lt": 10}}, {"$inc": {"v": 1}})
			store.a.delete_one({"_id": 20 + n})
			store["b%d" % n].insert_many({"at": i} for i in range(5))
			store["b%d" % n].create_index("at", name="ttl", expireAfterSeconds=86400)
			store.a.create_index("v%d" % n, name="v%d" % n, sparse=True)
			store.drop_collection("gone")
			client.shop.a.insert_one({"_id": "not of the selection"})
		P
		if ((round == 2)); then
			# a unique index is held back there: it has to be built before
			py "$dst_uri" <<<'client.store.a.create_index("u", name="u", unique=True, sparse=True)'
			run --separate-stderr -1 switch rollback
			assert_regex "$stderr" 'has an index that is not built yet'
			writable target
			py "$dst_uri" <<<'client.store.a.drop_index("u")'
		fi
		run -0 switch rollback
		assert_file_not_exists "$TMP/violations"
		assert_same "$src_uri" "$dst_uri" shop=store
		run -0 py "$src_uri" "$round" <<-'P'
			n = int(sys.argv[2])
			shop = client.shop
			assert sorted(shop.list_collection_names()) == ["a"] + ["b%d" % (i + 1) for i in range(n)]
			assert "v%d" % n in shop.a.index_information()
			for i in range(n):
			    ttl = shop["b%d" % (i + 1)].index_information()["ttl"]
			    assert ttl["expireAfterSeconds"] == 86400, ttl
			assert shop.a.find_one({"_id": 5})["v"] == n
			assert list(client.other.x.find()) == [{"_id": 1}]
		P
		py "$dst_uri" <<<'client.shop.drop_collection("a")'
		follow_again
		py "$src_uri" <<<'client.shop.a.update_one({"_id": 30}, {"$inc": {"v": 7}})'
	done
	run -0 py "$dst_uri" <<-'P'
		info = client.store.b1.index_information()["ttl"]
		assert info["expireAfterSeconds"] == 2147483647, info
	P
}
