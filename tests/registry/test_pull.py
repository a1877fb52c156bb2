"""registry_pull(): from a real registry into the store, and nothing left when it fails."""

import contextlib
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import rogue
import pytest
from kist import BIN
from registry import (HOST_ARCHITECTURE, Image, Registry, busybox_image, descriptor, digest_of,
                      small_image, tar_of)

TOOL = BIN.parent / "src" / "cmd" / "worker" / "pull-tool"
ELSEWHERE = "s390x" if HOST_ARCHITECTURE != "s390x" else "amd64"


class Store:
    """A root of the test's own and what a pull makes of it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.root, self.run = self.folder / "root", self.folder / "run"
        self.home = self.folder / "home"
        self.home.mkdir(parents=True)

    def start(self, *argv, **more):
        environment = {"KIST_LIBEXEC": str(BIN), "HOME": str(self.home), "PATH": os.environ["PATH"]}
        return subprocess.Popen([TOOL, self.root, self.run, *argv], env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def pull(self, *argv):
        """(status, stdout, stderr)"""
        with self.start(*argv) as process:
            out, err = process.communicate(timeout=120)
            return process.returncode, out.strip(), err.strip()

    def pulled(self, *argv):
        status, out, err = self.pull(*argv)
        assert status == 0, err
        return out

    def refused(self, *argv):
        status, _, err = self.pull(*argv)
        assert status == 1, err
        self.assert_at_rest()
        return err.splitlines()[-1]

    def names(self, folder):
        with contextlib.suppress(FileNotFoundError):
            return sorted(entry.name for entry in (self.root / folder).iterdir())
        return []

    def layers(self):
        return [name for name in self.names("layers") if "." not in name]

    def references(self):
        return self.names("images/refs")

    def layer(self, tar):
        return self.root / "layers" / digest_of(tar).split(":")[1]

    def assert_at_rest(self):
        assert self.names("intents") == []
        assert self.names("staging") == []
        for folder in ("layers", "images", "images/blobs/sha256", "images/refs", "images/records"):
            assert not [name for name in self.names(folder) if name.startswith(".new")]


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "store")
    yield store
    store.assert_at_rest()
    shutil.rmtree(store.folder)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with Registry(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


FILES = [{"one": b"1\n", "folder": None, "folder/two": b"2\n"}, {"three": b"3\n"}]


def layered(**fields):
    return Image([tar_of(files) for files in FILES], **fields)


def assert_whole(store, image):
    """Layers and blobs are there and what they should be."""
    for files, tar in zip(FILES, image.layers):
        for name, content in files.items():
            path = store.layer(tar) / name
            assert path.is_dir() if content is None else path.read_bytes() == content
    for digest in store.names("images/blobs/sha256"):
        data = (store.root / "images/blobs/sha256" / digest).read_bytes()
        assert digest_of(data) == f"sha256:{digest}"


# ------------------------------------------------------------------------------------ what is right


@pytest.mark.parametrize("docker, compression", [
    (False, "gzip"), (True, "gzip"), (False, "zstd"), (False, "none"),
])
def test_every_kind_of_image_is_pulled(registry, store, docker, compression):
    image = layered(compression=compression)
    name = registry.push(image, f"kind/{compression}:{docker}".lower(), docker=docker)
    digest, new = store.pulled(name).split()
    assert new == "new" and digest.startswith("sha256:")
    assert_whole(store, image)
    assert len(store.references()) == 1 and len(store.layers()) == 2
    assert store.pulled(name) == f"{digest} known"


def test_busybox_is_pulled_with_all_its_links(registry, store):
    image = busybox_image()
    store.pulled(registry.push(image, "busybox:1"))
    root = store.layer(image.layers[0])
    assert os.readlink(root / "bin/sh") == "busybox"
    assert (root / "bin/busybox").read_bytes() == Path("/bin/busybox").read_bytes()


@pytest.mark.parametrize("docker", [False, True])
def test_the_platform_is_this_machines_or_the_one_asked_for(registry, store, docker):
    here = small_image({"x": b"here"})
    there = small_image({"x": b"there"}, architecture=ELSEWHERE)
    name = registry.push_index([there, here], f"multi:{docker}".lower(), docker=docker)
    store.pulled(name)
    assert (store.layer(here.layers[0]) / "x").read_bytes() == b"here"
    assert not store.layer(there.layers[0]).exists()
    store.pulled(name, f"linux/{ELSEWHERE}")
    assert (store.layer(there.layers[0]) / "x").read_bytes() == b"there"
    assert "no matching manifest for linux/riscv64" in store.refused(name, "linux/riscv64")


def test_an_image_for_another_machine_is_refused_by_name(registry, store):
    name = registry.push(small_image(architecture=ELSEWHERE), "other:1")
    error = store.refused(name)
    assert error.startswith("unsupported: no matching manifest for linux/" + HOST_ARCHITECTURE)
    assert f"--platform linux/{ELSEWHERE}" in error
    store.pulled(name, f"linux/{ELSEWHERE}")


def test_by_digest_and_with_tag_and_digest(registry, store):
    name = registry.push(small_image(), "digest:1")
    digest = store.pulled(name).split()[0]
    repository = name.rsplit(":", 1)[0]
    assert store.pulled(f"{repository}@{digest}").split()[0] == digest
    assert store.pulled(f"{name}@{digest}").split()[0] == digest
    wrong = digest_of(b"nothing")
    assert store.refused(f"{repository}@{wrong}").startswith("not-found: ")


def test_layers_that_are_here_are_not_fetched_again(store):
    image = layered()
    with rogue.Server() as server:
        server.serve("a", image)
        store.pulled(f"{server.address}/a")
        first = len(server.asked("/blobs/"))
        more = Image([*image.layers, tar_of({"four": b"4"})])
        server.serve("a", more, tag="more")
        _, out, err = store.pull(f"{server.address}/a:more")
        assert out.endswith(" new")
        assert err.count("Already exists") == 2 and err.count("Pull complete") == 1
        # The config and the one new layer.
        assert len(server.asked("/blobs/")) == first + 2


def test_a_layer_that_comes_twice_is_fetched_once(store):
    layer = tar_of({"x": b"x"})
    with rogue.Server() as server:
        server.serve("a", Image([layer, tar_of({"y": b"y"}), layer]))
        store.pulled(f"{server.address}/a")
        assert len(server.asked("/blobs/")) == 3
    assert len(store.layers()) == 2


def test_many_layers_are_pulled(store):
    image = Image([tar_of({f"f{i}": bytes([i])}) for i in range(40)])
    with rogue.Server() as server:
        server.serve("a", image)
        store.pulled(f"{server.address}/a")
    assert len(store.layers()) == 40


def test_credentials_come_from_dockers_config(tmp_path, store):
    with Registry(tmp_path, htpasswd={"joe": "secret"}) as registry:
        name = registry.push(small_image(), "private:1")
        error = store.refused(name)
        assert error.startswith("denied: pull access denied for")
        folder = store.home / ".docker"
        folder.mkdir()
        config = folder / "config.json"
        config.write_text(json.dumps({"auths": {}, "credsStore": "pass"}))
        assert "docker-credential-pass" in store.refused(name)
        config.write_text(json.dumps({"auths": {registry.address: {"auth": "am9lOndyb25n"}}}))
        assert store.refused(name).startswith("denied: ")
        config.write_text(json.dumps({"auths": {registry.address: {"auth": "am9lOnNlY3JldA=="}}}))
        store.pulled(name)
        config.write_text("{")
        assert str(config) in store.refused(name)


def certificate(folder, names, days=1):
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert, "-days",
                    str(days), "-subj", "/CN=test", "-addext", f"subjectAltName={names}"],
                   check=True, stderr=subprocess.DEVNULL)
    return cert, key


@pytest.mark.parametrize("names, trusted, says", [
    ("IP:127.0.0.1", True, None),
    ("IP:127.0.0.1", False, "certificate"),
    ("IP:127.0.0.9,DNS:localhost", True, "127.0.0.1"),
])
def test_tls_is_verified_and_never_given_up(tmp_path, store, monkeypatch, names, trusted, says):
    tls = certificate(tmp_path, names)
    with Registry(tmp_path, tls=tls) as registry:
        # Pushing goes over the folder that a second registry without TLS serves.
        with Registry(tmp_path / "plain", storage=registry.storage) as plain:
            plain.push(small_image(), "a:1")
        process = subprocess.run(
            [TOOL, store.root, store.run, f"{registry.address}/a:1"], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"KIST_LIBEXEC": str(BIN), "PATH": os.environ["PATH"],
                 **({"SSL_CERT_FILE": str(tls[0])} if trusted else {})})
    if says:
        assert process.returncode == 1
        error = process.stderr.splitlines()[-1]
        assert error.startswith("unavailable: ") and says in error
    else:
        assert process.returncode == 0, process.stderr


# ------------------------------------------------------------------------------------ what is wrong


def corrupt(data):
    """The same length, the same beginning and end."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:]


