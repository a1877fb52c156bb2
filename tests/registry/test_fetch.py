"""kist-worker-fetch against registries that say what a test wants them to say."""

import base64
import gzip
import json
import os
import re
import resource
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import fetchworker
import rogue
import pytest
from kist import program
from registry import (OCI_INDEX, OCI_MANIFEST, Image, descriptor, digest_of, small_image, tar_of)

CANARY = "CANARY-5f1c"


def big_image(megabytes=3):
    """A layer that does not compress."""
    return Image([tar_of({"noise": os.urandom(megabytes << 20)})], compression="none")


def good(result):
    """Every layer came whole."""
    return [(size, digest) for _, size, digest in result.layers] == result.blobs


# --------------------------------------------------------------------------------- what is right


def test_an_image_comes_whole(server, fetch):
    image = big_image()
    manifest = server.serve("a/b", image)
    result = fetch(server.address, "a/b")
    assert result.manifest == manifest
    assert result.config == image.config_blob()
    assert result.named == digest_of(manifest)
    assert good(result)


def test_localhost_is_loopback_and_never_looked_up(server, fetch):
    server.serve("a", small_image())
    assert good(fetch(server.address.replace("127.0.0.1", "localhost"), "a"))


def test_a_digest_is_asked_for_and_checked(server, fetch, refused):
    manifest = server.serve("a", small_image())
    assert good(fetch(server.address, "a", digest_of(manifest)))
    other = digest_of(b"other")
    server.on_bytes(f"/v2/a/manifests/{other}", manifest, OCI_MANIFEST)
    error = refused(server.address, "a", other)
    assert error.kind == "corrupt" and other in str(error)


def test_the_platform_is_chosen_from_an_index(server, fetch, refused):
    images = [small_image({"x": bytes([i])}, architecture=name)
              for i, name in enumerate(("amd64", "arm64", "s390x"))]
    entries = []
    for image in images:
        media_type, manifest = image.manifest()
        server.serve("a", image, tag="none")
        entries.append(descriptor(media_type, manifest, platform=image.platform()))
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()
    server.on_bytes("/v2/a/manifests/latest", index, OCI_INDEX)
    result = fetch(server.address, "a", platform=("linux", "arm64", "v8"))
    assert result.manifest == images[1].manifest()[1]
    assert result.named == digest_of(index)
    error = refused(server.address, "a", platform=("linux", "riscv64", ""))
    assert error.kind == "unsupported"
    assert "no matching manifest for linux/riscv64 in the manifest list entries" in str(error)


# ------------------------------------------------------------------------------------ who are you


def require_token(server, realm, token="t0ken", **parameters):
    """Everything of repository a needs the token; the challenge names @realm."""
    extra = "".join(f',{name}="{value}"' for name, value in parameters.items())

    def guard(answer):
        def guarded(request):
            if request.headers.get("Authorization") == f"Bearer {token}":
                answer(request)
            else:
                request.reply(401, {"WWW-Authenticate": f'Bearer realm="{realm}"{extra}'})
        return guarded

    routes = server._server.routes
    routes[:] = [(prefix, guard(answer) if prefix.startswith("/v2/a/") else answer)
                 for prefix, answer in routes]


def give_token(server, token="t0ken"):
    server.on("/token", lambda request: request.reply(
        200, {"Content-Type": "application/json"}, json.dumps({"token": token}).encode()))


def test_a_token_is_had_anonymously(server, fetch):
    server.serve("a", small_image())
    require_token(server, f"http://{server.address}/token?x=1", service="me & you",
                  scope="registry:catalog:*")
    give_token(server)
    assert good(fetch(server.address, "a"))
    paths = [path for path, _ in server.log if path.startswith("/token")]
    assert paths == ["/token?x=1&service=me%20%26%20you&scope=repository:a:pull"]
    assert "Authorization" not in server.asked("/token")[0]


def test_credentials_go_to_the_realm_of_the_same_host(server, fetch):
    server.serve("a", small_image())
    require_token(server, f"http://{server.address}/token")
    give_token(server)
    assert good(fetch(server.address, "a", username="joe", password="s:cret"))
    sent = server.asked("/token")[0]["Authorization"]
    assert base64.b64decode(sent.split()[1]) == b"joe:s:cret"


def test_a_refresh_token_is_posted(server, fetch):
    server.serve("a", small_image())
    require_token(server, f"http://{server.address}/token", service="s")
    bodies = []

    def token(request):
        bodies.append(request.rfile.read(int(request.headers["Content-Length"])).decode())
        request.reply(200, {}, b'{"access_token":"t0ken"}')

    server.on("/token", token)
    assert good(fetch(server.address, "a", token="r+fresh"))
    assert bodies == ["service=s&scope=repository:a:pull&grant_type=refresh_token&client_id=kist"
                      "&refresh_token=r%2Bfresh"]


