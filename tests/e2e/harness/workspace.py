"""A test's temporary directory, its ports and its child processes.

    with Workspace("kill") as work:
        child = work.start("ingest", ["crowdtide", "ingest"])
        work.wait("ingest is connected", lambda: connected(), seconds=20)

On leaving, every child is stopped. The directory is removed after a success and kept, with all logs, after a failure.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[3]
SKIPPED = 77  # the exit code that CTest shows as "Skipped"
PATIENCE_S = 90  # for what only has to come at all: a busy machine is no failure
STOP_SECONDS = 60  # how long a child may take to end after SIGTERM


class Failure(Exception):
    """The test has found a deviation; the text says which."""


class Skip(Exception):
    """Something that the test needs is not on this machine; the text says what."""


class Child:
    """One program run as a child. It may be started again after it has ended; output is appended to one log."""

    def __init__(self, name, arguments, log_path, environment=None):
        self.name = name
        self.arguments = [str(argument) for argument in arguments]
        self.log_path = log_path
        self.environment = environment
        self.process = None
        self.starts = 0

    def start(self):
        """Starts it. Call from the main thread: the kernel kills the child when the thread that made it ends."""
        assert not self.running(), f"{self.name} runs already"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--"] + self.arguments,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(self.environment or {})})
        self.starts += 1
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """kill -9, and waits until it is gone."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=STOP_SECONDS):
        """SIGTERM; returns the exit code. One that does not end in time is killed, which is a failure."""
        if not self.running():
            return self.process.returncode if self.process else 0
        self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} did not end within {seconds} s of SIGTERM") from None

    def wait(self, seconds):
        """Waits for it to end by itself; returns the exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} did not end within {seconds} s") from None

    def log_text(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""


class Workspace:
    def __init__(self, name):
        self.name = name
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"crowdtide-{name}-"))
        self.children = []
        base, last = os.environ.get("E2E_PORTS", "21600-21699").split("-")
        self._ports = iter(range(int(base), int(last) + 1))

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for child in reversed(self.children):
            if child.running():
                try:
                    child.stop()
                except Failure as failure:
                    print(f"warning: {failure}", file=sys.stderr)
        if kind is None or kind is Skip or "E2E_DISCARD" in os.environ:
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            print(f"{self.name}: logs and data are kept in {self.path}", file=sys.stderr)
        return False

    def port(self):
        """A free port of loopback from E2E_PORTS; below the kernel's own range, so no client takes it meanwhile."""
        for number in self._ports:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", number))
                    return number
                except OSError:
                    continue
        raise Failure("no free port is left in E2E_PORTS")

    def directory(self, name):
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def child(self, name, arguments, environment=None):
        child = Child(name, arguments, self.directory("logs") / f"{name}.log", environment)
        self.children.append(child)
        return child

    def start(self, name, arguments, environment=None):
        return self.child(name, arguments, environment).start()


def wait(what, condition, seconds=PATIENCE_S, every=0.05, children=()):
    """Polls until condition() is true and returns its value. `children` must keep running meanwhile. `seconds` is for what must come in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        for child in children:
            if not child.running():
                tail = "\n".join(child.log_text().splitlines()[-8:])
                raise Failure(f"{child.name} ended with {child.process.returncode} while waiting: {what}\n{tail}")
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(every)


def listening(port):
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main(test):
    """Runs test() and turns its end into an exit code: 0 passed, 1 failed, 77 skipped."""
    name = pathlib.Path(sys.argv[0]).name
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.monotonic()
    try:
        test()
    except Skip as skip:
        print(f"SKIPPED {name}: {skip}")
        sys.exit(SKIPPED)
    except Failure as failure:
        print(f"FAILED {name}: {failure}")
        sys.exit(1)
    print(f"PASSED {name} in {time.monotonic() - started:.0f} s")
