"""run, start and attach with a terminal: it really is one, and the caller's own is given back."""

import os
import signal
import time
from pathlib import Path

import kist
import pytest
from typist import Terminal

SHELL = ("--network", "none", "busybox", "sh")
PROMPT = "# "


@pytest.fixture
def terminal(engine):
    """Starts kist in a terminal."""
    made = []

    def start(*args, **options):
        made.append(Terminal(engine.command(*args), env=engine.env, **options))
        return made[-1]

    yield start
    for one in made:
        one.close()


def shell(terminal, *options, **more):
    one = terminal("run", "--name", "one", "-it", *options, *SHELL, **more)
    one.expect(PROMPT)
    return one


def test_it_has_a_name_a_size_and_a_type(engine, terminal):
    one = shell(terminal, "--rm", rows=33, columns=101)
    one.type("tty; stty size; echo $TERM; test -t 0 && test -t 1 && test -t 2 && echo all\r")
    one.expect("/dev/pts/0\r\n33 101\r\nxterm\r\nall\r\n")
    one.type("ls -l /dev/console\r")
    one.expect("136, +0 ")
    one.type("exit 7\r")
    assert one.wait() == 7
    assert one.is_as_before()


def test_the_first_thing_it_does_sees_the_size(terminal):
    for _ in range(5):
        one = terminal("run", "--rm", "-it", "--network", "none", "busybox", "stty", "size", rows=17, columns=133)
        assert one.wait() == 0
        assert one.all == b"17 133\r\n"


def test_a_new_size_reaches_it_and_is_signalled(terminal):
    one = shell(terminal, "--rm")
    # The signal goes to the job in the foreground: a shell that makes no jobs of its own.
    one.type("""sh -c "trap 'stty size' WINCH; echo rea''dy; while :; do sleep 0.05; done"\r""")
    one.expect("ready")
    for rows, columns in ((50, 132), (10, 20)):
        one.resize(rows, columns)
        one.expect(f"{rows} {columns}")
    one.type("\x03")
    one.expect(PROMPT)
    one.type("exit\r")
    one.wait()


def test_keys_that_are_signals_go_to_its_jobs(terminal):
    one = shell(terminal, "--rm")
    one.type("sleep 1000\r")
    one.expect("sleep 1000")
    time.sleep(0.2)
    one.type("\x03")
    one.expect(PROMPT)
    one.type("echo $?\r")
    one.expect("130\r\n")
    one.type("sleep 1001\r")
    time.sleep(0.2)
    one.type("\x1a")
    one.expect("Stopped")
    one.type("jobs; kill %1; fg; echo $?\r")
    one.expect("Stopped +sleep 1001.*143\r\n")
    one.type("sleep 1002\r")
    time.sleep(0.2)
    one.type("\x1c")
    one.expect(PROMPT)
    time.sleep(0.3)
    one.type("\x04")  # the end of file of a terminal
    assert one.wait() == 131  # of the last command, which SIGQUIT ended


def test_its_output_is_logged_as_it_was_shown(engine, terminal):
    one = terminal("run", "--name", "one", "-it", "--network", "none", "busybox", "sh", "-c", "echo out; echo err >&2")
    assert one.wait() == 0
    assert one.all == b"out\r\nerr\r\n"
    logged = engine.kist("logs", "one", text=False)
    assert logged.stdout == b"out\r\nerr\r\n" and logged.stderr == b""


def test_without_i_it_has_a_terminal_and_nobody_types(engine, terminal):
    one = terminal("run", "--rm", "-t", "--network", "none", "busybox", "sh", "-c", "tty; stty size; echo done")
    assert one.wait() == 0
    assert one.all == b"/dev/pts/0\r\r\n24 80\r\r\ndone\r\r\n"  # not raw: nobody types
    done = engine.kist("run", "--rm", "-t", "--network", "none", "busybox", "sh", "-c", "tty", text=False)
    assert done.stdout == b"/dev/pts/0\r\n"


