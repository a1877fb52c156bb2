"""An attacker who is quicker: what a path names changes while the runtime walks it. RT-09: CVE-2021-30465.

tests/step does this at every single call; here a racer does it as attackers do, and the controls show that
both ways lead a runtime out that joins strings.
"""

import subprocess
import sys
import time

import kist
import pytest

NAIVE = kist.BIN.parent / "tests" / "security" / "runtime-without-resolve-tool"
RACER = """
import ctypes, sys
libc = ctypes.CDLL(None)
a, b = (name.encode() for name in sys.argv[1:])
while True:
    libc.renameat2(-100, a, -100, b, 2)
"""


class Race:
    """In the volume "shared", sub is in turn a folder and a symlink to the canary."""

    def __init__(self, engine, canary):
        engine.kist("run", "--rm", "-v", "shared:/v", "busybox", "true")
        self.engine, self.canary = engine, canary
        self.data = engine.root / "volumes" / "shared" / "_data"
        (self.data / "sub").mkdir()
        (self.data / "link").symlink_to(canary.folder)
        self.racer = subprocess.Popen([sys.executable, "-S", "-c", RACER, self.data / "sub", self.data / "link"])

    def touched(self, *options):
        """Whether a container whose mount points lie in the middle of it makes something of the host's."""
        self.engine.kist("run", "--rm", *options, "-v", "shared:/v", "--tmpfs", "/v/sub/new", "--tmpfs", "/v/sub/deep/er",
                         "busybox", "true", status=None)
        return not self.canary.unchanged()

    def close(self):
        kist.kill_and_reap(self.racer)


@pytest.fixture
def race(engine, canary):
    race = Race(engine, canary)
    yield race
    race.close()


def test_no_race_leads_a_mount_point_out(race):
    assert not any(race.touched() for _ in range(40))


def test_the_same_race_leads_a_naive_runtime_out(race):
    deadline = time.monotonic() + 60 * kist.PATIENCE
    while not race.touched("--runtime", NAIVE):
        assert time.monotonic() < deadline, "the racer never wins: it proves nothing"
