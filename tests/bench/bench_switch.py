"""How long applications wait in a switch, as a client sees it that writes all
the time: mm-migrate moves them to the target, mm-switch rollback moves them
back, again and again, with writes blocked by role."""
import json
import os
import statistics
import subprocess
import sys
import time

import pymongo

import harness as h

LIMIT_S = 120
DB = "shop"


def fill(uri, docs):
    """What the unique index holds beside the numbers of the writer."""
    coll = pymongo.MongoClient(uri)[DB].numbers
    coll.create_index("n", unique=True)
    for first in range(1, docs + 1, 10000):
        coll.insert_many([{"_id": -i, "n": -i, "pad": "x" * 40}
                          for i in range(first, min(first + 10000, docs + 1))],
                         ordered=False)


def application(uri):
    """Its account on a side; the URI it uses."""
    client = pymongo.MongoClient(uri)
    client[DB].command("createUser", "app", pwd="pw",
                       roles=[{"role": "readWrite", "db": DB}])
    return uri.replace("root:secret@", "app:pw@").replace("authSource=admin",
                                                          f"authSource={DB}")


def state_of(path):
    try:
        with open(path, encoding="utf-8") as f:
            return json.load(f).get("state")
    except (OSError, ValueError):
        return None


def wait(what, condition, migrate):
    end = time.monotonic() + LIMIT_S
    while not condition():
        if migrate.poll() is not None or time.monotonic() > end:
            with open(h.path_of("migrate.log"), encoding="utf-8") as f:
                said = f.read()[-1500:]
            sys.exit(f"bench: {what}: not after {LIMIT_S} s, or mm-migrate has "
                     f"ended ({migrate.poll()}):\n{said}")
        time.sleep(0.02)


def pauses():
    """(ms, refused writes) of each, oldest first."""
    try:
        with open(h.path_of("pauses"), encoding="ascii") as f:
            return [tuple(map(int, line.split())) for line in f]
    except FileNotFoundError:  # the client is just beginning
        return []


def tell(case, got):
    ms = sorted(p[0] for p in got)
    h.figure("switch", case, "blocked_p50_ms", statistics.median(ms), "ms")
    h.figure("switch", case, "blocked_p99_ms", ms[min(len(ms) - 1, len(ms) * 99 // 100)],
             "ms", bar=("<=", 500))
    h.figure("switch", case, "refused_writes", sum(p[1] for p in got) / len(got), "each")


def lost(uri):
    """Acknowledged numbers that are not there once, and others."""
    with open(h.path_of("acked"), encoding="ascii") as f:
        acked = [int(line) for line in f]
    found = sorted(d["n"] for d in pymongo.MongoClient(uri)[DB].numbers.find(
        {"n": {"$gte": 0}}, {"n": 1}))
    return len(set(acked) ^ set(found)) + abs(len(found) - len(acked))


def switch(docs, times):
    with h.Pair(docs + 2000000, auth=True) as servers:
        fill(servers.source, docs)
        old, new = (h.path_of(name) for name in ("old", "new"))
        uris = [application(servers.source), application(servers.target)]
        for path, uri in zip((old, new, h.path_of("app.uri")), (*uris, uris[0])):
            with open(path, "w", encoding="utf-8") as f:
                f.write(uri + "\n")
            os.chmod(path, 0o600)
        work, postpone = h.path_of("work"), h.path_of("postpone")
        env = dict(os.environ, **servers.env,
                   PATH=f"{os.path.join(h.B, 'bin')}:{os.environ['PATH']}")
        here = os.path.dirname(os.path.abspath(__file__))
        log = open(h.path_of("migrate.log"), "wb")
        migrate = subprocess.Popen(
            ["mm-migrate", "-w", work, "-d", DB, "--address",
             f"file path={h.path_of('app.uri')}", "--address-old", old,
             "--address-new", new, "--postpone-file", postpone],
            env=env, stdout=log, stderr=log)
        writer = subprocess.Popen(
            [sys.executable, os.path.join(here, "../tools/switch_client.py"),
             h.work, h.path_of("app.uri"), DB, "300"], stdout=subprocess.DEVNULL)
        try:
            run(times, work, postpone, env, migrate)
            writer.terminate()
            if writer.wait() != 0:
                sys.exit("bench: the client met an error")
            h.figure("switch", "all", "lost_writes", lost(servers.source), "n",
                     bar=("<=", 0))
        finally:
            for proc in (writer, migrate):
                proc.terminate()
                proc.wait()


def run(times, work, postpone, env, migrate):
    status = os.path.join(work, "mm-migrate.status")
    there, back = [], []
    for i in range(times):
        wait("written there", lambda: len(pauses()) == 2 * i + 1, migrate)
        wait("moved", lambda: state_of(status) == "observing", migrate)
        there.append(pauses()[-1])
        subprocess.run([os.path.join(work, "mm-switch"), "rollback", "--quiet"], env=env,
                       check=True)
        wait("written back", lambda: len(pauses()) == 2 * i + 2, migrate)
        back.append(pauses()[-1])
        wait("moved back", lambda: os.path.exists(postpone) and
             state_of(status) == "switching", migrate)
        if i + 1 < times:
            os.unlink(postpone)
    tell(f"to the target, {times} times", there)
    tell(f"back, {times} times", back)