def test_what_is_no_terminal_is_refused(engine):
    for args in (("run", "--rm", "-it", "busybox", "sh"), ("run", "--rm", "-it", "--detach-keys", "x", "busybox", "sh")):
        assert "the input device is not a TTY" in engine.kist(*args, status=125).stderr
    engine.kist("run", "-dit", "--name", "one", *SHELL)
    for args in (("attach", "one"), ("exec", "-it", "one", "sh"), ("exec", "-it", "one", "nosuch")):
        assert "the input device is not a TTY" in engine.kist(*args, status=1).stderr
    engine.kist("stop", "-t", "0", "one")
    assert "You cannot attach to a stopped container, start it first" in engine.kist("attach", "one", status=1).stderr
    assert "the input device is not a TTY" in engine.kist("start", "-ai", "one", status=1).stderr


def test_detach_keys_that_are_none_are_refused(engine, terminal):
    engine.kist("run", "-dit", "--name", "one", *SHELL)
    one = terminal("attach", "--detach-keys", "ctrl-A", "one")
    assert one.wait() == 1
    assert b"invalid detach keys (ctrl-A)" in one.all
    assert one.is_as_before()


# The caller's terminal ----------------------------------------------------------------------------


def test_it_is_raw_only_while_attached(terminal):
    one = shell(terminal, "--rm")
    assert one.is_raw()
    one.type("exit\r")
    assert one.wait() == 0
    assert one.is_as_before()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1])
def test_a_signal_ends_the_client_and_not_the_container(engine, terminal, number):
    one = shell(terminal)
    one.process.send_signal(number)
    assert one.wait() == -number
    assert one.is_as_before()
    assert engine.inspect("one")["State"]["Running"]


def test_a_stopped_client_gives_the_terminal_back_until_it_goes_on(engine, terminal):
    """Under a shell with jobs: it reads a line of its own while the client is stopped, and then goes on with it."""
    run = engine.command("run", "--rm", "--name", "one", "-it", *SHELL)
    with Terminal(["sh", "-mc", '"$@"; echo rea""dy; read line; echo got $line; fg', "sh", *run], env=engine.env) as one:
        one.expect(PROMPT)
        client = int(Path(f"/proc/{one.process.pid}/task/{one.process.pid}/children").read_text())
        os.kill(client, signal.SIGTSTP)
        one.expect("ready")
        assert one.is_as_before()
        one.type("a line\r")
        one.expect("got a line")
        kist.wait_until(one.is_raw, what="a raw terminal")
        one.resize(40, 90)
        one.type("stty size\r")
        one.expect("40 90")
        one.type("exit 3\r")
        assert one.wait() == 3
        assert one.is_as_before()


def test_a_start_that_fails_leaves_the_terminal_alone(terminal):
    one = terminal("run", "--rm", "-it", "--network", "none", "busybox", "nosuch")
    assert one.wait() == 127
    assert b"nosuch" in one.all and b"\n" in one.all
    assert one.is_as_before()


def test_the_client_killed_in_the_middle_takes_nothing_with_it(engine, terminal):
    one = shell(terminal)
    one.process.kill()
    one.wait()
    assert engine.inspect("one")["State"]["Running"]
    two = terminal("attach", "one")
    two.type("echo still$((40+2))\r")
    two.expect("still42")
    two.type("exit 5\r")
    assert two.wait() == 5
    kist.wait_until(lambda: engine.inspect("one")["State"]["ExitCode"] == 5)


def test_a_removing_run_whose_client_is_killed_is_still_removed(engine, terminal):
    one = shell(terminal, "--rm")
    one.process.kill()
    one.wait()
    engine.kist("kill", "one")
    kist.wait_until(lambda: not engine.records(), what="nothing left")


# Detaching and attaching --------------------------------------------------------------------------


