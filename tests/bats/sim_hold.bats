#!/usr/bin/env bats
# The majority view of mongosim, held back and released.
bats_require_minimum_version 1.8.0

load lib

@test "while held, majority reads show the state before" {
	start_sim s
	run py "$s_uri" <<-'END'
		majority = pymongo.read_concern.ReadConcern("majority")
		c = client.t.c
		m = client.t.get_collection("c", read_concern=majority)
		log = client.local.get_collection("oplog.rs",
		                                  read_concern=majority)
		def last(name):
		    return client.admin.command("hello")["lastWrite"][name]["ts"]
		c.insert_many([{"_id": i, "v": 0} for i in range(6)])
		open_cursor = m.find().batch_size(2)
		open_cursor.next()
		before = last("opTime")
		client.admin.command("simulate", "hold")
		c.update_one({"_id": 0}, {"$set": {"v": 1}})
		c.update_one({"_id": 0}, {"$set": {"v": 2}})
		c.delete_one({"_id": 1})
		c.delete_one({"_id": 2})
		c.insert_one({"_id": 2, "v": 9})
		c.replace_one({"_id": 3}, {"_id": 3.0, "w": 1})
		c.insert_one({"_id": 7})
		c.delete_one({"_id": 7})
		c.insert_one({"_id": 8})
		old = [{"_id": i, "v": 0} for i in range(6)]
		new = [{"_id": 0, "v": 2}, {"_id": 2, "v": 9},
		       {"_id": 3.0, "w": 1}, {"_id": 4, "v": 0},
		       {"_id": 5, "v": 0}, {"_id": 8}]
		by_id = [("_id", 1)]
		print("local", list(c.find(sort=by_id)) == new)
		for cursor in (m.find(), m.find(sort=by_id), m.find({}, hint=by_id),
		               m.find({"_id": {"$in": [0, 1, 2, 3, 4, 5, 7, 8]}}),
		               m.find({"_id": {"$gte": 0, "$lt": 9}})):
		    print("majority", list(cursor) == old)
		print("opened before", list(open_cursor) == old[1:])
		print("count", m.count_documents({}), c.count_documents({}),
		      c.estimated_document_count())
		print("entries", log.find_one(sort=[("$natural", -1)])["ts"] ==
		      before, last("majorityOpTime") == before,
		      last("opTime") > before)
		client.admin.command("simulate", "release")
		print("released", list(m.find(sort=by_id)) == new,
		      list(m.find()) == list(c.find()),
		      last("majorityOpTime") == last("opTime"))
	END
	assert_output "local True
majority True
majority True
majority True
majority True
majority True
opened before True
count 6 6 6
entries True True True
released True True True"
}

@test "while held, w:majority waits or times out, also when nothing changed" {
	start_sim s
	run py "$s_uri" <<-'END'
		import threading
		client.t.c.insert_one({"_id": 1})
		client.admin.command("simulate", "hold")
		short = client.t.get_collection("c", write_concern=
		    pymongo.WriteConcern("majority", wtimeout=100))
		def attempt(f):
		    try:
		        f()
		        print("done")
		    except pymongo.errors.WTimeoutError as e:
		        print(e.code, e.details["errInfo"]["wtimeout"])
		client.t.c.insert_one({"_id": 2})
		attempt(lambda: short.insert_one({"_id": 3}))
		attempt(lambda: short.update_one({"_id": 4711}, {"$set": {"a": 1}}))
		attempt(lambda: short.delete_one({"_id": 4711}))
		def later():
		    time.sleep(0.3)
		    client.admin.command("simulate", "release")
		thread = threading.Thread(target=later)
		start = time.monotonic()
		thread.start()
		client.t.get_collection("c", write_concern=
		    pymongo.WriteConcern("majority")).insert_one({"_id": 5})
		thread.join()
		print("waited", time.monotonic() - start >= 0.25)
		print(sorted(d["_id"] for d in client.t.c.find()))
	END
	assert_output "64 True
64 True
64 True
waited True
[1, 2, 3, 5]"
}

@test "a collection made while held: majority reads wait for it" {
	start_sim s
	run py "$s_uri" <<-'END'
		import threading
		client.admin.command("simulate", "hold")
		client.t.c.insert_one({"_id": 1})
		m = client.t.get_collection("c", read_concern=
		    pymongo.read_concern.ReadConcern("majority"))
		try:
		    print(list(m.find(max_time_ms=100)))
		except pymongo.errors.ExecutionTimeout as e:
		    print(e.code)
		threading.Timer(0.2, lambda: client.admin.command(
		    "simulate", "release")).start()
		print(list(m.find()))
	END
	assert_output "50
[{'_id': 1}]"
}

@test "a majority tail delivers nothing while held, all of it after" {
	start_sim s
	run py "$s_uri" <<-'END'
		log = client.local.get_collection("oplog.rs", read_concern=
		    pymongo.read_concern.ReadConcern("majority"))
		start = client.admin.command("hello")["lastWrite"]["opTime"]["ts"]
		tail = log.find({"ts": {"$gt": start}}, cursor_type=
		    pymongo.CursorType.TAILABLE_AWAIT, oplog_replay=True)
		tail.max_await_time_ms(200)
		client.t.c.insert_one({"_id": 1})
		print([next(tail)["op"] for i in range(2)])
		client.admin.command("simulate", "hold")
		client.t.c.insert_one({"_id": 2})
		print(next(tail, None))
		client.admin.command("simulate", "release")
		print(next(tail)["o"], tail.alive)
	END
	assert_output "['c', 'i']
None
{'_id': 2} True"
}
