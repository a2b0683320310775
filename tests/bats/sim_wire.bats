#!/usr/bin/env bats
# The wire protocol of mongosim, spoken by hand.
bats_require_minimum_version 1.8.0

load lib

# wire PORT: py with socket helpers instead of a driver.
wire() {
	"$PY" -c 'import random, socket, struct, sys, bson
from bson import Int64
from bson.son import SON
port = int(sys.argv[1])
def connect():
    s = socket.create_connection(("127.0.0.1", port))
    s.settimeout(100)
    return s
def message(body, flags=0, code=2013, sections=b""):
    if not isinstance(body, bytes):
        body = b"\0" + bson.encode(body)
    m = struct.pack("<I", flags) + body + sections
    return struct.pack("<iiii", 16 + len(m), 7, 0, code) + m
def exact(s, n):
    out = b""
    while len(out) < n:
        more = s.recv(n - len(out))
        if not more:
            raise EOFError
        out += more
    return out
def receive(s):
    head = struct.unpack("<iiii", exact(s, 16))
    body = exact(s, head[0] - 16)
    return head, body
def reply(s):
    head, body = receive(s)
    return bson.decode(body[5:]), struct.unpack("<I", body[:4])[0], head
def command(s, **fields):
    s.sendall(message(SON(list(fields.items()) + [("$db", "t")])))
    return reply(s)[0]
exec(compile(sys.stdin.read(), "<test>", "exec"))' "$1"
}

@test "old handshake, checksums, several documents a section, no reply" {
	start_sim s
	run wire "$s_port" <<-'END'
		s = connect()
		q = (struct.pack("<i", 4) + b"admin.$cmd\0" +
		     struct.pack("<ii", 0, -1) + bson.encode({"isMaster": 1}))
		s.sendall(struct.pack("<iiii", 16 + len(q), 9, 0, 2004) + q)
		head, body = receive(s)
		print(head[2:], bson.decode(body[20:])["ismaster"])
		documents = b"".join(bson.encode({"_id": i}) for i in range(3))
		section = (b"\1" + struct.pack("<i", 4 + 10 + len(documents)) +
		           b"documents\0" + documents)
		body = SON([("insert", "c"), ("$db", "t")])
		s.sendall(message(body, sections=section))
		print(reply(s)[0]["n"])
		# Sections may stand in any order, and a checksum at the end.
		s.sendall(message(section + b"\0" + bson.encode(body) + b"abcd",
		                  flags=1))
		print(len(reply(s)[0]["writeErrors"]))
		s.sendall(message(SON([("insert", "c"), ("documents",
		    [{"_id": 9}]), ("$db", "t"), ("writeConcern", {"w": 0})]),
		    flags=2))
		print(command(s, count="c")["n"])
		print(command(s, frob=1)["code"])
	END
	assert_output "(9, 1) True
3
1
4
59"
}

@test "hello is streamed while the client listens" {
	start_sim s
	run wire "$s_port" <<-'END'
		s = connect()
		hello = command(s, hello=1)
		s.sendall(message(SON([("hello", 1), ("$db", "admin"),
		    ("topologyVersion", hello["topologyVersion"]),
		    ("maxAwaitTimeMS", Int64(100))]), flags=1 << 16))
		ids = []
		for i in range(3):
		    r, flags, head = reply(s)
		    print(r["ok"], flags)
		    ids.append(head[1:3])
		print(ids[1][1] == ids[0][0], ids[2][1] == ids[1][0])
	END
	assert_output "1.0 2
1.0 2
1.0 2
True True"
}

