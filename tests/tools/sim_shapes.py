"""Oplog entries of mongosim against recorded ones.

usage: sim_shapes.py URI CORPUS_DIR

Runs a workload that makes every kind of entry mongosim writes, reads the
oplog, and looks for each entry's shape (names, order and BSON types of the
envelope; of `o` and `o2` too where they are the server's and not the user's)
among the recordings of the same version of the log format. Prints the kinds
that it compared, one a line; ends with 1 and the odd entries otherwise.
"""
import glob
import os
import sys

import bson
import pymongo
import zstandard
from bson.codec_options import CodecOptions
from bson.son import SON

OPTIONS = CodecOptions(document_class=SON)
# What the user wrote: only its presence is compared.
USERS = {"validator", "pipeline", "indexes", "key", "weights", "diff", "$set",
         "$unset", "collectionOptions_old", "collation"}


def name(value):
    if isinstance(value, dict):
        return "object"
    return type(value).__name__


def inner(document):
    out = []
    for key, value in document.items():
        if isinstance(value, dict) and key not in USERS:
            out.append((key, inner(value)))
        elif isinstance(value, list):
            out.append((key, "array"))
        else:
            out.append((key, name(value)))
    return tuple(out)


def form(entry):
    """What `o` is, as far as the server decides it."""
    o = entry["o"]
    if "createIndexes" in o and entry["op"] == "c":
        return inner(o)[:4]  # options follow
    if entry["op"] == "c" or (entry["op"] == "n" and entry["ns"] == "" and
                              "msg" in o):
        return inner(o)
    if entry["op"] == "u":
        return tuple(k if k.startswith("$") or k == "diff" else "replacement"
                     for k in list(o)[:2])
    return ()


def kind(entry):
    o = entry["o"]
    text = entry["op"]
    if entry["op"] == "c":
        text += " " + next(iter(o))
    elif entry["op"] == "u":
        text += " $v:%d" % o["$v"] if "$v" in o else " replacement"
    elif entry["op"] == "n":
        text += " image" if entry["ns"] else " note"
    for field in ("txnNumber", "preImageOpTime", "postImageOpTime",
                  "fromMigrate"):
        if field in entry:
            text += " " + field
    if entry["op"] == "c" and "dropTarget" in o:
        text += " dropTarget"
    if entry["op"] != "c" and entry["ns"].startswith("config."):
        text += " " + entry["ns"]
    return text


def shape(entry):
    envelope = tuple((k, name(v) if not isinstance(v, dict) or k in ("o", "o2")
                      else inner(v)) for k, v in entry.items())
    o2 = inner(entry["o2"]) if entry["op"] == "c" and "o2" in entry and \
        "key" not in entry["o2"] else ()
    return (envelope, form(entry), o2)


def recorded(folder):
    shapes = {}
    for path in glob.glob(os.path.join(folder, "*", "oplog.bson.zst")):
        with open(path, "rb") as f:
            data = zstandard.ZstdDecompressor().stream_reader(f).read()
        for entry in bson.decode_iter(data, OPTIONS):
            shapes.setdefault(kind(entry), set()).add(shape(entry))
    return shapes


