bats_require_minimum_version 1.8.0
# Another store as a source, as mm-stream(5) describes it: its snapshot and its
# log go through mm-load and mm-oplog-apply, and mm-diff compares the result
# with what the store holds.
load lib

mmstream() {
	"$PY" "$TOOLS/mmstream.py" "$@"
}

# The store: 300 documents, read while it changes. The snapshot sees some of
# the changes of the log already (7 and 9), others not.
snapshot() {
	"$PY" -c 'import json
for i in range(300):
    doc = {"_id": i, "n": i, "name": "row %d" % i}
    if i == 7:
        doc["n"] = 700
    if i != 9:
        print(json.dumps({"ns": "shop.orders", "doc": doc}))
print(json.dumps({"ns": "shop.empty"}))' |
		mmstream write-snapshot --source store --nsInclude 'shop.*' \
			--from 1700000000:1 --to 1700000003:1
}

log_lines() {
	cat <<-'J'
		{"at": "1700000001:1", "op": "u", "ns": "shop.orders", "doc": {"_id": 7, "n": 700, "name": "row 7"}}
		{"at": "1700000001:2", "op": "d", "ns": "shop.orders", "_id": 9}
		{"at": "1700000002:1", "op": "i", "ns": "shop.orders", "doc": {"_id": 1000, "n": 1}}
		{"at": "1700000003:1", "txn": [{"op": "i", "ns": "shop.users", "doc": {"_id": "a"}}, {"op": "u", "ns": "shop.orders", "doc": {"_id": 8, "n": -1}}, {"op": "d", "ns": "shop.orders", "_id": 1000}]}
		{"at": "1700000004:1", "op": "u", "ns": "shop.orders", "doc": {"_id": 8, "n": -2}}
		{"at": "1700000005:1", "mark": true}
	J
}

change_log() {
	log_lines | mmstream write-oplog --source store --nsInclude 'shop.*' \
		--after 1700000000:1 --seen 1700000005:1
}

# What the store holds in the end.
put_store() {
	py "$1" <<-'P'
		rows = [{"_id": i, "n": i, "name": "row %d" % i} for i in range(300) if i != 9]
		rows[7]["n"] = 700
		rows[8] = {"_id": 8, "n": -2}
		client.shop.orders.insert_many(rows)
		client.shop.users.insert_one({"_id": "a"})
		client.shop.create_collection("empty")
	P
}

@test "snapshot into mm-load, log into mm-oplog-apply, mm-diff finds nothing" {
	start_server dst
	start_server src
	put_store "$src_uri"
	run --separate-stderr bash -o pipefail -c \
		'mm-load -d shop --target "$1"' _ "$dst_uri" < <(snapshot)
	assert_success
	run --separate-stderr bash -o pipefail -c \
		'mm-oplog-apply -d shop --target "$1"' _ "$dst_uri" \
		< <(change_log)
	assert_success
	run --separate-stderr mm-diff -d shop --source "$src_uri" \
		--target "$dst_uri"
	assert_success

	# The whole log again: nothing changes.
	mm-oplog-apply -d shop --target "$dst_uri" < <(change_log)
	mm-diff -d shop --source "$src_uri" --target "$dst_uri"
	run mm-oplog-apply -d shop --target "$dst_uri" --print-position
	assert_output --regexp '^1700000005:1'

	# The log goes on where it ended.
	echo '{"at": "1700000006:1", "op": "d", "ns": "shop.users", "_id": "a"}' |
		mmstream write-oplog --source store --nsInclude 'shop.*' \
			--after 1700000005:1 |
		mm-oplog-apply -d shop --target "$dst_uri"
	py "$src_uri" <<<'client.shop.users.delete_one({"_id": "a"})'
	mm-diff -d shop --source "$src_uri" --target "$dst_uri"
}

@test "a gap, another store, another selection: refused, nothing written" {
	start_server dst
	snapshot | mm-load -d shop --target "$dst_uri"
	line='{"at": "1700000009:1", "op": "d", "ns": "shop.orders", "_id": 1}'
	run -6 bash -c 'mm-oplog-apply -d shop --target "$1"' _ "$dst_uri" \
		< <(mmstream write-oplog --source store --nsInclude 'shop.*' \
			--after 1700000008:1 <<<"$line")
	run -8 bash -c 'mm-oplog-apply -d shop --target "$1"' _ "$dst_uri" \
		< <(mmstream write-oplog --source other --nsInclude 'shop.*' \
			--after 1700000000:1 <<<"$line")
	run -8 bash -c 'mm-oplog-apply -d shop --target "$1"' _ "$dst_uri" \
		< <(mmstream write-oplog --source store --nsInclude 'crm.*' \
			--after 1700000000:1 <<<"$line")
	run -8 bash -c 'mm-oplog-apply -d shop --target "$1"' _ "$dst_uri" \
		< <(snapshot)
	run -8 bash -c 'mm-load -d shop --target "$1"' _ "$dst_uri" \
		< <(change_log)
	py "$dst_uri" <<-'P'
		assert client.shop.orders.count_documents({}) == 299
	P
}
