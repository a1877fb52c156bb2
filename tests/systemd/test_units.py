"""kist among systemd's units: a container and its monitor are not systemd's to end, their limits not its to take."""

import os
import subprocess
import time
from pathlib import Path

import kist
import pytest

TREE = Path("/sys/fs/cgroup")
LIMITS = ("--memory", "64m", "--cpus", "0.5", "--pids-limit", "50")


def systemctl(*args):
    subprocess.run(["systemctl", *args], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60 * kist.PATIENCE)


@pytest.fixture
def unit():
    """Starts services whose part of the tree is delegated; unit(name, command...) waits until it runs."""
    started = []

    def start(*command, wait=False, engine=None):
        name = f"kist-test-{os.getpid()}-{len(started)}"
        started.append(name)
        environment = [f"--setenv={key}={engine.env[key]}" for key in ("KIST_ROOT", "KIST_RUNROOT")] if engine else []
        subprocess.run(["systemd-run", "--quiet", f"--unit={name}", "--property=Delegate=yes", "--property=TimeoutStopSec=5",
                        *(["--property=RemainAfterExit=yes", "--property=Type=oneshot"] if wait else []), *environment, *(str(word).replace("$", "$$") for word in command)],
                       check=True, timeout=60 * kist.PATIENCE)
        return name

    yield start
    for name in started:
        subprocess.run(["systemctl", "stop", name], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["systemctl", "reset-failed", name], check=False, stderr=subprocess.DEVNULL)


def cgroup_of(pid):
    return TREE / Path(f"/proc/{pid}/cgroup").read_text().strip().rpartition(":")[2].lstrip("/")


def limits(engine, name):
    folder = cgroup_of(engine.inspect(name)["State"]["Pid"])
    return [(folder / file).read_text().strip() for file in ("memory.max", "cpu.max", "pids.max")]


EXPECTED = [str(64 << 20), "50000 100000", "50"]


def monitor_of(engine, name):
    pid = engine.inspect(name)["State"]["Pid"]
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_limits_outlast_what_systemd_does_to_its_own_tree(engine, unit):
    engine.kist("run", "-d", "--name", "limited", *LIMITS, "busybox", "sleep", "1000")
    assert limits(engine, "limited") == EXPECTED
    systemctl("daemon-reload")
    systemctl("stop", unit("sleep", "1000"))
    systemctl("daemon-reload")
    assert limits(engine, "limited") == EXPECTED


def test_a_slice_of_systemds_is_a_parent(engine):
    engine.kist("run", "-d", "--name", "limited", "--cgroup-parent", "/system.slice", *LIMITS, "busybox", "sleep", "1000")
    assert cgroup_of(engine.inspect("limited")["State"]["Pid"]).parent == TREE / "system.slice"
    systemctl("daemon-reload")
    assert limits(engine, "limited") == EXPECTED


def test_a_delegated_service_is_a_parent(engine, unit):
    # Under v2 only leaves hold processes: the service goes into one, as its manual says.
    name = unit("sh", "-c", "d=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); mkdir $d/self; echo $$ >$d/self/cgroup.procs; exec sleep 1000")
    service = TREE / "system.slice" / f"{name}.service"
    kist.wait_until(lambda: (service / "self" / "cgroup.procs").exists() and (service / "self" / "cgroup.procs").read_text())
    engine.kist("run", "-d", "--name", "limited", "--cgroup-parent", f"/system.slice/{name}.service/kist", *LIMITS,
                "busybox", "sleep", "1000")
    assert service in cgroup_of(engine.inspect("limited")["State"]["Pid"]).parents
    systemctl("daemon-reload")
    assert limits(engine, "limited") == EXPECTED
    engine.kist("rm", "-f", "limited")


def test_a_service_with_processes_of_its_own_is_refused_with_the_reason(engine, unit):
    name = unit("sleep", "1000")
    done = engine.kist("run", "--rm", "--cgroup-parent", f"/system.slice/{name}.service/kist", "--memory", "64m", "busybox", "true", status=125)
    assert "does not hand the controller memory down" in done.stderr


def test_a_container_outlives_the_service_that_started_it(engine, unit):
    began = time.monotonic()
    name = unit(kist.program("kist"), "run", "-d", "--name", "free", "busybox", "sleep", "1000", wait=True, engine=engine)
    kist.wait_until(lambda: engine.kist("inspect", "free", status=None).returncode == 0)
    monitor = monitor_of(engine, "free")
    kist.wait_until(lambda: cgroup_of(monitor) == TREE, what="the monitor leaving the service")
    systemctl("stop", name)
    assert time.monotonic() - began < 60 * kist.PATIENCE
    assert kist.alive(monitor) and engine.inspect("free")["State"]["Running"]
    # And its end is seen, by the one who would have been ended with the service.
    engine.kist("kill", "-s", "KILL", "free")
    assert engine.out("wait", "free") == "137"


def test_what_runs_in_a_unit_finds_its_way(engine, unit):
    name = unit(kist.program("kist"), "run", "--name", "inner", *LIMITS, "busybox", "sh", "-c", "exit 3", engine=engine)
    kist.wait_until(lambda: engine.kist("inspect", "inner", status=None).returncode == 0 and engine.inspect("inner")["State"]["Status"] == "exited")
    assert engine.inspect("inner")["State"]["ExitCode"] == 3
    systemctl("reset-failed", name)
