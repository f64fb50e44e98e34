"""Checks that are all made before the test gives its verdict, printed as a table.

    with Checks() as checks:
        checks.equal("messages", count, 7)
"""
import base64
import collections

from .workspace import Failure


class Checks:
    def __init__(self):
        self.rows = []
        self.failures = []

    def note(self, what, value):
        self.rows.append((what, str(value), ""))

    def equal(self, what, value, expected, show=str):
        good = value == expected
        value, expected = show(value), show(expected)
        self.rows.append((what, str(value), "ok" if good else f"WRONG, expected {expected}"))
        if not good:
            self.failures.append(f"{what}: {value}, expected {expected}")

    def true(self, what, good, value=""):
        self.rows.append((what, str(value), "ok" if good else "WRONG"))
        if not good:
            self.failures.append(f"{what}: {value}")

    def at_least(self, what, value, least):
        self.true(f"{what} (at least {least})", value >= least, value)

    def none(self, what, found):
        """`found` must be empty; its first few members are shown."""
        found = list(found)
        self.rows.append((what, str(len(found)), "ok" if not found else "WRONG, e.g. " + ", ".join(map(str, found[:3]))))
        if found:
            self.failures.append(f"{what}: {len(found)}, e.g. {found[:3]}")

    def lost_none(self, publisher, readings):
        """Every message that the broker acknowledged to the publisher is in the readings log."""
        logged = collections.Counter((record["topic"], base64.b64decode(record["payload_base64"]))
                                     for record in readings if record["type"] == "mqtt")
        acknowledged = collections.Counter(publisher.acknowledged)
        self.note("messages acknowledged by the broker", sum(acknowledged.values()))
        self.note("messages in the readings log (repeats by the broker included)", sum(logged.values()))
        self.none("acknowledged but not in the readings log", (acknowledged - logged).elements())
        self.none("sequences of the readings log that do not rise",
                  [b["seq"] for a, b in zip(readings, readings[1:]) if b["seq"] <= a["seq"]])

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        """Prints the table, also when the test broke off; a failed check is a Failure."""
        width = max((len(row[0]) for row in self.rows), default=0)
        for what, shown, mark in self.rows:
            print(f"  {what:<{width}}  {shown:>10}  {mark}")
        if kind is None and self.failures:
            raise Failure("; ".join(self.failures))
        return False
