#!/usr/bin/env python3
"""Writes to a server until it is told to stop: mixed inserts, updates of every
kind, deletes, on nested documents with ids of all types.

usage: workload.py URI --db NAME [--db NAME]... [options]; see --help

SIGTERM or SIGINT: the current operation is finished, then the summary is
printed: one line of JSON with the counts. Exit status 0, or 1 when the server
failed (what a server may refuse, a duplicate key say, is only counted; so are
operations without an answer, as long as the server comes back). With one
thread and --ops the operations depend on the seed alone.
"""
import argparse
import json
import random
import signal
import sys
import threading
import time

import pymongo
from bson import Int64
from bson.son import SON
from pymongo.errors import (AutoReconnect, BulkWriteError, CollectionInvalid,
                            OperationFailure, PyMongoError)

from values import NAMES, RARE_IDS, TEXTS, moment, new_id, same_key, value

STOP = threading.Event()
# Codes with which a server refuses an operation that has become impossible
# under other writers: bad value, path, immutable field, duplicate key,
# conflict with or loss of a transaction ...
REFUSALS = {2, 14, 28, 48, 54, 66, 112, 251, 11000}


class Counts:
    """What was done, over all threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.done = {}

    def add(self, **more):
        with self.lock:
            for name, number in more.items():
                self.done[name] = self.done.get(name, 0) + number

    def get(self, name):
        return self.done.get(name, 0)


class Place:
    """A collection, and the ids that one worker has put there."""

    def __init__(self, collection, serial):
        self.collection = collection
        self.ids = []
        self.serial = serial
        self.rare = list(RARE_IDS) if serial == 0 else []


class InSession:
    """A collection whose operations belong to a session."""

    def __init__(self, collection, session):
        self.collection = collection
        self.session = session

    def __getattr__(self, name):
        method = getattr(self.collection, name)
        return lambda *args, **more: method(
            *args, session=self.session, **more)


class Worker:
    """One thread's share of the writing. Ids of different workers differ;
    the hot documents belong to all."""

    def __init__(self, number, databases, options, counts):
        self.rnd = random.Random("%d/%d" % (options.seed, number))
        self.number = number
        self.options = options
        self.counts = counts
        self.databases = databases
        self.places = [
            self.place(db, "c%d" % n)
            for db in databases for n in range(options.collections)]
        self.made = 0
        self.lost = 0  # operations without an answer, in a row

    def place(self, db, name):
        return Place(db[name], self.number * 100_000_000)

    # ---- documents ----

    def document(self, key):
        rnd = self.rnd
        doc = SON([("_id", key), ("n", rnd.randrange(1000)),
                   ("group", rnd.randrange(40)), ("text", self.pad()),
                   ("sub", SON([("x", value(rnd)), ("hits", 0),
                                ("deep", SON([("f", value(rnd))]))])),
                   ("list", [value(rnd) for _ in range(rnd.randrange(6))]),
                   ("when", moment(rnd.randrange(1 << 31)))])
        for name in rnd.sample(NAMES, rnd.randrange(4)):
            doc[name] = value(rnd)
        return doc

    def pad(self):
        size = self.rnd.randrange(max(1, self.options.size))
        return (self.rnd.choice(TEXTS) + "abcdefghij" * (size // 10))[:size]

    def fresh(self, place):
        place.serial += 1
        if place.rare and self.rnd.random() < 0.02:
            return place.rare.pop()
        return new_id(self.rnd, place.serial)

    def some(self, place):
        """An id to work on; few are hot."""
        if self.rnd.random() < self.options.hot:
            return "hot-%d" % self.rnd.randrange(3)
        if not place.ids:
            return None
        return self.rnd.choice(place.ids)

    # ---- operations: each returns what it counts as ----

    def insert(self, place):
        rnd, count = self.rnd, 1
        if rnd.random() < 0.2:
            count = rnd.randrange(2, 8)
        docs = [self.document(self.fresh(place)) for _ in range(count)]
        if count == 1:
            place.collection.insert_one(docs[0])
        else:
            place.collection.insert_many(docs, ordered=rnd.random() < 0.5)
        place.ids.extend(d["_id"] for d in docs)
        return {"inserts": count}

    def change(self):
        """Modifiers of one update."""
        rnd = self.rnd
        return rnd.choice([
            lambda: {"$set": SON([("n", rnd.randrange(1000)),
                                  ("sub.deep.f", value(rnd))])},
            lambda: {"$set": {"sub." + rnd.choice(NAMES): value(rnd)}},
            lambda: {"$set": SON((n, value(rnd)) for n in
                                 rnd.sample(NAMES, 3))},
            lambda: {"$set": {"list.%d" % rnd.randrange(8): value(rnd)}},
            lambda: {"$unset": {"sub." + rnd.choice(NAMES): 1,
                                rnd.choice(NAMES): 1}},
            lambda: {"$unset": {"list.%d" % rnd.randrange(4): 1}},
            lambda: {"$inc": SON([("n", rnd.randrange(-5, 6)),
                                  ("sub.hits", Int64(1))])},
            lambda: {"$push": {"list": value(rnd)}},
            lambda: {"$push": {"list": {"$each": [value(rnd)],
                                        "$slice": -6}}},
            lambda: SON([("$set", {"when": moment(rnd.randrange(1 << 31))}),
                         ("$unset", {"opt": 1}), ("$inc", {"n": 1}),
                         ("$push", {"log": rnd.randrange(99)})]),
            lambda: {"$set": {"opt": value(rnd)}},
            lambda: {"$set": {"log": []}},
            self.rare_change,
        ])()

    def rare_change(self):
        rnd = self.rnd
        return rnd.choice([
            lambda: {"$mul": {"n": 3}},
            lambda: {"$max": {"n": rnd.randrange(1000)}},
            lambda: {"$min": {"sub.low": rnd.randrange(1000)}},
            lambda: {"$rename": {"opt": "opt2"}},
            lambda: {"$addToSet": {"log": rnd.randrange(9)}},
            lambda: {"$pull": {"log": {"$gt": 50}}},
            lambda: {"$pop": {"list": rnd.choice([1, -1])}},
            lambda: {"$push": {"list": {"$each": [1, "two"],
                                        "$position": 1}}},
            lambda: {"$currentDate": {"when": True}},
        ])()

    def update(self, place):
        key = self.some(place)
        if key is None:
            return self.insert(place)
        pick = self.rnd.random()
        if pick < 0.06:
            change = [{"$set": {"sum": {"$add": ["$sub.hits", 1]},
                                "sub.p": self.rnd.randrange(99)}},
                      {"$unset": "opt"}]
        else:
            change = self.change()
        place.collection.update_one({"_id": key}, change)
        return {"updates": 1}

    def replace(self, place):
        key = self.some(place)
        if key is None:
            return self.insert(place)
        doc = self.document(key)
        if self.rnd.random() < 0.5:
            del doc["_id"]
        place.collection.replace_one({"_id": key}, doc)
        return {"updates": 1}

    def upsert(self, place):
        hot = self.rnd.random() < 0.3
        key = "hot-%d" % self.rnd.randrange(3) if hot else self.fresh(place)
        if self.rnd.random() < 0.5:
            place.collection.update_one(
                {"_id": key}, {"$inc": {"n": 1}, "$set": {"sub.u": 1},
                               "$setOnInsert": {"born": 1}}, upsert=True)
        else:
            place.collection.replace_one(
                {"_id": key}, self.document(key), upsert=True)
        if not hot:
            place.ids.append(key)
        return {"upserts": 1}

    def multi(self, place):
        group = {"group": self.rnd.randrange(40)}
        if self.rnd.random() < 0.15:
            place.collection.delete_many(group)
            return {"deletes": 1}
        place.collection.update_many(
            group, self.rnd.choice([{"$inc": {"sub.seen": 1}},
                                    {"$set": {"mark": value(self.rnd)}},
                                    {"$unset": {"mark": 1}}]))
        return {"updates": 1}

    def delete(self, place):
        if not place.ids:
            return self.insert(place)
        at = self.rnd.randrange(len(place.ids))
        place.ids[at], place.ids[-1] = place.ids[-1], place.ids[at]
        place.collection.delete_one({"_id": place.ids.pop()})
        return {"deletes": 1}

    def reinsert(self, place):
        if not place.ids:
            return self.insert(place)
        at = self.rnd.randrange(len(place.ids))
        key = place.ids[at] = same_key(self.rnd, place.ids[at])
        place.collection.delete_one({"_id": key})
        place.collection.insert_one(self.document(key))
        return {"deletes": 1, "inserts": 1}

    def bulk(self, place):
        ops = [pymongo.InsertOne(self.document(self.fresh(place)))]
        place.ids.append(ops[0]._doc["_id"])
        for _ in range(self.rnd.randrange(1, 6)):
            key = self.some(place)
            ops.append(pymongo.UpdateOne(
                {"_id": key}, {"$inc": {"n": 1}, "$set": {
                    "bulk": value(self.rnd)}}))
        place.collection.bulk_write(ops, ordered=self.rnd.random() < 0.5)
        return {"inserts": 1, "updates": len(ops) - 1}

    def transaction(self):
        """Some of the operations above, in one transaction, or none."""
        rnd, done = self.rnd, {"transactions": 1}
        with self.databases[0].client.start_session() as session:
            session.start_transaction()
            for _ in range(rnd.randrange(1, 6)):
                place = rnd.choice(self.places)
                plain = place.collection
                place.collection = InSession(plain, session)
                try:
                    self.one(place)
                finally:
                    place.collection = plain
            if rnd.random() < 0.15:
                session.abort_transaction()
            else:
                session.commit_transaction()
        return done

    # ---- the loop ----

    def grow(self):
        """A collection that was not there before."""
        self.made += 1
        db = self.rnd.choice(self.databases)
        name = "new_%d_%d" % (self.number, self.made)
        if self.made % 2:
            db.create_collection(name)
        self.places.append(self.place(db, name))
        return {"collections": 1}

    def step(self):
        rnd, options = self.rnd, self.options
        if self.made < options.new and rnd.random() < 0.004:
            return self.grow()
        if options.transactions and rnd.random() < options.transactions:
            return self.transaction()
        return self.one(rnd.choice(self.places))

    def one(self, place):
        rnd, options = self.rnd, self.options
        if len(place.ids) > options.docs:
            return self.delete(place)
        name = rnd.choices(list(options.mix), list(options.mix.values()))[0]
        return getattr(self, name)(place)

    def attempt(self, action):
        try:
            self.counts.add(ops=1, **action())
        except BulkWriteError as error:
            codes = {e["code"] for e in error.details["writeErrors"]}
            if not codes or codes - REFUSALS or \
                    error.details["writeConcernErrors"]:
                raise
            self.counts.add(ops=1, refused=len(codes))
        except CollectionInvalid:
            self.counts.add(ops=1, refused=1)
        except OperationFailure as error:
            if error.code not in REFUSALS:
                raise
            self.counts.add(ops=1, refused=1)
        except AutoReconnect:
            # Done or not: nobody knows. The set may be electing.
            self.lost += 1
            self.counts.add(ops=1, unclear=1)
            if self.lost > 100:
                raise
            STOP.wait(0.2)
            return
        self.lost = 0

    def fill(self):
        for place in self.places:
            for _ in range(self.options.initial):
                if STOP.is_set():
                    return
                self.attempt(lambda where=place: self.insert(where))

    def run(self):
        options = self.options
        pause = options.threads / options.rate if options.rate else 0
        due = time.monotonic()
        try:
            self.fill()
            while not STOP.is_set():
                if options.ops and self.counts.get("ops") >= options.ops:
                    return
                self.attempt(self.step)
                due = max(due + pause, time.monotonic() - 1)
                STOP.wait(max(0, due - time.monotonic()))
        except PyMongoError as error:
            self.counts.add(errors=1)
            print("workload: %s" % error, file=sys.stderr)
            STOP.set()


def parse_mix(text):
    mix = dict(insert=25, update=40, replace=8, upsert=6, multi=2, delete=10,
               reinsert=5, bulk=4)
    for part in filter(None, text.split(",")):
        name, _, weight = part.partition("=")
        if name not in mix:
            raise argparse.ArgumentTypeError("no operation " + name)
        mix[name] = float(weight)
    return mix


def arguments():
    parser = argparse.ArgumentParser(
        description="Write to a server until told to stop.")
    add = parser.add_argument
    add("uri")
    add("--db", action="append", required=True, help="database (repeatable)")
    add("--rate", type=float, default=200, help="operations/s, 0: no limit")
    add("--seconds", type=float, default=0, help="end after that; 0: never")
    add("--ops", type=int, default=0, help="end after that many; 0: never")
    add("--seed", type=int, default=1)
    add("--threads", type=int, default=1)
    add("--size", type=int, default=200, help="largest text field, bytes")
    add("--docs", type=int, default=500,
        help="documents a collection and thread, about")
    add("--initial", type=int, default=20,
        help="inserts a collection before the mix begins")
    add("--collections", type=int, default=4, help="a database, at the start")
    add("--new", type=int, default=5, help="collections made on the way")
    add("--hot", type=float, default=0.2, help="share of the hot documents")
    add("--transactions", type=float, default=0, metavar="SHARE",
        help="share of the operations that are transactions of 1 to 5 others")
    add("--mix", type=parse_mix, default=parse_mix(""), metavar="NAME=WEIGHT",
        help="weights, comma separated: insert, update, replace, upsert, "
        "multi, delete, reinsert, bulk")
    return parser.parse_args()


def main():
    options = arguments()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: STOP.set())
    client = pymongo.MongoClient(
        options.uri, serverSelectionTimeoutMS=15000, tz_aware=False)
    databases = [client[name] for name in options.db]
    counts, began = Counts(), time.monotonic()
    workers = [Worker(n, databases, options, counts)
               for n in range(options.threads)]
    threads = [threading.Thread(target=w.run) for w in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.05)
            if options.seconds and time.monotonic() - began > options.seconds:
                STOP.set()
    summary = {name: counts.get(name) for name in (
        "ops", "inserts", "updates", "upserts", "deletes", "collections", "transactions",
        "refused", "unclear", "errors")}
    summary["seconds"] = round(time.monotonic() - began, 3)
    print(json.dumps(summary), flush=True)
    return 1 if counts.get("errors") else 0


if __name__ == "__main__":
    sys.exit(main())
