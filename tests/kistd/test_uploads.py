"""Bodies of any length: their frames are read by a process without privileges."""

import os
import socket
import threading

import kist
import pytest


def chunked(data, size):
    out = b"".join(b"%x\r\n%s\r\n" % (len(data[i:i + size]), data[i:i + size]) for i in range(0, len(data), size))
    return out + b"0\r\n\r\n"


def upload(kistd, body, framing, cut=None):
    """The answer to an import; @body is sent while the answer may already be on its way."""
    head = b"POST /images/create?fromSrc=-&repo=uploaded HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % framing
    client = kistd.connect()

    def send():
        try:
            client.sendall((head + body)[:cut])
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before its end

    sender = threading.Thread(target=send)
    sender.start()
    answer = b""
    try:
        while part := client.recv(65536):
            answer += part
    except ConnectionResetError:
        pass
    sender.join()
    client.close()
    return answer


@pytest.mark.parametrize("size", [100000, 65536, 7777])
def test_chunks_become_an_image(kistd, size):
    answer = upload(kistd, chunked(kist.busybox_tar(), size), b"Transfer-Encoding: chunked")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and b"sha256:" in answer
    assert kistd.engine.out("run", "--rm", "--network", "none", "uploaded", "echo", "hello") == "hello"


def test_a_length_becomes_an_image(kistd):
    body = kist.busybox_tar()
    answer = upload(kistd, body, b"Content-Length: %d" % len(body))
    assert b"sha256:" in answer
    assert kistd.engine.out("run", "--rm", "--network", "none", "uploaded", "echo", "hello") == "hello"


@pytest.mark.parametrize("how", ["cut", "length", "chunk"])
def test_half_a_body_is_no_image(kistd, how):
    body = kist.busybox_tar()
    if how == "cut":
        answer = upload(kistd, chunked(body, 100000), b"Transfer-Encoding: chunked", cut=1000000)
    elif how == "length":
        answer = upload(kistd, body[:1000000], b"Content-Length: %d" % len(body))
    else:
        answer = upload(kistd, chunked(body, 100000).replace(b"\r\n186a0\r\n", b"\r\n186a0x\r\n", 1),
                        b"Transfer-Encoding: chunked")
    assert b'"errorDetail"' in answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")), answer
    assert "uploaded" not in kistd.engine.out("images")


def test_what_follows_a_body_is_not_read(kistd):
    answer = upload(kistd, chunked(kist.busybox_tar(), 100000) + b"GET /version HTTP/1.1\r\nHost: a\r\n\r\n",
                    b"Transfer-Encoding: chunked")
    assert b"sha256:" in answer and b"ApiVersion" not in answer


def test_the_process_that_unframes_has_nothing(kistd):
    """Looked at while it waits for more."""
    client = kistd.connect()
    client.sendall(b"POST /images/create?fromSrc=-&repo=uploaded HTTP/1.1\r\nHost: a\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n5\r\nhe")

    def find():
        for pid in kist_processes():
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                if b"unframe" in line.read().split(b"\0"):
                    return pid
        return None

    def status():
        with open(f"/proc/{pid}/status", encoding="ascii") as lines:
            return dict(line.rstrip("\n").split(":\t", 1) for line in lines if ":\t" in line)

    try:
        pid = kist.wait_until(find, what="the process")
        kist.wait_until(lambda: status()["Seccomp"] == "2", what="its sandbox")
        fields = status()
        assert set(fields["Uid"].split()) == {"1879048190"}
        assert fields["NoNewPrivs"] == "1"
        assert os.listdir(f"/proc/{pid}/root/") == []
        assert os.readlink(f"/proc/{pid}/ns/user") != os.readlink("/proc/self/ns/user")
    finally:
        client.close()
    kist.wait_until(lambda: not kist.alive(pid), what="its end")


def kist_processes():
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
