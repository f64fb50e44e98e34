"""Servers that record what they are told: HTTP for webhooks, PagerDuty and robots, SMTP for mail, and a real Alertmanager.

    http = HttpRecorder(work.port())          http.answer["/hook"] = (429, {"Retry-After": "2"}, "")
    mail = MailRecorder(work.port())
    manager = Alertmanager(work).start()
"""
import base64
import email
import email.policy
import http.server
import json
import socketserver
import threading
import time
import urllib.request

from .servers import program
from .workspace import listening, wait

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Recorder:
    def __init__(self):
        self.lock = threading.Lock()
        self.seen = []  # (monotonic time, path, headers, body), taken or not

    def record(self, *what):
        with self.lock:
            self.seen.append((time.monotonic(), *what))

    def all(self, path=None, since=0):
        with self.lock:
            return [entry for entry in self.seen[since:] if path is None or entry[1] == path]


class HttpRecorder(Recorder):
    """Answers 200 and no error code, or what `answer` says for the path: (status, headers, body), or a function of the body that gives that. None: hangs."""

    def __init__(self, port):
        super().__init__()
        self.port = port
        self.answer = {}
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                path = self.path.split("?")[0]
                reply = recorder.answer.get(path, (200, {}, '{"errcode":0,"code":0}'))
                if callable(reply):
                    reply = reply(body)
                if reply is None:
                    time.sleep(60)
                    return
                status, headers, text = reply
                recorder.record(path, dict(self.headers, path=self.path, status=status), body)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """A client that was killed."""

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bodies(self, path, since=0):
        """What was taken there, as JSON."""
        return [json.loads(body) for _, _, headers, body in self.all(path, since) if headers["status"] < 300]


class MailRecorder(Recorder):
    """Enough SMTP to take a mail. `refuses`: recipients that it does not know. `context`: TLS, from the beginning (`at_once`) or by
    STARTTLS. `login`: (user, password) that it asks for; `passwords`: those that came, each with whether they came under TLS.
    """

    def __init__(self, port, context=None, at_once=False, login=None):
        super().__init__()
        self.port = port
        self.refuses = set()
        self.passwords = []
        recorder = self

        class Handler(socketserver.StreamRequestHandler):
            def setup(self):
                self.safe = at_once
                if at_once:
                    self.request = context.wrap_socket(self.request, server_side=True)
                super().setup()

            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def begin_tls(self):
                self.say("220 go on")
                self.request = context.wrap_socket(self.request, server_side=True)
                self.safe = True
                super().setup()

            def log_in(self, words):
                if len(words) < 3:
                    self.say("334 ")
                    words.append(self.rfile.readline().decode().strip())
                _, user, password = base64.b64decode(words[2]).decode().split("\0")
                recorder.passwords.append((password, self.safe))
                self.say("235 welcome" if (user, password) == login else "535 no")

            def handle(self):
                self.say("220 recorder")
                recipients = []
                while line := self.rfile.readline():
                    words = line.decode().strip()
                    verb = words[:4].upper()
                    if verb == "EHLO":
                        extras = ["STARTTLS"] if context and not self.safe else ["AUTH PLAIN"] if login else []
                        for text in ["250-recorder"] * bool(extras) + ["250 " + extra for extra in extras or ["recorder"]]:
                            self.say(text)
                    elif verb == "STAR":
                        self.begin_tls()
                    elif verb == "AUTH":
                        self.log_in(words.split())
                    elif verb == "RCPT":
                        address = words.split("<")[1].split(">")[0]
                        if address in recorder.refuses:
                            self.say("550 nobody of that name")
                            continue
                        recipients.append(address)
                        self.say("250 ok")
                    elif verb == "DATA":
                        self.say("354 go on")
                        lines = []
                        while (line := self.rfile.readline()) not in (b".\r\n", b""):
                            lines.append(line[1:] if line.startswith(b".") else line)
                        recorder.record(",".join(recipients), {}, b"".join(lines))
                        self.say("250 taken")
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *_):
                """A client that was killed."""

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def mails(self):
        return [email.message_from_bytes(body, policy=email.policy.default) for _, _, _, body in self.all()]


class Alertmanager:
    def __init__(self, work):
        self.port = work.port()
        self.url = f"http://127.0.0.1:{self.port}"
        data = work.directory("alertmanager")
        config = data / "alertmanager.yml"
        config.write_text("route: {receiver: nobody}\nreceivers:\n- {name: nobody}\n")
        self.child = work.child("alertmanager", [program("prometheus-alertmanager", "prometheus-alertmanager"), f"--config.file={config}",
                                                 f"--storage.path={data}/data", f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address="])

    def start(self):
        self.child.start()
        wait("alertmanager listens", lambda: listening(self.port), children=[self.child])
        return self

    def active(self):
        """The labels of what is active and no trial."""
        with direct.open(f"{self.url}/api/v2/alerts?active=true", timeout=30) as answer:
            return [alert["labels"] for alert in json.load(answer) if alert["labels"]["status"] != "Test"]
