#!/usr/bin/env python3
"""restream.py [CODE] < STREAM > STREAM

Reads a stream of format v1, lets CODE (Python) change the list `records`, each
[control document, list of raw documents or None], and writes it anew, bare:
counts, hashes and seals are computed again. Without CODE: checks everything and
prints a summary as JSON. For tests; shares no code with the programs.
"""
import json
import struct
import sys

import bson
import xxhash
import zstandard
from bson.son import SON

SON_CODEC = bson.codec_options.CodecOptions(
    document_class=SON,
    uuid_representation=bson.binary.UuidRepresentation.UNSPECIFIED,
    tz_aware=True,
)


def signed(n):
    return bson.Int64(struct.unpack("<q", struct.pack("<Q", n))[0])


def seal(control, number):
    body = bson.encode(control, codec_options=SON_CODEC)
    body = struct.pack("<i", len(body) + 11) + body[4:-1]
    x = xxhash.xxh64(body, seed=number).digest()[::-1]
    return body + b"\x12x\x00" + x + b"\x00"


def cut(data, at):
    (size,) = struct.unpack_from("<i", data, at)
    assert size >= 5 and at + size <= len(data), f"length {size} at {at}"
    return data[at : at + size]


def documents(data):
    docs, at = [], 0
    while at < len(data):
        docs.append(cut(data, at))
        at += len(docs[-1])
    return docs


def read(raw):
    if raw[:4] in (b"\x50\x2a\x4d\x18", b"\x28\xb5\x2f\xfd"):
        # One frame after the other; headers of pzstd are skippable frames.
        plain, at = [], 0
        while at < len(raw):
            (magic,) = struct.unpack_from("<I", raw, at)
            if 0x184D2A50 <= magic <= 0x184D2A5F:
                at += 8 + struct.unpack_from("<I", raw, at + 4)[0]
                continue
            d = zstandard.ZstdDecompressor().decompressobj()
            plain.append(d.decompress(raw[at:]))
            at = len(raw) - len(d.unused_data)
        raw = b"".join(plain)
    records, at = [], 0
    while at < len(raw):
        control = cut(raw, at)
        at += len(control)
        doc = bson.decode(control, codec_options=SON_CODEC)
        x = doc.pop("x")
        assert seal(doc, len(records)) == control, f"seal {x} of {doc}"
        docs = None
        if doc["$mm"] == "block":
            data = raw[at : at + doc["len"]]
            assert signed(xxhash.xxh64(data).intdigest()) == doc["xxh64"]
            docs = documents(data)
            assert len(docs) == doc["n"] and len(data) == doc["len"]
            at += len(data)
        records.append([doc, docs])
    return records


def write(records, out):
    totals = {"blocks": 0, "docs": 0, "bytes": 0}
    for number, (control, docs) in enumerate(records):
        data = b"".join(docs) if docs is not None else b""
        if docs is not None:
            control["seq"] = bson.Int64(totals["blocks"])
            control["n"] = bson.Int64(len(docs))
            control["len"] = bson.Int64(len(data))
            control["xxh64"] = signed(xxhash.xxh64(data).intdigest())
            totals["blocks"] += 1
            totals["docs"] += len(docs)
            totals["bytes"] += len(data)
        if control["$mm"] == "end":
            for field, value in totals.items():
                control[field] = bson.Int64(value)
        out.write(seal(control, number) + data)


def total(docs):
    return signed(sum(xxhash.xxh64(d).intdigest() for d in docs) % 2**64)


def summary(records):
    head, end = records[0][0], records[-1][0]
    colls = {}
    for control, docs in records:
        kind = control["$mm"]
        if kind == "coll":
            name = f"{control['db']}.{control['coll']}"
            colls[control["c"]] = {"ns": name, "type": control["type"], "docs": []}
        elif kind == "block":
            colls[control["c"]]["docs"] += docs
        elif kind == "cend":
            coll = colls[control["c"]]
            assert control["docs"] == len(coll["docs"])
            assert control["bytes"] == sum(len(d) for d in coll["docs"])
            assert control["sum"] == total(coll["docs"])
            coll["ended"] = True
    return {
        "kind": head["kind"],
        "from": head["from"]["ts"].time * 2**32 + head["from"]["ts"].inc,
        "filters": head["filters"],
        "last": end["$mm"],
        "reason": end.get("reason"),
        "to": end["to"]["ts"].time * 2**32 + end["to"]["ts"].inc if "to" in end else 0,
        "docs": sum(len(c["docs"]) for c in colls.values()),
        "colls": {
            c["ns"]: [c["type"], len(c["docs"]), c.get("ended", False)]
            for c in colls.values()
        },
    }


def main():
    records = read(sys.stdin.buffer.read())
    if len(sys.argv) < 2:
        print(json.dumps(summary(records)))
        return
    exec(compile(sys.argv[1], "<code>", "exec"), dict(globals(), records=records))
    write(records, sys.stdout.buffer)


if __name__ == "__main__":
    main()
