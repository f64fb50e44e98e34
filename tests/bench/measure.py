"""What the kernel knows of a process: CPU time and memory."""
import pathlib
import statistics


def cpu_ns(pid):
    """CPU time of all living threads of a process, in nanoseconds (the clock ticks of /proc/PID/stat are 10 ms)."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except OSError:
            pass  # a thread that has just ended
    return total


class Meter:
    """CPU time of some processes over a span."""

    def __init__(self, pids):
        self.pids = pids
        self.before = {name: cpu_ns(pid) for name, pid in pids.items()}

    def per_message_us(self, messages):
        return {name: (cpu_ns(pid) - self.before[name]) / 1000 / messages for name, pid in self.pids.items()}


def memory_kib(pid):
    """Private memory as smaps_rollup tells it: all of it, and the part that is not a cached file."""
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split()[:2]
        fields[name.rstrip(":")] = int(value)
    return {"private": fields["Private_Clean"] + fields["Private_Dirty"], "anonymous": fields["Anonymous"],
            "pss": fields["Pss"]}


def median_of(rows):
    """A list of dicts of numbers → the dict of their medians."""
    return {name: statistics.median(row[name] for row in rows) for name, value in rows[0].items()
            if not isinstance(value, str)}
