"""The independent publisher: a process of its own, which shares nothing with the programs under test and keeps the book of what
the broker acknowledged, with the phase of the test in which each message was published.

    recorder = Recorder(work, broker, seed=1, rate=300)
    recorder.phase("kill -9 of ingest"); recorder.rate(3000)
    for phase, topic, payload in recorder.finish(): …
"""
import json
import pathlib
import subprocess
import sys
import threading
import time

from . import load
from .publisher import Publisher
from .workspace import Failure, wait

CLOSE_SECONDS = 180


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
        """Ends the load, waits for the last acknowledgement; (phase, topic, payload) of every acknowledged message."""
        self.process.stdin.close()
        if self.process.wait(CLOSE_SECONDS) != 0:
            raise Failure(f"the publisher ended with {self.process.returncode}; see logs/recorder.log")
        with open(self.book) as file:
            return [tuple(json.loads(line)) for line in file]


class Source:
    """Publishes in its own thread; notes the phase of every message."""

    def __init__(self, publisher, seed, rate):
        self.publisher, self.rate, self.phase = publisher, rate, ""
        self.messages = load.Load(seed)
        self.phases = {}
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._feed)

    def _feed(self):
        last, due = time.monotonic(), 0.0
        while not self.stopped.is_set():
            now = time.monotonic()
            due += (now - last) * self.rate
            last = now
            while due >= 1:
                topic, payload = self.messages.message()
                self.phases.setdefault((topic, payload), self.phase)
                self.publisher.publish(topic, payload)
                due -= 1
            time.sleep(0.005)


def run(port, seed, rate, book):
    class Broker:
        pass
    broker = Broker()
    broker.port = int(port)
    publisher = Publisher(broker, client_id="recorder")
    source = Source(publisher, int(seed), float(rate))
    source.thread.start()
    for line in sys.stdin:
        word, value = line.rstrip("\n").split(" ", 1)
        if word == "phase":
            source.phase = value
        else:
            source.rate = float(value)
    source.stopped.set()
    source.thread.join()
    wait("the broker has acknowledged everything", lambda: publisher.pending() == 0, CLOSE_SECONDS - 30)
    publisher.close()
    with open(book, "w") as file:
        for topic, payload in publisher.acknowledged:
            text = payload.decode()
            file.write(json.dumps((source.phases[topic, text], topic, text)) + "\n")
