"""The programs under test: one state directory, one configuration file, the programs as children.

    tide = Crowdtide(work, venue_text, broker, kafka, influx)
    tide.start("ingest"); tide.start("process"); tide.start("kafka"); tide.start("series")
    tide.counter("ingest", "messages")          as `crowdtide top --once --json` tells it
    tide.export("readings")                     as `crowdtide log export --json` tells it
"""
import json
import os
import pathlib
import socket
import struct
import subprocess
import time

from .workspace import PATIENCE_S, SOURCE_DIR, Failure, wait

ARGUMENTS = {
    "ingest": ["ingest"],
    "process": ["process"],
    "kafka": ["publish", "kafka"],
    "series": ["publish", "series"],
    "serve": ["serve"],
    "page": ["page"],
    "run": ["run"],
}
SECTIONS = {"ingest": "ingest", "process": "process", "kafka": "publish-kafka", "series": "publish-series", "serve": "serve", "page": "page", "run": "run"}


def binary():
    path = pathlib.Path(os.environ.get("CROWDTIDE", SOURCE_DIR / "build" / "crowdtide"))
    if not path.exists():
        raise Failure(f"no program at {path}: build first, or set CROWDTIDE")
    return path


HOME_AT = 80  # in a control page: see log_control.h


def settle(log):
    """A copied log, as if it had always stood there: programs that read it need not wait for a writer that opens it first."""
    path = log / "control"
    file = path.stat()
    with open(path, "r+b") as control:
        control.seek(HOME_AT)
        control.write(struct.pack("=QQ", file.st_dev, file.st_ino))


class Crowdtide:
    def __init__(self, work, venue, broker=None, kafka=None, influx=None, name="state",
                 client_id="", settings=""):
        self.work = work
        self.name = name
        self.state = work.path / name
        self.venue_path = work.path / f"{name}-venue.yaml"
        self.venue_path.write_text(venue)
        self.config = work.path / f"{name}.yaml"
        lines = [f"state_dir: {self.state}", f"venue: {self.venue_path}"]
        self.serve_port = work.port()
        lines += ["serve:", f"  listen: 127.0.0.1:{self.serve_port}"]
        lines += ["mqtt:", f"  url: {broker.url}", "  reconnect_max_s: 1"] if broker else []
        lines += [f"  client_id: {client_id}"] if client_id else []
        lines += ["kafka:", f"  brokers: {kafka.brokers}"] if kafka else []
        lines += ["series:", f"  url: {influx.url}"] if influx else []
        self.config.write_text("\n".join(lines) + "\n" + settings)
        self.programs = {}

    def command(self, *arguments):
        return [str(binary()), *arguments, "-c", str(self.config)]

    def child(self, program):
        if program not in self.programs:
            self.programs[program] = self.work.child(f"{self.name}-{program}", self.command(*ARGUMENTS[program]))
        return self.programs[program]

    def start(self, *programs):
        for program in programs:
            self.child(program).start()

    def start_all(self):
        """The four programs, ingest first; returns once it is subscribed, so that nothing published later is missed."""
        self.start("ingest")
        self.wait_connected()
        self.start("process", "kafka", "series")

    def wait_connected(self):
        wait("ingest is connected and subscribed", lambda: self.counter("ingest", "connected") == 1,
             children=[self.child(name) for name in ("ingest", "run") if name in self.programs and self.child(name).running()])

    def stop(self, *programs):
        """SIGTERM; every program must end with exit code 0."""
        for program in programs:
            code = self.child(program).stop()
            if code != 0:
                raise Failure(f"{program} ended with {code} after SIGTERM:\n{self.child(program).log_text()[-800:]}")

    def call(self, *arguments, code=0, text=None):
        """Runs a subcommand to its end; returns its output. Fails on another exit code."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=300, input=text)
        if code is not None and done.returncode != code:
            raise Failure(f"crowdtide {' '.join(arguments)}: exit code {done.returncode}, expected {code}\n"
                          f"{done.stdout[-500:]}{done.stderr[-500:]}")
        return done.stdout

    def raw(self, *lines, path=None):
        """The answers to lines written straight to the command socket."""
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(10)
            peer.connect(str(path or self.state / "command.sock"))
            peer.sendall("".join(line + "\n" for line in lines).encode())
            stream = peer.makefile()
            return [json.loads(stream.readline()) for _ in lines]

    def top(self):
        """The counters, or None while there are none yet."""
        done = subprocess.run(self.command("top", "--once", "--json"), capture_output=True, text=True, timeout=60)
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else None

    def counter(self, program, name):
        top = self.top()
        if top is None:
            return None
        return top["programs"][SECTIONS[program]]["counters"][name]

    def pending(self):
        """Book → what is still on its way through it: messages, kafka alerts, kafka bulk, series alerts, series bulk."""
        return {book["name"]: book["pending"] for book in self.top()["books"]}

    def export(self, log):
        """Every record of a log, oldest first, as a dict a record."""
        return list(self.records(log))

    def records(self, log):
        """The same one by one, for logs that do not fit into memory."""
        done = subprocess.Popen(self.command("log", "export", "--json", log), stdout=subprocess.PIPE)
        for line in done.stdout:
            yield json.loads(line)
        if done.wait() != 0:
            raise Failure(f"crowdtide log export {log}: exit code {done.returncode}")

    def finish(self, messages, sinks=("kafka", "series")):
        """Once ingest has taken `messages` messages: lets the last results come and go out, then stops everything."""
        wait("ingest has taken what the broker still held",
             lambda: (self.counter("ingest", "messages") or 0) >= messages, every=0.3)
        time.sleep(3)  # the last zone metrics are due at the next second
        self.stop("ingest")
        self.wait_drained(sinks=sinks)
        self.stop("process", *sinks)

    def log_facts(self, log):
        """What `crowdtide log ls --json` says of a log: uuid, last_seq …"""
        for line in self.call("log", "ls", "--json").splitlines():
            if json.loads(line)["log"] == log:
                return json.loads(line)
        raise Failure(f"there is no log {log}")

    def uuid(self, log):
        return self.log_facts(log)["uuid"]

    def wait_drained(self, seconds=PATIENCE_S, sinks=("kafka", "series")):
        """Until process and the publishers have dealt with everything. ingest must be stopped: its ticks never end."""
        last = self.log_facts("readings")["last_seq"]
        if self.counter("ingest", "log_seq") != last:
            raise Failure(f"ingest counts {self.counter('ingest', 'log_seq')} records, its log ends at {last}")

        def drained():
            # Not by the lags: they read 0 while a publisher that was just started has not looked yet.
            return (self.counter("process", "input_seq") == last
                    and all(self.counter(sink, f"{log}_seq") == self.log_facts(log)["last_seq"]
                            for log in ("alerts", "bulk") for sink in sinks))
        wait("process and the publishers have caught up", drained, seconds, every=0.3)
