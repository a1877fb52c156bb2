"""A real registry on loopback and images to put into it.

    with Registry(tmp_path) as registry:
        image = busybox_image()
        name = registry.push(image, "web:1")            # "127.0.0.1:45123/web:1"

The registry is Debian's docker-registry, storing below a folder of the test's own, on a port that
the kernel chose. (Whoever runs under tests/conftest.py is in a network namespace of the tests' own.)
"""

import ctypes
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import time
from dataclasses import dataclass, field
from pathlib import Path

BUSYBOX = Path("/bin/busybox")

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
HOST_ARCHITECTURE = ARCHITECTURES.get(os.uname().machine, os.uname().machine)

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """For preexec_fn: a helper of a killed test does not outlive it."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


# ---------------------------------------------------------------------------------------- images


def tar_of(entries):
    """A tar of [(TarInfo, bytes or None)], or of {name: bytes | ("link", target) | None (folder)}."""
    if isinstance(entries, dict):
        entries = [_entry(name, content) for name, content in entries.items()]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in entries:
            tar.addfile(info, io.BytesIO(data) if data is not None else None)
    return out.getvalue()


def _entry(name, content):
    info = tarfile.TarInfo(name)
    info.mtime = 1700000000
    if content is None:
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        return info, None
    if isinstance(content, tuple):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, content[1], 0o777
        return info, None
    info.size, info.mode = len(content), 0o755
    return info, content


@dataclass
class Image:
    """Layers are uncompressed tars, lowest first; config is what goes under "config"."""

    layers: list
    config: dict = field(default_factory=dict)
    architecture: str = HOST_ARCHITECTURE
    os: str = "linux"
    variant: str = ""
    compression: str = "gzip"  # gzip, zstd, none

    def layer_blobs(self):
        return [_compress(layer, self.compression) for layer in self.layers]

    def config_blob(self):
        config = {
            "created": "2024-01-02T03:04:05Z",
            "architecture": self.architecture,
            "os": self.os,
            "config": self.config,
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in self.layers]},
            "history": [{"created_by": f"layer {i}"} for i in range(len(self.layers))],
        }
        if self.variant:
            config["variant"] = self.variant
        return json.dumps(config).encode()

    def manifest(self, docker=False):
        """(media type, bytes) of the manifest; the blobs are layer_blobs() and config_blob()."""
        suffix = {"gzip": "+gzip", "zstd": "+zstd", "none": ""}[self.compression]
        layer_type = DOCKER_LAYER if docker else OCI_LAYER + suffix
        media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
        manifest = {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": descriptor(DOCKER_CONFIG if docker else OCI_CONFIG, self.config_blob()),
            "layers": [descriptor(layer_type, blob) for blob in self.layer_blobs()],
        }
        return media_type, json.dumps(manifest).encode()

    def platform(self):
        platform = {"os": self.os, "architecture": self.architecture}
        if self.variant:
            platform["variant"] = self.variant
        return platform

    def write_layout(self, folder, docker=False):
        """Writes an OCI image layout with one tag, "image"."""
        blobs = Path(folder, "blobs", "sha256")
        blobs.mkdir(parents=True)
        media_type, manifest = self.manifest(docker)
        for blob in [manifest, self.config_blob(), *self.layer_blobs()]:
            (blobs / digest_of(blob).split(":")[1]).write_bytes(blob)
        entry = descriptor(media_type, manifest)
        entry["annotations"] = {"org.opencontainers.image.ref.name": "image"}
        Path(folder, "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        Path(folder, "index.json").write_text(
            json.dumps({"schemaVersion": 2, "manifests": [entry]}))


def descriptor(media_type, blob, **more):
    return {"mediaType": media_type, "digest": digest_of(blob), "size": len(blob), **more}


_compressed = {}


def _compress(data, how):
    """Bit for bit the same for the same input, and done once."""
    key = (digest_of(data), how)
    if key not in _compressed:
        if how == "gzip":
            _compressed[key] = gzip.compress(data, 1, mtime=0)
        elif how == "zstd":
            _compressed[key] = subprocess.run(["zstd", "-1", "-c", "-q"], input=data, check=True,
                                              stdout=subprocess.PIPE).stdout
        else:
            _compressed[key] = data
    return _compressed[key]


BUSYBOX_APPLETS = ("sh", "ls", "cat", "echo", "sleep", "httpd", "wget", "id", "env", "hostname", "ps",
                   "kill", "mount", "ip", "true", "false", "touch", "rm", "head", "tail", "dd", "sync")


def busybox_layer():
    files = {"bin": None, "etc": None, "tmp": None, "proc": None, "sys": None, "dev": None,
             "root": None, "bin/busybox": BUSYBOX.read_bytes(),
             "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
             "etc/group": b"root:x:0:\nnogroup:x:65534:\n"}
    for applet in BUSYBOX_APPLETS:
        files[f"bin/{applet}"] = ("link", "busybox")
    return tar_of(files)


def busybox_image(extra_layers=(), **fields):
    """Debian's static busybox with a shell, plus one layer for each dict of files."""
    fields.setdefault("config", {"Cmd": ["sh"], "Env": ["PATH=/bin", "GREETING=hello world"]})
    return Image([busybox_layer(), *(tar_of(files) for files in extra_layers)], **fields)


