#!/usr/bin/env python3
"""What tests/run says of a run of ctest: verdicts (tally.py) and the last words of what failed (outputs.py)."""
import pathlib
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

FOLDER = pathlib.Path(__file__).parent
GOOD = "[==========] Running 2 test(s).\n[ RUN      ] a\n[       OK ] a\n[ RUN      ] b\n[       OK ] b\n[==========] 2 test(s) run.\n[  PASSED  ] 2 test(s).\n"
BAD = ("[==========] Running 51 test(s).\n[ RUN      ] first\n[  ERROR   ] --- 1 != 2\n[   LINE   ] --- x_test.c:7: error: Failure!\n[  FAILED  ] first\n"
       + "".join(f"[ RUN      ] c{i}\n[       OK ] c{i}\n" for i in range(50))
       + "[==========] 51 test(s) run.\n[  PASSED  ] 50 test(s).\n[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] first\n\n 1 FAILED TEST(S)\n")
CRASHED = ("[==========] Running 2 test(s).\n[ RUN      ] a\n==7==ERROR: AddressSanitizer: heap-use-after-free\n    #0 0x1 in eaten x.c:3\n"
           "Shadow bytes around the buggy address:\n" + "  0x0c: fa fa\n" * 60 + "==7==ABORTING\n")


def run(tool, *files):
    return subprocess.run([FOLDER / tool, *files], capture_output=True, text=True, check=True).stdout


def junit(path, *cases):
    """Cases are (name, status, output)."""
    path.write_text("<testsuite>" + "".join(f'<testcase name="{name}" status="{status}"><system-out>{escape(output)}</system-out></testcase>'
                                            for name, status, output in cases) + "</testsuite>")
    return path


def same(what, got, expected):
    if got != expected:
        sys.exit(f"{what}:\n{got}\nexpected:\n{expected}")


def test(folder):
    some = junit(folder / "some.xml", ("good", "run", GOOD), ("script", "run", "fine\n"), ("bad", "fail", BAD), ("crashed", "fail", CRASHED),
                 ("skipped", "notrun", "SKIPPED: no broker\n"), ("silent", "fail", ""))
    same("verdicts", run("tally.py", some),
         "failed bad: first\nfailed crashed: ended badly before its last case\nskipped skipped: no broker\nfailed silent: failed\npassed 53\n")
    said = run("outputs.py", some)
    same("who is shown", [line for line in said.splitlines() if line.startswith("----")], ["---- bad", "---- crashed", "---- silent"])
    for cause in ("    [   LINE   ] --- x_test.c:7: error: Failure!\n", "    #0 0x1 in eaten x.c:3\n    ==7==ABORTING\n", "silent\n    (it said nothing)\n"):
        same(f"{cause.strip()!r} is shown", cause in said, True)

    log = folder / "clang-tidy.log"
    log.write_text("".join(f"line {i}\n" for i in range(100)))
    same("a step's log", run("outputs.py", log), "---- clang-tidy.log\n" + "".join(f"    line {i}\n" for i in range(60, 100)))
    log.write_text("".join(f"{i} " + "é" * 300 + "\n" for i in range(100)))
    said = run("outputs.py", log)
    same("long lines: bounded, whole, to the end", (len(said.encode()) < 6500, said.count("\n"), "    99 é" in said), (True, 11, True))
    many = junit(folder / "many.xml", *((f"t{i}", "fail", ("x" * 200 + "\n") * 40) for i in range(20)))
    said = run("outputs.py", many, log)
    same("many: bounded, and how many more", (len(said) < 41000, said.splitlines()[-1]), (True, "---- and 15 more"))
    same("no file", run("outputs.py", folder / "none.xml").splitlines()[0], "---- none.xml")


with tempfile.TemporaryDirectory() as name:
    test(pathlib.Path(name))
