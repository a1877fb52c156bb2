"""The terminal that a runtime sends: what is taken for one, and what a monitor with one costs."""

import os
import sys
import time
from pathlib import Path

import kist
import pytest
from monitor import COMMIT, RESIZE, STDIN, STDOUT
from test_footprint import private_dirty

SENDER = """#!{python}
import os, pty, socket, sys
args = sys.argv[1:]
if "run" not in args:
    sys.exit(0)
path = args[args.index("--console-socket") + 1]
sock = socket.socket(socket.AF_UNIX)
sock.connect(path)
master, slave = pty.openpty()
null = os.open("/dev/null", os.O_RDWR)
send = {{"nothing": [], "a file": [null], "a slave": [slave], "two": [master, null], "a master": [master]}}["{what}"]
if send:
    socket.send_fds(sock, [b"x"], send)
elif "{what}" == "nothing":
    sock.sendall(b"x")
pid = os.fork()
if pid == 0:
    os.setsid()
    os.close(master)
    os.write(slave, b"hello\\n")
    import time
    time.sleep(0.5)
    os._exit(0)
with open(args[args.index("--pid-file") + 1], "w") as f:
    f.write(str(pid))
"""


def sender(folder, what):
    path = folder / "runtime"
    path.write_text(SENDER.format(python=sys.executable, what=what))
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("what", ["nothing", "a file", "a slave", "two"])
def test_what_is_no_master_is_refused(make, tmp_path, what):
    c = make(["true"], runtime=sender(tmp_path, what), extra=["--terminal"])
    _, message = c.start().failed()
    assert "sent no terminal" in message or "not the master" in message
    c.wait()
    assert not os.path.exists(os.path.join(c.bundle, "console"))


def test_a_master_is_taken_from_any_runtime(make, tmp_path):
    """The control of the refusals above."""
    c = make(["true"], runtime=sender(tmp_path, "a master"), extra=["--terminal"])
    owner = c.run(attach=STDIN | STDOUT)
    owner.exited()
    assert owner.output[1] == b"hello\r\n"
    assert not os.path.exists(os.path.join(c.bundle, "console"))


def test_sizes_of_nothing_are_nothing(make):
    c = make(["sh", "-c", "echo out"])
    owner = c.start()
    owner.started()
    owner.send(RESIZE, b"\x18\x00\x50\x00")
    owner.send(COMMIT)
    assert owner.exited()["code"] == 0


def test_monitors_of_terminals_and_keepers_are_small(engine):
    for name in ("one", "two"):
        engine.kist("run", "-dt", "--name", name, "--network", "none", "busybox", "sh", "-c",
                    "seq 1 20000; sleep 1000")
        engine.kist("exec", "-d", "-t", name, "sh", "-c", "seq 1 20000; sleep 1000")
        engine.kist("exec", "-d", name, "sh", "-c", "seq 1 20000; sleep 1000")
    time.sleep(2.5 * kist.PATIENCE)
    os.sync()
    monitors = [p for p in Path("/proc").iterdir() if p.name.isdigit() and is_monitor(p)]
    assert len(monitors) == 6
    assert max(private_dirty(p.name) for p in monitors) <= 100


def is_monitor(folder):
    try:
        return (folder / "comm").read_text() == "kist-monitor\n"
    except OSError:
        return False
