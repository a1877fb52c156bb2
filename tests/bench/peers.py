"""The engines that the benchmark compares, each on folders of its own and with no service of the machine.

A Peer says which command does a thing; the harness times it. start() makes everything that an engine
makes once (daemon, image), stop() ends it. All of it happens inside the sandbox, so that nothing of a
peer survives the run.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import kist  # noqa: E402
import sandbox  # noqa: E402

IMAGE = "docker.io/library/bench:1"
SERVER = ["/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/www"]


def call(command, **options):
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, timeout=120, **options)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {done.returncode}: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()


class Peer:
    name = "?"
    program = None  # looked for in PATH
    monitor = None  # name of the process that stays with each container
    port_address = "127.0.0.1"

    def __init__(self, folder):
        self.folder = Path(folder) / self.name
        # What does not survive a boot lies on a tmpfs, as on every distribution: /run is one in the sandbox.
        self.run_folder = Path("/run/bench") / Path(folder).name / self.name
        self.env = dict(os.environ)

    @classmethod
    def installed(cls):
        return shutil.which(cls.program) is not None

    def version(self):
        return call([self.program, "--version"]).splitlines()[0]

    def start(self, archive):
        """@archive: docker-archive of IMAGE; None: begin without an image."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if archive:
            self.load(archive)

    def stop(self):
        pass

    # what is not offered is None
    def run(self, name):
        """run --rm --network none, /bin/true"""

    def serve(self, name, port):
        """run -d -p, a web server"""

    def detached(self, name):
        """run -d --network none, sleep"""

    def execute(self, name):
        """exec /bin/true in a detached one"""

    def create(self, name):
        """create --network none"""

    def list(self):
        """ps -a"""

    def nothing(self):
        """the start of the client alone, where it is long"""

    def remove(self, name):
        """rm -f"""

    def pull(self, reference):
        """pull from a registry on loopback, plain HTTP"""

    def load(self, archive):
        raise NotImplementedError


class Daemon(Peer):
    """Peers that need a server: started on a socket of their own, killed at the end."""

    process = None

    def serve_command(self):
        raise NotImplementedError

    def probe(self):
        raise NotImplementedError

    def start(self, archive):
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(list(map(str, self.serve_command())), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.env, preexec_fn=sandbox.die_with_parent)
        deadline = time.monotonic() + 30
        while True:
            try:
                call(self.probe(), env=self.env)
                break
            except RuntimeError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    tail = (self.folder / "log").read_text(errors="replace")[-600:]
                    self.stop()
                    raise RuntimeError(f"{self.name} does not start: {tail}") from None
                time.sleep(0.1)
        super().start(archive)

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


class Kist(Peer):
    name = "kist"
    program = "kist"
    monitor = "kist-monitor"

    def __init__(self, folder):
        super().__init__(folder)
        self.env |= {"KIST_ROOT": str(self.folder / "root"), "KIST_RUNROOT": str(self.run_folder)}
        self.kist = kist.program("kist")

    @classmethod
    def installed(cls):
        return (kist.BIN / "kist").exists()

    def version(self):
        return call([self.kist, "--version"]).splitlines()[0]

    def load(self, archive):
        call([self.kist, "load", "-i", archive], env=self.env)

    def run(self, name):
        return [self.kist, "run", "--rm", "--network", "none", "--name", name, IMAGE, "/bin/true"]

    def serve(self, name, port):
        return [self.kist, "run", "-d", "-p", f"{port}:80", "--name", name, IMAGE, *SERVER]

    def detached(self, name):
        return [self.kist, "run", "-d", "--network", "none", "--name", name, IMAGE, "/bin/sleep", "1000"]

    def execute(self, name):
        return [self.kist, "exec", name, "/bin/true"]

    def create(self, name):
        return [self.kist, "create", "--network", "none", "--name", name, IMAGE, "/bin/true"]

    def list(self):
        return [self.kist, "ps", "-a"]

    def remove(self, name):
        return [self.kist, "rm", "-f", name]

    def pull(self, reference):
        return [self.kist, "pull", reference]


