"""The venue of the benchmark: many counters over the cells of some halls, and a few zones to raise alerts in."""
ID = "bench"
HALLS = 20
CELLS = 480  # with halls and the venue about as many zones as an exhibition centre has
PROBES = 64  # zones of tests/bench/latency.c
PREFIX = "s-"  # sensors of tests/bench/load.c

RULES = """\
rules:
- id: dense
  metric: density
  kinds: [cell]
  levels:
    blue: {enter: 1.1, dwell_s: 60, action: brief the staff}
    yellow: {enter: 2.2, dwell_s: 30, action: announce}
    orange: {enter: 3.0, dwell_s: 20, action: hold people back}
    red: {enter: 4.0, dwell_s: 10, action: stop entry}
- id: probe
  metric: occupancy
  kinds: [queue]
  levels:
    red: {enter: 50, dwell_s: 0, action: note the time}
  min_samples: 1
  clear_margin_pct: 10
  clear_s: 0
"""


def text(sensors):
    """The venue file with so many level counters, besides those of the probes."""
    lines = ["venue:", f"  id: {ID}", "  name: Venue of the benchmark", "zones:"]
    lines += [f"- {{id: hall-{i}, kind: hall, area_m2: 20000, capacity: 8000}}" for i in range(HALLS)]
    lines += [f"- {{id: cell-{i}, kind: cell, parent: hall-{i % HALLS}, area_m2: 90}}" for i in range(CELLS)]
    lines += [f"- {{id: probe-{i}, kind: queue, area_m2: 25}}" for i in range(PROBES)]
    lines += ["sensors:"]
    lines += [f"- {{id: {PREFIX}{i}, class: crowd, counter: level, zone: cell-{i % CELLS}}}" for i in range(sensors)]
    lines += [f"- {{id: probe-{i}, class: crowd, counter: level, zone: probe-{i}}}" for i in range(PROBES)]
    return "\n".join(lines) + "\n" + RULES