@pytest.mark.parametrize("credentials", [{}, {"username": "joe", "password": CANARY}])
@pytest.mark.parametrize("realm", [
    "http://169.254.169.254/latest", "https://169.254.169.254/x", "http://10.0.0.1/t",
    "http://auth.example/t", "https://10.0.0.1/t", "gopher://x/", "http://0x7f000001/t", "",
    "http://[::ffff:169.254.169.254]/",
])
def test_a_realm_elsewhere_is_not_asked(server, refused, realm, credentials):
    server.serve("a", small_image())
    require_token(server, realm)
    begin = time.monotonic()
    error = refused(server.address, "a", **credentials)
    assert error.kind in ("denied", "corrupt")
    assert time.monotonic() - begin < 5
    assert CANARY not in str(error)


def test_credentials_are_not_shown_to_another_host(server, other, refused, fetch):
    server.serve("a", small_image())
    require_token(server, f"http://{other.address}/token")
    give_token(other)
    error = refused(server.address, "a", username="joe", password=CANARY)
    assert error.kind == "denied" and "belongs to somebody else" in str(error)
    assert other.log == []
    # There is nothing to betray without credentials.
    assert good(fetch(server.address, "a"))


def test_basic_credentials_are_given_when_asked_for(server, fetch, refused):
    server.serve("a", small_image())
    answers = server._server.routes[0:]

    def guarded(request):
        if request.headers.get("Authorization") != "Basic " + base64.b64encode(b"u:p").decode():
            request.reply(401, {"WWW-Authenticate": 'Basic realm="x"'})
            return
        next(a for prefix, a in answers if request.path.startswith(prefix))(request)

    server.on("/v2/a/", guarded)
    assert good(fetch(server.address, "a", username="u", password="p"))
    error = refused(server.address, "a", username="u", password=CANARY)
    assert error.kind == "denied" and CANARY not in str(error)
    assert "pull access denied for a, repository does not exist or may require 'docker login'" in \
        str(refused(server.address, "a"))


def test_a_token_that_expires_is_renewed(server, fetch):
    image = big_image()
    server.serve("a", image)
    require_token(server, f"http://{server.address}/token", token="second")
    routes = list(server._server.routes)
    tokens = iter(["first", "second"])
    server.on("/token", lambda request: request.reply(
        200, {}, json.dumps({"token": next(tokens)}).encode()))

    def manifest(request):
        if request.headers.get("Authorization") == "Bearer first":
            request.headers.replace_header("Authorization", "Bearer second")
        next(a for prefix, a in routes if request.path.startswith(prefix))(request)

    server.on("/v2/a/manifests/", manifest)
    assert good(fetch(server.address, "a"))
    assert len(server.asked("/token")) == 2


# -------------------------------------------------------------------------------------- redirects


def redirect(server, path, to, status=307):
    server.on(path, lambda request: request.reply(status, {"Location": to}))


def test_authorization_stays_at_its_origin(server, other, fetch):
    image = small_image()
    server.serve("a", image)
    blob = image.layer_blobs()[0]
    with rogue.Server() as same_host:
        for target in (other, same_host):
            target.on_bytes("/blob", blob)
        redirect(server, f"/v2/a/blobs/{digest_of(blob)}", f"http://{same_host.address}/hop")
        redirect(same_host, "/hop", f"http://{other.address}/blob?sig=1")
        require_token(server, f"http://{server.address}/token")
        give_token(server)
        assert good(fetch(server.address, "a"))
        assert len(same_host.log) == 1 and len(other.log) == 1
        for _, headers in same_host.log + other.log:
            assert "Authorization" not in headers and "Cookie" not in headers
        assert server.asked("/blobs/")[-1]["Authorization"] == "Bearer t0ken"


def test_a_redirect_within_the_registry_keeps_authorization(server, fetch):
    image = small_image()
    server.serve("a", image)
    path = f"/v2/a/blobs/{digest_of(image.layer_blobs()[0])}"
    server.on_bytes("/v2/a/moved", image.layer_blobs()[0])
    redirect(server, path, "../moved/../moved")
    server.on("/v2/a/blobs/../moved/../moved", lambda request: request.reply(
        308, {"Location": "/v2/a/moved"}))
    require_token(server, f"http://{server.address}/token")
    give_token(server)
    assert good(fetch(server.address, "a"))


