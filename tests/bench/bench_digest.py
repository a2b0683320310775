"""Bytes that travel when two sides are compared by digests (mm-diff --digest
and --against), for a few numbers of differences."""
import os
import random
import subprocess

import pymongo

import bench_copy
import harness as h

SIZE = bench_copy.SIZE


def change(uri, docs, n):
    """n documents of the target get another text."""
    coll = pymongo.MongoClient(uri).bench.docs
    ids = [d["_id"] for d in coll.aggregate([{"$sample": {"size": n}}, {"$project": {"_id": 1}}])]
    for i in range(0, len(ids), 1000):
        coll.update_many({"_id": {"$in": ids[i:i + 1000]}}, {"$set": {"planted": n}})
    return len(ids)


def diff(uri, side, *options, stdout=None):
    """One mm-diff that sees one side alone."""
    env = dict(os.environ, **{f"MM_{side}_URI": uri})
    with open(stdout or os.devnull, "wb") as out:
        status = subprocess.run([h.program("mm-diff"), "-d", "bench", *options], env=env,
                                stdout=out, stderr=subprocess.DEVNULL, check=False).returncode
    if status not in (0, 1):
        raise SystemExit(f"bench: mm-diff {options} ended with {status}")
    return status


def rounds(servers):
    """As mm-diff(1), DIGESTS, has it: the bytes of all streams that travel, and
    the documents that are named in the end."""
    travelled, i = 0, 1
    digest, bad, report = h.path_of("digest"), h.path_of("bad"), h.path_of("report")
    diff(servers.source, "SOURCE", "--digest", stdout=digest)
    while True:
        travelled += os.path.getsize(digest)
        if diff(servers.target, "TARGET", "--against", digest, stdout=report) == 0:
            return travelled, 0
        with open(report, encoding="utf-8") as f:
            named = sum(line.startswith("content\t") for line in f)
        if named or i == 4:
            return travelled, named
        diff(servers.target, "TARGET", "--against", digest, "--differing", bad)
        travelled += os.path.getsize(bad)
        diff(servers.source, "SOURCE", "--digest", "--ranges", bad, stdout=digest)
        i += 1


def digest(docs):
    with h.Pair(1000) as servers:
        plain = bench_copy.gen("digest.bson", docs, SIZE)
        for uri in (servers.source, servers.target):
            h.run([[h.program("mm-load"), "-d", "bench"]], stdin=plain,
                  env={"MM_TARGET_URI": uri})
        got = h.run([[h.program("mm-diff"), "-d", "bench", "--digest"]],
                    env={"MM_SOURCE_URI": servers.source})
        h.figure("digest", "one side", "docs_per_s", docs / got["wall_s"], "1/s",
                 bar=(">=", 150000))
        h.figure("digest", "one side", "rss_mib", got["rss_mib"], "MiB", bar=("<=", 64))
        for n in (0, 1, 1000):
            wanted = change(servers.target, docs, n) if n else 0
            size, named = rounds(servers)
            if named < wanted:
                raise SystemExit(f"bench: {named} differences found of {wanted}")
            h.figure("digest", f"{n} differences in {docs}", "bytes", size, "B",
                     "the documents", docs * SIZE)
