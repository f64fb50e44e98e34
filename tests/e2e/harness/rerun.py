"""The same readings once more, without anything that went wrong: every result must be the same.

    logs = {name: tide.export(name) for name in ("alerts", "bulk")}
    rerun.check(checks, logs, rerun.run(work, tide))
"""
import collections
import shutil

from . import results
from .crowdtide import Crowdtide
from .workspace import wait


def run(work, tide, prepare=None):
    """process over a copy of the readings log, without a single kill. prepare(again) is called before it starts."""
    again = Crowdtide(work, tide.venue_path.read_text(), name="again")
    shutil.copytree(tide.state / "readings", again.state / "readings")
    if prepare:
        prepare(again)
    last = tide.log_facts("readings")["last_seq"]
    again.start("process")
    wait("the uninterrupted run has read everything", lambda: again.counter("process", "input_seq") == last, 60,
         every=0.2, children=[again.child("process")])
    again.stop("process")
    return {name: again.export(name) for name in ("alerts", "bulk")}


def check(checks, logs, rerun):
    """Each result once, in order, and equal to those of a run that was never killed."""
    for name in ("alerts", "bulk"):
        identities = [results.identity(r) for r in logs[name]]
        checks.note(f"results in the {name} log", len(identities))
        checks.none(f"{name} log: results that stand there twice",
                    [i for i, n in collections.Counter(identities).items() if n > 1])
        checks.true(f"{name} log: in the order of their inputs", identities == sorted(identities))
        ours, theirs = [[results.essence(r) for r in each[name]] for each in (logs, rerun)]
        checks.equal(f"{name} log: results of the uninterrupted run", len(theirs), len(ours))
        checks.none(f"{name} log: differs from the uninterrupted run",
                    [f"{a} / {b}"[:400] for a, b in zip(ours, theirs) if a != b])
