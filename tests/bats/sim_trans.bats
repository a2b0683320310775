#!/usr/bin/env bats
# Multi-document transactions on mongosim, by a driver that knows them.
bats_require_minimum_version 1.8.0

load lib

setup() {
	require_sim
}

@test 'seen by nobody before the commit, by all after it' {
	start_sim s
	py "$s_uri" <<-'END'
		import threading
		a, new = client.app.a, client.app.new
		a.insert_many([{"_id": i, "n": 0} for i in range(10)])
		with client.start_session() as s:
		    with s.start_transaction():
		        a.update_one({"_id": 1}, {"$inc": {"n": 5}}, session=s)
		        a.insert_one({"_id": 100}, session=s)
		        a.delete_one({"_id": 2}, session=s)
		        new.insert_one({"_id": 1}, session=s)
		        ids = [d["_id"] for d in a.find()]
		        assert ids == list(range(10)), ids
		        assert a.find_one({"_id": 1})["n"] == 0
		        assert a.find_one({"_id": 2}) and not new.find_one()
		        assert a.find_one({"_id": 1}, session=s)["n"] == 5
		        assert not a.find_one({"_id": 2}, session=s)
		        assert new.find_one(session=s)
		        # Another writer waits for the document, then adds to it.
		        t = threading.Thread(target=lambda: a.update_one(
		            {"_id": 1}, {"$inc": {"n": 1}}))
		        t.start()
		        t.join(0.3)
		        assert t.is_alive()
		    t.join(100)
		    assert a.find_one({"_id": 1})["n"] == 6
		    assert not a.find_one({"_id": 2}) and new.find_one()
		    # Aborted: as if it had not been.
		    before = list(a.find())
		    s.start_transaction()
		    a.update_many({}, {"$inc": {"n": 5}}, session=s)
		    a.update_many({}, {"$inc": {"n": 5}}, session=s)
		    a.delete_one({"_id": 3}, session=s)
		    a.insert_one({"_id": 3}, session=s)
		    client.app.gone.insert_one({}, session=s)
		    s.abort_transaction()
		    assert list(a.find()) == before
		    assert "gone" not in client.app.list_collection_names()
		    # Deleted, inserted again and changed, in one.
		    with s.start_transaction():
		        a.delete_one({"_id": 3}, session=s)
		        a.insert_one({"_id": 3, "again": 1}, session=s)
		        a.update_one({"_id": 3}, {"$set": {"x": 1}}, session=s)
		    assert a.find_one({"_id": 3}) == {"_id": 3, "again": 1, "x": 1}
	END
}

@test 'conflicts: documents, unique values, what was changed since' {
	start_sim s
	py "$s_uri" <<-'END'
		a, u = client.app.a, client.app.u
		a.insert_many([{"_id": i} for i in range(3)])
		u.create_index("k", unique=True)
		u.insert_one({"_id": 1, "k": 1})
		def conflicts(f):
		    try:
		        f()
		    except pymongo.errors.OperationFailure as e:
		        assert e.code == 112, e
		        assert e.has_error_label("TransientTransactionError")
		        return True
		one, two = client.start_session(), client.start_session()
		def begin():
		    for s in one, two:
		        if s.in_transaction:
		            s.abort_transaction()
		        s.start_transaction()
		        a.find_one(session=s)
		def change(coll, i, s):
		    return lambda: coll.update_one(
		        {"_id": i}, {"$inc": {"k": 7}}, session=s)
		begin()
		change(a, 1, one)()
		change(a, 2, two)()
		assert conflicts(change(a, 1, two))
		one.commit_transaction()
		assert a.find_one({"_id": 1})["k"] == 7
		assert a.find_one({"_id": 2}) == {"_id": 2}
		begin()
		a.insert_one({"_id": 9}, session=one)
		assert conflicts(lambda: a.insert_one({"_id": 9}, session=two))
		begin()
		a.delete_one({"_id": 1}, session=one)
		assert conflicts(lambda: a.delete_one({"_id": 1}, session=two))
		begin()
		change(u, 1, one)()
		assert conflicts(lambda: u.insert_one({"k": 1}, session=two))
		begin()
		change(a, 1, None)()
		assert conflicts(change(a, 1, two))
		# The driver's own loop gets all of them through.
		for s in one, two:
		    if s.in_transaction:
		        s.abort_transaction()
		import threading
		a.insert_one({"_id": "sum", "n": 0})
		def add():
		    with client.start_session() as s:
		        for _ in range(20):
		            s.with_transaction(lambda s: a.update_one({"_id":
		                "sum"}, {"$inc": {"n": 1}}, session=s))
		threads = [threading.Thread(target=add) for _ in range(4)]
		[t.start() for t in threads]
		[t.join(300) for t in threads]
		assert a.find_one({"_id": "sum"})["n"] == 80
	END
}

