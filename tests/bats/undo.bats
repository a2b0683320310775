bats_require_minimum_version 1.8.0
# mm-oplog-apply --undo: the newest part of a journal played backwards. Logs are
# written by mmstream.py, another store as the source.
load lib
load apply_lib

apply() { # with the journal
	mm-oplog-apply -d shop --journal "$TMP/journal" --quiet "$@"
}

undo() { # undo RANGE [options]
	mm-oplog-apply -d shop --journal "$TMP/journal" --undo "$@"
}

state() { # every document of shop, its bytes
	py "$dst_uri" <<-'P'
		raw = bson.codec_options.CodecOptions(document_class=bson.raw_bson.RawBSONDocument)
		for name in sorted(client.shop.list_collection_names()):
		    for line in sorted(d.raw.hex() for d in client.shop.get_collection(name, raw).find()):
		        print(name, line)
	P
}

checkpoint() {
	py "$dst_uri" <<-'P'
		c = client.mm_control.jobs.find_one()["checkpoint"]
		print("%d:%d:%d" % (c["applied"]["ts"].time, c["applied"]["ts"].inc, c["applied"]["t"]), "ahead" in c)
	P
}

# random_log N [M]: entries 10:1:1 to 10:N:1 on M documents (40) of three
# collections.
random_log() {
	"$PY" - "$1" "${2:-40}" <<-'P'
		import json, random, sys
		there = {}
		def change(r):
		    ns, i = "shop." + r.choice("abc"), r.randrange(int(sys.argv[2]))
		    if i % 3 == 0:
		        i = "k%d" % i
		    doc = {"_id": i, "n": r.random(), "text": "x" * r.randrange(50)}
		    if (ns, i) not in there:
		        op = {"op": "i", "ns": ns, "doc": doc}
		    elif r.random() < 0.3:
		        op = {"op": "d", "ns": ns, "_id": i}
		    else:
		        op = {"op": "u", "ns": ns, "doc": doc}
		    there.pop((ns, i), None) if op["op"] == "d" else there.update({(ns, i): 1})
		    return op
		r = random.Random(5)
		for i in range(1, int(sys.argv[1]) + 1):
		    at = "10:%d:1" % i
		    if i % 10 == 0:
		        print(json.dumps({"at": at, "txn": [change(r) for _ in range(4)]}))
		    else:
		        print(json.dumps(dict(change(r), at=at)))
	P
}

@test "back to B byte for byte; forward again; deeper, to the copy" {
	store 10:0:1 </dev/null
	random_log 600 | changes 10:0:1 --seen 10:0:1 >"$TMP/log"
	state >"$TMP/A"
	apply --until 10:200:1 "$TMP/log"
	state >"$TMP/B"
	apply "$TMP/log"
	state >"$TMP/C"
	! cmp -s "$TMP/B" "$TMP/C"
	run undo 10:200:1..
	assert_success
	assert_output --partial 'checkpoint 10:200:1'
	state | cmp - "$TMP/B"
	run checkpoint
	assert_output '10:200:1 False'
	# forward, with what the journal has now twice
	mm-oplog-apply -d shop --journal "$TMP/journal" --status-file "$TMP/status" "$TMP/log"
	state | cmp - "$TMP/C"
	run jq -r '.diverged' "$TMP/status"
	assert_output 0
	undo 10:200:1..10:600:1 --quiet
	state | cmp - "$TMP/B"
	undo 10:200:1.. --quiet # nothing is left to undo
	state | cmp - "$TMP/B"
	run -8 undo 10:300:1..
	assert_output --partial 'applied up to 10:200:1 only'
	undo .. --quiet
	state | cmp - "$TMP/A"
	run checkpoint
	assert_output '10:0:1 False'
	apply "$TMP/log"
	state | cmp - "$TMP/C"
}

# killed AFTER LOG: an applier is killed when it has written all of LOG, before
# a checkpoint after AFTER.
killed() {
	local want
	want=$(state)
	run_bg apply bash -c 'exec mm-oplog-apply -d shop --journal "$1" < <(cat "$2"; exec sleep 60)' _ \
		"$TMP/journal" "$2"
	applied() { [[ $(state) == "$1" ]]; }
	wait_until 20 applied "$3"
	kill -9 "$apply_pid"
	wait "$apply_pid" || true
	py "$dst_uri" "$1" <<<'
s, i = sys.argv[2].split(":")
client.mm_control.jobs.update_one({}, {"$set": {"checkpoint.applied.ts": Timestamp(int(s), int(i))}})'
}

