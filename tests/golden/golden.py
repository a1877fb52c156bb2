"""What a container's process sees, under kist and under Docker, and how the two differ.

An Engine of either kind runs probe.c in a container with the same options; collect() makes facts of what
it prints, of the namespaces it is in, and of the seccomp filters that the kernel has for it, decided
system call by system call. Facts have names ("status CapEff", "mount /sys", "seccomp i386 clone") and
values in which nothing is left that differs from one run to the next.

`differences` lists what may differ, a line each: variants | facts | Docker | kist | why. Variants, facts
and values are patterns (fnmatch), several separated by ", ". A difference that no line has, and a line
that no difference has, are failures.

    tests/golden/golden.py [VARIANT...]     shows the differences that there are now
"""

import ctypes
import errno
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import kist  # noqa: E402
import sandbox  # noqa: E402

IMAGE = "probe:1"
NONE = "(none)"
PROFILE = """{"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
 "syscalls": [{"name": "mkdir", "action": "SCMP_ACT_ERRNO", "errnoRet": 5, "args": []},
              {"names": ["chroot"], "action": "SCMP_ACT_KILL", "excludes": {"caps": ["CAP_SYS_CHROOT"]}},
              {"names": ["reboot", "swapon"], "action": "SCMP_ACT_ERRNO", "includes": {"caps": ["CAP_CHOWN"], "minKernel": "4.8"}}]}"""

# Options that both command lines take. Every variant has no network unless it says otherwise.
VARIANTS = {
    "default": [],
    "privileged": ["--privileged"],
    "cap-add": ["--cap-add", "SYS_ADMIN", "--cap-add", "net_admin", "--cap-drop", "CHOWN"],
    "cap-add-all": ["--cap-add", "ALL", "--cap-drop", "SYS_MODULE"],
    "cap-drop-all": ["--cap-drop", "ALL"],
    "cap-drop-all-but": ["--cap-drop", "ALL", "--cap-add", "CHOWN"],
    "user": ["--user", "1000:100"],
    "user-cap-add": ["--user", "1000", "--cap-add", "SYS_PTRACE"],
    "group-add": ["--group-add", "users", "--group-add", "77"],
    "no-new-privileges": ["--security-opt", "no-new-privileges"],
    "seccomp-unconfined": ["--security-opt", "seccomp=unconfined"],
    "seccomp-file": ["--security-opt", "seccomp={profile}"],
    "systempaths-unconfined": ["--security-opt", "systempaths=unconfined"],
    "privileged-read-only": ["--privileged", "--read-only"],
    "read-only": ["--read-only"],
    "init": ["--init"],
    "ipc-host": ["--ipc", "host"],
    "ipc-none": ["--ipc", "none"],
    "ipc-shareable": ["--ipc", "shareable"],
    "pid-host": ["--pid", "host"],
    "uts-host": ["--uts", "host"],
    "userns-host": ["--userns", "host"],
    "network-host": ["--network", "host"],
    "cgroupns-private": ["--cgroupns", "private"],
    "cgroupns-host": ["--cgroupns", "host"],
    "names": ["--hostname", "box", "--domainname", "example.org", "--add-host", "other:10.0.0.1"],
    "limits": ["--ulimit", "nofile=100:200", "--ulimit", "core=0", "--shm-size", "1m", "--oom-score-adj", "200", "--memory", "64m",
               "--pids-limit", "50", "--sysctl", "net.core.somaxconn=99", "--sysctl", "kernel.shmmax=65536"],
    "devices": ["--device", "/dev/full:/dev/other/full:r", "--device", "/dev/zero:/dev/z", "--device-cgroup-rule", "c 1:11 r"],
    "mounts": ["-v", "{folder}:/bound:ro", "--tmpfs", "/scratch:size=1m", "-v", "{folder}:/also"],
    "tty": ["-t"],
    "workdir": ["-w", "/made/here", "-e", "A=b"],
}

# Where the machine may have less than there is.
ALL_CAPABILITIES = {"privileged", "privileged-read-only", "cap-add-all"}

# --- seccomp ---------------------------------------------------------------------------------------

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_SECCOMP_GET_FILTER = 17, 0x4206, 0x4207, 0x420C
WALL = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long] * 4


def _ptrace(request, pid, a=0, b=0):
    ctypes.set_errno(0)
    result = _libc.ptrace(request, pid, a, b)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x}: {os.strerror(ctypes.get_errno())}")
    return result


