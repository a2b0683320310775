bats_require_minimum_version 1.8.0
# mm-oplog-apply killed around a change of the catalog, and answers that are
# lost.
load lib
load ddl_lib

# Swapped names: whatever is done twice, or left out, shows.
swaps() {
	changes 'shop.*' <<-'J'
		{"at": "10:1:1", "op": "i", "ns": "shop.a", "doc": {"_id": 1}}
		{"at": "10:2:1", "op": "c", "ns": "shop.$cmd", "doc": {"renameCollection": "shop.a", "to": "shop.t"}}
		{"at": "10:3:1", "op": "c", "ns": "shop.$cmd", "doc": {"renameCollection": "shop.b", "to": "shop.a"}}
		{"at": "10:4:1", "op": "c", "ns": "shop.$cmd", "doc": {"renameCollection": "shop.t", "to": "shop.b"}}
		{"at": "10:5:1", "op": "i", "ns": "shop.a", "doc": {"_id": 2}}
		{"at": "10:6:1", "op": "c", "ns": "shop.$cmd", "doc": {"drop": "b"}}
		{"at": "10:7:1", "op": "c", "ns": "shop.$cmd", "doc": {"create": "b"}}
		{"at": "10:8:1", "op": "i", "ns": "shop.b", "doc": {"_id": 3}}
		{"at": "10:9:1", "op": "c", "ns": "shop.$cmd", "doc": {"convertToCapped": "b", "size": 4096}}
	J
}

swapped() {
	run state
	assert_output "a [{'_id': 2}, {'_id': 'b'}]
b [{'_id': 3}]"
	run py "$dst_uri" <<<'print(client.shop.b.options().get("capped"))'
	assert_output True
}

reload() {
	py "$dst_uri" <<<'client.drop_database("shop"); client.drop_database("mm_control")'
	store 'shop.*' <<-'J'
		{"ns": "shop.a", "doc": {"_id": "a"}}
		{"ns": "shop.b", "doc": {"_id": "b"}}
	J
}

# The fault was met, or the applier has come to its end without.
did_fire() {
	! kill -0 "$apply_pid" 2>/dev/null ||
		(($(fired "$dst_uri" "$1") > $2))
}

# at_every FAULT COMMAND NS N: stops the applier at the 1st to Nth such
# command, kills it there, and lets another one go on.
at_every() {
	local k before
	echo "# $*"
	for ((k = 0; k < $4; k++)); do
		reload
		before=$(fired "$dst_uri" "$1")
		simulate "$dst_uri" "{\"simulate\": \"$1\", \"command\": \"$2\", \"ns\": \"$3\", \"after\": $k}" >/dev/null
		run_bg apply mm-oplog-apply -d shop "$TMP/log"
		wait_until 10 did_fire "$1" "$before"
		kill -9 "$apply_pid" 2>/dev/null || true
		wait "$apply_pid" || true
		simulate "$dst_uri" '{"simulate": "clear"}' >/dev/null
		run mm-oplog-apply -d shop "$TMP/log"
		assert_success
		swapped
	done
}

@test "killed around every change: nothing is done twice or left out" {
	start_sim dst
	export MM_TARGET_URI=$dst_uri
	swaps
	at_every stall renameCollection admin 3
	at_every loseReply renameCollection admin 3
	at_every loseReply convertToCapped shop 1
	at_every loseReply create shop 1
	at_every loseReply drop shop 1
}

@test "killed around every save of the job: nothing is done twice or left out" {
	start_sim dst
	export MM_TARGET_URI=$dst_uri
	swaps
	at_every stall update mm_control.jobs 8
	at_every loseReply update mm_control.owned 3
}

@test "an answer is lost: the change is found done, and the applier goes on" {
	start_sim dst
	export MM_TARGET_URI=$dst_uri
	swaps
	reload
	local command
	for command in renameCollection convertToCapped create drop; do
		simulate "$dst_uri" "{\"simulate\": \"loseReply\", \"command\": \"$command\"}" >/dev/null
	done
	run mm-oplog-apply -d shop "$TMP/log"
	assert_success
	swapped
}
