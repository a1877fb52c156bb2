"""Engines of a test's own, the programs of the tree, and waiting.

    def test_something(engine):
        engine.kist("run", "-d", "--name", "web", "busybox", "sleep", "60")
        assert engine.inspect("web")["State"]["Running"]

An Engine is a --root and a --runroot that no other test sees. engine.kist() fails the test unless the
command exits 0; engine.kist(..., status=125) expects that; status=None takes any.
"""

import hashlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
BIN = Path(os.environ.get("KIST_BIN", TOP / "build" / "bin"))
SESSION = Path(os.environ.get("KIST_SESSION", tempfile.gettempdir()))
# Everything that waits has this much more time on slow machines.
PATIENCE = float(os.environ.get("KIST_PATIENCE", "1"))

# Folders of an engine that hold one name for each container, and nothing at rest.
RECORDS = ("containers", "names", "intents", "run/containers", "run/network")
# Names of files in the making (src/io/atomic-file.c).
IN_THE_MAKING = ".new-"


def program(name):
    """The path of a program of the tree: kist, kist-runtime, kist-monitor, kist-worker."""
    path = BIN / name
    assert path.exists(), f"{path} is not built; run make"
    return str(path)


def wait_until(condition, seconds=10.0, what="the condition", interval=0.01):
    """Calls condition() until it returns something true, and returns that."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(interval)


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fetch(url, seconds=10.0):
    """The body behind @url, as soon as it answers."""
    deadline = time.monotonic() + seconds * PATIENCE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(url, timeout=2) as answer:
                return answer.read()
        except (OSError, urllib.error.URLError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def alive(pid):
    """Whether the process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def unique(name):
    """A name that only this session has, for what the whole machine shares (cgroups)."""
    return f"{SESSION.name}-{name}"


def tag_of(folder):
    """How the engine with this --root calls its bridge, table and cgroup parent (src/io/root.c)."""
    value = 2166136261
    for byte in os.fsencode(os.path.realpath(folder)):
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return f"kist-{value:08x}"


# ------------------------------------------------------------------------------------------ images


def busybox_tar(files=None):
    """A root file system with Debian's static busybox, as bytes of a tar; @files: {path: bytes}."""
    binary = Path("/bin/busybox")
    if not binary.exists():
        binary = Path("/usr/bin/busybox")
    applets = subprocess.run([binary, "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:

        def add(name, kind=tarfile.REGTYPE, mode=0o755, data=b"", link=""):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.linkname, info.mtime = kind, mode, link, 1700000000
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))

        for folder in ("bin", "dev", "etc", "home", "proc", "root", "sys", "usr", "usr/bin", "usr/sbin", "var", "www"):
            add(folder, tarfile.DIRTYPE)
        add("tmp", tarfile.DIRTYPE, 0o1777)
        add("sbin", tarfile.SYMTYPE, 0o777, link="bin")
        add("bin/busybox", data=binary.read_bytes())
        for applet in applets:
            if applet != "busybox":
                add(f"bin/{applet}", tarfile.SYMTYPE, 0o777, link="busybox")
        add("etc/passwd", mode=0o644, data=b"root:x:0:0:root:/root:/bin/sh\n"
            b"daemon:x:1:1:daemon:/usr/sbin:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n")
        add("etc/group", mode=0o644, data=b"root:x:0:\ndaemon:x:1:\nusers:x:100:\nnogroup:x:65534:\n")
        add("www/index.html", mode=0o644, data=b"Hello, World!\n")
        for name, data in (files or {}).items():
            add(name, data=data)
    return out.getvalue()


_made = {}


def busybox_file():
    """The same, as a file of the session."""
    if "tar" not in _made:
        path = SESSION / "busybox.tar"
        if not path.exists():
            path.write_bytes(busybox_tar())
        _made["tar"] = path
    return _made["tar"]


def busybox_rootfs():
    """The same, unpacked; shared by the session, so never write into it."""
    if "rootfs" not in _made:
        path = SESSION / "rootfs"
        if not path.exists():
            with tarfile.open(busybox_file()) as tar:
                tar.extractall(path)
        _made["rootfs"] = path
    return _made["rootfs"]


# ----------------------------------------------------------------------------------------- engines


