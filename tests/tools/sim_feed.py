#!/usr/bin/env python3
"""A recording that mongosim has fed, against what was recorded.

usage: sim_feed.py URI FOLDER

Every collection must hold the documents of `after`, byte for byte (capped:
in natural order), with its options and indexes; the oplog must be a note at the
start and then the recorded bytes; positions are those of the last entry.
Prints what differs; 1 if anything did.
"""
import json
import os
import sys

import bson
import pymongo
import zstandard
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from bson.son import SON

RAW = CodecOptions(document_class=RawBSONDocument)


def recorded(path):
    with open(path, "rb") as file:
        data = zstandard.ZstdDecompressor().stream_reader(file).read()
    return [d.raw for d in bson.decode_iter(data, RAW)]


def served(client, name):
    db, coll = name.split(".", 1)
    return [d.raw for d in client[db].get_collection(
        coll, codec_options=RAW).find().sort("$natural", 1)]


def catalog(client):
    """ns -> (type, options, indexes), as meta.json has them."""
    out = {}
    for db in client.list_database_names():
        if db in ("admin", "config", "local"):
            continue
        for coll in client[db].list_collections():
            indexes = [] if coll["type"] == "view" else sorted(
                client[db].command("listIndexes", coll["name"])
                ["cursor"]["firstBatch"], key=lambda i: i["name"])
            out[db + "." + coll["name"]] = (
                coll["type"], coll["options"], indexes)
    return out


def wanted(meta):
    return {c["ns"]: (c["type"], c["options"], sorted(
        c.get("indexes", []), key=lambda i: i["name"])) for c in meta["after"]
            if not c["ns"].startswith(("admin.", "config.", "local."))}


def plain(value):
    """What JSON can tell apart."""
    return json.loads(json.dumps(value, sort_keys=True, default=str))


def differences(client, folder):
    with open(os.path.join(folder, "meta.json"), encoding="utf-8") as file:
        meta = json.load(file)
    oplog = recorded(os.path.join(folder, "oplog.bson.zst"))
    ring = served(client, "local.oplog.rs")
    if ring[1:] != oplog:
        yield "the oplog: %d entries, not %d" % (len(ring) - 1, len(oplog))
    start = bson.decode(ring[0])["ts"]
    if [start.time, start.inc] != meta["start"]:
        yield "the oplog starts at %s" % start
    last = bson.decode(oplog[-1])
    hello = client.admin.command("hello")["lastWrite"]
    for name in ("opTime", "majorityOpTime"):
        if hello[name] != {"ts": last["ts"], "t": last["t"]}:
            yield "%s is %s" % (name, hello[name])
    have, want = catalog(client), wanted(meta)
    for name in sorted(set(have) | set(want)):
        if plain(have.get(name)) != plain(want.get(name)):
            yield "%s is %s, not %s" % (name, have.get(name), want.get(name))
    after = os.path.join(folder, "after")
    for file in sorted(os.listdir(after)):
        name = file[:-len(".bson.zst")]
        a, b = served(client, name), recorded(os.path.join(after, file))
        if "capped" not in want[name][1]:
            # Records get their place when they are written, which for those
            # of transactions is before the log tells of them.
            a, b = sorted(a), sorted(b)
        if a != b:
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y),
                      min(len(a), len(b)))
            yield "%s: %d documents, not %d; first at %d" % (
                name, len(a), len(b), at)


def main(uri, folder):
    client = pymongo.MongoClient(uri, document_class=SON,
                                 serverSelectionTimeoutMS=10000)
    bad = list(differences(client, folder))
    for text in bad:
        print("%s: %s" % (folder, text))
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
