bats_require_minimum_version 1.8.0
# mm-oplog-apply: what it refuses, by name, and where its checkpoint stands then.
load lib
load apply_lib

@test "not loaded, another source, selection, kind: 8; a gap or another history: 6" {
	log_lines 1 3 | changes 10:0:1 >"$TMP/log"
	run -8 mm-oplog-apply -d shop "$TMP/log"
	assert_output --partial 'nothing was loaded for it'
	run -8 mm-oplog-apply -d shop --print-position
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	local job
	job=$(py "$dst_uri" <<<'print(client.mm_control.jobs.find_one()["_id"])')
	run -2 mm-oplog-apply "$TMP/log"
	run -8 mm-oplog-apply -d shop -c a "$TMP/log"
	assert_output --partial 'do not cover'
	run -8 mm-oplog-apply -d shop --nsExclude 'shop.x*' "$TMP/log"
	run -8 mm-oplog-apply -d shop <"$TMP/snapshot"
	assert_output --partial 'snapshot'
	# the job by name, and a stream that is not its own
	log_lines 1 3 | "$PY" "$TOOLS/mmstream.py" write-oplog --source other \
		--nsInclude 'shop.*' --after 10:0:1 >"$TMP/bad"
	run -8 mm-oplog-apply -d shop --job "$job" "$TMP/bad"
	assert_output --partial 'another source'
	log_lines 1 3 | "$PY" "$TOOLS/mmstream.py" write-oplog --source ledger \
		--nsInclude 'shop.a' --after 10:0:1 >"$TMP/bad"
	run -8 mm-oplog-apply -d shop --job "$job" "$TMP/bad"
	assert_output --partial 'another selection'
	log_lines 2 3 | changes 10:1:1 >"$TMP/bad"
	run -6 mm-oplog-apply -d shop "$TMP/bad"
	assert_output --partial 'there is a gap'
	log_lines 1 3 | changes 10:0:2 >"$TMP/bad"
	run -6 mm-oplog-apply -d shop "$TMP/bad"
	assert_output --partial 'another history'
	run checkpoint
	assert_output 10:0:1
	run mm-oplog-apply -d shop "$TMP/log"
	assert_success
}

@test "an entry outside the selection of its stream: 8, and nothing of it is written" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	local ns
	for ns in crm.a admin.system.users mm_control.jobs shop.system.users shopx.a; do
		changes 10:0:1 >"$TMP/log" <<-J
			{"at": "10:1:1", "op": "i", "ns": "shop.a", "doc": {"_id": 1}}
			{"at": "10:2:1", "op": "i", "ns": "$ns", "doc": {"_id": "evil"}}
			{"at": "10:3:1", "op": "i", "ns": "shop.a", "doc": {"_id": 3}}
		J
		run -8 mm-oplog-apply -d shop "$TMP/log"
		assert_output --partial "$ns"
		assert_output --partial '10:2:1'
		run checkpoint
		assert_output 10:1:1
	done
	run docs a
	assert_output "[{'_id': 0}, {'_id': 1}]"
}

# command_log CODE: a log of one insert, then the entry that CODE makes of `e`,
# then another insert.
command_log() {
	changes 10:0:1 --encoding bare <<-'J' >"$TMP/plain"
		{"at": "10:1:1", "op": "i", "ns": "shop.a", "doc": {"_id": 1}}
		{"at": "10:2:1", "op": "i", "ns": "shop.a", "doc": {"_id": 2}}
		{"at": "10:3:1", "op": "i", "ns": "shop.a", "doc": {"_id": 3}}
	J
	"$PY" "$TOOLS/restream.py" "
e = bson.decode(records[2][1][0], codec_options=SON_CODEC)
e['op'], e['ns'] = 'c', 'shop.\$cmd'
$1
records[2][1][0] = bson.encode(e)" <"$TMP/plain" >"$TMP/log"
}