rows() { # increment of each row of the journal; a killed run's file is cut
	local file
	for file in "$TMP"/journal/*; do
		mm-cat json --relaxed "$file" 2>/dev/null || [[ $file == *.partial ]]
	done | jq -r '(.doc // .).ts["$timestamp"].i // empty'
}

# What a run of the whole log leaves: in another store, for `killed`.
state_after() {
	apply "$1"
	state
	undo .. --quiet
	rm -rf "$TMP/journal"
}

@test "undo after a replay: the first row of a change has its old value" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 1, "n": 0}}'
	{
		echo '{"at": "10:1:1", "op": "u", "ns": "shop.a", "doc": {"_id": 1, "n": 1}}'
		echo '{"at": "10:2:1", "op": "u", "ns": "shop.a", "doc": {"_id": 1, "n": 2}}'
		echo '{"at": "10:3:1", "op": "i", "ns": "shop.a", "doc": {"_id": 2, "n": 3}}'
		echo '{"at": "10:4:1", "op": "u", "ns": "shop.a", "doc": {"_id": 1, "n": 4}}'
	} >"$TMP/lines"
	changes 10:0:1 --seen 10:0:1 --encoding live <"$TMP/lines" >"$TMP/log"
	state >"$TMP/A"
	state_after "$TMP/log" >"$TMP/D"
	apply --until 10:1:1 "$TMP/log"
	state >"$TMP/B"
	killed 10:1 "$TMP/log" "$(cat "$TMP/D")"
	apply "$TMP/log" # all again, over what is there
	state | cmp - "$TMP/D"
	rows >"$TMP/rows"
	[[ $(grep -cx 2 "$TMP/rows") -ge 2 ]] # the premise: rows stand there twice
	undo 10:1:1.. --quiet
	state | cmp - "$TMP/B"
	undo .. --quiet
	state | cmp - "$TMP/A"
	apply "$TMP/log"
	state | cmp - "$TMP/D"
}

soon() { # soon [N]: 0.10 to 1.09 s, or N times that
	local ms=$(((RANDOM % 990 + 100) * ${1:-1}))
	printf "%d.%03d\n" $((ms / 1000)) $((ms % 1000))
}

slow() { # each write of shop takes a while
	simulate "$dst_uri" '{"simulate": "delay", "command": "update", "ns": "shop", "ms": 40, "times": 0}'
	simulate "$dst_uri" '{"simulate": "delay", "command": "delete", "ns": "shop", "ms": 40, "times": 0}'
} >/dev/null

fast() {
	simulate "$dst_uri" '{"simulate": "clear"}' >/dev/null
}

@test "killed at random: undone again, or applied again, it ends the same" {
	require_sim
	start_sim dst
	export MM_TARGET_URI=$dst_uri
	store 10:0:1 </dev/null
	random_log 3000 1000 | changes 10:0:1 --seen 10:0:1 >"$TMP/log"
	apply --until 10:1000:1 "$TMP/log"
	state >"$TMP/B"
	apply "$TMP/log"
	state >"$TMP/C"
	local i within=0 signal
	for ((i = 1; i < 40 && (i < 5 || within < 2); i++)); do
		signal=KILL
		((i % 4)) || signal=TERM
		slow
		run timeout --preserve-status -s $signal "$(soon $((1 + i / 5)))" mm-oplog-apply -d shop --workers 1 \
			--batch-ops 1 --journal "$TMP/journal" --undo 10:1000:1.. --quiet
		[[ $status == 0 || ($signal == KILL && $status == 137) || ($signal == TERM && $status =~ ^(9|143)$) ]]
		fast
		state >"$TMP/now"
		cmp -s "$TMP/now" "$TMP/B" || cmp -s "$TMP/now" "$TMP/C" || within=$((within + 1))
		if ((i % 3 == 0)); then
			apply "$TMP/log"
			state | cmp - "$TMP/C"
		fi
	done
	[[ $within -ge 2 ]] # else nothing was tried
	undo 10:1000:1.. --quiet
	state | cmp - "$TMP/B"
	run checkpoint
	assert_output '10:1000:1 False'
	apply "$TMP/log"
	state | cmp - "$TMP/C"
	# an applier that is killed, with changes on their way
	undo 10:1000:1.. --quiet
	for i in {1..3}; do
		run timeout -s KILL "$(soon)" mm-oplog-apply -d shop --workers 2 \
			--batch-ops 1 --journal "$TMP/journal" --quiet "$TMP/log"
	done
	undo 10:1000:1.. --quiet
	state | cmp - "$TMP/B"
}

@test "what others wrote is named, and nothing is touched: 8" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 1, "n": 0}}'
	{
		echo '{"at": "10:1:1", "op": "u", "ns": "shop.a", "doc": {"_id": 1, "n": 1}}'
		echo '{"at": "10:2:1", "op": "i", "ns": "shop.a", "doc": {"_id": 2, "n": 1}}'
		echo '{"at": "10:3:1", "op": "i", "ns": "shop.b", "doc": {"_id": "three", "n": 1}}'
		echo '{"at": "10:4:1", "op": "u", "ns": "shop.a", "doc": {"_id": 2, "n": 9}}'
	} | changes 10:0:1 --seen 10:0:1 >"$TMP/log"
	apply --until 10:3:1 "$TMP/log"
	# between two changes: the journal has it as the old value of the later
	py "$dst_uri" <<<'client.shop.a.update_one({"_id": 2}, {"$set": {"n": 7}})'
	apply "$TMP/log"
	py "$dst_uri" <<<'client.shop.b.update_one({}, {"$set": {"n": 8}})'
	state >"$TMP/state"
	run -8 undo .. --ledger "$TMP/ledger"
	assert_output --partial '"shop.b", _id "three", last changed at position 10:3:1: the document is not as'
	assert_output --partial '"shop.a", _id { "$numberInt" : "2" }, last changed at position 10:4:1: the document was changed between'
	assert_output --partial '2 documents are not as the journal left them: nothing was undone'
	state | cmp - "$TMP/state"
	run checkpoint
	assert_output '10:4:1 False'
	run bash -o pipefail -c 'mm-cat json --relaxed "$1"/* | jq -r "(.doc // .) | \"\(.ns) \(._id) \(.what) \(.ts[\"\$timestamp\"].i)\"" | sort' _ "$TMP/ledger"
	assert_output 'shop.a 2 foreign 4
shop.b three foreign 3'
	py "$dst_uri" <<<'client.shop.b.update_one({}, {"$set": {"n": 1}})'
	run -8 undo 10:1:1..
	assert_output --partial ': 1 documents'
	undo 10:3:1.. --quiet
	run py "$dst_uri" <<<'print(client.shop.a.find_one({"_id": 2}))'
	assert_output "{'_id': 2, 'n': 7}"
}

@test "what a journal cannot give back exactly is refused: 8" {
	local newest
	store 10:0:1 10:1:1 <<<'{"ns": "shop.a", "doc": {"_id": 1, "n": 0}}'
	{
		for i in {1..8}; do
			echo '{"at": "10:'"$i"':1", "op": "u", "ns": "shop.a", "doc": {"_id": 1, "n": '"$i"'}}'
		done
	} | changes 10:0:1 --seen 10:0:1 >"$TMP/log"
	apply --until 10:3:1 "$TMP/log"
	run -8 undo 10:0:1.. # within the copy
	assert_output --partial 'the changes from 10:1:1'
	run -8 undo 10:1:1..10:2:1 # a middle
	assert_output --partial 'later changes, up to 10:3:1, build on it'
	run -2 undo 10:2:1..10:1:1
	run -2 undo 10:2:1
	run -2 mm-oplog-apply -d shop --undo ..
	run -8 mm-oplog-apply -d other --journal "$TMP/journal" --undo ..
	state >"$TMP/state"
	undo 10:3:1.. --quiet
	state | cmp - "$TMP/state"
	# without a journal: what is later can be undone when there is one again
	mm-oplog-apply -d shop --quiet --until 10:4:1 "$TMP/log"
	run -8 undo ..
	assert_output --partial 'applied without a journal'
	state >"$TMP/four"
	apply --until 10:5:1 "$TMP/log"
	run -8 undo 10:3:1..
	assert_output --partial 'the changes from 10:4:1'
	# another directory
	mm-oplog-apply -d shop --quiet --journal "$TMP/other" --until 10:6:1 "$TMP/log"
	run -8 undo 10:5:1..
	assert_output --partial 'with another journal'
	mm-oplog-apply -d shop --quiet --journal "$TMP/other" --undo ..
	run py "$dst_uri" <<<'print(client.shop.a.find_one())'
	assert_output "{'_id': 1, 'n': 5}"
	# a file that is missing
	apply --until 10:6:1 "$TMP/log"
	apply --until 10:7:1 "$TMP/log"
	apply "$TMP/log"
	mv "$TMP/journal/00000004.journal.bson.zst" "$TMP"
	run -8 undo ..
	assert_output --partial 'file 00000004 is missing'
	mv "$TMP/00000004.journal.bson.zst" "$TMP/journal"
	# the newest one, also where nothing that is left is in the range
	newest=$(find "$TMP/journal" -name '*.journal.*' | sort | tail -n 1)
	mv "$newest" "$TMP"
	run -8 undo ..
	assert_output --partial "file $(basename "$newest" .journal.bson.zst) is missing"
	run -8 undo 10:7:1..
	run checkpoint
	assert_output '10:8:1 False'
	mv "$TMP/$(basename "$newest")" "$TMP/journal"
	undo .. --quiet
	run py "$dst_uri" <<<'print(client.shop.a.find_one())'
	assert_output "{'_id': 1, 'n': 5}"
}

@test "changes of the catalog and of capped collections are refused; after them it goes" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 1, "n": 0}}'
	py "$dst_uri" <<<'client.shop.create_collection("ring", capped=True, size=4096)'
	{
		echo '{"at": "10:1:1", "op": "i", "ns": "shop.a", "doc": {"_id": 2}}'
		echo '{"at": "10:2:1", "op": "c", "ns": "shop.$cmd", "doc": {"create": "new"}}'
		echo '{"at": "10:3:1", "op": "i", "ns": "shop.new", "doc": {"_id": 1}}'
		echo '{"at": "10:4:1", "op": "i", "ns": "shop.ring", "doc": {"_id": 1}}'
	} | changes 10:0:1 --seen 10:0:1 >"$TMP/log"
	apply --until 10:3:1 "$TMP/log"
	state >"$TMP/state"
	run -8 undo ..
	assert_output --partial 'the change at position 10:2:1 in "shop.$cmd": create changes the catalog'
	state | cmp - "$TMP/state"
	undo 10:2:1.. --quiet
	run py "$dst_uri" <<<'print(client.shop.new.find_one(), client.shop.a.count_documents({}))'
	assert_output 'None 2'
	apply "$TMP/log"
	run -8 undo 10:2:1..
	assert_output --partial '"shop.ring": it is capped'
}

@test "after a transaction that made a collection nothing of it is under way" {
	store 10:0:1 <<<'{"ns": "shop.a", "doc": {"_id": 1, "n": 0}}'
	{
		echo '{"at": "10:1:1", "txn": [{"op": "c", "ns": "shop.$cmd", "doc": {"create": "new"}}, {"op": "i", "ns": "shop.new", "doc": {"_id": 1}}, {"op": "i", "ns": "shop.new", "doc": {"_id": 2}}]}'
		echo '{"at": "10:2:1", "op": "i", "ns": "shop.a", "doc": {"_id": 3}}'
	} | changes 10:0:1 --seen 10:0:1 >"$TMP/log"
	apply "$TMP/log"
	run py "$dst_uri" <<<'print(client.mm_control.jobs.find_one().get("intent"))'
	assert_output None
	# as one that was killed between its checkpoint and this has left it
	py "$dst_uri" <<-'P'
		job = client.mm_control.jobs.find_one()
		client.mm_control.jobs.update_one({}, {"$set": {"intent": {"at": {"ts": Timestamp(10, 1), "t": Int64(1)}, "i": 0, "done": True}}})
	P
	undo 10:1:1.. --quiet
	run py "$dst_uri" <<<'print(client.shop.new.count_documents({}), client.shop.a.count_documents({}))'
	assert_output '2 1'
}
