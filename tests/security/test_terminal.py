"""Terminals as a way out. Classes RT-04, RT-19 (CVE-2025-52565, CVE-2016-10124 and their kind)."""

import os
import time
from pathlib import Path

import hostile
import kist
from typist import Terminal

# Reads what is typed from its own standard output.
THIEF = "echo rea''dy; head -n 1 <&1 > /stolen; sleep 1000"


def stolen(engine):
    return engine.kist("exec", "one", "cat", "/stolen", status=None).stdout


def runtime_exec(engine, container, *command):
    """The runtime's own exec, with the caller's descriptors as they are: what the guard stands against."""
    return [kist.program("kist-runtime"), "--root", str(engine.runroot / "runtime"), "exec", container, *command]


def test_a_process_in_a_container_does_not_read_the_callers_terminal(engine):
    container = engine.out("run", "-d", "--name", "one", "--network", "none", "busybox", "sleep", "1000")
    with Terminal(runtime_exec(engine, container, "sh", "-c", THIEF), env=engine.env) as control:
        control.expect("ready")
        control.type("password\r")
        kist.wait_until(lambda: stolen(engine) == "password\n", what="the attack without the guard")
    engine.kist("exec", "one", "rm", "/stolen")
    for options in ((), ("-i",), ("--privileged",)):
        with Terminal(engine.command("exec", *options, "one", "sh", "-c", THIEF), env=engine.env) as terminal:
            terminal.expect("ready")
            terminal.type("password\r")
            time.sleep(0.5)
            assert "password" not in stolen(engine)


def test_the_terminal_of_a_container_is_its_own(engine):
    """Not one of the host's devpts, whatever is typed into it."""
    engine.kist("run", "-dt", "--name", "one", "--network", "none", "busybox", "sleep", "1000")
    pid = engine.inspect("one")["State"]["Pid"]
    device = os.stat(f"/proc/{pid}/root/dev/console")
    assert device.st_dev != os.stat("/dev/pts").st_dev
    assert engine.out("exec", "one", "ls", "/dev/pts") == "0\nptmx"
    seen = [os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()]
    assert set(seen) <= {"/dev/pts/0", "/dev/console", "/0"}, seen


def test_an_images_links_in_place_of_its_devices_lead_nowhere(bare_engine, canary):
    """/dev/console and /dev/ptmx of the image, or all of its /dev, point out of it, and it gets a terminal."""
    for changes in ({"dev/console": hostile.link(canary.folder / "hosts"), "dev/ptmx": hostile.link(canary.folder / "ptmx")},
                    {"dev/pts": hostile.link(canary.folder)}, {"dev": hostile.link(canary.folder)}):
        image = hostile.load(bare_engine, changes)
        bare_engine.kist("run", "--rm", "-t", "--network", "none", image, "sh", "-c", "echo x > /dev/console", status=None)
        assert canary.unchanged(), changes
    # The naive way, which follows them.
    (canary.folder.parent / "console").symlink_to(canary.folder / "hosts")
    (canary.folder.parent / "console").write_text("x")
    assert not canary.unchanged()
