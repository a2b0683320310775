#!/usr/bin/python3
"""A second implementation of mm-stream(5), made from that page alone.

As a module: Reader and Writer. As a program:

  mmstream.py read [FILE]            verify everything, print JSON lines
  mmstream.py write-snapshot ...     JSON lines -> snapshot stream
  mmstream.py write-oplog ...        JSON lines -> oplog stream

The writers play another store as a source. Input lines of write-snapshot:
  {"ns": "shop.users", "doc": {"_id": 1, ...}}   (Extended JSON)
  {"ns": "shop.empty"}                           (a collection by itself)
Input lines of write-oplog:
  {"at": "S:I:T", "op": "i", "ns": "shop.users", "doc": {...}}
  {"at": "S:I:T", "op": "u", "ns": ..., "doc": {...}}   (the whole new one)
  {"at": "S:I:T", "op": "d", "ns": ..., "_id": ...}
  {"at": "S:I:T", "txn": [{"op": ...}, ...]}
  {"at": "S:I:T", "mark": true}
Ends with the statuses of mm-migrate(7): 3 damaged or cut, 8 refused.
"""
import argparse
import datetime
import socket
import struct
import sys
import uuid

import bson
import xxhash
import zstandard
from bson import Int64, SON, Timestamp, json_util
from bson.binary import Binary
from bson.codec_options import CodecOptions

DOC_MAX = 17825792
BLOCK_MAX = 33554432
FRAME_MAX = 33554432
WINDOW_MAX = 8388608
COLLS_MAX = 1048576
BLOCK_BYTES = 1 << 20
KINDS = ("snapshot", "oplog", "diff", "journal", "ledger", "digest", "users")
ORDERED = CodecOptions(document_class=SON, tz_aware=True)


class StreamError(Exception):
    """The stream is damaged or cut (3), or must be refused (8)."""

    def __init__(self, message, status=3):
        super().__init__(message)
        self.status = status


def signed(u64):
    return Int64(struct.unpack("<q", struct.pack("<Q", u64))[0])


def xxh64(data, seed=0):
    return xxhash.xxh64(data, seed=seed).intdigest()


def position(text):
    """SECONDS:INCREMENT[:TERM] as the document of the format."""
    part = [int(p) for p in text.split(":")]
    return SON([("ts", Timestamp(part[0], part[1])),
                ("t", Int64(part[2] if len(part) > 2 else -1))])


# ------------------------------------------------------------------ reading


class Bytes:
    """The decoded bytes of a file: bare, bulk and live alike."""

    def __init__(self, f):
        self.f = f
        self.raw = b""
        self.out = b""
        self.frame = None
        self.bare = False

    def _more(self, want):
        while len(self.raw) < want:
            piece = self.f.read(max(want - len(self.raw), 1 << 16))
            if not piece:
                return False
            self.raw += piece
        return True

    def border(self):
        """Between two items: the encoding may change."""
        self.bare = False

    def _next_piece(self):
        """Makes self.out longer. False: the end."""
        if self.frame is not None:
            if not self._more(1):
                raise StreamError("cut short inside a frame")
            raw, self.raw = self.raw, b""
            try:
                self.out += self.frame.decompress(raw)
            except zstandard.ZstdError as e:
                raise StreamError("damaged frame: %s" % e) from e
            if self.frame.eof:
                self.raw = self.frame.unused_data
                self.frame = None
            return True
        if not self.bare and self._more(4):
            magic = struct.unpack_from("<I", self.raw)[0]
            if magic == 0xFD2FB528:
                self._more(18)
                self._check_frame()
                self.frame = zstandard.ZstdDecompressor(
                    max_window_size=WINDOW_MAX).decompressobj()
                return True
            if 0x184D2A50 <= magic <= 0x184D2A5F:
                if not self._more(8):
                    raise StreamError("cut short inside a skippable frame")
                length = struct.unpack_from("<I", self.raw, 4)[0]
                self.raw = self.raw[8:]
                while length:
                    if not self._more(1):
                        raise StreamError("cut short inside a skippable frame")
                    used = min(length, len(self.raw))
                    self.raw = self.raw[used:]
                    length -= used
                return True
        self.bare = True
        if not self._more(1):
            return False
        self.out += self.raw
        self.raw = b""
        return True

    def _check_frame(self):
        try:
            p = zstandard.get_frame_parameters(self.raw)
        except zstandard.ZstdError as e:
            raise StreamError("damaged frame header: %s" % e) from e
        if p.window_size > WINDOW_MAX:
            raise StreamError("window of %d bytes" % p.window_size)
        if p.dict_id:
            raise StreamError("frame with a dictionary")

    def take(self, n):
        """Exactly n bytes, or fewer at the end."""
        while len(self.out) < n and self._next_piece():
            pass
        piece, self.out = self.out[:n], self.out[n:]
        return piece

    def unread(self):
        """In a bare stream: bytes read ahead are not decided yet."""
        if self.bare:
            self.raw = self.out + self.raw
            self.out = b""


