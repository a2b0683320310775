bats_require_minimum_version 1.8.0
# The format of mm-stream(5), crosswise: what one implementation writes, the
# other reads. tests/tools/mmstream.py was made from the page alone.
load lib

mmstream() {
	"$PY" "$TOOLS/mmstream.py" "$@"
}

# All types that a line of JSON can carry, two collections, an empty one.
store_data() {
	cat <<-'J'
		{"ns": "shop.empty"}
		{"ns": "shop.orders", "doc": {"_id": {"$oid": "5f2b8c000000000000000001"}, "a": {"$numberLong": "1"}}}
		{"ns": "shop.orders", "doc": {"_id": 2, "d": {"$numberDouble": "1.5"}, "dec": {"$numberDecimal": "1.10"}}}
		{"ns": "shop.users", "doc": {"_id": "x", "bin": {"$binary": {"base64": "AAEC", "subType": "00"}}, "n": null}}
		{"ns": "shop.orders", "doc": {"_id": {"$date": {"$numberLong": "-5"}}, "r": {"$regularExpression": {"pattern": "a", "options": "i"}}}}
		{"ns": "shop.users", "doc": {"_id": {"$minKey": 1}, "t": {"$timestamp": {"t": 4294967295, "i": 1}}, "in": {"$mm": "end", "x": [1, {"y": true}]}}}
	J
}

store_log() {
	cat <<-'J'
		{"at": "1700000001:1", "op": "i", "ns": "shop.orders", "doc": {"_id": 7, "a": 1}}
		{"at": "1700000001:2", "mark": true}
		{"at": "1700000002:1", "txn": [{"op": "u", "ns": "shop.orders", "doc": {"_id": 7, "a": 2}}, {"op": "d", "ns": "shop.users", "_id": "x"}]}
		{"at": "1700000003:1", "op": "d", "ns": "shop.orders", "_id": 7}
	J
}

write_store() { # write_store snapshot|log ENCODING
	if [[ $1 == snapshot ]]; then
		store_data | mmstream write-snapshot --source store \
			--nsInclude 'shop.*' --from 1700000000:1 \
			--to 1700000002:1 --encoding "$2"
	else
		store_log | mmstream write-oplog --source store \
			--nsInclude 'shop.*' --after 1700000000:1 \
			--seen 1700000001:1 --encoding "$2"
	fi
}

@test "Python writes, C reads: every encoding, both kinds" {
	for kind in snapshot log; do
		for encoding in bare bulk live; do
			write_store $kind $encoding >"$TMP/s"
			run --separate-stderr mm-cat verify "$TMP/s"
			assert_success
			assert_output "$TMP/s: ok"
			mm-cat bson "$TMP/s" >"$TMP/c.bson"
			mmstream read --bson "$TMP/s" >"$TMP/py.bson"
			[[ -s $TMP/c.bson ]]
			cmp "$TMP/c.bson" "$TMP/py.bson"
		done
	done
	run mm-cat ls "$TMP/s"
	assert_output --regexp 'kind=oplog id=[-0-9a-f]{36} source=store after=1700000000:1 to=1700000003:1 docs=4 bytes=[0-9]+ end=until$'
}

@test "C writes, Python reads: snapshot and log of a megabyte, all encodings" {
	for kind in snapshot oplog; do
		"$B/tests/bench/gen" 5000 $kind >"$TMP/c.zst"
		zstdcat "$TMP/c.zst" >"$TMP/c.bare"
		zstd -q -19 <"$TMP/c.bare" >"$TMP/c.again"
		for file in c.zst c.bare c.again; do
			mmstream read --bson "$TMP/$file" >"$TMP/py.bson"
			mm-cat bson "$TMP/$file" >"$TMP/c.bson"
			cmp "$TMP/c.bson" "$TMP/py.bson"
			run mm-cat verify "$TMP/$file"
			assert_success
		done
		[[ $(mmstream read --data "$TMP/c.zst" | wc -l) -ge 5000 ]]
	done
}

