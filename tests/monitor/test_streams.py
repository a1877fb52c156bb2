"""Standard streams, the log, and those who attach."""

import contextlib
import hashlib
import os
import random
import select
import socket
import struct
import threading
import time

import pytest
from kist import PATIENCE
from monitor import (ATTACH, COMMIT, Connection, EXITED, INPUT, OUTPUT, STDERR, STDIN, STDOUT, WAIT, alive, kill_quietly,
                     wait_until)

MEGABYTE = 1 << 20


def feed(connection, total, digest, seed=1):
    """Sends @total random bytes and the end of file."""
    generator = random.Random(seed)
    block = generator.randbytes(MEGABYTE)
    sent = 0
    while sent < total:
        n = min(total - sent, generator.randint(1, 65536))
        start = generator.randint(0, MEGABYTE - 65536)
        data = block[start : start + n]
        digest.update(data)
        connection.send(INPUT, data)
        sent += n
    connection.send(INPUT)


@pytest.mark.parametrize("total", [100 * MEGABYTE, pytest.param(1024 * MEGABYTE, marks=pytest.mark.slow)])
def test_every_byte_goes_round_exactly(make, total):
    c = make(["cat"], stdin=True, log=False)
    owner = c.run(attach=STDIN | STDOUT, cleaning=True)
    sent, received, count = hashlib.sha256(), hashlib.sha256(), 0
    feeder = threading.Thread(target=feed, args=(owner, total, sent))
    feeder.start()
    while True:
        kind, data = owner.receive(60)
        if kind == EXITED:
            break
        assert data[0] == 1
        received.update(data[1:])
        count += len(data) - 1
    feeder.join()
    assert count == total and received.digest() == sent.digest()
    assert struct.unpack("=i", data[:4])[0] == 0


def test_the_log_has_every_line_of_a_flood(make):
    c = make(["seq", "1", "300000"])
    assert c.run().exited(60)["code"] == 0
    assert c.logged() == "".join(f"{i}\n" for i in range(1, 300001))


def test_a_log_line_is_cut_at_16_kib_and_the_last_needs_no_newline(make):
    c = make(["cat"], stdin=True)
    owner = c.run(attach=STDIN)
    text = "x" * 40000 + "\n" + "\u20ac" * 6000 + "\nend"
    owner.input(text.encode())
    owner.send(INPUT)
    owner.exited()
    records = c.records()
    assert [len(r["log"].encode()) for r in records] == [16384, 16384, 7233, 16383, 1618, 3]
    assert "".join(r["log"] for r in records) == text
    assert {r["stream"] for r in records} == {"stdout"}


def test_an_endless_line_costs_no_memory(make):
    c = make(["sh", "-c", "head -c 50000000 /dev/zero"],
             config=lambda spec: spec["mounts"].append(
                 {"destination": "/dev/zero", "type": "bind", "source": "/dev/zero", "options": ["bind"]}))
    owner = c.run()
    peak = 0
    while not select.select([owner.sock], [], [], 0.02)[0]:
        with open(f"/proc/{c.process.pid}/status") as f:
            values = dict(line.split(":", 1) for line in f.read().splitlines())
        peak = max(peak, int(values.get("VmHWM", "0").split()[0]))  # a process that has ended has none
    assert owner.exited()["code"] == 0
    assert 0 < peak < 3000  # KiB, of which the program itself is the most
    assert sum(len(r["log"]) for r in c.records()) == 50000000


def test_both_streams_keep_their_names(make):
    c = make(["sh", "-c", "echo out; echo err >&2; printf tail; printf errtail >&2"])
    owner = c.run(attach=STDOUT | STDERR)
    owner.exited()
    assert owner.output == {1: b"out\ntail", 2: b"err\nerrtail"}
    assert c.logged("stdout") == "out\ntail" and c.logged("stderr") == "err\nerrtail"


def test_an_owner_sees_only_what_it_has_attached(make):
    c = make(["sh", "-c", "echo out; echo err >&2"])
    owner = c.run(attach=STDERR)
    owner.exited()
    assert owner.output == {1: b"", 2: b"err\n"}


# stdin


def test_without_stdin_it_is_dev_null(make):
    c = make(["sh", "-c", "readlink /proc/self/fd/0; cat"])
    owner = c.run(attach=STDOUT)
    assert owner.exited()["code"] == 0
    assert owner.output[1] == b"/dev/null\n"


