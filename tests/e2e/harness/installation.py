"""An installation under load, and what can be done to it: servers, programs and, beside them, Telegraf.

    with Installation(work, telegraf=program, rate=200, seed=1) as site:
        site.phase("kill -9 of ingest")        messages from now on are told apart from the others'
        site.kill_program("ingest")            … any of the blows
        site.mend()                            whatever still lies there gets up
        acknowledged = site.finish()           everything out of the logs; (phase, topic, payload) of each acknowledged message
"""
import collections
import os
import pathlib
import random
import shutil
import signal
import time

from . import load
from .crowdtide import Crowdtide
from .mqtt_tap import Tap
from .receivers import HttpRecorder
from .recorder import Recorder
from .servers import Influx, Kafka, Mosquitto
from .store_proxy import StoreProxy
from .telegraf import Telegraf
from .workspace import Failure, wait

STOPPED_SECONDS = 65  # longer than keep-alive × 1.5, Kafka's transactions (10 s), its session, the store's and the commands' timeouts
KAFKA_DOWN_SECONDS = 90  # at 200 messages/s more than the 10,000 metrics that Telegraf keeps, and than librdkafka's transactions
SERIES_TIMEOUT_SECONDS = 5
TEN_TIMES_SECONDS = 60
SETTLED_SECONDS = 4
DRAIN_SECONDS = 600
SETTINGS = f"series:\n  url: {{url}}\n  timeout_s: {SERIES_TIMEOUT_SECONDS}\nprocess:\n  snapshot_s: 5\n"
# Late pages would come together in a digest; here each shall ring, however late.
ROSTER = """\
targets:
- {{id: hook, kind: webhook, url: "http://127.0.0.1:{port}/hook"}}
teams:
- {{id: all, targets: hook}}
routes:
- {{team: all, escalate: [all, all, all]}}
"""
PAGE_SETTINGS = "page:\n  file: {path}\n  late_s: 3600\n"


