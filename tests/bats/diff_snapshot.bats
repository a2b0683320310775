bats_require_minimum_version 1.8.0
# mm-diff --mode snapshot: the source as of what an applier has left behind,
# while the source is written.
load lib
# bats file_tags=server

position() {
	jq -r .position "$TMP/apply.st" 2>/dev/null
}

# A copy of shop that an applier has followed for a while and then left. No
# collection is made meanwhile: a server has no snapshot of before that.
left_behind() {
	start_server src --fcv 5.0
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	run_bg writer "$PY" "$TOOLS/workload.py" "$src_uri" --db shop --db other \
		--rate 300 --threads 2 --initial 200 --transactions 0.05 --new 0
	all_made() {
		py "$src_uri" <<<'assert len(client.shop.list_collection_names()) >= 4'
	}
	wait_until 15 all_made
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now -d shop \
		--status-file "$TMP/tail.st"
	wait_until 15 test -s "$TMP/tail.st"
	wait_until 15 jq -e '.state == "following"' "$TMP/tail.st"
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	run_bg apply mm-oplog-apply -D "$TMP/seg" -d shop \
		--status-file "$TMP/apply.st"
	wait_until 30 jq -e '.entries > 300 and .lag_seconds < 20' "$TMP/apply.st"
}

@test "snapshot: exact beside a writer, at what the applier has left; faults are found" {
	left_behind
	run -8 mm-diff -d shop --mode snapshot
	assert_output --partial 'the applier is at work'
	kill "$apply_pid"
	wait "$apply_pid"
	run --separate-stderr -0 mm-diff -d shop --mode snapshot \
		--status-file "$TMP/diff.st"
	assert_equal "$(jq -r .mode "$TMP/diff.st")" snapshot
	# The writer has not stopped: without the snapshot they differ.
	wait_until 20 bash -c 'mm-diff -d shop --mode static >/dev/null 2>&1; (($? == 1))'
	run --separate-stderr -0 mm-diff -d shop --mode snapshot --by-lookup

	py "$dst_uri" <<-'P'
		name = sorted(n for n in client.shop.list_collection_names() if not n.startswith("system."))[0]
		ids = [d["_id"] for d in client.shop[name].find({}, {"_id": 1}).sort("_id", 1).limit(3)]
		assert client.shop[name].delete_one({"_id": ids[0]}).deleted_count
		assert client.shop[name].update_one({"_id": ids[1]}, {"$set": {"planted": 1}}).modified_count
		client.shop[name].insert_one({"_id": "planted"})
	P
	run --separate-stderr -1 mm-diff -d shop --mode snapshot --format json
	assert_equal "$(jq -r 'select(.ns) | .class' <<<"$output" | sort | tr '\n' ' ')" \
		'content extra missing '
}

@test "snapshot: what cannot be had is refused, and says what to do" {
	left_behind
	kill "$apply_pid"
	wait "$apply_pid"
	run -2 mm-diff -d shop --mode snapshot --follow
	[[ -n $MONGOD ]] || {
		py "$src_uri" <<<'client.admin.command("simulate", "forgetHistory")'
		run -8 mm-diff -d shop --mode snapshot
		assert_output --partial 'cannot be read as of'
		assert_output --partial '--mode=bracket'
	}
	py "$dst_uri" <<<'client.mm_control.jobs.delete_many({})'
	run -8 mm-diff -d shop --mode snapshot
	assert_output --partial 'no job with a position'
}