@test 'entries as recorded: single, chain, prepared, aborted' {
	start_sim s --txn-entry-bytes 300
	run -0 "$PY" - "$TOOLS" "$REPO/tests/corpus/4.9-v2" "$s_uri" <<-'END'
		import sys, pymongo
		sys.path.insert(0, sys.argv[1])
		import sim_shapes
		client = pymongo.MongoClient(sys.argv[3])
		a, table = client.app.a, client.config.transactions
		a.insert_many([{"_id": i, "n": 0} for i in range(9)])
		def state():
		    d = table.find_one()
		    return list(d)[1:], d["state"]
		usual = ["txnNum", "lastWriteOpTime", "lastWriteDate", "state"]
		admin = client.admin
		with client.start_session() as s:
		    for n in 1, 9:
		        with s.start_transaction():
		            for i in range(n):
		                a.update_one({"_id": i}, {"$inc": {"n": 1}},
		                             session=s)
		        assert state() == (usual, "committed"), state()
		for end in "commit", "abort":
		    table.delete_many({})
		    # The driver does not know that these end it.
		    with client.start_session() as s:
		        s.start_transaction()
		        a.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=s)
		        at = admin.command("prepareTransaction", session=s)
		        assert state() == (usual + ["startOpTime"], "prepared")
		        more = {"commitTimestamp": at["prepareTimestamp"]}
		        admin.command(end + "Transaction", session=s,
		                      **(more if end == "commit" else {}))
		        assert state()[0] == usual
		assert a.find_one({"_id": 1})["n"] == 2
		known = sim_shapes.recorded(sys.argv[2])
		log = client.get_database("local", codec_options=
		    sim_shapes.OPTIONS)["oplog.rs"]
		for e in log.find({"lsid": {"$exists": 1}, "op": "c"}):
		    shape = sim_shapes.shape(e)
		    assert shape in known[sim_shapes.kind(e)], e
		    print(*e["o"])
	END
	assert_line --index 0 'applyOps'
	assert_line --index 1 'applyOps partialTxn'
	assert_line 'applyOps count'
	assert_line 'applyOps prepare'
	assert_line 'commitTransaction commitTimestamp'
	assert_line 'abortTransaction'
}

@test 'a workload with transactions: tail and apply bring it over' {
	start_sim src --txn-entry-bytes 3000
	start_sim dst
	export MM_SOURCE_URI=$src_uri MM_TARGET_URI=$dst_uri
	run_bg writer "$PY" "$TOOLS/workload.py" "$src_uri" --db shop --db other \
		--rate 400 --threads 2 --initial 40 --ops 2500 --transactions 0.3
	run_bg tail mm-oplog-tail -D "$TMP/seg" --from now -d shop \
		--status-file "$TMP/tail.st"
	wait_until 15 grep -q following "$TMP/tail.st"
	mm-dump -d shop --quiet | mm-load -d shop --quiet
	wait "$writer_pid"
	run jq '.transactions > 300 and .errors == 0' "$TMP/writer.out"
	assert_output true
	kill "$tail_pid"
	wait "$tail_pid"
	mm-oplog-apply -D "$TMP/seg" -d shop --quiet --exit-when-caught-up
	assert_same "$src_uri" "$dst_uri" shop
	mm-diff -d shop
}