@test "commands: with --ddl stop all that change something, else unknown ones are refused by name and position" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	local code
	refused() {
		run -8 mm-oplog-apply -d shop "$@" "$TMP/log"
		assert_output --partial ' 10:2:1: '
		run checkpoint
		assert_output 10:1:1
	}
	for code in 'SON([("drop", "a")])' 'SON([("renameCollection", "shop.a"), ("to", "shop.b")])' \
		'SON([("collMod", "a"), ("validator", {})])' 'SON([("dropDatabase", 1)])' \
		'SON([("create", "b")])' 'SON([("convertToCapped", "a"), ("size", 4096)])'; do
		command_log "e['o'] = $code"
		refused --ddl stop
	done
	command_log "e['op'] = 'i'; e['ns'] = 'shop.system.views'; e['o'] = {'_id': 'shop.v', 'viewOn': 'a', 'pipeline': []}"
	refused --ddl stop
	for code in 'SON([("frobnicate", "a")])' 'SON([("create", "t"), ("timeseries", {"timeField": "t"})])' \
		'SON([("emptycapped", "a")])' 'SON([("importCollection", "a")])'; do
		command_log "e['o'] = $code"
		refused
		refused --ddl ignore
	done
	for code in startIndexBuild abortIndexBuild dbCheck; do
		command_log "e['o'] = SON([('$code', 'a'), ('indexes', [])])"
		run mm-oplog-apply -d shop --ddl stop --until 10:2 "$TMP/log"
		assert_success
	done
	run docs a
	assert_output "[{'_id': 0}, {'_id': 1}]"
	run -2 mm-oplog-apply -d shop --ddl maybe "$TMP/log"
}

@test "create: with its options, again is harmless, other options are refused" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 0}}'
	command_log "e['o'] = SON([('create', 'c'), ('capped', True), ('size', 8192), ('max', 5), ('idIndex', SON([('v', 2), ('key', {'_id': 1}), ('name', '_id_')]))])"
	mm-oplog-apply -d shop --until 10:2 "$TMP/log"
	run py "$dst_uri" <<<'o = client.shop.c.options(); print(o["capped"], o["size"], o["max"])'
	assert_output 'True 8192 5'
	# as after a crash before the checkpoint
	py "$dst_uri" <<<'client.mm_control.jobs.update_one({}, {"$set": {"checkpoint.applied.ts": Timestamp(10, 1)}})'
	run mm-oplog-apply -d shop "$TMP/log"
	assert_success
	run checkpoint
	assert_output 10:3:1
	py "$dst_uri" <<<'client.mm_control.jobs.update_one({}, {"$set": {"checkpoint.applied.ts": Timestamp(10, 1)}}); client.shop.c.drop(); client.shop.create_collection("c")'
	run -8 mm-oplog-apply -d shop "$TMP/log"
	assert_output --partial 'other options (capped'
	assert_output --partial '10:2:1'
}

@test "what the target refuses: 8 with namespace, _id and position; the checkpoint before it" {
	store 10:0:1 <<<'{"ns": "shop.u", "doc": {"_id": 0, "k": 0}}'
	py "$dst_uri" <<<'client.shop.u.create_index("k", unique=True)'
	changes 10:0:1 >"$TMP/log" <<-'J'
		{"at": "10:1:1", "op": "i", "ns": "shop.u", "doc": {"_id": 1, "k": 1}}
		{"at": "10:2:1", "op": "u", "ns": "shop.u", "doc": {"_id": 0, "k": 2}}
		{"at": "10:3:1", "op": "i", "ns": "shop.u", "doc": {"_id": 3, "k": 0}}
		{"at": "10:4:1", "op": "i", "ns": "shop.u", "doc": {"_id": "four", "k": 1}}
		{"at": "10:5:1", "op": "i", "ns": "shop.u", "doc": {"_id": 5, "k": 5}}
	J
	run -8 mm-oplog-apply -d shop "$TMP/log"
	assert_output --partial '"shop.u", _id "four"'
	assert_output --partial 'position 10:4:1'
	run checkpoint
	assert_output 10:3:1
	run docs u
	assert_output "[{'_id': 0, 'k': 2}, {'_id': 1, 'k': 1}, {'_id': 3, 'k': 0}]"
	py "$dst_uri" <<<'client.shop.u.drop_index("k_1")'
	mm-oplog-apply -d shop "$TMP/log"
	run docs u
	assert_output --partial "{'_id': 'four', 'k': 1}"
}
