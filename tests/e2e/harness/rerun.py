"""The same readings once more, without anything that went wrong: every result must be the same.

    logs = {name: tide.export(name) for name in ("alerts", "bulk")}
    rerun.check(checks, logs, rerun.run(work, tide))
"""
import collections
import itertools
import shutil

from . import results
from .crowdtide import Crowdtide, settle
from .workspace import wait


def run(work, tide, prepare=None):
    """The results logs of again()."""
    undisturbed = again(work, tide, prepare)
    return {name: undisturbed.export(name) for name in ("alerts", "bulk")}


def again(work, tide, prepare=None):
    """A Crowdtide whose process has run over a copy of the readings log, without a single kill. prepare(it) is called before it starts."""
    undisturbed = Crowdtide(work, tide.venue_path.read_text(), name="again")
    settle(shutil.copytree(tide.state / "readings", undisturbed.state / "readings"))
    if prepare:
        prepare(undisturbed)
    last = tide.log_facts("readings")["last_seq"]
    undisturbed.start("process")
    wait("the uninterrupted run has read everything", lambda: undisturbed.counter("process", "input_seq") == last, 300,
         every=0.2, children=[undisturbed.child("process")])
    undisturbed.stop("process")
    return undisturbed


def compare(tide, undisturbed, log):
    """(results compared, how many of them are not the same); one by one, for logs that do not fit into memory."""
    pairs = itertools.zip_longest(tide.records(log), undisturbed.records(log))
    compared = different = 0
    for ours, theirs in pairs:
        compared += 1
        different += ours is None or theirs is None or results.essence(ours) != results.essence(theirs)
    return compared, different


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
