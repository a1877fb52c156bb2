"""A bundle, a monitor over it, and the wire protocol (src/monitor/wire.h), for the tests here.

Every Monitor has a folder, a runtime root and a cgroup of its own; close() ends and removes all of
them, whatever the test left.
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import time

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.environ.get("KIST_BIN", os.path.join(TREE, "build", "bin"))
PROGRAM = os.path.join(BIN, "kist-monitor")
BUSYBOX = "/bin/busybox"

STARTED, FAILED, OUTPUT, EXITED = 1, 2, 3, 4
COMMIT, ATTACH, INPUT, WAIT, CLEANING, RESIZE = 16, 17, 18, 19, 20, 21
STDIN, STDOUT, STDERR, STDIN_ONCE = 1, 2, 4, 8

LIBC = ctypes.CDLL(None, use_errno=True)

NAMESPACES = ("pid", "ipc", "uts", "mount", "network")


def runtime_path():
    """$KIST_TEST_RUNTIME, ours, or the distribution's."""
    own = os.path.join(BIN, "kist-runtime")
    named = os.environ.get("KIST_TEST_RUNTIME")
    if named:
        return named
    return own if os.path.exists(own) else shutil.which("runc")


def die_with_parent():
    """As the engine starts it (SPAWN_DIE_WITH_PARENT)."""
    LIBC.prctl(1, signal.SIGKILL)


