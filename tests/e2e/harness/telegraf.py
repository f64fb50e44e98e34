"""Telegraf beside crowdtide: the same messages from the same broker to the same Kafka and store, persistent session, QoS 1.

    telegraf = Telegraf(work, "forward", program, tap, kafka, proxy)      or aggregate=True: only counts of 10 s
    telegraf.child.start(); telegraf.child.kill(); telegraf.connected()
    telegraf.kafka_counts(kafka), telegraf.series_counts(influx)          (sensor, seq) of each message that is there, or
    telegraf.kafka_sum(kafka), telegraf.series_sum(influx)                how many the aggregates count in all

Messages are stamped on arrival, in nanoseconds: by the source's ms two of a sensor would overwrite each other in the store.
Settings are those that its documentation recommends for messages that must not be lost (persistent_session, client_id, qos 1, an
output that is away at the start is tried again), whatever else has its default, but that outputs are flushed every second, not every 10.
"""
import json

TEMPLATE = """\
[agent]
flush_interval = "1s"
omit_hostname = true
[[inputs.mqtt_consumer]]
servers = ["{broker}"]
topics = ["crowdtide/e2e/crowd/+", "crowdtide/e2e/gate/+", "crowdtide/e2e/light/+"]
qos = 1
persistent_session = true
client_id = "{name}"
keepalive = "20s"
max_undelivered_messages = 1000
startup_error_behavior = "retry"
name_override = "{name}"
data_format = "json"
[[outputs.influxdb]]
urls = ["{store}"]
database = "crowdtide"
startup_error_behavior = "retry"
[[outputs.kafka]]
brokers = ["{brokers}"]
topic = "{name}"
idempotent_writes = true
data_format = "json"
startup_error_behavior = "retry"
"""
AGGREGATE = """\
[[aggregators.basicstats]]
period = "10s"
drop_original = true
stats = ["count"]
"""


class Telegraf:
    def __init__(self, work, name, program, tap, kafka, store_url, aggregate=False):
        self.name = f"telegraf-{name}"
        self.tap = tap
        self.aggregate = aggregate
        config = work.path / f"{self.name}.conf"
        text = TEMPLATE.format(name=self.name, broker=tap.url.replace("mqtt://", "tcp://"), store=store_url, brokers=kafka.brokers)
        config.write_text(text + (AGGREGATE if aggregate else ""))
        self.child = work.child(self.name, [program, "--config", config])

    def connected(self):
        """Has subscribed: its session is from then on the broker's business."""
        return "Connected" in self.child.log_text()

    def kafka_metrics(self, kafka):
        for record in kafka.records(self.name):
            yield json.loads(record["payload"])

    def kafka_counts(self, kafka):
        for metric in self.kafka_metrics(kafka):
            if "seq" in metric["fields"]:  # what crowdtide refuses as bad input, it may take
                yield metric["tags"]["topic"].rsplit("/", 1)[-1], int(metric["fields"]["seq"])

    def series_counts(self, influx):
        for row in influx.query(f'SELECT "seq" FROM "{self.name}" GROUP BY "topic"'):
            yield row["topic"].rsplit("/", 1)[-1], int(row["seq"])

    def kafka_sum(self, kafka):
        return int(sum(metric["fields"].get("seq_count", 0) for metric in self.kafka_metrics(kafka)))

    def series_sum(self, influx):
        rows = influx.query(f'SELECT sum("seq_count") AS n FROM "{self.name}"')
        return int(rows[0]["n"]) if rows else 0
