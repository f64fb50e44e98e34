"""mosquitto, Apache Kafka and InfluxDB on loopback, configured by the files of deploy/, data in the workspace.

Each start() returns when the server answers. stop() is SIGTERM, kill() is kill -9; both keep the data for the next start().
"""
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from .workspace import SOURCE_DIR, Failure, Skip, listening, wait


def program(name, package):
    """The program's path, or Skip. sbin is where Debian keeps mosquitto, outside an ordinary user's PATH."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Skip(f"{name} is not installed (package {package})")
    return path


def fill(template, path, **values):
    """A file of deploy/ with its @NAMES@ filled in: the tests run the servers as deploy/up does."""
    text = (SOURCE_DIR / "deploy" / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    path.write_text(text)
    return path


direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by a proxy


class Mosquitto:
    """The broker."""

    def __init__(self, work):
        self.port = work.port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        data = work.directory("mosquitto")
        # Started by root, it would otherwise become the user mosquitto, who may not write here.
        self.config = fill("mosquitto/local.conf.in", data / "mosquitto.conf", PORT=self.port, DATA=data,
                           USER="root" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name,
                           CONF_DIR=SOURCE_DIR / "deploy" / "mosquitto")
        self.child = work.child("mosquitto", [program("mosquitto", "mosquitto"), "-c", self.config])

    def start(self):
        self.child.start()
        wait("mosquitto listens", lambda: listening(self.port), children=[self.child])
        return self

    def stop(self):
        self.child.stop()

    def kill(self):
        self.child.kill()


class Kafka:
    """One KRaft node from the jars of KAFKA_JARS (default: build/kafka, where deploy/up puts them)."""

    def __init__(self, work, properties=()):
        """`properties`: further lines of server.properties."""
        jars = pathlib.Path(os.environ.get("KAFKA_JARS", SOURCE_DIR / "build" / "kafka"))
        if not list(jars.glob("**/kafka_2.13-*.jar")):
            raise Skip(f"no Kafka in {jars}; set KAFKA_JARS or run deploy/up once")
        java = program("java", "openjdk-17-jre-headless")
        folder = next(jars.glob("**/kafka_2.13-*.jar")).parent
        self.port = work.port()
        controller = work.port()
        self.brokers = f"127.0.0.1:{self.port}"
        data = work.directory("kafka")
        self.properties = fill("kafka/server.properties.in", data / "server.properties", PORT=self.port,
                               CONTROLLER_PORT=controller, DATA=data / "logs")
        with open(self.properties, "a") as more:
            # After kill -9 a broker waits until its own old session has run out: for a test, not 9 s.
            more.write("broker.session.timeout.ms=3000\nbroker.heartbeat.interval.ms=500\n")
            more.writelines(f"{line}\n" for line in properties)
        # A test is over before what the second compiler makes has paid for it.
        self.command = [java, "-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-Dorg.slf4j.simpleLogger.showDateTime=true",
                        "-cp", f"{folder}/*"]
        self.child = work.child("kafka", self.command + ["kafka.Kafka", self.properties])
        self.formatted = False

    def start(self):
        if not self.formatted:
            done = subprocess.run(self.command + ["kafka.tools.StorageTool", "format", "-t",
                                                  "Y3Jvd2R0aWRlLWUyZS0wMQ", "-c", str(self.properties)],
                                  capture_output=True, text=True, timeout=180)
            if done.returncode != 0:
                raise Failure(f"Kafka's storage could not be formatted: {done.stdout}{done.stderr}")
            self.formatted = True
        self.child.start()
        wait("Kafka answers", self.answers, 180, every=0.3, children=[self.child])
        return self

    def answers(self):
        if not listening(self.port):
            return False
        done = subprocess.run([program("kcat", "kcat"), "-b", self.brokers, "-L", "-J", "-m", "2"],
                              capture_output=True, text=True)
        return done.returncode == 0 and bool(json.loads(done.stdout)["brokers"])

    def stop(self):
        self.child.stop(60)

    def kill(self):
        self.child.kill()

    def topics(self):
        """Topic name → number of partitions."""
        done = subprocess.run([program("kcat", "kcat"), "-b", self.brokers, "-L", "-J"],
                              capture_output=True, text=True, check=True)
        return {topic["topic"]: len(topic["partitions"]) for topic in json.loads(done.stdout)["topics"]}

    def read(self, topic):
        """Every committed record of the topic, oldest first within a partition: see records()."""
        return list(self.records(topic))

    def records(self, topic):
        """Yields every committed record as kcat's JSON objects: topic, partition, offset, ts, headers (here a dict), key,
        payload (bytes as text)."""
        done = subprocess.Popen([program("kcat", "kcat"), "-b", self.brokers, "-C", "-t", topic, "-o", "beginning", "-e",
                                 "-q", "-J", "-X", "isolation.level=read_committed", "-X", "check.crcs=true"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for line in done.stdout:
            record = json.loads(line)
            headers = record.get("headers") or []
            record["headers"] = dict(zip(headers[::2], headers[1::2]))
            yield record
        said = done.stderr.read()  # a few lines at most: kcat is quiet
        if done.wait() != 0 and b"Unknown topic or partition" not in said:  # not created yet: nothing
            raise Failure(f"kcat cannot read {topic}: {said.decode(errors='replace')}")


class Influx:
    """InfluxDB 1.x."""

    def __init__(self, work):
        self.port = work.port()
        self.url = f"http://127.0.0.1:{self.port}"
        data = work.directory("influx")
        self.config = fill("influxdb/influxdb.conf.in", data / "influxdb.conf", PORT=self.port, DATA=data)
        self.child = work.child("influxd", [program("influxd", "influxdb"), "-config", self.config])

    def start(self):
        self.child.start()
        wait("InfluxDB answers", self.answers, every=0.2, children=[self.child])
        return self

    def open(self, request, timeout):
        return urllib.request.urlopen(request, timeout=timeout)

    def answers(self):
        try:
            with self.open(self.url + "/ping", 1) as reply:
                return reply.status == 204
        except OSError:
            return False

    def stop(self):
        self.child.stop(60)

    def kill(self):
        self.child.kill()

    def query(self, text, database="crowdtide", post=False):
        """The rows of the first series, each a dict; [] when there is none. What changes something must be POSTed."""
        address = f"{self.url}/query?" + urllib.parse.urlencode({"db": database, "q": text, "epoch": "ns"})
        with self.open(urllib.request.Request(address, data=b"" if post else None), 60) as reply:
            result = json.load(reply)["results"][0]
        if "error" in result:
            raise Failure(f"InfluxDB: {result['error']} for {text}")
        return [dict(zip(series["columns"], row), **series.get("tags", {}))
                for series in result.get("series", []) for row in series.get("values", [])]

    def count(self, measurement, field):
        """Points of a measurement that have the field."""
        rows = self.query(f'SELECT count("{field}") AS n FROM "{measurement}"')
        return rows[0]["n"] if rows else 0


class Prometheus:
    """With the shipped configuration and rules, parts of which may be shortened; target: the port of serve; alertmanager: its port."""

    def __init__(self, work, target, alertmanager=None, shorten=()):
        self.port = work.port()
        data = work.directory("prometheus")
        text = (SOURCE_DIR / "deploy/prometheus/prometheus.yml").read_text()
        assert "127.0.0.1:9570" in text and "crowdtide.rules.yml" in text
        rules = (SOURCE_DIR / "deploy/prometheus/crowdtide.rules.yml").read_text()
        for old, new in shorten:
            assert old in rules, old
            rules = rules.replace(old, new)
        (data / "crowdtide.rules.yml").write_text(rules)
        config = data / "prometheus.yml"
        config.write_text(text.replace("127.0.0.1:9570", f"127.0.0.1:{target}").replace("_interval: 5s", "_interval: 1s")
                          .replace("127.0.0.1:9093", f"127.0.0.1:{alertmanager or work.port()}"))
        self.child = work.child("prometheus", [program("prometheus", "prometheus"), f"--config.file={config}", f"--storage.tsdb.path={data}/tsdb",
                                               f"--web.listen-address=127.0.0.1:{self.port}", "--rules.alert.resend-delay=5s"])

    def start(self):
        self.child.start()
        wait("prometheus listens", lambda: listening(self.port), children=[self.child])
        return self

    def query(self, expression):
        """The samples; none while it says that it is not ready yet."""
        try:
            with direct.open(f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": expression}), timeout=30) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError:
            return []


class Alertmanager:
    """With the shipped configuration, parts of which may be shortened; hooks: the port that its receivers are sent to."""

    def __init__(self, work, hooks, shorten=()):
        self.port = work.port()
        data = work.directory("alertmanager")
        text = (SOURCE_DIR / "deploy/prometheus/alertmanager.yml").read_text()
        assert "127.0.0.1:8090/outside" in text and "127.0.0.1:8090/technician" in text
        for old, new in shorten:
            assert old in text, old
            text = text.replace(old, new)
        config = data / "alertmanager.yml"
        config.write_text(text.replace("127.0.0.1:8090", f"127.0.0.1:{hooks}"))
        self.child = work.child("alertmanager", [program("prometheus-alertmanager", "prometheus-alertmanager"), f"--config.file={config}",
                                                 f"--storage.path={data}/data", f"--web.listen-address=127.0.0.1:{self.port}",
                                                 "--cluster.listen-address="])

    def start(self):
        self.child.start()
        wait("alertmanager listens", lambda: listening(self.port), children=[self.child])
        return self


class Victoria:
    """VictoriaMetrics, one node, with the latency offset that OPERATIONS.md asks for."""

    def __init__(self, work, name="victoria-metrics"):
        self.port = work.port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.child = work.child(name, [program("victoria-metrics", "victoria-metrics"), f"-storageDataPath={work.directory(name)}",
                                                     f"-httpListenAddr=127.0.0.1:{self.port}", "-retentionPeriod=2y", "-search.latencyOffset=1s"])

    def start(self):
        self.child.start()
        wait("victoria-metrics listens", lambda: listening(self.port), children=[self.child])
        return self
