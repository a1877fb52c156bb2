"""An attacker in the door's place reaches nothing but the request records.

tests/kistd/break-in.c is the spawner as it is, with other code behind its door: code that confines
itself as the door does and then tries what could be of use. The control is the same program without
the sandbox: there every attempt works, so that each says something.
"""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import kist
import pytest

PROGRAM = kist.BIN.parent / "src" / "cmd" / "kistd" / "kistd-break-in"
NAMESPACES = ("mnt", "net", "ipc", "uts", "pid")


class Broken:
    """The spawner with an attacker for a door."""

    def __init__(self, folder, name):
        self.socket = folder / "s"
        self.log = folder / "log"
        program = folder / name
        shutil.copy(PROGRAM, program)
        env = {**os.environ, "KIST_LIBEXEC": str(kist.BIN), "KIST_ROOT": str(folder / "root"),
               "KIST_RUNROOT": str(folder / "run")}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([program, f"unix://{self.socket}"], stdin=subprocess.DEVNULL, stderr=log,
                                            env=env)

    def text(self):
        return self.log.read_text()

    def results(self):
        """{attempt: "ok" or "error N"} of the first door."""
        kist.wait_until(lambda: "done\n" in self.text(), what="the attempts")
        lines = self.text().partition("done\n")[0].splitlines()
        return dict(line.split(": ", 1) for line in lines)

    def doors(self):
        """All children of the spawner that are doors."""
        found = []
        for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            if b"door" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                found.append(int(pid))
        return found

    def say(self, byte):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.socket))
            client.send(bytes([byte]))


@pytest.fixture
def broken(tmp_path):
    running = []

    def start(name):
        folder = tmp_path / name
        folder.mkdir()
        running.append(Broken(folder, name))
        return running[-1]

    yield start
    for one in running:
        doors = one.doors() if one.process.poll() is None else []
        one.process.kill()
        one.process.wait()
        for door in doors:
            kist.wait_until(lambda pid=door: not kist.alive(pid), what="the door to end")


def test_nothing_works_behind_the_door_that_works_without_it(broken):
    control = broken("kistd-unconfined").results()
    confined = broken("kistd-confined").results()
    assert set(control) == set(confined) and len(confined) > 25
    assert {name: result for name, result in control.items() if result != "ok"} == {}
    # EPERM, each of them
    assert {name: result for name, result in confined.items() if result != "error 1"} == {}


def status(pid):
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


def assert_confined(door, spawner):
    fields = status(door)
    assert set(fields["Uid"].split()) == set(fields["Gid"].split()) == {"1879048190"}
    assert fields["Groups"].strip() == ""
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0, name
    assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2"
    for name in NAMESPACES:
        assert os.readlink(f"/proc/{door}/ns/{name}") != os.readlink(f"/proc/{spawner}/ns/{name}"), name
    assert os.listdir(f"/proc/{door}/root/") == []
    assert os.listdir(f"/proc/{door}/cwd/") == []
    # one mount, read-only and empty
    mounts = Path(f"/proc/{door}/mountinfo").read_text().splitlines()
    assert len(mounts) == 1 and " ro," in mounts[0]
    descriptors = {os.readlink(f"/proc/{door}/fd/{fd}").split(":")[0] for fd in os.listdir(f"/proc/{door}/fd")}
    assert descriptors <= {"/dev/null", "socket", "anon_inode"} | {d for d in descriptors if d.endswith("log")}


def test_the_door_is_as_confined_as_the_attacker(kistd, broken):
    assert_confined(kistd.door, kistd.process.pid)
    attacker = broken("kistd-confined")
    attacker.results()
    assert_confined(attacker.doors()[0], attacker.process.pid)


def test_lies_to_the_spawner_are_the_end_of_the_door_and_of_nothing_else(broken):
    attacker = broken("kistd-confined")
    attacker.results()
    for kind in range(5):
        door = attacker.doors()[0]
        ends = attacker.text().count("done\n")
        attacker.say(kind)
        kist.wait_until(lambda pid=door: not kist.alive(pid), what=f"the end of the door after lie {kind}")
        kist.wait_until(lambda n=ends: attacker.text().count("done\n") > n, what="another door")
        assert attacker.process.poll() is None
        # what was asked with garbage has ended, and has done nothing
        kist.wait_until(lambda: len(children(attacker.process.pid)) == 1, what="the operations to end")
    assert len(os.listdir(f"/proc/{attacker.process.pid}/fd")) < 16


def test_a_door_that_does_not_listen_cannot_keep_the_spawner(broken):
    attacker = broken("kistd-confined")
    attacker.results()
    attacker.process.terminate()
    assert attacker.process.wait(timeout=20 * kist.PATIENCE) == 0


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
