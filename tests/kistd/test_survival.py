"""kistd may end at any time, in any part."""

import os
import signal
import socket
import subprocess
import threading
import time

import kist
import pytest
from kistd import Connection, Kistd


def test_a_door_that_dies_is_replaced(kistd):
    first = kistd.door
    os.kill(first, signal.SIGKILL)
    kist.wait_until(lambda: not kist.alive(first))
    kist.wait_until(kistd.answers)
    assert kistd.door != first
    assert kistd.get("/version").status == 200


def test_the_door_ends_with_the_spawner(kistd):
    door = kistd.door
    kistd.stop(signal.SIGKILL)
    kist.wait_until(lambda: not kist.alive(door), what="the door to end")


def test_a_socket_left_behind_is_replaced(kistd):
    kistd.stop(signal.SIGKILL)
    assert kistd.socket.exists()
    kistd.start()
    assert kistd.get("/version").status == 200


def test_a_second_kistd_does_not_take_the_socket(kistd):
    done = subprocess.run([kist.program("kistd"), "--listen", f"unix://{kistd.socket}"], env=kistd.engine.env,
                          stderr=subprocess.PIPE, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "another process does" in done.stderr
    assert kistd.get("/_ping").status == 200


def test_sigterm_ends_it_and_removes_the_socket(kistd):
    assert kistd.stop() == 0
    assert not kistd.socket.exists()


def test_the_socket_belongs_to_its_group(engine):
    with Kistd(engine, args=["--group", "4711"]) as kistd:
        status = kistd.socket.stat()
        assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (0, 4711, 0o660)


def test_a_request_in_flight_is_answered_after_sigterm(kistd):
    client = kistd.connect()
    client.sendall(b"GET /version HTTP/1.1\r\nHo")
    time.sleep(0.1)
    kistd.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    client.sendall(b"st: a\r\n\r\n")
    answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 OK") and b"Connection: close" in answer
    client.close()
    assert kistd.process.wait(timeout=20) == 0


def test_an_upgrade_under_load_refuses_nobody(engine):
    """The socket is the service manager's: what one kistd does not accept, the next one does."""
    failures, served, over = [], [0], threading.Event()

    def load(path, keep):
        connection = None
        while not over.is_set():
            try:
                connection = connection or Connection(path)
                for target in ("/_ping", "/version"):
                    if connection.ask("GET", target).status != 200:
                        failures.append(target)
                    served[0] += 1
            except (OSError, EOFError) as error:
                failures.append(repr(error))
            if not keep:
                connection.close()
                connection = None

    with Kistd(engine, activated=True) as kistd:
        threads = [threading.Thread(target=load, args=(kistd.socket, keep)) for keep in (True, False, False)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                old = kistd.process
                time.sleep(0.3)
                old.send_signal(signal.SIGTERM)
                kistd.start()
                assert old.wait(timeout=20) == 0
        finally:
            over.set()
            for thread in threads:
                thread.join()
        assert not failures, failures[:5]
        assert served[0] > 50


def test_it_holds_little_and_does_not_grow(kistd):
    def ask(count):
        connection = kistd.connection()
        for i in range(count):
            connection.ask("GET", ("/_ping", "/version", "/nothing")[i % 3])
        connection.close()

    ask(100)
    before = kistd.resident()
    ask(1000)
    after = kistd.resident()
    assert before <= 4096 and after <= 4096
    assert after - before <= 64, f"{before} KiB before, {after} KiB after"
    assert len(os.listdir(f"/proc/{kistd.process.pid}/fd")) < 16
    assert len(os.listdir(f"/proc/{kistd.door}/fd")) < 16


def test_thousands_of_connections_do_not_keep_root_out(kistd):
    """Idle ones fill the room; those beyond wait in the queue, and nothing falls over."""
    clients = []
    try:
        for _ in range(3000):
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(kistd.socket))
            clients.append(client)
        assert len(os.listdir(f"/proc/{kistd.door}/fd")) <= 2048 + 16
    finally:
        for client in clients:
            client.close()
    assert kistd.get("/version").status == 200
    assert kistd.resident() <= 8192


def test_a_user_has_only_a_share(engine):
    """Connections of one user leave room for others."""
    with Kistd(engine, path="/run/kistd-shared.sock") as kistd:
        os.chmod(kistd.socket, 0o666)
        script = (
            "import os, socket, sys\n"
            "os.setgid(12345); os.setuid(12345)\n"
            "clients = [socket.socket(socket.AF_UNIX) for _ in range(1200)]\n"
            "for c in clients: c.connect(sys.argv[1])\n"
            "print(sum(b'503' in c.recv(4096) for c in clients[1100:]), flush=True)\n"
            "sys.stdin.read()\n")
        crowd = subprocess.Popen(["python3", "-c", script, str(kistd.socket)], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        try:
            assert crowd.stdout.readline().strip() == "100"
            assert kistd.get("/version").status == 200
        finally:
            kist.kill_and_reap(crowd)


@pytest.mark.slow
def test_a_client_that_is_too_slow_is_told(kistd):
    client = kistd.connect(timeout=30)
    client.sendall(b"GET /version HT")
    assert client.recv(4096).startswith(b"HTTP/1.1 408 ")
    silent = kistd.connect(timeout=30)
    assert silent.recv(4096) == b""
    client.close()
    silent.close()


@pytest.mark.parametrize("document", [
    "[" + ",".join(["0"] * 500000) + "]",
    "[" + ",".join(["{}"] * 60000) + "]",
    "{" + ",".join(f'"{i:x}":"x"' for i in range(60000)) + "}",
    '"' + "\\u0041" * 170000 + '"',
    "[" * 500000,
    '{"Image":"' + "a" * 1000000 + '"}',
], ids=["numbers", "objects", "members", "escapes", "depth", "text"])
def test_a_large_document_is_not_held(kistd, document):
    door = kistd.door
    for _ in range(3):
        answer = kistd.ask("POST", "/containers/create", document, {"Content-Type": "application/json"})
        assert 400 <= answer.status < 500
    assert kistd.door == door
    kist.wait_until(lambda: kistd.resident() <= 4096, what="the memory to be given back")


def test_a_missing_program_is_told(engine, tmp_path):
    """An installation in the middle of an upgrade: the door answers, and kistd says what it looked for."""
    engine.env["KIST_LIBEXEC"] = str(tmp_path)
    with Kistd(engine) as kistd:
        answer = kistd.get("/version")
        assert answer.status == 500 and "no process could be started" in answer.message
        assert f"start {tmp_path}/kist-operation: No such file or directory" in kistd.log.read_text()
        (tmp_path / "kist-operation").symlink_to(kist.program("kist-operation"))
        assert kistd.get("/version").status == 200


def test_containers_do_not_inherit_what_kistd_is_to_the_killer(engine):
    """A service manager that shields kistd from the out-of-memory killer does not mean what it starts."""
    with Kistd(engine) as kistd:
        # a shield needs a capability; the other direction shows it as well
        with open(f"/proc/{kistd.process.pid}/oom_score_adj", "w", encoding="ascii") as score:
            score.write("500")
        kistd.docker("run", "-d", "--name", "web", "--network", "none", "busybox", "sleep", "60")
        pid = engine.inspect("web")["State"]["Pid"]
        with open(f"/proc/{pid}/oom_score_adj", encoding="ascii") as score:
            assert score.read() == "0\n"
