"""Who a container is, and what it is told: users, groups, environment, labels. Class ID."""

import ctypes
import json
import os
import select
import subprocess
import time

import bundles
import hostile
import kist
import pytest
from hostile import FIFO, link, node


# ID-01: CVE-2022-24769 and its sisters -------------------------------------------------------------

DEFAULT, NONE, CHOWN, ADMIN = 0xA80425FB, 0, 1 << 0, 1 << 21


@pytest.mark.parametrize("options, bounding, effective", [
    ((), DEFAULT, DEFAULT),
    (("-u", "1000"), DEFAULT, NONE),
    (("--cap-add", "SYS_ADMIN"), DEFAULT | ADMIN, DEFAULT | ADMIN),
    (("--cap-add", "SYS_ADMIN", "-u", "1000"), DEFAULT | ADMIN, NONE),
    (("--cap-drop", "ALL"), NONE, NONE),
    (("--cap-drop", "ALL", "--cap-add", "CHOWN"), CHOWN, CHOWN),
    (("--cap-drop", "ALL", "--cap-add", "CHOWN", "-u", "1000"), CHOWN, NONE),
])
def test_no_capability_is_inherited_or_kept(engine, peer, options, bounding, effective):
    """In the inheritable set it comes back with the next program that has file capabilities."""
    look = ["grep", "^Cap", "/proc/self/status"]
    expected = {"CapInh": NONE, "CapPrm": effective, "CapEff": effective, "CapBnd": bounding, "CapAmb": NONE}

    def sets(text):
        return {line.split(":")[0]: int(line.split(":")[1], 16) for line in text.splitlines()}

    assert sets(engine.out("run", "--rm", *options, "busybox", *look)) == expected
    engine.kist("run", "-d", "--name", "one", *options, "busybox", "sleep", "100")
    assert sets(engine.out("exec", "one", *look)) == expected
    if not options:  # what its caller gives, runc keeps
        for kind in ("bounding", "effective", "permitted", "inheritable"):
            peer.config["process"]["capabilities"][kind] = ["CAP_CHOWN"]
        peer.config["process"]["capabilities"].pop("ambient", None)
        done = peer.unpack().run(*look)
        assert done.stdout and sets(done.stdout)["CapInh"] == CHOWN, done


# ID-02: CVE-2022-2989 and its sisters --------------------------------------------------------------

@pytest.mark.parametrize("user, groups", [
    ("1000:100", "100"), ("1000", "0"), ("daemon", "1"), ("daemon:users", "100"), ("0:100", "100"),
])
def test_the_primary_group_is_among_the_groups(engine, peer, user, groups):
    """Or a set-group-id program sheds it, and with it what is denied to the group."""
    text = engine.out("run", "--rm", "-u", user, "busybox", "grep", "Groups:", "/proc/self/status")
    assert text.split()[1:] == [groups]
    if user != "1000:100":
        return
    peer.config["process"]["user"] = {"uid": 1000, "gid": 100}
    done = peer.unpack().run("grep", "Groups:", "/proc/self/status")
    assert done.stdout.split()[1:] == [], "what the bundle does not say, runc does not add"


# ID-03: CVE-2024-40635, CVE-2026-46680 -------------------------------------------------------------

WRONG = ["-1", "-0", "+0", "0x0", "00x", " 0", "0 ", "1000 ", "2147483648", "4294967295", "4294967296", "4294967297",
         "18446744073709551616", "99999999999999999999999999", "1000:4294967296", "1000:-1", ":4294967296", "0:0:0",
         "root\n", "\x1broot", "1e0", "٠"]


def test_no_user_wraps_to_root(bare_engine):
    image = hostile.load(bare_engine, User="4294967296")
    for args in ((), *(("-u", user) for user in WRONG)):
        done = bare_engine.kist("run", "--rm", *args, image, "id", "-u", status=125)
        assert done.stdout == "" and "\x1b" not in done.stderr, (args, done)
    assert bare_engine.out("run", "--rm", "-u", "nobody:", image, "id", "-u") == "65534"


def test_the_arithmetic_would_wrap():
    """The control of the above: what becomes of such numbers in 32 bits."""
    assert [ctypes.c_uint32(n).value for n in (4294967296, 4294967297, 18446744073709551616)] == [0, 1, 0]