def filters_of(pid):
    """The programs of all filters of a process, as bytes."""
    _ptrace(PTRACE_SEIZE, pid)
    try:
        _ptrace(PTRACE_INTERRUPT, pid)
        os.waitpid(pid, WALL)
        programs = []
        while True:
            try:
                size = _ptrace(PTRACE_SECCOMP_GET_FILTER, pid, len(programs))
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.EINVAL):
                    return programs
                raise
            buffer = ctypes.create_string_buffer(size * 8)
            _ptrace(PTRACE_SECCOMP_GET_FILTER, pid, len(programs), ctypes.addressof(buffer))
            programs.append(buffer.raw)
    finally:
        _ptrace(PTRACE_DETACH, pid)


WORDS = {0x80000000: "kill process", 0: "kill thread", 0x30000: "trap", 0x50000: "errno", 0x7FC00000: "notify", 0x7FF00000: "trace",
         0x7FFC0000: "log", 0x7FFF0000: "allow"}


def word_of(answer):
    word = WORDS[answer & 0xFFFF0000]
    return f"errno {errno.errorcode.get(answer & 0xFFFF, answer & 0xFFFF)}" if word == "errno" else word


def judge(programs, cases, folder):
    """What filters say to @cases, tuples of number, architecture, argument. See judge.c."""
    program = folder / "judge"
    if not program.exists():
        subprocess.run(["cc", "-O2", "-o", program, HERE / "judge.c"], check=True)
    for i, code in enumerate(programs):
        (folder / f"filter{i}").write_bytes(code)
    done = subprocess.run([program, *(folder / f"filter{i}" for i in range(len(programs)))], check=True, text=True, stdout=subprocess.PIPE,
                          input="\n".join(f"{number} {arch} {value}" for number, arch, value in cases))
    return [word_of(int(line)) for line in done.stdout.split()]


X32 = 0x40000000
ABIS = {"x86_64": ("64", 0xC000003E, 0), "i386": ("32", 0x40000003, 0), "x32": ("x32", 0xC000003E, X32)}
FULL = (1 << 64) - 1


def calls_of(abi):
    """{number: name} of an ABI, as the kernel's headers have them, and the numbers in between and beyond."""
    name, _, base = ABIS[abi]
    text = Path(f"/usr/include/x86_64-linux-gnu/asm/unistd_{name}.h").read_text()
    calls = {int(n) + base: call for call, n in re.findall(r"#define __NR_(\w+) \(?(?:__X32_SYSCALL_BIT \+ )?(\d+)\)?", text)}
    for number in range(base, base + 600):
        calls.setdefault(number, f"#{number - base}")
    return calls


# What filters look at in arguments: the first one, as 32 bits and as 64.
ARGUMENTS = {
    "socket": [*range(64), (1 << 32) + 1, (1 << 32) + 38, (1 << 32) + 40],
    "personality": [0, 1, 8, 0x20000, 0x20008, 0x40000, 0xFFFFFFFF, FULL],
    "clone": [0, 17, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x3D0F00, 0x80, (1 << 32) + 0x10000000],
}


def verdicts(programs, folder):
    """Facts "seccomp <abi> <call> [<first argument>]"."""
    cases = {}
    for abi, (_, arch, _) in ABIS.items():
        for number, name in calls_of(abi).items():
            for value in ARGUMENTS.get(name, [0, FULL]):
                cases[abi, name, value] = number, arch, value
    cases["another architecture", "write", 0] = 1, 0xC00000B7, 0
    answers = dict(zip(cases, judge(programs, cases.values(), folder)))
    facts = {}
    for (abi, name, value), answer in answers.items():
        if name in ARGUMENTS:
            facts[f"seccomp {abi} {name} {value:#x}"] = answer
        elif value == 0 and answers.get((abi, name, FULL), answer) == answer:
            facts[f"seccomp {abi} {name}"] = answer
        elif value == 0:
            facts[f"seccomp {abi} {name}"] = f"{answer}, or {answers[abi, name, FULL]}"
    return facts


# --- the two engines -------------------------------------------------------------------------------

