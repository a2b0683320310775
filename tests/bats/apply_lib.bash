# A store named "ledger" as the source, whose logs mmstream.py writes: for tests
# of mm-oplog-apply. After `load lib`.
# shellcheck shell=bash disable=SC2154 # set by lib.bash and bats

setup() {
	start_server dst
	export MM_TARGET_URI=$dst_uri
}

# store FROM [TO] < JSON lines: a snapshot of the store "ledger", loaded.
store() {
	"$PY" "$TOOLS/mmstream.py" write-snapshot --source ledger --nsInclude 'shop.*' \
		--from "$1" --to "${2:-$1}" >"$TMP/snapshot"
	mm-load -d shop --quiet <"$TMP/snapshot"
}

# changes AFTER [options] < JSON lines: a log of the same store.
changes() {
	local after=$1
	shift
	"$PY" "$TOOLS/mmstream.py" write-oplog --source ledger --nsInclude 'shop.*' \
		--after "$after" "$@"
}

# log_lines FIRST LAST: inserts, updates, deletes at positions 10:FIRST.. of
# which each depends on the one before.
log_lines() {
	"$PY" - "$1" "$2" <<-'P'
		import sys, json
		for i in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
		    op = [{"op": "i", "doc": {"_id": i, "n": i}},
		          {"op": "u", "doc": {"_id": i - 1, "n": -i, "more": "x" * 50}},
		          {"op": "d", "_id": i - 2}][i % 3]
		    print(json.dumps({"at": "10:%d:1" % i, "ns": "shop.a", **op}))
	P
}

docs() { # docs COLLECTION: sorted by _id
	py "$dst_uri" "$1" <<<'print(list(client.shop[sys.argv[2]].find().sort("_id", 1)))'
}

checkpoint() { # applied, of the only job
	py "$dst_uri" <<-'P'
		c = client.mm_control.jobs.find_one()["checkpoint"]["applied"]
		print("%d:%d:%d" % (c["ts"].time, c["ts"].inc, c["t"]))
	P
}
