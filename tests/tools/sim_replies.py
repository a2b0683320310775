#!/usr/bin/env python3
"""Sends every recorded command of a real server to mongosim and compares.

usage: sim_replies.py CORPUS/replies.json HOST:PORT [-v]
                      [--secondary HOST:PORT]

The commands go out raw, in the recorded order, over one plain socket, so that
no driver adds to them. A reply must have the recorded fields in the recorded
order with the recorded types, and the recorded values save for the volatile
ones: times, generated ids, hosts, and what sim_known.py lists. What deviates
must be listed there with its reason, exactly; what is listed and no longer
deviates is a failure too. TAP on stdout, 1 if anything failed.
"""
import datetime
import re
import socket
import struct
import sys

import bson
from bson import json_util
from bson.binary import Binary, UuidRepresentation
from bson.codec_options import CodecOptions
from bson.int64 import Int64
from bson.objectid import ObjectId
from bson.son import SON
from bson.timestamp import Timestamp

import sim_known

# Binary stays Binary, so that its subtype is compared.
PLAIN = UuidRepresentation.UNSPECIFIED
CODEC = CodecOptions(
    document_class=SON, tz_aware=True, uuid_representation=PLAIN)
JSON = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL,
                             document_class=SON, uuid_representation=PLAIN)
# Generated names inside of messages.
IN_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
                     r"|Timestamp\(\d+, \d+\)")


