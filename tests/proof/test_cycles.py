"""Many containers one after another, and operations killed at every system call: nothing adds up."""

import os
import re
import shutil
import subprocess

import kist
import leakcheck as check
import pytest

CYCLES = int(os.environ.get("KIST_CYCLES", "1000"))
OPERATIONS = {
    "run": ["run", "-d", "--name", "victim", "-p", "18080:80", "busybox", "sleep", "1000"],
    "run --rm": ["run", "--rm", "--network", "none", "--name", "victim", "busybox", "true"],
    "rm": ["rm", "-f", "victim"],
}


def take():
    return check.Snapshot(kist.Engine.living, kist.Engine.tags)


def cycle(engine, number):
    name = f"cycle{number}"
    engine.kist("create", "--name", name, "busybox", "sleep", "1000")
    engine.kist("start", name)
    engine.kist("rm", "-f", name)


@pytest.mark.parametrize("count", [20, pytest.param(CYCLES, marks=pytest.mark.slow)])
def test_cycles_of_create_start_and_remove_leave_nothing(shared_engine, count):
    cycle(shared_engine, 0)
    before = take()
    for number in range(count):
        cycle(shared_engine, number)
    assert check.settled(before, take) == []


def calls_of(engine, arguments, log):
    """[(name, how manieth of that name)] of the system calls that kist itself makes."""
    subprocess.run(["strace", "-o", log, *engine.command(*arguments)], env=engine.env, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=60)
    seen, found = {}, []
    for name in re.findall(r"^(\w+)\(", log.read_text(errors="replace"), re.M):
        seen[name] = seen.get(name, 0) + 1
        found.append((name, seen[name]))
    return found[1:]  # the first is strace's own execve


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("every", [40, pytest.param(1, marks=pytest.mark.slow)])
def test_a_kill_at_a_system_call_leaves_a_whole_container_or_none(shared_engine, tmp_path, operation, every):
    engine, arguments = shared_engine, OPERATIONS[operation]

    def prepare():
        engine.remove_all()
        if operation == "rm":
            engine.kist(*OPERATIONS["run"])

    prepare()
    calls = calls_of(engine, arguments, tmp_path / "calls")
    engine.remove_all()
    before = take()
    for name, when in calls[::every]:
        prepare()
        subprocess.run(["strace", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={when}",
                        *engine.command(*arguments)], env=engine.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False, timeout=60)
        left = engine.containers()  # the next command undoes or completes what was begun
        assert len(left) <= 1, (name, when)
        # what the monitor's own cleanup has begun meanwhile, it ends
        kist.wait_until(lambda: not list((engine.root / "intents").glob("[!.]*")), what=f"no intent after {name} {when}")
        left = engine.containers()
        if left:
            engine.inspect(left[0])
        engine.remove_all()
        assert check.settled(before, take) == [], (name, when)
