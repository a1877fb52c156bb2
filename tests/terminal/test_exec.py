"""exec: with a terminal, detached, and what its keeper leaves."""

import os
import signal
import time
from pathlib import Path

import kist
import pytest
from typist import Terminal

PROMPT = "# "


@pytest.fixture
def one(engine):
    engine.kist("run", "-d", "--name", "one", "--network", "none", "busybox", "sleep", "1000")
    return engine


@pytest.fixture
def terminal(engine):
    made = []

    def start(*args, **options):
        made.append(Terminal(engine.command(*args), env=engine.env, **options))
        return made[-1]

    yield start
    for terminal in made:
        terminal.close()


def execs(engine):
    """The folders of execs."""
    return list((engine.runroot / "containers").glob("*/exec/*"))


def names(engine):
    folder = engine.runroot / "execs"
    return list(folder.iterdir()) if folder.exists() else []


def process_of(engine, *args):
    """The host's pid of the process that was executed with these arguments."""
    wanted = "\0".join(args).encode() + b"\0"
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and (folder / "cmdline").read_bytes() == wanted:
                return int(folder.name)
        except OSError:
            pass
    return 0


def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_it_has_a_terminal_of_its_own(one, terminal):
    t = terminal("exec", "-it", "one", "sh", rows=31, columns=99)
    t.expect(PROMPT)
    t.type("tty; stty size; echo $TERM\r")
    t.expect("/dev/pts/0\r\n31 99\r\nxterm\r\n")
    t.resize(40, 120)
    time.sleep(0.3)
    t.type("stty size\r")
    t.expect("40 120")
    t.type("sleep 1000\r")
    time.sleep(0.3)
    t.type("\x03")
    t.expect(PROMPT)
    t.type("exit 42\r")
    assert t.wait() == 42
    assert t.is_as_before()
    assert not execs(one) and not names(one)


def test_t_alone(one, terminal):
    t = terminal("exec", "-t", "one", "sh", "-c", "tty; exit 3")
    assert t.wait() == 3
    assert b"/dev/pts/0" in t.all
    done = one.kist("exec", "-t", "one", "tty", text=False)
    assert done.stdout == b"/dev/pts/0\r\n"


def test_user_folder_environment_and_privilege(one, terminal):
    Path(one.folder / "env").write_text("FILE=1\n")
    t = terminal("exec", "-it", "-u", "nobody", "-w", "/tmp", "-e", "ONE=two", "--env-file", one.folder / "env", "one",
                 "sh", "-c", "id -u; pwd; echo $ONE$FILE; stat -c %u /dev/pts/0")
    assert t.wait() == 0
    assert t.all.split() == [b"65534", b"/tmp", b"two1", b"65534"]
    assert one.out("exec", "--privileged", "one", "grep", "CapEff", "/proc/self/status") != \
        one.out("exec", "one", "grep", "CapEff", "/proc/self/status")


@pytest.mark.parametrize("options", [("-t",), ("-d",), ()])
def test_a_command_that_is_not_there(one, options):
    done = one.kist("exec", *options, "one", "nosuch", status=127)
    assert "nosuch" in done.stderr
    assert one.kist("exec", *options, "one", "/etc/passwd", status=126).stderr


@pytest.mark.parametrize("options", [("-t",), ("-d",), ()])
def test_a_container_that_does_not_run(engine, options):
    engine.kist("create", "--name", "two", "busybox", "true")
    assert "is not running" in engine.kist("exec", *options, "two", "true", status=1).stderr
    assert "No such container: nosuch" in engine.kist("exec", *options, "nosuch", "true", status=1).stderr


def test_detaching_leaves_the_process(one, terminal):
    t = terminal("exec", "-it", "--detach-keys", "ctrl-x", "one", "sh", "-c", "sleep 4242; echo")
    kist.wait_until(lambda: process_of(one, "sleep", "4242"), what="the process")
    t.type(b"\x18")
    assert t.wait() == 1
    assert b"read escape sequence" in t.all
    assert t.is_as_before()
    assert kist.alive(process_of(one, "sleep", "4242"))
    assert len(names(one)) == 1


def test_a_client_that_is_killed_leaves_the_process(one, terminal):
    t = terminal("exec", "-it", "one", "sleep", "4243")
    kist.wait_until(t.is_raw, what="the session")  # before that, the exec ends with who asked for it
    t.process.kill()
    t.wait()
    assert kist.alive(process_of(one, "sleep", "4243"))
    assert one.inspect("one")["State"]["Running"]


