bats_require_minimum_version 1.8.0
# A copy that was ended anywhere is gone on with: what is acknowledged is not
# read again.
load lib

two() {
	start_sim src
	start_sim dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
}

# fill URI: four collections of every kind: in ranges, in one scan, capped,
# mixed _id; some 64 MB, that cannot be packed into what a pipe holds.
fill() {
	py "$1" <<-'P'
		def many(name, ids):
		    ids = list(ids)
		    for at in range(0, len(ids), 4000):
		        client.shop[name].insert_many([{"_id": i, "n": 0, "pad": os.urandom(800).hex()}
		            for i in ids[at:at + 4000]])
		many("big", range(26000))
		many("mid", [ObjectId() for i in range(6000)])
		many("mixed", [float("nan"), MaxKey(), MinKey(), None, True, Decimal128("7.25"),
		    {"a": 1}] + ["s%d" % i for i in range(2000)] + [i + 0.5 for i in range(2000)])
		client.shop.create_collection("ring", capped=True, size=8 << 20)
		many("ring", range(3000))
		client.shop.tiny.insert_one({"_id": 1})
		client.shop.mid.create_index("n")
		client.shop.tiny.create_index("u", unique=True)
		client.shop.tiny.create_index("at", expireAfterSeconds=3600)
		client.shop.command("create", "seen", viewOn="mid", pipeline=[])
	P
}

# Documents that the source has given to readers, and how many of them there
# are.
given() {
	simulate "$src_uri" '{"serverStatus": 1}' | jq .metrics.document.returned
}

# brake DOCUMENTS: when about so many more were given, the source gives them
# slowly, two batches of 39 a second to each reader: however late the one is who
# is to kill or stop them, there is something left to do.
brake() {
	simulate "$src_uri" '{"simulate": "delay", "command": "getMore",
		"ms": 500, "times": 0, "after": '"$(($1 / 39))"'}' >/dev/null
}

no_brake() {
	simulate "$src_uri" '{"simulate": "clear"}' >/dev/null
}

in_order() {
	run py "$dst_uri" "$src_uri" <<-'P'
		other = pymongo.MongoClient(sys.argv[2])
		ids = lambda c: [d["_id"] for d in c.shop.ring.find().sort("$natural", 1)]
		print(ids(client) == ids(other))
	P
	assert_output True
}

# round WHICH [options of mm-dump]: one run of dump | load, of which one side
# is killed when so many documents (random) were read; statuses in $ended.
round() {
	local victim=$1 goal pid token=() more=$((RANDOM % 2400))
	shift
	goal=$(($(given) + more))
	[[ $victim == none ]] || brake $((more + 600))
	if mm-load -d shop --print-resume-token >"$TMP/token" 2>/dev/null; then
		token=(--resume "$TMP/token")
	fi
	# Both ends are open from the start: whoever is killed early does not
	# leave the other waiting.
	mkfifo "$TMP/fifo"
	exec 8<>"$TMP/fifo" 9<"$TMP/fifo" 7>"$TMP/fifo" 8>&-
	rm "$TMP/fifo" "$TMP/status" 2>/dev/null || true
	run_bg load bash -c 'exec mm-load -d shop <&9 7>&- 9<&-'
	mm-dump -d shop "${token[@]}" "$@" >&7 2>"$TMP/dump.err" \
		3>&- 7>&- 9<&- &
	dump_pid=$!
	remember "$dump_pid"
	exec 9<&- 7>&-
	if [[ $victim != none ]]; then
		pid=${victim}_pid
		reached() {
			(($(given) >= goal)) ||
				! grep -qs 'State:.*[RSDt]' "/proc/${!pid}/status"
		}
		wait_until 60 reached
		kill -9 "${!pid}" 2>/dev/null || true
	fi
	ended=()
	local status=0
	wait "$dump_pid" || status=$?
	ended+=("$status")
	status=0
	wait "$load_pid" || status=$?
	ended+=("$status")
	no_brake
}

