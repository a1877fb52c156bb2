"""What a container's cgroup is in goes with the last container, unless somebody else made it."""

import subprocess
from pathlib import Path

import kist
import sandbox


def parents(name):
    return [folder for folder in sandbox.cgroups_named([name]) if Path(folder).name == name]


def test_the_parent_of_all_goes_with_the_last_container(engine):
    engine.kist("run", "-d", "--name", "one", "busybox", "sleep", "60")
    engine.kist("run", "-d", "--name", "two", "busybox", "sleep", "60")
    assert parents(engine.tag)
    engine.kist("rm", "-f", "one")
    assert parents(engine.tag)
    engine.kist("rm", "-f", "two")
    assert parents(engine.tag) == []
    engine.kist("run", "--rm", "busybox", "true")
    assert parents(engine.tag) == []


def test_containers_start_while_others_take_the_parent_away(engine):
    running = [engine.start("run", "--rm", "--network", "none", "busybox", "true") for _ in range(4)]
    for _ in range(5):
        for i, process in enumerate(running):
            _, stderr = process.communicate(timeout=60 * kist.PATIENCE)
            assert process.returncode == 0, stderr
            running[i] = engine.start("run", "--rm", "--network", "none", "busybox", "true")
    for process in running:
        _, stderr = process.communicate(timeout=60 * kist.PATIENCE)
        assert process.returncode == 0, stderr
    kist.wait_until(lambda: parents(engine.tag) == [], what="the end of the parent")
