"""`crowdtide listen` beside what is published meanwhile."""
import itertools
import subprocess
import time


def listen(tide, say, *more, seconds=4):
    """What it prints while say() publishes; --for counts from its start, so `seconds` has to be enough for both."""
    child = subprocess.Popen(tide.command("listen", "--for", str(seconds), *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    before = list(itertools.takewhile(lambda line: not line.startswith("listening at"), child.stderr))  # warnings about the venue file
    time.sleep(0.5)  # it is connected; now it subscribes
    say()
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, "".join(before) + err
    return out