class Installation:
    def __init__(self, work, rate, seed, settings="", page=False, telegraf=None, environment=None):
        self.work, self.rate, self.seed, self.random = work, rate, seed, random.Random(seed)
        self.broker = Mosquitto(work).start()
        self.kafka = Kafka(work, ["auto.create.topics.enable=true"]).start()
        self.influx = Influx(work).start()
        self.proxy = StoreProxy(work, self.influx)
        self.tap = Tap(work, "ingest", self.broker)
        self.hook = HttpRecorder(work.port()) if page else None
        settings += self._roster() if page else ""
        self.tide = Crowdtide(work, load.venue(), self.tap, self.kafka, None, settings=SETTINGS.format(url=self.proxy.url) + settings)
        self.tide.child("run").environment = environment
        self.telegrafs, self.proxies = [], [self.proxy]
        if telegraf:
            for name, aggregate in (("forward", False), ("aggregate", True)):
                self.proxies.append(StoreProxy(work, self.influx))
                self.telegrafs.append(Telegraf(work, name, telegraf, Tap(work, f"telegraf-{name}", self.broker), self.kafka,
                                               self.proxies[-1].url, aggregate))
        self.servers = {"broker": self.broker, "kafka": self.kafka, "store": self.influx}
        self.broker_died = set()  # the phases in which it was killed
        self.recorder, self.current = None, None

    def _roster(self):
        path = self.work.path / "paging.yaml"
        path.write_text(ROSTER.format(port=self.hook.port))
        return PAGE_SETTINGS.format(path=path)

    def __enter__(self):
        for telegraf in self.telegrafs:
            telegraf.child.start()
        self.tide.start("run")
        self.tide.wait_connected()
        for telegraf in self.telegrafs:  # what was published before belongs to nobody
            wait("Telegraf has subscribed", telegraf.connected, children=[telegraf.child])
        self.recorder = Recorder(self.work, self.broker, self.seed, self.rate)
        return self

    def __exit__(self, *_):
        for proxy in self.proxies:
            proxy.close()

    def phase(self, name):
        self.current = name
        self.recorder.phase(name)

    # ---- programs --------------------------------------------------------------------------------------------------------

    def pid(self, program):
        """Of a program that `run` has started; None while it pauses before it starts it again."""
        run = self.tide.child("run").pid
        try:
            children = pathlib.Path(f"/proc/{run}/task/{run}/children").read_text().split()
        except OSError:
            return None
        for child in children:
            try:
                words = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if " ".join(words[1:]).startswith(program):
                return int(child)
        return None

    def running(self, program):
        return wait(f"{program} runs", lambda: self.pid(program), every=0.1, children=[self.tide.child("run")])

    def signal(self, program, number):
        try:
            os.kill(self.running(program), number)
        except ProcessLookupError:
            raise Failure(f"{program} had just ended by itself") from None

    def kill_program(self, program):
        """Some as soon as they start, most in the middle of their work."""
        self.running(program)
        time.sleep(self.random.choice((0, self.random.uniform(0, 1), self.random.uniform(0, 4))))
        self.signal(program, signal.SIGKILL)
        if program in ("ingest", "publish kafka"):  # the same blow for the other one, once a phase of intake, once of output
            for telegraf in self.telegrafs:
                if telegraf.child.running():
                    telegraf.child.kill()
            time.sleep(0.2)
            self.revive()

    def revive(self):
        for telegraf in self.telegrafs:
            if not telegraf.child.running():
                telegraf.child.start()

    def kill_run(self, _):
        self.tide.child("run").kill()
        wait("its programs end, too", lambda: not self.alive())
        self.tide.start("run")

    def alive(self):
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if str(self.tide.config).encode() in path.read_bytes():
                    return True
            except OSError:
                pass
        return False

    # ---- servers ---------------------------------------------------------------------------------------------------------

    def kill_server(self, server):
        if server == "broker":
            self.broker_died.add(self.current)
        self.servers[server].kill()
        time.sleep(self.random.uniform(0.2, 3))
        self.servers[server].start()

    def kill_broker_with_queue(self, _):
        """What it acknowledged since its last save has nobody else yet: ingest stands still meanwhile."""
        pid = self.running("ingest")
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(self.random.uniform(7, 12))
            self.kill_server("broker")
        finally:
            os.kill(pid, signal.SIGCONT)
        self.tide.wait_connected()

    def stop_program(self, what):
        """SIGSTOP for longer than every timeout."""
        pids = [self.servers[what].child.pid] if what in self.servers else [self.running(what)]
        if what == "ingest":
            pids += [telegraf.child.pid for telegraf in self.telegrafs]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(STOPPED_SECONDS)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def kafka_down(self, _):
        self.kafka.stop()
        time.sleep(KAFKA_DOWN_SECONDS)
        self.kafka.start()

    def answer(self, name):
        before = self.proxy.fired
        for proxy in self.proxies:
            proxy.fault(name)
        wait(f"the store has answered: {name}", lambda: self.proxy.fired > before)

    def ten_times(self, _):
        self.recorder.rate(10 * self.rate)
        try:
            time.sleep(TEN_TIMES_SECONDS)
        finally:
            self.recorder.rate(self.rate)

    def mend(self):
        """What a blow that went wrong has left behind is no part of the next one. True: something had to be mended."""
        down = [server for server in self.servers.values() if not server.child.running()]
        for server in down:
            server.start()
        if not self.tide.child("run").running():
            down.append("run")
            self.tide.start("run")
        self.revive()
        return bool(down)

    # ---- disk and clock --------------------------------------------------------------------------------------------------

    def keep_logs(self):
        """On a full disk whatever every reader has passed is deleted: one more reader, who passes nothing, keeps it for the count."""
        cursors = self.tide.state / "cursors"
        for log, reader in (("readings", "process"), ("alerts", "series"), ("bulk", "series")):
            wait(f"{reader} reads the {log} log", (cursors / f"{log}.{reader}").exists)
            shutil.copy(cursors / f"{log}.{reader}", cursors / f"{log}.witness")

    def fill_disk(self, disk):
        log, seen = self.tide.child("run"), self.tide.child("run").log_text().count("event=ended name=ingest")
        disk.fill()
        try:
            wait("ingest stops", lambda: log.log_text().count("event=ended name=ingest") > seen, 120, children=[log])
            if pid := self.pid("process"):  # its segments may have room enough for a while; not so when it starts anew
                os.kill(pid, signal.SIGKILL)
            time.sleep(5)
        finally:
            disk.free()
        self.tide.wait_connected()

    def step_clock(self, argument):
        """There and back again; `restarts`: programs that start while it is wrong."""
        clock, seconds, restarts = argument
        clock.step(seconds)
        try:
            time.sleep(self.random.uniform(6, 10))
            for program in restarts:
                self.signal(program, signal.SIGKILL)
            time.sleep(self.random.uniform(6, 10))
        finally:
            clock.step(0)

    # ---- the end ---------------------------------------------------------------------------------------------------------

    def settled(self):
        """Until ingest takes no more: the broker has nothing left for it."""
        last, since = None, time.monotonic()
        while time.monotonic() < since + SETTLED_SECONDS:
            now = self.tide.counter("ingest", "messages"), self.tide.counter("ingest", "connected")
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.5)

    def drain(self):
        """Without new ticks, to the end of the logs."""
        self.tide.start("process", "kafka", "series", *(["page"] if self.hook else []))
        self.tide.wait_drained(DRAIN_SECONDS)

    def finish(self, step):
        """step(what, act) makes each of the last steps and goes on when one fails; its complaint is part of the verdict."""
        step("the publisher ends", self.recorder.finish)
        step("ingest has taken all", self.settled)
        if self.telegrafs:
            time.sleep(30)  # a last period of the aggregator, and what still waits in the broker for either
        for telegraf in self.telegrafs:
            step("Telegraf stops", telegraf.child.stop)
        step("run stops", lambda: self.tide.stop("run"))
        step("everything goes out", self.drain)
        if self.hook:
            step("every page comes", lambda: wait("every page comes", lambda: not self.pages()["lost"], 120, every=2))
            step("page stops", lambda: self.tide.stop("page"))
        step("they stop", lambda: self.tide.stop("process", "kafka", "series"))
        return self.recorder.acknowledged()

    def pages(self):
        """Of the pages that the alerts log asks for: how many, lost, repeated."""
        due = {(r["result"]["id"], r["result"]["n"]) for r in self.tide.records("alerts")
               if r["type"] == "alert" and r["result"]["status"] == "Actual" and r["result"].get("page")}
        told = collections.Counter((body["data"]["key"], body["data"]["alert"]["n"])
                                   for body in self.hook.bodies("/hook") if body["data"]["act"] == "ring")
        return {"due": len(due), "lost": len(due - set(told)), "repeated": sum(told.values()) - len(told)}
