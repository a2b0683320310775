#!/usr/bin/env python3
"""replay.py URI DB...

Oracle of the tests: replays the whole oplog of a server, by a model of its own
that shares no code with the programs, and compares with the documents that the
server holds, byte for byte. For servers whose oplog goes back to their start.
Prints what differs and ends with 1, or `N entries, N documents`.
"""
import sys

import bson
import pymongo
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.decimal128 import Decimal128
from bson.raw_bson import RawBSONDocument
from bson.son import SON

SON_ = CodecOptions(document_class=SON, tz_aware=True,
                    uuid_representation=UuidRepresentation.UNSPECIFIED)
RAW = CodecOptions(document_class=RawBSONDocument)


def key(value):
    """Equal for equal ids."""
    if isinstance(value, Decimal128):
        value = value.to_decimal()
        if value.is_nan():
            return "number", "nan"
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return type(value).__name__, bson.encode({"": value})
    return "number", "nan" if value != value else value


def delta(doc, diff):
    """The document after a $v:2 delta."""
    if "a" in diff:
        return delta_array(list(doc), diff)
    gone, put = diff.get("d", {}), diff.get("u", {})
    fresh = diff.get("i", {})
    subs = {k[1:]: v for k, v in diff.items() if k[0] == "s"}
    out = SON()
    for name, value in doc.items():
        if name in gone or name in fresh:
            continue
        if name in put:
            value = put[name]
        elif name in subs:
            value = delta(value, subs[name])
        out[name] = value
    for name, value in put.items():
        out.setdefault(name, value)
    for name, value in fresh.items():
        out[name] = value
    return out


def delta_array(array, diff):
    if "l" in diff:
        del array[diff["l"]:]
    for name, value in diff.items():
        if name in ("a", "l"):
            continue
        at = int(name[1:])
        array += [None] * (at + 1 - len(array))
        array[at] = value if name[0] == "u" else delta(array[at], value)
    return array


def set_path(at, parts, value):
    """$set of a $v:1 entry: arrays by index, padded; objects are made."""
    name = parts[0]
    if isinstance(at, list):
        name = int(name)
        at += [None] * (name + 1 - len(at))
    if len(parts) == 1:
        at[name] = value
        return
    if isinstance(at, dict) and name not in at or at[name] is None:
        at[name] = SON()
    set_path(at[name], parts[1:], value)


def unset_path(at, parts):
    for part in parts[:-1]:
        at = at[int(part) if isinstance(at, list) else part]
    if isinstance(at, list):
        at[int(parts[-1])] = None
    else:
        del at[parts[-1]]


def updated(doc, o):
    if "$v" not in o:
        return o
    if "diff" in o:
        return delta(doc, o["diff"])
    for path, value in o.get("$set", {}).items():
        set_path(doc, path.split("."), value)
    for path in o.get("$unset", {}):
        unset_path(doc, path.split("."))
    return doc


def stored(doc):
    """_id comes first in what a server stores."""
    out = SON([("_id", doc["_id"])])
    out.update((k, v) for k, v in doc.items() if k != "_id")
    return out


class Model:
    def __init__(self):
        self.colls = {}
        self.entries = 0

    def apply(self, entry):
        op, ns, o = entry["op"], entry["ns"], entry["o"]
        if op == "c":
            self.command(ns.split(".")[0], o)
            return
        docs = self.colls.setdefault(ns, {})
        self.entries += op in "iud"
        if op == "i":
            docs[key(o["_id"])] = stored(o)
        elif op == "u":
            at = key(entry["o2"]["_id"])
            docs[at] = stored(updated(docs[at], o))
        elif op == "d":
            del docs[key(o["_id"])]

    def command(self, db, o):
        name = next(iter(o))
        if name == "drop":
            self.colls.pop(db + "." + o["drop"], None)
        elif name == "dropDatabase":
            for ns in [n for n in self.colls if n.startswith(db + ".")]:
                del self.colls[ns]
        elif name == "renameCollection":
            self.colls[o["to"]] = self.colls.pop(o["renameCollection"], {})
        elif name == "applyOps":
            for inner in o["applyOps"]:
                self.apply(inner)


def main(uri, *names):
    client = pymongo.MongoClient(uri)
    model, bad, total = Model(), 0, 0
    raw = client.local.get_collection("oplog.rs", codec_options=RAW)
    for entry in raw.find():
        model.apply(bson.decode(entry.raw, SON_))
    for name in names:
        for coll in client[name].list_collection_names():
            ns = "%s.%s" % (name, coll)
            got = {bytes(d.raw) for d in client[name].get_collection(
                coll, codec_options=RAW).find()}
            want = {bson.encode(d, codec_options=SON_)
                    for d in model.colls.get(ns, {}).values()}
            total += len(got)
            for doc in got ^ want:
                bad += 1
                print("%s, only %s: %s" % (
                    ns, "stored" if doc in got else "by the log",
                    bson.decode(doc, SON_)))
    if bad:
        return 1
    print("%d entries, %d documents" % (model.entries, total))
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
