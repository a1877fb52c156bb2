"""The net has no holes: each kind of leak, made on purpose, is seen and named; and undoing it is enough."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import kist
import leakcheck as check
import pytest
import sandbox


def take():
    return check.Snapshot(kist.Engine.living, kist.Engine.tags)


def sleeper(*prefix):
    process = subprocess.Popen([*prefix, "sleep", "1000"])
    kist.wait_until(lambda: b"sleep" in Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")[0])
    return lambda: kist.kill_and_reap(process)


def command(do, undo):
    subprocess.run(do, check=True)
    return lambda: subprocess.run(undo, check=True)


def folder(path):
    os.mkdir(path)
    return lambda: os.rmdir(path)


def mount():
    where = tempfile.mkdtemp(prefix="kist-root-")
    subprocess.run(["mount", "-t", "tmpfs", "leak", where], check=True)
    return lambda: (subprocess.run(["umount", where], check=True), os.rmdir(where))


def descriptor():
    fd = os.open("/dev/null", os.O_RDONLY)
    return lambda: os.close(fd)


def open_socket():
    s = socket.socket()
    return s.close


def temporary():
    fd, name = tempfile.mkstemp()
    os.close(fd)
    return lambda: os.unlink(name)


def cgroup():
    return folder(os.path.join(next(sandbox.cgroup_mounts()), kist.unique("leak")))


def loop():
    path = kist.SESSION / "disk"
    with open(path, "wb") as disk:
        disk.truncate(1 << 20)
    device = subprocess.run(["losetup", "-f", "--show", path], check=True, stdout=subprocess.PIPE, text=True).stdout
    return lambda: (subprocess.run(["losetup", "-d", device.strip()], check=True), os.unlink(path))


LEAKS = {
    "process": ("left behind: process", sleeper),
    "network namespace": ("left behind: namespace net:", lambda: sleeper("unshare", "-n")),
    "mount": ("left behind: mount here:", mount),
    "mount elsewhere": ("left behind: mount mnt:", lambda: sleeper("unshare", "-m")),
    "interface": ("left behind: network link leak0", lambda: command(
        ["ip", "link", "add", "leak0", "type", "bridge"], ["ip", "link", "del", "leak0"])),
    "address": ("left behind: network address lo", lambda: command(
        ["ip", "addr", "add", "127.9.9.9/32", "dev", "lo"], ["ip", "addr", "del", "127.9.9.9/32", "dev", "lo"])),
    "route": ("left behind: network", lambda: command(
        ["ip", "route", "add", "blackhole", "203.0.113.0/24"], ["ip", "route", "del", "blackhole", "203.0.113.0/24"])),
    "table": ("left behind: firewall nft", lambda: command(
        ["nft", "add", "table", "inet", "leak"], ["nft", "delete", "table", "inet", "leak"])),
    "cgroup": ("left behind: cgroup", cgroup),
    "descriptor": ("left behind: own descriptor", descriptor),
    "socket": ("left behind: own descriptor", open_socket),
    "temporary file": ("left behind: temporary file", temporary),
    "loop device": ("left behind: loop device", loop),
}


@pytest.mark.parametrize("kind", LEAKS)
def test_a_leak_is_seen_and_its_end_too(kind):
    expected, make = LEAKS[kind]
    before = take()
    undo = make()
    try:
        lines = before.compare(take())
    finally:
        undo()
    assert any(line.startswith(expected) for line in lines), lines
    assert check.settled(before, take) == []


def test_what_is_gone_is_named():
    undo = sleeper()
    before = take()
    undo()
    assert any(line.startswith("gone: process") for line in before.compare(take()))


def test_records_that_stay_are_seen():
    engine = kist.Engine()
    try:
        before = take()
        for name in ("root/intents/pull-1", "run/network/ports/tcp-0.0.0.0-80", "root/images/.new-5-index.json"):
            path = engine.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
        lines = before.compare(take())
        assert len(lines) == 3, lines
    finally:
        kist.Engine.living.remove(engine)
        shutil.rmtree(engine.folder)


def test_a_killed_session_leaves_no_cgroup_no_process_and_no_folder(tmp_path):
    """SIGKILL to the outermost process; the janitor outside removes the rest."""
    script = tmp_path / "victim.py"
    script.write_text(
        "import os, sys, time\n"
        f"sys.path.insert(0, {str(kist.TOP / 'tests' / 'lib')!r})\n"
        "import kist, sandbox\n"
        "for top in sandbox.cgroup_mounts():\n"
        "    os.mkdir(os.path.join(top, kist.unique('x'))) if os.access(top, os.W_OK) else None\n"
        "print(os.environ['KIST_SESSION'], flush=True)\n"
        "time.sleep(1000)\n")
    env = {k: v for k, v in os.environ.items() if k != "KIST_SESSION"}
    outer = subprocess.Popen([sys.executable, kist.TOP / "tests" / "lib" / "sandbox.py", sys.executable, script],
                             stdout=subprocess.PIPE, text=True, env=env)
    session = Path(outer.stdout.readline().strip())
    assert session.is_dir()
    assert sandbox.cgroups_named([session.name])
    kist.kill_and_reap(outer)
    kist.wait_until(lambda: not session.exists(), what="the session folder to go")
    assert not sandbox.cgroups_named([session.name])
