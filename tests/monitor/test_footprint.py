"""What a monitor costs, and what it leaves alone: mounts, descriptors, memory, wake-ups; and the log on
a disk that is full."""

import ctypes
import json
import os
import subprocess
import time

import pytest
from monitor import (COMMIT, STDIN, STDOUT, Monitor, alive, kill_quietly, wait_until)

LIBC = ctypes.CDLL(None, use_errno=True)


def private_dirty(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1])


def mount_points(pid):
    with open(f"/proc/{pid}/mountinfo") as f:
        return [line.split()[4] for line in f]


def namespace(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{kind}")


def voluntary_switches(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(next(line for line in f if line.startswith("voluntary")).split()[1])


def test_a_monitor_at_rest_is_small_and_still(make):
    containers = [make(["sh", "-c", "seq 1 100000; exec sleep 1000"], stdin=True, cleanup=True) for _ in range(2)]
    for c in containers:
        c.run(attach=STDIN)
    time.sleep(2.5)
    os.sync()
    for c in containers:
        pid = c.process.pid
        assert private_dirty(pid) <= 100
        before = voluntary_switches(pid)
        time.sleep(1)
        assert voluntary_switches(pid) == before
        kill_quietly(c.state["pid"])
        assert c.owner.exited()["code"] == 137


def test_a_monitor_holds_few_descriptors_and_only_its_own(make):
    read, write = os.pipe()
    netns = os.open("/proc/self/ns/net", os.O_RDONLY)
    c = make(["sleep", "1000"], stdin=True, extra=["--netns-fd", str(netns), "--hold-fd", str(write)])
    # one that nobody named is inherited as well, and closed
    owner = c.start(pass_fds=[netns, write, read])
    owner.started()
    owner.send(COMMIT)
    os.close(write)
    time.sleep(1.5)
    folder = f"/proc/{c.process.pid}/fd"
    kinds = [os.readlink(f"{folder}/{name}") for name in os.listdir(folder)]
    os.close(netns)
    assert sum(kind.startswith("net:[") for kind in kinds) == 1
    assert sum(kind.startswith("pipe:[") for kind in kinds) == 1 + 2  # held; both ends of the one to look through
    assert not any("inotify" in kind for kind in kinds)
    assert sum(kind == "/dev/null" for kind in kinds) == 3
    # held: a pipe, the network namespace; three streams, log and progress of reading, epoll, signals, pidfd, owner,
    # control socket, bundle, both ends of the pipe to look through
    assert len(kinds) <= 3 + 2 + 13, "\n".join(kinds)
    # held for the life of the container, and no longer
    os.kill(json.load(open(f"{c.bundle}/state.json"))["pid"], 9)
    assert owner.exited()["code"] == 137
    assert os.read(read, 1) == b""
    os.close(read)


def test_the_container_inherits_nothing(make):
    read, write = os.pipe()
    c = make(["sh", "-c", "ls -l /proc/self/fd; cat /proc/self/oom_score_adj; umask"], extra=["--hold-fd", str(write)])
    os.symlink("busybox", c.path("layer/bin/umask"))
    owner = c.start(pass_fds=[write])
    owner.started()
    owner.send(17, bytes([STDOUT]))
    owner.send(COMMIT)
    owner.exited()
    os.close(read)
    os.close(write)
    lines = owner.output[1].decode().splitlines()
    numbers = [line.split(" -> ")[0].split()[-1] for line in lines if line.startswith("l")]
    assert numbers == ["0", "1", "2", "3"], lines  # three streams, and the directory that ls reads
    with open("/proc/self/oom_score_adj") as f:
        assert f.read().strip() in lines
    assert "0022" in lines


def test_no_mount_is_seen_outside_and_the_monitor_returns_to_its_namespace(make):
    c = make(["sh", "-c", "echo text > /file; exec sleep 1000"])
    before = mount_points("self")
    c.run()
    assert mount_points("self") == before
    wait_until("the monitor is back", lambda: namespace(c.process.pid, "mnt") == namespace("self", "mnt"), 5)
    assert mount_points(c.process.pid) == before
    wait_until("it is written", lambda: os.path.exists(c.path("upper/file")))
    with open(f"/proc/{c.state['pid']}/root/file") as f:
        assert f.read() == "text\n"
    assert os.listdir(f"{c.bundle}/rootfs") == []
    assert not os.path.exists(c.path("layer/file"))


def test_the_overlay_keeps_what_docker_s_options_keep(make):
    c = make(["sleep", "1000"], extra=["--volatile"])
    c.run()
    with open(f"/proc/{c.state['pid']}/mountinfo") as f:
        root = next(line for line in f if line.split()[4] == "/")
    assert " overlay " in root and "volatile" in root
    assert "index=on" not in root and "metacopy=on" not in root


def test_a_volatile_container_starts_again(make):
    c = make(["sh", "-c", "echo more >> /file"], extra=["--volatile"])
    for _ in range(3):
        c.run().exited()
        c.wait()
        subprocess.run([c.runtime, "--root", c.runtime_root, "delete", "--force", c.id], check=True)
        c.owner.close()
    with open(c.path("upper/file")) as f:
        assert f.read() == "more\n" * 3


def test_128_layers_shadow_each_other_in_order_and_129_are_refused(make):
    c = make(["sh", "-c", "cat /name; ls / | wc -l"], layers=False)
    names = []
    for i in range(127):
        layer = c.path(f"lower,with:odd \"names\\{i}")
        os.mkdir(layer)
        for name in ("name", f"file{i}"):
            with open(f"{layer}/{name}", "w") as f:
                f.write(f"{i}\n")
        names += ["--lower", layer]
    c.args += names + ["--lower", c.path("layer"), "--upper", c.path("upper"), "--work", c.path("work")]
    owner = c.run(attach=STDOUT)
    assert owner.exited()["code"] == 0
    first, count = owner.output[1].split()
    assert first == b"0" and int(count) >= 127 + 1 + 5
    d = make(["true"], extra=names + names[:2])
    assert "129 layers" in d.start().failed()[1]


def test_a_single_layer_without_an_upper_is_read_only(make):
    c = make(["sh", "-c", "touch /file; echo $?"], layers=False)
    c.args += ["--lower", c.path("layer")]
    owner = c.run(attach=STDOUT)
    owner.exited()
    assert owner.output[1] == b"1\n"
    assert not os.path.exists(c.path("layer/file"))


def test_a_root_file_system_by_path_is_bound(make):
    c = make(["sh", "-c", "echo here > /file"], layers=False)
    c.args += ["--rootfs", c.path("layer")]
    assert c.run().exited()["code"] == 0
    with open(c.path("layer/file")) as f:
        assert f.read() == "here\n"


def test_a_bundle_with_a_long_path_has_its_control_socket(make, tmp_path):
    folder = tmp_path / ("d" * 100) / ("e" * 100)
    c = Monitor(folder, ["sleep", "1000"])
    try:
        c.run()
        client = c.connect()
        client.send(19)
        kill_quietly(c.state["pid"])
        assert client.exited()["code"] == 137
    finally:
        c.close()


@pytest.fixture
def small_disk(tmp_path):
    folder = str(tmp_path / "disk")
    os.mkdir(folder)
    if LIBC.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, b"size=64k") != 0:
        raise OSError(ctypes.get_errno(), "mount")
    yield folder
    LIBC.umount2(folder.encode(), 2)


def test_a_full_disk_stops_the_log_and_not_the_container(make, small_disk):
    c = make(["sh", "-c", "seq 1 20000; read go; echo again; sleep 0.1; echo end"], stdin=True)
    c.log = f"{small_disk}/log"
    c.args += ["--log", c.log]
    owner = c.run(attach=STDIN | STDOUT)
    wait_until("all is written", lambda: collect(owner) and owner.output[1].endswith(b"\n20000\n"))
    records = c.records()  # every line is whole
    assert 100 < len(records) < 20000
    kept = "".join(r["log"] for r in records)
    assert "".join(f"{i}\n" for i in range(1, 20001)).startswith(kept)
    os.truncate(c.log, 0)
    time.sleep(1.1)  # the disk is not tried more often
    owner.input(b"go\n")
    assert owner.exited()["code"] == 0
    said = [r["log"] for r in c.records()]
    lost = sum(len(f"{i}\n") for i in range(1, 20001)) - len(kept)
    assert said == [f"kist-monitor: {lost} bytes of output are not logged: No space left on device\n", "again\n", "end\n"]


def collect(connection):
    try:
        kind, data = connection.receive(0.05)
        connection.output[data[0]] += data[1:]
    except TimeoutError:
        pass
    return True


def fill(folder):
    with open(f"{folder}/filler", "wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(4096))
        except OSError:
            pass


def test_an_exit_is_recorded_on_a_disk_that_is_full_by_then(make, small_disk):
    c = make(["sh", "-c", "read go; exit 9"], stdin=True, extra=["--sync"])
    c.args += ["--exit", f"{small_disk}/exit.json"]
    owner = c.run(attach=STDIN)
    wait_until("room is taken", lambda: ".exit-reserved" in os.listdir(small_disk))
    fill(small_disk)
    owner.input(b"go\n")
    told = owner.exited()
    assert told["code"] == 9
    with open(f"{small_disk}/exit.json") as f:
        assert json.load(f) == told
    assert sorted(os.listdir(small_disk)) == ["exit.json", "filler"]
    assert c.wait() == 0


def test_an_exit_record_that_cannot_be_written_is_still_told(make, small_disk):
    c = make(["sh", "-c", "read go; exit 9"], stdin=True)
    c.args += ["--exit", f"{small_disk}/exit.json"]
    owner = c.run(attach=STDIN)
    fill(small_disk)
    owner.input(b"go\n")
    assert owner.exited()["code"] == 9
    assert c.wait() == 0


def test_room_taken_for_the_exit_record_is_given_back(make):
    c = make(["sh", "-c", "sleep 1.3"])
    assert c.run().exited()["code"] == 0
    assert ".exit-reserved" not in os.listdir(c.folder)
