"""What leaves the pipeline against the published specifications (schemas/spec): every message of every topic with its key and headers,
every point of the series, every record of the logs, and what the commands say to programs. What was looked at is counted.

    contract.check_kafka(checks, kafka, uuid_of_the_readings_log, logs)
    contract.check_series(checks, influx)
    contract.check_logs(checks, {"readings": records, …})
    contract.check_documents(checks, "output/top.json", [document, …])
"""
import datetime
import json
import sys

from .workspace import SOURCE_DIR, Skip

sys.path.insert(0, str(SOURCE_DIR / "tests" / "spec"))
import specs

EXERCISE = "drill/"
IN_JSON = {"integer": int, "float": (int, float), "string": str, "boolean": bool}  # as InfluxDB's answers show a field's type


def validator(name):
    try:
        return specs.validator(name)
    except specs.Missing as reason:
        raise Skip(str(reason)) from None


def topics():
    """Topic → the name of its value's schema."""
    return {specs.load(name)["x-topic"]["name"]: name for name in specs.names() if name.startswith("kafka/")}


def errors(check, document):
    return [f"{error.json_path}: {error.message}: {document}"[:600] for error in check.iter_errors(document)]


def check_documents(checks, name, documents):
    """Each is valid by schemas/spec/NAME; there is one at least."""
    documents, check = list(documents), validator(name)
    checks.at_least(f"{name}: documents", len(documents), 1)
    checks.none("… not valid", [error for document in documents for error in errors(check, document)])


def check_logs(checks, logs):
    check = validator("log/record.json")
    for name, records in logs.items():
        checks.at_least(f"{name} log: records", len(records), 1)
        checks.none("… not valid by log/record.json", [error for record in records for error in errors(check, record)])


# ---- Kafka ----------------------------------------------------------------------------------

def keys(topic, value):
    """The keys that a value may have: one, but for the publishers' positions."""
    if topic["name"] == "crowdtide.positions":
        return {topic["key"].format(**value, sink="kafka", log=log) for log in ("alerts", "bulk")}
    exercise = value.get("status") == "Exercise"
    return {topic["exercise_key" if exercise else "key"].format(**value)}


def header_errors(check, topic, record, value, uuid):
    headers = record["headers"]
    if "ce_type" not in topic:
        return [f"headers where there should be none: {headers}"] if headers else []
    found = errors(check, headers)
    wanted = {"ce_type": topic["ce_type"], "ce_source": f"/crowdtide/{value.get('venue', value.get('instance'))}"}
    found += [f"{name}: {headers.get(name)}, not {said}" for name, said in wanted.items() if headers.get(name) != said]
    if not headers.get("ce_id", "").startswith(f"{uuid}/"):
        found.append(f"ce_id: {headers.get('ce_id')} is not of the readings log {uuid}")
    return found


def of_the_log(logs, uuid):
    """ce_id → log time and value, of every result in the logs."""
    found = {}
    for record in (record for records in logs.values() for record in records if "origin" in record):
        time = datetime.datetime.fromtimestamp(record["log_ns"] // 1_000_000_000, datetime.timezone.utc)
        stamp = f"{time:%Y-%m-%dT%H:%M:%S}.{record['log_ns'] // 1_000_000 % 1000:03d}Z"
        found[f"{uuid}/{record['origin']['input_seq']}/{record['origin']['index']}"] = (stamp, record["result"])
    return found


def check_topic(checks, schema, records, uuid, said):
    topic, values = specs.load(schema)["x-topic"], [json.loads(record["payload"]) for record in records]
    check, headers = validator(schema), validator("event-headers.json")
    checks.none("… values not valid", [error for value in values for error in errors(check, value)])
    checks.none("… under another key", [f"{record['key']}: {value}" for record, value in zip(records, values)
                                        if record["key"] not in keys(topic, value)])
    checks.none("… with other headers", [f"{error}: {value}" for record, value in zip(records, values)
                                         for error in header_errors(headers, topic, record, value, uuid)])
    if "exercise_key" in topic:
        checks.none("… exercise or not, and the key tells otherwise",
                    [record["key"] for record, value in zip(records, values)
                     if record["key"].startswith(EXERCISE) != (value.get("status") == "Exercise")])
    if said and "ce_type" in topic:
        checks.none("… other than the log has it: time, value",
                    [value for record, value in zip(records, values)
                     if said.get(record["headers"].get("ce_id")) != (record["headers"].get("ce_time"), value)])


def check_kafka(checks, kafka, uuid, logs=None, least=1):
    """Every message of every topic, of which there must be `least` in each. `logs`: the results logs, whole, to compare with."""
    published, there = topics(), {name: count for name, count in kafka.topics().items() if name.startswith("crowdtide.")}
    checks.equal("topics, with their partitions", there,
                 {name: 1 if name == "crowdtide.positions" else 6 for name in published}, show=lambda d: f"{len(d)} topics")
    said, total = of_the_log(logs, uuid) if logs else {}, 0
    for name, schema in sorted(published.items()):
        records = kafka.read(name)
        total += len(records)
        checks.at_least(f"{name}: messages", len(records), least)
        check_topic(checks, schema, records, uuid, said)
    checks.note("Kafka messages validated: value, key, headers", total)


# ---- the series -----------------------------------------------------------------------------

def measurements():
    """Measurement, the exercise's too → what series.json says of it."""
    told = specs.load("series.json")["measurements"]
    return {**told, **{facts["exercise"]: facts for facts in told.values() if "exercise" in facts}}


def point_errors(facts, point):
    stamp = point.pop("time")
    if not facts["time"]["several_per_ms"] and stamp % 1_000_000:
        yield f"time {stamp} is no millisecond"
    if not any(point.get(field) is not None for field in facts["fields"]):
        yield f"no field: {point}"
    for name, value in point.items():
        if value is None:
            continue
        if name not in facts["fields"] and name not in facts["tags"]:
            yield f"{name} is not in series.json"
        elif name in facts["fields"]:
            field = facts["fields"][name]
            if not isinstance(value, IN_JSON[field["type"]]) or isinstance(value, bool) != (field["type"] == "boolean"):
                yield f"{name}: {value!r} is no {field['type']}"
            if "values" in field and value not in field["values"].values():
                yield f"{name}: {value} is none of {field['values']}"


def check_series(checks, influx):
    """Every measurement, every point; each field has one type, the published one."""
    published, total = measurements(), 0
    for name in sorted(row["name"] for row in influx.query("SHOW MEASUREMENTS")):
        if name not in published:
            checks.none(f"{name}: not in series.json", [name])
            continue
        facts = published[name]
        types = [(row["fieldKey"], row["fieldType"]) for row in influx.query(f'SHOW FIELD KEYS FROM "{name}"')]
        tags = {row["tagKey"] for row in influx.query(f'SHOW TAG KEYS FROM "{name}"')}
        points = influx.query(f'SELECT * FROM "{name}"')
        total += len(points)
        checks.none(f"{name}: fields of another type than published, or not at all",
                    [field for field in types if facts["fields"].get(field[0], {}).get("type") != field[1]])
        checks.equal("… tags", sorted(tags), sorted(facts["tags"]), show=len)
        checks.at_least("… points", len(points), 1)
        checks.none("… points not as published", [error for point in points for error in point_errors(facts, point)])
    checks.note("points of the series validated", total)
