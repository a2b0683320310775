"""What all parts of the benchmark use: programs run with their wall time, CPU
time and memory, servers, and the list of figures."""
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import pymongo

B = os.environ.get("B", "build")
PEERS = os.environ.get("MM_PEERS") or os.path.join(B, "peers")
ROUNDS = int(os.environ.get("ROUNDS", "3"))
work = tempfile.mkdtemp(prefix="mm-bench.")
servers = []
figures = []
skipped = []


def program(name):
    return os.path.join(B, "bin", name)


def bench_program(name):
    return os.path.join(B, "tests", "bench", name)


def peer(name):
    """The path of a third-party tool, None where there is none."""
    path = os.path.join(PEERS, name)
    return path if os.access(path, os.X_OK) else shutil.which(name)


def skip(what, why):
    skipped.append(what)
    print(f"skipped: {what}: {why}", flush=True)


def path_of(name):
    return os.path.join(work, name)


def watch_memory(procs):
    """VmHWM of each process in MiB, by pid, sampled until it ends. (ru_maxrss
    is no use: it begins with the memory of this interpreter.)"""
    peak = {}

    def watch(pid):
        pause = 0.001  # of a short program there is little to see
        try:
            while True:
                with open(f"/proc/{pid}/status", encoding="ascii") as f:
                    for line in f:
                        if line.startswith("VmHWM:"):
                            peak[pid] = int(line.split()[1]) / 1024
                            break
                    else:
                        return
                time.sleep(pause)
                pause = min(1.2 * pause, 0.02)
        except OSError:
            return

    for proc in procs:
        threading.Thread(target=watch, args=(proc.pid,), daemon=True).start()
    return peak


def run(stages, stdin=None, stdout=os.devnull, env=None):
    """Run a pipeline; wall and CPU seconds, the largest RSS in MiB and whose it
    was."""
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
                stderr=subprocess.PIPE if last else subprocess.DEVNULL,
                env=full,
            )
            if source not in (subprocess.DEVNULL,):
                source.close()
            source = proc.stdout
            procs.append(proc)
        cpu = 0.0
        rss = watch_memory(procs)
        message = procs[-1].stderr.read()
        for proc in procs:
            _, status, usage = os.wait4(proc.pid, 0)
            proc.returncode = os.waitstatus_to_exitcode(status)
            cpu += usage.ru_utime + usage.ru_stime
    wall = time.monotonic() - started
    bad = [(s[0], p.returncode) for s, p in zip(stages, procs) if p.returncode]
    if bad:
        sys.exit(f"bench: {bad}: {message.decode(errors='replace')[-2000:]}")
    most, whose = max(
        ((rss.get(p.pid, 0), os.path.basename(s[0])) for s, p in zip(stages, procs)))
    return {"wall_s": wall, "cpu_s": cpu, "rss_mib": most, "rss_of": whose}


def medians(runs):
    return {key: statistics.median(r[key] for r in runs)
            for key, first in runs[0].items() if isinstance(first, (int, float))}


def rounds(count, what, done=None):
    """Each of the functions in turn, `count` times (A B A B A B); the lists of
    what they return, by name. done is called after each round."""
    got = {name: [] for name in what}
    for i in range(count):
        for name, function in what.items():
            got[name].append(function())
        if done:
            done(i + 1)
    return got


def interleaved(**what):
    """The same, ROUNDS times; the medians, by name."""
    return {name: medians(runs) for name, runs in rounds(ROUNDS, what).items()}


def figure(bench, case, metric, value, unit, baseline=None, base_value=None, bar=None,
           ratios=None, more=None, tell=True):
    """One result. bar: ("<=" or ">=", limit) for the value, or for the ratio
    where there is a baseline. ratios: round by round; the result is their
    median then. more: fields for programs that read it."""
    ratio = value / base_value if base_value else None
    if ratios:
        ratio = statistics.median(ratios)
    line = {
        "bench": bench,
        "case": case,
        "metric": metric,
        "value": round(value, 4),
        "unit": unit,
        "baseline": baseline,
        "baseline_value": round(base_value, 4) if base_value else None,
        "ratio": round(ratio, 4) if ratio is not None else None,
        **(more or {}),
    }
    note = f"  {ratio:6.2f} x {baseline}" if ratio is not None else ""
    if ratios:
        line["ratio_min"], line["ratio_max"] = round(min(ratios), 4), round(max(ratios), 4)
        note += f" ({min(ratios):.2f}..{max(ratios):.2f})"
    if bar:
        have = value if ratio is None else ratio
        line["bar"] = f"{bar[0]} {bar[1]}"
        line["held"] = have <= bar[1] if bar[0] == "<=" else have >= bar[1]
        note += f"  (bar {line['bar']}{'' if line['held'] else ', MISSED'})"
    figures.append(line)
    if tell:
        print(f"{bench:17} {case:34} {metric:16} {value:13.2f} {unit:4}{note}", flush=True)
    return line


