#!/usr/bin/python3
"""Writes the seed corpus of delta_fuzz: one file a vector of updates.jsonl, and
some entries of other kinds. tests/fuzz/seeds.py DIRECTORY"""
import json
import os
import sys

import bson
from bson.binary import Binary
from bson.int64 import Int64
from bson.son import SON
from bson.timestamp import Timestamp

here = os.path.dirname(os.path.abspath(__file__))
out = sys.argv[1]


def value(v):
    if isinstance(v, dict):
        if list(v) == ["$hex"]:
            return Binary(bytes.fromhex(v["$hex"]))
        return SON((k, value(x)) for k, x in v.items())
    if isinstance(v, list):
        return [value(x) for x in v]
    return v


def write(name, pre, entry):
    entry = SON(entry)
    entry.update([("ts", Timestamp(5, 1)), ("t", Int64(1)), ("v", 2)])
    with open(os.path.join(out, name), "wb") as f:
        f.write(bson.BSON.encode(value(pre or {})) +
                bson.BSON.encode(entry))


for line in open(os.path.join(here, "../vectors/updates.jsonl")):
    v = json.loads(line)
    if "o" not in v or int(v["id"][1:]) % 3:
        continue
    write(v["id"], v["pre"], [("op", "u"), ("ns", "d.x"),
                              ("o2", {"_id": 1}), ("o", value(v["o"]))])
inner = SON([("op", "i"), ("ns", "d.x"), ("o", {"_id": 1})])
write("txn", None, [("op", "c"), ("ns", "admin.$cmd"), ("o", SON([(
    "applyOps", [inner, SON([("op", "c"), ("ns", "admin.$cmd"),
                             ("o", {"applyOps": [inner]})])])]))])
write("rename", None, [("op", "c"), ("ns", "d.$cmd"), ("o", SON([
    ("renameCollection", "d.a"), ("to", "d.b"), ("dropTarget", True)]))])
write("collmod", None, [("op", "c"), ("ns", "d.$cmd"), ("o", SON([
    ("collMod", "a"), ("index", {"name": "x", "expireAfterSeconds": 3}),
    ("validator", {"n": 1})]))])
write("view", None, [("op", "i"), ("ns", "d.system.views"), ("o", SON([
    ("_id", "d.v"), ("viewOn", "a"), ("pipeline", [])]))])
write("index", None, [("op", "c"), ("ns", "d.$cmd"), ("o", SON([
    ("commitIndexBuild", "a"), ("indexes", [SON([("key", {"z": 1})])])]))])
