"""Values, documents' fields and ids of every BSON type, for workload.py."""
import datetime

from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId
from bson import Regex, Timestamp
from bson.son import SON

NAMES = ["a", "b", "u", "s0", "i", "d", "diff", "l", "o", "0", "2", "10", "ü",
         "long_field_name"]
TEXTS = ["", "x", "é中", "plain text", "two\nlines", "'\"\\", "0", "$dollar"]


def moment(seconds):
    """A date, seconds after 1970."""
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(0, seconds)


def scalar(rnd):
    """A value of any type that may stand in a document."""
    return rnd.choice([
        lambda: rnd.randrange(-1000, 1000),
        lambda: Int64(rnd.randrange(-1 << 40, 1 << 40)),
        lambda: rnd.uniform(-100, 100),
        lambda: rnd.choice([float("nan"), float("inf"), -0.0, 1e300]),
        lambda: rnd.choice(TEXTS) + str(rnd.randrange(1000)),
        lambda: rnd.choice([True, False, None]),
        lambda: moment(rnd.randrange(1 << 31)),
        lambda: ObjectId(rnd.randbytes(12)),
        lambda: Binary(rnd.randbytes(rnd.randrange(20)), rnd.choice([0, 5])),
        lambda: Decimal128(rnd.choice(["1.5", "1.50", "-0", "NaN", "12E+3"])),
        lambda: Timestamp(rnd.randrange(1, 1 << 31), rnd.randrange(100)),
        lambda: Regex("^a.*", rnd.choice(["", "i", "im"])),
        lambda: rnd.choice([MinKey(), MaxKey(), Code("f()")]),
    ])()


def value(rnd, depth=0):
    """A scalar, or a nested document or array."""
    pick = rnd.random()
    if depth < 3 and pick < 0.15:
        names = rnd.sample(NAMES, rnd.randrange(4))
        return SON((n, value(rnd, depth + 1)) for n in names)
    if depth < 3 and pick < 0.3:
        return [value(rnd, depth + 1) for _ in range(rnd.randrange(4))]
    return scalar(rnd)


def new_id(rnd, serial):
    """An _id of any type that is allowed; serial makes it unique."""
    return rnd.choice([
        lambda: serial,
        lambda: Int64(serial + (1 << 40)),
        lambda: serial + 0.5,
        lambda: Decimal128("%d.25" % serial),
        lambda: "id-%d" % serial,
        lambda: "中-%d" % serial,
        lambda: SON([("a", serial), ("b", rnd.choice(TEXTS))]),
        lambda: SON([("n", SON([("n", serial)]))]),
        lambda: Binary(serial.to_bytes(6, "big"), rnd.choice([0, 5, 128])),
        lambda: ObjectId(serial.to_bytes(12, "big")),
        lambda: moment(serial),
        lambda: Timestamp(serial + 1, 7),
        lambda: Code("g%d()" % serial),
    ])()


# At most once a collection.
RARE_IDS = [None, True, False, MinKey(), MaxKey(), "", float("nan"), SON()]


def same_key(rnd, key):
    """The same _id for the server, maybe with another type of number."""
    if isinstance(key, int) and not isinstance(key, (bool, Int64)):
        return rnd.choice([key, Int64(key), float(key)])
    return key
