"""The journal that mm-oplog-apply keeps, read back and checked against what a
real server has recorded: the images of findAndModify."""
import glob
import os

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

import mmstream

RAW = CodecOptions(document_class=RawBSONDocument)


def key(ns, ident, ts):
    """_id as a server compares it is not needed: same log, same bytes."""
    return ns, bson.encode({"": ident}), ts.time, ts.inc


def documents(path):
    try:
        with open(path, "rb") as f:
            for _, _, data in mmstream.Reader(f):
                for raw in data or ():
                    yield bytes(raw)
    except mmstream.StreamError:
        if not path.endswith(".partial"):
            raise


def rows(folder):
    """(header, old, new), oldest first; a row that is not whole was not
    made."""
    for path in sorted(glob.glob(os.path.join(folder, "*"))):
        docs = documents(path)
        for raw in docs:
            head = bson.decode(raw)
            try:
                old = next(docs) if head["old"] else None
                new = next(docs) if head["new"] else None
            except StopIteration:
                return
            yield head, old, new


def first_rows(folder):
    """Of each change the first row; not those of transactions, which share
    their time, and not fuzzy ones."""
    out = {}
    for head, old, new in rows(folder):
        if "_id" in head and not head.get("fuzzy") and "i" not in head:
            out.setdefault(key(head["ns"], head["_id"], head["ts"]),
                           (old, new))
    return out


def images(log, kept):
    """{change: (pre image, post image)} of an oplog; `kept` are documents of
    config.image_collection, where newer servers put them."""
    notes, changes, out = {}, [], {}
    at = 0
    while at < len(log):
        size = int.from_bytes(log[at:at + 4], "little")
        entry = bson.decode(log[at:at + size], RAW)
        at += size
        if entry["op"] == "n":
            notes[entry["ts"]] = entry["o"].raw
        elif any(f in entry for f in ("preImageOpTime", "postImageOpTime",
                                      "needsRetryImage")):
            changes.append(entry)
    later = {d["ts"]: d for d in (bson.decode(k, RAW) for k in kept)}
    for e in changes:
        ident = (e["o2"] if e["op"] == "u" else e["o"])["_id"]
        pre = post = None
        if "preImageOpTime" in e:
            pre = notes.get(e["preImageOpTime"]["ts"])
        if "postImageOpTime" in e:
            post = notes.get(e["postImageOpTime"]["ts"])
        if e["ts"] in later and e.get("needsRetryImage") == "preImage":
            pre = later[e["ts"]]["image"].raw
        if e["ts"] in later and e.get("needsRetryImage") == "postImage":
            post = later[e["ts"]]["image"].raw
        if pre or post:
            out[key(e["ns"], ident, e["ts"])] = pre, post
    return out


def check_images(folder, log, kept):
    """What differs, as lines; and how many were compared."""
    bad, count, have = [], 0, first_rows(folder)
    for change, want in images(log, kept).items():
        if change not in have:
            continue
        for name, w, h in zip(("old", "new"), want, have[change]):
            if w is None:
                continue
            count += 1
            if w != h:
                bad.append("journal: %s value of %s at %d:%d is %.200r, the "
                           "server had %.200r" % (
                               name, change[0], *change[2:],
                               h and bson.decode(h), bson.decode(w)))
    return bad, count