def test_a_detached_one_is_the_child_of_its_keeper_and_reaped(one):
    assert one.out("exec", "-d", "one", "sleep", "4244") == ""
    pid = kist.wait_until(lambda: process_of(one, "sleep", "4244"), what="the process")
    keeper = parent(pid)
    assert Path(f"/proc/{keeper}/comm").read_text() == "kist-monitor\n"
    os.kill(pid, signal.SIGKILL)
    kist.wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="the reaping")
    kist.wait_until(lambda: not kist.alive(keeper), what="the keeper's end")
    folder, = execs(one)
    assert '"code":137' in (folder / "exit.json").read_text()


def test_the_container_ends_with_detached_execs_in_it(engine):
    """However it ends, no keeper, name or folder stays."""
    for end in (("stop", "-t", "0", "two"), ("kill", "two"), ("rm", "-f", "two")):
        engine.kist("run", "-d", "--rm", "--name", "two", "--network", "none", "busybox", "sleep", "1000")
        for _ in range(3):
            engine.kist("exec", "-d", "two", "sh", "-c", "trap '' TERM; sleep 4245; sleep 4245")
        began = time.monotonic()
        engine.kist(*end)
        assert time.monotonic() - began < 3 * kist.PATIENCE
        kist.wait_until(lambda: not engine.records() and not names(engine), what="nothing left")


def test_a_keeper_that_is_killed(one):
    one.kist("exec", "-d", "one", "sh", "-c", "while :; do echo word; sleep 0.01; done")
    pid = kist.wait_until(lambda: process_of(one, "sh", "-c", "while :; do echo word; sleep 0.01; done"))
    os.kill(parent(pid), signal.SIGKILL)
    time.sleep(0.2)
    assert kist.alive(pid)  # nobody reads its pipe, which it holds itself
    assert one.out("exec", "one", "echo", "still") == "still"


def test_execs_that_have_ended_are_forgotten_after_a_while(one):
    one.kist("exec", "-d", "one", "true")
    folder, = execs(one)
    record = folder / "exit.json"
    text = kist.wait_until(lambda: record.exists() and record.read_text(), what="the exit record")
    one.kist("exec", "-d", "one", "true")
    assert len(execs(one)) == 2
    before = int(text.split('"time":')[1].rstrip("}\n"))
    record.write_text(text.replace(str(before), str(before - 301 * 10**9)))
    one.kist("exec", "-d", "one", "true")
    assert folder not in execs(one) and len(execs(one)) == 2
    assert {n.name for n in names(one)} == {f.name for f in execs(one)}


# A terminal of the caller's never gets into the container. RT-04 ------------------------------------


def test_the_callers_terminal_stays_outside(one, terminal):
    """Without -t the process has pipes, whatever the caller has."""
    t = terminal("exec", "-i", "one", "sh", "-c", "test -t 0 || test -t 1 || test -t 2 || echo none; readlink /proc/self/fd/1; cat")
    t.expect("none\r+\npipe:")
    t.type("a line\r")
    t.expect("a line.*a line")
    t.type("\x04")
    assert t.wait() == 0


def test_a_child_left_behind_does_not_hold_the_terminal(one, terminal):
    t = terminal("exec", "one", "sh", "-c", "sleep 4246 & echo started")
    assert t.wait() == 0
    assert b"started" in t.all
    pid = kist.wait_until(lambda: process_of(one, "sleep", "4246"), what="the child")
    held = {os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()}
    assert not [path for path in held if "pts" in path or "tty" in path], held


def test_the_streams_of_a_terminal_are_kept_apart(one, terminal, tmp_path):
    with open(tmp_path / "out", "wb") as out:
        t = terminal("exec", "one", "sh", "-c", "echo out; echo err >&2; exit 4", stdout=out)
        assert t.wait() == 4
    assert (tmp_path / "out").read_text() == "out\n"
    assert t.all == b"err\r\n"


def test_a_directory_is_no_standard_stream(one):
    """It would lead out of the container's root."""
    fd = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        done = one.kist("exec", "-i", "one", "ls", "/proc/self/fd/0/", status=1, stdin=fd)
    finally:
        os.close(fd)
    assert "a directory cannot be" in done.stderr
