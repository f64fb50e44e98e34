"""A certificate authority that lives as long as the test, made by openssl.

    authority = Authority(work, "ca")
    server = authority.issue("broker", "IP:127.0.0.1")     server.cert, server.key: PEM files
"""
import dataclasses
import pathlib
import subprocess

from .servers import program
from .workspace import Failure

DAYS = "2"


@dataclasses.dataclass
class Identity:
    cert: pathlib.Path
    key: pathlib.Path


def openssl(*arguments):
    done = subprocess.run([program("openssl", "openssl"), *map(str, arguments)], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Failure(f"openssl {arguments[0]}: {done.stderr[-500:]}")


def with_passphrase(identity):
    """The same, the key under a passphrase."""
    key = identity.key.with_suffix(".locked")
    openssl("pkey", "-in", identity.key, "-aes256", "-passout", "pass:locked", "-out", key)
    key.chmod(0o600)
    return Identity(identity.cert, key)


class Authority:
    """`cert` is what a client trusts."""

    def __init__(self, work, name):
        self.folder = work.directory(name)
        self.cert, self.key = self._make("authority", name, ["-addext", "basicConstraints=critical,CA:TRUE"])

    def _make(self, name, subject, more):
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", DAYS,
                "-subj", f"/CN={subject}", "-keyout", key, "-out", cert, *more)
        key.chmod(0o600)
        return cert, key

    def issue(self, name, alternative=None):
        """A certificate and its key. `alternative`: what a server's certificate vouches for, "IP:127.0.0.1" or "DNS:…"."""
        more = ["-CA", self.cert, "-CAkey", self.key, "-addext", "basicConstraints=critical,CA:FALSE"]
        more += ["-addext", f"subjectAltName={alternative}"] if alternative else []
        return Identity(*self._make(name, name, more))