def test_the_detach_keys_leave_and_attach_comes_back(engine, terminal):
    one = shell(terminal)
    one.type("variable=kept\r")
    one.expect(PROMPT)
    one.type(b"\x10\x11")
    assert one.wait() == 0
    assert one.is_as_before()
    two = terminal("attach", "one")
    two.type("echo $variable\r")
    two.expect("kept\r\n")
    two.type(b"\x10")
    two.type(b"\x11")
    assert two.wait() == 1
    assert b"read escape sequence" in two.all
    three = terminal("attach", "--detach-keys", "ctrl-x,q", "one")
    three.type(b"echo \x10\x11\x18e\r")  # neither sequence is complete
    three.type(b"\x18q")
    assert three.wait() == 1
    assert engine.inspect("one")["State"]["Running"]


def test_an_attached_terminal_gets_its_size_again(engine, terminal):
    one = shell(terminal, rows=30, columns=100)
    one.type(b"\x10\x11")
    one.wait()
    two = terminal("attach", "one", rows=12, columns=34)
    two.type("stty size\r")
    two.expect("12 34")


def test_all_who_are_attached_see_the_same(engine, terminal):
    one = shell(terminal)
    others = [terminal("attach", "one") for _ in range(3)]
    for other in others:
        kist.wait_until(other.is_raw, what="an attached terminal")
    for number, typing in enumerate([one, *others]):
        typing.type(f"echo from{number}-$((1+{number}))\r")
        for seeing in [one, *others]:
            seeing.expect(f"from{number}-{1 + number}\r\n")
    others[0].process.kill()
    others[1].type(b"\x10\x11")
    others[1].wait()
    one.type("exit 9\r")
    assert one.wait() == 9
    assert others[2].wait() == 9


def test_no_stdin_only_watches(engine, terminal):
    one = shell(terminal)
    two = terminal("attach", "--no-stdin", "one")
    time.sleep(0.3)
    two.type("echo unheard\r")
    one.type("echo heard\r")
    two.expect("heard\r+\n.*heard\r+\n")
    one.type("echo un\"\"heard\r")
    one.expect("unheard\r\n")
    assert one.all.count(b"unheard") == 1  # what it printed itself
    one.type("exit\r")
    assert two.wait() == 0


def test_create_then_start(engine, terminal):
    engine.kist("create", "-it", "--name", "one", *SHELL)
    for code in (3, 4):
        one = terminal("start", "-ai", "one", rows=20, columns=70)
        one.expect(PROMPT)
        one.type("stty size\r")
        one.expect("20 70")
        one.type(f"exit {code}\r")
        assert one.wait() == code
        assert one.is_as_before()
    engine.kist("start", "one")
    engine.kist("stop", "-t", "0", "one")


def test_a_detached_run_with_a_terminal(engine, terminal):
    engine.kist("run", "-dit", "--name", "one", *SHELL)
    one = terminal("attach", "one", rows=11, columns=22)
    one.type("stty size\r")
    one.expect("11 22")
    one.type("exit 6\r")
    assert one.wait() == 6


def test_processes_may_leave_and_take_their_terminal_again(engine):
    """A terminal that nobody has open for a moment has not ended."""
    script = "echo before; exec </dev/null >/dev/null 2>&1; sleep 0.5; exec >/dev/console 2>&1; echo after; sleep 0.2"
    engine.kist("run", "-dt", "--name", "one", "--network", "none", "busybox", "sh", "-c", script)
    assert engine.out("wait", "one") == "0"
    assert engine.kist("logs", "one", text=False).stdout == b"before\r\nafter\r\n"


def test_much_output_of_a_terminal_is_complete(engine):
    done = engine.kist("run", "--rm", "-t", "--network", "none", "busybox", "seq", "1", "200000", text=False, timeout=120)
    assert done.stdout == b"".join(b"%d\r\n" % i for i in range(1, 200001))
    assert os.path.exists("/dev/ptmx")