def small_image(files=None, **fields):
    """One tiny layer without a program, for tests that never run it."""
    return Image([tar_of(files or {"hello": b"hello\n"})], **fields)


# -------------------------------------------------------------------------------------- registry


def _bcrypt(password):
    """What htpasswd -B prints, by libxcrypt; at the lowest cost."""
    libcrypt = ctypes.CDLL("libcrypt.so.1")
    libcrypt.crypt.restype = ctypes.c_char_p
    return libcrypt.crypt(password.encode(), b"$2y$04$" + b"abcdefghijklmnopqrstuu").decode()


class Registry:
    """docker-registry serve on 127.0.0.1. htpasswd: {user: password}; tls: (certificate, key)."""

    def __init__(self, folder, htpasswd=None, tls=None, storage=None):
        self.folder = Path(folder, "registry")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.storage = Path(storage) if storage else self.folder / "data"
        self.credentials = next(iter(htpasswd.items())) if htpasswd else None
        self.tls = tls
        self._process = None
        self._layouts = 0
        self.port = 0
        self._write_config(htpasswd)

    def _write_config(self, htpasswd):
        http = {"addr": "127.0.0.1:0", "secret": "test"}
        if self.tls:
            http["tls"] = {"certificate": str(self.tls[0]), "key": str(self.tls[1])}
        config = {
            "version": 0.1,
            "log": {"level": "info", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.storage)},
                        "delete": {"enabled": True}},
            "http": http,
        }
        if htpasswd:
            file = self.folder / "htpasswd"
            file.write_text("".join(f"{user}:{_bcrypt(password)}\n"
                                    for user, password in htpasswd.items()))
            config["auth"] = {"htpasswd": {"realm": "test", "path": str(file)}}
        (self.folder / "config.yml").write_text(json.dumps(config))  # JSON is YAML

    def start(self):
        log = self.folder / "log"
        argv = ["docker-registry", "serve", str(self.folder / "config.yml")]
        with log.open("wb") as out:
            self._process = subprocess.Popen(argv, stdout=out,
                                             stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            match = re.search(r"listening on 127\.0\.0\.1:(\d+)", log.read_text())
            if match:
                self.port = int(match.group(1))
                return self
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"docker-registry does not start:\n{log.read_text()}")

    def stop(self):
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def push(self, image, name, docker=False, compress_format=None):
        """Pushes with skopeo; docker=True as Docker schema 2. Returns the whole name."""
        self._layouts += 1
        layout = self.folder / f"layout-{self._layouts}"
        image.write_layout(layout)
        argv = ["skopeo", "--insecure-policy", "copy", "-q", "--dest-tls-verify=false",
                "--format", "v2s2" if docker else "oci"]
        if self.credentials:
            argv += ["--dest-creds", ":".join(self.credentials)]
        if compress_format:
            argv += ["--dest-compress", "--dest-compress-format", compress_format]
        argv += [f"oci:{layout}:image", f"docker://{self.address}/{name}"]
        try:
            subprocess.run(argv, check=True, env={**os.environ, "no_proxy": "*"})
        finally:
            shutil.rmtree(layout, ignore_errors=True)
        return f"{self.address}/{name}"

    def push_index(self, images, name, docker=False, extra=()):
        """A multi-platform image: every image by digest, then the index as @name. @extra are
        more descriptors for the index, as they are."""
        repository, _, tag = name.partition(":")
        manifests = []
        for image in images:
            media_type, manifest = image.manifest(docker)
            for blob in [image.config_blob(), *image.layer_blobs()]:
                self.put_blob(repository, blob)
            self.put_manifest(repository, digest_of(manifest), media_type, manifest)
            manifests.append(descriptor(media_type, manifest, platform=image.platform()))
        media_type = DOCKER_LIST if docker else OCI_INDEX
        index = json.dumps({"schemaVersion": 2, "mediaType": media_type,
                            "manifests": [*manifests, *extra]}).encode()
        self.put_manifest(repository, tag or "latest", media_type, index)
        return f"{self.address}/{name}"

    def put_blob(self, repository, blob):
        self._curl("-X", "POST", f"/v2/{repository}/blobs/uploads/?digest={digest_of(blob)}",
                   "-o", "/dev/null", "-D", "-", upload=(repository, blob))

    def put_manifest(self, repository, reference, media_type, data):
        self._curl("-X", "PUT", "-H", f"Content-Type: {media_type}", "--data-binary", "@-",
                   f"/v2/{repository}/manifests/{reference}", data=data)

    def _curl(self, *argv, data=None, upload=None):
        base = f"http://{self.address}"
        argv = [base + a if a.startswith("/v2/") else a for a in argv]
        curl = ["curl", "-sS", "--fail-with-body", "--noproxy", "*"]
        if self.credentials:
            curl += ["-u", ":".join(self.credentials)]
        command = [*curl, *argv]
        reply = subprocess.run(command, input=data, check=True,
                               stdout=subprocess.PIPE).stdout
        if upload:
            _, blob = upload
            location = re.search(rb"(?im)^location: *(\S+)", reply).group(1).decode()
            joint = "&" if "?" in location else "?"
            command = [*curl, "-X", "PUT", "-H", "Content-Type: application/octet-stream",
                       "--data-binary", "@-", f"{location}{joint}digest={digest_of(blob)}"]
            subprocess.run(command, input=blob, check=True,
                           stdout=subprocess.DEVNULL)
