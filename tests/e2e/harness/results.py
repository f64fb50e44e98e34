"""Results as `crowdtide log export --json alerts|bulk` gives them, and what Kafka and InfluxDB must hold of them.

`logs` is everywhere a dict: name of a results log → its records, oldest first.
"""
import collections
import datetime

from .contract import specs

# Result type → its topic, as log/results.json says what a record of the type holds.
TOPICS = {case["if"]["properties"]["type"]["const"]: "crowdtide." + result["$ref"].split("/")[-1].removesuffix(".json")
          for case in specs.load("log/results.json")["allOf"] if "$ref" in (result := case["then"]["properties"]["result"])}

# Result type → its measurement; what each consists of; a field that no point lacks.
SERIES = specs.load("series.json")["measurements"]
MEASUREMENT = {kind: name for kind, topic in TOPICS.items() for name, facts in SERIES.items() if facts["topic"] == topic}
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
            if record["type"] not in MEASUREMENT:
                continue
            name, fields = MEASUREMENT[record["type"]], record["result"]
            stamp_ns = time_ms(fields[SERIES[name]["time"]["field"]]) * 1_000_000
            if SERIES[name]["time"]["several_per_ms"]:
                stamp_ns += (fields["n"] if name == "alert" else record["origin"]["input_seq"]) % 1_000_000
            exercise = fields.get("status") == "Exercise"
            expected[SERIES[name]["exercise"] if exercise else name].add((*(fields.get(tag) for tag in SERIES[name]["tags"]), stamp_ns))
    return expected
