# SPDX-License-Identifier: MIT
"""imasim, for benches that need a kernel's list or measure it."""
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import time

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build/release"


class Imasim:
    """One that runs, and what it is asked."""

    def __init__(self, folder, *options):
        self.dir = folder / "ima"
        self.dir.mkdir(exist_ok=True)
        self.env = {**os.environ, "IMASIM_SOCKET": str(folder / "socket")}
        self.ask("run", "--background", *options, self.dir)

    def ask(self, *words):
        return subprocess.run([BUILD / "imasim", *map(str, words)], env=self.env, check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def load(self, seed, nr):
        """Records a second, as imasim itself says; all of them must be new."""
        found = re.match(r"(\d+) records in ([\d.]+) s, (\d+)/s", self.ask("load", seed, nr))
        if int(found[1]) != nr:
            sys.exit(f"imasim: {found[1]} records instead of {nr}")
        return int(found[3])

    def files(self, paths):
        """Records a second, with all that the client does."""
        before = self.count()
        start = time.monotonic()
        self.ask("measure", *paths)
        rate = len(paths) / (time.monotonic() - start)
        if self.count() - before != len(paths):
            sys.exit("imasim: not every file is a record")
        return round(rate)

    def count(self):
        return int((self.dir / "runtime_measurements_count").read_text())

    def stop(self):
        self.ask("stop")
        while os.path.ismount(self.dir) or os.path.exists(self.env["IMASIM_SOCKET"]):
            time.sleep(0.01)


@contextlib.contextmanager
def imasim(folder, *options):
    one = Imasim(folder, *options)
    try:
        yield one
    finally:
        one.stop()
