bats_require_minimum_version 1.8.0
# mm-oplog-apply: plain entries as input, a copy of one's own as the start.
load lib

QUIET=1

setup() {
	start_server src
	start_server dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
}

# oplog [PYTHON]: the source's oplog as mongodump writes it; PYTHON says which
# entries `e` are in it.
oplog() {
	py "$src_uri" "${1:-True}" <<-'P'
		from bson.codec_options import CodecOptions
		from bson.raw_bson import RawBSONDocument
		log = client.local.get_collection("oplog.rs", CodecOptions(document_class=RawBSONDocument))
		for e in log.find():
		    if eval(sys.argv[2]):
		        sys.stdout.buffer.write(e.raw)
	P
}

# Changes of every kind, of shop and of others, with transactions that cross
# the border of the selection.
work() {
	py "$src_uri" "$1" <<-'P'
		base = int(sys.argv[2])
		shop, crm = client.shop, client.crm
		shop.a.insert_many([{"_id": base + i, "n": i, "l": [1, 2, {"x": i}]} for i in range(30)])
		crm.x.insert_one({"_id": base})
		shop.a.update_many({"_id": {"$gte": base}}, {"$set": {"n": 7, "l.2.x": "y"}, "$unset": {"none": 1}})
		shop.a.delete_one({"_id": base + 3})
		with client.start_session() as s:
		    with s.start_transaction():
		        crm.x.insert_one({"_id": base + 1}, session=s)
		        shop.a.insert_one({"_id": base + 100}, session=s)
		        shop.b.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=s)
		        crm.x.insert_one({"_id": base + 2}, session=s)
		    s.start_transaction()
		    shop.a.insert_one({"_id": base + 200}, session=s)
		    s.abort_transaction()
		    with s.start_transaction():
		        for i in range(5):
		            shop.b.insert_one({"_id": base + i, "t": "x" * 100}, session=s)
	P
}

first_work() {
	py "$src_uri" <<-'P'
		client.shop.create_collection("a")
		client.shop.b.insert_one({"_id": 1, "n": 0})
		client.crm.x.insert_one({"_id": 1})
	P
	work 1000
}

applied() {
	py "$dst_uri" <<-'P'
		c = client.mm_control.jobs.find_one()["checkpoint"]["applied"]
		print("%d:%d:%d" % (c["ts"].time, c["ts"].inc, c["t"]))
	P
}

@test "a dump of the oplog, and what mm-cat bson makes of a log: applied as the log itself" {
	first_work
	mm-dump -d shop | mm-load -d shop --quiet
	local from
	from=$(mm-oplog-apply -d shop --print-position)
	work 2000
	py "$src_uri" <<<'client.shop.c.insert_one({"_id": 1}); client.shop.c.create_index("k"); client.shop.b.rename("d")'
	# whole, up to a position, once more
	oplog >"$TMP/oplog.bson"
	local middle
	middle=$(py "$src_uri" "$from" <<-'P'
		s, i, t = map(int, sys.argv[2].split(":"))
		e = list(client.local["oplog.rs"].find({"ts": {"$gt": Timestamp(s, i)}}))[40]
		print("%d:%d:%d" % (e["ts"].time, e["ts"].inc, e["t"]))
	P
	)
	mm-oplog-apply -d shop --input-format=bson --until "$middle" "$TMP/oplog.bson"
	run applied
	assert_output "$middle"
	mm-oplog-apply -d shop --input-format=bson <"$TMP/oplog.bson"
	assert_same "$src_uri" "$dst_uri" shop
	run py "$dst_uri" <<<'print("crm" in client.list_database_names(), sorted(client.shop.c.index_information()))'
	assert_output "False ['_id_', 'k_1']"
	run applied
	assert_output "$(position)"
	zstd -q "$TMP/oplog.bson" -o "$TMP/oplog.bson.zst"
	mm-oplog-apply -d shop --input-format=bson "$TMP/oplog.bson.zst"

	# out and in again, cut down to less than the log was made for
	work 3000
	mm-oplog-tail --from "$from" --exit-when-caught-up --nsInclude '*' >"$TMP/all"
	mm-cat bson "$TMP/all" >"$TMP/all.bson"
	mm-oplog-apply -d shop --input-format=bson "$TMP/all.bson"
	assert_same "$src_uri" "$dst_uri" shop
	mm-diff -d shop
}