class Reader:
    """Iterates (number, control document, list of data documents as bytes).

    Everything that the page demands of a reader is checked on the way."""

    def __init__(self, f):
        self.bytes = Bytes(f)
        self.streams = 0

    def _document(self, number):
        self.bytes.unread()
        self.bytes.border()
        head = self.bytes.take(4)
        if not head:
            return None
        if len(head) < 4:
            raise StreamError("cut short")
        length = struct.unpack("<i", head)[0]
        if not 5 <= length <= DOC_MAX:
            raise StreamError("document of %d bytes" % length)
        raw = head + self.bytes.take(length - 4)
        if len(raw) < length:
            raise StreamError("cut short")
        return self._control(raw, number)

    @staticmethod
    def _control(raw, number):
        if raw[4:9] != b"\x02$mm\0":
            raise StreamError("no control document")
        if len(raw) < 17 or raw[-12:-9] != b"\x12x\0" or raw[-1] != 0:
            raise StreamError("no checksum")
        if struct.unpack("<Q", raw[-9:-1])[0] != xxh64(raw[:-12], number):
            raise StreamError("wrong checksum of record %d" % number)
        try:
            return bson.decode(raw, ORDERED)
        except bson.errors.BSONError as e:
            raise StreamError("no BSON: %s" % e) from e

    @staticmethod
    def _field(doc, name, kind):
        value = doc.get(name)
        if type(value) is not kind:
            raise StreamError("%s: field %s" % (doc["$mm"], name))
        return value

    def _data(self, doc):
        length = self._field(doc, "len", Int64)
        n = self._field(doc, "n", Int64)
        if not 5 <= length <= BLOCK_MAX or not 1 <= n <= length // 5:
            raise StreamError("block of %d in %d bytes" % (n, length))
        data = self.bytes.take(length)
        if len(data) < length:
            raise StreamError("cut short")
        if signed(xxh64(data)) != self._field(doc, "xxh64", Int64):
            raise StreamError("wrong checksum of block %d" % doc["seq"])
        docs, at = [], 0
        while at < length:
            if length - at < 5:
                raise StreamError("block %d: rest" % doc["seq"])
            size = struct.unpack_from("<i", data, at)[0]
            if not 5 <= size <= min(DOC_MAX, length - at) or \
                    data[at + size - 1] != 0:
                raise StreamError("block %d: a length" % doc["seq"])
            docs.append(data[at:at + size])
            at += size
        if len(docs) != n:
            raise StreamError("block %d: its count" % doc["seq"])
        return docs

    def __iter__(self):
        while True:
            doc = self._document(0)
            if doc is None:
                break
            yield from self._stream(doc)
            self.streams += 1
        if not self.streams:
            raise StreamError("empty input")

    def _head(self, doc):
        if doc["$mm"] != "stream":
            raise StreamError("does not begin with a stream record")
        if self._field(doc, "v", int) != 1:
            raise StreamError("version %d" % doc["v"], 8)
        if self._field(doc, "kind", str) not in KINDS:
            raise StreamError("kind %s" % doc["kind"], 8)
        if doc.get("features"):
            raise StreamError("features %s" % doc["features"], 8)

    def _same(self, doc, name, value):
        if self._field(doc, name, Int64) != value:
            raise StreamError("%s: %s is not %d" % (doc["$mm"], name, value))

    def _stream(self, head):
        self._head(head)
        yield 0, head, None
        number, blocks, docs, size = 0, 0, 0, 0
        colls = {}  # c: [docs, bytes, sum, ended, view]
        while True:
            number += 1
            doc = self._document(number)
            if doc is None:
                raise StreamError("cut short: no end record")
            kind, data = doc["$mm"], None
            if kind == "block":
                if self._field(doc, "seq", Int64) != blocks:
                    raise StreamError("block %d is due" % blocks)
                coll = colls.get(self._field(doc, "c", int))
                if coll is None and (doc["c"] or head["kind"] == "snapshot"):
                    raise StreamError("collection %d" % doc["c"])
                if coll and coll[3]:
                    raise StreamError("collection %d has ended" % doc["c"])
                data = self._data(doc)
                blocks += 1
                docs += doc["n"]
                size += doc["len"]
                if coll:
                    coll[0] += doc["n"]
                    coll[1] += doc["len"]
                    coll[2] += sum(xxh64(d) for d in data)
            elif kind == "coll":
                c = self._field(doc, "c", int)
                if c < 0 or c in colls:
                    raise StreamError("collection number %d" % c)
                if len(colls) == COLLS_MAX:
                    raise StreamError("too many collections", 8)
                self._field(doc, "db", str)
                self._field(doc, "coll", str)
                colls[c] = [0, 0, 0, False, doc.get("type") == "view"]
            elif kind == "cend":
                coll = colls.get(self._field(doc, "c", int))
                if coll is None or coll[3]:
                    raise StreamError("end of collection %d" % doc["c"])
                self._same(doc, "docs", coll[0])
                self._same(doc, "bytes", coll[1])
                self._same(doc, "sum", signed(coll[2] % (1 << 64)))
                coll[3] = True
            elif kind == "mark":
                self._field(doc, "ts", Timestamp)
            elif kind == "end":
                reason = self._field(doc, "reason", str)
                self._same(doc, "blocks", blocks)
                self._same(doc, "docs", docs)
                self._same(doc, "bytes", size)
                if reason == "complete" and \
                        any(not c[3] and not c[4] for c in colls.values()):
                    raise StreamError("a collection has no end")
            elif kind == "stream":
                raise StreamError("a new stream before the end")
            elif doc.get("crit") is True:
                raise StreamError("critical record %s" % kind, 8)
            else:
                continue
            yield number, doc, data
            if kind == "end":
                return