@pytest.mark.parametrize("how", ["frame", "half-close"])
def test_the_end_of_the_input_is_the_end_of_stdin_and_output_goes_on(make, how):
    c = make(["sh", "-c", "cat; sleep 0.1; echo and more"], stdin=True)
    owner = c.run(attach=STDIN | STDOUT)
    owner.input(b"given\n")
    if how == "frame":
        owner.send(INPUT)
    else:
        owner.sock.shutdown(socket.SHUT_WR)
    assert owner.exited()["code"] == 0
    assert owner.output[1] == b"given\nand more\n"


def test_an_owner_that_dies_ends_the_stdin_it_had_and_loses_nothing_it_sent(make):
    c = make(["cat"], stdin=True)
    owner = c.run(attach=STDIN)
    owner.input(b"last words\n" * 3000)
    owner.close()
    assert c.wait() == 0
    assert c.exit_record()["code"] == 0
    assert c.logged() == "last words\n" * 3000


def test_a_client_that_goes_leaves_stdin_open_for_the_next(make):
    c = make(["cat"], stdin=True)
    c.run()
    for text in (b"first\n", b"second\n"):
        client = c.connect()
        client.send(ATTACH, bytes([STDIN]))
        client.input(text)
        client.close()
        wait_until("it is read", lambda: text.decode() in c.logged())
    client = c.connect()
    client.send(ATTACH, bytes([STDIN]))
    client.send(INPUT)
    assert c.wait() == 0
    assert c.logged() == "first\nsecond\n"


def test_input_to_a_container_that_reads_none_ends_with_it(make):
    c = make(["sleep", "0.5"], stdin=True)
    owner = c.run(attach=STDIN)
    writer = threading.Thread(target=lambda: feed_until_closed(owner))
    writer.start()
    assert owner.exited()["code"] == 0
    owner.sock.shutdown(socket.SHUT_RDWR)
    writer.join()


def feed_until_closed(connection):
    try:
        connection.input(b"x" * (4 * MEGABYTE))
    except OSError:
        pass


def test_a_container_that_closes_stdin_drops_what_comes(make):
    c = make(["sh", "-c", "exec 0</dev/null; sleep 0.3; echo fine"], stdin=True)
    owner = c.run(attach=STDIN | STDOUT)
    owner.input(b"x" * MEGABYTE)
    assert owner.exited()["code"] == 0
    assert owner.output[1] == b"fine\n"


# Those who attach


def test_an_owner_that_does_not_read_holds_the_container_back(make):
    c = make(["sh", "-c", "seq 1 500000"])
    owner = c.run(attach=STDOUT, cleaning=True)
    time.sleep(0.5)
    assert alive(c.state["pid"])
    owner.exited(60)
    assert bytes(owner.output[1]) == b"".join(b"%d\n" % i for i in range(1, 500001))


def test_a_client_that_does_not_read_is_dropped_and_holds_nobody_back(make):
    c = make(["sh", "-c", "read x; seq 1 500000"], stdin=True)
    owner = c.run(attach=STDIN)
    slow, quick = c.connect(), c.connect()
    for client in (slow, quick):
        client.send(ATTACH, bytes([STDOUT]))
    quick.send(WAIT)
    wait_until("both are attached", lambda: time.sleep(0.1) is None)
    owner.input(b"go\n")
    quick.exited(60)
    assert bytes(quick.output[1]) == b"".join(b"%d\n" % i for i in range(1, 500001))
    assert owner.exited()["code"] == 0
    with pytest.raises(AssertionError, match="ended"):
        slow.exited()
    assert len(slow.output[1]) < 2 * MEGABYTE


def test_clients_that_die_at_any_moment_harm_nobody(make):
    c = make(["sh", "-c", "seq 1 200000; sleep 0.2"])
    owner = c.run(attach=STDOUT)
    generator = random.Random(7)
    for _ in range(30):
        client = c.connect()
        client.send(ATTACH, bytes([generator.choice([STDOUT, STDIN | STDOUT, STDERR])]))
        if generator.random() < 0.5:
            try:
                client.sock.settimeout(0.01)
                client.sock.recv(generator.randint(1, 100000))
            except TimeoutError:
                pass
        client.close()
    assert owner.exited(60)["code"] == 0
    assert bytes(owner.output[1]) == b"".join(b"%d\n" % i for i in range(1, 200001))


@pytest.mark.parametrize("bytes_sent", [
    b"GET / HTTP/1.1\r\n\r\n", struct.pack("=II", 1, 24) + bytes(24), struct.pack("=II", 18, 1 << 31),
    struct.pack("=II", 18, 65537), struct.pack("=IIB", ATTACH, 1, 0), struct.pack("=IIB", ATTACH, 1, 255),
    struct.pack("=II", COMMIT, 1), struct.pack("=II", INPUT, 0), struct.pack("=II", 0, 0), b"\xff" * 8,
])
def test_a_client_that_talks_nonsense_is_disconnected_and_nothing_else(make, bytes_sent):
    c = make(["cat"], stdin=True)
    owner = c.run(attach=STDIN | STDOUT)
    client = c.connect()
    client.sock.sendall(bytes_sent)
    assert client.receive() is None
    owner.input(b"still here\n")
    owner.send(INPUT)
    assert owner.exited()["code"] == 0
    assert owner.output[1] == b"still here\n"