@test "plain entries: a gap, a cut, disorder, what is no log" {
	first_work
	mm-dump -d shop | mm-load -d shop --quiet
	local at size cut
	at=$(applied)
	work 2000
	# nothing of it can be known to follow the checkpoint
	oplog "e['ts'] > Timestamp(${at%%:*}, $(cut -d: -f2 <<<"$at"))" >"$TMP/late"
	run -6 mm-oplog-apply -d shop --input-format=bson "$TMP/late"
	assert_output --partial 'there is a gap'
	run applied
	assert_output "$at"
	# unless the user says so
	cp "$TMP/late" "$TMP/log"
	size=$(stat -c %s "$TMP/log")
	head -c $((size - 1)) "$TMP/log" >"$TMP/cut"
	run -3 mm-oplog-apply -d shop --input-format=bson --from "$at" "$TMP/cut"
	assert_output --partial 'cut short: the input ends inside an entry'
	cut=$(applied)
	[[ $cut != "$at" ]]
	run -9 mm-oplog-apply -d shop --input-format=bson --allow-truncated --from "$at" "$TMP/cut"
	run applied
	assert_output "$cut"
	# a flattened transaction without its end
	mm-oplog-tail --from "$at" --exit-when-caught-up -d shop | mm-cat bson >"$TMP/flat"
	"$PY" - "$TMP/flat" >"$TMP/cut" <<-'P'
		import sys, bson
		docs = list(bson.decode_file_iter(open(sys.argv[1], "rb")))
		last = max(i for i, d in enumerate(docs) if "last" in d.get("txn", {}))
		data = open(sys.argv[1], "rb").read()
		at = 0
		for d in range(last):
		    at += int.from_bytes(data[at:at + 4], "little")
		sys.stdout.buffer.write(data[:at])
	P
	run -3 mm-oplog-apply -d shop --input-format=bson --from "$at" "$TMP/cut"
	assert_output --partial 'the input ends inside a transaction'
	run applied
	assert_output "$cut"
	# twice over
	run -3 mm-oplog-apply -d shop --input-format=bson --from "$at" "$TMP/log" "$TMP/log"
	assert_output --partial 'not after the entry before it'
	assert_same "$src_uri" "$dst_uri" shop
	run -3 mm-oplog-apply -d shop --input-format=bson /dev/null
	assert_output --partial 'empty input'
	mm-oplog-tail --from "$at" --exit-when-caught-up -d shop >"$TMP/stream"
	run -3 mm-oplog-apply -d shop --input-format=bson "$TMP/stream"
	assert_output --partial 'leave out --input-format'
	run -3 mm-oplog-apply -d shop "$TMP/log"
	run -3 mm-oplog-apply -d shop --input-format=bson <<<'no BSON at all'
	run -2 mm-oplog-apply -d shop --input-format=bson -D "$TMP"
	run -2 mm-oplog-apply -d shop --allow-truncated "$TMP/stream"
}

# A copy that takes time while changes are made: `a` is read before them, `b`
# after.
own_copy() {
	py "$src_uri" "$dst_uri" <<-'P'
		target = pymongo.MongoClient(sys.argv[2])
		target.shop.a.insert_many(list(client.shop.a.find()))
		target.shop.a.create_index("n")
		client.shop.a.create_index("n")
		client.shop.a.delete_one({"_id": 1004})
		client.shop.b.update_one({"_id": 1}, {"$set": {"late": 1}})
		client.shop.b.insert_one({"_id": 5})
		target.shop.b.insert_many(list(client.shop.b.find()))
		target.shop.b.create_index("t", expireAfterSeconds=3600)
	P
}

