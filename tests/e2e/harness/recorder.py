"""The independent publisher: a process of its own, which shares nothing with the programs under test and keeps the book of what
the broker acknowledged, with the phase of the test in which each message was published. The book is written as it happens.

    recorder = Recorder(work, broker, seed=1, rate=300)
    recorder.phase("kill -9 of ingest"); recorder.rate(3000)
    recorder.finish()
    for phase, topic, payload in recorder.acknowledged(): …
"""
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import traceback

from . import load
from .publisher import Publisher
from .workspace import Failure, wait

CLOSE_SECONDS = 180
PENDING_MAX = 20000  # unacknowledged messages, far below MQTT's 65,535 numbers: a broker that is away slows us down


class Recorder:
    def __init__(self, work, broker, seed, rate):
        self.book = work.path / "acknowledged.jsonl"
        with open(work.directory("logs") / "recorder.log", "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, str(pathlib.Path(__file__).parents[1] / "harness_tool"),
                 "recorder", str(broker.port), str(seed), str(rate), str(self.book)],
                stdin=subprocess.PIPE, stdout=log, stderr=log, text=True)

    def _say(self, *words):
        if self.process.poll() is not None:
            raise Failure("the publisher has ended; see logs/recorder.log")
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def phase(self, name):
        self._say("phase", name)

    def rate(self, messages_per_second):
        self._say("rate", messages_per_second)

    def finish(self):
        """Ends the load, waits for the last acknowledgement."""
        self.process.stdin.close()
        try:
            code = self.process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if code != 0:
            raise Failure(f"the publisher ended with {code}; see logs/recorder.log")

    def acknowledged(self):
        """(phase, topic, payload) of every message that the broker acknowledged, whatever became of the publisher."""
        with open(self.book) as file:
            return [tuple(json.loads(line)) for line in file if line.endswith("\n")]


class Source:
    """Publishes in its own thread; notes the phase of every message and writes the book."""

    def __init__(self, publisher, seed, rate, book):
        self.publisher, self.rate, self.phase, self.book = publisher, rate, "", book
        self.messages = load.Load(seed)
        self.phases = {}
        self.written = 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            self._feed()
        except BaseException:
            traceback.print_exc()
            os._exit(1)  # a load that has silently ended would be no load

    def _feed(self):
        last, due = time.monotonic(), 0.0
        while not self.stopped.is_set():
            now = time.monotonic()
            due += (now - last) * self.rate
            last = now
            while due >= 1:
                due -= 1
                if self.publisher.pending() < PENDING_MAX:
                    topic, payload = self.messages.message()
                    self.phases.setdefault((topic, payload), self.phase)
                    self.publisher.publish(topic, payload)
            self.write()
            time.sleep(0.005)

    def write(self):
        acknowledged = self.publisher.acknowledged
        while self.written < len(acknowledged):
            topic, payload = acknowledged[self.written]
            text = payload.decode()
            self.book.write(json.dumps((self.phases[topic, text], topic, text)) + "\n")
            self.written += 1
        self.book.flush()


def run(port, seed, rate, path):
    class Broker:
        pass
    broker = Broker()
    broker.port = int(port)
    publisher = Publisher(broker, client_id="recorder")
    with open(path, "w") as book:
        source = Source(publisher, int(seed), float(rate), book)
        source.thread.start()
        for line in sys.stdin:
            word, value = line.rstrip("\n").split(" ", 1)
            if word == "phase":
                source.phase = value
            else:
                source.rate = float(value)
        source.stopped.set()
        source.thread.join()
        try:
            wait("the broker has acknowledged everything", lambda: publisher.pending() == 0, CLOSE_SECONDS - 30)
            publisher.close()
        finally:
            source.write()