# ------------------------------------------------------------------ writing


class Writer:
    """Writes one stream. encoding: "bare", "bulk" or "live"."""

    def __init__(self, f, kind, head, encoding="bulk", level=1):
        self.f = f
        self.encoding = encoding
        self.level = level
        self.number = 0
        self.pending = b""
        self.live = None
        self.live_bytes = 0
        self.blocks = self.docs = self.bytes = 0
        self.colls = {}
        now = datetime.datetime.now(datetime.timezone.utc)
        doc = SON([("$mm", "stream"), ("v", 1), ("kind", kind),
                   ("id", Binary(uuid.uuid4().bytes, 4)), ("created", now),
                   ("tool", "mmstream.py"), ("host", socket.gethostname())])
        doc.update(head)
        doc.setdefault("features", [])
        self.record(doc)
        self.flush()

    def record(self, doc):
        doc["x"] = Int64(0)
        raw = bson.encode(doc)
        x = struct.pack("<Q", xxh64(raw[:-12], self.number))
        self.number += 1
        self.pending += raw[:-9] + x + raw[-1:]
        if self.encoding != "live" and len(self.pending) >= BLOCK_BYTES:
            self.flush()

    def coll(self, c, db, coll, **more):
        self.colls[c] = [0, 0, 0]
        self.record(SON([("$mm", "coll"), ("c", c), ("db", db),
                         ("coll", coll)] + list(more.items())))

    def block(self, c, docs, extra=()):
        """docs: encoded documents."""
        if not docs:
            return
        data = b"".join(docs)
        if self.encoding == "bulk" and self.pending and \
                len(self.pending) + len(data) > BLOCK_BYTES:
            self.flush()
        self.record(SON([
            ("$mm", "block"), ("seq", Int64(self.blocks)), ("c", c),
            ("n", Int64(len(docs))), ("len", Int64(len(data))),
            ("xxh64", signed(xxh64(data)))] + list(extra)))
        self.pending += data
        self.blocks += 1
        self.docs += len(docs)
        self.bytes += len(data)
        if c in self.colls:
            self.colls[c][0] += len(docs)
            self.colls[c][1] += len(data)
            self.colls[c][2] += sum(xxh64(d) for d in docs)

    def cend(self, c):
        docs, size, total = self.colls[c]
        self.record(SON([
            ("$mm", "cend"), ("c", c), ("docs", Int64(docs)),
            ("bytes", Int64(size)), ("sum", signed(total % (1 << 64)))]))

    def mark(self, at, wall=None):
        doc = SON([("$mm", "mark")])
        doc.update(at)
        doc["readFrom"] = at
        doc["wall"] = wall or datetime.datetime.now(datetime.timezone.utc)
        doc["reason"] = "heartbeat"
        self.record(doc)
        self.flush()

    def flush(self):
        data, self.pending = self.pending, b""
        if not data:
            return
        if self.encoding == "live":
            if self.live is None:
                self.live = zstandard.ZstdCompressor(
                    level=self.level, write_checksum=True).compressobj()
            self.f.write(self.live.compress(data))
            self.f.write(self.live.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))
            self.live_bytes += len(data)
            if self.live_bytes >= BLOCK_BYTES:
                self._end_live()
        elif self.encoding == "bulk":
            frame = zstandard.ZstdCompressor(
                level=self.level, write_checksum=True).compress(data)
            self.f.write(struct.pack("<III", 0x184D2A50, 4, len(frame)))
            self.f.write(frame)
        else:
            self.f.write(data)
        self.f.flush()

    def _end_live(self):
        if self.live is not None:
            self.f.write(self.live.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH))
        self.live = None
        self.live_bytes = 0

    def end(self, reason, extra=()):
        self.record(SON([("$mm", "end"), ("reason", reason)] + list(extra) + [
            ("blocks", Int64(self.blocks)), ("docs", Int64(self.docs)),
            ("bytes", Int64(self.bytes))]))
        self.flush()
        self._end_live()
        self.f.flush()


