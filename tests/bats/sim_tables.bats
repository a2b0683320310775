#!/usr/bin/env bats
# mongosim: config.transactions, $out, and validators that only warn.
bats_require_minimum_version 1.8.0

load lib

@test "config.transactions has the newest write of each session" {
	start_sim s
	run py "$s_uri" <<-'END'
		table = client.config.transactions
		log = client.local["oplog.rs"]
		c = client.t.c
		def rows():
		    return [(list(r), r["txnNum"], r.get("state")) for r in
		        table.find()]
		plain = client.t.get_collection("c", write_concern=
		    pymongo.WriteConcern(0))
		plain.insert_one({"_id": "unacknowledged"})
		print(rows())
		with client.start_session() as s:
		    c.insert_many([{"_id": i} for i in range(3)], session=s)
		    c.update_one({"_id": 1}, {"$set": {"a": 1}}, session=s)
		    c.find_one_and_update({"_id": 2}, {"$set": {"a": 1}}, session=s)
		    c.update_many({}, {"$set": {"b": 1}}, session=s)
		    row, = table.find()
		    print(rows())
		    last = log.find({"txnNumber": 3}).sort("$natural", -1)[0]
		    print(row["lastWriteOpTime"] == {"ts": last["ts"],
		        "t": last["t"]}, row["_id"] == last["lsid"])
		    # Sent again: nothing is written, the row stays.
		    r = client.t.command(SON([("update", "c"), ("updates", [
		        {"q": {"_id": 1}, "u": {"$set": {"a": 1}}}]),
		        ("txnNumber", Int64(3))]), session=s, check=False)
		    print(table.find_one() == row)
		    s.start_transaction()
		    c.insert_one({"_id": 9}, session=s)
		    s.commit_transaction()
		    print(rows())
	END
	assert_output "[]
[(['_id', 'txnNum', 'lastWriteOpTime', 'lastWriteDate'], 3, None)]
True True
True
[(['_id', 'txnNum', 'lastWriteOpTime', 'lastWriteDate', 'state'], 4, 'committed')]"
}

@test "config.transactions of a recording, entry by entry" {
	start_sim s --feed "$REPO/tests/corpus/4.9-v2/prepared"
	run py "$s_uri" <<-'END'
		table = client.config.transactions
		log = client.local["oplog.rs"]
		seen = set()
		while client.admin.command("simulate", "feed")["left"]:
		    e = next(log.find().sort("$natural", -1))
		    if "lsid" not in e:
		        continue
		    row, = [r for r in table.find() if r["_id"] == e["lsid"]]
		    assert row["lastWriteOpTime"]["ts"] == e["ts"], (row, e)
		    assert row["txnNum"] == e["txnNumber"]
		    name = list(e["o"])[0]
		    what = "prepare" if e["o"].get("prepare") else name
		    seen.add((what, row["state"], "startOpTime" in row))
		print(sorted(seen))
	END
	assert_output "[('abortTransaction', 'aborted', False), ('commitTransaction', 'committed', False), ('prepare', 'prepared', True)]"
	stop_servers
	start_sim s --feed "$REPO/tests/corpus/4.9-v2/retryable" --feed-rate 0
	run py "$s_uri" <<-'END'
		want = {}
		for e in client.local["oplog.rs"].find({"lsid": {"$exists": True}}):
		    want[bson.encode(e["lsid"])] = (e["txnNumber"], e["ts"])
		got = {bson.encode(r["_id"]): (r["txnNum"],
		    r["lastWriteOpTime"]["ts"]) for r in
		    client.config.transactions.find()}
		print(len(want) > 0, got == want)
	END
	assert_output "True True"
}

@test "\$out: by a temporary collection, as recorded; keeps options and indexes" {
	start_sim s
	run py "$s_uri" <<-'END'
		db = client.t
		log = client.local["oplog.rs"]
		db.c.insert_many([{"_id": i, "g": i % 3} for i in range(9)])
		start = next(log.find().sort("$natural", -1))["ts"]
		r = db.command(SON([("aggregate", "c"), ("pipeline", [
		    {"$match": {"g": 2}}, {"$out": "o"}]), ("cursor", {})]))
		print(r["cursor"])
		for e in log.find({"ts": {"$gt": start}}):
		    print(e["op"], list(e["o"])[:3], e["ns"].startswith(
		        "t.tmp.agg_out.") or e["ns"])
		print([d["_id"] for d in db.o.find()], db.o.options())
		db.o.create_index("g", name="own")
		list(db.c.aggregate([{"$group": {"_id": "$g", "n": {"$sum": 1}}},
		    {"$sort": {"_id": 1}}, {"$out": {"db": "t", "coll": "o"}}]))
		print(list(db.o.find()), list(db.o.index_information()))
		e = next(log.find().sort("$natural", -1))
		print(list(e["o"]), e["o2"])
		list(db.c.aggregate([{"$match": {"_id": 77}}, {"$out": "o"}]))
		print(list(db.o.find()))
		db.create_collection("cap", capped=True, size=4096)
		for bad in ([{"$out": "o"}, {"$limit": 1}], [{"$out": 5}],
		        [{"$out": "cap"}]):
		    try:
		        list(db.c.aggregate(bad))
		    except pymongo.errors.OperationFailure as e:
		        print(e.code)
		print(sorted(db.list_collection_names()))
	END
	assert_output "{'firstBatch': [], 'id': 0, 'ns': 't.c'}
c ['create', 'temp', 'idIndex'] t.\$cmd
i ['_id', 'g'] True
i ['_id', 'g'] True
i ['_id', 'g'] True
c ['renameCollection', 'to', 'stayTemp'] t.\$cmd
[2, 5, 8] {}
[{'_id': 0, 'n': 3}, {'_id': 1, 'n': 3}, {'_id': 2, 'n': 3}] ['_id_', 'own']
['renameCollection', 'to', 'stayTemp', 'dropTarget'] {'numRecords': 3}
[]
40601
16990
17152
['c', 'cap', 'o']"
}

@test "validators: warn and off let pass, moderate leaves what was invalid" {
	start_sim s
	run py "$s_uri" <<-'END'
		db = client.t
		rule = {"n": {"$type": "int"}}
		def tries(name, **options):
		    db[name].insert_one({"_id": 0})
		    db.command("collMod", name, validator=rule, **options)
		    done = []
		    for change in (lambda: db[name].insert_one({"_id": 1}),
		            lambda: db[name].update_one({"_id": 0},
		                {"$set": {"a": 1}}),
		            lambda: db[name].insert_one({"_id": 2, "n": 1}),
		            lambda: db[name].update_one({"_id": 2},
		                {"$set": {"n": "x"}})):
		        try:
		            change()
		            done.append(0)
		        except pymongo.errors.WriteError as e:
		            done.append(e.code)
		    print(name, done)
		tries("strict")
		tries("warn", validationAction="warn")
		tries("off", validationLevel="off")
		tries("moderate", validationLevel="moderate")
	END
	assert_output "strict [121, 121, 0, 121]
warn [0, 0, 0, 0]
off [0, 0, 0, 0]
moderate [121, 0, 0, 121]"
}
