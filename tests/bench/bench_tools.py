"""mm-dump, mm-load and both at once beside mongodump and mongorestore: wall
time, CPU time of the tools, memory, bytes, and what the threads of ours spent
their time on.

A case is a size of documents, a number of collections and what is in them; it
has two fresh servers. Within a case everything is run in turn, ours and theirs
side by side, round by round. Ratios are taken within a round.
"""
import collections
import json
import os
import statistics
import sys
import time

import pymongo

import bench_copy
import bench_plot
import harness as h

DB = "bench"
BASE = "1024:1:text"
# One thing at a time is other than in the base case.
CASES = ["256:1:text", BASE, "5120:1:text", "65536:1:text",
         "1024:10:text", "1024:1000:text", "1024:1:random"]
ALL = [f"{size}:{colls}:{content}" for size in (256, 1024, 5120, 65536)
       for colls in (1, 10, 1000) for content in ("text", "random")]
# Options of ours and of theirs.
PACKING = {"plain": (["-Z", "none"], []), "packed": ([], ["--gzip"])}
BASELINE = {"dump": "mongodump", "load": "mongorestore",
            "copy": "mongodump|mongorestore"}
STAGES = ["docs", "server", "read", "write", "pack", "unpack", "save", "turn",
          "held", "idle"]

Case = collections.namedtuple("Case", "size colls content")


def parse(text):
    try:
        size, colls, content = text.split(":")
        case = Case(int(size), int(colls), content)
    except ValueError:
        case = None
    if not case or case.size < 64 or case.colls < 1 or \
            content not in ("text", "random"):
        sys.exit(f"bench: case \"{text}\" is not BYTES:COLLECTIONS:text|random")
    return case


def label(case):
    size = f"{case.size // 1024} KiB" if case.size % 1024 == 0 else f"{case.size} B"
    s = "" if case.colls == 1 else "s"
    return f"{size} {case.content}, {case.colls} collection{s}"


class Side:
    """What is run for a case: ours, theirs, a drain."""

    def __init__(self, case, docs, servers):
        self.case, self.docs, self.servers = case, docs, servers
        self.tools = {"dump": h.peer("mongodump"), "load": h.peer("mongorestore")}

    def has(self, what):
        needs = ("dump", "load") if what == "copy" else (what,)
        return all(self.tools[n] for n in needs)

    def command(self, what, who, packing):
        ours, theirs = PACKING[packing]
        if who == "ours":
            return [h.program("mm-" + what), "-d", DB, "--quiet", "--status-file",
                    h.path_of("status." + what), *(ours if what == "dump" else [])]
        if what == "dump":
            return [self.tools[what], "--uri", self.servers.source, "-d", DB,
                    "--archive", "--quiet", *theirs]
        return [self.tools[what], "--uri", self.servers.target, "--archive",
                "--quiet", *theirs]

    def run(self, what, who, packing):
        """One run; wall_s, cpu_s, rss_mib, rss_of, bytes, stages."""
        parts = ("dump", "load") if what == "copy" else (what,)
        stages = [self.command(part, who, packing) for part in parts]
        name = h.path_of(f"{who}.{packing}")
        if what == "dump" and os.path.exists(name):
            os.unlink(name)
        if what != "dump":
            h.reset(self.servers.target)
        got = h.run(stages, stdin=name if what == "load" else None,
                    stdout=name if what == "dump" else os.devnull,
                    env=self.servers.env)
        if what != "dump":
            self.check(" | ".join(stage[0] for stage in stages))
        got["bytes"] = os.path.getsize(name) if what == "dump" else None
        if who == "ours":
            got["stages"] = {part: read_status(part) for part in parts}
        return got

    def check(self, who):
        """A copy that is not whole is no result."""
        with pymongo.MongoClient(self.servers.target) as client:
            stats = client[DB].command("dbStats")
        have = int(stats["objects"]), int(stats["collections"])
        if have != (self.docs, self.case.colls):
            sys.exit(f"bench: {who}: {have[0]} documents in {have[1]} collections "
                     f"arrived, {self.docs} in {self.case.colls} were sent")

    def drain(self):
        got = h.run([[h.bench_program("drain"), self.servers.source, DB + ".docs"]])
        got["bytes"] = None
        return got