# ---------------------------------------------------------- another store


def lines(f):
    options = json_util.JSONOptions(
        document_class=SON, json_mode=json_util.JSONMode.CANONICAL,
        tz_aware=True)
    for line in f:
        if line.strip():
            yield json_util.loads(line, json_options=options)


def store_head(args):
    return [("source", SON([("set", args.source)])),
            ("filters", SON([
                ("include", sorted(set(args.nsInclude))), ("exclude", []),
                ("rename", [])]))]


def write_snapshot(args, f, out):
    start, stop = position(args.start), position(args.to or args.start)
    head = store_head(args) + [("from", start), ("readConcern", "majority")]
    w = Writer(out, "snapshot", head, args.encoding)
    number, waiting, size = {}, {}, {}
    for line in lines(f):
        ns = line["ns"]
        if ns not in number:
            number[ns] = len(number)
            db, coll = ns.split(".", 1)
            index = SON([("v", 2), ("key", SON([("_id", 1)])),
                         ("name", "_id_")])
            w.coll(number[ns], db, coll, type="collection", options=SON(),
                   indexes=[index] + line.get("indexes", []))
            waiting[ns], size[ns] = [], 0
        if "doc" not in line:
            continue
        waiting[ns].append(bson.encode(line["doc"]))
        size[ns] += len(waiting[ns][-1])
        if size[ns] >= BLOCK_BYTES or len(waiting[ns]) >= args.block_docs:
            w.block(number[ns], waiting[ns])
            waiting[ns], size[ns] = [], 0
    for ns, c in number.items():
        w.block(c, waiting[ns])
        w.cend(c)
    w.end("complete", [("to", stop), ("readFrom", start)])


