#!/usr/bin/env bats
# The oplog of mongosim against the recordings.
bats_require_minimum_version 1.8.0

load lib

compare() {
	start_sim s --fcv "$1"
	run "$PY" "$TOOLS/sim_shapes.py" "$s_uri" "$REPO/tests/corpus"
	assert_success
	# Kinds that must have been compared, so that the test says something.
	for kind in 'i' 'i txnNumber' 'i fromMigrate' "u \$v:$2" \
		"u \$v:$2 txnNumber" 'u replacement' 'd' 'd txnNumber' \
		'c create' 'c createIndexes' 'c startIndexBuild' \
		'c commitIndexBuild' 'c dropIndexes' 'c collMod' 'c drop' \
		'c dropDatabase' 'c renameCollection' \
		'c renameCollection dropTarget' 'n note' \
		'n image txnNumber' "u \$v:$2 txnNumber preImageOpTime" \
		"u \$v:$2 txnNumber postImageOpTime" \
		'd txnNumber preImageOpTime' \
		'i config.system.indexBuilds' \
		"u \$v:$2 config.system.indexBuilds" \
		'd config.system.indexBuilds'; do
		assert_line "$kind"
	done
}

@test "entries have the recorded shapes, deltas" {
	compare 4.9 2
}

@test "entries have the recorded shapes, modifiers" {
	compare 4.4 1
}

@test "entries of any kind can be written, and are where a tail looks" {
	start_sim s
	run py "$s_uri" <<-'END'
		at = client.admin.command(SON([("simulate", "entry"),
		    ("entry", SON([("op", "c"), ("ns", "admin.$cmd"), ("o", {
		    "applyOps": []})])), ("behind", {"prevOpTime": SON([
		    ("ts", Timestamp(0, 0)), ("t", Int64(-1))])})]))["opTime"]
		log = client.get_database("local", codec_options=
		    bson.codec_options.CodecOptions(document_class=SON))
		entry = log["oplog.rs"].find_one({"ts": {"$gte": at["ts"]}})
		print(list(entry), entry["o"] == {"applyOps": []})
		last = client.admin.command("hello")["lastWrite"]
		print(last["majorityOpTime"] == at)
	END
	assert_output "['op', 'ns', 'o', 'ts', 't', 'wall', 'v', 'prevOpTime'] True
True"
}
