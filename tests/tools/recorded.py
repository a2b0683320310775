#!/usr/bin/env python3
"""recorded.py DIR URI DB...

The server holds, in these databases, what the real server held at the end of
the recording DIR (tests/corpus), byte for byte, and no other database.
"""
import json
import os
import struct
import sys

import pymongo
import zstandard
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

RAW = CodecOptions(document_class=RawBSONDocument)


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

    def docs(self, when, ns):
        path = os.path.join(self.folder, when, ns + ".bson.zst")
        return list(raw_docs(path)) if os.path.exists(path) else []


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


if __name__ == "__main__":
    sys.exit(compare(sys.argv[1], sys.argv[2], sys.argv[3:]))