def build_probe(folder):
    """The image: a root file system with the probe and an /etc that has users."""
    rootfs = folder / "rootfs"
    for name in ("bin", "etc", "tmp", "sbin"):
        (rootfs / name).mkdir(parents=True)
    subprocess.run(["cc", "-O1", "-static", "-o", rootfs / "bin/probe", HERE / "probe.c"], check=True)
    (rootfs / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:100::/home/user:/bin/sh\n")
    (rootfs / "etc/group").write_text("root:x:0:\nusers:x:100:\nextra:x:55:user\n")
    archive = folder / "rootfs.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(rootfs, arcname=".")
    return archive


class Docker:
    """A private dockerd: its own folders, socket and cgroups, no bridge, no firewall."""

    programs = ("docker", "dockerd", "containerd", "runc")

    def __init__(self, folder):
        self.folder = folder / "docker"
        self.folder.mkdir()
        self.parent = kist.unique("golden")
        self.env = {**os.environ, "DOCKER_HOST": f"unix://{self.folder}/sock", "DOCKER_CONFIG": str(self.folder / "client")}
        self.env.pop("DOCKER_CONTEXT", None)
        (self.folder / "daemon.json").write_text("{}")
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["dockerd", "--data-root", self.folder / "root", "--exec-root", self.folder / "exec", "--pidfile", self.folder / "pid",
                 "-H", f"unix://{self.folder}/sock", "--config-file", self.folder / "daemon.json", "--bridge", "none", "--iptables=false",
                 "--ip6tables=false", "--add-runtime", f"cut={HERE}/cut-runtime", "--cgroup-parent", f"/{self.parent}", "--log-level", "warn"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=sandbox.die_with_parent)
        kist.wait_until(lambda: self.call("version", check=False).returncode == 0 or self.process.poll() is not None, 60, "dockerd")
        assert self.process.poll() is None, (self.folder / "log").read_text()

    def call(self, *args, check=True):
        done = subprocess.run(["docker", *map(str, args)], env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=120 * kist.PATIENCE)
        assert not check or done.returncode == 0, (args, done.stderr)
        return done

    def load(self, archive):
        self.call("import", archive, IMAGE)

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=60)
        # containerd of its own ends with it; what it mounted is ours to take away.
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if str(self.folder) in line:
                subprocess.run(["umount", "-l", line.split()[1]], check=False)
        sandbox.remove_cgroups([self.parent])


class Kist:
    programs = ()

    def __init__(self):
        self.engine = kist.Engine()

    def call(self, *args, check=True):
        done = self.engine.kist(*args, status=None)
        assert not check or done.returncode == 0, (args, done.stderr)
        return done

    def load(self, archive):
        self.call("import", archive, IMAGE)

    def close(self):
        assert not self.engine.close()


# --- facts -----------------------------------------------------------------------------------------

# What comes and goes with the machine's own life.
PASSING = re.compile(r"^(sys /sys/(class/bdi|kernel/slab|kernel/debug|devices/virtual|fs/cgroup/.*/[^/]*/)|proc /proc/(irq|fs)/)")
OURS = re.compile(r"[0-9a-f]{64}")


def mount_facts(lines):
    """Facts "mount <mount point>[ again]" from lines of mountinfo: type, what is mounted, flags, options."""
    facts = {}
    for line in lines:
        fields, _, rest = line.partition(" - ")
        _, _, _, root, point, flags, *shared = fields.split(" ")
        kind, source, options = rest.split(" ", 2)
        options = ",".join(sorted(option for option in options.split(",")
                                  if not re.match(r"(lowerdir|upperdir|workdir|xino|uuid|index|metacopy|redirect_dir|volatile)", option)))
        if kind in ("cgroup", "cgroup2"):
            root = "/.." if root.startswith("/..") else "(its own)" if OURS.search(root) else root
            source = "cgroup"
        elif OURS.search(root):
            root = "…/" + root.rpartition("/")[2]
        if point == "/sbin/docker-init":
            root = "…"
        name = f"mount {point}"
        while name in facts:
            name += " again"
        propagation = "".join(" " + word.partition(":")[0] for word in shared)
        facts[name] = f"{kind} {source} {root} {flags}{propagation} {options}"
    return facts


def tidy(name, value, names, own):
    """A value without what is new in each run."""
    for old, new in names:
        value = value.replace(old, new)
    if name.startswith("namespace "):
        return "the host's" if value == own.get(name) else "its own"
    if name.startswith("fd "):
        return re.sub(r":\[\d+\]", "", re.sub(r".*/ID/", "…/", value))
    if name in ("process pid", "proc /proc/self", "proc /proc/thread-self"):
        return re.sub(r"\d{2,}|[2-9]", "N", value)
    if name == "process cgroup":
        return "\\n".join(sorted(re.sub(r"^\d+:", "", line) for line in value.split("\\n") if line))
    if name == "process interfaces":
        return " ".join(sorted(re.findall(r"(\w+):", value)))
    return value


def own_namespaces():
    return {f"namespace {entry}": os.readlink(f"/proc/self/ns/{entry}") for entry in os.listdir("/proc/self/ns")}


def make_facts(text, names):
    facts, own, mounts = {}, own_namespaces(), []
    for line in text.splitlines():
        name, tab, value = line.partition("\t")
        if not tab:
            continue
        if name == "mountinfo":
            mounts.append(value)
            continue
        if name == "environment":
            key, _, value = value.partition("=")
            name = f"environment {key}"
        if PASSING.match(name):
            continue
        facts[name] = tidy(name, value, names, own)
    facts.update(mount_facts(mounts))
    return facts


