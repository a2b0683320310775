"""What the log saves mm-diff: the time until changes under way are proven to be
equal (--follow, which looks again at what the log names), beside comparing
everything anew."""
import json
import os
import subprocess
import time

import pymongo

import bench_copy
import harness as h

LIMIT_S = 120


def position(text):
    return tuple(int(part) for part in text.split(":")[:2])


def status_of(path):
    try:
        with open(path, encoding="utf-8") as f:
            return json.load(f)
    except (OSError, ValueError):
        return {}


def wait_proven(path, after):
    """Until mm-diff says that everything up to `after` is the same."""
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        now = status_of(path)
        if now.get("in_sync") and position(now["verified_ts"]) >= after:
            return
        time.sleep(0.02)
    raise SystemExit(f"bench: not in sync after {LIMIT_S} s: {status_of(path)}")


def change(uri, n):
    """n documents change; the position of the last change."""
    client = pymongo.MongoClient(uri)
    coll = client.bench.docs
    ids = [d["_id"] for d in coll.find({}, {"_id": 1}).limit(n)]
    with client.start_session() as session:
        for i in range(0, len(ids), 1000):
            coll.update_many({"_id": {"$in": ids[i:i + 1000]}},
                             {"$set": {"changed": time.time()}}, session=session)
        last = session.operation_time
    return last.time, last.inc


def recheck(docs):
    with h.Pair(3 * docs) as servers:
        plain = bench_copy.gen("recheck.bson", docs, bench_copy.SIZE)
        h.run([[h.program("mm-load"), "-d", "bench"]], stdin=plain,
              env={"MM_TARGET_URI": servers.source})
        h.run([[h.program("mm-copy"), "-d", "bench"]],
              env=dict(servers.env, PATH=f"{os.path.join(h.B, 'bin')}:{os.environ['PATH']}"))
        env = dict(os.environ, **servers.env)
        log = h.path_of("recheck.log")
        begin = subprocess.check_output(
            [h.program("mm-oplog-apply"), "-d", "bench", "--print-position"],
            env=env, text=True).strip()
        tail = subprocess.Popen([h.program("mm-oplog-tail"), "-d", "bench", "--from", begin],
                                stdout=subprocess.PIPE, env=env)
        apply = subprocess.Popen([h.program("mm-oplog-apply"), "-d", "bench", "--quiet"],
                                 stdin=tail.stdout, env=env)
        tail.stdout.close()
        follower = subprocess.Popen(
            [h.program("mm-diff"), "-d", "bench", "--follow", "--status-file", log],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
        try:
            wait_proven(log, (0, 0))
            whole = h.interleaved(all=lambda: h.run(
                [[h.program("mm-diff"), "-d", "bench"]], env=servers.env))["all"]["wall_s"]
            for n in (1, 1000, docs // 10):
                got = []
                for _ in range(h.ROUNDS):
                    last = change(servers.source, n)
                    began = time.monotonic()
                    wait_proven(log, last)
                    got.append({"s": time.monotonic() - began})
                h.figure("recheck", f"{n} changes in {docs}", "proven_after_s",
                         h.medians(got)["s"], "s", "everything anew", whole)
        finally:
            for proc in (follower, tail, apply):
                proc.terminate()
                proc.wait()
