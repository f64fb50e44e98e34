#!/usr/bin/python3
"""SVG plots of what quality left in a directory: a day of a zone, errors, bounds, delays.

    tests/quality/plot.py DIR [--zones hall-1,quality]

Reads day.csv, figures.csv and delays.csv (and counts.csv where there is one), writes *.svg beside them. Nothing but Python's own library.
"""
import argparse
import csv
import datetime
import math
import pathlib
from collections import defaultdict
from html import escape

VARIANTS = ("doors", "levels", "fused")
COLOURS = {"doors": "#b35806", "levels": "#2166ac", "fused": "#1b7837", "naive": "#888888", "truth": "#111111"}
LEVEL_COLOURS = {0: "#e6e6e6", 1: "#7fb3e6", 2: "#f2d21f", 3: "#f28e1c", 4: "#cc2222", -1: "#ffffff"}
LEVEL_NAMES = {0: "none", 1: "blue", 2: "yellow", 3: "orange", 4: "red", -1: "unknown"}
FONT = 'font-family="Helvetica, Arial, sans-serif"'


class Svg:
    def __init__(self, width, height, title):
        self.width, self.height, self.parts = width, height, []
        self.text(16, 26, title, size=16, weight="bold")

    def add(self, part):
        self.parts.append(part)

    def text(self, x, y, words, size=12, anchor="start", colour="#222222", weight="normal", turn=None):
        spin = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn is not None else ""
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" {FONT} text-anchor="{anchor}" fill="{colour}" '
                 f'font-weight="{weight}"{spin}>{escape(str(words))}</text>')

    def line(self, x1, y1, x2, y2, colour="#cccccc", width=1.0, dash=""):
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.add(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"{dashed}/>')

    def path(self, points, colour, width=1.5, dash=""):
        if points:
            dashed = f' stroke-dasharray="{dash}"' if dash else ""
            at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            self.add(f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"{dashed}/>')

    def area(self, points, colour, opacity):
        at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.add(f'<polygon points="{at}" fill="{colour}" fill-opacity="{opacity}"/>')

    def box(self, x, y, width, height, colour, stroke="none"):
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" fill="{colour}" stroke="{stroke}"/>')

    def write(self, path):
        path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
                        f'viewBox="0 0 {self.width} {self.height}"><rect width="100%" height="100%" fill="white"/>\n'
                        + "\n".join(self.parts) + "\n</svg>\n")
        print(path)


def rows_of(path):
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def number(text):
    return float(text) if text not in ("", "nan", "-nan") else None


def step_for(span, wanted):
    """A round step that divides span into about `wanted` parts."""
    unit = 1
    while span / (unit * 10) > wanted:
        unit *= 10
    for factor in (1, 2, 5, 10):
        if span / (unit * factor) <= wanted:
            return unit * factor
    return unit * 10


class Axes:
    """A plot's frame: from data to places."""

    def __init__(self, svg, left, top, width, height, x_range, y_range, logarithmic=False):
        self.svg, self.left, self.top, self.width, self.height = svg, left, top, width, height
        self.x_range, self.y_range, self.logarithmic = x_range, y_range, logarithmic

    def x(self, value):
        low, high = self.x_range
        if self.logarithmic:
            value = math.log(max(value, low))
            low, high = math.log(low), math.log(high)
        return self.left + self.width * (value - low) / (high - low)

    def y(self, value):
        low, high = self.y_range
        value = min(max(value, low), high)
        return self.top + self.height * (1 - (value - low) / (high - low))

    def frame(self, y_label, y_ticks, x_ticks, x_label=""):
        svg = self.svg
        for value, words in y_ticks:
            svg.line(self.left, self.y(value), self.left + self.width, self.y(value), "#e4e4e4")
            svg.text(self.left - 6, self.y(value) + 4, words, 11, "end")
        for value, words in x_ticks:
            svg.line(self.x(value), self.top + self.height, self.x(value), self.top + self.height + 4, "#666666")
            svg.text(self.x(value), self.top + self.height + 17, words, 11, "middle")
        svg.line(self.left, self.top, self.left, self.top + self.height, "#666666")
        svg.line(self.left, self.top + self.height, self.left + self.width, self.top + self.height, "#666666")
        svg.text(self.left - 52, self.top + self.height / 2, y_label, 12, "middle", turn=-90)
        if x_label:
            svg.text(self.left + self.width / 2, self.top + self.height + 36, x_label, 12, "middle")


def levels_strip(svg, axes, rows, y):
    """What level was shown when; the colour is named in the legend, and red and unknown are written."""
    begin = 0
    for i in range(1, len(rows) + 1):
        if i < len(rows) and rows[i]["level"] == rows[begin]["level"]:
            continue
        level = int(rows[begin]["level"])
        x1, x2 = axes.x(rows[begin]["t"]), axes.x(rows[min(i, len(rows) - 1)]["t"])
        svg.box(x1, y, x2 - x1, 12, LEVEL_COLOURS[level], "#999999" if level < 0 else "none")
        if x2 - x1 > 42 and level:
            svg.text((x1 + x2) / 2, y + 10, LEVEL_NAMES[level], 10, "middle", "#ffffff" if level == 4 else "#222222")
        begin = i


def curve(svg, axes, rows, key, colour, width, dash=""):
    """Broken where it leaves the plot."""
    run = []
    for r in [*rows, {key: None}]:
        value = r[key]
        if value is not None and axes.y_range[0] <= value <= axes.y_range[1]:
            run.append((axes.x(r["t"]), axes.y(value)))
        elif run:
            svg.path(run, colour, width, dash)
            run = []


def day_panel(svg, axes, rows, variant, clock):
    band = [(axes.x(r["t"]), axes.y(r["upper"])) for r in rows] + [(axes.x(r["t"]), axes.y(r["lower"])) for r in reversed(rows)]
    high = axes.y_range[1]
    axes.frame("people", [(v, f"{v:,.0f}") for v in range(0, int(high) + 1, int(step_for(high, 6)))], clock)
    svg.area(band, COLOURS[variant], 0.22)
    red = rows[0]["red"]
    if red:
        lower = ((0.5, 1), (0.8, 2), (0.9, 3)) if rows[0]["zone"].startswith(("hall", "quality", "food")) else ()
        for share, level in (*lower, (1.0, 4)):
            svg.line(axes.left, axes.y(red * share), axes.left + axes.width, axes.y(red * share), LEVEL_COLOURS[level], 1, "5 3")
        svg.text(axes.left + axes.width - 4, axes.y(red) - 4, f"red from {red:,.0f}", 10, "end", LEVEL_COLOURS[4])
    if variant != "levels":  # there it is the sum of the last values, which nobody could tell from the estimate
        curve(svg, axes, rows, "naive", COLOURS["naive"], 1, "2 2")
    curve(svg, axes, rows, "estimate", COLOURS[variant], 1.6)
    curve(svg, axes, rows, "truth", COLOURS["truth"], 1.1)
    levels_strip(svg, axes, rows, axes.top + axes.height + 22)


def legend(svg, x, y, entries):
    for words, colour, kind in entries:
        if kind == "band":
            svg.add(f'<rect x="{x}" y="{y - 9}" width="22" height="11" fill="{colour}" fill-opacity="0.25"/>')
        elif kind == "box":
            svg.box(x, y - 9, 22, 11, colour)
        else:
            svg.line(x, y - 4, x + 22, y - 4, colour, 2, "2 2" if kind == "dots" else "")
        svg.text(x + 28, y, words, 12)
        x += 44 + 7 * len(words)


def plot_day(directory, zone, by_variant):
    variants = [v for v in VARIANTS if by_variant.get(v)]
    width, panel, gap = 980, 190, 62
    svg = Svg(width, 70 + len(variants) * (panel + gap) + 20, f"{zone}: one day with all faults: truth, estimate and its bound")
    everything = [r for v in variants for r in by_variant[v]]
    top = max(max(r["truth"] for r in everything), everything[0]["red"] or 0) * 1.35 or 1
    begin, end = everything[0]["t"], everything[-1]["t"]
    clock = [(t, f"{int(t // 3600 % 24):02d}:00") for t in range(int(begin // 3600 + (begin % 3600 > 0)) * 3600, int(end) + 1, 3600)]
    legend(svg, 16, 50, [("truth", COLOURS["truth"], ""), ("estimate", "#555555", ""), ("bound, upper to lower end", "#555555", "band"),
                         ("naive sum", COLOURS["naive"], "dots"), ("strip: level shown", LEVEL_COLOURS[4], "box")])
    for i, variant in enumerate(variants):
        axes = Axes(svg, 76, 74 + i * (panel + gap), width - 100, panel, (begin, end), (0, top))
        svg.text(axes.left + 8, axes.top + 14, {"doors": "door counters only", "levels": "level counters only", "fused": "both, fused"}[variant],
                 13, weight="bold", colour=COLOURS[variant])
        day_panel(svg, axes, by_variant[variant], variant, clock)
    svg.write(directory / f"day-{zone}.svg")


def read_day(path, zones):
    table = defaultdict(lambda: defaultdict(list))
    most = defaultdict(float)
    for r in rows_of(path):
        zone = r["zone"]
        share = float(r["truth"]) / float(r["red"]) if float(r["red"]) else 0
        most[zone] = max(most[zone], share)
        table[zone][r["variant"]].append({"t": float(r["second"]), "zone": zone, "truth": float(r["truth"]), "estimate": float(r["estimate"]),
                                          "lower": float(r["lower"]), "upper": float(r["upper"]), "level": int(r["level"]),
                                          "red": float(r["red"]), "naive": number(r["naive"])})
    if not zones:  # the whole, the fullest hall of each build, one that stays below, a stage and a queue
        def fullest(prefix, keep=lambda zone: True):
            found = [z for z in most if z.startswith(prefix) and z.rsplit("-", 1)[-1].isdigit() and keep(z)]
            return max(found, key=lambda z: most[z], default=None)
        plain = lambda zone: zone.count("-") == 1
        zones = ["quality", fullest("hall-", lambda z: plain(z) and int(z[5:]) <= 5), fullest("hall-", lambda z: plain(z) and int(z[5:]) > 5),
                 fullest("stage-"), fullest("queue-")]
    return {zone: table[zone] for zone in zones if zone in table}


def dots(svg, axes, faults, value_of, colours, spread=7):
    for i, fault in enumerate(faults):
        y = axes.top + axes.height * (i + 0.5) / len(faults)
        for j, name in enumerate(colours):
            value = value_of(fault, name)
            if value is None:
                continue
            x, yy = axes.x(min(value, axes.x_range[1])), y + (j - (len(colours) - 1) / 2) * spread
            beyond = value > axes.x_range[1] or value < axes.x_range[0]
            x = axes.x(max(min(value, axes.x_range[1]), axes.x_range[0]))
            if name in ("doors", "naive doors"):
                svg.box(x - 4, yy - 4, 8, 8, colours[name])
            elif name in ("levels", "naive levels"):
                svg.add(f'<polygon points="{x:.1f},{yy - 5:.1f} {x + 5:.1f},{yy + 4:.1f} {x - 5:.1f},{yy + 4:.1f}" fill="{colours[name]}"/>')
            else:
                svg.add(f'<circle cx="{x:.1f}" cy="{yy:.1f}" r="4.6" fill="{colours[name]}"/>')
            if beyond:
                svg.text(x - 8, yy + 4, f"{value:,.0f} ▸" if value > axes.x_range[1] else f"◂ {value:,.0f}", 9, "end" if value > axes.x_range[1] else "start", colours[name])


def fault_axes(svg, faults, left, width, top, low, high, ticks, label, logarithmic=False):
    height = 34 * len(faults)
    axes = Axes(svg, left, top, width, height, (low, high), (0, 1), logarithmic)
    for i in range(len(faults)):
        if i % 2 == 0:
            svg.box(left, top + 34 * i, width, 34, "#f6f6f6")
    for value in ticks:
        svg.line(axes.x(value), top, axes.x(value), top + height, "#dddddd")
        svg.text(axes.x(value), top + height + 16, f"{value:,g}", 11, "middle")
    svg.text(left + width / 2, top + height + 36, label, 12, "middle")
    return axes


def fault_names(svg, faults, left, top):
    for i, fault in enumerate(faults):
        svg.text(left - 8, top + 34 * (i + 0.5) + 4, fault, 12, "end", weight="bold" if fault == "all together" else "normal")


def marks(svg, y, entries):
    x = 16
    for name, colour in entries:
        if "doors" in name:
            svg.box(x, y - 9, 9, 9, colour)
        elif "levels" in name:
            svg.add(f'<polygon points="{x + 5},{y - 10} {x + 10},{y} {x},{y}" fill="{colour}"/>')
        else:
            svg.add(f'<circle cx="{x + 5}" cy="{y - 5}" r="5" fill="{colour}"/>')
        svg.text(x + 15, y, name, 12)
        x += 36 + 7 * len(name)


def plot_bounds(directory, figures, faults):
    svg = Svg(980, 120 + 34 * len(faults) + 30, "Bound of the halls: how often the truth is inside, and what it costs in width")
    colours = {v: COLOURS[v] for v in VARIANTS}
    marks(svg, 50, colours.items())
    get = lambda key: lambda fault, variant: number(figures[(fault, variant, "halls")][key]) if (fault, variant, "halls") in figures else None
    inside = fault_axes(svg, faults, 130, 400, 66, 60, 100, range(60, 101, 5), "share of time with the truth inside the bound, %")
    svg.line(inside.x(95), 66, inside.x(95), 66 + 34 * len(faults), "#999999", 1.2, "5 3")
    fault_names(svg, faults, 130, 66)
    dots(svg, inside, faults, get("inside_pct"), colours)
    width = fault_axes(svg, faults, 590, 360, 66, 20, 5000, (20, 50, 100, 200, 500, 1000, 2000, 5000),
                       "mean half width, people, logarithmic (a hall holds 3,600)", logarithmic=True)
    dots(svg, width, faults, get("half_width"), colours)
    svg.write(directory / "bounds.svg")


def plot_errors(directory, figures, faults):
    svg = Svg(980, 120 + 34 * len(faults) + 30, "Occupancy of the halls: mean absolute error with and without fusion, and of naive sums")
    colours = {"doors": COLOURS["doors"], "levels": COLOURS["levels"], "fused": COLOURS["fused"], "naive doors": "#e0b48a", "naive levels": "#9dbfdf"}
    marks(svg, 50, colours.items())

    def value(fault, name):
        key = (fault, name.replace("naive ", ""), "halls")
        return number(figures[key]["naive_mae" if name.startswith("naive") else "mae"]) if key in figures else None
    axes = fault_axes(svg, faults, 130, 820, 66, 1, 5000, (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000),
                      "mean absolute error, people, logarithmic (a hall holds 3,600); ▸ beyond the scale", logarithmic=True)
    fault_names(svg, faults, 130, 66)
    dots(svg, axes, faults, value, colours, spread=5.6)
    svg.write(directory / "errors.svg")


def plot_delays(directory, rows):
    svg = Svg(980, 400, "Alerts, all faults together: share of episodes found within a delay after they were due")
    legend(svg, 16, 50, [("yellow", "#c9a800", ""), ("orange", LEVEL_COLOURS[3], ""), ("red", LEVEL_COLOURS[4], "")])
    high = 180
    for i, variant in enumerate(VARIANTS):
        axes = Axes(svg, 76 + i * 304, 84, 258, 250, (0, high), (0, 1))
        axes.frame("share of episodes" if i == 0 else "", [(v / 5, f"{20 * v} %") for v in range(6)], [(t, str(t)) for t in range(0, high + 1, 30)], "delay, s")
        svg.text(axes.left, 76, {"doors": "door counters only", "levels": "level counters only", "fused": "both, fused"}[variant], 13, weight="bold", colour=COLOURS[variant])
        for level, colour in ((2, "#c9a800"), (3, LEVEL_COLOURS[3]), (4, LEVEL_COLOURS[4])):
            mine = [r for r in rows if r["fault"] == "all together" and r["variant"] == variant and int(r["level"]) == level]
            points, share = [], 0.0
            for r in mine:
                t, found = float(r["delay_s"]), float(r["found"])
                if t > high:
                    break
                points += [(axes.x(t), axes.y(share))] if points else []
                points.append((axes.x(t), axes.y(found)))
                share = found
            points.append((axes.x(high), axes.y(share)))
            if mine:
                svg.path(points, colour, 2)
                svg.text(axes.left + axes.width - 4, axes.top + 180 + 16 * (level - 2), f"{LEVEL_NAMES[level]}: {mine[0]['episodes']} episodes", 11, "end", colour)
    svg.write(directory / "delays.svg")


def plot_counts(directory, rows):
    zones = defaultdict(list)
    for r in rows:
        zones[r["zone"]].append({"t": float(r["time"]), "zone": r["zone"], "truth": number(r["truth"]), "estimate": float(r["estimate"]), "lower": float(r["lower"]),
                                 "upper": float(r["upper"]), "level": int(r["level"]), "red": 0, "naive": number(r["naive"])})
    for zone, mine in zones.items():
        svg = Svg(980, 330, f"{zone}: estimate and bound from recorded counts")
        legend(svg, 16, 50, [("truth", COLOURS["truth"], ""), ("estimate", COLOURS["fused"], ""), ("bound", COLOURS["fused"], "band"), ("naive sum", COLOURS["naive"], "dots")])
        begin, end = mine[0]["t"], max(mine[-1]["t"], mine[0]["t"] + 1)
        top = max(max(r["estimate"] for r in mine), max((r["truth"] or 0) for r in mine), 1) * 1.35
        step = (end - begin) / 6
        shape = "%H:%M" if end - begin < 2 * 86400 else "%d %b"
        clock = [(begin + i * step, datetime.datetime.fromtimestamp(begin + i * step, datetime.timezone.utc).strftime(shape)) for i in range(7)]
        day_panel(svg, Axes(svg, 76, 70, 880, 190, (begin, end), (0, top)), mine, "fused", clock)
        svg.write(directory / f"counts-{zone}.svg")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--zones", default="", help="days to plot; default: the venue, the fullest halls, a stage, a queue")
    options = parser.parse_args()
    directory = options.directory
    for zone, by_variant in read_day(directory / "day.csv", [z for z in options.zones.split(",") if z]).items():
        plot_day(directory, zone, by_variant)
    rows = rows_of(directory / "figures.csv")
    if rows:
        figures = {(r["fault"], r["variant"], r["group"]): r for r in rows}
        faults = list(dict.fromkeys(r["fault"] for r in rows))
        plot_bounds(directory, figures, faults)
        plot_errors(directory, figures, faults)
        plot_delays(directory, rows_of(directory / "delays.csv"))
    plot_counts(directory, rows_of(directory / "counts.csv"))


if __name__ == "__main__":
    main()
