#!/usr/bin/env python3
"""bench_plot.py BENCH.JSONL OUT.SVG: the figures of `make bench-tools` as a
picture: for each case how ours compares to theirs (median, least, most; left of
1 ours is better), and what the threads of ours spent their time on."""
import json
import math
import sys
from xml.sax.saxutils import escape

WIDTH, LEFT, SCALE, GAP, SHARE = 1180, 260, 480, 40, 380
ROW, HEAD, FOOT = 22, 46, 30
TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
METRICS = {"wall_s": ("wall time", "#1f5fa8", -4), "cpu_s": ("CPU time", "#d2691e", 4)}
COLOURS = {"docs": "#1b7f5c", "server": "#1f5fa8", "read": "#7b4fa3",
           "write": "#b5487d", "pack": "#d2691e", "unpack": "#e0a030",
           "save": "#8a6d4b", "turn": "#9aa3ad", "held": "#5f6b76", "idle": "#dde1e5"}
MEANING = {"docs": "work on documents", "server": "server", "read": "input",
           "write": "output", "pack": "compress", "unpack": "decompress",
           "save": "save progress", "turn": "wait for a thread",
           "held": "held back", "idle": "nothing to do"}


class Svg:
    def __init__(self):
        self.parts = []

    def add(self, name, text=None, **attributes):
        named = "".join(f' {k.replace("_", "-")}="{escape(str(v), {chr(34): "&quot;"})}"'
                        for k, v in attributes.items())
        self.parts.append(f"<{name}{named}/>" if text is None else
                          f"<{name}{named}>{escape(text)}</{name}>")

    def text(self, x, y, text, anchor="start", **more):
        self.add("text", text, x=round(x, 1), y=round(y, 1), text_anchor=anchor, **more)

    def line(self, x1, y1, x2, y2, stroke, **more):
        self.add("line", x1=round(x1, 1), y1=round(y1, 1), x2=round(x2, 1),
                 y2=round(y2, 1), stroke=stroke, **more)

    def whole(self, height):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
                f'height="{height}" viewBox="0 0 {WIDTH} {height}" '
                'font-family="sans-serif" font-size="12" fill="#222">\n'
                f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


class Axis:
    """A logarithmic one that holds all ratios, and 1."""

    def __init__(self, ratios):
        low = min([r for r in ratios if r > 0] + [0.5])
        high = max(ratios + [1.0])
        self.ticks = [t for t in TICKS if low / 2.6 < t < high * 2.6]
        self.low = math.log(self.ticks[0])
        self.span = math.log(self.ticks[-1]) - self.low

    def x(self, ratio):
        at = (math.log(max(ratio, 1e-6)) - self.low) / self.span
        return LEFT + SCALE * min(max(at, 0.0), 1.0)


def rows_of(figures, what):
    """(case, packing) in order: its figures by metric, its stages by program."""
    rows = {}
    for f in figures:
        if f.get("what") != what:
            continue
        case = f["case"].split(", ", 1)[1]
        row = rows.setdefault((case, f["packing"]), {"ratio": {}, "stages": {}})
        if f["bench"] == "stages":
            row["stages"].setdefault(f["program"], {})[f["metric"]] = f["value"]
        elif f["metric"] in METRICS and f["ratio"] is not None \
                and f["baseline"] != "drain":
            row["ratio"][f["metric"]] = f
    return rows


def draw_axis(svg, axis, top, bottom):
    for tick in axis.ticks:
        x = axis.x(tick)
        svg.line(x, top, x, bottom, "#222" if tick == 1 else "#d5d9de",
                 stroke_width=1.4 if tick == 1 else 1)
        svg.text(x, bottom + 15, f"{tick:g}", "middle", fill="#555")


def draw_ratio(svg, axis, y, figure, colour, shift):
    y += shift
    low = figure.get("ratio_min", figure["ratio"])
    high = figure.get("ratio_max", figure["ratio"])
    if figure.get("bar"):
        x = axis.x(float(figure["bar"].split()[1]))
        svg.line(x, y - 4, x, y + 4, colour, stroke_width=2, opacity=0.45)
    svg.line(axis.x(low), y, axis.x(high), y, colour, stroke_width=2)
    svg.add("circle", cx=round(axis.x(figure["ratio"]), 1), cy=round(y, 1), r=3.5,
            fill=colour)


def draw_stages(svg, y, stages):
    height = (ROW - 6) / len(stages)
    for i, shares in enumerate(stages.values()):
        x = LEFT + SCALE + GAP
        for stage, colour in COLOURS.items():
            width = SHARE * shares.get(stage, 0) / 100
            if width >= 0.1:
                svg.add("rect", x=round(x, 1), y=round(y - (ROW - 6) / 2 + i * height, 1),
                        width=round(width, 1), height=round(height - 0.5, 1), fill=colour)
            x += width


def draw_panel(svg, axis, top, what, rows):
    baseline = {f["baseline"] for row in rows.values() for f in row["ratio"].values()}
    programs = list(dict.fromkeys(p for row in rows.values() for p in row["stages"]))
    svg.text(12, top + 18, what, font_size="16", font_weight="bold")
    if baseline:
        svg.text(LEFT, top + 18, f"divided by {' and '.join(sorted(baseline))} "
                 "(packed: with --gzip)")
    svg.text(LEFT + SCALE + GAP, top + 18,
             f"time of the threads of {' and '.join(programs)}")
    bottom = top + HEAD - 16 + ROW * len(rows)
    if baseline:
        draw_axis(svg, axis, top + HEAD - 18, bottom)
    for i, ((case, packing), row) in enumerate(rows.items()):
        y = top + HEAD - 6 + ROW * i
        svg.text(LEFT - 12, y + 4, f"{case}, {packing}", "end")
        for metric, f in row["ratio"].items():
            _, colour, shift = METRICS[metric]
            draw_ratio(svg, axis, y, f, colour, shift)
        if row["stages"]:
            draw_stages(svg, y, row["stages"])
    return bottom + FOOT


def draw_legend(svg, y):
    x = LEFT
    for text, colour, _ in METRICS.values():
        svg.add("circle", cx=x, cy=y - 4, r=3.5, fill=colour)
        svg.text(x + 8, y, text)
        x += 110
    svg.text(x, y, "thin upright mark: its bar", fill="#555")
    for i, (stage, colour) in enumerate(COLOURS.items()):
        x = LEFT + 180 * (i % 5)
        at = y + 24 + 20 * (i // 5)
        svg.add("rect", x=x, y=at - 10, width=12, height=12, fill=colour)
        svg.text(x + 18, at, MEANING[stage])
    return y + 64


def write(figures, path):
    panels = {what: rows_of(figures, what) for what in ("dump", "load", "copy")}
    ratios = [f.get(k, f["ratio"]) for rows in panels.values() for row in rows.values()
              for f in row["ratio"].values() for k in ("ratio_min", "ratio", "ratio_max")]
    svg, axis, y = Svg(), Axis(ratios), 10
    for what, rows in panels.items():
        if rows:
            y = draw_panel(svg, axis, y, what, rows)
    y = draw_legend(svg, y + 14)
    with open(path, "w", encoding="utf-8") as out:
        out.write(svg.whole(y))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as f:
        write([json.loads(line) for line in f], sys.argv[2])
