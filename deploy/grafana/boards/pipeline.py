"""Pipeline: whether crowdtide itself is well. From `crowdtide serve` by way of Prometheus (or VictoriaMetrics that scrapes it): it also answers when the store does not."""
from .panels import dashboard, graph, table, tiles, words
from .stores import Field, Victoria


class Prometheus(Victoria):
    """What deploy/prometheus scrapes."""
    folder = "pipeline"
    uid = "crowdtide-prometheus"


JOB = 'job="crowdtide"'
UP = words({0: {"text": "DOWN", "color": "red"}, 1: {"text": "up", "color": "green"}})
RUNS = words({0: {"text": "not running", "color": "red"}, 1: {"text": "runs", "color": "green"}})
LATENCIES = (("publish to log", "process_source"), ("log to result", "process_result"), ("alerts to Kafka", "publish_kafka_alerts_sink"),
             ("bulk to Kafka", "publish_kafka_bulk_sink"), ("alerts to store", "publish_series_alerts_sink"), ("bulk to store", "publish_series_bulk_sink"))
LOGS = [(f"{log} to {name}", f"publish_{sink}_{log}") for sink, name in (("kafka", "Kafka"), ("series", "store")) for log in ("alerts", "bulk")]


def metric(name):
    return f"crowdtide_{name}{{{JOB}}}"


def board():
    store = Prometheus()

    def now(*named):
        """(legend, expression): one value each, -1 when nothing tells."""
        return [store._target(f"present-{i}", f"max({expr}) or vector(-1)", True, legend) for i, (legend, expr) in enumerate(named)]

    def past(*named):
        return [store._target(f"history-{i}", expr, False, legend) for i, (legend, expr) in enumerate(named)]

    one = dict(height=3, names=False)
    quantile = "histogram_quantile({}, sum by (le) (rate(crowdtide_{}_seconds_bucket{{%s}}[$__rate_interval])))" % JOB
    rate, lost = "sum(rate({}[$__rate_interval]))", "sum(increase({}[10m]))"
    panels = [
        tiles("Results", now(("results", metric("results_valid"))), words({-1: {"text": "UNKNOWN: serve does not answer", "color": "purple"},
              0: {"text": "UNKNOWN: no result for 10 s", "color": "purple"}, 1: {"text": "live", "color": "green"}}), width=6, **one),
        tiles("Age of the last heartbeat", now(("age", metric("heartbeat_age_seconds"))), unit="s", decimals=0, width=4, steps=((None, "green"), (10, "purple")), **one),
        tiles("Broker", now(("broker", metric("ingest_connected"))), UP, width=4, **one),
        tiles("Kafka", now(("kafka", metric("publish_kafka_up"))), UP, width=3, **one),
        tiles("Store", now(("store", metric("publish_series_up"))), UP, width=3, **one),
        tiles("Books", now(("difference", f'abs({metric("books_difference")})')), width=4, steps=((None, "green"), (1, "red")), **one,
              description="0: everything that came in is accounted for. Other than 0 for two minutes: something was lost or counted twice."),
        tiles("Programs", [store._target("present", f'max by (program) ({metric("program_running")}) or max by (program) (last_over_time({metric("program_running")}[15m])) * 0 - 1',
                                         True, "{{program}}")], RUNS, height=4, width=12),
        tiles("Zones by level", [store._target("present", f'max by (level) ({metric("zones")}) or max by (level) (last_over_time({metric("zones")}[15m])) * 0 - 1',
                                               True, "{{level}}")], height=4, width=12, description="All are unknown when the results are older than 10 s."),
        tiles("Waiting", now(("for process", metric("process_lag_records")), *((name, metric(f"{prefix}_lag")) for name, prefix in LOGS)), width=12, height=4,
              steps=((None, "green"), (10000, "yellow"), (100000, "red")), description="Records that are written and not dealt with yet."),
        tiles("Lost or refused", now(*((name, f'{metric(counter + "_total")}') for name, counter in (
            ("readings lost at the cap", "ingest_log_lost"), ("results lost at the cap", "process_log_lost"), ("withheld", "ingest_withheld"),
            ("refused by Kafka", "publish_kafka_bulk_rejected"), ("refused by the store", "publish_series_bulk_rejected"), ("poison", "process_skipped")))),
            width=12, height=4, steps=((None, "green"), (1, "red")), description="Since the programs' counters began. -1 is shown as unknown."),
        graph("Messages a second", past(("received", rate.format(metric("ingest_messages_total"))), ("dead letters", rate.format(metric("process_quarantined"))),
                                        ("duplicates", rate.format(metric("process_duplicate"))))),
        graph("Waiting records", past(("process", f'max({metric("process_lag_records")})'), *((name, f'max({metric(f"{prefix}_lag")})') for name, prefix in LOGS))),
        graph("Latency, 99 %", past(*((name, quantile.format(0.99, histogram)) for name, histogram in LATENCIES)), unit="s"),
        graph("Latency, median", past(*((name, quantile.format(0.5, histogram)) for name, histogram in LATENCIES)), unit="s"),
        graph("Zones by level", past(("{{level}}", f'max by (level) ({metric("zones")})'))),
        graph("Delivered a second", past(*((name, rate.format(metric(f"{prefix}_delivered_total"))) for name, prefix in LOGS))),
        graph("Lost or refused in 10 min", past(*((name, lost.format(metric(f"{counter}_total"))) for name, counter in (
            ("readings lost", "ingest_log_lost"), ("results lost", "process_log_lost"), ("refused by Kafka", "publish_kafka_bulk_rejected"),
            ("refused by the store", "publish_series_bulk_rejected"))), ("restarts", lost.format(metric("run_restarts_total"))))),
        graph("Clock: wall less log time", past(("offset", f'max({metric("ingest_clock_offset_seconds")})')), unit="s", minimum=None),
        graph("Disk", past(("readings log", f'max({metric("ingest_log_bytes")})')), unit="bytes"),
        graph("Sensors silent, and dropped by the broker", past(("silent", f'max({metric("process_sensors_silent")})'), ("dropped", f'max({metric("ingest_broker_dropped")})'))),
        table("Books", [store._target("present", metric("books"), True, "", True)], [Field("messages or results", "value")], store, ["account", "part"], sort="account",
              descending=False, width=12),
        table("Alerts of Prometheus", [store._target("present", 'ALERTS{alertstate="firing"}', True, "", True)], [Field("firing", "value")], store,
              ["alertname", "severity"], width=12, description="CrowdtideWatchdog is always there: without it nothing would tell."),
    ]
    source = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "regex": "", "refresh": 1, "hide": 0, "multi": False,
              "includeAll": False, "options": [], "current": {"text": "crowdtide-prometheus", "value": store.uid, "selected": True}}
    return dashboard("crowdtide-pipeline", "crowdtide: pipeline", store, [source], panels)
