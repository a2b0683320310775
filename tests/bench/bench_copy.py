"""dump, load, both at once, and comparing, beside a plain cursor drain and
zstd."""
import os
import shutil

import harness as h

SIZE = 300


def gen(name, docs, size=SIZE, content="text", colls=1):
    h.run([[h.bench_program("gen"), str(docs), "snapshot", str(size), content,
            str(colls)]], stdout=h.path_of(name))
    return h.path_of(name)


def mm(name, *options, db="bench"):
    return [h.program(name), "-d", db, "--quiet", *options]


def fill(servers, docs, *shape):
    """Into the source; what the load took, and its bytes."""
    plain = gen("plain.bson", docs, *shape)
    size = os.path.getsize(plain)
    got = h.run([mm("mm-load")], stdin=plain, env={"MM_TARGET_URI": servers.source})
    os.unlink(plain)
    return got, size


def load(servers, docs):
    """The source is filled on the way."""
    got, size = fill(servers, docs)
    h.report("load", "bare, 1 collection", got, docs, size)


def dump(servers, docs):
    """Dump bare and packed; what they are measured against in the same rounds."""
    bare, packed = h.path_of("bare.bson"), h.path_of("packed.bson.zst")
    drain = [h.bench_program("drain"), servers.source, "bench.docs"]
    h.run([mm("mm-dump", "-Z", "none")], stdout=bare, env=servers.env)
    what = {
        "drain": lambda: h.run([drain]),
        "bare": lambda: h.run([mm("mm-dump", "-Z", "none")], env=servers.env),
        "packed": lambda: h.run([mm("mm-dump")], stdout=packed, env=servers.env),
    }
    if shutil.which("zstd"):
        what["zstd"] = lambda: h.run([["zstd", "-1", "-T1", "-q", "-c"]], stdin=bare)
    else:
        h.skip("dump beside zstd -1 -T1", "no zstd on PATH")
    got = h.interleaved(**what)
    size = os.path.getsize(bare)
    h.report("drain", "plain cursor", got["drain"], docs, size)
    h.report("dump", "bare, 1 collection", got["bare"], docs, size, got["drain"],
             "drain", {"wall_s": ("<=", 1.15), "rss_mib": ("<=", 64)})
    h.report("dump", "zstd:1, 1 collection", got["packed"], docs, size, got["drain"],
             "drain", {"rss_mib": ("<=", 64)})
    h.figure("dump", "zstd:1, 1 collection", "bytes", os.path.getsize(packed), "B",
             "bare", size)
    if "zstd" in got:
        h.report("zstd", "-1 -T1 of the bare dump", got["zstd"], 0, size)
        slower = max(got["zstd"]["wall_s"], got["drain"]["wall_s"])
        h.figure("dump", "zstd:1, 1 collection", "wall_s", got["packed"]["wall_s"], "s",
                 "slower of drain and zstd -1 -T1", slower, ("<=", 1.25))
    got = h.run([mm("mm-load")], stdin=packed, env=servers.env)
    h.report("load", "zstd:1, 1 collection", got, docs, size,
             bars={"rss_mib": ("<=", 64)})
    h.reset(servers.target)
    os.unlink(bare)
    os.unlink(packed)


def copy(servers, docs):
    drain = [h.bench_program("drain"), servers.source, "bench.docs"]
    pipe = [mm("mm-dump", "-Z", "none"), mm("mm-load", "--drop")]
    got = h.interleaved(drain=lambda: h.run([drain]),
                        copy=lambda: h.run(pipe, env=servers.env))
    h.report("copy", "bare, 1 collection", got["copy"], docs, 0, got["drain"], "drain",
             {"rss_mib": ("<=", 64)})


def diff(servers, docs):
    both = {"drain source": [h.bench_program("drain"), servers.source, "bench.docs"],
            "drain target": [h.bench_program("drain"), servers.target, "bench.docs"]}
    what = {name: lambda d=drain: h.run([d]) for name, drain in both.items()}
    what["diff"] = lambda: h.run([mm("mm-diff")], env=servers.env)
    got = h.interleaved(**what)
    drains = {k: got["drain source"][k] + got["drain target"][k] for k in got["diff"]}
    h.report("diff", "equal sides", got["diff"], docs, 0, drains,
             "drain of both sides", {"docs_per_s": (">=", 150000)})


def memory(most):
    """RSS of mm-diff at a tenth of `most` tiny documents and at all of them."""
    peak = {}
    for docs in (most // 10, most):
        with h.Pair(1000) as servers:
            plain = gen("tiny.bson", docs, 60)
            for uri in (servers.source, servers.target):
                h.run([mm("mm-load")], stdin=plain, env={"MM_TARGET_URI": uri})
            os.unlink(plain)
            got = h.run([mm("mm-diff")], env=servers.env)
            peak[docs] = got["rss_mib"]
            case = f"{docs} documents of 60 B"
            h.figure("diff", case, "rss_mib", got["rss_mib"], "MiB", bar=("<=", 64))
            h.figure("diff", case, "docs_per_s", docs / got["wall_s"], "1/s",
                     bar=(">=", 150000))
    small, large = peak.values()
    h.figure("diff", f"{most} documents of 60 B", "rss_mib", large, "MiB",
             "a tenth of them", small, ("<=", 1.1))