def test_a_blob_with_another_digest_leaves_nothing(store):
    noise = Image([tar_of({"noise": os.urandom(100000)})], compression="none")
    blob = noise.layer_blobs()[0]
    with rogue.Server() as server:
        server.serve("a", noise)
        server.on_bytes(f"/v2/a/blobs/{digest_of(blob)}", corrupt(blob))
        error = store.refused(f"{server.address}/a")
        assert error.startswith("corrupt: ") and digest_of(blob)[7:19] in error
        assert store.layers() == [] and store.references() == []
        server.serve("a", noise)
        store.pulled(f"{server.address}/a")


def test_a_layer_with_another_diff_id_is_refused(store):
    image = small_image({"x": b"said"})
    config = json.loads(image.config_blob())
    config["rootfs"]["diff_ids"] = [digest_of(b"other")]
    lie = json.dumps(config).encode()
    manifest = json.loads(image.manifest()[1])
    manifest["config"] = descriptor(manifest["config"]["mediaType"], lie)
    with rogue.Server() as server:
        server.serve("a", image)
        server.on_bytes(f"/v2/a/blobs/{digest_of(lie)}", lie)
        server.on_bytes("/v2/a/manifests/latest", json.dumps(manifest).encode(),
                        manifest["mediaType"])
        assert store.refused(f"{server.address}/a").startswith("corrupt: ")
    assert store.layers() == [] and store.references() == []


