bats_require_minimum_version 1.8.0
# mm-oplog-apply: its ledger and its journal. Logs are written by mmstream.py,
# another store as the source.
load lib
load apply_lib

rows() { # rows FILE...: plain documents, one a line
	mm-cat json --relaxed "$@" | jq -c ".doc // ."
}

checkpoint() {
	py "$dst_uri" <<-'P'
		c = client.mm_control.jobs.find_one()["checkpoint"]["applied"]
		print("%d:%d:%d" % (c["ts"].time, c["ts"].inc, c["t"]))
	P
}

@test "ledger: what should not be, after seen; what is expected before it is absorbed" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 1, "n": 1}}'
	changes 10:0:1 --seen 10:2:1 >"$TMP/log" <<-'J'
		{"at": "10:1:1", "op": "d", "ns": "shop.a", "_id": 7}
		{"at": "10:2:1", "op": "i", "ns": "shop.a", "doc": {"_id": 1, "n": 2}}
		{"at": "10:3:1", "op": "i", "ns": "shop.a", "doc": {"_id": 2}}
		{"at": "10:4:1", "op": "i", "ns": "shop.a", "doc": {"_id": 1, "n": 3}}
		{"at": "10:5:1", "op": "d", "ns": "shop.a", "_id": 8}
		{"at": "10:6:1", "op": "u", "ns": "shop.a", "doc": {"_id": 9, "n": 9}}
	J
	run mm-oplog-apply -d shop --ledger "$TMP/ledger" --status-file "$TMP/status" "$TMP/log"
	assert_success
	run jq -r .ledger "$TMP/status"
	assert_output 3
	mm-cat verify "$TMP"/ledger/00000001.ledger.bson.zst
	rows "$TMP"/ledger/* >"$TMP/rows"
	run jq -rs 'sort_by(.ts["$timestamp"].i)[] | "\(.ts["$timestamp"].i) \(.ns) \(._id) \(.op) \(.what)"' "$TMP/rows"
	assert_output "4 shop.a 1 i existed
5 shop.a 8 d missing
6 shop.a 9 u missing"
	# again: nothing is applied twice, what was found still counts
	mm-oplog-apply -d shop --ledger "$TMP/ledger" --status-file "$TMP/status" "$TMP/log"
	run jq -r .ledger "$TMP/status"
	assert_output 3
	run ls "$TMP/ledger"
	assert_output 00000001.ledger.bson.zst
}

@test "ledger: a refused entry with the document it would have made, 8; then it goes on" {
	store 10:0:1 <<<'{"ns": "shop.u", "doc": {"_id": 0, "k": 0}}'
	py "$dst_uri" <<<'client.shop.u.create_index("k", unique=True)'
	changes 10:0:1 >"$TMP/log" <<-'J'
		{"at": "10:1:1", "op": "i", "ns": "shop.u", "doc": {"_id": 1, "k": 1}}
		{"at": "10:2:1", "op": "i", "ns": "shop.u", "doc": {"_id": 2, "k": 1}}
		{"at": "10:3:1", "op": "u", "ns": "shop.u", "doc": {"_id": 2, "k": 2}}
	J
	run -8 mm-oplog-apply -d shop --ledger "$TMP/ledger" --status-file "$TMP/status" "$TMP/log"
	run jq -r .ledger "$TMP/status"
	assert_output 1
	rows "$TMP"/ledger/* >"$TMP/rows"
	run jq -rs '"\(.[0].ts["$timestamp"].i) \(.[0]._id) \(.[0].what) \(.[0].image) \(.[1])"' "$TMP/rows"
	assert_output '2 2 refused true {"_id":2,"k":1}'
	run checkpoint
	assert_output 10:1:1
	py "$dst_uri" <<<'client.shop.u.drop_index("k_1")'
	mm-oplog-apply -d shop --ledger "$TMP/ledger" --status-file "$TMP/status" "$TMP/log"
	run jq -r .ledger "$TMP/status"
	assert_output 0
	run docs u
	assert_output --partial "{'_id': 2, 'k': 2}"
	# of another job
	"$PY" "$TOOLS/mmstream.py" write-snapshot --source ledger --nsInclude 'other.*' --from 10:0:1 \
		<<<'{"ns": "other.a", "doc": {"_id": 1}}' | mm-load -d other --quiet
	"$PY" "$TOOLS/mmstream.py" write-oplog --source ledger --nsInclude 'other.*' --after 10:0:1 \
		</dev/null >"$TMP/other"
	run -8 mm-oplog-apply -d other --ledger "$TMP/ledger" "$TMP/other"
	assert_output --partial 'is of job'
}

@test "replay over a unique index: what conflicts waits; behind seen it is refused with its document" {
	store 10:0:1 10:5:1 <<<'{"ns": "shop.u", "doc": {"_id": 0, "k": 0}}'
	py "$dst_uri" <<<'client.shop.u.create_index("k", unique=True)'
	local waits='{"at": "10:1:1", "op": "i", "ns": "shop.u", "doc": {"_id": 1, "k": 0}}'
	local more='{"at": "10:2:1", "op": "u", "ns": "shop.u", "doc": {"_id": 1, "k": 0, "n": 1}}'
	local frees='{"at": "10:3:1", "op": "u", "ns": "shop.u", "doc": {"_id": 0, "k": 3}}'
	local behind='{"at": "10:6:1", "op": "i", "ns": "shop.u", "doc": {"_id": 6, "k": 6}}'
	# the log ends before it is free
	changes 10:0:1 <<<"$waits" >"$TMP/log"
	run -8 mm-oplog-apply -d shop --ledger "$TMP/ledger" "$TMP/log"
	assert_output --partial 'position 10:1:1 to "shop.u"'
	assert_file_not_exist "$TMP/ledger/00000001.ledger.bson.zst"
	# a signal: it can go on waiting
	printf '%s\n' "$waits" "$more" | changes 10:0:1 --encoding live >"$TMP/log"
	mkfifo "$TMP/fifo"
	run_bg apply bash -c 'exec mm-oplog-apply -d shop --status-file "$1/status" <"$1/fifo"' _ "$TMP"
	exec 9>"$TMP/fifo"
	cat "$TMP/log" >&9
	asked() { [[ $(jq .lag_entries "$TMP/status") == 2 ]]; }
	wait_until 20 asked
	kill "$apply_pid"
	wait "$apply_pid"
	exec 9>&-
	assert_file_contains "$TMP/apply.err" 'stopped while an entry waits'
	run checkpoint
	assert_output 10:0:1
	# it is never freed
	printf '%s\n' "$waits" "$more" "$behind" | changes 10:0:1 >"$TMP/log"
	run -8 mm-oplog-apply -d shop --ledger "$TMP/ledger" "$TMP/log"
	rows "$TMP"/ledger/* >"$TMP/rows"
	run jq -rs '"\(.[0].ts["$timestamp"].i) \(.[0]._id) \(.[0].what) \(.[1])"' "$TMP/rows"
	assert_output '2 1 refused {"_id":1,"k":0,"n":1}'
	run checkpoint
	assert_output 10:0:1
	# it is
	printf '%s\n' "$waits" "$more" "$frees" "$behind" | changes 10:0:1 >"$TMP/log"
	mm-oplog-apply -d shop --batch-ops 1 "$TMP/log"
	run docs u
	assert_output "[{'_id': 0, 'k': 3}, {'_id': 1, 'k': 0, 'n': 1}, {'_id': 6, 'k': 6}]"
}

@test "killed past seen: what was applied already is no anomaly" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 1}}'
	{
		echo '{"at": "10:1:1", "op": "i", "ns": "shop.a", "doc": {"_id": 2, "n": 1}}'
		echo '{"at": "10:2:1", "op": "d", "ns": "shop.a", "_id": 1}'
		echo '{"at": "10:3:1", "op": "u", "ns": "shop.a", "doc": {"_id": 2, "n": 2}}'
	} | changes 10:0:1 --seen 10:0:1 --encoding live >"$TMP/log"
	mkfifo "$TMP/fifo"
	run_bg apply bash -c 'exec mm-oplog-apply -d shop <"$1"' _ "$TMP/fifo"
	exec 9>"$TMP/fifo"
	cat "$TMP/log" >&9
	applied() { [[ $(docs a) == "[{'_id': 2, 'n': 2}]" ]]; }
	wait_until 20 applied
	kill -9 "$apply_pid"
	wait "$apply_pid" || true
	exec 9>&-
	# as if the kill had come before the checkpoint
	py "$dst_uri" <<<'client.mm_control.jobs.update_one({}, {"$set": {"checkpoint.applied.ts": Timestamp(10, 0)}})'
	mm-oplog-apply -d shop --ledger "$TMP/ledger" --status-file "$TMP/status" "$TMP/log"
	run jq -r '"\(.ledger) \(.entries)"' "$TMP/status"
	assert_output '0 3'
}

@test "journal: old and new of each entry, coalesced or not; fuzzy up to the end of the copy" {
	store 10:0:1 10:1:1 <<<'{"ns": "shop.a", "doc": {"_id": 1, "n": 0}}'
	changes 10:0:1 >"$TMP/log" <<-'J'
		{"at": "10:1:1", "op": "u", "ns": "shop.a", "doc": {"_id": 1, "n": 1}}
		{"at": "10:2:1", "op": "u", "ns": "shop.a", "doc": {"_id": 1, "n": 2}}
		{"at": "10:3:1", "op": "d", "ns": "shop.a", "_id": 1}
		{"at": "10:4:1", "txn": [{"op": "i", "ns": "shop.a", "doc": {"_id": 1, "n": 4}}, {"op": "i", "ns": "shop.a", "doc": {"_id": 2}}]}
	J
	mm-oplog-apply -d shop --journal "$TMP/journal" "$TMP/log"
	mm-cat verify "$TMP"/journal/00000001.journal.bson.zst
	rows "$TMP"/journal/* >"$TMP/rows"
	run jq -c 'select(._id == 1 or .op == null) | if .op then [.ts["$timestamp"].i, .op, .old, .new, .fuzzy] else [.n] end' "$TMP/rows"
	assert_line '[1,"u",true,true,true]' # lanes may come in any order
	run "$PY" - "$TMP/rows" <<-'P'
		import sys, json
		rows, docs = [], [json.loads(l) for l in open(sys.argv[1])]
		while docs:
		    h = docs.pop(0)
		    old = docs.pop(0) if h["old"] else None
		    new = docs.pop(0) if h["new"] else None
		    rows.append((h["ts"]["$timestamp"]["i"], h["_id"], h.get("i"), h.get("fuzzy"), old and old.get("n"), new and new.get("n")))
		print(*sorted(rows, key=lambda r: r[:2]), sep="\n")
	P
	assert_output "(1, 1, None, True, 0, 1)
(2, 1, None, None, 1, 2)
(3, 1, None, None, 2, None)
(4, 1, 0, None, None, 4)
(4, 2, 1, None, None, None)"
}