def read_status(what):
    with open(h.path_of("status." + what), encoding="utf-8") as f:
        status = json.load(f)
    return {s: (status.get("seconds_" + s, 0), status.get("cpu_" + s, 0))
            for s in STAGES}


def plan(side):
    """All that is run in a round, by (what, packing, who), in order."""
    order = {}
    for what in ("dump", "load", "copy"):
        for packing in PACKING:
            for who in ("ours", "theirs"):
                if who == "ours" or side.has(what):
                    order[what, packing, who] = (
                        lambda w=what, o=who, p=packing: side.run(w, o, p))
    if side.case.colls == 1:
        order["dump", "plain", "drain"] = side.drain
    return order


# -------------------------------------------------------------------- results


def bars(what, packing, size, baseline):
    if baseline == "drain":  # what is short is mostly start and end: bench_copy.dump
        return {}
    if packing == "packed":
        packed = {"bytes": ("<=", 1.05)} if what == "dump" else {}
        return {"wall_s": ("<=", 0.3), "cpu_s": ("<=", 0.2)} if what == "copy" else packed
    if what != "copy":
        return {}
    return ({"wall_s": ("<=", 0.5), "cpu_s": ("<=", 0.35)} if size <= 1024 else
            {"wall_s": ("<=", 0.7), "cpu_s": ("<=", 0.6)})


def largest(runs):
    return max(runs, key=lambda run: run["rss_mib"])["rss_of"]


def compare(case, what, packing, ours, theirs, baseline):
    """The figures of ours, and beside theirs where there are any; by metric."""
    limits = bars(what, packing, case.size, baseline)
    lines = {}
    for metric, unit in (("wall_s", "s"), ("cpu_s", "s"), ("rss_mib", "MiB"),
                         ("bytes", "B")):
        if ours[0][metric] is None:
            continue
        pairs = [(mine[metric], base[metric]) for mine, base in zip(ours, theirs or [])
                 if base[metric]]
        base = statistics.median(b for _, b in pairs) if pairs else None
        more = {"what": what, "packing": packing, "size": case.size,
                "collections": case.colls, "content": case.content}
        if metric == "rss_mib":
            more["process"] = largest(ours)
            more["baseline_process"] = largest(theirs) if pairs else None
        lines[metric] = h.figure(
            what, f"{packing}, {label(case)}", metric,
            statistics.median(run[metric] for run in ours), unit,
            baseline if pairs else None, base, limits.get(metric) if pairs else None,
            [m / b for m, b in pairs], more, tell=False)
    return lines


def told(line, scale=1.0):
    """A value and its ratio, 31 characters."""
    if line is None:
        return " " * 31
    ratio = ""
    if line["ratio"] is not None:
        ratio = f"{line['ratio']:6.2f} ({line['ratio_min']:.2f}..{line['ratio_max']:.2f})" \
                f"{'' if line.get('held', True) else ' !'}"
    return f"{line['value'] / scale:8.2f}{ratio:23}"


def memory_told(line):
    """The largest process of either, 36 characters."""
    text = f"{line['value']:8.1f} {line['process']}"
    if line["ratio"] is not None:
        text += f" {line['ratio']:.2f} x {line['baseline_process']}"
    return f"{text:36}"


def table(case, runs):
    """Figures and table of a case."""
    print(f"\n{label(case)}\n{'':14}{'wall s':>8}{'ratio':>7}{'':16}{'CPU s':>8}"
          f"{'ratio':>7}{'':16}{'MiB':>8} largest process{'':12}{'MB':>8}{'ratio':>7}"
          f"{'':16}beside", flush=True)
    for what, packing, who in runs:
        if who == "ours" and (what, packing, "theirs") in runs:
            continue
        baseline = None if who == "ours" else "drain" if who == "drain" else BASELINE[what]
        lines = compare(case, what, packing, runs[what, packing, "ours"],
                        runs[what, packing, who] if baseline else None, baseline)
        written = lines.get("bytes") if who != "drain" else None
        gzip = " --gzip" if packing == "packed" and baseline else ""
        print(f"  {what} {packing:7}{told(lines['wall_s'])}{told(lines['cpu_s'])}"
              f"{memory_told(lines['rss_mib'])}{told(written, 1e6)}"
              f"{baseline or 'nothing'}{gzip}", flush=True)