@pytest.mark.parametrize("to", [
    "http://10.0.0.1/blob?sig=" + CANARY, "http://169.254.169.254/" + CANARY,
    "file:///etc/passwd#" + CANARY, "http://user:" + CANARY + "@127.0.0.2/", "",
    "http://cdn.example/" + CANARY, "https://10.9.8.7/" + CANARY,
])
def test_redirects_elsewhere_are_not_followed(server, refused, to):
    image = small_image()
    server.serve("a", image)
    redirect(server, f"/v2/a/blobs/{digest_of(image.layer_blobs()[0])}", to)
    begin = time.monotonic()
    error = refused(server.address, "a")
    assert time.monotonic() - begin < 5
    assert error.kind in ("denied", "corrupt") and "redirects to" in str(error)
    assert CANARY not in str(error)


def test_a_redirect_loop_ends(server, refused):
    redirect(server, "/v2/a/manifests/", "/v2/a/manifests/again")
    error = refused(server.address, "a")
    assert error.kind == "corrupt" and "redirects more than 5 times" in str(error)
    assert len(server.asked("/manifests/")) == 6


def test_errors_hold_no_secrets(server, other, refused):
    """A signed URL that fails, with a token and a password in the air."""
    image = small_image()
    server.serve("a", image)
    redirect(server, f"/v2/a/blobs/{digest_of(image.layer_blobs()[0])}",
             f"http://{other.address}/gone?X-Amz-Signature={CANARY}")
    require_token(server, f"http://{server.address}/token", token=CANARY)
    give_token(server, token=CANARY)
    other.on("/gone", lambda request: request.reply(403, {}, CANARY.encode()))
    error = refused(server.address, "a", username="joe", password=CANARY)
    assert CANARY not in str(error) and error.kind == "denied"


# ----------------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize("status, body, kind, text", [
    (404, b"", "not-found", "manifest for a:latest not found: manifest unknown"),
    (404, b'{"errors":[{"code":"NAME_UNKNOWN"}]}', "not-found", "repository unknown"),
    (403, b"", "denied", "pull access denied for a"),
    (429, b"", "unavailable", "toomanyrequests"),
    (500, b"", "unavailable", "status 500"),
    (418, b"\x1b[31m" + CANARY.encode(), "unavailable", "status 418"),
])
def test_refusals_are_sentences(server, refused, status, body, kind, text):
    server.on("/v2/a/manifests/", lambda request: request.reply(status, {}, body))
    error = refused(server.address, "a")
    assert error.kind == kind and text in str(error)
    assert CANARY not in str(error) and "\n" not in str(error)


def test_a_registry_that_is_down_is_named(refused):
    address = f"127.0.0.1:{rogue.closed_port()}"
    begin = time.monotonic()
    error = refused(address, "a")
    assert error.kind == "unavailable" and address in str(error) and "refused" in str(error)
    assert time.monotonic() - begin < 3


def test_a_name_that_does_not_resolve_is_named(refused):
    error = refused("registry.invalid", "a")
    assert error.kind == "unavailable" and "registry.invalid" in str(error)


def manifest_of(body, media_type=OCI_MANIFEST, **headers):
    def answer(server):
        server.on("/v2/a/manifests/", lambda request: request.reply(
            200, {"Content-Type": media_type, **headers}, body))
    return answer


def with_members(**members):
    manifest = json.loads(small_image().manifest()[1])
    manifest.update(members)
    return json.dumps(manifest).encode()


@pytest.mark.parametrize("answer, kind, text", [
    (manifest_of(b"<html>"), "corrupt", "not a JSON object"),
    (manifest_of(b""), "corrupt", "not a JSON object"),
    (manifest_of(with_members(manifests=[])), "corrupt", "ambiguous"),
    (manifest_of(small_image().manifest()[1], OCI_INDEX), "corrupt", "ambiguous"),
    (manifest_of(b'{"layers":[],' + small_image().manifest()[1][1:]), "corrupt", "twice"),
    (manifest_of(b'{"schemaVersion":1,"fsLayers":[]}',
                 "application/vnd.docker.distribution.manifest.v1+prettyjws"),
     "unsupported", "schema 1"),
    (manifest_of(gzip.compress(small_image().manifest()[1]), **{"Content-Encoding": "gzip"}),
     "corrupt", "compressed"),
    (manifest_of(b" " * (5 << 20)), "corrupt", "larger than 4 MiB"),
    (manifest_of(b"[" * 100000), "corrupt", "not a JSON object"),
    (manifest_of(with_members(config=descriptor("application/vnd.oci.empty.v1+json", b"{}"))),
     "unsupported", "not a container image"),
    (manifest_of(with_members(layers=[descriptor(OCI_MANIFEST, b"")])),
     "unsupported", "not supported"),
])
def test_bad_manifests_are_refused(server, refused, answer, kind, text):
    answer(server)
    error = refused(server.address, "a")
    assert error.kind == kind and text in str(error)