def report(bench, case, got, docs=0, size=0, base=None, base_name=None, bars=None):
    """The usual figures of a run; bars: by metric, for the ratio to base."""
    bars = bars or {}
    for metric in ("wall_s", "cpu_s"):
        figure(
            bench, case, metric, got[metric], "s", base_name if base else None,
            base[metric] if base else None, bars.get(metric),
        )
    figure(bench, case, "rss_mib", got["rss_mib"], "MiB", bar=bars.get("rss_mib"))
    if docs:
        figure(bench, case, "docs_per_s", docs / got["wall_s"], "1/s",
               bar=bars.get("docs_per_s"))
    if size:
        figure(bench, case, "mb_per_s", size / 1e6 / got["wall_s"], "MB/s")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(name, oplog_entries, auth=False):
    """A server; its address. mongod where there is one, else mongosim. auth:
    with access control, the address is of root."""
    account = ""
    mongod = os.environ.get("MM_MONGOD") or shutil.which("mongod")
    if mongod:
        port = free_port()
        path = tempfile.mkdtemp(prefix=name + ".", dir=work)
        command = [mongod, "--dbpath", path, "--port", str(port), "--replSet", name,
                   "--bind_ip", "127.0.0.1"]
        if auth:
            key = path_of(name + ".key")
            with open(key, "w", encoding="ascii") as f:
                f.write("bench" * 8)
            os.chmod(key, 0o600)
            command += ["--auth", "--keyFile", key]
        proc = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.check_call(
            [sys.executable, os.path.join(here, "../tools/initiate.py"), str(port), name]
        )
        if auth:  # the first account may be made from here
            pymongo.MongoClient(port=port).admin.command(
                "createUser", "root", pwd="secret", roles=["root"])
    else:
        proc = subprocess.Popen(
            [os.path.join(B, "tests/mongosim"), "--port", "0", "--replSet", name,
             "--oplog-entries", str(oplog_entries),
             *(["--auth", "root:secret"] if auth else [])],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        port = int(proc.stdout.readline().rsplit(":", 1)[1])
        if auth:  # mongosim has this one for tests: nobody else here is root
            pymongo.MongoClient(port=port, username="root", password="secret"
                                ).admin.command("dropUser", "noplog")
    servers.append(proc)
    if auth:
        account = "root:secret@"
        name += "&authSource=admin"
    return f"mongodb://{account}127.0.0.1:{port}/?replicaSet={name}"


def stop():
    for server in servers:
        server.kill()
        server.wait()
    servers.clear()


class Pair:
    """A source and a target that end with the block."""

    def __init__(self, oplog_entries, auth=False):
        self.entries = oplog_entries
        self.auth = auth

    def __enter__(self):
        self.source = start("bench_source", self.entries, self.auth)
        self.target = start("bench_target", self.entries, self.auth)
        self.env = {"MM_SOURCE_URI": self.source, "MM_TARGET_URI": self.target}
        return self

    def __exit__(self, *_):
        stop()


def reset(uri):
    with pymongo.MongoClient(uri) as client:
        for name in client.list_database_names():
            if name not in ("admin", "config", "local"):
                client.drop_database(name)


def finish():
    """Write the figures, say how many; what the program ends with."""
    shutil.rmtree(work, ignore_errors=True)
    folder = os.path.join(B, "bench")
    os.makedirs(folder, exist_ok=True)
    name = os.path.join(folder, "bench.jsonl")
    with open(name, "w", encoding="utf-8") as out:
        for line in figures:
            out.write(json.dumps(line) + "\n")
    missed = sum(not line.get("held", True) for line in figures)
    print(f"bench: {len(figures)} figures in {name}, {missed} below their bar, "
          f"{len(skipped)} skipped")
