"""A small file system that can be filled and freed. Needs the right to mount one; Skip without it.

    with Disk(work.path / "state", 32) as disk:
        disk.fill()
        disk.free()
"""
import subprocess

from .workspace import Skip


class Disk:
    """A tmpfs of so many MiB at `path`, gone when the block ends."""

    def __init__(self, path, size_mib):
        self.path = path
        self.ballast = path / "ballast"
        path.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(path)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise Skip(f"can't mount a file system: {done.stderr.strip()}")

    def fill(self):
        with open(self.ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65536))
            except OSError:
                pass

    def free(self):
        self.ballast.unlink()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        subprocess.run(["umount", "--lazy", str(self.path)], check=False)
