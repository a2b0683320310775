#!/usr/bin/env python3
"""bench.py [PART...]: speed, CPU time, memory and latency of each program, and
of what it is measured against in the same interleaved runs; medians.

Two servers on loopback (mongod from $MM_MONGOD or PATH, else mongosim).
One JSON object a figure goes to build/bench/bench.jsonl, anew each run; a table
to standard output. Parts: dump, copy, tools, tail, engine, apply, latency, digest,
recheck, switch, memory; all of them when none is named. Sizes:

  DOCS     documents that are copied, of about 300 B (1000000)
  ENTRIES  entries that are applied (200000)
  TINY     documents of 60 B for the memory of mm-diff (10000000)
  SECONDS  each measurement of latency (20)
  SWITCHES how often applications are moved there and back (50)
  ROUNDS   how often everything else is done (3)
  TOOLS_CASES  tools: SIZE:COLLECTIONS:text|random, several of them, or "all",
           which are 24 (7 of these)
  BYTES    tools: data of each case (64 MiB)
  RUNS     tools: how often everything is done (5); each run is in
           build/bench/tools.tsv, the ratios in build/bench/tools.svg
  MM_PEERS where mongodump and mongorestore are (build/peers)
"""
import os
import sys

import bench_copy
import bench_digest
import bench_log
import bench_recheck
import bench_switch
import bench_tools
import harness as h

DOCS = int(os.environ.get("DOCS", "1000000"))
ENTRIES = int(os.environ.get("ENTRIES", "200000"))
TINY = int(os.environ.get("TINY", "10000000"))
SWITCHES = int(os.environ.get("SWITCHES", "50"))
BYTES = int(os.environ.get("BYTES", str(64 << 20)))
RUNS = int(os.environ.get("RUNS", "5"))
SECONDS = int(os.environ.get("SECONDS", "20"))


def dump():
    with h.Pair(DOCS + 1000) as servers:
        bench_copy.load(servers, DOCS)
        bench_copy.dump(servers, DOCS)


def copy():
    with h.Pair(DOCS + 1000) as servers:
        bench_copy.fill(servers, DOCS)
        bench_copy.copy(servers, DOCS)
        bench_copy.diff(servers, DOCS)


PARTS = {
    "dump": dump,
    "copy": copy,
    "tools": lambda: bench_tools.tools(os.environ.get("TOOLS_CASES", ""), BYTES, RUNS),
    "tail": lambda: bench_log.tail(DOCS),
    "engine": bench_log.engine,
    "apply": lambda: bench_log.apply(ENTRIES),
    "latency": lambda: bench_log.latency(SECONDS),
    "digest": lambda: bench_digest.digest(DOCS),
    "recheck": lambda: bench_recheck.recheck(DOCS),
    "switch": lambda: bench_switch.switch(DOCS, SWITCHES),
    "memory": lambda: bench_copy.memory(TINY),
}


def main(names):
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"bench: no part \"{unknown[0]}\": {', '.join(PARTS)}")
    print(f"bench: {DOCS} documents, {ENTRIES} entries, {h.ROUNDS} rounds", flush=True)
    for name in names or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    finally:
        h.stop()
        h.finish()
