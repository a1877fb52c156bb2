"""What the door makes of requests: Docker's words, and nothing that two readers could read in two ways."""

import json
import socket

import pytest

NEWEST, OLDEST = "1.51", "1.24"


def test_ping_says_who_answers(kistd):
    for method in ("GET", "HEAD"):
        for path in ("/_ping", "/v1.24/_ping"):
            answer = kistd.ask(method, path)
            assert answer.status == 200
            assert answer.body == (b"OK" if method == "GET" else b"")
            assert answer.headers["Api-Version"] == NEWEST
            assert answer.headers["Ostype"] == "linux"
            assert answer.headers["Builder-Version"] == "1"
            assert answer.headers["Docker-Experimental"] == "false"


def test_version_is_answered_by_an_operation(kistd):
    for path in ("/version", "/v1.24/version", "/v1.51/version"):
        document = kistd.get(path).json
        assert (document["ApiVersion"], document["MinAPIVersion"]) == (NEWEST, OLDEST)


def test_the_docker_client_agrees_on_a_version(kistd):
    shown = json.loads(kistd.docker("version", "--format", "{{json .}}").stdout)
    assert shown["Server"]["ApiVersion"] == NEWEST
    assert shown["Client"]["ApiVersion"] <= NEWEST
    info = json.loads(kistd.docker("info", "--format", "{{json .}}").stdout)
    assert info["Images"] == 1 and info["Containers"] == 0
    assert "ServerErrors" not in info


@pytest.mark.parametrize("path, status, message", [
    ("/v1.52/info", 400, "client version 1.52 is too new. Maximum supported API version is 1.51"),
    ("/v2.0/info", 400, "client version 2.0 is too new. Maximum supported API version is 1.51"),
    ("/v1.23/info", 400, "client version 1.23 is too old. Minimum supported API version is 1.24, "
                         "please upgrade your client to a newer version"),
    ("/v1/info", 400, "1 is not a version of the API"),
    ("/nothing", 404, "page not found"),
    ("/v1.51/", 404, "page not found"),
    ("/info/", 404, "page not found"),
    ("/vx/info", 404, "page not found"),
    ("/info%00", 400, "malformed path or query"),
])
def test_unknown_paths_and_versions_are_told_in_dockers_words(kistd, path, status, message):
    answer = kistd.get(path)
    assert (answer.status, answer.message) == (status, message)
    assert answer.headers["Content-Type"] == "application/json"


def test_another_method_is_another_page(kistd):
    answer = kistd.ask("DELETE", "/info")
    assert (answer.status, answer.message) == (404, "page not found")
    assert kistd.ask("OPTIONS", "/info").status == 404


HEAD = b"GET /version HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize("request_bytes, status", [
    (HEAD + b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (HEAD + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400),
    (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    (HEAD + b"X: a\r\n b\r\n\r\n", 400),
    (b"GET /version HTTP/1.1\n\nHost: a\n\n\r\n\r\n", 400),
    (b"GET /version HTTP/1.1\r\n\r\n", 400),
    (b"GET /version HTTP/3.0\r\nHost: a\r\n\r\n", 505),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    (HEAD + b"X: " + b"a" * 70000, 431),
    (HEAD + b"A: b\r\n" * 200 + b"\r\n", 431),
    (HEAD + b"Content-Length: 99999999\r\n\r\n", 413),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
], ids=["both-lengths", "length-twice", "coding", "folded", "line-feeds", "no-host", "http-3", "http-2", "long-head",
        "many-headers", "long-body", "bad-chunk", "tls"])
def test_what_is_no_request_is_refused_and_the_connection_closed(kistd, request_bytes, status):
    answer = kistd.raw(request_bytes)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Connection: close" in head
    assert set(json.loads(body)) == {"message"}


def test_a_connection_serves_one_request_after_the_other(kistd):
    connection = kistd.connection()
    for _ in range(3):
        assert connection.ask("GET", "/_ping").status == 200
        first = connection.sock
        assert connection.ask("GET", "/version").json["Os"] == "linux"
        assert connection.ask("GET", "/info").json["OSType"] == "linux"
        assert connection.sock is first
    connection.close()


def test_requests_sent_at_once_are_answered_in_order(kistd):
    ping = b"GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n"
    version = b"GET /version HTTP/1.1\r\nHost: a\r\n\r\n"
    last = b"GET /_ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answers = kistd.raw(ping + version + ping + version + last)
    kinds = [b"ApiVersion" in part for part in answers.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert kinds == [False, True, False, True, False]


def test_a_request_may_come_byte_by_byte(kistd):
    client = kistd.connect()
    for byte in b"GET /_ping HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello":
        client.send(bytes([byte]))
    assert client.recv(4096).endswith(b"OK")
    client.close()


def test_a_client_that_asks_may_send_its_body(kistd):
    client = kistd.connect()
    client.sendall(b"GET /version HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    assert client.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"hello")
    assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")
    client.close()


def test_http_1_0_gets_one_answer_without_chunks(kistd):
    answer = kistd.raw(b"GET /version HTTP/1.0\r\n\r\n")
    assert b"Connection: close" in answer and b"chunked" not in answer


def test_a_client_that_leaves_in_the_middle_leaves_nothing(kistd):
    for cut in (1, 20, len(HEAD), len(HEAD) + 30):
        client = kistd.connect()
        client.sendall((HEAD + b"Content-Length: 100\r\n\r\n" + b"x" * 50)[:cut])
        client.shutdown(socket.SHUT_WR)
        client.close()
    assert kistd.get("/_ping").status == 200