@test "a copy of one's own: begun from its positions, with a log, segments, plain entries" {
	first_work
	local from to job owned
	from=$(position)
	own_copy
	to=$(position)
	work 2000
	mm-oplog-tail --from "$from" --exit-when-caught-up -d shop >"$TMP/log"
	# without a position, or with half of one
	run -8 mm-oplog-apply -d shop "$TMP/log"
	assert_output --partial '--from and --fuzzy-until'
	run -2 mm-oplog-apply -d shop --from "$from" "$TMP/log"
	run -2 mm-oplog-apply -d shop --fuzzy-until "$to" "$TMP/log"
	run -2 mm-oplog-apply -d shop --from "$to" --fuzzy-until "$from" "$TMP/log"
	run -8 mm-oplog-apply -d shop --input-format=bson --from "$from" < <(oplog)
	run py "$dst_uri" <<<'print(client.mm_control.jobs.count_documents({"phase": {"$exists": True}}))'
	assert_output 0

	run mm-oplog-apply -d shop --from "$from" --fuzzy-until "$to" "$TMP/log"
	assert_success
	assert_output --partial 'begins with 2 collections'
	assert_same "$src_uri" "$dst_uri" shop
	owned() {
		py "$dst_uri" <<-'P'
			for d in client.mm_control.owned.find().sort("_id.ns", 1):
			    print(d["_id"]["ns"], [(s["why"], s["spec"]["expireAfterSeconds"]) for s in d.get("staged", [])])
			print(client.shop.b.index_information()["t_1"]["expireAfterSeconds"])
		P
	}
	run owned
	assert_output "shop.a []
shop.b [('ttl', 3600)]
2147483647"
	# again; then without; then as another copy
	mm-oplog-apply -d shop --from "$from" --fuzzy-until "$to" "$TMP/log"
	work 3000
	mm-oplog-tail -D "$TMP/seg" --from "$from" --exit-when-caught-up -d shop
	# it would do: of segments, as a log by itself and for the job
	run -0 --separate-stderr mm-oplog-apply -d shop -D "$TMP/seg" --dryRun
	assert_output --regexp '[1-9][0-9]* entries, 0 refused, [01] skipped$'
	MM_TARGET_URI='' run -0 --separate-stderr mm-oplog-apply -d shop -D "$TMP/seg" --dryRun
	assert_output --regexp '[1-9][0-9]* entries, 0 refused, [01] skipped$'
	mm-oplog-apply -d shop -D "$TMP/seg" --exit-when-caught-up
	assert_same "$src_uri" "$dst_uri" shop
	run -8 mm-oplog-apply -d shop --from "$from" --fuzzy-until "$from" "$TMP/log"
	assert_output --partial 'did not begin with the copy'
	# the copy is the job's: a load does not take it
	run -8 bash -c 'mm-dump -d shop | mm-load -d shop'
	assert_output --partial 'is loaded already'

	# the same from plain entries, and from segments
	for how in plain segments; do
		py "$dst_uri" <<<'[client.drop_database(d) for d in ("shop", "mm_control")]'
		py "$src_uri" <<<'client.shop.a.drop_indexes(); client.shop.b.delete_one({"_id": 5})'
		from=$(position)
		own_copy
		to=$(position)
		if [[ $how = plain ]]; then
			oplog >"$TMP/plain"
			mm-oplog-apply -d shop --input-format=bson --from "$from" --fuzzy-until "$to" "$TMP/plain"
		else
			rm -r "$TMP/seg"
			mm-oplog-tail -D "$TMP/seg" --from "$from" --exit-when-caught-up -d shop
			mm-oplog-apply -d shop -D "$TMP/seg" --exit-when-caught-up --from "$from" --fuzzy-until "$to"
		fi
		assert_same "$src_uri" "$dst_uri" shop
		run applied
		assert_output "$(position)"
	done

	# what began as plain entries goes on as a log of the tail
	py "$dst_uri" <<<'[client.drop_database(d) for d in ("shop", "mm_control")]'
	from=$(position)
	py "$src_uri" "$dst_uri" <<-'P'
		target = pymongo.MongoClient(sys.argv[2])
		for c in "ab":
		    target.shop[c].insert_many(list(client.shop[c].find()))
	P
	oplog >"$TMP/plain"
	mm-oplog-apply -d shop --input-format=bson --from "$from" --fuzzy-until "$from" "$TMP/plain"
	work 4000
	job=$(py "$dst_uri" <<<'print(client.mm_control.jobs.find_one()["_id"])')
	mm-oplog-tail --from "$(mm-oplog-apply -d shop --print-position)" --exit-when-caught-up -d shop |
		mm-oplog-apply -d shop --job "$job"
	assert_same "$src_uri" "$dst_uri" shop
	run py "$dst_uri" <<<'print(client.mm_control.jobs.find_one()["source"]["set"])'
	assert_output rs_src
}