def test_a_number_is_a_number_whatever_the_image_calls_its_users(bare_engine):
    passwd = b"1000:x:0:0::/root:/bin/sh\n4294967296:x:0:0::/root:/bin/sh\nroot:x:0:0::/root:/bin/sh\n"
    image = hostile.load(bare_engine, {"etc/passwd": passwd}, User="1000")
    assert bare_engine.out("run", "--rm", image, "id", "-u") == "1000"
    # The control looks the name up first.
    assert next(line for line in passwd.decode().splitlines() if line.startswith("1000:")).split(":")[2] == "0"


# ID-04: CVE-2022-4318 ------------------------------------------------------------------------------

@pytest.mark.parametrize("what", [
    ("-h", "a\n1.2.3.4 evil"), ("-h", "a b"), ("--add-host", "a\nb:1.2.3.4"), ("--add-host", "a:1.2.3.4\n5.6.7.8 b"),
    ("--dns", "1.1.1.1\nnameserver 6.6.6.6"), ("--dns-search", "a\nnameserver 6.6.6.6"),
])
def test_no_line_is_smuggled_into_a_file_that_we_make(shared_engine, what):
    done = shared_engine.kist("run", "--rm", *what, "busybox", "cat", "/etc/hosts", "/etc/resolv.conf", status=None)
    assert done.returncode == 125 and done.stdout == "", done


def test_a_home_with_a_line_break_is_no_home(bare_engine):
    passwd = b"user:x:1000:1000::/home\x0bevil:/bin/sh\n"
    image = hostile.load(bare_engine, {"etc/passwd": passwd}, User="user")
    assert bare_engine.out("run", "--rm", image, "sh", "-c", 'echo "$HOME"') == "/"


# ID-05: CVE-2024-9676, CVE-2026-47262, CVE-2026-93320 ----------------------------------------------

@pytest.mark.parametrize("what", ["symlink", "fifo", "folder", "proc", "long line", "many lines", "device"])
def test_odd_files_of_users_are_read_with_care(bare_engine, canary, tmp_path, what):
    (canary.folder / "hosts").write_text("evil:x:4242:4242::/:/bin/sh\n")
    passwd = {
        "symlink": link(canary.folder / "hosts"),
        "fifo": FIFO,
        "folder": hostile.FOLDER,
        "proc": link("/proc/kmsg"),
        "long line": b"evil:x:4242:4242:" + b"A" * (40 << 20),
        "many lines": b"a:x:1:1::/:\n" * (4 << 20),
        "device": node(1, 5),
    }[what]
    image = hostile.load(bare_engine, {"etc/passwd": passwd, "etc/group": FIFO})
    start = time.monotonic()
    done = bare_engine.kist("run", "--rm", "-u", "evil", image, "id", "-u", status=None, timeout=20)
    assert done.returncode == 125 and "unable to find user" in done.stderr, done
    assert time.monotonic() - start < 5 * kist.PATIENCE
    if what == "symlink":
        rootfs = hostile.unpack(tmp_path / "naive", {"etc/passwd": passwd})
        with open(rootfs / "etc/passwd", encoding="ascii") as file:
            assert "4242" in file.read()
    if what == "fifo":
        rootfs = hostile.unpack(tmp_path / "naive", {"etc/passwd": passwd})
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(["cat", rootfs / "etc/passwd"], timeout=1, check=False)


class Opens:
    """Counts the opens of one file's inode, through whatever path."""

    IN_OPEN = 0x20

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert libc.inotify_add_watch(self.fd, os.fsencode(path), self.IN_OPEN) >= 0

    def any(self):
        return bool(select.select([self.fd], [], [], 0.2)[0])

    def close(self):
        os.close(self.fd)


def test_a_device_in_place_of_passwd_is_not_even_opened(bare_engine):
    """To open a watchdog is to start it: outside, no device rules of the container's hold."""
    image = hostile.load(bare_engine, {"etc/passwd": node(1, 5)})
    path, = (bare_engine.root / "layers").glob("*/etc/passwd")
    opens = Opens(path)
    bare_engine.kist("run", "--rm", "-u", "1000", "-e", "HOME=/", image, "true")
    assert not opens.any()
    # And from a container that runs, and puts it there itself.
    bare_engine.kist("run", "-d", "--name", "one", "-u", "0", image, "sleep", "100")
    bare_engine.kist("exec", "one", "sh", "-c", "rm /etc/passwd; mknod /etc/passwd c 1 5")
    inside, = bare_engine.root.glob("containers/*/diff/etc/passwd")
    upper = Opens(inside)
    bare_engine.kist("exec", "-u", "1000", "-e", "HOME=/", "one", "true")
    assert not opens.any() and not upper.any()
    with open(path, "rb"):
        assert opens.any()  # it would have been seen
    opens.close()
    upper.close()


