"""The servers once more, now behind TLS, passwords, client certificates and a token.

Each keeps a way for the test itself to look inside, which the programs under test are not told of.
"""
import base64
import gzip
import http.server
import json
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request

from .servers import Influx, Kafka, Mosquitto, program
from .workspace import listening, wait

NAMED = "IP:127.0.0.1"  # what the servers' certificates vouch for; so "localhost" is a wrong name for them
WRONG_NAME = "localhost"


def secret_file(work, name, value, mode=0o600):
    path = work.directory("secrets") / name
    path.write_text(value + "\n")
    path.chmod(mode)
    return path


class SecuredMosquitto(Mosquitto):
    """The plain listener is the test's own. `tls_port` wants a password, `certificate_port` a client certificate, too."""

    def __init__(self, work, authority, username, password):
        super().__init__(work)
        self.tls_port, self.certificate_port = work.port(), work.port()
        identity = authority.issue("broker", NAMED)
        users = secret_file(work, "mosquitto-users", f"{username}:{password}")
        subprocess.run([program("mosquitto_passwd", "mosquitto"), "-U", users], check=True, timeout=30)
        text = "per_listener_settings true\n" + self.config.read_text()
        for port, certificate in ((self.tls_port, "false"), (self.certificate_port, "true")):
            text += (f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {users}\ncafile {authority.cert}\n"
                     f"certfile {identity.cert}\nkeyfile {identity.key}\nrequire_certificate {certificate}\n")
        self.config.write_text(text)

    def address(self, port, host="127.0.0.1"):
        return f"mqtts://{host}:{port}"


class SecuredKafka(Kafka):
    """The plain listener is the test's own. `secured` takes SASL/PLAIN over TLS."""

    def __init__(self, work, authority, username, password):
        super().__init__(work)
        self.sasl_port = work.port()
        self.secured = f"127.0.0.1:{self.sasl_port}"
        identity = authority.issue("kafka", NAMED)
        store = secret_file(work, "kafka-keystore.pem", identity.key.read_text() + identity.cert.read_text())
        plain = f"PLAINTEXT://127.0.0.1:{self.port},SASL_SSL://{self.secured}"
        controller = next(line for line in self.properties.read_text().splitlines()
                          if line.startswith("listeners=")).rsplit(",", 1)[1]
        with open(self.properties, "a") as more:
            more.write(f"""
listeners={plain},{controller}
advertised.listeners={plain}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_{username}="{password}";
ssl.keystore.type=PEM
ssl.keystore.location={store}
""")


class SecuredInflux(Influx):
    """https, and a user for the programs under test who may do everything; the test uses the same one."""

    def __init__(self, work, authority, username, password):
        super().__init__(work)
        identity = authority.issue("influx", NAMED)
        self.url = f"https://127.0.0.1:{self.port}"
        self.username, self.password = username, password
        self.context = ssl.create_default_context(cafile=authority.cert)
        text = self.config.read_text()
        self.config.write_text(text.replace("[http]\n", f"""[http]
  auth-enabled = true
  https-enabled = true
  https-certificate = "{identity.cert}"
  https-private-key = "{identity.key}"
"""))

    def start(self):
        super().start()
        if not getattr(self, "user_made", False):
            self.query(f"CREATE USER {self.username} WITH PASSWORD '{self.password}' WITH ALL PRIVILEGES", post=True)
            self.user_made = True
        return self

    def open(self, request, timeout):
        request = request if isinstance(request, urllib.request.Request) else urllib.request.Request(request)
        pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {pair}")
        return urllib.request.urlopen(request, timeout=timeout, context=self.context)


class VictoriaMetrics:
    """Takes the v2 interface, but looks neither at the token nor at organisation and bucket: see Gate."""

    def __init__(self, work):
        self.port = work.port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.child = work.child("victoria-metrics", [
            program("victoria-metrics", "victoria-metrics"), f"-storageDataPath={work.directory('victoria')}",
            f"-httpListenAddr=127.0.0.1:{self.port}", "-retentionPeriod=1d", "-memory.allowedBytes=64MB"])

    def start(self):
        self.child.start()
        wait("VictoriaMetrics listens", lambda: listening(self.port), children=[self.child])
        return self

    def samples(self, name):
        """Every (labels, milliseconds, value) of one metric; a metric is a measurement and a field, as in zone_occupancy."""
        urllib.request.urlopen(self.url + "/internal/force_flush", timeout=30).close()
        query = urllib.parse.urlencode({"match[]": name, "start": int(time.time()) - 3600, "reduce_mem_usage": "1"})
        with urllib.request.urlopen(f"{self.url}/api/v1/export?{query}", timeout=60) as reply:
            series = [json.loads(line) for line in reply]
        return [(one["metric"], at, value) for one in series for at, value in zip(one["timestamps"], one["values"])]


class Gate:
    """What InfluxDB 2 does before it writes, in front of a store that does not: TLS, the token, organisation and bucket.

    `passed` and `refused` count the requests to write. A thread of the test.
    """

    def __init__(self, work, authority, store, token, org, bucket):
        identity = authority.issue("gate", NAMED)
        gate = self
        self.passed = self.refused = 0
        self.port = work.port()
        self.url = f"https://127.0.0.1:{self.port}"

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body=b""):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def entitled(self, query):
                if self.headers["Authorization"] != f"Token {token}":
                    self.answer(401, b'{"code":"unauthorized","message":"unauthorized access"}')
                elif query.get("org") != org or query.get("bucket", query.get("name")) != bucket:
                    self.answer(404, b'{"code":"not found","message":"no such bucket"}')
                else:
                    return True
                return False

            def do_GET(self):
                path, _, query = self.path.partition("?")
                if path != "/api/v2/buckets":
                    self.answer(404)
                elif self.entitled(dict(urllib.parse.parse_qsl(query))):
                    self.answer(200, json.dumps({"buckets": [{"name": bucket}]}).encode())

            def do_POST(self):
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if path != "/api/v2/write" or not self.entitled(dict(urllib.parse.parse_qsl(query))):
                    gate.refused += 1
                    return
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                with urllib.request.urlopen(store.url + self.path, data=body, timeout=30) as reply:
                    gate.passed += 1
                    self.answer(reply.status)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a client that distrusts us ends the handshake: that is the test
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.cert, identity.key)
        # The handshake belongs into the connection's own thread: it must not hold up the accepting one.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
