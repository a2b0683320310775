#!/usr/bin/env python3
"""recorded.py serve DIR            plays the source of a recording (tests/corpus)
recorded.py snapshot DIR DB...      its `before` as a snapshot stream
recorded.py compare DIR URI DB...   the target holds its `after`, byte for byte

serve: a replica-set member that knows hello and reading, whose oplog is that
of the recording, entries as the real server wrote them (one noop is put in
front, at the position of the start). Prints `ready HOST:PORT`. Options after
DIR: --batch N (entries in a reply), --lose N (every Nth getMore is answered by
closing the connection).
"""
import datetime
import json
import os
import socket
import struct
import sys
import threading
import time

import bson
import pymongo
import zstandard
from bson import SON, Int64, Timestamp
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

RAW = CodecOptions(document_class=RawBSONDocument)
SET = "recorded"


def raw_docs(path):
    with open(path, "rb") as f:
        data = zstandard.ZstdDecompressor().stream_reader(f).read()
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from("<i", data, at)
        yield data[at:at + size]
        at += size


class Recording:
    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "meta.json"), encoding="utf-8") as f:
            self.meta = json.load(f)
        self.start = Timestamp(*self.meta["start"])
        self.end = Timestamp(*self.meta["snapshot_end"])
        first = SON([("op", "n"), ("ns", ""), ("o", SON()), ("ts", self.start),
                     ("t", Int64(1)), ("v", Int64(2))])
        log = [bson.encode(first)]
        log += raw_docs(os.path.join(folder, "oplog.bson.zst"))
        self.log = [RawBSONDocument(raw) for raw in log]

    def docs(self, when, ns):
        path = os.path.join(self.folder, when, ns + ".bson.zst")
        return list(raw_docs(path)) if os.path.exists(path) else []


class Member:
    """One connection's worth of a server."""

    def __init__(self, recording, options):
        self.rec = recording
        self.options = options
        self.cursors = {}
        self.getmores = 0

    def hello(self, _):
        last = SON([("ts", self.rec.log[-1]["ts"]),
                    ("t", Int64(self.rec.log[-1]["t"]))])
        now = datetime.datetime.now(datetime.timezone.utc)
        me = "127.0.0.1:%d" % self.options["port"]
        return SON([
            ("ismaster", True), ("isWritablePrimary", True), ("secondary", False),
            ("setName", SET), ("setVersion", 1), ("hosts", [me]), ("me", me),
            ("primary", me), ("maxBsonObjectSize", 16777216),
            ("maxMessageSizeBytes", 48000000), ("maxWriteBatchSize", 100000),
            ("logicalSessionTimeoutMinutes", 30), ("minWireVersion", 0),
            ("maxWireVersion", 12),
            ("lastWrite", SON([("opTime", last), ("lastWriteDate", now),
                               ("majorityOpTime", last),
                               ("majorityWriteDate", now)]))])

    def find(self, command):
        where = command["find"]
        docs = []
        if command["$db"] == "local" and where == "oplog.rs":
            docs = self.oplog(command)
        db = command["$db"]
        limit = abs(command.get("limit", 0))
        docs = docs[:limit] if limit else docs
        return self.reply(docs, "firstBatch", db + "." + where,
                          command.get("batchSize", 101),
                          command.get("tailable", False))

    def oplog(self, command):
        docs = list(self.rec.log)
        bounds = command.get("filter", {}).get("ts", {})
        if "$gte" in bounds:
            docs = [d for d in docs if d["ts"] >= bounds["$gte"]]
        if "$lte" in bounds:
            docs = [d for d in docs if d["ts"] <= bounds["$lte"]]
        if command.get("sort", {}).get("$natural") == -1:
            docs.reverse()
        fields = command.get("projection")
        if fields:
            docs = [SON((k, v) for k, v in d.items() if k in fields)
                    for d in docs]
        return docs

    def reply(self, docs, batch, ns, size, tailable):
        size = min(size, self.options["batch"])
        some, docs = docs[:size], docs[size:]
        number = 0
        if docs or tailable:
            number = len(self.cursors) + 1000
            self.cursors[number] = (docs, ns, tailable)
        return SON([("cursor", SON([(batch, some), ("id", Int64(number)),
                                    ("ns", ns)]))])

    def getmore(self, command):
        self.getmores += 1
        lose = self.options["lose"]
        if lose and self.getmores % lose == 0:
            raise ConnectionError("lost on purpose")
        docs, ns, tailable = self.cursors.pop(command["getMore"])
        if not docs:
            time.sleep(command.get("maxTimeMS", 100) / 1000)
        return self.reply(docs, "nextBatch", ns, command.get("batchSize", 101),
                          tailable)

    def answer(self, command):
        name = next(iter(command))
        known = {
            "hello": self.hello, "isMaster": self.hello, "ismaster": self.hello,
            "find": self.find, "getMore": self.getmore,
            "ping": lambda _: SON(), "endSessions": lambda _: SON(),
            "killCursors": lambda _: SON(),
            "buildInfo": lambda _: SON([("version", "4.9.0")]),
            "getParameter": lambda _: SON([
                ("featureCompatibilityVersion", {"version": "4.9"})]),
        }
        if name not in known:
            return SON([("ok", 0.0), ("code", 59), ("errmsg", "no " + name),
                        ("codeName", "CommandNotFound")])
        return SON(list(known[name](command).items()) + [("ok", 1.0)])


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionError("closed")
        data += more
    return data