class Podman(Peer):
    name = program = "podman"
    monitor = "conmon"

    def __init__(self, folder):
        super().__init__(folder)
        conf = self.folder / "containers.conf"
        self.folder.mkdir(parents=True, exist_ok=True)
        conf.write_text('[engine]\nevents_logger = "file"\n[containers]\nlog_driver = "k8s-file"\n')
        self.env |= {"CONTAINERS_CONF": str(conf)}
        self.podman = ["podman", "--root", self.folder / "root", "--runroot", self.run_folder, "--tmpdir", self.folder / "tmp",
                       "--cgroup-manager", "cgroupfs", "--storage-driver", "overlay", "--runtime",
                       shutil.which("crun") or shutil.which("runc") or "crun"]
        # without CAP_SYS_RESOURCE its own defaults cannot be set
        self.limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]

    def load(self, archive):
        call([*self.podman, "load", "-i", archive], env=self.env)

    def run(self, name):
        return [*self.podman, "run", "--rm", *self.limits, "--network", "none", "--name", name, IMAGE, "/bin/true"]

    def serve(self, name, port):
        return [*self.podman, "run", "-d", *self.limits, "-p", f"{port}:80", "--name", name, IMAGE, *SERVER]

    def detached(self, name):
        return [*self.podman, "run", "-d", *self.limits, "--network", "none", "--name", name, IMAGE, "/bin/sleep", "1000"]

    def execute(self, name):
        return [*self.podman, "exec", name, "/bin/true"]

    def create(self, name):
        return [*self.podman, "create", *self.limits, "--network", "none", "--name", name, IMAGE, "/bin/true"]

    def list(self):
        return [*self.podman, "ps", "-a"]

    def remove(self, name):
        return [*self.podman, "rm", "-f", "-t", "0", name]

    def pull(self, reference):
        return [*self.podman, "pull", "-q", "--tls-verify=false", reference]


class Ctr(Daemon):
    name = program = "ctr"
    monitor = "containerd-shim"

    @classmethod
    def installed(cls):
        return bool(shutil.which("ctr") and shutil.which("containerd"))

    def __init__(self, folder):
        super().__init__(folder)
        self.ctr = ["ctr", "-a", self.folder / "sock", "-n", "bench"]

    def serve_command(self):
        config = self.folder / "config.toml"
        config.write_text(f'version = 2\nroot = "{self.folder}/root"\nstate = "{self.run_folder}"\n'
                          'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
                          f'[grpc]\naddress = "{self.folder}/sock"\n[ttrpc]\naddress = "{self.folder}/ttrpc"\n')
        return ["containerd", "-c", config, "-l", "warn"]

    def probe(self):
        return [*self.ctr, "version"]

    def load(self, archive):
        call([*self.ctr, "image", "import", archive])

    def run(self, name):
        return [*self.ctr, "run", "--rm", IMAGE, name, "/bin/true"]

    def detached(self, name):
        return [*self.ctr, "run", "-d", IMAGE, name, "/bin/sleep", "1000"]

    def execute(self, name):
        return [*self.ctr, "task", "exec", "--exec-id", f"e{time.monotonic_ns()}", name, "/bin/true"]

    def create(self, name):
        return [*self.ctr, "container", "create", IMAGE, name, "/bin/true"]

    def list(self):
        return [*self.ctr, "container", "list"]

    def remove(self, name):
        ctr = " ".join(map(str, self.ctr))
        return ["sh", "-c", f"{ctr} task rm -f {name}; {ctr} container rm {name}"]

    def pull(self, reference):
        return [*self.ctr, "image", "pull", "--plain-http", "--snapshotter", "overlayfs", reference]