class Server:
    """One connection; request and reply as OP_MSG."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.sock = socket.create_connection((host, int(port)), timeout=20)
        self.serial = 0

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                raise EOFError("the server closed the connection")
            data += more
        return data

    def run(self, db, command):
        body = SON(command)
        body["$db"] = db
        body = bson.encode(body, codec_options=CODEC)
        self.serial += 1
        self.sock.sendall(struct.pack(
            "<iiiiIB", 21 + len(body), self.serial, 0, 2013, 0, 0) + body)
        length, _, to, opcode = struct.unpack("<iiii", self.exactly(16))
        assert (to, opcode) == (self.serial, 2013), "not our reply"
        return bson.decode(self.exactly(length - 16)[5:], codec_options=CODEC)


class Names:
    """What the recorded server called otherwise than ours: cursors, times."""

    def __init__(self):
        self.cursors = {}
        self.times = {}

    def learn(self, recorded, ours):
        old = recorded.get("cursor", {}).get("id", 0)
        new = ours.get("cursor", {}).get("id", 0)
        if old and new:
            self.cursors[old] = new
        if "operationTime" in recorded and "operationTime" in ours:
            self.times[recorded["operationTime"]] = ours["operationTime"]

    def ours(self, value):
        """A recorded value as it has to be for our server."""
        if isinstance(value, dict):
            return SON((k, self.ours(v)) for k, v in value.items())
        if isinstance(value, list):
            return [self.ours(v) for v in value]
        if isinstance(value, Int64) and value in self.cursors:
            return self.cursors[value]
        if isinstance(value, Timestamp):
            return self.times.get(value, value)
        if isinstance(value, str):
            for old, new in self.cursors.items():
                value = value.replace(str(old), str(new))
        return value


def kind(value):
    """The BSON type, as far as two replies could differ in it."""
    if isinstance(value, (dict, list)):
        return "object" if isinstance(value, dict) else "array"
    if isinstance(value, (Binary, bytes)):
        # What recorded the replies wrote UUIDs of subtype 4 as 3.
        subtype = getattr(value, "subtype", 0)
        return "binary %d" % (4 if subtype == 3 else subtype)
    return type(value).__name__


def generated(value):
    """Made anew by every server and at every run."""
    return isinstance(value, (Timestamp, datetime.datetime, ObjectId)) or (
        isinstance(value, Binary) and value.subtype in (3, 4))


def same_value(want, got):
    if isinstance(want, float) and want != want:
        return got != got
    if isinstance(want, str):
        return IN_TEXT.sub("#", want) == IN_TEXT.sub("#", got)
    return want == got


def in_order(command, reply):
    """A real server lists collections in the order of a hash table."""
    if "listCollections" in command and "cursor" in reply:
        reply["cursor"]["firstBatch"].sort(key=lambda c: c["name"])
    return reply


def differences(want, got, path=""):
    """Paths where the reply deviates, with what is wrong."""
    if kind(want) != kind(got):
        yield path, "type %s, not %s" % (kind(got), kind(want))
    elif isinstance(want, dict):
        a, b = list(want), list(got)
        if a != b:
            what = [("+" + k) for k in b if k not in a]
            what += [("-" + k) for k in a if k not in b]
            yield path, "fields " + (" ".join(what) or "in another order")
        for key in a:
            if key in got:
                yield from differences(
                    want[key], got[key], path + "." + key if path else key)
    elif isinstance(want, list):
        if len(want) != len(got) and not sim_known.volatile(path):
            yield path, "%d elements, not %d" % (len(got), len(want))
        for a, b in zip(want, got):
            yield from differences(a, b, path + ".*")
    elif not generated(want) and not sim_known.volatile(path):
        if not same_value(want, got):
            yield path, "%r, not %r" % (got, want)


def judge(entry, reply, names, known):
    """None, or what is wrong."""
    want = in_order(entry["command"], names.ours(entry["reply"]))
    reply = in_order(entry["command"], reply)
    if known and known.later:
        if reply.get("code") in (59, 238):
            return None
        return "listed as not implemented, but answered: %s" % dict(reply)
    found = dict(differences(want, reply))
    listed = set(known.paths) if known else set()
    extra = ["%s: %s" % (p, w) for p, w in found.items() if p not in listed]
    gone = ["%s: no longer deviates" % p for p in listed if p not in found]
    return "; ".join(extra + gone) or None


def main(path, address, *options):
    with open(path, encoding="utf-8") as file:
        entries = json_util.loads(file.read(), json_options=JSON)
    recording = sim_known.Recording(path)
    server, names, failed = Server(address), Names(), 0
    second = None
    if "--secondary" in options:
        second = Server(options[options.index("--secondary") + 1])
    for db, command in recording.setup(None):
        reply = server.run(db, command)
        assert reply["ok"] == 1, "set-up %s: %s" % (command, reply)
    for number, entry in enumerate(entries, 1):
        known = recording.known(entry["name"])
        for db, command in recording.setup(entry["name"]):
            reply = server.run(db, names.ours(command))
            assert reply["ok"] == 1, "set-up %s: %s" % (command, reply)
            if "cursor" in reply and "cursor" in entry["reply"]:
                names.cursors[entry["reply"]["cursor"]["id"]] = \
                    reply["cursor"]["id"]
        if known and known.not_sent:
            print("ok %d - %s # skip %s" % (
                number, entry["name"], known.reason))
            continue
        asked = server
        if known and known.secondary:
            if not second:
                print("ok %d - %s # skip no --secondary" % (
                    number, entry["name"]))
                continue
            asked = second
        reply = asked.run(entry["db"], names.ours(entry["command"]))
        names.learn(entry["reply"], reply)
        wrong = judge(entry, reply, names, known)
        failed += wrong is not None
        print("%s %d - %s%s" % ("not ok" if wrong else "ok", number,
                                entry["name"],
                                " # " + known.reason if known else ""))
        if wrong:
            print("# " + wrong.replace("\n", "\\n"))
        if wrong and "-v" in options:
            print("# sent", entry["command"], "\n# got", dict(reply))
    unused = recording.unused()
    if unused:
        print("not ok %d - names in sim_known.py that no command has: %s" % (
            len(entries) + 1, ", ".join(unused)))
    print("1..%d" % (len(entries) + bool(unused)))
    return 1 if failed or unused else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
