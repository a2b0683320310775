#!/usr/bin/env python3
"""alltypes.py URI DB.COLL: puts documents with every BSON type, odd names and
every type of _id into a collection, byte for byte as built here."""
import struct
import sys

import pymongo
from bson.raw_bson import RawBSONDocument
from bson.son import SON


def cstring(text):
    return text.encode() + b"\0"


def string(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<i", len(raw) + 1) + raw + b"\0"


def document(*elements):
    body = b"".join(elements)
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def element(kind, name, data=b""):
    return bytes([kind]) + cstring(name) + data


def double(x):
    return struct.pack("<d", x)


def int32(x):
    return struct.pack("<i", x)


def int64(x):
    return struct.pack("<q", x)


def binary(subtype, data):
    if subtype == 2:
        data = struct.pack("<i", len(data)) + data
    return struct.pack("<i", len(data)) + bytes([subtype]) + data


def decimal(high, low):
    return struct.pack("<QQ", low, high)


NESTED = document(element(0x10, "b", int32(2)), element(0x02, "a", string("x")))
SCOPE = string("function(){}") + document(element(0x10, "x", int32(1)))
VALUES = [
    (0x01, double(1.5)),
    (0x01, double(-0.0)),
    (0x01, double(float("inf"))),
    (0x01, bytes.fromhex("010000000000f87f")),  # a NaN with payload
    (0x02, string("text")),
    (0x02, string("")),
    (0x02, string("nul \0 inside")),
    (0x02, string("\u00e4\u4e2d\U0001f600")),
    (0x03, document()),
    (0x03, NESTED),
    (0x04, document()),
    (0x04, document(element(0x10, "0", int32(1)), element(0x03, "1", NESTED))),
    (0x05, binary(0, b"\0\1\2")),
    (0x05, binary(2, b"old")),
    (0x05, binary(3, bytes(16))),
    (0x05, binary(4, bytes(range(16)))),
    (0x05, binary(5, bytes(16))),
    (0x05, binary(128, b"user")),
    (0x05, binary(0, b"")),
    (0x06, b""),
    (0x07, bytes(range(12))),
    (0x08, b"\0"),
    (0x08, b"\1"),
    (0x09, int64(-62135596800000)),
    (0x09, int64(253402300799999)),
    (0x0A, b""),
    (0x0B, cstring("^a.*") + cstring("imx")),
    (0x0C, string("db.coll") + bytes(12)),
    (0x0D, string("return 1")),
    (0x0E, string("symbol")),
    (0x0F, struct.pack("<i", len(SCOPE) + 4) + SCOPE),
    (0x10, int32(-2147483648)),
    (0x11, struct.pack("<II", 7, 1600000000)),
    (0x12, int64(9223372036854775807)),
    (0x13, decimal(0x3040000000000000, 10)),
    (0x13, decimal(0x7C00000000000000, 0)),  # NaN
    (0x13, decimal(0xF800000000000000, 0)),  # -Infinity
    (0x7F, b""),
    (0xFF, b""),
]
# Not allowed as _id: array, regex, undefined.
IDS = [v for v in VALUES if v[0] not in (0x04, 0x06, 0x0B)]
ODD = [
    element(0x10, "", int32(1)),
    element(0x10, "a.b", int32(1)),
    element(0x10, ".", int32(1)),
    element(0x10, "\u00e4 \t", int32(1)),
    element(0x10, "same", int32(1)),
    element(0x10, "same", int32(2)),
    element(0x03, "in", document(element(0x10, "$set", int32(1)))),
    element(0x03, "ts", document(element(0x11, "zero", bytes(8)))),
    element(0x04, "keys", document(element(0x10, "7", int32(1)))),
]


def documents():
    seen = set()
    for i, (kind, data) in enumerate(VALUES):
        yield document(
            element(0x02, "_id", string(f"value {i}")),
            element(kind, "v", data),
            element(0x04, "a", document(element(kind, "0", data))),
            element(0x03, "d", document(element(kind, "v", data))),
        )
    for i, odd in enumerate(ODD):
        yield document(element(0x02, "_id", string(f"odd {i}")), odd)
    yield document(element(0x10, "first", int32(1)), element(0x10, "_id", int32(77)))
    for i, (kind, data) in enumerate(IDS):
        key = (kind, data)
        if kind == 0x01 and data[-1] & 0x7F == 0x7F:
            key = "nan"
        if kind == 0x13 and data[-1] == 0x7C:
            key = "nan"
        if key in seen:
            continue
        seen.add(key)
        yield document(element(kind, "_id", data), element(0x10, "i", int32(i)))


def main():
    db, _, coll = sys.argv[2].partition(".")
    client = pymongo.MongoClient(sys.argv[1], serverSelectionTimeoutMS=10000)
    docs = list(documents())
    for doc in docs:
        reply = client[db].command(
            SON(insert=coll, documents=[RawBSONDocument(doc)]), check=False
        )
        for error in reply.get("writeErrors", []):
            sys.exit(f"alltypes: {error['code']} {error['errmsg']}: {doc.hex()}")
    print(len(docs))


if __name__ == "__main__":
    main()