def stage_table(case, runs):
    """What the threads of ours did: shares of their time, and how much of it
    was work of the CPU."""
    print(f"\n{label(case)}: % of the threads' time (CPU in it)\n{'':26}"
          + "".join(f"{s:>11}" for s in STAGES) + "  most", flush=True)
    for (what, packing, who), got in runs.items():
        if who != "ours":
            continue
        for part in got[0]["stages"]:
            sums = {s: [sum(run["stages"][part][s][i] for run in got) for i in (0, 1)]
                    for s in STAGES}
            whole = sum(wall for wall, _ in sums.values()) or 1.0
            for s, (wall, cpu) in sums.items():
                h.figure("stages", f"{what} {packing}, {label(case)}", s,
                         100 * wall / whole, "%", tell=False, more={
                             "program": "mm-" + part, "what": what, "packing": packing,
                             "size": case.size, "collections": case.colls,
                             "content": case.content, "cpu": round(100 * cpu / whole, 2)})
            busy = {s: wall for s, (wall, _) in sums.items() if s not in ("turn", "idle")}
            cells = "".join(f"{100 * w / whole:6.1f} ({100 * c / whole:2.0f})" if w else
                            f"{'-':>11}" for w, c in sums.values())
            print(f"  {what} {packing:6} mm-{part:8}{cells}  {max(busy, key=busy.get)}",
                  flush=True)


def write_rows(out, case, runs):
    for (what, packing, who), got in runs.items():
        for i, run in enumerate(got):
            out.write("\t".join(str(v) for v in (
                case.size, case.colls, case.content, what, packing, who, i + 1,
                round(run["wall_s"], 4), round(run["cpu_s"], 4),
                round(run["rss_mib"], 2), run["rss_of"],
                "" if run["bytes"] is None else run["bytes"])) + "\n")


# ----------------------------------------------------------------------- runs


def run_case(case, bytes_each, count, note):
    docs = max(bytes_each // case.size, case.colls)
    with h.Pair(docs + case.colls + 1000) as servers:
        bench_copy.fill(servers, docs, case.size, case.content, case.colls)
        return h.rounds(count, plan(Side(case, docs, servers)), note)


def say_missing():
    for what in BASELINE:
        if not Side(None, 0, None).has(what):
            h.skip(f"{what} beside {BASELINE[what]}", "no such tools: make deps-bench")


def tools(names, bytes_each, count):
    """names: cases, "" for the usual ones, "all"; bytes_each: data of a case."""
    chosen = ALL if names == "all" else names.split() or CASES
    cases = [parse(name) for name in chosen]
    started = time.monotonic()
    folder = os.path.join(h.B, "bench")
    os.makedirs(folder, exist_ok=True)
    say_missing()
    with open(os.path.join(folder, "tools.tsv"), "w", encoding="utf-8") as out:
        out.write("size\tcollections\tcontent\twhat\tpacking\twho\tround\twall_s\t"
                  "cpu_s\trss_mib\trss_of\tbytes\n")
        for i, case in enumerate(cases):
            def note(done, i=i, case=case):
                took = int(time.monotonic() - started)
                print(f"case {i + 1} of {len(cases)}: {label(case)}: round {done} of "
                      f"{count}, {took // 60}:{took % 60:02d} since the start", flush=True)

            runs = run_case(case, bytes_each, count, note)
            write_rows(out, case, runs)
            out.flush()
            table(case, runs)
            stage_table(case, runs)
    print(f"\nratio: ours divided by theirs, median (least..most) of {count} rounds; "
          "!: more than its bar")
    plot = os.path.join(folder, "tools.svg")
    bench_plot.write(h.figures, plot)
    print(f"each run: {out.name}; plot: {plot}", flush=True)
