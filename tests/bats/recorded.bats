bats_require_minimum_version 1.8.0
# Oplogs that a real server wrote, through tail and apply: transactions of all
# shapes, both forms of updates, snapshots read while the writes went on. What
# comes out is what the real server had in the end, byte for byte.
load lib

# serve RECORDING: a source that stands before the first recorded entry.
serve() {
	start_sim src --feed "$REPO/tests/corpus/$1"
	export MM_SOURCE_URI=$src_uri
}

feed() { # all of them
	simulate "$src_uri" '{"simulate": "feed", "entries": -1}' >/dev/null
}

databases() { # of a recording, before and after
	jq -r '[(.before + .after)[].ns | split(".")[0]] | unique | join(" ")' \
		"$REPO/tests/corpus/$1/meta.json"
}

# replay RECORDING DB...: copied as it was before, then the log.
replay() {
	local folder=$REPO/tests/corpus/$1 db
	shift
	local selection=()
	for db; do
		selection+=(--nsInclude "$db.*")
	done
	start_server dst
	export MM_TARGET_URI=$dst_uri
	mm-dump --quiet "${selection[@]}" | mm-load --quiet "${selection[@]}"
	feed
	mm-oplog-tail --from "$(mm-oplog-apply "${selection[@]}" --print-position)" \
		"${selection[@]}" --exit-when-caught-up |
		mm-oplog-apply "${selection[@]}" 2>"$TMP/apply.err"
	refute grep warning "$TMP/apply.err"
	"$PY" "$TOOLS/recorded.py" "$folder" "$dst_uri" "$@"
	stop_servers
}

@test "each recording: the target is what the source was" {
	local dir name all count=0
	for dir in "$REPO"/tests/corpus/4.9-*/*/; do
		name=$(basename "$(dirname "$dir")")/$(basename "$dir")
		all=$(databases "$name")
		serve "$name"
		# shellcheck disable=SC2086
		replay "$name" $all
		count=$((count + 1))
		[[ $all == *' '* && $name != */ddl ]] || continue
		# of several databases the first alone: transactions are filtered
		serve "$name"
		replay "$name" "${all%% *}"
	done
	[[ $count -ge 20 ]]
}

# groups FILE...: ts, txn and the bytes of each entry, one a line.
groups() {
	PYTHONPATH=$TOOLS "$PY" - "$@" <<-'P'
		import sys, bson, mmstream
		for f in sys.argv[1:]:
		    for _, doc, data in mmstream.Reader(open(f, "rb")):
		        for raw in data or ():
		            e = bson.decode(bytes(raw))
		            print("p%010d:%010d" % (e["ts"].time, e["ts"].inc), e.get("txn"), bytes(raw).hex())
	P
}

positions() { # of all entries that the source has
	py "$MM_SOURCE_URI" <<-'P'
		for e in client.local["oplog.rs"].find():
		    print("%d:%d:%d" % (e["ts"].time, e["ts"].inc, e["t"]))
	P
}

@test "from any position: the same groups, also where a transaction was open there" {
	local name position from
	for name in 4.9-v2/prepared 4.9-v2/large-transaction; do
		serve "$name"
		feed
		positions >"$TMP/positions"
		mm-oplog-tail --from "$(head -n 1 "$TMP/positions")" -d bank --exit-when-caught-up >"$TMP/all"
		groups "$TMP/all" >"$TMP/all.groups"
		grep -q "'last': True" "$TMP/all.groups"
		awk 'NR % 3 == 1' "$TMP/positions" >"$TMP/some"
		while read -r position; do
			mm-oplog-tail --from "$position" -d bank --exit-when-caught-up >"$TMP/part"
			groups "$TMP/part" >"$TMP/part.groups"
			IFS=: read -r s i _ <<<"$position"
			awk -v from="$(printf 'p%010d:%010d' "$s" "$i")" '$1 > from' "$TMP/all.groups" |
				cmp - "$TMP/part.groups"
		done <"$TMP/some"
		stop_servers
	done
}

@test "segments that end anywhere hold the log without loss, groups whole" {
	serve 4.9-v2/prepared
	feed
	positions >"$TMP/positions"
	local first position
	first=$(head -n 1 "$TMP/positions")
	mm-oplog-tail --from "$first" -d bank --exit-when-caught-up >"$TMP/all"
	groups "$TMP/all" >"$TMP/all.groups"
	while read -r position; do
		mm-oplog-tail -D "$TMP/seg" --from "$first" -d bank --until "$position"
	done <"$TMP/positions"
	mm-oplog-tail -D "$TMP/seg" -d bank --exit-when-caught-up
	groups "$TMP"/seg/*.zst | cmp - "$TMP/all.groups"
	mm-cat verify "$TMP/seg"
	# readFrom names the oldest transaction that was open, and is never later
	run env PYTHONPATH="$TOOLS" "$PY" - "$TMP"/seg/*.zst <<-'P'
		import sys, mmstream
		ends = [d for f in sys.argv[1:] for _, d, _ in mmstream.Reader(open(f, "rb")) if d["$mm"] == "end"]
		assert all(d["readFrom"]["ts"] <= d["to"]["ts"] for d in ends)
		print(sum(d["readFrom"]["ts"] < d["to"]["ts"] for d in ends))
	P
	[[ $output -ge 5 ]]
}

@test "values of a unique index that move, applied again over their result" {
	local name times
	for name in 4.9-v2/unique 4.9-v2/fuzzy-unique; do
		serve "$name"
		start_server dst
		export MM_TARGET_URI=$dst_uri
		mm-dump --quiet -d uq | mm-load --quiet -d uq
		feed
		mm-oplog-tail --from "$(mm-oplog-apply -d uq --print-position)" -d uq \
			--exit-when-caught-up >"$TMP/log"
		mm-oplog-apply -d uq "$TMP/log"
		py "$dst_uri" <<<'client.uq.u.create_index("email", unique=True)'
		for times in 1 2; do
			# as if the applier had died before its first checkpoint
			py "$dst_uri" <<-'P'
				j = client.mm_control.jobs.find_one()
				c = j["checkpoint"]
				client.mm_control.jobs.update_one({}, {"$set": {"checkpoint.applied": j["from"], "checkpoint.seen": c["applied"]}})
			P
			mm-oplog-apply -d uq --workers 3 --batch-ops $((times * 17)) "$TMP/log" 2>"$TMP/err"
			grep -q 'applied [1-9]' "$TMP/err"
			"$PY" "$TOOLS/recorded.py" "$REPO/tests/corpus/$name" "$dst_uri" uq
		done
		stop_servers
	done
}
