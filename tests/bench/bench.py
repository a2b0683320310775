#!/usr/bin/env python3
"""bench.py: docs/s, MB/s, CPU seconds and memory of each program, beside a
plain cursor drain on the same server.

Two servers on loopback (mongod from $MM_MONGOD or PATH, else mongosim), N
documents of about 300 B ($DOCS, 1000000). One JSON object a figure goes to
build/bench/bench.jsonl, anew each run; a table to standard output.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import pymongo

B = os.environ.get("B", "build")
DOCS = int(os.environ.get("DOCS", "1000000"))
ENTRIES = int(os.environ.get("ENTRIES", "200000"))
SIZE = 300
work = tempfile.mkdtemp(prefix="mm-bench.")
servers = []
figures = []


def program(name):
    return os.path.join(B, "bin", name)


def bench_program(name):
    return os.path.join(B, "tests", "bench", name)


def watch_memory(procs):
    """VmHWM of each process in MiB, by pid, sampled until it ends. (ru_maxrss
    is no use: it begins with the memory of this interpreter.)"""
    peak = {}

    def watch(pid):
        try:
            while True:
                with open(f"/proc/{pid}/status", encoding="ascii") as f:
                    for line in f:
                        if line.startswith("VmHWM:"):
                            peak[pid] = int(line.split()[1]) / 1024
                            break
                    else:
                        return
                time.sleep(0.02)
        except OSError:
            return

    for proc in procs:
        threading.Thread(target=watch, args=(proc.pid,), daemon=True).start()
    return peak


def run(stages, stdin=None, stdout=os.devnull, env=None):
    """Run a pipeline; wall and CPU seconds, the largest RSS in MiB."""
    full = dict(os.environ, **(env or {}))
    source = open(stdin, "rb") if stdin else subprocess.DEVNULL
    procs = []
    started = time.monotonic()
    with open(stdout, "wb") as out:
        for i, stage in enumerate(stages):
            last = i == len(stages) - 1
            proc = subprocess.Popen(
                stage,
                stdin=source,
                stdout=out if last else subprocess.PIPE,
                stderr=subprocess.PIPE if last else None,
                env=full,
            )
            if source not in (subprocess.DEVNULL,):
                source.close()
            source = proc.stdout
            procs.append(proc)
        cpu = 0.0
        rss = watch_memory(procs)
        message = b""
        if procs[-1].stderr:
            message = procs[-1].stderr.read()
        for proc in procs:
            _, status, usage = os.wait4(proc.pid, 0)
            proc.returncode = os.waitstatus_to_exitcode(status)
            cpu += usage.ru_utime + usage.ru_stime
    wall = time.monotonic() - started
    bad = [(s[0], p.returncode) for s, p in zip(stages, procs) if p.returncode]
    if bad:
        sys.exit(f"bench: {bad}: {message.decode(errors='replace')[-2000:]}")
    return {"wall_s": wall, "cpu_s": cpu, "rss_mib": max(rss.values(), default=0)}


def figure(bench, case, metric, value, unit, baseline=None, base_value=None):
    ratio = value / base_value if base_value else None
    figures.append(
        {
            "bench": bench,
            "case": case,
            "metric": metric,
            "value": round(value, 4),
            "unit": unit,
            "baseline": baseline,
            "baseline_value": round(base_value, 4) if base_value else None,
            "ratio": round(ratio, 4) if ratio is not None else None,
        }
    )
    note = f"  {ratio:6.2f} x {baseline}" if ratio is not None else ""
    print(f"{bench:6} {case:34} {metric:14} {value:14.2f} {unit}{note}", flush=True)


def report(bench, case, got, docs, size, base=None, base_name=None):
    for metric, unit in (("wall_s", "s"), ("cpu_s", "s")):
        figure(
            bench, case, metric, got[metric], unit,
            base_name if base else None, base[metric] if base else None,
        )
    figure(bench, case, "rss_mib", got["rss_mib"], "MiB")
    if docs:
        figure(bench, case, "docs_per_s", docs / got["wall_s"], "1/s")
    if size:
        figure(bench, case, "mb_per_s", size / 1e6 / got["wall_s"], "MB/s")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(name):
    mongod = os.environ.get("MM_MONGOD") or shutil.which("mongod")
    if mongod:
        port = free_port()
        path = os.path.join(work, name)
        os.mkdir(path)
        command = [mongod, "--dbpath", path, "--port", str(port), "--replSet", name,
                   "--bind_ip", "127.0.0.1"]
        proc = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.check_call(
            [sys.executable, os.path.join(here, "../tools/initiate.py"), str(port), name]
        )
    else:
        proc = subprocess.Popen(
            [os.path.join(B, "tests/mongosim"), "--port", "0", "--replSet", name,
             "--oplog-entries", str(DOCS * 2 + 1000)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        port = int(proc.stdout.readline().rsplit(":", 1)[1])
    servers.append(proc)
    return f"mongodb://127.0.0.1:{port}/?replicaSet={name}"


def reset(uri):
    client = pymongo.MongoClient(uri)
    for name in client.list_database_names():
        if name not in ("admin", "config", "local"):
            client.drop_database(name)


def main():
    source, target = start("bench_source"), start("bench_target")
    env = {"MM_SOURCE_URI": source, "MM_TARGET_URI": target}
    load = [program("mm-load"), "-d", "bench", "--quiet"]
    dump = [program("mm-dump"), "-d", "bench", "--quiet"]
    plain = os.path.join(work, "plain.bson")
    print(f"bench: {DOCS} documents of about {SIZE} B, {ENTRIES} entries", flush=True)

    run([[bench_program("gen"), str(DOCS), "snapshot", str(SIZE)]], stdout=plain)
    size = os.path.getsize(plain)
    got = run([load], stdin=plain, env={"MM_TARGET_URI": source})
    report("load", "bare, 1 collection", got, DOCS, size)

    drain = run([[bench_program("drain"), source, "bench.docs"]], env=env)
    report("drain", "plain cursor", drain, DOCS, size)
    got = run([dump + ["-Z", "none"]], env=env)
    report("dump", "bare, 1 collection", got, DOCS, size, drain, "drain")
    packed = os.path.join(work, "packed.bson.zst")
    got = run([dump], stdout=packed, env=env)
    report("dump", "zstd:1, 1 collection", got, DOCS, size, drain, "drain")
    figure("dump", "zstd:1, 1 collection", "bytes", os.path.getsize(packed), "B",
           "bare", size)
    got = run([load], stdin=packed, env=env)
    report("load", "zstd:1, 1 collection", got, DOCS, size)
    reset(target)
    got = run([dump + ["-Z", "none"], load], env=env)
    report("copy", "bare, 1 collection", got, DOCS, size, drain, "drain")

    both = {k: v * 2 for k, v in drain.items()}
    got = run([[program("mm-diff"), "-d", "bench", "--quiet"]], env=env)
    report("diff", "equal sides", got, DOCS, size, both, "drain of both sides")

    client = pymongo.MongoClient(source)
    first = client.local["oplog.rs"].find_one(sort=[("$natural", 1)])
    begin = f"{first['ts'].time}:{first['ts'].inc}"
    entries = client.local["oplog.rs"].estimated_document_count()
    tail = [program("mm-oplog-tail"), "--from", begin, "--exit-when-caught-up",
            "--quiet", "-Z", "none"]
    got = run([tail + ["-d", "bench"]], env=env)
    report("tail", "all selected", got, 0, 0)
    figure("tail", "all selected", "entries_per_s", entries / got["wall_s"], "1/s")
    got = run([tail + ["-d", "nothing"]], env=env)
    report("tail", "none selected", got, 0, 0)
    figure("tail", "none selected", "entries_per_s", entries / got["wall_s"], "1/s")

    rate = float(subprocess.check_output([bench_program("engine")]))
    figure("engine", "mixed, in memory, one core", "entries_per_s", rate, "1/s")

    for keys in ("even", "zipf"):
        reset(target)
        base, log = os.path.join(work, "base.bson"), os.path.join(work, "log.bson")
        gen = bench_program("gen")
        run([[gen, str(ENTRIES), "snapshot", str(SIZE)]], stdout=base)
        run([[gen, str(ENTRIES), "oplog", str(SIZE), keys]], stdout=log)
        run([load], stdin=base, env=env)
        got = run([[program("mm-oplog-apply"), "-d", "bench", "--quiet"]],
                  stdin=log, env=env)
        report("apply", keys, got, 0, 0)
        figure("apply", keys, "entries_per_s", ENTRIES / got["wall_s"], "1/s")


if __name__ == "__main__":
    try:
        main()
    finally:
        for server in servers:
            server.kill()
        shutil.rmtree(work, ignore_errors=True)
    folder = os.path.join(B, "bench")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "bench.jsonl"), "w", encoding="utf-8") as out:
        for line in figures:
            out.write(json.dumps(line) + "\n")
    print(f"bench: {len(figures)} figures in {os.path.join(folder, 'bench.jsonl')}")
