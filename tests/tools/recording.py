#!/usr/bin/env python3
"""recording.py FOLDER

One recording of a real server through the programs: what was there before as
a snapshot stream into mm-load, its oplog (as a stream made by logstream) into
mm-oplog-apply, on the server at $MM_TARGET_URI, which must be empty; then what
is there is compared with what the real server had after: documents byte for
byte, in natural order where the collection is capped, options, indexes (those
that the job holds back as it holds them back). The same log once more changes
nothing. With $JOURNAL a journal is kept: its values are compared with the images
that the server recorded, and everything is undone, which must give what was
there before, and applied again. $WORKERS: lanes (8). $KILL: the applier is killed that often, at random.
Prints what differs and ends with 1.
"""
import glob
import os
import random
import subprocess
import sys
import tempfile

import bson
import pymongo
import zstandard
from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from bson.son import SON

import journal
import mmstream

RAW = CodecOptions(document_class=RawBSONDocument)
URI = os.environ["MM_TARGET_URI"]
SET = "recording"
ID = "%024x" % 1
LOGSTREAM = os.path.join(os.environ["B"], "tests/tools/logstream")
ASLEEP = 2147483647


def read(path):
    with open(path, "rb") as f:
        return zstandard.ZstdDecompressor().stream_reader(f).read()


def documents(folder, ns):
    path = os.path.join(folder, ns + ".bson.zst")
    if not os.path.exists(path):
        return []
    data, at, out = read(path), 0, []
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "little")
        out.append(data[at:at + size])
        at += size
    return out


def meta_of(folder):
    with open(os.path.join(folder, "meta.json"), encoding="utf-8") as f:
        return json_util.loads(
            f.read(), json_options=json_util.JSONOptions(document_class=SON))


def skipped(ns):
    """Views are documents of system.views, which the recordings keep too."""
    return ns.split(".", 1)[1].startswith("system.views")


def write_snapshot(folder, meta, start, stop, out):
    head = [("source", SON([("set", SET), ("replicaSetId", ID)])),
            ("filters", SON([("include", []), ("exclude", []),
                             ("rename", [])])),
            ("from", start), ("readConcern", "majority")]
    w = mmstream.Writer(out, "snapshot", head)
    before = os.path.join(folder, "before")
    listed = {c["ns"]: c for c in meta.get("before", [])}
    names = set(listed)
    names.update(os.path.basename(p)[:-9]
                 for p in glob.glob(os.path.join(before, "*.bson.zst")))
    for c, ns in enumerate(sorted(n for n in names if not skipped(n))):
        what = listed.get(ns, {})
        kind = "view" if what.get("type") == "view" else "collection"
        db, coll = ns.split(".", 1)
        w.coll(c, db, coll, type=kind, options=what.get("options", SON()),
               indexes=what.get("indexes", []))
        if kind == "view":
            continue
        block, size = [], 0
        for doc in documents(before, ns):
            block.append(doc)
            size += len(doc)
            if size > 1 << 20:
                w.block(c, block)
                block, size = [], 0
        w.block(c, block)
        w.cend(c)
    w.end("complete", [("to", stop), ("readFrom", start)])


def run(command, **more):
    done = subprocess.run(command, stderr=subprocess.PIPE, timeout=300, **more)
    if done.returncode:
        sys.exit("%s: status %d: %s" % (
            command[0], done.returncode, done.stderr.decode()))


def apply(path, *more):
    command = ["mm-oplog-apply", "--nsInclude", "*", "--workers",
               os.environ.get("WORKERS", "8"), *more, path]
    for _ in range(int(os.environ.get("KILL", "0"))):
        program = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            program.wait(random.random() * 0.6)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
    run(command)


def held(client):
    """Indexes that jobs hold back: {(ns, name): (why, spec)}."""
    out = {}
    for doc in client.mm_control.owned.find():
        for one in doc.get("staged", []):
            out[doc["_id"]["ns"], one["spec"]["name"]] = (
                one["why"], one["spec"])
    return out


