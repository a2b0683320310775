#!/usr/bin/env python3
"""An application that is moved: numbered writes to the cluster whose URI an
address file holds, with an account of its own.

usage: switch_client.py DIR ADDRESS_FILE [DB [PER_SECOND]]

Each number is inserted into DB.numbers and counted in DB.counts; those that
were acknowledged go to DIR/acked, a line each. A write that is refused because
rights are missing (13) or users' writes are blocked (371) is made again, at the
address of then: the application sees a pause, no error. Each pause goes to
DIR/pauses as "MILLISECONDS REFUSED". SIGTERM: one line of JSON and the end;
status 1 after any other error of a server.
"""
import json
import os
import signal
import sys
import time

import pymongo
from pymongo.errors import OperationFailure

STOP = []
REFUSALS = (13, 371)
signal.signal(signal.SIGTERM, lambda *_: STOP.append(time.monotonic()))
where, address = sys.argv[1:3]
db = sys.argv[3] if len(sys.argv) > 3 else "shop"
every = 1 / float(sys.argv[4]) if len(sys.argv) > 4 else 0.003
clients = {}
refused, pauses = 0, []
acked = open(os.path.join(where, "acked"), "a")
told = open(os.path.join(where, "pauses"), "a")
number = sum(1 for _ in open(acked.name))
began = number


def database():
    """Of the cluster that the address stands for now."""
    with open(address) as f:
        uri = f.read().strip()
    if uri not in clients:
        clients[uri] = pymongo.MongoClient(uri, w="majority")
    return clients[uri][db]


def write(operation, patience=0):
    """Until it is done; False: told to end `patience` seconds ago."""
    global refused
    since, before = time.monotonic(), refused
    while not STOP or time.monotonic() < STOP[0] + patience:
        try:
            operation(database())
        except OperationFailure as e:
            if e.code not in REFUSALS:
                raise
            refused += 1
            time.sleep(0.002)
            continue
        if refused > before:
            pauses.append((time.monotonic() - since) * 1000)
            told.write("%.0f %d\n" % (pauses[-1], refused - before))
            told.flush()
        return True
    return False


while write(lambda d: d.numbers.insert_one({"_id": number, "n": number, "pad": "x" * 40})):
    # It counts what is acknowledged, also when it is told to end here.
    if not write(lambda d: d.counts.update_one({"_id": "all"}, {"$inc": {"v": 1}},
                                               upsert=True), 30):
        sys.exit("one more was written than counted")
    acked.write("%d\n" % number)
    acked.flush()
    number += 1
    time.sleep(every)
print(json.dumps({"written": number - began, "refused": refused, "pauses": len(pauses),
                  "longest_ms": round(max(pauses, default=0))}))
