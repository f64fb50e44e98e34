#!/usr/bin/env python3
"""outputs.py FILE…: what the tests that failed said last, each under its name, for tests/run.

A FILE is what ctest wrote as JUnit (*.xml), or the log of a step that failed. Of each test the last 40 lines, at most 6 KB, and of
all tests 40 KB: what shows a run may keep only its end. Lines that tell nothing (cases that passed, a sanitizer's map of the memory)
are left out, since the cause often stands before them.
"""
import os
import re
import sys
import xml.etree.ElementTree as tree

LINES = 40
LINE_CHARS = 400
TEST_BYTES = 6 * 1024
ALL_BYTES = 40 * 1024
PASSED = re.compile(r"\[ +(RUN|OK) +\]")
MAP_BEGINS, MAP_ENDS = "Shadow bytes around the buggy address", "=="


def failed(path):
    """(name, output) of each test in the file that failed."""
    if not path.endswith(".xml"):
        with open(path, encoding="utf-8", errors="replace") as log:
            return [(os.path.basename(path), log.read())]
    return [(case.get("name"), case.findtext("system-out") or "") for case in tree.parse(path).getroot().iter("testcase")
            if case.get("status") not in ("run", "notrun", "disabled")]


def telling(output):
    in_map = False
    for line in output.splitlines():
        in_map = line.startswith(MAP_BEGINS) or (in_map and not line.startswith(MAP_ENDS))
        if line.strip() and not in_map and not PASSED.match(line):
            yield line[:LINE_CHARS]


def end_of(output):
    shown, size = [], 0
    for line in reversed(list(telling(output))[-LINES:]):
        size += len(line.encode()) + 1
        if size > TEST_BYTES:
            break
        shown.insert(0, "    " + line)
    return shown or ["    (it said nothing)"]


def main(paths):
    left = ALL_BYTES
    tests = []
    for path in paths:
        try:
            tests += failed(path)
        except (OSError, tree.ParseError) as error:
            tests.append((os.path.basename(path), str(error)))
    for count, (name, output) in enumerate(tests):
        text = "\n".join([f"---- {name}", *end_of(output)])
        left -= len(text.encode()) + 1
        if left < 0:
            print(f"---- and {len(tests) - count} more")
            return
        print(text)


main(sys.argv[1:])
