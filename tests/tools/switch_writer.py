#!/usr/bin/env python3
"""An application: numbered writes to the cluster that an address file names.

usage: switch_writer.py DIR ADDRESS_FILE

Each number is inserted into shop.numbers, and shop.counts counts them. A write
is sent while the gate of its cluster (DIR/gate.source or gate.target, see
switch_gate.sh) is held open; a closed one is a refusal, after which the address
is read again. Acknowledged numbers go to DIR/acked. SIGTERM: one line of JSON
and the end; status 1 after any error of a server.
"""
import fcntl
import json
import os
import signal
import sys
import time

import pymongo

STOP = []
signal.signal(signal.SIGTERM, lambda *_: STOP.append(1))
where, address = sys.argv[1:]
clients = {}
refused = written = 0
longest = waited = 0.0
acked = open(os.path.join(where, "acked"), "a")
first = os.path.getsize(acked.name)
number = sum(1 for _ in open(acked.name)) if first else 0


def cluster():
    """The client and the gate that the address stands for."""
    with open(address) as f:
        uri = f.read().strip()
    if uri not in clients:
        side = "target" if "rs_dst" in uri else "source"
        clients[uri] = (pymongo.MongoClient(uri, w="majority"),
                        open(os.path.join(where, "gate." + side)))
    return clients[uri]


since = None
while not STOP:
    client, gate = cluster()
    fcntl.flock(gate, fcntl.LOCK_SH)
    gate.seek(0)
    is_open = gate.read().startswith("open")
    if is_open:
        client.shop.numbers.insert_one({"n": number, "pad": "x" * 40})
        client.shop.counts.update_one({"_id": "all"}, {"$inc": {"v": 1}},
                                      upsert=True)
        acked.write("%d\n" % number)
        acked.flush()
        number += 1
        written += 1
    fcntl.flock(gate, fcntl.LOCK_UN)
    now = time.monotonic()
    if is_open and since:
        longest = max(longest, now - since)
        since = None
    elif not is_open:
        refused += 1
        since = since or now
    time.sleep(0.003)
print(json.dumps({"written": written, "refused": refused,
                  "longest_ms": round(longest * 1000)}))
