#!/usr/bin/env bats
# Recordings of a real server, served by mongosim.
bats_require_minimum_version 1.8.0

load lib

setup() {
	require_sim
}

feed_all() {
	local folder n=0
	for folder in "$REPO/tests/corpus/$1"/*/; do
		start_sim s --fcv "$2" --feed "$folder" --feed-rate 0
		"$PY" "$TOOLS/sim_feed.py" "$s_uri" "${folder%/}"
		stop_servers
		n=$((n + 1))
	done
	((n >= 9))
}

@test 'every recording ends as the real server did: deltas' {
	feed_all 4.9-v2 4.9
}

@test 'every recording ends as the real server did: modifiers' {
	feed_all 4.9-fcv4.4-v1 4.4
}

@test 'step by step and at a rate, positions follow' {
	local folder=$REPO/tests/corpus/4.9-v2/prepared
	start_sim s --feed "$folder"
	py "$s_uri" <<-'END'
		def at():
		    last = client.admin.command("hello")["lastWrite"]
		    assert last["opTime"] == last["majorityOpTime"]
		    return last["opTime"]["ts"]
		def feed(n):
		    got = client.admin.command("simulate", "feed", entries=n)
		    return got["fed"], got["left"]
		log, coll = client.local["oplog.rs"], client.bank.log
		assert at() == Timestamp(1795344201, 62), at()
		assert log.count_documents({}) == 1
		# The first entry prepares, the fourth commits.
		assert feed(3) == (3, 33)
		assert at() == Timestamp(1795344201, 67)
		assert coll.find_one({"_id": "p0"}) is None
		try:
		    coll.insert_one({})
		    raise SystemExit("written during the feed")
		except pymongo.errors.OperationFailure as e:
		    assert e.code == 238, e
		assert feed(1) == (1, 32)
		assert coll.find_one({"_id": "p0"})
		assert feed("all") == (32, 0)
		assert feed(1) == (0, 0)
		last = at()
		coll.insert_one({})
		assert at() > last
	END
	stop_servers
	start_sim s --feed "$folder" --feed-rate 100
	wait_until 10 "$PY" "$TOOLS/sim_feed.py" "$s_uri" "$folder"
}

@test 'a folder that is no recording' {
	run ! "$B/tests/mongosim" --port 0 --feed "$TMP"
	assert_output --partial 'could not open'
}
