bats_require_minimum_version 1.8.0
# mm-cat: what it shows, what it finds, with which status it ends.
load lib

setup() {
	"$B/tests/bench/gen" 3000 snapshot >"$TMP/s.zst"
}

segments() { # a directory of several segments
	"$B/tests/tools/segments" "$TMP/d" 1 900
	mapfile -t segment < <(cd "$TMP/d" && ls ./*.zst)
	[[ ${#segment[@]} -ge 4 ]]
}

@test "ls: one line a stream, collections on request" {
	cat "$TMP/s.zst" "$TMP/s.zst" >"$TMP/two"
	run --separate-stderr mm-cat ls "$TMP/s.zst" "$TMP/two"
	assert_success
	assert_equal "${#lines[@]}" 3
	for line in "${lines[@]}"; do
		assert_regex "$line" "^$TMP/[a-z.]+: kind=snapshot id=[-0-9a-f]{36} source=bench from=[0-9:]+ to=[0-9:]+ collections=1 docs=3000 bytes=[0-9]+ end=complete$"
	done
	run mm-cat --collections ls - <"$TMP/s.zst"
	assert_success
	assert_line --regexp '^  bench\.[a-z]+ docs=3000 bytes=[0-9]+$'
}

@test "ls: a cut stream has its line and status 3" {
	head -c 200000 "$TMP/s.zst" >"$TMP/cut"
	run -3 --separate-stderr mm-cat ls "$TMP/cut"
	assert_output --regexp 'docs=[0-9]+ bytes=[0-9]+ end=cut$'
	assert_regex "$stderr" "^mm-cat: error: $TMP/cut: cut short"
}

@test "json: canonical, relaxed, with namespaces, with control documents" {
	run bash -o pipefail -c 'mm-cat json "$1" | jq -s "[length, (.[0] | ._id)]" -c' _ "$TMP/s.zst"
	assert_output --regexp '^\[3000,\{"\$numberLong":"[0-9]+"\}\]$'
	run bash -o pipefail -c 'mm-cat json --relaxed "$1" | jq -c "._id | type" | sort -u' _ "$TMP/s.zst"
	assert_output '"number"'
	run bash -o pipefail -c 'mm-cat json --with-ns "$1" | jq -r .ns | sort -u' _ "$TMP/s.zst"
	assert_output --regexp '^bench\.[a-z]+$'
	run bash -o pipefail -c 'mm-cat json --control "$1" | jq -r "select(has(\"\$mm\")) | .[\"\$mm\"]" | sort | uniq -c | xargs' _ "$TMP/s.zst"
	assert_output --regexp '^[0-9]+ block 1 cend 1 coll 1 end 1 stream$'
}

@test "bson: the documents byte for byte" {
	mm-cat bson "$TMP/s.zst" >"$TMP/s.bson"
	"$PY" - "$TMP/s.bson" <<-'P'
		import sys, bson
		data = open(sys.argv[1], "rb").read()
		assert len(bson.decode_all(data)) == 3000
	P
}

@test "what was intact comes out before the damage" {
	mm-cat bson "$TMP/s.zst" >"$TMP/all"
	size=$(stat -c %s "$TMP/s.zst")
	head -c $((size - 1)) "$TMP/s.zst" >"$TMP/cut"
	run -3 bash -c 'mm-cat bson "$1" >"$2"' _ "$TMP/cut" "$TMP/part"
	[[ -s $TMP/part ]]
	cmp -n "$(stat -c %s "$TMP/part")" "$TMP/part" "$TMP/all"
}

@test "empty and foreign input: 3" {
	run -3 --separate-stderr mm-cat verify </dev/null
	assert_equal "$stderr" 'mm-cat: error: standard input: the input is empty'
	run -3 --separate-stderr mm-cat verify "$REPO/README.md"
	assert_regex "$stderr" 'this is no stream'
}

@test "a reader that goes away: SIGPIPE" {
	run bash -c 'mm-cat json "$1" | head -n 1 >/dev/null; echo "${PIPESTATUS[0]}"' _ "$TMP/s.zst"
	assert_output 141
}

@test "a full disk: 7, for every command that writes" {
	for command in ls verify json bson; do
		run -7 --separate-stderr bash -c 'mm-cat "$1" "$2" >/dev/full' _ $command "$TMP/s.zst"
		assert_regex "$stderr" 'standard output: No space left'
	done
}

@test "terminals are refused for streams: 2" {
	run -2 script -qec "mm-cat ls" /dev/null
	assert_output --partial 'is a terminal'
	run -2 script -qec "mm-cat bson '$TMP/s.zst'" /dev/null
	assert_output --partial 'is a terminal'
	run -0 script -qec "mm-cat ls '$TMP/s.zst'" /dev/null
}

@test "wrong use: 2" {
	run -2 mm-cat
	run -2 mm-cat show "$TMP/s.zst"
	run -2 mm-cat ls --relaxed "$TMP/s.zst"
	run -2 mm-cat bson --control "$TMP/s.zst"
	run -2 mm-cat verify --with-ns "$TMP/s.zst"
	run -2 mm-cat json --collections "$TMP/s.zst"
	run -2 mm-cat rebuild
	run -7 mm-cat ls "$TMP/nothing"
	run -7 mm-cat rebuild "$TMP/nothing"
}

@test "verify goes on after a bad file, and ends with the first bad status" {
	head -c 5000 "$TMP/s.zst" >"$TMP/cut"
	run -3 --separate-stderr mm-cat verify "$TMP/cut" "$TMP/nothing" "$TMP/s.zst"
	assert_output "$TMP/s.zst: ok"
	assert_equal "${#stderr_lines[@]}" 2
}

@test "verify: sums of collections, order of a log" {
	"$PY" - "$TOOLS" "$TMP" <<-'P'
		import sys
		sys.path.insert(0, sys.argv[1])
		import bson, mmstream
		from bson import SON, Timestamp, Int64
		def snapshot(name, wrong):
		    with open(sys.argv[2] + "/" + name, "wb") as f:
		        w = mmstream.Writer(f, "snapshot", [])
		        w.coll(0, "a", "b", type="collection", options=SON())
		        w.block(0, [bson.encode({"_id": 1})])
		        w.colls[0][2] += wrong
		        w.cend(0)
		        w.end("complete")
		def log(name, *entries, to=9):
		    with open(sys.argv[2] + "/" + name, "wb") as f:
		        after = mmstream.position("1:1")
		        w = mmstream.Writer(f, "oplog", [("after", after)])
		        for secs, txn in entries:
		            if txn == "mark":
		                w.mark(mmstream.position("%d:1" % secs))
		                continue
		            doc = SON([("ts", Timestamp(secs, 1)), ("op", "n")])
		            if txn is not None:
		                doc["txn"] = txn
		            w.block(0, [bson.encode(doc)])
		        end = mmstream.position("%d:1" % to)
		        w.end("until", [("to", end), ("readFrom", end)])
		first, last = {"i": 0}, {"i": 1, "last": True}
		snapshot("good", 0)
		snapshot("bad-sum", 1)
		log("good-log", (2, None), (3, first), (3, last), (4, "mark"), (5, None))
		log("bad-back", (3, None), (2, None))
		log("bad-twice", (3, None), (3, None))
		log("bad-before", (1, None))
		log("bad-half", (3, first), (4, None))
		log("bad-lost", (3, last))
		log("bad-mark-inside", (3, first), (3, "mark"), (3, last))
		log("bad-mark-back", (3, None), (2, "mark"))
		log("bad-open", (3, first))
		log("bad-to", (3, None), to=2)
	P
	for name in "$TMP"/good*; do
		mm-cat verify "$name"
	done
	for name in "$TMP"/bad-*; do
		run -3 --separate-stderr mm-cat verify "$name"
		assert_regex "$stderr" "$name"
		# Only verify looks at these.
		mm-cat bson "$name" >/dev/null
	done
}

@test "json refuses what is no JSON; bson gives it" {
	"$PY" - "$TOOLS" >"$TMP/odd" <<-'P'
		import sys
		sys.path.insert(0, sys.argv[1])
		import bson, mmstream
		from bson import SON
		w = mmstream.Writer(sys.stdout.buffer, "snapshot", [])
		w.coll(0, "a", "b", type="collection", options=SON())
		w.block(0, [bson.encode({"_id": "good"}), bson.encode({"_id": "XX"}).replace(b"XX", b"\xff\xfe")])
		w.cend(0)
		w.end("complete")
	P
	run -8 --separate-stderr mm-cat json "$TMP/odd"
	assert_output '{ "_id" : "good" }'
	run -0 bash -c 'mm-cat bson "$1" | wc -c' _ "$TMP/odd"
	assert_output 36
}

@test "a directory: ls, verify, json, with the open segment" {
	segments
	run mm-cat ls "$TMP/d"
	assert_success
	assert_equal "${#lines[@]}" "${#segment[@]}"
	assert_line --index 0 --regexp 'kind=oplog .* after=1700000000:1:7 .* end=rotated$'
	assert_line --index $((${#segment[@]} - 1)) --regexp ' to=1700000089:10:7 .* end=signal$'
	run --separate-stderr mm-cat verify "$TMP/d"
	assert_success
	assert_output "$TMP/d: ok"
	assert_equal "$stderr" ''
	run bash -o pipefail -c 'mm-cat json --relaxed "$1" | jq .n | uniq | jq -s -c "[.[0], .[-1], length]"' _ "$TMP/d"
	assert_output '[1,899,899]'
	# The newest becomes what a killed writer leaves: cut, under its other name.
	last=$TMP/d/${segment[-1]}
	head -c $(($(stat -c %s "$last") / 2)) "$last" \
		>"$TMP/d/$(basename "$last" | cut -d_ -f1).partial"
	rm "$last"
	run mm-cat ls "$TMP/d"
	assert_success
	assert_line --index $((${#segment[@]} - 1)) --regexp ' end=open$'
	run -6 --separate-stderr mm-cat verify "$TMP/d"
	assert_regex "$stderr" 'of the manifest is missing'
	mm-cat rebuild "$TMP/d"
	run -0 mm-cat verify "$TMP/d"
}

@test "a directory: damage, gap, foreign segment, manifest" {
	segments
	cp -r "$TMP/d" "$TMP/keep"
	printf '\377' | dd of="$TMP/d/${segment[1]}" bs=1 seek=3000 conv=notrunc status=none
	run -3 --separate-stderr mm-cat verify "$TMP/d"
	assert_regex "$stderr" 'SHA-256 is not that of the manifest'
	run -3 mm-cat rebuild "$TMP/d"
	rm -r "$TMP/d"; cp -r "$TMP/keep" "$TMP/d"

	rm "$TMP/d/${segment[1]}"
	for command in ls verify json; do
		run -6 --separate-stderr mm-cat $command "$TMP/d"
		assert_regex "$stderr" "does not join"
	done
	rm -r "$TMP/d"; cp -r "$TMP/keep" "$TMP/d"

	rm "$TMP/d/${segment[-1]}"
	run -6 --separate-stderr mm-cat verify "$TMP/d"
	rm -r "$TMP/d"; cp -r "$TMP/keep" "$TMP/d"

	sed -i 2d "$TMP/d/MANIFEST.jsonl"
	run -0 --separate-stderr mm-cat verify "$TMP/d"
	assert_regex "$stderr" '^mm-cat: warning: .*is not in the manifest'
	mm-cat rebuild "$TMP/d"
	run -0 --separate-stderr mm-cat verify "$TMP/d"
	assert_equal "$stderr" ''
	# The same facts as before, but for the time.
	diff <(sed 's/,"closed.*//' "$TMP/keep/MANIFEST.jsonl") \
		<(sed 's/,"closed.*//' "$TMP/d/MANIFEST.jsonl")

	"$PY" - "$TOOLS" "$TMP/d/${segment[1]}" <<-'P'
		import io, sys
		sys.path.insert(0, sys.argv[1])
		import mmstream
		from bson import SON
		items = list(mmstream.Reader(open(sys.argv[2], "rb")))
		head = dict(items[0][1])
		out = io.BytesIO()
		w = mmstream.Writer(out, "oplog", [
		    ("source", head["source"]), ("after", head["after"]),
		    ("filters", SON([("include", ["other.*"])]))], "live")
		for _, doc, data in items:
		    if data:
		        w.block(0, data)
		w.end("rotated", [("to", items[-1][1]["to"]), ("readFrom", items[-1][1]["to"])])
		open(sys.argv[2], "wb").write(out.getvalue())
	P
	mm-cat rebuild "$TMP/d"
	run -8 --separate-stderr mm-cat verify "$TMP/d"
	assert_regex "$stderr" 'selections .filters. differ'
}

@test "--status-file: done or failed" {
	mm-cat verify --status-file "$TMP/st" "$TMP/s.zst"
	run jq -r '[.tool, .state, .exit_status] | @tsv' "$TMP/st"
	assert_output "mm-cat	done	0"
	run -3 mm-cat verify --status-file "$TMP/st" /dev/null
	run jq -r '[.state, .exit_status, .last_error] | @tsv' "$TMP/st"
	assert_output "failed	3	/dev/null: the input is empty"
}

@test "a stop signal while input is awaited: 9" {
	mkfifo "$TMP/in"
	run_bg cat mm-cat verify "$TMP/in"
	exec 8>"$TMP/in" # returns when mm-cat has opened it
	kill -TERM "$cat_pid"
	local status=0
	wait "$cat_pid" || status=$?
	assert_equal "$status" 9
	exec 8>&-
}