class Connection:
    """One end of a conversation with a monitor."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        self.output = {1: bytearray(), 2: bytearray()}
        self.cleaning = False  # an owner that has said CLEANING says it again at the end

    def send(self, kind, data=b""):
        self.sock.sendall(struct.pack("=II", kind, len(data)) + data)

    def input(self, data):
        for i in range(0, len(data), 65536):
            self.send(INPUT, data[i : i + 65536])

    def _fill(self, n):
        while len(self.buffer) < n:
            try:
                data = self.sock.recv(1 << 20)
            except ConnectionResetError:
                data = b""
            if not data:
                return False
            self.buffer += data
        return True

    def receive(self, timeout=20):
        """(type, data), or None at the end."""
        self.sock.settimeout(timeout)
        if not self._fill(8):
            return None
        kind, length = struct.unpack("=II", self.buffer[:8])
        assert self._fill(8 + length), "the connection ended inside a frame"
        data = self.buffer[8 : 8 + length]
        self.buffer = self.buffer[8 + length :]
        return kind, data

    def await_kind(self, wanted, timeout=20):
        """The next frame of that type; output on the way is collected."""
        while True:
            frame = self.receive(timeout)
            assert frame is not None, "the connection ended"
            kind, data = frame
            if kind == wanted:
                return data
            assert kind == OUTPUT, (kind, data)
            self.output[data[0]] += data[1:]

    def started(self):
        pid, _, ticks, when = struct.unpack("=iIQq", self.await_kind(STARTED))
        return {"pid": pid, "ticks": ticks, "time": when}

    def failed(self):
        kind, message = self.await_kind(FAILED).decode().split("\n", 1)
        return kind, message

    def exited(self, timeout=20):
        code, oom, when = struct.unpack("=iIq", self.await_kind(EXITED, timeout))
        if self.cleaning:
            self.send(CLEANING)  # it has begun to
        return {"code": code, "oom": bool(oom), "time": when}

    def close(self):
        self.sock.close()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(what, condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.01)


class Monitor:
    """One container."""

    count = 0

    def __init__(self, folder, args=("true",), memory=None, runtime=None, stdin=False, log=True,
                 cleanup=False, rootfs=None, extra=(), layers=True, read_only=False, config=None):
        Monitor.count += 1
        session = os.path.basename(os.environ.get("KIST_SESSION", f"kist-test-{os.getpid()}"))
        self.id = f"{session}-m{os.getpid()}-{Monitor.count}"
        self.folder = str(folder)
        self.bundle = os.path.join(self.folder, "bundle")
        self.runtime = runtime or runtime_path()
        self.runtime_root = os.path.join(self.folder, "runtime")
        self.log = os.path.join(self.folder, "log.json")
        self.exit = os.path.join(self.folder, "exit.json")
        self.cgroup = f"{self.id}"
        self.process = None
        self.owner = None
        self.others = []
        os.makedirs(self.bundle)
        for name in ("upper", "work", "layer/bin", "layer/proc", "layer/dev", "layer/sys",
                     "layer/tmp"):
            os.makedirs(os.path.join(self.folder, name))
        shutil.copy(BUSYBOX, os.path.join(self.folder, "layer/bin/busybox"))
        for name in ("sh", "true", "cat", "sleep", "seq", "dd", "echo", "kill", "head", "wc", "ls",
                     "touch", "mkdir", "yes", "tail", "readlink"):
            os.symlink("busybox", os.path.join(self.folder, "layer/bin", name))
        self._write_config(list(args), memory, read_only, config)
        self.args = self._arguments(layers, rootfs, stdin, log, cleanup, extra)

    def _write_config(self, args, memory, read_only, change):
        config = {
            "ociVersion": "1.0.2",
            "root": {"path": "rootfs", "readonly": read_only},
            "hostname": "test",
            "process": {
                "terminal": False,
                "user": {"uid": 0, "gid": 0},
                "cwd": "/",
                "args": args,
                "env": ["PATH=/bin"],
                "capabilities": {k: ["CAP_KILL"] for k in ("bounding", "effective", "permitted")},
            },
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                       {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                        "options": ["nosuid", "mode=755"]}],
            "linux": {
                "namespaces": [{"type": t} for t in NAMESPACES],
                "cgroupsPath": "/" + self.cgroup,
                "resources": {"memory": {"limit": memory, "swap": memory}} if memory else {},
            },
        }
        if change:
            change(config)
        with open(os.path.join(self.bundle, "config.json"), "w") as f:
            json.dump(config, f)

    def _arguments(self, layers, rootfs, stdin, log, cleanup, extra):
        folder = self.folder
        args = [PROGRAM, "--id", self.id, "--bundle", self.bundle, "--runtime", self.runtime,
                "--runtime-root", self.runtime_root, "--exit", self.exit, "--cgroup", self.cgroup]
        if rootfs:
            args += ["--rootfs", rootfs]
        elif layers:
            args += ["--lower", f"{folder}/layer", "--upper", f"{folder}/upper",
                     "--work", f"{folder}/work"]
        if stdin:
            args += ["--stdin"]
        if log:
            args += ["--log", self.log]
        if cleanup:
            args += ["--cleanup", BUSYBOX, "--cleanup-arg", "sh", "--cleanup-arg=-c",
                     "--cleanup-arg", f"cat {self.exit} > {folder}/cleaned; "
                     f"ls -l /proc/self/fd > {folder}/cleanup-fds"]
        return args + list(extra)

    def start(self, **options):
        """Starts the monitor with this process as its owner."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                self.args + ["--owner-fd", str(theirs.fileno())], preexec_fn=die_with_parent,
                pass_fds=[theirs.fileno(), *options.pop("pass_fds", [])], **options)
        self.owner = Connection(ours)
        return self.owner

    def run(self, attach=0, cleaning=False):
        """Starts it up to the commit."""
        owner = self.start()
        self.state = owner.started()
        if attach:
            owner.send(ATTACH, bytes([attach | (STDIN_ONCE if attach & STDIN else 0)]))
        if cleaning:
            owner.send(CLEANING)
            owner.cleaning = True
        owner.send(COMMIT)
        return owner

    def connect(self):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        fd = os.open(self.bundle, os.O_PATH)
        try:
            sock.connect(f"/proc/self/fd/{fd}/control")
        finally:
            os.close(fd)
        connection = Connection(sock)
        self.others.append(connection)
        return connection

    def records(self):
        with open(self.log) as f:
            return [json.loads(line) for line in f]

    def logged(self, stream="stdout"):
        return "".join(r["log"] for r in self.records() if r["stream"] == stream)

    def exit_record(self):
        with open(self.exit) as f:
            return json.load(f)

    def wait(self, timeout=20):
        return self.process.wait(timeout)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def close(self):
        for connection in [self.owner, *self.others]:
            if connection:
                connection.close()
        if self.process and self.process.poll() is None:
            try:
                self.process.wait(0.2)
            except subprocess.TimeoutExpired:
                pass
        subprocess.run([self.runtime, "--root", self.runtime_root, "delete", "--force", self.id],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if self.process:
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise


def cgroup_processes(name):
    """Every process in a cgroup of that name, in whatever hierarchy."""
    found = set()
    for base, _, files in os.walk("/sys/fs/cgroup"):
        if os.path.basename(base) == name and "cgroup.procs" in files:
            with open(os.path.join(base, "cgroup.procs")) as f:
                found.update(int(line) for line in f)
    return found


def kill_quietly(pid, sig=signal.SIGKILL):
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass
