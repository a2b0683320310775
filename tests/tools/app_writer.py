#!/usr/bin/env python3
"""An application with an account of its own: numbered writes to the cluster
that an address file names.

usage: app_writer.py NAME ADDRESS_FILE DB COLLECTION

Each number is inserted there; those that were acknowledged go to the
file NAME.acked. Not authorized (13) or writes blocked (371) is a refusal, after
which the address is read again and the number tried there. SIGTERM: one line of
JSON and the end; status 1 after any other error of a server.
"""
import json
import signal
import sys
import time

import pymongo

STOP = []
signal.signal(signal.SIGTERM, lambda *_: STOP.append(1))
name, address, db, coll = sys.argv[1:]
clients = {}
acked = open(name + ".acked", "w")
number = refused = 0
since = None
longest = 0.0
while not STOP:
    with open(address) as f:
        uri = f.read().strip()
    if uri not in clients:
        clients[uri] = pymongo.MongoClient(uri, w="majority")
    try:
        clients[uri][db][coll].insert_one({"n": number, "pad": "x" * 40})
    except pymongo.errors.OperationFailure as e:
        if e.code not in (13, 371):
            raise
        refused += 1
        since = since or time.monotonic()
    else:
        acked.write("%d\n" % number)
        acked.flush()
        number += 1
        if since:
            longest = max(longest, time.monotonic() - since)
            since = None
    time.sleep(0.003)
print(json.dumps({"written": number, "refused": refused,
                  "longest_ms": round(longest * 1000)}))
