"""What cannot be: one clear sentence, Docker's exit code, and nothing left (leakcheck)."""

import os

import kist
import pytest


@pytest.mark.parametrize("args, status, words", [
    (("nosuch",), 125, "No such image"),
    (("busybox", "nosuch"), 127, "nosuch"),
    (("busybox", "/nosuch"), 127, "/nosuch"),
    (("busybox", "/etc/passwd"), 126, "/etc/passwd"),
    (("busybox", "/etc"), 126, "/etc"),
    (("-u", "nosuch", "busybox", "true"), 125, "unable to find user nosuch: no matching entries in passwd file"),
    (("-u", "root:nosuch", "busybox", "true"), 125, "unable to find group nosuch: no matching entries in group file"),
    (("-u", "4294967296", "busybox", "true"), 125, "uids and gids must be in range 0-2147483647"),
    (("-u", "-1", "busybox", "true"), 125, "unable to find user -1"),
    (("-m", "5m", "busybox", "true"), 125, "Minimum memory limit allowed is 6MB"),
    (("-m", "1x", "busybox", "true"), 125, 'invalid argument "1x" for "-m, --memory" flag'),
    (("--memory-swap", "1g", "busybox", "true"), 125, "You should always set the Memory limit"),
    (("--cpus", "10000", "busybox", "true"), 125, "range of CPUs is from 0.01 to"),
    (("-w", "relative", "busybox", "true"), 125, "needs to be an absolute path"),
    (("--name", "a b", "busybox", "true"), 125, "Invalid container name (a b)"),
    (("--network", "nosuch", "busybox", "true"), 125, "network nosuch not found"),
    (("-p", "80:x", "busybox", "true"), 125, "x"),
    (("-v", "/a:b", "busybox", "true"), 125, "mount path must be absolute"),
    (("-v", "/a:/", "busybox", "true"), 125, "destination can't be '/'"),
    (("-v", "/a:/b", "-v", "/c:/b", "busybox", "true"), 125, "Duplicate mount point: /b"),
    (("-v", "/a:/b:rshared", "busybox", "true"), 125, "is not supported"),
    (("-e", "=x", "busybox", "true"), 125, "invalid environment variable: =x"),
    (("-l", "=x", "busybox", "true"), 125, "empty name"),
    (("--add-host", "x", "busybox", "true"), 125, 'bad format for add-host: "x"'),
    (("--cgroup-parent", "../x", "busybox", "true"), 125, "invalid cgroup parent"),
    (("--runtime", "nosuch", "busybox", "true"), 125, "unknown or invalid runtime name: nosuch"),
    (("--restart", "always", "busybox", "true"), 125, "cannot specify both --restart and --rm"),
    (("-i", "-t", "busybox", "true"), 125, "the input device is not a TTY"),
    (("--pull", "often", "busybox", "true"), 125, "invalid pull option: 'often'"),
    (("-d", "-a", "stdout", "busybox", "true"), 125, "Conflicting options: -a and -d"),
    (("--nosuch", "busybox", "true"), 125, "unknown flag: --nosuch"),
    ((), 1, "requires at least 1 argument"),
    (("--stop-signal", "NOSUCH", "busybox", "true"), 125, "Invalid signal: NOSUCH"),
    (("busybox", "true", "\x01"), 0, ""),
])
def test_run_says_why(shared_engine, args, status, words):
    done = shared_engine.kist("run", "--rm", "--pull", "never", *args, status=status)
    assert words in done.stderr
    assert not done.stdout


@pytest.mark.parametrize("verb", ["start", "stop", "kill", "wait", "rm", "exec", "restart"])
def test_no_such_container(shared_engine, verb):
    more = ["true"] if verb == "exec" else []
    assert "No such container: nosuch" in shared_engine.kist(verb, "nosuch", *more, status=1).stderr


def test_an_ambiguous_beginning_of_an_id(shared_engine):
    ids = [shared_engine.out("create", "busybox", "true") for _ in range(17)]
    first = next(a[0] for a in ids if sum(b[0] == a[0] for b in ids) > 1)
    assert f"Multiple IDs found with provided prefix: {first}" in shared_engine.kist("rm", first, status=1).stderr
    shared_engine.kist("rm", *ids)


def test_a_state_folder_that_cannot_be_written(shared_engine, tmp_path):
    (tmp_path / "file").write_text("")
    done = shared_engine.kist("--root", tmp_path / "file", "run", "busybox", status=125)
    assert str(tmp_path / "file") in done.stderr
    os.mkdir(tmp_path / "open", 0o777)
    os.chmod(tmp_path / "open", 0o777)
    done = shared_engine.kist("--root", tmp_path / "open", "run", "busybox", status=125)
    assert "choose another with --root" in done.stderr


def test_a_failed_run_can_be_tried_again_under_its_name(shared_engine):
    shared_engine.kist("run", "--name", "again", "busybox", "nosuch", status=127)
    shared_engine.kist("run", "--rm", "--name", "again", "busybox", "true")


def test_a_failed_start_leaves_the_container_as_it_was(shared_engine):
    shared_engine.kist("create", "--name", "broken", "busybox", "nosuch")
    for _ in range(2):
        shared_engine.kist("start", "broken", status=1)
        assert shared_engine.inspect("broken")["State"]["Status"] == "created"
    shared_engine.kist("rm", "broken")


HOSTILE = {
    "fifo": lambda path: os.mkfifo(path),
    "symlink": lambda path: os.symlink("/etc/shadow", path),
    "folder": lambda path: os.mkdir(path),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_users_are_read_from_regular_files_only(engine, kind):
    engine.kist("create", "--name", "one", "-u", "daemon", "busybox", "true")
    container = engine.containers()[0]
    etc = engine.root / "containers" / container / "diff" / "etc"
    etc.mkdir()
    HOSTILE[kind](etc / "passwd")
    done = engine.kist("start", "one", status=1, timeout=10)
    assert "unable to find user daemon" in done.stderr
    engine.kist("rm", "one")
