"""kist-runtime under engines that know nothing of it: Debian's dockerd, containerd's runc v2 shim, podman.

Each runs containers on it in every way that an engine uses a runtime: run, exec, pause, limit, resize,
stop, remove; what the kernel says is looked at from outside. An engine that is not installed is a skip
with that reason.
"""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import kist
import leakcheck
import pytest
import sandbox

IMAGE = "localhost/dropin:1"
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]  # there is no CAP_SYS_RESOURCE


class Engine:
    """A command line with an engine behind it, on folders of its own."""

    client = []
    env = None

    def __init__(self, folder):
        self.folder = Path(folder)
        self.env = dict(os.environ)
        self.daemon = None
        self.tag = kist.unique("dropin")  # part of the name of every cgroup of its containers
        self.runtime = kist.program("kist-runtime")

    def call(self, *args, status=0, **options):
        command = [*map(str, self.client), *map(str, args)]
        done = subprocess.run(
            command, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=120, check=False, **options,
        )
        assert status is None or done.returncode == status, (command, done, self.log())
        return done

    def out(self, *args, **options):
        return self.call(*args, **options).stdout.strip()

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def serve(self, command, probe):
        with open(self.folder / "log", "ab") as log:
            self.daemon = subprocess.Popen(
                list(map(str, command)), env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=sandbox.die_with_parent,
            )
        leakcheck.FOREIGN.add(self.daemon.pid)
        kist.wait_until(lambda: self.call(*probe, status=None).returncode == 0, what=f"{command[0]} to answer", seconds=30)

    def close(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
        for line in reversed(Path("/proc/self/mountinfo").read_text().splitlines()):
            target = line.split()[4]
            if target.startswith(str(self.folder)) or target.startswith("/run/docker/netns"):
                subprocess.run(["umount", "-l", target], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        sandbox.remove_cgroups([self.tag])


class Docker(Engine):
    programs = ("docker", "dockerd")
    shows_pid = ("inspect", "-f", "{{.State.Pid}}")

    def start(self):
        config = self.folder / "daemon.json"
        config.write_text("{}")
        self.env |= {"DOCKER_CONFIG": str(self.folder / "client"), "DOCKER_HOST": f"unix://{self.folder}/sock"}
        self.env.pop("DOCKER_CONTEXT", None)
        self.client = ["docker"]
        self.serve(
            ["dockerd", "--data-root", self.folder / "root", "--exec-root", self.folder / "exec", "--pidfile",
             self.folder / "pid", "-H", f"unix://{self.folder}/sock", "--config-file", config, "--log-level", "warn",
             "--bridge", "none", "--iptables=false", "--cgroup-parent", f"/{self.tag}", "--add-runtime", f"kist={self.runtime}", "--default-runtime", "kist"],
            ("version",),
        )

    def load(self, rootfs):
        tar = subprocess.Popen(["tar", "-C", rootfs, "-c", "."], stdout=subprocess.PIPE)
        subprocess.run(["docker", "import", "-", IMAGE], stdin=tar.stdout, env=self.env, check=True, capture_output=True, timeout=60)
        tar.stdout.close()
        tar.wait()

    @property
    def options(self):
        return ["--network", "none"]


class Podman(Engine):
    programs = ("podman", "conmon")
    shows_pid = ("inspect", "-f", "{{.State.Pid}}")
    @property
    def options(self):
        return ["--network", "none", *LIMITS, "--cgroup-parent", f"/{self.tag}"]

    def start(self):
        config = self.folder / "containers.conf"
        config.write_text('[engine]\nevents_logger = "file"\n[containers]\nlog_driver = "k8s-file"\n')
        self.env |= {"CONTAINERS_CONF": str(config)}
        self.client = ["podman", "--root", self.folder / "root", "--runroot", self.folder / "run", "--tmpdir",
                       self.folder / "tmp", "--cgroup-manager", "cgroupfs", "--storage-driver", "vfs", "--runtime", self.runtime]

    def load(self, rootfs):
        tar = subprocess.Popen(["tar", "-C", rootfs, "-c", "."], stdout=subprocess.PIPE)
        subprocess.run([*map(str, self.client), "import", "-", IMAGE], stdin=tar.stdout, env=self.env, check=True, capture_output=True,
                       timeout=60)
        tar.stdout.close()
        tar.wait()


@pytest.fixture(scope="module", params=[Docker, Podman], ids=["dockerd", "podman"])
def engine(request):
    missing = [name for name in request.param.programs if not shutil.which(name)]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    folder = tempfile.mkdtemp(prefix="kist-dropin-")
    engine = request.param(folder)
    try:
        engine.start()
        engine.load(kist.busybox_rootfs())
        # What an engine makes once (cgroup parents, descriptors that it keeps) is none of a test's.
        engine.call("run", "--rm", *engine.options, IMAGE, "/bin/true")
        kist.wait_until(lambda: "conmon" not in " ".join(leakcheck.processes().values()), seconds=30, what="conmon to end")
        yield engine
    finally:
        engine.close()


@pytest.fixture
def container(engine):
    """A container that sleeps, by its name; gone afterwards."""
    name = f"c{os.getpid()}-{time.monotonic_ns()}"
    engine.call("run", "-d", "--name", name, *engine.options, IMAGE, "/bin/sleep", "1000")
    yield name
    engine.call("rm", "-f", name, status=None)


def pid_of(engine, name):
    return int(engine.out(*engine.shows_pid, name))


def cgroup_of(pid, controller):
    """Path of a process's cgroup file system folder, v1 or v2."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            return Path(f"/sys/fs/cgroup/{names}{path}")
    return Path("/sys/fs/cgroup" + Path(f"/proc/{pid}/cgroup").read_text().split("::", 1)[1].strip())


def test_run_gives_output_and_status(engine):
    done = engine.call("run", "--rm", *engine.options, IMAGE, "/bin/sh", "-c", "echo out; echo err >&2; exit 7", status=7)
    assert done.stdout == "out\n" and "err" in done.stderr
    assert "kist" in engine.out("info") or isinstance(engine, Podman)


def test_a_missing_command_is_127(engine):
    done = engine.call("run", "--rm", *engine.options, IMAGE, "/nosuch", status=127)
    assert "no such file or directory" in done.stderr


def test_exec(engine, container):
    assert engine.out("exec", container, "/bin/sh", "-c", "echo $$ in; exit 0").endswith(" in")
    engine.call("exec", container, "/bin/sh", "-c", "exit 9", status=9)
    assert engine.out("exec", "-u", "1000:1000", "-w", "/tmp", "-e", "A=b", container, "/bin/sh", "-c", "id -u; pwd; echo $A") == "1000\n/tmp\nb"


def test_pause_stops_it_and_unpause_lets_it_go_on(engine, container):
    freezer = cgroup_of(pid_of(engine, container), "freezer")
    engine.call("pause", container)
    state = freezer / "freezer.state"
    frozen = (state.read_text().strip() == "FROZEN") if state.exists() else (freezer / "cgroup.freeze").read_text().strip() == "1"
    assert frozen
    engine.call("exec", container, "/bin/true", status=None)
    engine.call("unpause", container)
    assert engine.out("exec", container, "/bin/echo", "back") == "back"


def test_limits_are_set_and_can_be_changed(engine):
    name = f"limited{os.getpid()}"
    engine.call("run", "-d", "--name", name, *engine.options, "--memory", "64m", "--pids-limit", "50", IMAGE, "/bin/sleep", "1000")
    try:
        pid = pid_of(engine, name)
        memory, pids = cgroup_of(pid, "memory"), cgroup_of(pid, "pids")
        limit = memory / ("memory.limit_in_bytes" if (memory / "memory.limit_in_bytes").exists() else "memory.max")
        assert limit.read_text().strip() == str(64 << 20)
        assert (pids / "pids.max").read_text().strip() == "50"
        if isinstance(engine, Docker):
            engine.call("update", "--memory", "96m", "--memory-swap", "192m", name)
            assert limit.read_text().strip() == str(96 << 20)
    finally:
        engine.call("rm", "-f", name, status=None)


def test_a_terminal_has_the_size_of_ours(engine, container):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(engine.env)
        subprocess.run(["stty", "rows", "33", "cols", "77"], check=False)
        command = [*map(str, engine.client), "exec", "-it", container, "/bin/sh", "-c", "sleep 1; stty size; tty"]
        os.execvp(command[0], command)
    text = b""
    try:
        while piece := os.read(fd, 4096):
            text += piece
    except OSError:
        pass
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, text
    assert re.search(rb"33 77", text) and b"/dev/pts/" in text, text


def test_stop_and_remove_leave_nothing(engine, container):
    pid = pid_of(engine, container)
    folder = cgroup_of(pid, "memory")
    engine.call("stop", "-t", "1", container)
    kist.wait_until(lambda: not kist.alive(pid), what="its end")
    assert json.loads(engine.out("inspect", container))[0]["State"]["ExitCode"] == 137
    engine.call("rm", container)
    kist.wait_until(lambda: not folder.exists(), what="its cgroup to go")


def test_a_user_of_the_image_has_no_more_than_it_should(engine):
    status = engine.out("run", "--rm", *engine.options, "--user", "1000", "--security-opt", "no-new-privileges", IMAGE,
                        "/bin/grep", "-E", "^(CapEff|NoNewPrivs|Seccomp):", "/proc/self/status")
    values = dict(line.split() for line in status.splitlines())
    assert values["CapEff:"].strip("0") == "" and values["NoNewPrivs:"] == "1" and values["Seccomp:"] == "2"


class Shim:
    """containerd, whose shim calls the runtime by BinaryName."""

    def __init__(self, folder):
        self.engine = Engine(folder)
        config = Path(folder) / "config.toml"
        config.write_text(
            f'version = 2\nroot = "{folder}/root"\nstate = "{folder}/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
            f'[grpc]\naddress = "{folder}/sock"\n[ttrpc]\naddress = "{folder}/ttrpc"\n'
        )
        self.engine.client = ["ctr", "-a", f"{folder}/sock", "-n", self.engine.tag]
        self.engine.serve(["containerd", "-c", config, "-l", "warn"], ("version",))

    def run(self, *args):
        return ["run", "--runc-binary", self.engine.runtime, "--snapshotter", "native", *args]


@pytest.fixture(scope="module")
def shim():
    for name in ("ctr", "containerd", "containerd-shim-runc-v2"):
        if not shutil.which(name):
            pytest.skip(f"{name} is not installed")
    folder = tempfile.mkdtemp(prefix="kist-dropin-")
    shim = Shim(folder)
    yield shim
    shim.engine.close()


def test_containerds_shim_runs_execs_pauses_updates_and_removes(shim):
    rootfs = kist.busybox_rootfs()
    done = shim.engine.call(*shim.run("--rm", "--rootfs", rootfs, "one", "/bin/sh", "-c", "echo hi; exit 3"), status=3)
    assert done.stdout == "hi\n"
    shim.engine.call(*shim.run("-d", "--rootfs", rootfs, "two", "/bin/sleep", "1000"))
    try:
        pid = int(shim.engine.out("task", "ls").splitlines()[1].split()[1])
        assert shim.engine.out("task", "exec", "--exec-id", "e1", "two", "/bin/echo", "inside") == "inside"
        shim.engine.call("task", "exec", "--exec-id", "e2", "two", "/bin/sh", "-c", "exit 5", status=5)
        shim.engine.call("task", "pause", "two")
        assert "PAUSED" in shim.engine.out("task", "ls")
        shim.engine.call("task", "resume", "two")
        assert str(pid) in shim.engine.out("task", "ps", "two")
        assert "memory" in shim.engine.out("task", "metrics", "two")
        shim.engine.call("task", "kill", "-s", "SIGKILL", "two")
        kist.wait_until(lambda: "STOPPED" in shim.engine.out("task", "ls"), what="its end")
    finally:
        shim.engine.call("task", "rm", "-f", "two", status=None)
        shim.engine.call("container", "rm", "two", status=None)
    assert not kist.alive(pid)
