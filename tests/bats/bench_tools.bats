bats_require_minimum_version 1.8.0
# make bench-tools, with hardly any data: what it runs, writes and says.
load lib

setup() {
	# its results go beside the programs
	mkdir "$TMP/b"
	ln -s "$B/bin" "$B/tests" "$TMP/b/"
}

# The picture and the files belong together: told SHARES CIRCLES RUNS.
assert_results() {
	"$PY" - "$TMP/b/bench" "$@" <<-'P'
		import json, sys, xml.etree.ElementTree as tree
		folder, shares, circles, runs = sys.argv[1], *map(int, sys.argv[2:])
		with open(folder + "/bench.jsonl") as f:
		    figures = [json.loads(line) for line in f]
		sums = {}
		for f in figures:
		    if f["bench"] == "stages":
		        key = f["case"], f["program"]
		        sums[key] = sums.get(key, 0) + f["value"]
		assert len(sums) == shares, sums
		assert all(99.9 < s < 100.1 for s in sums.values()), sums
		for f in figures:
		    if f["ratio"] is not None:  # of one round
		        assert f["ratio_min"] == f["ratio"] == f["ratio_max"], f
		        assert abs(f["ratio"] - f["value"] / f["baseline_value"]) < 0.01 * f["ratio"] + 0.01, f
		svg = tree.parse(folder + "/tools.svg").getroot()
		name = "{http://www.w3.org/2000/svg}"
		assert svg.tag == name + "svg" and float(svg.get("height")) > 100
		assert len(svg.findall(name + "circle")) == circles + 2, len(svg.findall(name + "circle"))
		bars = [r for r in svg.findall(name + "rect") if r.get("fill") == "#1f5fa8"]
		assert len(bars) == shares + 1, len(bars)  # each waits for a server
		with open(folder + "/tools.tsv") as f:
		    rows = [line.rstrip("\n").split("\t") for line in f]
		assert len(rows) == runs + 1 and {len(row) for row in rows} == {12}, rows
		for row in rows[1:]:
		    assert (row[3] == "dump" and row[5] != "drain") == (row[11] != ""), row
	P
}

# bats test_tags=server
@test "without mongodump it says so, and measures ours" {
	run env B="$TMP/b" MM_PEERS="$TMP/none" PATH=/nonexistent BYTES=2000000 RUNS=1 \
		TOOLS_CASES=256:1:text "$PY" "$REPO/tests/bench/bench.py" tools
	assert_success
	for what in 'dump beside mongodump' 'load beside mongorestore' \
		'copy beside mongodump|mongorestore'; do
		assert_line "skipped: $what: no such tools: make deps-bench"
	done
	assert_line --regexp '^bench: [0-9]+ figures .*, 3 skipped$'
	assert_line --regexp '^  copy packed .* nothing$'
	# the drain may be gone before its memory could be looked at
	assert_line --regexp '^  dump plain .*\([0-9.]+\).* drain$'
	assert_line --regexp '^  load packed mm-load .*  [a-z]+$'
	assert_results 8 0 7
	run env B="$TMP/b" BYTES=200000 TOOLS_CASES=256:text \
		"$PY" "$REPO/tests/bench/bench.py" tools
	assert_failure 1
	assert_output --partial 'case "256:text" is not BYTES:COLLECTIONS:text|random'
}

# bats test_tags=server
@test "beside mongodump and mongorestore: every row, result file and picture" {
	export MM_PEERS=${MM_PEERS:-$B/peers}
	[[ -x $MM_PEERS/mongodump && -x $MM_PEERS/mongorestore ]] ||
		skip 'no mongodump: make deps-bench'
	run env B="$TMP/b" BYTES=2000000 RUNS=1 TOOLS_CASES='256:1:text 1024:10:random' \
		"$PY" "$REPO/tests/bench/bench.py" tools
	assert_success
	for what in 'dump plain .* mongodump' 'dump packed .* mongodump --gzip' \
		'load plain .* mongorestore' 'load packed .* mongorestore --gzip' \
		'copy plain .* mongodump\|mongorestore' \
		'copy packed .* mongodump\|mongorestore --gzip'; do
		assert_equal "$(grep -cE "^  $what\$" <<<"$output")" 2
	done
	assert_line --regexp '^bench: [0-9]+ figures .*, 0 skipped$'
	assert_line --partial 'case 2 of 2: 1 KiB random, 10 collections: round 1 of 1'
	assert_results 16 24 25
	local metric
	for metric in wall_s cpu_s; do
		run jq -s "[.[] | select(.bench == \"copy\" and .metric == \"$metric\" and
			.baseline == \"mongodump|mongorestore\" and .ratio > 0)] | length" \
			"$TMP/b/bench/bench.jsonl"
		assert_output 4
	done
	# random bytes stay as many
	run jq -s '[.[] | select(.bench == "dump" and .metric == "bytes" and
		.content == "random") | .value] | .[1] / .[0] > 0.9' "$TMP/b/bench/bench.jsonl"
	assert_output true
}
