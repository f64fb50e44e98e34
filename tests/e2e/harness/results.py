"""Results as `crowdtide log export --json alerts|bulk` gives them, and what Kafka and InfluxDB must hold of them.

`logs` is everywhere a dict: name of a results log → its records, oldest first.
"""
import collections
import datetime

TOPICS = {"alert": "crowdtide.alerts", "zone": "crowdtide.zones", "gate": "crowdtide.gates", "light": "crowdtide.lights",
          "lane": "crowdtide.lanes", "reject": "crowdtide.rejects", "light_group": "crowdtide.light-groups",
          "sensor": "crowdtide.sensors", "history": "crowdtide.history",
          "reading": "crowdtide.readings", "deadletter": "crowdtide.deadletter", "reply": "crowdtide.replies",
          "figures": "crowdtide.alarm-figures", "heartbeat": "crowdtide.heartbeat"}

# Measurement → its tags, the field with the point's time, and a field that no point lacks.
TAGS = {"reading": ("venue", "sensor", "kind", "zone"), "zone": ("venue", "zone", "kind"),
        "gate": ("venue", "gate", "direction"), "light": ("venue", "zone", "light"),
        "lane": ("venue", "gate", "lane", "direction"), "reject": ("venue", "gate", "reason"),
        "light_group": ("venue", "zone", "group"), "sensor": ("venue", "sensor", "zone"), "history": ("venue", "zone"),
        "alert": ("venue", "zone", "rule"), "alarm_figures": ("venue",), "heartbeat": ("instance",)}
MEASUREMENT = {"figures": "alarm_figures"}  # the others are called as their results
STAMP = {"reading": "ts"}
ALWAYS_THERE = {"reading": "received", "zone": "sensors", "gate": "known", "light": "known", "lane": "total",
                "reject": "total", "light_group": "lights", "sensor": "silence_ms", "history": "revision", "alert": "n",
                "alarm_figures": "open", "heartbeat": "valid_until"}


def identity(record):
    """Which result this is: of which input, and which one of that input's."""
    return record["origin"]["input_seq"], record["origin"]["index"]


def essence(record):
    """What must be the same in every run over the same input: type, identity, log time and content."""
    return record["type"], record["origin"], record["log_ns"], record["result"]


def of_type(logs, kind):
    return [record["result"] for records in logs.values() for record in records if record["type"] == kind]


def by_topic(logs, readings_uuid):
    """Topic → the ce_id of every record that it must hold."""
    expected = collections.defaultdict(list)
    for records in logs.values():
        for record in records:
            if record["type"] in TOPICS:
                expected[TOPICS[record["type"]]].append("/".join(map(str, (readings_uuid, *identity(record)))))
    return expected


def time_ms(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def points(logs):
    """Measurement → the identities (tags, timestamp) that it must hold; exercises have measurements of their own."""
    expected = collections.defaultdict(set)
    for records in logs.values():
        for record in records:
            kind, fields = MEASUREMENT.get(record["type"], record["type"]), record["result"]
            if kind not in TAGS:
                continue
            stamp_ns = time_ms(fields[STAMP.get(kind, "at")]) * 1_000_000
            if kind in ("reading", "alert"):  # several in one millisecond
                stamp_ns += record["origin"]["input_seq"] % 1_000_000
            exercise = "drill_" if fields.get("status") == "Exercise" else ""
            expected[exercise + kind].add((*(fields.get(tag) for tag in TAGS[kind]), stamp_ns))
    return expected
