"""What sim_replies.py needs to know about the recordings: their set-up, what
is volatile in a reply, and where mongosim deviates. The last list only
shrinks: an entry that does not deviate any more fails the test.
"""
import os
import re
from collections import namedtuple

from bson.son import SON
from bson.timestamp import Timestamp

# Values (and lengths of arrays) that no two servers share. The fields, their
# order and their types still have to agree.
VOLATILE = re.compile("|".join([
    r"\$clusterTime\..*", r"(.*\.)?electionId", r"topologyVersion\..*",
    r"hosts(\..*)?", r"me", r"primary", r"connectionId", r"cursor\.id",
    r"gitVersion", r"allocator", r"buildEnvironment\..*",
    r"fs(Used|Total)Size", r"members\.\*\.(name|uptime|pingMs|syncSourceHost)",
    r"config\.members\.\*\.host", r"cursor\.firstBatch\.\*\.host",
]))


def volatile(path):
    return VOLATILE.fullmatch(path) is not None


# later: answered with CommandNotFound or NotImplemented; not_sent: cannot be
# asked of one server; paths: exactly these deviate.
Known = namedtuple("Known", "reason later not_sent paths secondary",
                   defaults=[False])


def later(reason):
    return Known(reason, True, False, ())


def not_sent(reason):
    return Known(reason, False, True, ())


def deviates(reason, *paths):
    return Known(reason, False, False, paths)


COLLATION = SON([("locale", "fr")])

# Commands before the recorded one of that name; None: before all.
SETUP = {
    "replies.json": {
        None: [
            ("rw", SON([("create", "c")])),
            ("r", SON([("create", "col"), ("collation", COLLATION)])),
            ("r", SON([("createIndexes", "col"), ("indexes", [
                SON([("key", SON(k=1)), ("name", "k_1"), ("unique", True)]),
                SON([("key", SON(t=1)), ("name", "t"),
                     ("expireAfterSeconds", 60)])])])),
            ("r", SON([("create", "cap"), ("capped", True), ("size", 4096),
                       ("max", 10)])),
            ("r", SON([("create", "val"), ("validator", SON(
                n=SON([("$type", "int")])))])),
            ("r", SON([("create", "v"), ("viewOn", "col"),
                       ("pipeline", [])])),
        ],
        "unique build on duplicates": [
            ("r", SON([("insert", "dup"), ("documents", [
                SON([("_id", 1), ("k", 1)]), SON([("_id", 2), ("k", 1)])])])),
        ],
        # The majority had seen the last write: waited for.
        "tail oplog": [
            ("r", SON([("find", "col"), ("limit", 1), ("readConcern", SON([
                ("level", "majority"),
                ("afterClusterTime", Timestamp(1795344204, 26))]))])),
        ],
    },
    "replies-2.json": {
        None: [
            ("w", SON([("create", "cap2"), ("capped", True), ("size", 4096),
                       ("max", 3)])),
        ],
        # The collection is new, and the majority has not seen it.
        "reads: insert": [("admin", SON(simulate="hold"))],
        "find resume after a missing record": [("admin", SON(simulate="release"))],
        "getMore of a cursor opened before": [
            ("w", SON([("find", "f"), ("batchSize", 1),
                       ("$readPreference", {"mode": "secondary"})])),
        ],
        "renameCollection exists": [
            ("k", SON([("create", "r1")])),
            ("k", SON([("create", "r2")])),
        ],
    },
}

SECONDARY = Known("asked of a secondary", False, False, (), True)

KNOWN = {
    "replies.json": {
        "replSetGetStatus": deviates(
            "every priority is 1 here",
            "electionCandidateMetrics.priorityAtElection"),
        "validation": deviates(
            "tier 2: the explanation of a refusal by a validator",
            "writeErrors.*"),
        "hello secondary": SECONDARY,
        "write to a secondary": SECONDARY,
    },
    "replies-2.json": {
        "catalog: collStats": deviates(
            "there is no storage engine to describe", ""),
        "getLastError": later("not used by any client in use here"),
    },
}


class Recording:
    """The entries of one file; knows which of them were asked for."""

    def __init__(self, path):
        self.name = os.path.basename(path)
        self.asked = set()

    def setup(self, name):
        self.asked.add(name)
        return SETUP[self.name].get(name, [])

    def known(self, name):
        self.asked.add(name)
        return KNOWN[self.name].get(name)

    def unused(self):
        names = set(KNOWN[self.name]) | set(SETUP[self.name])
        return sorted(str(n) for n in names - self.asked)
