#!/usr/bin/env python3
"""tally.py JUNIT-FILE: what a ctest run found, one line a verdict, for tests/run.

    passed COUNT
    failed NAME: what
    skipped NAME: why

A cmocka program counts with its cases, another test as one. A program that ends badly without a failed case (a crash, a time-out, a
sanitizer's complaint) is one failure.
"""
import re
import sys
import xml.etree.ElementTree as tree

CASES = re.compile(r"^\[  (PASSED|FAILED|SKIPPED) +\] (?:[^:\n]*: )?(\d+) test", re.MULTILINE)
BAD_CASE = re.compile(r"^\[  FAILED  \] (?!\d)(\S+)$", re.MULTILINE)
ENDED = re.compile(r"^\[==========\] (?:[^:\n]*: )?\d+ test\(s\) run", re.MULTILINE)
REASON = re.compile(r"SKIPPED[^:\n]*: *(.+)")


def main(path):
    passed = 0
    for case in tree.parse(path).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        output = case.findtext("system-out") or ""
        count = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
        for word, number in CASES.findall(output):
            count[word] += int(number)
        for _ in range(count["SKIPPED"]):
            print(f"skipped {name}: a case")
        if status == "run":
            passed += count["PASSED"] or (0 if count["SKIPPED"] else 1)
        elif status in ("notrun", "disabled"):
            why = REASON.search(output)
            print(f"skipped {name}: {why.group(1).strip() if why else 'not run'}")
        else:
            passed += count["PASSED"]
            bad = sorted(set(BAD_CASE.findall(output)))
            if not bad or not ENDED.search(output):
                bad.append("ended badly before its last case" if "[==========]" in output else "failed")
            for which in bad:
                print(f"failed {name}: {which}")
    print(f"passed {passed}")


main(sys.argv[1])
