"""tail and apply: how many entries a second, beside mongorestore, and how old a
change is when it is there."""
import os
import re
import shutil
import subprocess
import time

import pymongo

import harness as h
from bench_copy import SIZE, mm

RATE = 1000


def begin_of(uri):
    oplog = pymongo.MongoClient(uri).local["oplog.rs"]
    first = oplog.find_one(sort=[("$natural", 1)])
    return f"{first['ts'].time}:{first['ts'].inc}", oplog.estimated_document_count()


def tail_one(servers, case, selected, bar=None):
    begin, entries = begin_of(servers.source)
    command = mm("mm-oplog-tail", "--from", begin, "--exit-when-caught-up", "-Z", "none",
                 db=selected)
    got = h.interleaved(tail=lambda: h.run([command], env=servers.env))["tail"]
    h.report("tail", case, got)
    h.figure("tail", case, "entries_per_s", entries / got["wall_s"], "1/s", bar=bar)


def tail(entries):
    with h.Pair(entries + 1000) as servers:
        h.run([[h.bench_program("fill"), servers.source, str(entries)]])
        tail_one(servers, "99 of 100 selected", "other")
        tail_one(servers, "1 of 100 selected", "sel", (">=", 300000))
        tail_one(servers, "none selected", "nothing")


def engine():
    got = [float(subprocess.check_output([h.bench_program("engine")],
                                         stderr=subprocess.DEVNULL))
           for _ in range(h.ROUNDS)]
    h.figure("engine", "mixed, in memory, one core", "entries_per_s",
             sorted(got)[len(got) // 2], "1/s", bar=(">=", 300000))


# ---------------------------------------------------------------- apply


def make_log(keys, entries):
    """The same documents and the same entries in both forms."""
    gen = h.bench_program("gen")
    base, log, plain = (h.path_of(n) for n in ("base.bson", "log.bson", "oplog.bson"))
    h.run([[gen, str(entries), "snapshot", str(SIZE)]], stdout=base)
    h.run([[gen, str(entries), "oplog", str(SIZE), keys]], stdout=log)
    h.run([[h.program("mm-cat"), "bson", log]], stdout=plain)
    return base, log, plain


def replayer(uri):
    """mongorestore, where there is one that this server answers to."""
    what, restorer = "apply beside mongorestore --oplogReplay", h.peer("mongorestore")
    if not restorer:
        h.skip(what, "no tool: make deps-bench")
        return None
    try:
        pymongo.MongoClient(uri).admin.command("applyOps", [])
    except pymongo.errors.OperationFailure as e:
        if e.code == 59:
            h.skip(what, "the server has no applyOps")
            return None
    return restorer


def apply(entries):
    """mongorestore works on one server, mm-oplog-apply on the other; both must
    come out the same."""
    empty = h.path_of("empty")
    os.mkdir(empty)
    for keys, bar in (("even", 10), ("zipf", 20)):
        with h.Pair(entries * 2 + 1000) as servers:
            restorer = replayer(servers.source)
            base, log, plain = make_log(keys, entries)

            def fresh(uri):
                h.reset(uri)
                h.run([mm("mm-load")], stdin=base, env={"MM_TARGET_URI": uri})

            def ours():
                fresh(servers.target)
                return h.run([mm("mm-oplog-apply")], stdin=log, env=servers.env)

            def theirs():
                fresh(servers.source)
                return h.run([[restorer, "--uri", servers.source, "--oplogReplay",
                               "--oplogFile", plain, "--quiet", empty]])

            what = {"ours": ours}
            if restorer:
                what = {"theirs": theirs, "ours": ours}
            got = h.interleaved(**what)
            rate = entries / got["ours"]["wall_s"]
            h.report("apply", keys, got["ours"], bars={"rss_mib": ("<=", 256)})
            if not restorer:
                h.figure("apply", keys, "entries_per_s", rate, "1/s")
                continue
            h.run([mm("mm-diff")], env=servers.env)
            h.figure("apply", keys, "entries_per_s", rate, "1/s",
                     "mongorestore --oplogReplay", entries / got["theirs"]["wall_s"],
                     (">=", bar))


# -------------------------------------------------------------- latency


def ages(out):
    numbers = re.match(rb"(\d+) ([\d.]+) ([\d.]+) ([\d.]+)", out)
    return {"p50": float(numbers[2]), "p99": float(numbers[3])}


def begin_job(servers):
    """One document is copied, so that there is a job; where a tail begins."""
    h.reset(servers.source)
    h.reset(servers.target)
    pymongo.MongoClient(servers.source).lat.docs.insert_one({"_id": -1})
    h.run([mm("mm-dump", db="lat"), mm("mm-load", db="lat")], env=servers.env)
    return subprocess.check_output(
        mm("mm-oplog-apply", "--print-position", db="lat"),
        env=dict(os.environ, **servers.env), text=True).strip()


def write(servers, count):
    """Returns the rate that was reached."""
    return float(subprocess.check_output(
        [h.bench_program("latency"), "write", servers.source, "lat.docs", str(count),
         str(RATE)]))


def follow(servers, begin, reader, directory=None, **more):
    """A running tail, and what reads its stream or its directory."""
    env = dict(os.environ, **servers.env)
    where = ["-D", directory] if directory else []
    tail_proc = subprocess.Popen(
        mm("mm-oplog-tail", "--from", begin, *where, db="lat"),
        stdout=subprocess.PIPE, env=env)
    read_proc = subprocess.Popen(reader + where, stdin=tail_proc.stdout, env=env, **more)
    tail_proc.stdout.close()
    time.sleep(1)  # both are connected: what is measured is the steady state
    return tail_proc, read_proc


def to_pipe(servers, count):
    begin = begin_job(servers)
    tail_proc, reader = follow(servers, begin, [h.bench_program("latency"), "pipe"],
                               stdout=subprocess.PIPE)
    rate = write(servers, count)
    time.sleep(0.5)
    tail_proc.terminate()
    out = reader.communicate()[0]
    tail_proc.wait()
    return dict(ages(out), rate=rate)


def to_visible(servers, count, directory=None):
    begin = begin_job(servers)
    if directory:
        shutil.rmtree(directory, ignore_errors=True)
        os.mkdir(directory)
    tail_proc, applier = follow(servers, begin, mm("mm-oplog-apply", db="lat"),
                                directory)
    poll = subprocess.Popen([h.bench_program("latency"), "poll", servers.target,
                             "lat.docs", str(count)], stdout=subprocess.PIPE)
    rate = write(servers, count)
    out = poll.communicate()[0]
    tail_proc.terminate()
    if directory:
        applier.terminate()  # it would wait for more
    applier.wait()
    tail_proc.wait()
    return dict(ages(out), rate=rate)


def latency(seconds):
    """Half inserts, half updates; the inserts are looked at."""
    count = RATE * seconds
    with h.Pair(count * 8 + 1000) as servers:
        got = h.interleaved(
            pipe=lambda: to_pipe(servers, count),
            visible=lambda: to_visible(servers, count),
            directory=lambda: to_visible(servers, count, h.path_of("segments")))
    lines = {"pipe": ("commit-to-pipe", "tail", {"p99": ("<=", 50)}),
             "visible": ("commit-to-visible", "tail | apply", {"p50": ("<=", 25)}),
             "directory": ("commit-to-visible", "tail -D, apply -D", {"p50": ("<=", 25)})}
    for name, (bench, case, bars) in lines.items():
        rate = f"{case}, {got[name]['rate']:.0f} ops/s"
        for metric in ("p50", "p99"):
            h.figure(bench, rate, f"{metric}_ms", got[name][metric], "ms",
                     bar=bars.get(metric))