def test_a_config_with_another_digest_is_refused(server, refused):
    image = small_image()
    server.serve("a", image)
    config = image.config_blob()
    server.on_bytes(f"/v2/a/blobs/{digest_of(config)}", config.replace(b"linux", b"Linux"))
    error = refused(server.address, "a")
    assert error.kind == "corrupt" and digest_of(config) in str(error)


def test_indexes_in_indexes_end(server, refused):
    index = b""
    for depth in range(6):
        entry = descriptor(OCI_INDEX, index) if index else descriptor(OCI_MANIFEST, b"x")
        index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX,
                            "manifests": [entry]}).encode()
        server.on_bytes(f"/v2/a/manifests/{digest_of(index)}", index, OCI_INDEX)
    server.on_bytes("/v2/a/manifests/latest", index, OCI_INDEX)
    error = refused(server.address, "a")
    assert error.kind == "corrupt" and "indexes in indexes" in str(error)


def test_foreign_urls_are_not_read(server, other, fetch):
    image = small_image()
    server.serve("a", image)
    manifest = json.loads(image.manifest()[1])
    manifest["layers"][0].update(
        mediaType="application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        urls=[f"http://{other.address}/foreign"])
    manifest_of(json.dumps(manifest).encode())(server)
    assert good(fetch(server.address, "a"))
    assert other.log == []


# ------------------------------------------------------------------------------------------ layers


def serve_big(server):
    image = big_image()
    server.serve("a", image)
    blob = image.layer_blobs()[0]
    return f"/v2/a/blobs/{digest_of(blob)}", blob


def send_part(request, blob, start, end, status=206, **headers):
    """Announces the rest from @start, sends up to @end and breaks the connection."""
    request.send_response(status)
    request.send_header("Content-Length", str(len(blob) - start))
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(blob[start:end])
    if end < len(blob):
        request.hang_up()


def range_start(request):
    return int(re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", "bytes=0-")).group(1))


def test_a_broken_connection_is_resumed(server, fetch):
    path, blob = serve_big(server)

    def answer(request):
        start = range_start(request)
        end = min(start + (1 << 20), len(blob))
        send_part(request, blob, start, end, 206 if start else 200,
                  Content_Range=f"bytes {start}-{len(blob) - 1}/{len(blob)}")

    server.on(path, answer)
    assert good(fetch(server.address, "a"))
    ranges = [headers.get("Range") for headers in server.asked(path)]
    assert len(ranges) == 4 and ranges[0] is None and all(ranges[1:])


def test_a_registry_without_ranges_is_resumed_too(server, fetch):
    path, blob = serve_big(server)
    ends = iter([1 << 20, 2 << 20, len(blob)])
    server.on(path, lambda request: send_part(request, blob, 0, next(ends), 200))
    assert good(fetch(server.address, "a"))
    assert len(server.asked(path)) == 3


def test_a_server_error_in_the_middle_is_survived(server, fetch):
    path, blob = serve_big(server)
    statuses = iter([503, 502, 200])

    def answer(request):
        status = next(statuses)
        request.reply(status, {}, blob if status == 200 else b"")

    server.on(path, answer)
    assert good(fetch(server.address, "a"))


def other_range(request, blob):
    start = range_start(request)
    send_part(request, blob, start, start + (1 << 20), 206 if start else 200,
              Content_Range=f"bytes {start - 7}-{len(blob) - 1}/{len(blob)}")


def endless(request, blob):
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    while True:
        request.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")


def chunked_short(request, blob):
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    request.wfile.write(b"5\r\nhello\r\n0\r\n\r\n")


@pytest.mark.parametrize("answer, text", [
    (lambda request, blob: request.reply(200, {}, blob[:-1]), "not 3"),
    (lambda request, blob: request.reply(200, {}, blob + b"x"), "not 3"),
    (lambda request, blob: request.reply(200, {}, b""), "not 3"),
    (chunked_short, "truncated"),
    (other_range, "other bytes"),
    (endless, "sends more than"),
])
def test_layers_of_another_length_are_refused(server, refused, answer, text):
    path, blob = serve_big(server)
    server.on(path, lambda request: answer(request, blob))
    error = refused(server.address, "a")
    assert error.kind == "corrupt" and text in str(error)


def test_a_connection_that_always_breaks_is_given_up(server, refused):
    path, blob = serve_big(server)
    server.on(path, lambda request: send_part(request, blob, 0, 1000, 200))
    begin = time.monotonic()
    error = refused(server.address, "a")
    assert error.kind == "unavailable" and "the connection broke" in str(error)
    assert time.monotonic() - begin < 15


def test_a_layer_that_is_gone_is_not_found(server, refused):
    path, _ = serve_big(server)
    server.on(path, lambda request: request.reply(404))
    assert refused(server.address, "a").kind == "not-found"


# ------------------------------------------------------------------------------- bounded, confined


def header_flood(request):
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        request.wfile.write(b"X-Flood: " + b"a" * 1000 + b"\r\n")


def header_of_a_gigabyte(request):
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        request.wfile.write(b"a" * 65536)


@pytest.mark.parametrize("flood", [header_flood, header_of_a_gigabyte,
                                   lambda request: endless(request, b"")])
def test_floods_are_cut_off(server, refused, flood):
    server.on("/v2/a/manifests/", flood)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    begin = time.monotonic()
    assert refused(server.address, "a").kind in ("corrupt", "unavailable")
    assert time.monotonic() - begin < 10
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 2


def peak_memory(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) << 10


def test_memory_is_bounded_while_nobody_reads(server):
    """A layer of 64 MiB into a pipe that is full."""
    image = Image([tar_of({"zero": bytes(64 << 20)})], compression="none")
    server.serve("a", image)
    with fetchworker.Worker(program("kist-worker-fetch")) as worker:
        worker.send_job(server.address, "a")
        worker.resolve()
        reader = worker.fetch_blob(0)
        time.sleep(1)
        peak = peak_memory(worker.process.pid)
        os.close(reader)
    assert peak < 48 << 20


def drip(request, what):
    for byte in what:
        request.wfile.write(bytes([byte]))
        request.wfile.flush()
        if request.server.closing.wait(0.5):
            return


@pytest.mark.slow
def test_slow_registries_are_given_up(refused):
    """Side by side: nothing at all, a header byte by byte, a body byte by byte."""
    def silent(request):
        request.server.closing.wait(150)

    def slow_header(request):
        drip(request, b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100)

    def slow_body(request):
        request.send_response(200)
        request.send_header("Content-Length", "100000")
        request.end_headers()
        drip(request, b" " * 1000)

    def one(answer):
        with rogue.Server() as server:
            server.on("/v2/a/manifests/", answer)
            begin = time.monotonic()
            error = refused(server.address, "a")
            return error.kind, time.monotonic() - begin

    with ThreadPoolExecutor() as pool:
        for kind, seconds in pool.map(one, [silent, slow_header, slow_body]):
            assert kind == "unavailable" and seconds < 100


def test_the_worker_is_confined(server):
    server.serve("a", small_image())
    with fetchworker.Worker(program("kist-worker-fetch")) as worker:
        worker.send_job(server.address, "a")
        worker.resolve()
        proc = f"/proc/{worker.process.pid}"
        with open(f"{proc}/status") as file:
            status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
        assert int(status["Seccomp_filters"]) >= 2
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(status[capabilities], 16) == 0
        assert "0" not in status["Uid"].split() and "0" not in status["Gid"].split()
        with open(f"{proc}/uid_map") as file:
            assert file.read() == ""
        for namespace in ("user", "mnt", "ipc", "uts"):
            assert os.readlink(f"{proc}/ns/{namespace}") != os.readlink(f"/proc/self/ns/{namespace}")
        assert os.readlink(f"{proc}/ns/net") == os.readlink("/proc/self/ns/net")
        files = subprocess.run(["find", f"{proc}/root/", "-type", "f", "-printf", "%P "], check=True,
                               stdout=subprocess.PIPE, text=True).stdout.split()
        assert set(files) <= {"ca.pem", "etc/hosts", "etc/resolv.conf", "etc/nsswitch.conf"}


def test_the_worker_dies_with_kist(server):
    worker = fetchworker.Worker(program("kist-worker-fetch"))
    server.serve("a", small_image())
    worker.send_job(server.address, "a")
    worker.resolve()
    worker.socket.close()
    assert worker.process.wait(timeout=5) == 0


@pytest.mark.parametrize("packet", [b"", b"\x01", b"\x20\0\0\0", b"\x20\0\0\0" + b"a" * 36000,
                                    b"\xff" * 4096])
def test_a_job_that_makes_no_sense_is_refused(packet):
    with fetchworker.Worker(program("kist-worker-fetch")) as worker:
        worker.socket.send(packet)
        with pytest.raises((fetchworker.FetchError, EOFError)):
            worker.receive()
