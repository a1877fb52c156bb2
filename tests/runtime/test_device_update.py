"""Device rules of a cgroup are replaced as a whole, however often (kern/cgroup-device)."""

import subprocess

import kist
import pytest
import sandbox

TOOL = kist.BIN.parent / "src" / "cmd" / "runtime" / "device-tool"


@pytest.fixture
def cgroup():
    name = kist.unique("devices")
    yield name
    sandbox.remove_cgroups([name])


def apply(cgroup, *rules):
    subprocess.run([TOOL, cgroup, *rules], check=True)


def can_read(cgroup, *devices):
    """Which of the devices somebody in the cgroup can open."""
    joins = " ".join(f"echo $$ >{folder}/cgroup.procs;" for folder in sandbox.cgroups_named([cgroup]))
    tries = " ".join(f"(: <{device}) 2>&- && echo {device};" for device in devices)
    return subprocess.run(["sh", "-c", f"{joins} {tries} true"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()


def test_later_rules_take_the_place_of_earlier_ones(cgroup):
    apply(cgroup, "-a", "+c 1 3")
    assert can_read(cgroup, "/dev/null", "/dev/zero") == ["/dev/null"]
    # What the first refused is allowed now: nothing of it is left to disagree.
    apply(cgroup, "-a", "+c 1 5")
    assert can_read(cgroup, "/dev/null", "/dev/zero") == ["/dev/zero"]
    apply(cgroup, "+a")
    assert can_read(cgroup, "/dev/null", "/dev/zero") == ["/dev/null", "/dev/zero"]


def test_a_hundred_updates_are_as_good_as_one(cgroup):
    # The kernel holds 64 programs on a cgroup.
    for _ in range(100):
        apply(cgroup, "-a", "+c 1 3")
    assert can_read(cgroup, "/dev/null", "/dev/zero") == ["/dev/null"]
