"""The monitor reaps what it started: no dead process of a container is left to whoever is PID 1."""

import subprocess
import sys

import pytest

import kist

# Adopts orphans as PID 1 does, but reaps none: what is left to it stays to be seen.
ADOPT = """
import ctypes, os, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
for command in sys.argv[1:]:
    subprocess.run(command.split(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
time.sleep(0.3)
for entry in os.listdir("/proc"):
    try:
        name, _, rest = open(f"/proc/{int(entry)}/stat").read().partition("(")[2].rpartition(")")
    except (OSError, ValueError):
        continue
    if rest.split()[:2] == ["Z", str(os.getpid())]:
        print(name)
"""


@pytest.mark.parametrize("flags", ["", "--rm", "-i"])
@pytest.mark.parametrize("end", ["rm -f one", "kill one", "stop -t 0 one"])
def test_no_dead_process_is_left_to_pid_1(engine, flags, end):
    program = kist.program("kist")
    commands = [f"{program} run -d {flags} --name one busybox sleep 60",
                f"{program} exec one true", f"{program} {end}"]
    done = subprocess.run([sys.executable, "-c", ADOPT, *commands], env=engine.env, stdout=subprocess.PIPE,
                          text=True, check=True, timeout=60 * kist.PATIENCE)
    assert set(done.stdout.split()) <= {"kist-monitor", "kist"}
    engine.kist("rm", "-f", "one")