def test_a_layer_truncated_on_the_registrys_disk_is_refused(tmp_path, store):
    image = Image([tar_of({"noise": os.urandom(1 << 20)})])
    with Registry(tmp_path) as registry:
        name = registry.push(image, "a:1")
        digest = digest_of(image.layer_blobs()[0]).split(":")[1]
        data = next(registry.storage.rglob(f"blobs/sha256/*/{digest}/data"))
        os.truncate(data, data.stat().st_size // 2)
        assert store.refused(name).startswith("corrupt: ")
    assert store.layers() == [] and store.references() == []


@pytest.mark.parametrize("diff_ids, layers, text", [
    (0, 1, "malformed"), (2, 1, "malformed"), (0, 0, "no layers"),
])
def test_configs_that_do_not_fit_are_refused(store, diff_ids, layers, text):
    image = small_image()
    config = json.loads(image.config_blob())
    config["rootfs"]["diff_ids"] = (config["rootfs"]["diff_ids"] * 2)[:diff_ids]
    lie = json.dumps(config).encode()
    manifest = json.loads(image.manifest()[1])
    manifest["config"] = descriptor(manifest["config"]["mediaType"], lie)
    manifest["layers"] = manifest["layers"][:layers]
    with rogue.Server() as server:
        server.serve("a", image)
        server.on_bytes(f"/v2/a/blobs/{digest_of(lie)}", lie)
        server.on_bytes("/v2/a/manifests/latest", json.dumps(manifest).encode(),
                        manifest["mediaType"])
        assert text in store.refused(f"{server.address}/a")


def test_bad_names_and_registries_are_named(store):
    address = f"127.0.0.1:{rogue.closed_port()}"
    error = store.refused(f"{address}/a")
    assert error == f"unavailable: registry {address} cannot be used: Connection refused"
    assert store.refused("UPPER").startswith("invalid: ")
    assert store.refused("a", "windows").startswith("invalid: ")


def test_a_gzip_bomb_of_nothing_but_headers_ends(store):
    """Layers that are no tar, or end in the middle of one."""
    for junk in (b"", b"hello", gzip.compress(b"\0" * 700), tar_of({"x": b"x" * 2000})[:1200]):
        image = Image([junk], compression="none")
        with rogue.Server() as server:
            server.serve("a", image)
            store.pull(f"{server.address}/a")  # an empty layer is one; the others are refused
            store.assert_at_rest()


def test_a_full_disk_is_said_and_cleaned_up(registry, tmp_path):
    name = registry.push(Image([tar_of({"noise": os.urandom(12 << 20)})]), "large:1")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "small", disk], check=True)
    try:
        store = Store(disk / "store")
        error = store.refused(name)
        assert error.startswith("exhausted: "), error
        assert store.layers() == [] and store.references() == []
        used = os.statvfs(disk)
        assert (used.f_blocks - used.f_bfree) * used.f_frsize < 1 << 20
    finally:
        subprocess.run(["umount", disk], check=True)


