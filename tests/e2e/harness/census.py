"""Where each acknowledged message has come to, one by one, and which phase of the test it was published in.

    census = Census(recorder.acknowledged())      (phase, topic, payload) of every acknowledged message
    census.see_crowdtide(tide, kafka, influx)     counts in the stages log, results, kafka, series
    census.rows(STAGES, taken, broker_died)       phase → a row of figures

A message is known by its sensor and the number the sensor gave it. What has no number (bad input) is counted by its bytes, in the
readings log only.
"""
import base64
import collections
import json

from . import results

STAGES = ("log", "results", "kafka", "series")


def key(topic, payload):
    """(sensor, number) of a message, or None."""
    try:
        return topic.rsplit("/", 1)[-1], json.loads(payload)["seq"]
    except (ValueError, KeyError, TypeError):
        return None


def refused_points(tide):
    """Measurement → how many of its points the store refused for good (400, 413 for a write of one line); each is in rejected/."""
    refused = set()
    for path in (tide.state / "rejected").glob("series-*.jsonl"):
        with open(path) as file:
            for line in map(json.loads, file):
                refused.add((line["type"], path.stem, line["result_seq"]))
    return collections.Counter(results.MEASUREMENT.get(kind) for kind, _, _ in refused)


class Counts:
    """How often each message was seen in one stage."""

    def __init__(self, index):
        self._index = index
        self._seen = bytearray(len(index))
        self.strangers = 0  # never acknowledged: sent, and the broker died before it said so

    def add(self, message):
        at = self._index.get(message)
        if at is None:
            self.strangers += 1
        elif self._seen[at] < 255:
            self._seen[at] += 1

    def of(self, at):
        return self._seen[at]


class Census:
    def __init__(self, acknowledged):
        self.phases = []  # of each message, in the order of its first acknowledgement
        self.index = {}
        self.sent = []  # how often each was published: sensors repeat some
        self.bad = collections.Counter()
        for phase, topic, payload in acknowledged:
            message = key(topic, payload)
            if message is None:
                self.bad[topic, payload] += 1
            elif message not in self.index:
                self.index[message] = len(self.phases)
                self.phases.append(phase)
                self.sent.append(1)
            else:
                self.sent[self.index[message]] += 1
        self.others = {}  # what is told of all results, of whatever kind

    def stage(self, messages):
        counts = Counts(self.index)
        for message in messages:
            counts.add(message)
        return counts

    def see_crowdtide(self, tide, kafka, influx):
        """Stage → Counts."""
        stages = {"log": self.stage(self._logged(tide))}
        by_id, by_point = {}, {}
        stages["results"] = self.stage(self._results(tide, by_id, by_point))
        logs = {name: tide.records(name) for name in ("alerts", "bulk")}
        expected = results.by_topic(logs, tide.uuid("readings"))
        stages["kafka"] = self._kafka(kafka, expected, by_id)
        points = results.points({name: tide.records(name) for name in ("alerts", "bulk")})
        refused = refused_points(tide)
        self.others["points"] = sum(map(len, points.values()))
        self.others["points refused by the store"] = sum(refused.values())
        self.others["points missing or too many in the store"] = sum(
            abs(influx.count(name, results.ALWAYS_THERE[name]) + refused[name] - len(found)) for name, found in points.items())
        rows = influx.query('SELECT "received" FROM "reading" GROUP BY "sensor"')
        stages["series"] = self.stage(by_point.get((row["sensor"], row["time"])) for row in rows)
        return stages

    def _logged(self, tide):
        bad = collections.Counter()
        self.people = collections.Counter()  # what the gate and the door counted, each message once
        seen = set()
        for record in tide.records("readings"):
            if record["type"] != "mqtt":
                continue
            payload = base64.b64decode(record["payload_base64"]).decode(errors="replace")
            message = key(record["topic"], payload)
            if message is None:
                bad[record["topic"], payload] += 1
                continue
            if message[0] in ("gate-1", "forum-door") and message not in seen:
                seen.add(message)
                body = json.loads(payload)
                self.people[message[0]] += body["in"] - body["out"] if "in" in body else 1
            yield message
        self.bad_lost = sum((self.bad - bad).values())

    @staticmethod
    def _results(tide, by_id, by_point):
        """Readings in the results; notes by which id and at which point others know them."""
        for record in tide.records("bulk"):
            if record["type"] == "reading":
                reading = record["result"]
                message = reading["sensor"], reading.get("seq")
                origin = results.identity(record)
                by_id[origin] = message
                by_point[reading["sensor"], results.time_ms(reading["ts"]) * 1_000_000 + origin[0] % 1_000_000] = message
                yield message

    def _kafka(self, kafka, expected, by_id):
        readings = Counts(self.index)
        missing = 0
        self.surplus = []  # (topic, identity, partition, offset, time of each record) of what is there more than once
        for topic, identities in expected.items():
            due = collections.Counter(identities)
            where = collections.defaultdict(list)
            for record in kafka.records(topic):
                identity = record["headers"]["ce_id"]
                due[identity] -= 1
                where[identity].append((record["partition"], record["offset"], record["ts"]))
                if topic == "crowdtide.readings":
                    readings.add(by_id.get(tuple(map(int, identity.split("/")[1:]))))
            missing += sum(1 for n in due.values() if n > 0)
            self.surplus += [(topic, identity, where[identity]) for identity, n in due.items() if n < 0]
        self.others["results"] = sum(map(len, expected.values()))
        self.others["results missing in Kafka"] = missing
        self.others["results too many in Kafka"] = len(self.surplus)
        return readings

    def rows(self, stages, taken, broker_died, once=True):
        """Phase → Counter of acknowledged, each stage, lost, doubled, broker. `taken`: what the subscriber acknowledged;
        only in the phases of `broker_died` a message that it has not is the broker's loss. Twice in the log is the broker's
        right (QoS 1) and does not count as doubled. `once` false: nor does what the sensor itself had repeated."""
        taken = {message for topic, payload in taken if (message := key(topic, payload))}
        rows = collections.defaultdict(collections.Counter)
        self.examples = []
        for message, at in self.index.items():
            row = rows[self.phases[at]]
            row["acknowledged"] += 1
            found = {name: counts.of(at) for name, counts in stages.items() if counts}
            for name, times in found.items():
                row[name] += times > 0
            row["doubled"] += any(times > (1 if once else self.sent[at]) for name, times in found.items() if name != "log")
            if not all(found.values()):
                brokers = message not in taken and self.phases[at] in broker_died and not any(found.values())
                row["broker" if brokers else "lost"] += 1
                if not brokers and len(self.examples) < 5:
                    self.examples.append((message, self.phases[at], found, message in taken))
        return rows