@test "a copy of one's own: what is of another job is refused, an interrupted beginning is told" {
	first_work
	mm-dump -d crm --nsFrom 'crm.*' --nsTo 'shop.*' | mm-load -d crm --nsFrom 'crm.*' --nsTo 'shop.*' --quiet
	local at
	at=$(position)
	mm-oplog-tail --from "$at" --exit-when-caught-up -d shop >"$TMP/log"
	run -8 mm-oplog-apply -d shop --from "$at" --fuzzy-until "$at" "$TMP/log"
	assert_output --partial '"shop.x" belongs to job'
	run -8 mm-oplog-apply -d shop "$TMP/log"
	assert_output --partial 'once more'
	py "$dst_uri" <<<'client.mm_control.owned.delete_many({}); client.shop.x.drop()'
	mm-oplog-apply -d shop --from "$at" --fuzzy-until "$at" "$TMP/log"
	mm-oplog-apply -d shop "$TMP/log"
}

@test "what a log implies without a create is the job's, and never another's" {
	"$PY" "$TOOLS/mmstream.py" write-snapshot --source ledger --nsInclude 'shop.*' --from 10:0:1 --to 10:0:1 \
		<<<'{"ns": "shop.a", "doc": {"_id": 1}}' | mm-load -d shop --quiet
	"$PY" "$TOOLS/mmstream.py" write-oplog --source ledger --nsInclude 'shop.*' --after 10:0:1 \
		>"$TMP/log" <<-'J'
			{"at": "10:1:1", "op": "i", "ns": "shop.new", "doc": {"_id": 1}}
			{"at": "10:2:1", "op": "i", "ns": "shop.theirs", "doc": {"_id": 1}}
		J
	py "$dst_uri" <<<'client.mm_control.owned.insert_one({"_id": SON([("job", "other"), ("ns", "shop.theirs")])})'
	run -8 mm-oplog-apply -d shop "$TMP/log"
	assert_output --partial '"shop.theirs" on the target: it belongs to job "other"'
	run py "$dst_uri" <<<'print(sorted(d["_id"]["ns"] for d in client.mm_control.owned.find({"_id.job": {"$ne": "other"}})), client.shop.theirs.count_documents({}))'
	assert_output "['shop.a', 'shop.new'] 0"
	# a new load drops it
	"$PY" "$TOOLS/mmstream.py" write-snapshot --source ledger --nsInclude 'shop.*' --from 10:0:1 --to 10:0:1 \
		<<<'{"ns": "shop.a", "doc": {"_id": 2}}' | mm-load -d shop --quiet --drop
	run py "$dst_uri" <<<'print(client.shop.list_collection_names())'
	assert_output "['a']"
}
