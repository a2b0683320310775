bats_require_minimum_version 1.8.0
# mm-diff while a writer and an applier are at work.
load lib
# bats file_tags=server

setup() {
	BATS_TEST_TIMEOUT=150
}

# Two servers, data in shop, copied while a writer runs, archived and applied.
begin() { # begin [options of the writer]
	start_sim src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	run_bg writer "$PY" "$TOOLS/workload.py" "$src_uri" --db shop --db other \
		--rate 300 --threads 2 --initial 60 "$@"
	wait_until 15 written 300
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now -d shop --status-file "$TMP/tail.st"
	wait_until 15 field_is tail.st state following
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	apply_bg
	wait_until 20 grows apply.st entries 50
}

written() { # written N: so many entries are in the source's oplog
	py "$src_uri" "$1" <<<'sys.exit(client.local["oplog.rs"].estimated_document_count() < int(sys.argv[2]))'
}

field() {
	jq -r ".$2" "$TMP/$1" 2>/dev/null
}

field_is() {
	[[ $(field "$1" "$2") == "$3" ]]
}

grows() { # grows FILE FIELD N
	(($(field "$1" "$2") >= $3))
}

apply_bg() {
	run_bg apply mm-oplog-apply -D "$TMP/seg" -d shop --status-file "$TMP/apply.st"
}

stop() { # stop NAME: a drain, which ends with 0
	local pid=${1}_pid
	kill "${!pid}"
	wait "${!pid}"
}

@test "a writer and an applier at work: no difference is invented, in many rounds" {
	begin --transactions 0.05
	for i in $(seq 5); do
		run --separate-stderr -0 mm-diff -d shop --status-file "$TMP/diff.st"
		assert_equal "$stderr" ""
		refute_output --regexp '^(missing|extra|content|pending|unstable)'
		field_is diff.st mode bracket
		field_is diff.st in_sync true
		[[ $(field diff.st verified_ts) =~ ^[0-9]+:[0-9]+ ]]
	done
	stop writer
	run -0 mm-diff -d shop
	run -0 mm-diff -d shop --mode static
}