@test "hostile messages close their connection and nothing else" {
	start_sim s
	run wire "$s_port" <<-'END'
		good = connect()
		doc = bson.encode(SON([("ping", 1), ("$db", "t")]))
		def closed(data):
		    s = connect()
		    try:
		        s.sendall(data)
		        s.shutdown(socket.SHUT_WR)
		        while s.recv(65536):
		            pass
		    except OSError: # closed before we were done
		        pass
		    s.close()
		for length in (0, 1, 15, -1, 2 ** 31 - 1, 48000001):
		    closed(struct.pack("<iiii", length, 1, 0, 2013) + b"x" * 40)
		for code in (0, 1, 2002, 2004, 2012, 12345):
		    closed(message(b"\0" + doc, code=code))
		for body in (b"", b"\0", b"\0" + doc[:-1], b"\2" + doc,
		             b"\0" + doc + b"\0" + doc,
		             b"\0" + struct.pack("<i", 2 ** 31 - 1) + doc[4:],
		             b"\0" + struct.pack("<i", -5) + doc[4:],
		             b"\1" + struct.pack("<i", 9) + b"abcde",
		             b"\1" + struct.pack("<i", 1000) + b"a\0" + doc,
		             b"\0" + doc + b"\1" + struct.pack("<i", 12) +
		             b"a\0" + struct.pack("<i", 99) + b"\0\0",
		             b"\0" + bson.encode({}),
		             b"\0" + bson.encode({"ping": 1}),
		             b"\0" + bson.encode({"ping": 1, "$db": 3})):
		    closed(message(body))
		random.seed(3)
		whole = message(b"\0" + bson.encode(SON([("find", "c"),
		    ("filter", {"a": {"$in": [1, {"b": "x"}]}}), ("sort", {"a": 1}),
		    ("$db", "t")])))
		for i in range(len(whole)):
		    for bit in random.sample(range(8), 3):
		        bad = bytearray(whole)
		        bad[i] ^= 1 << bit
		        closed(bytes(bad))
		for i in range(0, len(whole), 7):
		    closed(whole[:i])
		print(command(good, ping=1)["ok"])
	END
	assert_output 1.0
	run kill -0 "$s_pid"
	assert_success
}

@test "arguments of the wrong type are refused, and nothing breaks" {
	start_sim s
	run wire "$s_port" <<-'END'
		s = connect()
		command(s, insert="c", documents=[{"_id": 1}, {"_id": 2}])
		odd = [None, 1, "x", 1.5, True, [], {}, [1], {"a": 1}, b"b", "",
		       -1, 2 ** 62, {"$x": 1}, "a\0b", [{}], [[]]]
		fields = {"find": ["filter", "sort", "hint", "min", "max", "limit",
		    "skip", "batchSize", "projection", "readConcern",
		    "$_resumeAfter", "tailable", "maxTimeMS"],
		    "aggregate": ["pipeline", "cursor"],
		    "count": ["query", "limit"], "distinct": ["key", "query"],
		    "insert": ["documents", "ordered", "writeConcern", "lsid"],
		    "update": ["updates"], "delete": ["deletes"],
		    "findAndModify": ["query", "update", "sort", "fields"],
		    "create": ["capped", "size", "collation", "validator",
		    "viewOn", "pipeline", "idIndex"],
		    "createIndexes": ["indexes"], "dropIndexes": ["index"],
		    "collMod": ["index", "validator"], "getMore": ["collection"],
		    "killCursors": ["cursors"], "listCollections": ["filter",
		    "cursor"], "listIndexes": ["cursor"], "drop": [],
		    "collStats": ["scale"], "dbStats": ["scale"], "hello":
		    ["topologyVersion", "maxAwaitTimeMS", "saslSupportedMechs"],
		    "renameCollection": ["to"], "appendOplogNote": ["data"],
		    "saslStart": ["mechanism", "payload"], "saslContinue":
		    ["payload"], "convertToCapped": ["size"]}
		base = {"distinct": {"key": "a"}, "findAndModify": {"update": {}},
		        "aggregate": {"pipeline": [], "cursor": {}}}
		n = 0
		for name, names in fields.items():
		    for value in odd:
		        command(s, **{name: value})
		        for field in names:
		            f = {name: "c" if name not in ("getMore", "hello")
		                 else Int64(1)}
		            f.update(base.get(name, {}))
		            f[field] = value
		            if field == "maxAwaitTimeMS" and value in (2 ** 62,):
		                continue
		            if "ok" not in command(s, **f):
		                print("no ok:", f)
		            n += 1
		        for field in ("q", "u", "limit", "multi", "upsert",
		                      "arrayFilters", "hint"):
		            u = {"q": {}, "u": {"$set": {"a": 1}}, "limit": 0}
		            u[field] = value
		            for c, l in (("update", "updates"),
		                         ("delete", "deletes")):
		                if "ok" not in command(s, **{c: "c", l: [u]}):
		                    print("no ok:", u)
		                n += 1
		print(n > 1000, command(s, ping=1)["ok"])
	END
	assert_output "True 1.0"
}