def run_probe(engine, options, name):
    """Output and pid of a probe that waits, and what its output is not to contain."""
    id = engine.call("run", "-d", "--name", name, *options, IMAGE, "/bin/probe").stdout.strip()

    def output():
        text = engine.call("logs", name).stdout.replace("\r", "")
        return text if text.endswith("end\n") else None

    text = kist.wait_until(output, 30, "the end of the probe's output", 0.1)
    pid = int(engine.call("inspect", "-f", "{{.State.Pid}}", name).stdout)
    return text, pid, [(id, "ID"), (id[:12], "ID12")]


_decided = {}


def collect(engine, options, name, folder):
    text, pid, names = run_probe(engine, options, name)
    try:
        names += [(os.uname().nodename, "HOST")]
        if isinstance(engine, Docker):
            names += [(engine.parent, "PARENT")]
        else:
            names += [(engine.engine.tag, "PARENT")]
        facts = make_facts(text, names)
        programs = filters_of(pid)
        key = tuple(programs)
        if key not in _decided:
            _decided[key] = verdicts(programs, folder)
        facts.update(_decided[key])
    finally:
        engine.call("rm", "-f", name)
    return facts


def options_of(variant, folder):
    options = [option.format(profile=folder / "profile.json", folder=folder / "shared") for option in VARIANTS[variant]]
    return options if "--network" in options else ["--network", "none", *options]


class Comparison:
    """Both engines, and their facts, variant by variant."""

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "profile.json").write_text(PROFILE)
        (self.folder / "shared").mkdir()
        archive = build_probe(self.folder)
        self.docker = Docker(self.folder)
        try:
            self.kist = Kist()
            for engine in (self.docker, self.kist):
                engine.load(archive)
        except BaseException:
            self.docker.close()
            raise

    def facts(self, variant):
        """(Docker's, kist's)"""
        options = options_of(variant, self.folder)
        cut = ["--runtime", "cut"] if variant in ALL_CAPABILITIES else []
        return (collect(self.docker, [*cut, *options], f"golden-{variant}", self.folder),
                collect(self.kist, options, f"golden-{variant}", self.folder))

    def close(self):
        try:
            self.kist.close()
        finally:
            self.docker.close()


def differing(docker, ours):
    """[(fact, Docker's value, kist's value)]"""
    return [(name, docker.get(name, NONE), ours.get(name, NONE)) for name in sorted({*docker, *ours})
            if docker.get(name, NONE) != ours.get(name, NONE)]


# --- the list --------------------------------------------------------------------------------------

class Line:
    """One line of the list."""

    def __init__(self, number, text):
        fields = [field.strip() for field in text.split(" | ")]
        assert len(fields) == 5 and all(fields), f"differences, line {number}: not five fields: {text}"
        self.number = number
        self.variants, self.facts = ([word.strip() for word in field.split(", ")] for field in fields[:2])
        self.docker, self.kist, self.why = fields[2:]
        self.unseen = {("variant", pattern) for pattern in self.variants} | {("fact", pattern) for pattern in self.facts}

    def matches(self, variant, fact, docker, ours):
        variants = [pattern for pattern in self.variants if fnmatch.fnmatchcase(variant, pattern)]
        facts = [pattern for pattern in self.facts if fnmatch.fnmatchcase(fact, pattern)]
        if not (variants and facts and fnmatch.fnmatchcase(docker, self.docker) and fnmatch.fnmatchcase(ours, self.kist)):
            return False
        self.unseen -= {("variant", pattern) for pattern in variants} | {("fact", pattern) for pattern in facts}
        return True


def read_list(path=HERE / "differences"):
    lines = path.read_text().splitlines()
    return [Line(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]


def unlisted(lines, variant, differences):
    """Differences that no line has. Every line is asked, so that it knows what it has seen."""
    return [difference for difference in differences if not [line for line in lines if line.matches(variant, *difference)]]


def missing():
    return [program for program in (*Docker.programs, "cc") if not shutil.which(program)]


def main():
    import tempfile

    wanted = sys.argv[1:] or list(VARIANTS)
    lines = read_list()
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(folder)
        try:
            for variant in wanted:
                try:
                    facts = comparison.facts(variant)
                except AssertionError as error:
                    print(f"# {variant}: {error}", flush=True)
                    continue
                for name, docker, ours in unlisted(lines, variant, differing(*facts)):
                    print(f"{variant} | {name} | {docker} | {ours} | ?", flush=True)
        finally:
            comparison.close()
    for line in lines:
        if line.unseen:
            print(f"# line {line.number}: nothing for {sorted(line.unseen)}")


if __name__ == "__main__":
    if "KIST_SESSION" not in os.environ:
        sys.exit(sandbox.enter([sys.executable, *sys.argv]))
    main()