def test_a_client_has_no_rights_of_an_owner(make):
    c = make(["sleep", "1000"], cleanup=True)
    owner = c.start()
    state = owner.started()
    client = c.connect()
    client.send(COMMIT)
    owner.close()
    assert c.wait() == 125
    assert not alive(state["pid"])
    assert client.receive() is None


def test_connections_are_bounded(make):
    c = make(["sleep", "1000"])
    c.run()
    clients = [c.connect() for _ in range(70)]
    time.sleep(0.1 * PATIENCE)
    refused = 0
    for client in clients:
        try:
            client.send(WAIT)
            if select.select([client.sock], [], [], 0)[0] and client.receive() is None:
                refused += 1
        except BrokenPipeError:
            refused += 1
    assert refused == 70 - 63
    with open(f"/proc/{c.process.pid}/stat"):
        pass
    clients[0].close()
    time.sleep(0.05 * PATIENCE)
    late = c.connect()
    late.send(WAIT)
    kill_quietly(c.state["pid"])
    assert late.exited()["code"] == 137


def test_another_user_is_refused(make):
    c = make(["sleep", "1000"])
    c.run()
    os.chmod(c.bundle, 0o755)
    assert os.stat(f"{c.bundle}/control").st_mode & 0o777 == 0o600
    os.chmod(f"{c.bundle}/control", 0o666)  # as if somebody had opened it up
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        fd = os.open(c.bundle, os.O_PATH)
        os.setresuid(65534, 65534, 65534)
        try:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(f"/proc/self/fd/{fd}/control")
            sock.settimeout(5)
            os.write(write, b"end" if sock.recv(1) == b"" else b"in")
        except OSError as e:
            os.write(write, str(e).encode())
        os._exit(0)
    os.close(write)
    assert os.read(read, 100) == b"end"
    os.close(read)
    os.waitpid(pid, 0)


# The end


def test_somebody_outside_who_holds_the_output_cannot_hold_up_the_end(make):
    """Without a pid namespace a child outlives the first process."""
    c = make(["sh", "-c", "sleep 30 & echo bye"], config=lambda spec: spec["linux"].update(
        namespaces=[n for n in spec["linux"]["namespaces"] if n["type"] != "pid"]))
    owner = c.run(attach=STDOUT)
    start = time.monotonic()
    assert owner.exited()["code"] == 0
    assert 1 < time.monotonic() - start < 6
    assert owner.output[1] == b"bye\n"


def test_output_larger_than_a_pipe_at_the_end_is_whole(make):
    c = make(["sh", "-c", "seq 1 12000; seq 1 12000 >&2"])
    owner = c.run(attach=STDOUT | STDERR, cleaning=True)
    time.sleep(1.5)
    assert owner.exited()["code"] == 0
    expected = b"".join(b"%d\n" % i for i in range(1, 12001))
    assert owner.output == {1: expected, 2: expected}


def test_who_was_there_before_the_container_reads_its_last_words_when_he_likes(make):
    """Not even the cleanup waits for him, nor does he lose anything by it."""
    c = make(["seq", "1", "8000"], cleanup=True)  # 38 KB: the FIFO takes it, the socket none of it
    ours, theirs = socket.socketpair()
    full = struct.pack("=IIB", OUTPUT, 1 + 1000, 2) + b"." * 1000
    filled = 0
    theirs.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while theirs.send(full) == len(full):
            filled += 1
    theirs.setblocking(True)
    ours.sendall(struct.pack("=IIB", ATTACH, 1, STDOUT) + struct.pack("=II", WAIT, 0))
    c.args += ["--peer-fd", str(theirs.fileno())]
    owner = c.start(pass_fds=[theirs.fileno()])
    theirs.close()
    owner.started()
    owner.send(COMMIT)
    owner.close()
    wait_until("the cleanup", lambda: os.path.exists(c.path("cleaned")), 20 * PATIENCE)
    assert c.process.poll() is None
    early = Connection(ours)
    assert early.exited()["code"] == 0
    assert early.output[2] == b"." * (1000 * filled)
    assert early.output[1] == b"".join(b"%d\n" % i for i in range(1, 8001))
    c.wait()
    early.close()
