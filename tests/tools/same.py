#!/usr/bin/env python3
"""same.py SOURCE_URI TARGET_URI DB[=TARGETDB]...

Oracle of the tests: the databases hold the same collections, and each
collection the same documents byte for byte (in natural order for capped
ones). Shares no code with the programs. Status 1 names the differences.
"""
import sys

import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

RAW = CodecOptions(document_class=RawBSONDocument)


def documents(coll, capped):
    cursor = coll.with_options(codec_options=RAW).find()
    docs = [d.raw for d in cursor]
    return docs if capped else sorted(docs)


def listing(db):
    return {
        c["name"]: c
        for c in db.list_collections()
        if not c["name"].startswith("system.") or c["name"] == "system.js"
    }


def compare(source, target):
    bad = []
    a, b = listing(source), listing(target)
    for name in sorted(set(a) | set(b)):
        ns = f"{source.name}.{name}"
        if name not in b or name not in a:
            bad.append(f"{ns}: only on the {'source' if name in a else 'target'}")
            continue
        if a[name].get("type") == "view":
            continue
        capped = a[name].get("options", {}).get("capped", False)
        x = documents(source[name], capped)
        y = documents(target[name], capped)
        if x != y:
            missing = len(set(x) - set(y))
            extra = len(set(y) - set(x))
            bad.append(
                f"{ns}: {len(x)} and {len(y)} documents, {missing} only on the"
                f" source, {extra} only on the target"
            )
    return bad


def main():
    source = pymongo.MongoClient(sys.argv[1], serverSelectionTimeoutMS=10000)
    target = pymongo.MongoClient(sys.argv[2], serverSelectionTimeoutMS=10000)
    bad = []
    for pair in sys.argv[3:]:
        a, _, b = pair.partition("=")
        bad += compare(source[a], target[b or a])
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