def talk(sock, member):
    try:
        while True:
            size, number, _, opcode = struct.unpack("<iiii", read_exactly(sock, 16))
            body = read_exactly(sock, size - 16)
            if opcode == 2004:  # OP_QUERY, only for the handshake
                at = body.index(b"\0", 4) + 9
                doc = bson.encode(member.answer(bson.decode(body[at:])))
                out = struct.pack("<iqii", 8, 0, 0, 1) + doc
                reply = 1
            else:
                doc = bson.encode(member.answer(bson.decode(body[5:])))
                out = struct.pack("<iB", 0, 0) + doc
                reply = 2013
            sock.sendall(struct.pack("<iiii", 16 + len(out), 1, number, reply) + out)
    except (ConnectionError, OSError):
        sock.close()


def serve(folder, args):
    recording = Recording(folder)
    options = {"batch": 40, "lose": 0}
    while args:
        options[args[0].lstrip("-")] = int(args[1])
        args = args[2:]
    listener = socket.create_server(("127.0.0.1", 0))
    options["port"] = listener.getsockname()[1]
    print("ready 127.0.0.1:%d" % options["port"], flush=True)
    member = Member(recording, options)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=talk, args=(sock, member), daemon=True).start()


def snapshot(folder, databases):
    import mmstream
    rec = Recording(folder)
    position = lambda ts: SON([("ts", ts), ("t", Int64(1))])
    w = mmstream.Writer(sys.stdout.buffer, "snapshot", [
        ("source", SON([("set", SET)])),
        ("filters", SON([("include", sorted(d + ".*" for d in databases)),
                         ("exclude", []), ("rename", [])])),
        ("from", position(rec.start)), ("readConcern", "majority")], "bulk")
    colls = [c for c in rec.meta["before"]
             if c["type"] == "collection" and c["ns"].split(".")[0] in databases]
    for number, c in enumerate(colls):
        db, name = c["ns"].split(".", 1)
        w.coll(number, db, name, type="collection", options=SON(c["options"]),
               indexes=[SON([("v", 2), ("key", SON([("_id", 1)])),
                             ("name", "_id_")])])
        docs = rec.docs("before", c["ns"])
        if docs:
            w.block(number, docs)
        w.cend(number)
    w.end("complete", [("to", position(rec.end))])


def compare(folder, uri, databases):
    rec, client, bad = Recording(folder), pymongo.MongoClient(uri), 0
    for c in rec.meta["after"]:
        db, name = c["ns"].split(".", 1)
        if db not in databases or c["type"] != "collection":
            continue
        want = rec.docs("after", c["ns"])
        have = [d.raw for d in client[db].get_collection(name, RAW).find()]
        if not c["options"].get("capped"):
            want, have = sorted(want), sorted(have)
        if want != have:
            bad += 1
            missing, extra = set(want) - set(have), set(have) - set(want)
            print("%s: %d documents, %d expected; %d missing, %d extra" % (
                c["ns"], len(have), len(want), len(missing), len(extra)))
    for db in client.list_database_names():
        if db not in databases + ["admin", "config", "local", "mm_control"]:
            print("database %s should not be there" % db)
            bad += 1
    return 1 if bad else 0


def main():
    what, folder, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    if what == "serve":
        serve(folder, rest)
    if what == "snapshot":
        snapshot(folder, rest)
    return compare(folder, rest[0], rest[1:]) if what == "compare" else 0


if __name__ == "__main__":
    sys.exit(main())