@test "C writes segments, Python reads them, joined by cat too" {
	"$B/tests/tools/segments" "$TMP/d" 1 500
	run ls "$TMP/d"
	for segment in "$TMP"/d/*.zst; do
		mmstream read --bson "$segment"
	done >"$TMP/py.bson"
	cat "$TMP"/d/*.zst | mm-cat bson >"$TMP/cat.bson"
	mm-cat bson "$TMP/d" >"$TMP/c.bson"
	cmp "$TMP/py.bson" "$TMP/c.bson"
	cmp "$TMP/cat.bson" "$TMP/c.bson"
	# The seek table does not disturb the tools of zstd.
	for segment in "$TMP"/d/*.zst; do
		zstd -q -t "$segment"
	done
}

@test "the worked example of mm-stream(5) is a stream" {
	awk '/^\.Sh / { on = ($2 == "WORKED") }
		on && /^[0-9a-f][0-9a-f][0-9a-f]  / {
			print substr($0, 6, 47)
		}' "$REPO/man/mm-stream.5" |
		"$PY" -c 'import sys
sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' >"$TMP/s"
	said=$(sed -n 's/^A bare oplog stream of \([0-9]*\) bytes.*/\1/p' \
		"$REPO/man/mm-stream.5")
	assert_equal "$(stat -c %s "$TMP/s")" "$said"
	mmstream read "$TMP/s"
	run mm-cat verify "$TMP/s"
	assert_success
	run mm-cat json --relaxed "$TMP/s"
	assert_output --partial '"op" : "d", "ns" : "a.b", "o" : { "_id" : 7 }'
}

@test "both find the same damage" {
	write_store log bare >"$TMP/s"
	size=$(stat -c %s "$TMP/s")
	# A byte of the length, of a record, of the data, of the end.
	for at in 0 100 $((size / 2)) $((size - 20)) $((size - 1)); do
		cp "$TMP/s" "$TMP/bad"
		printf '\377' | dd of="$TMP/bad" bs=1 seek="$at" \
			conv=notrunc status=none
		run -3 --separate-stderr mm-cat verify "$TMP/bad"
		assert_regex "$stderr" '^mm-cat: error: '
		run -3 mmstream read "$TMP/bad"
	done
	head -c $((size - 1)) "$TMP/s" >"$TMP/bad"
	run -3 mm-cat verify "$TMP/bad"
	run -3 mmstream read "$TMP/bad"
}

@test "both refuse what is newer, with 8" {
	"$PY" - "$TOOLS" "$TMP" <<-'P'
		import sys
		sys.path.insert(0, sys.argv[1])
		import mmstream
		from bson import SON
		def write(name, kind, head, more=None):
		    with open(sys.argv[2] + "/" + name, "wb") as f:
		        w = mmstream.Writer(f, kind, head)
		        if more:
		            w.record(more)
		        w.end("complete")
		write("version", "snapshot", [("v", 2)])
		write("kind", "later", [])
		write("feature", "snapshot", [("features", ["later"])])
		write("record", "snapshot", [], SON([("$mm", "later"), ("crit", True)]))
		write("good", "snapshot", [], SON([("$mm", "later"), ("crit", False)]))
	P
	for name in version kind feature record; do
		run -8 mm-cat verify "$TMP/$name"
		run -8 mmstream read "$TMP/$name"
	done
	mm-cat verify "$TMP/good"
	mmstream read "$TMP/good"
}

@test "input one byte at a time, and from a descriptor that is O_NONBLOCK" {
	write_store snapshot bulk >"$TMP/s"
	"$PY" - "$TMP/s" <<-'P'
		import fcntl, os, subprocess, sys, time
		data = open(sys.argv[1], "rb").read()
		r, w = os.pipe()
		fcntl.fcntl(r, fcntl.F_SETFL, os.O_NONBLOCK)
		child = subprocess.Popen(["mm-cat", "verify"], stdin=r)
		os.close(r)
		for i in range(len(data)):
		    os.write(w, data[i:i + 1])
		    if i % 100 == 0:
		        time.sleep(0.001)
		os.close(w)
		assert child.wait(300) == 0
	P
}

@test "a log can be watched while it is written" {
	mkfifo "$TMP/in"
	# shellcheck disable=SC2016
	run_bg watch bash -c '"$1" "$2" write-oplog --source s --after 1:1 \
		<"$3" | mm-cat json --relaxed' _ \
		"$PY" "$TOOLS/mmstream.py" "$TMP/in"
	exec 7>"$TMP/in"
	echo '{"at": "2:1", "op": "i", "ns": "a.b", "doc": {"_id": 5}}' >&7
	echo '{"at": "2:2", "mark": true}' >&7
	wait_until 20 grep -q '"_id" : 5' "$TMP/watch.out"
	exec 7>&-
	wait "$watch_pid"
}
