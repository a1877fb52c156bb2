"""logs: while it is written, from the end, between two times, after damage."""

import re
import subprocess
import time

import kist


def test_streams_stay_apart(engine):
    engine.kist("run", "--name", "two", "busybox", "sh", "-c", "echo out; echo err >&2; printf end")
    done = engine.kist("logs", "two")
    assert (done.stdout, done.stderr) == ("out\nend", "err\n")


def test_the_tail_and_the_times(engine):
    engine.kist("run", "--name", "ten", "busybox", "seq", "10")
    assert engine.out("logs", "--tail", "3", "ten") == "8\n9\n10"
    assert engine.out("logs", "-n", "0", "ten") == ""
    assert engine.out("logs", "--tail", "all", "ten") == engine.out("logs", "-n", "-1", "ten")
    stamped = engine.out("logs", "-t", "ten").splitlines()
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z \d+", line) for line in stamped)
    assert engine.out("logs", "--since", "1h", "ten").count("\n") == 9
    assert engine.out("logs", "--until", "1h", "ten") == ""
    moment = stamped[4].split()[0]
    since, until = (engine.out("logs", flag, moment, "ten").split() for flag in ("--since", "--until"))
    assert "5" in since and "5" in until and "10" in since and "1" in until
    for words in (["--tail", "x"], ["--since", "yesterday"], ["--until", "1x"]):
        done = engine.kist("logs", *words, "ten", status=1)
        assert done.stdout == "" and words[1] in done.stderr


def test_following_ends_with_the_container(engine):
    engine.kist("run", "-d", "-i", "--name", "slow", "busybox", "sh", "-c",
                "for i in 1 2 3 4 5; do echo $i; sleep 0.2; done; echo last >&2; exit 3")
    begin = time.monotonic()
    done = engine.kist("logs", "-f", "slow")
    assert (done.stdout, done.stderr) == ("1\n2\n3\n4\n5\n", "last\n")
    assert time.monotonic() - begin < 10
    assert engine.kist("logs", "-f", "slow").stdout == done.stdout


def test_lines_are_seen_as_they_come(engine):
    engine.kist("run", "-d", "--name", "bell", "busybox", "sh", "-c", "while sleep 0.1; do echo ding; done")
    follower = engine.start("logs", "-f", "--tail", "0", "bell")
    try:
        assert follower.stdout.readline() == "ding\n"
        assert follower.stdout.readline() == "ding\n"
        engine.kist("rm", "-f", "bell")
        assert follower.wait(timeout=10 * kist.PATIENCE) == 0
    finally:
        kist.kill_and_reap(follower)


def test_much_output_is_whole(engine):
    engine.kist("run", "-d", "--name", "flood", "busybox", "seq", "200000")
    done = engine.kist("logs", "-f", "flood")
    assert done.stdout == "".join(f"{i}\n" for i in range(1, 200001))
    assert engine.out("logs", "--tail", "1", "flood") == "200000"


def test_any_bytes_come_back(engine):
    engine.kist("run", "--name", "bytes", "busybox", "printf", r"a\000b\033[1m\303\251\n")
    assert engine.kist("logs", "bytes", text=False).stdout == b"a\0b\033[1m\xc3\xa9\n"


def test_a_long_line_is_one_line(engine):
    engine.kist("run", "--name", "long", "busybox", "sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo")
    assert engine.out("logs", "long") == "x" * 100000
    assert engine.out("logs", "-t", "long").count("Z ") == 1


def test_damage_costs_the_damaged_line_alone(engine):
    engine.kist("run", "--name", "hurt", "busybox", "seq", "3")
    path = engine.out("inspect", "-f", "{{.LogPath}}", "hurt")
    with open(path, "rb") as log:
        lines = log.readlines()
    with open(path, "wb") as log:
        log.write(lines[0] + lines[1][:20] + b"\n" + b"\0\xff\n" + lines[2] + lines[0][:-9])
    assert engine.out("logs", "hurt") == "1\n3"
    assert engine.out("logs", "--tail", "1", "hurt") == "3"


def test_no_log_is_no_error(engine):
    engine.kist("create", "--name", "fresh", "busybox", "true")
    assert engine.out("logs", "fresh") == engine.out("logs", "-f", "fresh") == ""
    assert engine.kist("logs", "nope", status=1).stderr == "Error: No such container: nope\n"


def test_a_closed_pipe_ends_it(engine):
    engine.kist("run", "--name", "many", "busybox", "seq", "100000")
    command = " ".join(engine.command("logs", "many")) + " | head -n 1"
    done = subprocess.run(["sh", "-c", command], env=engine.env, capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout == "1\n" and done.stderr == ""
