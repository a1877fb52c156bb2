"""A monitor that is killed: the container goes on, and a new monitor where the old one was."""

import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import kist
import pytest

NONE = ("--network", "none")


def monitor_of(engine, name="one"):
    """The pid of its monitor, 0 if none lives."""
    identity = engine.out("inspect", "-f", "{{.Id}}", name)
    return monitor_by_id(engine, identity)


def monitor_by_id(engine, identity):
    try:
        text = (engine.runroot / "containers" / identity / "monitor.json").read_text()
    except FileNotFoundError:
        return 0
    pid = int(re.search(r'"pid":(\d+)', text).group(1))
    return pid if kist.alive(pid) else 0


def kill_monitor(engine, identity):
    pid = monitor_by_id(engine, identity)
    assert pid
    os.kill(pid, signal.SIGKILL)
    kist.wait_until(lambda: not kist.alive(pid), what="the monitor's end")


def numbers(text):
    return [int(line) for line in text.split()]


COUNT = "i=0; while [ $i -lt %d ]; do i=$((i+1)); echo $i; done"


def test_the_container_goes_on_and_the_next_command_starts_a_new_monitor(engine):
    identity = engine.out("run", "-d", "--name", "one", *NONE, "busybox", "sh", "-c",
                          "trap 'exit 7' TERM; echo before; while :; do sleep 0.05; done")
    pid = engine.inspect("one")["State"]["Pid"]
    kill_monitor(engine, identity)
    assert kist.alive(pid)
    assert engine.inspect("one")["State"]["Running"]
    assert monitor_by_id(engine, identity)
    engine.kist("stop", "one")
    state = engine.inspect("one")["State"]
    assert state["Status"] == "exited" and state["ExitCode"] in (7, None, -1, 255), state
    if int(os.uname().release.split(".")[0]) >= 7 or tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 15):
        assert state["ExitCode"] == 7
    assert engine.out("logs", "one") == "before"


def test_it_can_be_started_again_afterwards(engine):
    identity = engine.out("run", "-d", "--name", "one", *NONE, "busybox", "sleep", "1000")
    kill_monitor(engine, identity)
    engine.kist("restart", "-t", "0", "one")
    assert engine.inspect("one")["State"]["Running"]
    engine.kist("rm", "-f", "one")


def test_what_it_says_without_a_monitor_waits(engine):
    identity = engine.out("run", "-d", "--name", "one", *NONE, "busybox", "sh", "-c",
                          "printf start; while [ ! -e /go ]; do sleep 0.02; done; echo ' middle'; echo err >&2; sleep 1000")
    kist.wait_until(lambda: (engine.runroot / "containers" / identity / "progress").stat().st_size > 4096,
                    what="half a line")
    kill_monitor(engine, identity)
    # A file of the container's, made by nobody's command.
    pid = int(re.search(r'"pid":(\d+)', (engine.runroot / "containers" / identity / "state.json").read_text()).group(1))
    Path(f"/proc/{pid}/root/go").touch()
    time.sleep(0.3)
    assert engine.out("ps", "-q")
    kist.wait_until(lambda: "err" in engine.kist("logs", "one").stderr, what="the log")
    done = engine.kist("logs", "one")
    assert done.stdout == "start middle\n" and done.stderr == "err\n"


@pytest.mark.parametrize("seed", range(3))
def test_a_flood_is_logged_whole_and_once(engine, seed):
    total = 60000
    identity = engine.out("run", "-d", "--name", "one", *NONE, "busybox", "sh", "-c", COUNT % total + "; sleep 1000")
    chance = random.Random(seed)
    kills = 0
    log = engine.root / "containers" / identity / "log.json"
    while kills < 12:
        time.sleep(chance.uniform(0.001, 0.03))
        kill_monitor(engine, identity)
        kills += 1
        kist.wait_until(lambda: engine.inspect("one") and monitor_by_id(engine, identity), what="a new monitor")
    kist.wait_until(lambda: f'"{total}\\n"' in log.read_text(), seconds=30, what="the last line")
    assert numbers(engine.out("logs", "one")) == list(range(1, total + 1))


@pytest.mark.parametrize("seed", range(3))
def test_who_is_attached_misses_nothing_and_sees_nothing_twice(engine, seed):
    total = 60000
    chance = random.Random(seed)
    cid = engine.folder / f"cid{seed}"
    run = engine.start("run", "--name", "one", "--cidfile", cid, *NONE, "busybox", "sh", "-c", COUNT % total + "; exit 9",
                       stdin=subprocess.DEVNULL)
    identity = kist.wait_until(lambda: cid.exists() and cid.read_text(), what="the container")
    os.set_blocking(run.stdout.fileno(), False)
    seen, kills, deadline = b"", 0, time.monotonic() + 60 * kist.PATIENCE
    while run.poll() is None:
        assert time.monotonic() < deadline
        seen += run.stdout.buffer.read1(65536) if _readable(run.stdout) else b""
        # With more to say than a FIFO holds it cannot end while nobody is there to read it: what one that
        # has ended unread said last is lost.
        if kills < 12 and len(seen) < 200_000 and chance.random() < 0.2:
            pid = monitor_by_id(engine, identity)
            if pid:
                os.kill(pid, signal.SIGKILL)
                kills += 1
    os.set_blocking(run.stdout.fileno(), True)
    seen += run.stdout.buffer.read()
    run.stdout.close()
    errors = run.stderr.read()
    run.stderr.close()
    assert numbers(seen) == list(range(1, total + 1))
    assert kills > 0
    assert run.returncode in (9, 255), errors
    assert numbers(engine.out("logs", "one")) == list(range(1, total + 1))


def _readable(stream):
    import select

    return bool(select.select([stream], [], [], 0.005)[0])


def test_a_terminal_is_hung_up_and_that_is_said(engine):
    identity = engine.out("run", "-dt", "--name", "one", *NONE, "busybox", "sh", "-c", "trap '' HUP; sleep 1000; sleep 1000")
    kill_monitor(engine, identity)
    assert engine.inspect("one")["State"]["Running"]
    assert "its monitor was killed" in engine.kist("attach", "--no-stdin", "one", status=1).stderr
    engine.kist("stop", "-t", "0", "one")
    assert engine.inspect("one")["State"]["ExitCode"] in (137, -1)


def test_many_commands_at_once_start_one_new_monitor(engine):
    identity = engine.out("run", "-d", "--name", "one", *NONE, "busybox", "sleep", "1000")
    kill_monitor(engine, identity)
    commands = [engine.start("inspect", "one") for _ in range(8)]
    for command in commands:
        out, err = command.communicate(timeout=60)
        assert command.returncode == 0, err
    assert monitor_by_id(engine, identity)
    monitors = [p for p in Path("/proc").iterdir() if p.name.isdigit() and _is_monitor_of(p, identity)]
    assert len(monitors) == 1


def _is_monitor_of(folder, identity):
    try:
        words = (folder / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return words[0].endswith(b"kist-monitor") and identity.encode() in words


def test_a_container_that_ends_without_a_monitor_is_unknown_and_never_invented(engine):
    identity = engine.out("run", "-d", "--name", "one", *NONE, "busybox", "sleep", "1000")
    pid = engine.inspect("one")["State"]["Pid"]
    kill_monitor(engine, identity)
    os.kill(pid, signal.SIGKILL)
    kist.wait_until(lambda: not kist.alive(pid), what="its end")
    assert "Exited (unknown)" in engine.out("ps", "-a", "--format", "{{.Status}}")
    engine.kist("rm", "one")
