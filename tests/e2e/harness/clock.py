"""A wall clock that can be stepped, for programs started with its environment (libfaketime). Skip without it.

    clock = Clock(work)
    child.environment = clock.environment
    clock.step(3600)          seconds away from the true time; within a second all of them see it
"""
import glob
import pathlib
import subprocess

from .workspace import Skip

LIBRARY = "/usr/lib/*/faketime/libfaketimeMT.so.1"


class Clock:
    def __init__(self, work):
        libraries = glob.glob(LIBRARY)
        if not libraries:
            raise Skip("libfaketime is not installed (package faketime)")
        shim = work.path / "clock_shim.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, pathlib.Path(__file__).with_name("clock_shim.c")], check=True)
        self._file = work.path / "clock"
        self.step(0)
        # Only the wall clock steps: nothing on a real machine steps the monotonic clocks either.
        self.environment = {"LD_PRELOAD": f"{shim}:{libraries[0]}", "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_CACHE_DURATION": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}

    def step(self, seconds):
        whole = self._file.with_suffix(".new")
        whole.write_text(f"{seconds:+d}\n")
        whole.rename(self._file)