def entry(at, op, wall):
    doc = SON(at)
    doc["v"] = Int64(2)
    doc["op"] = op["op"]
    doc["ns"] = op["ns"]
    if op["op"] == "u":
        doc["o2"] = SON([("_id", op["doc"]["_id"])])
    doc["o"] = SON([("_id", op["_id"])]) if op["op"] == "d" else op["doc"]
    doc["wall"] = wall
    return doc


def write_oplog(args, f, out):
    after = position(args.after)
    seen = position(args.seen or args.after)
    head = store_head(args) + [("after", after), ("seen", seen)]
    w = Writer(out, "oplog", head, args.encoding)
    at = after
    for line in lines(f):
        at = position(line["at"])
        wall = datetime.datetime.fromtimestamp(
            at["ts"].time, datetime.timezone.utc)
        if "mark" in line:
            w.mark(at, wall)
            continue
        group = line.get("txn", [line])
        docs = []
        for i, op in enumerate(group):
            doc = entry(at, op, wall)
            if "txn" in line:
                doc["txn"] = SON([("i", i)])
                if i == len(group) - 1:
                    doc["txn"]["last"] = True
            docs.append(bson.encode(doc))
        w.block(0, docs, [("first", at), ("last", at)])
    w.end(args.reason, [("to", at), ("readFrom", at)])


def read(args, f, out):
    options = json_util.JSONOptions(
        json_mode=json_util.JSONMode.CANONICAL, tz_aware=True)
    status = 0
    try:
        for number, doc, data in Reader(f):
            if not args.data and not args.bson:
                out.write(json_util.dumps(
                    SON([("record", number), ("doc", doc)]),
                    json_options=options) + "\n")
            for raw in data or ():
                if args.bson:
                    sys.stdout.buffer.write(raw)
                    continue
                out.write(json_util.dumps(
                    SON([("c", doc["c"]), ("len", len(raw)),
                         ("doc", bson.decode(raw, ORDERED))]),
                    json_options=options) + "\n")
    except StreamError as e:
        sys.stderr.write("mmstream.py: error: %s\n" % e)
        status = e.status
    out.flush()
    return status


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    reading = commands.add_parser("read")
    reading.add_argument("--data", action="store_true",
                         help="data documents only")
    reading.add_argument("--bson", action="store_true",
                         help="data documents only, as they are")
    reading.add_argument("file", nargs="?", default="-")
    for name in ("write-snapshot", "write-oplog"):
        p = commands.add_parser(name)
        p.add_argument("--source", required=True, help="name of the store")
        p.add_argument("--nsInclude", action="append", default=[])
        p.add_argument("--encoding", default="bulk" if name ==
                       "write-snapshot" else "live",
                       choices=("bare", "bulk", "live"))
        if name == "write-snapshot":
            p.add_argument("--from", dest="start", required=True)
            p.add_argument("--to")
            p.add_argument("--block-docs", type=int, default=10000)
        else:
            p.add_argument("--after", required=True)
            p.add_argument("--seen")
            p.add_argument("--reason", default="until")
    args = parser.parse_args()
    if args.command == "read":
        f = sys.stdin.buffer if args.file == "-" else open(args.file, "rb")
        return read(args, f, sys.stdout)
    write = write_snapshot if args.command == "write-snapshot" else write_oplog
    write(args, sys.stdin, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