class Engine:
    """One --root and --runroot. Use the fixtures `engine` and `shared_engine`."""

    living = []  # engines not closed yet
    tags = []  # of all engines of the session

    def __init__(self, folder=None):
        self.folder = Path(folder or tempfile.mkdtemp(prefix="kist-root-"))
        self.root = self.folder / "root"
        self.runroot = self.folder / "run"
        self.tag = tag_of(self.root)
        self.env = {**os.environ, "KIST_ROOT": str(self.root), "KIST_RUNROOT": str(self.runroot)}
        with open(SESSION / "tags", "a", encoding="ascii") as tags:
            tags.write(self.tag + "\n")
        Engine.living.append(self)
        Engine.tags.append(self.tag)

    def command(self, *args):
        return [program("kist"), *map(str, args)]

    def kist(self, *args, status=0, timeout=60, **options):
        """Runs kist; a CompletedProcess with text in stdout and stderr."""
        options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
        options.setdefault("text", True)
        options.setdefault("env", self.env)
        if options["stdin"] is None:
            del options["stdin"]
        done = subprocess.run(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout * PATIENCE, check=False, **options)
        if status is not None:
            assert done.returncode == status, (
                f"kist {' '.join(map(str, args))}: status {done.returncode}, not {status}\n"
                f"stdout: {done.stdout}\nstderr: {done.stderr}")
        return done

    def out(self, *args, **options):
        """What kist prints, without the last newline."""
        return self.kist(*args, **options).stdout.rstrip("\n")

    def start(self, *args, **options):
        """kist in the background: a Popen with pipes. The caller waits for it."""
        for stream in ("stdin", "stdout", "stderr"):
            options.setdefault(stream, subprocess.PIPE)
        options.setdefault("env", self.env)
        options.setdefault("text", True)
        return subprocess.Popen(self.command(*args), **options)

    def inspect(self, name):
        return json.loads(self.out("inspect", name))[0]

    def load_busybox(self):
        """Makes the image busybox:latest."""
        self.kist("import", busybox_file(), "busybox:latest")
        return "busybox"

    def containers(self):
        return self.out("ps", "-a", "-q", "--no-trunc").split()

    def remove_all(self):
        ids = self.containers()
        if ids:
            self.kist("rm", "-f", *ids)

    def _folder(self, name):
        return self.runroot / name[4:] if name.startswith("run/") else self.root / name

    def records(self):
        """What the engine holds of containers, plus files in the making, as lines."""
        lines = set()
        for name in RECORDS:
            top = self._folder(name)
            for folder, folders, files in os.walk(top):
                relative = os.path.relpath(folder, top)
                if name in ("containers", "run/containers"):
                    lines |= {f"{name}/{entry}" for entry in [*folders, *files]}
                    break
                lines |= {os.path.normpath(f"{name}/{relative}/{entry}") for entry in files}
        for top in (self.root, self.runroot):
            for folder, folders, files in os.walk(top):
                if top == self.root and folder == str(top):
                    folders[:] = [f for f in folders if f not in ("layers", "volumes")]
                if os.path.basename(folder) == "containers":
                    folders.clear()
                lines |= {os.path.join(folder, f) for f in files if f.startswith(IN_THE_MAKING)}
        return {f"{self.tag} {line}" for line in lines}

    def close(self):
        """Removes everything. Returns lines that say what the engine had left behind by then."""
        left = []
        if self not in Engine.living:
            return left
        try:
            if self.root.exists():
                self.remove_all()
                deadline = time.monotonic() + 5
                while self.records() and time.monotonic() < deadline:
                    time.sleep(0.02)
                left = [f"left behind: record {line}" for line in sorted(self.records())]
        finally:
            left += self._remove_infrastructure()
            Engine.living.remove(self)
            self._remove_folder()
        return left

    def _remove_infrastructure(self):
        """The bridge, the table and the cgroup parent, which must be empty by now."""
        import leakcheck
        import sandbox

        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True, "check": False}
        left = []
        for line in leakcheck.interfaces([self.tag]):
            if f"master {self.tag}" in line:
                left.append(f"left behind: {line}")
        subprocess.run(["ip", "link", "del", self.tag], **quiet)
        for line in subprocess.run(["nft", "list", "tables"], **quiet).stdout.splitlines():
            _, family, name = line.split()
            if name == self.tag:
                left += [f"left behind: {line}" for line in leakcheck.firewall([self.tag]) if f" {self.tag} " in line]
                subprocess.run(["nft", "delete", "table", family, name], **quiet)
        for folder in sandbox.cgroups_named([self.tag]):
            if os.path.basename(folder) != self.tag:
                left.append(f"left behind: cgroup {folder}")
        left += [f"cannot be removed: cgroup {folder}" for folder in sandbox.remove_cgroups([self.tag])]
        return left

    def _remove_folder(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def kill_and_reap(process):
    """For Popen objects in a finally."""
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()
