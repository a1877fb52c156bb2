"""Streams without a terminal: every byte, in both directions, and each end on its own."""

import hashlib
import os
import select
import subprocess
import threading
import time

import kist
import pytest

MEBIBYTE = 1 << 20
SIZES = [pytest.param(48, id="48M"), pytest.param(1024, id="1G", marks=pytest.mark.slow)]


def feed(stream, mebibytes, digest):
    block = os.urandom(MEBIBYTE)
    for i in range(mebibytes):
        data = block[i % 4096:] + i.to_bytes(8, "little")
        digest.update(data)
        stream.write(data)
    stream.close()


def round_trip(process, mebibytes):
    """Feeds @process and reads it; both digests and its exit status."""
    sent, received = hashlib.sha256(), hashlib.sha256()
    feeder = threading.Thread(target=feed, args=(process.stdin, mebibytes, sent))
    feeder.start()
    while data := process.stdout.read(MEBIBYTE):
        received.update(data)
    feeder.join()
    errors = process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    assert process.wait(60) == 0, errors
    return sent.hexdigest(), received.hexdigest()


@pytest.fixture
def one(engine):
    engine.kist("run", "-d", "--name", "one", "--network", "none", "busybox", "sleep", "1000")
    return engine


@pytest.mark.parametrize("mebibytes", SIZES)
def test_every_byte_through_run(engine, mebibytes):
    process = engine.start("run", "--rm", "-i", "--network", "none", "busybox", "cat", text=False)
    sent, received = round_trip(process, mebibytes)
    assert sent == received


@pytest.mark.parametrize("mebibytes", SIZES)
def test_every_byte_through_exec(one, mebibytes):
    sent, received = round_trip(one.start("exec", "-i", "one", "cat", text=False), mebibytes)
    assert sent == received


def test_what_arrives_is_what_was_sent(engine):
    data = os.urandom(5 * MEBIBYTE + 7)
    done = engine.kist("run", "--rm", "-i", "--network", "none", "busybox", "sha256sum", input=data, text=False)
    assert done.stdout.split()[0].decode() == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("verb", ["run", "exec", "start"])
def test_the_end_of_the_input_leaves_the_output(one, verb):
    script = ("sh", "-c", "cat; sleep 0.3; echo behind; echo err >&2; exit 3")
    if verb == "start":
        one.kist("create", "-i", "--name", "two", "--network", "none", "busybox", *script)
    args = {"run": ("run", "--rm", "-i", "--network", "none", "busybox", *script),
            "exec": ("exec", "-i", "one", *script), "start": ("start", "-ai", "two")}[verb]
    done = one.kist(*args, input="before\n", status=3)
    assert (done.stdout, done.stderr) == ("before\nbehind\n", "err\n")


def test_the_end_of_the_output_leaves_the_input(engine):
    """`kist run -i ... | head -1`: the container goes on, unread."""
    process = engine.start("run", "--name", "one", "-i", "--network", "none", "busybox", "sh", "-c",
                           "echo first; read x; echo $x > /got; seq 100000; echo all > /done; exit 5")
    assert process.stdout.readline() == "first\n"
    process.stdout.close()
    process.stdin.write("word\n")
    process.stdin.close()
    assert process.wait(30) == 5
    process.stderr.close()
    assert engine.out("logs", "one").splitlines()[-1] == "100000"


def test_a_slow_reader_of_run_holds_the_container_and_loses_nothing(engine):
    process = engine.start("run", "--name", "one", "--network", "none", "busybox", "seq", "1", "300000", text=False)
    time.sleep(1.0)
    assert engine.inspect("one")["State"]["Running"]  # two megabytes do not fit into any pipe
    out = process.stdout.read()
    assert out == b"".join(b"%d\n" % i for i in range(1, 300001))
    process.stdout.close()
    process.stdin.close()
    process.stderr.close()
    assert process.wait(20) == 0


def test_a_slow_attached_reader_holds_back_only_itself(engine):
    engine.kist("run", "-d", "-i", "--name", "one", "--network", "none", "busybox", "sh", "-c",
                "read go; seq 1 400000; echo end")
    slow, quick = (engine.start("attach", "--no-stdin", "one", text=False) for _ in range(2))
    typing = engine.start("attach", "one", text=False)
    time.sleep(0.5)
    typing.stdin.write(b"\n")
    typing.stdin.flush()
    expected = b"".join(b"%d\n" % i for i in range(1, 400001)) + b"end\n"
    seen = {}

    def read(name, process):
        seen[name] = process.stdout.read()

    readers = [threading.Thread(target=read, args=pair) for pair in (("quick", quick), ("typing", typing))]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60)
    # Two seconds of patience with the slow one, and no more.
    assert seen == {"quick": expected, "typing": expected}
    assert slow.poll() is None  # it has not read a byte yet
    part = slow.stdout.read()
    assert expected.startswith(part) and len(part) < len(expected)
    assert slow.wait(20) == 255
    assert b"lost" in slow.stderr.read()
    for process in (slow, quick, typing):
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
    assert quick.wait(20) == 0 and typing.wait(20) == 0


def test_the_stdin_of_a_detached_container_outlives_those_who_type(engine):
    """Without StdinOnce: one who is attached and leaves does not end it."""
    engine.kist("run", "-di", "--name", "one", "--network", "none", "busybox", "cat")
    for word in ("one", "two"):
        process = engine.start("attach", "one")
        process.stdin.write(word + "\n")
        process.stdin.close()
        assert process.stdout.readline() == word + "\n"
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    assert engine.inspect("one")["State"]["Running"]


def test_a_signal_goes_to_the_container_of_an_attached_client(engine):
    import signal

    engine.kist("run", "-d", "--name", "one", "--network", "none", "busybox", "sh", "-c",
                "trap 'echo got; exit 8' USR1; echo ready; while :; do sleep 0.05; done")
    kist.wait_until(lambda: engine.out("logs", "one") == "ready")
    for args, code in ((("attach", "--sig-proxy=false", "one"), -signal.SIGUSR1), (("attach", "one"), 8)):
        process = engine.start(*args, stdin=subprocess.DEVNULL)
        time.sleep(0.5)
        process.send_signal(signal.SIGUSR1)
        assert process.wait(20) == code
        process.stdout.close()
        process.stderr.close()


def test_nothing_waits_for_input_that_nobody_reads(engine):
    process = engine.start("run", "--rm", "-i", "--network", "none", "busybox", "sh", "-c", "echo out; exit 4", text=False)
    block = b"x" * MEBIBYTE
    os.set_blocking(process.stdin.fileno(), False)
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        if select.select([], [process.stdin], [], 0.01)[1]:
            try:
                os.write(process.stdin.fileno(), block)
            except (BrokenPipeError, BlockingIOError):
                pass
    assert process.wait(1) == 4
    assert process.stdout.read() == b"out\n"
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