class DockerClient(Daemon):
    """Docker's own client, in front of whatever serves its API on the folder's socket."""

    def __init__(self, folder):
        super().__init__(folder)
        self.env |= {"DOCKER_CONFIG": str(self.folder / "client"), "DOCKER_HOST": f"unix://{self.folder}/sock"}
        self.env.pop("DOCKER_CONTEXT", None)

    def probe(self):
        return ["docker", "version"]

    def load(self, archive):
        call(["docker", "load", "-i", archive], env=self.env)

    def run(self, name):
        return ["docker", "run", "--rm", "--network", "none", "--name", name, IMAGE, "/bin/true"]

    def serve(self, name, port):
        return ["docker", "run", "-d", "-p", f"{port}:80", "--name", name, IMAGE, *SERVER]

    def detached(self, name):
        return ["docker", "run", "-d", "--network", "none", "--name", name, IMAGE, "/bin/sleep", "1000"]

    def execute(self, name):
        return ["docker", "exec", name, "/bin/true"]

    def create(self, name):
        return ["docker", "create", "--network", "none", "--name", name, IMAGE, "/bin/true"]

    def list(self):
        return ["docker", "ps", "-a"]

    def nothing(self):
        return ["docker", "--version"]

    def remove(self, name):
        return ["docker", "rm", "-f", name]

    def pull(self, reference):
        return ["docker", "pull", "-q", reference]


class Docker(DockerClient):
    name = program = "docker"
    monitor = "containerd-shim"

    @classmethod
    def installed(cls):
        return bool(shutil.which("docker") and shutil.which("dockerd"))

    def version(self):
        return f"{call(['dockerd', '--version'])}, client {call(['docker', '--version'])}"

    def serve_command(self):
        config = self.folder / "daemon.json"  # not the machine's
        config.write_text("{}")
        return ["dockerd", "--data-root", self.folder / "root", "--exec-root", self.run_folder, "--pidfile", self.folder / "pid",
                "-H", f"unix://{self.folder}/sock", "--config-file", config, "--log-level", "warn"]


class Door(DockerClient):
    """kistd behind Docker's client: the same client as Docker's, the same containers as kist's."""

    name = "kistd"
    monitor = "kist-monitor"

    @classmethod
    def installed(cls):
        return bool(shutil.which("docker")) and (kist.BIN / "kistd").exists()

    def version(self):
        return f"{call([kist.program('kistd'), '--version']).splitlines()[0]}, client {call(['docker', '--version'])}"

    def serve_command(self):
        self.run_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return [kist.program("kistd"), "--root", self.folder / "root", "--runroot", self.run_folder, "--listen",
                f"unix://{self.folder}/sock"]

    def load(self, archive):
        call([kist.program("kist"), "--root", self.folder / "root", "--runroot", self.run_folder, "load", "-i", archive])


class Floor(Peer):
    """The limit program (floor.c): a container without an engine."""

    name = "floor"
    port_address = "198.51.100.2"

    @classmethod
    def installed(cls):
        return True

    def version(self):
        return "the kernel's own work for one container"

    def start(self, archive):
        self.folder.mkdir(parents=True)
        self.state = self.folder / "state"
        self.state.mkdir()
        self.program = str(self.folder / "floor")
        build("floor", self.program)
        call(["ip", "link", "add", "floor0", "type", "bridge"])
        call(["ip", "addr", "add", "10.99.0.1/24", "dev", "floor0"])
        call(["ip", "link", "set", "floor0", "up"])
        call(["nft", "table ip floor { map ports { type inet_service : ipv4_addr . inet_service; }; "
              "chain output { type nat hook output priority -100; "
              "fib daddr type local meta l4proto tcp dnat ip to tcp dport map @ports; }; }"])

    def run(self, name):
        return [self.program, "none", str(kist.busybox_rootfs()), str(self.state), "/bin/true"]

    def serve(self, name, port):
        return [self.program, "port", str(kist.busybox_rootfs()), str(self.state), str(port), *SERVER]

    def remove(self, name):
        # the server is the first process of its namespace: with it goes everything but the cgroup
        return ["sh", "-c", "pkill -9 -x busybox; true"]  # one server at a time, and nobody else's in here

    def stop(self):
        sandbox.remove_cgroups(["/floor"])


def build(source, target):
    call(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-static", "-o", target, HERE / f"{source}.c"])


PEERS = [Floor, Kist, Podman, Ctr, Docker, Door]