# bats test_tags=server
@test "killed with -9 at 20 random points, either side: gone on with, nothing read twice but what was under way" {
	require_sim
	two
	fill "$src_uri"
	local before kills=0 runs=0 victim docs more seed=${MM_SEED:-$RANDOM}
	echo "MM_SEED=$seed"
	RANDOM=$seed
	docs=$(py "$src_uri" <<-'P'
		names = [n for n in client.shop.list_collection_names() if n != "seen"]
		print(sum(client.shop[n].estimated_document_count() for n in names))
	P
	)
	before=$(given)
	local options=(-T 2 --partition-size 4M --batch-bytes 64K --block-size 128K)
	while ((kills < 20 && runs < 60)); do
		victim=load
		((kills % 2)) || victim=dump
		round "$victim" "${options[@]}" --rate-limit 4M
		runs=$((runs + 1))
		[[ ${ended[*]} != *137* ]] || kills=$((kills + 1))
	done
	assert_equal "$kills" 20
	round none "${options[@]}"
	assert_equal "${ended[*]}" '0 0'
	more=$(($(given) - before - docs))
	echo "docs: $docs; kills: $kills of $runs; given in vain: $more"
	# 80 documents a block. Two readers, the pipe and four inserters hold
	# 21 blocks at most, a third of that as a rule. Begun anew each time it
	# would be more than 1,200 documents a kill, the half of `goal` and these.
	((more < kills * 16 * 80))
	assert_same "$src_uri" "$dst_uri" shop
	in_order
	run -1 mm-load -d shop --print-resume-token
	run py "$dst_uri" <<<'print(client.mm_control.owned.count_documents({"load": {"$exists": True}}))'
	assert_output 0
}

# stopped: a copy in the middle of which everything is stopped; its token is
# in $TMP/token.
stopped() {
	brake 12000
	run_bg half bash -c 'mm-dump -d shop -T 2 --partition-size 4M --batch-bytes 64K \
		--block-size 128K --rate-limit 6M | mm-load -d shop --status-file "$0"' "$TMP/status"
	under_way() {
		jq -e '.docs > 9000' "$TMP/status" >/dev/null 2>&1
	}
	wait_until 30 under_way
	pkill -TERM -P "$half_pid" mm-dump
	wait "$half_pid" || true
	no_brake
	mm-load -d shop --print-resume-token >"$TMP/token"
}

# bats test_tags=server
@test "what became of the source meanwhile: the log from the first start makes it equal" {
	require_sim
	two
	fill "$src_uri"
	mm-archive -D "$TMP/archive" -d shop --exit-when-caught-up
	stopped
	py "$src_uri" <<-'P'
		db = client.shop
		db.tiny.drop()
		db.mixed.drop()
		db.mixed.insert_many([{"_id": "s%d" % i, "new": 1} for i in range(500)])
		db.late.insert_many([{"_id": i} for i in range(100)])
		db.big.delete_many({"_id": {"$gte": 3000, "$lt": 13000}})
		db.mid.delete_many({"_id": {"$lt": [d["_id"] for d in db.mid.find({}, {"_id": 1}).sort("_id", 1).skip(4000).limit(1)][0]}})
		db.big.update_many({"_id": {"$lt": 500}}, {"$inc": {"n": 1}})
		db.big.create_index("n")
		db.late.create_index("at", expireAfterSeconds=60)
		db.ring.insert_many([{"_id": 10000 + i, "pad": "x" * 700} for i in range(300)])
	P
	run bash -o pipefail -c 'mm-dump -d shop --resume "$1" -v | mm-load -d shop' _ "$TMP/token"
	assert_success
	mm-archive -D "$TMP/archive" -d shop --exit-when-caught-up
	run mm-replay -D "$TMP/archive" -d shop
	assert_success
	assert_same "$src_uri" "$dst_uri" shop
	in_order
}

# bats test_tags=server
@test "a token that does not fit is refused, a damaged one is 3, none is 1; mm-copy goes on by itself" {
	require_sim
	two
	fill "$src_uri"
	run -1 mm-load -d shop --print-resume-token
	stopped
	run -8 mm-dump -d other --resume "$TMP/token"
	assert_output --partial 'another selection'
	run -8 bash -o pipefail -c 'mm-dump -d shop --resume "$1" | mm-load -d shop --drop' _ "$TMP/token"
	tr A B <"$TMP/token" >"$TMP/damaged"
	run -3 mm-dump -d shop --resume "$TMP/damaged"
	head -c 300 "$TMP/token" >"$TMP/damaged"
	run -3 mm-dump -d shop --resume "$TMP/damaged"
	# a load that was begun anew is another one
	mm-dump -d shop -c tiny -o "$TMP/tiny"
	run -0 mm-copy -d shop
	assert_output --partial 'goes on with the copy before'
	assert_same "$src_uri" "$dst_uri" shop
	run -8 bash -o pipefail -c 'mm-dump -d shop --resume "$1" | mm-load -d shop' _ "$TMP/token"
	in_order
}