# -------------------------------------------------------------------------------- killed, and twice


def test_a_registry_that_restarts_is_waited_for(tmp_path, store):
    """Killed in the middle of a layer and there again a moment later, on the same port."""
    image = Image([tar_of({"noise": os.urandom(8 << 20)})], compression="none")
    blob = image.layer_blobs()[0]
    with rogue.Server() as server:
        server.serve("a", image)
        honest = server._server.routes[0:]

        def dies(request):
            server.on(f"/v2/a/blobs/{digest_of(blob)}", next(
                answer for prefix, answer in honest if prefix.endswith(digest_of(blob))))
            request.send_response(200)
            request.send_header("Content-Length", str(len(blob)))
            request.end_headers()
            request.wfile.write(blob[:5 << 20])
            request.hang_up()

        server.on(f"/v2/a/blobs/{digest_of(blob)}", dies)
        store.pulled(f"{server.address}/a")
    assert (store.layer(image.layers[0]) / "noise").stat().st_size == 8 << 20


def children(pid):
    try:
        tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(child) for child in tasks.split()]


@pytest.mark.parametrize("victim", ["kist", "fetch", "unpack", "apply"])
def test_a_killed_process_leaves_nothing(store, victim):
    image = Image([tar_of({f"f{i}": os.urandom(100) for i in range(50)}) for _ in range(4)])
    with rogue.Server() as server:
        server.serve("a", image)
        hold = digest_of(image.layer_blobs()[2])
        server.on(f"/v2/a/blobs/{hold}", lambda request: time.sleep(1))
        process = store.start(f"{server.address}/a")
        deadline = time.monotonic() + 20

        def find():
            for child in children(process.pid):
                with contextlib.suppress(OSError, IndexError):
                    words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
                    if words[1] == victim and (victim != "fetch" or server.asked(hold)):
                        return child
            return 0

        pid = process.pid if victim == "kist" else 0
        while not pid and time.monotonic() < deadline:
            pid = find()
        if victim == "kist":
            while not server.asked(hold) and time.monotonic() < deadline:
                time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
        _, err = process.communicate(timeout=30)
        assert process.returncode != 0
        if victim != "kist":
            assert f"kist-worker {victim} was killed by signal 9" in err.splitlines()[-1]
        assert store.references() == []
        store.pulled()  # the next command
        store.assert_at_rest()
        server.serve("a", image)
        store.pulled(f"{server.address}/a")
        assert len(store.layers()) == 4


def test_kills_at_any_moment_leave_a_whole_image_or_none(registry, store):
    """The moments are spread over the time that a pull takes."""
    image = Image([tar_of({f"f{i}": os.urandom(2000) for i in range(20)}) for _ in range(3)])
    name = registry.push(image, "killed:1")
    begin = time.monotonic()
    store.pulled(name)
    whole = time.monotonic() - begin
    moments = random.Random(1)
    for _ in range(12):
        shutil.rmtree(store.root)
        process = store.start(name)
        time.sleep(moments.random() * whole)
        process.kill()
        process.communicate()
        store.pulled()
        store.assert_at_rest()
        if store.references():
            assert len(store.layers()) == 3
    store.pulled(name)
    assert len(store.layers()) == 3


def test_pulls_side_by_side_all_succeed(registry, store):
    image = Image([tar_of({f"f{i}": os.urandom(5000) for i in range(20)}) for _ in range(4)])
    name = registry.push(image, "together:1")
    processes = [store.start(name) for _ in range(4)]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    assert len(store.layers()) == 4 and len(store.references()) == 1
