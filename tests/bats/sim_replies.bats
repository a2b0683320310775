bats_require_minimum_version 1.8.0
# The honesty of mongosim: every recorded command of a real server is sent to
# it, and the reply must be the recorded one (tests/tools/sim_known.py lists
# what is volatile and what deviates, with reasons; that list only shrinks).
load lib

# Two more members, as there were when it was recorded.
others() {
	start_sim second --replSet src --follow "127.0.0.1:$server_port"
	start_sim third --replSet src --follow "127.0.0.1:$server_port"
}

# replies FILE SET [WITH-OTHERS]: as many lines `ok` as the file has commands, no
# other.
replies() {
	start_sim server --replSet "$2" --fcv 4.9
	[[ -z ${3:-} ]] || others
	run --separate-stderr "$PY" "$TOOLS/sim_replies.py" \
		"$REPO/tests/corpus/$1" "127.0.0.1:$server_port" \
		${3:+--secondary "127.0.0.1:$second_port"}
	[[ $status -eq 0 ]] || {
		grep -A1 '^not ok' <<<"$output" >&3
		echo "$stderr" >&3
		return 1
	}
	count=$("$PY" -c 'import json, sys
print(len(json.load(open(sys.argv[1]))))' "$REPO/tests/corpus/$1")
	assert_equal "$(grep -c '^ok ' <<<"$output")" "$count"
}

@test 'replies.json: handshake, catalog, cursors, errors' {
	replies replies.json src with-others
}

@test 'replies-2.json: updates, retries, reads, capped tails, catalog' {
	replies replies-2.json plain
}

@test 'a deviation that is not listed, and one that is gone, fail' {
	start_sim server --replSet src --fcv 4.9
	others
	"$PY" - "$REPO/tests/corpus/replies.json" "$TMP/replies.json" <<-'P'
		import json, sys
		entries = json.load(open(sys.argv[1]))
		chosen = {e["name"]: e for e in entries}
		chosen["namespace not found"]["reply"]["errmsg"] = "altered"
		chosen["buildInfo"]["reply"]["bits"] = {"$numberLong": "64"}
		del chosen["getParameter fcv"]["reply"]["ok"]
		json.dump(entries, open(sys.argv[2], "w"))
	P
	run -1 --separate-stderr "$PY" "$TOOLS/sim_replies.py" \
		"$TMP/replies.json" "127.0.0.1:$server_port"
	assert_equal "$(grep '^not ok' <<<"$output")" \
		"not ok 3 - buildInfo
not ok 5 - getParameter fcv
not ok 17 - namespace not found"
	run -1 --separate-stderr "$PY" - "$TOOLS" \
		"$REPO/tests/corpus/replies.json" \
		"127.0.0.1:$server_port" <<-'P'
		import sys
		sys.path.insert(0, sys.argv[1])
		import sim_known, sim_replies
		# Only the first commands are asked: the server is not fresh.
		sim_replies.json_util.loads = (lambda loads: lambda *a, **k:
		    loads(*a, **k)[:3])(sim_replies.json_util.loads)
		sim_known.SETUP["replies.json"] = {}
		sim_known.KNOWN["replies.json"] = {
		    "buildInfo": sim_known.deviates("not true", "bits")}
		sys.exit(sim_replies.main(*sys.argv[2:]))
	P
	assert_output --partial 'not ok 3 - buildInfo'
	assert_output --partial 'bits: no longer deviates'
	assert_equal "$(grep -c '^not ok' <<<"$output")" 1
}
