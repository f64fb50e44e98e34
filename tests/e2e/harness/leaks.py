"""The test's secrets, each in a file of its own, and where they must never show.

    vault = Vault(work)
    vault.file("mqtt")          a file with a fresh secret; vault.value("mqtt") is what is in it
    vault.check(checks, tides)  looks for all of them in logs, state directories, arguments, environments, help and `check`
"""
import pathlib
import secrets
import subprocess

from .crowdtide import binary
from .secured import secret_file

HELP = [[], ["run"], ["ingest"], ["process"], ["publish"], ["check"], ["simulate"], ["top"]]


class Vault:
    def __init__(self, work):
        self.work = work
        self.values = {}
        self.shown = {}  # where → what was seen there while programs ran

    def value(self, name):
        """Begins with a letter and has nothing that any server's configuration would want quoted."""
        return self.values.setdefault(name, "s" + secrets.token_hex(12))

    def file(self, name, mode=0o600):
        return str(secret_file(self.work, name, self.value(name), mode))

    def add_key(self, path):
        """The body of a PEM key is a secret, too."""
        self.values[str(path)] = max(pathlib.Path(path).read_text().splitlines(), key=len)

    def saw(self, where, text):
        self.shown[where] = text if isinstance(text, bytes) else text.encode()

    def look_at_processes(self):
        """What every user sees of the running programs (arguments), and what each hands on to its children (environment)."""
        for pid in subprocess.run(["pgrep", "-f", str(self.work.path)], capture_output=True, text=True).stdout.split():
            try:
                if pathlib.Path(f"/proc/{pid}/exe").resolve() == binary().resolve():
                    for what in ("cmdline", "environ"):
                        self.saw(f"{what} of {pid}", pathlib.Path(f"/proc/{pid}/{what}").read_bytes())
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has ended meanwhile

    def check(self, checks, tides):
        for command in HELP:
            done = subprocess.run([str(binary()), *command, "--help"], capture_output=True, timeout=60)
            self.saw(f"{command} --help", done.stdout + done.stderr)
        for tide in tides:
            done = subprocess.run(tide.command("check", "--json"), capture_output=True, timeout=60)
            self.saw(f"check --json of {tide.name}", done.stdout + done.stderr)
            for path in [child.log_path for child in tide.programs.values()] + list(tide.state.rglob("*")):
                if path.is_file():
                    self.saw(str(path), path.read_bytes())
        checks.at_least("places where secrets were looked for", len(self.shown), 10)
        checks.none("secrets found there", [f"{name} in {where}" for where, text in self.shown.items()
                                            for name, value in self.values.items() if value.encode() in text])


def world_readable(checks, tide, files):
    """`files`: setting → file. Each is warned about once everybody may read it; the programs say so, too, when they start."""
    for path in files.values():
        pathlib.Path(path).chmod(0o644)
    done = subprocess.run(tide.command("check", "--json"), capture_output=True, text=True, timeout=60)
    for path in files.values():
        pathlib.Path(path).chmod(0o600)
    for setting, path in files.items():
        checks.true(f"warned about a file that everybody may read: {setting}",
                    f"{setting}: everybody on this machine may read {path}" in done.stdout)