def workload(client):
    app = client.app
    run = app.command
    plain = client.get_database("app").t2
    run(SON([("create", "cap"), ("capped", True), ("size", 65536),
             ("max", 50)]))
    run(SON([("create", "coll_fr"), ("collation",
                                     SON([("locale", "fr"),
                                          ("strength", 2)]))]))
    run(SON([("create", "val"), ("validator", {"n": {"$type": "int"}}),
             ("validationLevel", "strict")]))
    run(SON([("collMod", "val"), ("validator", {"n": {"$gte": 0}}),
             ("validationAction", "warn")]))
    run(SON([("create", "v1"), ("viewOn", "t1"),
             ("pipeline", [{"$match": {"num": {"$gt": 3}}}])]))
    run(SON([("collMod", "v1"), ("viewOn", "t2"), ("pipeline", [])]))
    run(SON([("drop", "v1")]))
    app.t1.insert_many([{"_id": i, "num": i} for i in range(10)])
    run(SON([("createIndexes", "t1"), ("indexes", [
        SON([("key", SON([("num", 1)])), ("name", "num_1")]),
        SON([("key", SON([("a", 1), ("b", -1)])), ("name", "ab"),
             ("sparse", True)])])]))
    run(SON([("create", "t2")]))
    run(SON([("createIndexes", "t2"), ("indexes", [
        SON([("key", SON([("when", 1)])), ("name", "ttl"),
             ("expireAfterSeconds", 86400)]),
        SON([("key", SON([("z", 1)])), ("name", "z")])])]))
    run(SON([("collMod", "t2"), ("index", SON([
        ("name", "ttl"), ("expireAfterSeconds", 3600)]))]))
    run(SON([("collMod", "t2"), ("index", SON([
        ("name", "z"), ("hidden", True)]))]))
    run(SON([("dropIndexes", "t2"), ("index", "z")]))
    plain.insert_one({"_id": 1})
    plain.update_one({"_id": 1}, {"$set": {"a": 1}})
    plain.replace_one({"_id": 1}, {"b": 1})
    plain.update_many({}, {"$set": {"c": 1}})
    plain.delete_many({"_id": 1})
    app.t3.insert_one({"_id": 1})
    app.t3.rename("t3b")
    app.t4.insert_one({"_id": 1})
    app.t4.rename("t1", dropTarget=True)
    app.t5.insert_one({"_id": 1})
    client.admin.command(SON([("renameCollection", "app.t5"),
                              ("to", "moved.t5")]))
    app.gone.insert_one({"_id": 1})
    app.gone.drop()
    client.keep.k.insert_one({"_id": 1})
    client.drop_database("keep")
    client.admin.command(SON([("appendOplogNote", 1),
                              ("data", {"fence": "token-1"})]))
    with client.start_session() as session:
        app.c.insert_one({"_id": 1}, session=session)
        app.c.insert_many([{"_id": 2}, {"_id": 3}], session=session)
        app.c.update_one({"_id": 1}, {"$set": {"x": 1}}, session=session)
        app.c.delete_one({"_id": 1}, session=session)


def main():
    uri, corpus = sys.argv[1:]
    client = pymongo.MongoClient(uri, retryWrites=False)
    fcv = client.admin.command("getParameter",
                               featureCompatibilityVersion=1)
    fcv = fcv["featureCompatibilityVersion"]["version"]
    known = recorded(os.path.join(
        corpus, "4.9-fcv4.4-v1" if fcv == "4.4" else "4.9-v2"))
    workload(client)
    workload_client = pymongo.MongoClient(uri, retryWrites=True)
    workload_client.app.d.insert_one({"_id": 1})
    workload_client.app.d.insert_many([{"_id": 2}, {"_id": 3}])
    workload_client.app.d.update_one({"_id": 1}, {"$set": {"x": 1}})
    workload_client.app.d.find_one_and_update({"_id": 1}, {"$set": {"y": 1}})
    workload_client.app.d.find_one_and_update(
        {"_id": 1}, {"$set": {"y": 2}}, return_document=True)
    workload_client.app.d.find_one_and_delete({"_id": 2})
    workload_client.app.d.delete_one({"_id": 1})
    client.app.command(SON([("convertToCapped", "d"), ("size", 100000)]))
    bad = 0
    kinds = set()
    oplog = client.get_database("local", codec_options=OPTIONS)["oplog.rs"]
    for entry in oplog.find().sort("$natural", 1).skip(2):
        kinds.add(kind(entry))
        if shape(entry) not in known.get(kind(entry), set()):
            bad += 1
            print("odd:", kind(entry), entry, file=sys.stderr)
            for other in list(known.get(kind(entry), []))[:2]:
                print("  recorded:", other, file=sys.stderr)
            print("  written: ", shape(entry), file=sys.stderr)
    for text in sorted(kinds):
        print(text)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
