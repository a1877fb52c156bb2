"""kill -9 at any system call of kist: after the next command there is a whole container or nothing.

strace numbers the calls of kist itself (not of the programs it starts) and kills it at the n-th. What
the monitor and the runtime do at that moment goes on or ends with it, as it must.
"""

import os
import shutil

import pytest

import kist

STEP = int(os.environ.get("KIST_KILL_STEP", "1" if os.environ.get("KIST_NIGHTLY") == "1" else "17"))

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


def killed(engine, n, *args):
    """Runs kist and kills it at its n-th system call. Whether it got to its end."""
    import subprocess

    done = subprocess.run(
        ["strace", "-o", "/dev/null", "-e", f"inject=all:signal=KILL:when={n}", *engine.command(*args)],
        env=engine.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=60, check=False)
    # The next command on the same root, whichever.
    assert "No such container" in engine.kist("kill", "nosuch", status=1).stderr
    return done.returncode not in (-9, 137)


def settle(engine):
    """A monitor may be cleaning up beside us."""
    kist.wait_until(lambda: not list((engine.root / "intents").iterdir()), what="no intents")


def nothing_left(engine, n):
    kist.wait_until(lambda: not engine.records(), what=f"nothing left after call {n}: {engine.records()}")


@pytest.mark.parametrize("args", [
    ("run", "-d", "--name", "one", "-v", "/data", "busybox", "sleep", "100"),
    ("run", "-d", "--rm", "--name", "one", "-v", "named:/www", "--network", "none", "busybox", "sleep", "100"),
    ("create", "--name", "one", "-v", "/data", "busybox", "sleep", "100"),
], ids=["run", "run-rm", "create"])
def test_killed_while_making_a_container(engine, args):
    n, ended = 1, False
    while not ended:
        ended = killed(engine, n, *args)
        settle(engine)
        names = list((engine.root / "names").iterdir()) if (engine.root / "names").exists() else []
        if names:
            state = engine.inspect("one")["State"]
            assert state["Status"] == ("created" if args[0] == "create" else "running"), f"call {n}"
            engine.kist("rm", "-f", "-v", "one")
        nothing_left(engine, n)
        volumes = engine.root / "volumes"
        left = [v.name for v in volumes.iterdir() if v.name != "named"] if volumes.exists() else []
        assert not left, f"call {n}"
        n += STEP
    assert n > STEP


@pytest.mark.parametrize("args", [("rm", "-f", "-v", "one"), ("stop", "-t", "0", "one"), ("restart", "-t", "0", "one")],
                         ids=["rm", "stop", "restart"])
def test_killed_while_ending_a_container(engine, args):
    n, ended = 1, False
    while not ended:
        engine.kist("run", "-d", "--name", "one", "-v", "/data", "busybox", "sleep", "100")
        ended = killed(engine, n, *args)
        settle(engine)
        gone = engine.kist("inspect", "one", status=None).returncode != 0
        assert not gone or args[0] == "rm", f"call {n}"
        if not gone:
            assert engine.inspect("one")["State"]["Status"] in ("running", "exited"), f"call {n}"
            engine.kist("rm", "-f", "-v", "one")
        nothing_left(engine, n)
        n += STEP


def test_killed_while_attached(engine):
    """The one who would clean up is killed: the monitor does it."""
    n, ended = 1, False
    while not ended:
        ended = killed(engine, n, "run", "--rm", "--name", "one", "busybox", "sh", "-c", "sleep 0.05")
        kist.wait_until(lambda: not engine.records(), what=f"the end of a container whose client died at call {n}")
        n += STEP