def plain(value):
    """Without the order of fields: meta.json has them sorted."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


def index(spec):
    out = {k: v for k, v in plain(spec).items()
           if k not in ("v", "ns", "background")}
    if not out.get("hidden", True):
        del out["hidden"]
    if out["key"] == {"_id": 1}:
        out.pop("collation", None)
    return out


def compare_indexes(ns, want, coll, staged, bad):
    got = {s["name"]: s for s in coll.list_indexes()}
    for spec in want:
        name = spec["name"]
        there = got.pop(name, None)
        why, true = staged.pop((ns, name), (None, None))
        if why and index(true) != index(spec):
            bad.append("%s: index %s is held back as %s instead of %s" % (
                ns, name, true, spec))
        if bool(spec.get("unique")) != (why == "unique"):
            bad.append("%s: unique index %s: held back: %s" % (ns, name, why))
        elif "expireAfterSeconds" in spec and not spec.get("unique"):
            asleep = dict(spec, expireAfterSeconds=ASLEEP)
            if why != "ttl" or not there or index(there) != index(asleep):
                bad.append("%s: TTL index %s is %s" % (ns, name, there))
        elif why == "unique":
            if there:
                bad.append("%s: unique index %s exists" % (ns, name))
        elif not there or index(there) != index(spec):
            bad.append("%s: index %s: %s instead of %s" % (
                ns, name, there, spec))
    for name in got:
        bad.append("%s: index %s should be gone" % (ns, name))


def compare_documents(ns, want, got, capped, bad):
    if capped:
        got = got[-len(want):] if want else []
    else:
        def key(raw):
            return bson.encode({"": bson.decode(raw)["_id"]}), raw
        want, got = sorted(want, key=key), sorted(got, key=key)
    if want == got:
        return
    bad.append("%s: %d documents instead of %d" % (ns, len(got), len(want)))
    have = set(got)
    for raw in [w for w in want if w not in have][:2]:
        bad.append("%s: missing %.200r" % (ns, bson.decode(raw)))
    wanted = set(want)
    for raw in [g for g in got if g not in wanted][:2]:
        bad.append("%s: extra %.200r" % (ns, bson.decode(raw)))


def compare(folder, meta, client):
    bad, staged = [], held(client)
    after = os.path.join(folder, "after")
    wanted = {c["ns"]: c for c in meta["after"] if not skipped(c["ns"])}
    for ns, want in wanted.items():
        db, coll = ns.split(".", 1)
        there = list(client[db].list_collections(filter={"name": coll}))
        if not there:
            bad.append("%s: is missing" % ns)
            continue
        options = plain(there[0].get("options", {}))
        if options != plain(want.get("options", {})):
            bad.append("%s: options %s instead of %s" % (
                ns, options, want["options"]))
        if there[0].get("type", "collection") != want.get(
                "type", "collection"):
            bad.append("%s: is a %s" % (ns, there[0]["type"]))
        if want.get("type") == "view":
            continue
        got = [d.raw for d in client[db].get_collection(
            coll, codec_options=RAW).find()]
        compare_documents(ns, documents(after, ns), got,
                          want.get("options", {}).get("capped"), bad)
        compare_indexes(ns, want.get("indexes", []), client[db][coll], staged,
                        bad)
    for db in set(client.list_database_names()) - {
            "admin", "local", "config", "mm_control"}:
        for name in client[db].list_collection_names():
            ns = "%s.%s" % (db, name)
            if ns not in wanted and not skipped(ns):
                bad.append("%s: should be gone" % ns)
    for ns, name in staged:
        bad.append("%s: index %s is held back and should be gone" % (ns, name))
    if list(client.mm_control.jobs.find({"intent": {"$exists": True}})):
        bad.append("the job has an intent left")
    return bad


def undo(where, expect):
    command = ["mm-oplog-apply", "--nsInclude", "*", "--journal", where,
               "--undo", ".."]
    done = subprocess.run(command, stderr=subprocess.PIPE, timeout=300)
    if done.returncode != expect:
        return ["undo: status %d instead of %d: %s" % (
            done.returncode, expect, done.stderr.decode()[-300:])]
    return []


def check_journal(where, folder, meta, log, path, client):
    """Images; then back to what was there before, and forward again."""
    after = os.path.join(folder, "after")
    bad, count = journal.check_images(
        where, log, documents(after, "config.image_collection"))
    print("# %d images" % count)
    if not meta.get("fuzzy") and not count and journal.images(log, []):
        bad.append("journal: no image was compared")
    rings = {c["ns"] for c in meta["after"] if c["options"].get("capped")}
    exact = [h for h, _, _ in journal.rows(where) if not h.get("fuzzy")]
    expect = 8 if any(
        h["op"] == "c" or h["ns"] in rings for h in exact) else 0
    bad += undo(where, expect)
    if expect or bad:
        return bad
    if not meta.get("fuzzy"):
        for c in meta["before"]:
            if c.get("type") != "view" and not skipped(c["ns"]):
                db, coll = c["ns"].split(".", 1)
                compare_documents(
                    "undone: " + c["ns"],
                    documents(os.path.join(folder, "before"), c["ns"]),
                    [d.raw for d in client[db].get_collection(
                        coll, codec_options=RAW).find()], False, bad)
    apply(path, "--journal", where)
    return bad + ["after undo: " + b for b in compare(folder, meta, client)]


def main():
    folder = sys.argv[1]
    meta = meta_of(folder)
    log = read(os.path.join(folder, "oplog.bson.zst"))
    first = bson.decode(log[:int.from_bytes(log[:4], "little")])
    term = first.get("t", -1)

    def at(pair):
        return mmstream.position("%d:%d:%d" % (pair[0], pair[1], term))
    start, stop = at(meta["start"]), at(meta["snapshot_end"])
    client = pymongo.MongoClient(URI, serverSelectionTimeoutMS=10000)
    with tempfile.TemporaryDirectory() as tmp:
        snapshot = os.path.join(tmp, "snapshot.bson.zst")
        path = os.path.join(tmp, "log.bson.zst")
        with open(snapshot, "wb") as f:
            write_snapshot(folder, meta, start, stop, f)
        with open(path, "wb") as f:
            run([LOGSTREAM, SET, ID, "%d:%d:%d" % (
                *meta["start"], term)], input=log, stdout=f)
        run(["mm-load", "--nsInclude", "*", snapshot])
        where = os.path.join(tmp, "journal")
        apply(path, *(["--journal", where] if os.environ.get("JOURNAL")
                      else []))
        bad = compare(folder, meta, client)
        run(["mm-oplog-apply", "--nsInclude", "*", path])
        bad += ["again: " + b for b in compare(folder, meta, client)
                if b not in bad]
        if os.environ.get("JOURNAL"):
            bad += check_journal(where, folder, meta, log, path, client)
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
