"""What clients have open outlives kistd: their operation processes hold the connections."""

import json
import os
import signal
import time

import kist
import pytest

ECHO = ["sh", "-c", "while read line; do echo got $line; [ $line = stop ] && exit 7; done"]
TICK = ["sh", "-c", "i=0; while [ ! -e /stop ]; do i=$((i + 1)); echo tick $i; sleep 0.1; done; exit 3"]


def lose(kistd, part):
    """Kills one part of kistd, or both, and waits until it is gone."""
    door = kistd.door
    if part == "door":
        os.kill(door, signal.SIGKILL)
    else:
        kistd.stop(signal.SIGKILL if part == "spawner" else signal.SIGTERM)
    kist.wait_until(lambda: not kist.alive(door), what="the door to end")


def line_of(stream):
    line = stream.readline()
    return line.decode() if isinstance(line, bytes) else line


PARTS = ["door", "spawner", "all, in good order"]


@pytest.mark.parametrize("part", PARTS)
def test_logs_go_on(kistd, part):
    engine = kistd.engine
    engine.kist("run", "-d", "--name", "web", "--network", "none", "busybox", *TICK)
    client = kistd.docker_start("logs", "-f", "web")
    try:
        assert line_of(client.stdout) == "tick 1\n"
        lose(kistd, part)
        assert [line_of(client.stdout) for _ in range(3)] == ["tick 2\n", "tick 3\n", "tick 4\n"]
        engine.kist("exec", "web", "touch", "/stop")
        rest = client.stdout.read().decode().splitlines()
        assert rest == [f"tick {i}" for i in range(5, len(rest) + 5)]
        assert client.wait(timeout=20) == 0
    finally:
        kist.kill_and_reap(client)


@pytest.mark.parametrize("part", PARTS)
def test_wait_goes_on(kistd, part):
    engine = kistd.engine
    engine.kist("run", "-d", "--name", "web", "--network", "none", "busybox", *TICK)
    client = kistd.docker_start("wait", "web")
    try:
        time.sleep(0.5)
        assert client.poll() is None
        lose(kistd, part)
        engine.kist("exec", "web", "touch", "/stop")
        out, _ = client.communicate(timeout=20 * kist.PATIENCE)
        assert (out, client.returncode) == (b"3\n", 0)
    finally:
        kist.kill_and_reap(client)


@pytest.mark.parametrize("part", PARTS)
def test_attached_streams_go_on(kistd, part):
    engine = kistd.engine
    engine.kist("run", "-d", "-i", "--name", "web", "--network", "none", "busybox", *ECHO)
    # not `docker attach`, which asks for the exit code by another request when it is over
    client = kistd.connect()
    try:
        client.sendall(b"POST /v1.51/containers/web/attach?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\nHost: a\r\n"
                       b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        stream = client.makefile("rb")
        assert stream.readline() == b"HTTP/1.1 101 UPGRADED\r\n"
        while stream.readline() != b"\r\n":
            pass
        client.sendall(b"one\n")
        assert stream.read(8 + 8) == b"\1\0\0\0\0\0\0\x08got one\n"
        lose(kistd, part)
        client.sendall(b"two\nstop\n")
        rest = stream.read()
        assert b"got two\n" in rest and b"got stop\n" in rest
        stream.close()
    finally:
        client.close()
    kist.wait_until(lambda: engine.inspect("web")["State"]["Status"] == "exited", what="the end")
    assert engine.inspect("web")["State"]["ExitCode"] == 7


@pytest.mark.parametrize("part", PARTS)
def test_an_exec_with_a_terminal_goes_on(kistd, part):
    engine = kistd.engine
    engine.kist("run", "-d", "--name", "web", "--network", "none", "busybox", "sleep", "60")
    created = kistd.post("/containers/web/exec", {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True,
                                                  "Tty": True, "Cmd": ["sh", "-c", "stty -echo; echo ready; exec cat"]})
    assert created.status == 201, created.body
    body = json.dumps({"Detach": False, "Tty": True}).encode()
    client = kistd.connect()
    try:
        client.sendall(b"POST /v1.51/exec/%s/start HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                       b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                       % (created.json["Id"].encode(), len(body), body))
        stream = client.makefile("rb")
        assert stream.readline() == b"HTTP/1.1 101 UPGRADED\r\n"
        while stream.readline() != b"\r\n":
            pass
        assert stream.readline() == b"ready\r\n"
        lose(kistd, part)
        client.sendall(b"hello\n")
        assert stream.readline() == b"hello\r\n"
        client.sendall(b"\4")
        assert stream.read() == b""
        stream.close()
    finally:
        client.close()


def test_containers_are_there_for_the_next_kistd(kistd):
    kistd.docker("run", "-d", "--name", "web", "--network", "none", "busybox", "sleep", "60")
    kistd.stop(signal.SIGKILL)
    assert kistd.engine.inspect("web")["State"]["Running"]
    kistd.start()
    assert kistd.docker("ps", "--format", "{{.Names}}").stdout == "web\n"
    kistd.docker("rm", "-f", "web")
    assert kistd.engine.containers() == []


@pytest.mark.parametrize("what", [
    "GET /containers/web/logs?follow=1&stdout=1", "POST /containers/web/wait", "GET /events", "GET /containers/web/stats",
    "POST /containers/web/attach?stream=1&stdout=1", "POST /containers/web/attach?stream=1&stdin=1&stdout=1"])
def test_a_client_that_leaves_takes_its_process_along(kistd, what):
    kistd.engine.kist("run", "-d", "-i", "--name", "web", "--network", "none", "busybox", "sleep", "600")

    def operations():
        children = open(f"/proc/{kistd.process.pid}/task/{kistd.process.pid}/children", encoding="ascii").read().split()
        return [pid for pid in children if int(pid) != kistd.door]

    client = kistd.connect()
    client.sendall(f"{what} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert client.recv(12) == b"HTTP/1.1 200"
    assert len(operations()) == 1
    client.close()
    kist.wait_until(lambda: operations() == [], seconds=5, what="the operation to end")
    assert kistd.engine.inspect("web")["State"]["Running"]