# ID-06: CVE-2022-0811 ------------------------------------------------------------------------------

def _bundle_with(runtime, key, value):
    bundle = runtime.bundle("true")
    bundle.linux["namespaces"] = [one for one in bundle.linux["namespaces"] if one["type"] != "ipc"]
    bundle.linux["sysctl"] = {key: value}
    return bundle


@pytest.mark.parametrize("key", [
    "kernel.shm_rmid_forced", "kernel/shm_rmid_forced", "kernel.core_pattern", "net/../kernel/core_pattern", "vm.swappiness",
    "kernel.shm_rmid_forced+", "net.ipv4.ip_forward/../../../kernel/core_pattern", "", ".", "kernel",
])
def test_no_sysctl_of_the_host_is_set(key):
    """The host here is the tests' own IPC namespace; core_pattern has none, so its control must not be tried."""
    file = "/proc/sys/kernel/shm_rmid_forced"
    before, pattern = [open(name, encoding="ascii").read() for name in (file, "/proc/sys/kernel/core_pattern")]
    guarded = bundles.Runtime()
    naive = bundles.Runtime(str(kist.BIN.parent / "tests/security/runtime-without-sysctl-tool"))
    try:
        guarded.run(_bundle_with(guarded, key, "1"), status=1)
        assert [open(name, encoding="ascii").read() for name in (file, "/proc/sys/kernel/core_pattern")] == [before, pattern]
        if key == "kernel.shm_rmid_forced":
            naive.run(_bundle_with(naive, key, "1"))
            assert open(file, encoding="ascii").read() == "1\n" != before
    finally:
        with open(file, "w", encoding="ascii") as restored:
            restored.write(before)
        guarded.close()
        naive.close()


# ID-08: CVE-2026-94603, CVE-2026-53488 -------------------------------------------------------------

RESERVED = [
    "io.podman.annotations.privileged", "io.podman.annotations.seccomp", "io.container.manager", "run.oci.handler",
    "io.kubernetes.cri-o.TrustedSandbox", "io.containerd.runc.v2.group", "nerdctl/log-uri", "org.systemd.property.X",
    "io.podman.annotations.userns", "io.podman.annotations.checkpoint", "com.docker.network.host", "kist.privileged",
    "run.oci.seccomp_bpf_data", "run.oci.hooks.stdout", "module.wasm.image/variant", "io.kist.runtime", "kist.runtime",
    "org.criu.config", "io.kubernetes.cri-o.Devices", "io.kubernetes.cri-o.umask", "cpu-quota.crio.io",
    "containers.podman.io/rootfs-propagation", "seccomp-profile.kubernetes.cri-o.io",
]


def _document(engine, image):
    """What the runtime is given, without what is the container's own."""
    name = engine.out("run", "-d", image, "sleep", "100")
    text = (engine.runroot / "containers" / name / "config.json").read_text()
    network = json.loads((engine.runroot / "containers" / name / "network.json").read_text())
    engine.kist("rm", "-f", name)
    document = json.loads(text.replace(name, "ID").replace(name[:12], "ID"))
    for namespace in document["linux"]["namespaces"]:
        namespace.pop("path", None)
    del network
    return document


def test_no_label_of_an_image_changes_how_it_runs(bare_engine):
    labels = {key: value for key in RESERVED for value in ("true",)}
    labels |= {key + "/": "binary:///bin/sh?-c" for key in RESERVED} | {"": "x", "a\nb": "c\nd"}
    plain = _document(bare_engine, hostile.load(bare_engine, User="0"))
    marked = hostile.load(bare_engine, User="0", Labels=labels, StopSignal="SIGTERM", Shell=["/bin/sh"],
                          Healthcheck={"Test": ["CMD", "x"]}, OnBuild=["RUN x"], ArgsEscaped=True, Hostname="evil",
                          Domainname="evil", Memory=1, CpuShares=1, NetworkDisabled=True, HostConfig={"Privileged": True},
                          SecurityOpt=["seccomp=unconfined"], Privileged=True, CapAdd=["ALL"], Runtime="evil")
    assert _document(bare_engine, marked) == plain
    # What may come from an image does come.
    assert _document(bare_engine, hostile.load(bare_engine, User="0", Env=["A=1"])) != plain


def test_an_image_chooses_no_port_of_the_host(bare_engine):
    exposed = {"0.0.0.0:4022:22/tcp": {}, "4023:23": {}, "80/tcp": {}}
    image = hostile.load(bare_engine, ExposedPorts=exposed)
    name = bare_engine.out("run", "-d", "-P", image, "sleep", "100")
    assert [line.split(" ")[0] for line in bare_engine.out("port", name).splitlines()] == ["80/tcp"]
    # A user may.
    bare_engine.kist("run", "-d", "--name", "users", "-p", "4022:22", image, "sleep", "100")
    assert bare_engine.out("port", "users").startswith("22/tcp -> 0.0.0.0:4022")


# ID-10: CVE-2025-47291 -----------------------------------------------------------------------------

@pytest.mark.parametrize("options", [
    (), ("--pid", "host"), ("--ipc", "host"), ("--uts", "host"), ("--network", "host"), ("--cgroupns", "host"),
    ("--pid", "host", "--ipc", "host", "--uts", "host", "--network", "host", "--cgroupns", "host"),
])
def test_limits_hold_in_every_combination_of_namespaces(engine, options):
    name = engine.out("run", "-d", "--pids-limit", "20", "--memory", "64m", *options, "busybox", "sleep", "100")
    pid = engine.inspect(name)["State"]["Pid"]
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
        groups = [line.strip().split(":", 2) for line in file]
    assert groups and all(name in path for number, controllers, path in groups if controllers != "" or number == "0")
    forks = "i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done; echo all"
    assert "all" not in engine.kist("exec", name, "sh", "-c", forks, status=None).stdout
    engine.kist("run", "-d", "--name", "free", *options, "busybox", "sleep", "100")
    assert "all" in engine.kist("exec", "free", "sh", "-c", forks, status=None).stdout  # so many are possible


# ID-13 ---------------------------------------------------------------------------------------------

def test_the_tenth_start_is_as_the_first(bare_engine):
    image = hostile.load(bare_engine, User="1000:100")
    bare_engine.kist("create", "--name", "one", "--cap-drop", "ALL", image, "sh", "-c",
                     "id -u; grep -E '^(Cap|Groups|NoNewPrivs|Seccomp:)' /proc/self/status")
    seen = [bare_engine.out("start", "-a", "one") for _ in range(4)]
    assert len(set(seen)) == 1 and seen[0].splitlines()[0] == "1000", seen


# ID-09: CVE-2026-57231, CVE-2020-14370 -------------------------------------------------------------

def test_no_variable_of_the_callers_gets_in(bare_engine):
    secrets = {"CANARY": "sesame-1", "A": "sesame-2", "AB": "sesame-3", "KIST_X": "sesame-4"}
    env = {**bare_engine.env, **secrets}
    image = hostile.load(bare_engine, Env=["PATH", "CANARY", "*", "A*", "KIST_*", "=x", "", "A=B=C", "BIG=" + "x" * 100000])
    script = "cat /proc/self/environ | tr '\\0' '\\n'"
    out = bare_engine.out("run", "--rm", image, "sh", "-c", script, env=env)
    assert "sesame" not in out and "A=B=C" in out.splitlines()
    assert {line.partition("=")[0] for line in out.splitlines()} == {"PATH", "HOSTNAME", "A", "BIG", "HOME"} | (
        {"SHLVL", "PWD"} & {line.partition("=")[0] for line in out.splitlines()})
    bare_engine.kist("run", "-d", "--name", "one", image, "sleep", "100", env=env)
    assert "sesame" not in bare_engine.out("exec", "one", "sh", "-c", script, env=env)
    # Nor does anything that stays behind have them.
    for pid in os.listdir("/proc"):
        if pid.isdigit() and int(pid) != os.getpid():
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    assert b"sesame" not in file.read(), pid
            except OSError:
                pass
    # A name alone is the user's way to ask for it.
    assert "CANARY=sesame-1" in bare_engine.out("run", "--rm", "-e", "CANARY", image, "env", env=env)
