"""What a container can see and do: the sandbox of kist-runtime, and attacks on it (security.md, classes RT, ID, SC)."""

import json
import os
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

import kist
import pytest

SEEN = ("sh", "-c", "cat /proc/self/mountinfo; echo ===; ls -l /proc/self/fd /proc/1/fd; echo ===; cat /proc/self/status")


def canary(folder):
    """A tree of the host's that attacks aim at; returns a function that says whether it is as it was."""
    folder.mkdir()
    for name in ("file", "null", "ptmx", "console"):
        (folder / name).write_text("host")
    (folder / "dir").mkdir()

    def look():
        return sorted((str(p), p.lstat().st_mode, p.lstat().st_uid, p.lstat().st_mtime_ns, p.read_bytes() if p.is_file() else b"")
                      for p in [folder, *folder.rglob("*")])

    before = look()
    return lambda: look() == before


def test_the_container_has_its_three_descriptors_alone(runtime):
    """RT-02"""
    with open("/etc/hostname") as leaked:
        os.set_inheritable(leaked.fileno(), True)
        bundle = runtime.bundle("sh", "-c", "ls /proc/1/fd; true")
        assert runtime.run(bundle, pass_fds=(leaked.fileno(),)).stdout.split() == ["0", "1", "2"]


def test_exec_has_its_three_descriptors_alone(runtime):
    name = runtime.start(runtime.bundle("sleep", "100"))
    with open("/etc/hostname") as leaked:
        os.set_inheritable(leaked.fileno(), True)
        out = runtime("exec", name, "sh", "-c", "ls /proc/$$/fd; true", pass_fds=(leaked.fileno(),)).stdout.split()
    assert out == ["0", "1", "2"]


def test_preserved_descriptors_arrive(runtime):
    bundle = runtime.bundle("sh", "-c", "echo hi >&3; echo ho >&4; ls /proc/1/fd; true")
    bundle.write()
    out = bundle.path / "out"
    command = runtime.command("run", "--preserve-fds", "1", "--bundle", str(bundle.path), runtime.new_id())
    done = subprocess.run(["sh", "-c", 'exec "$@" 3>%s 4>&3' % out, "sh", *command], stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    assert out.read_text() == "hi\n" and done.stdout.split() == ["0", "1", "2", "3"]


@pytest.mark.parametrize("cwd", [f"/proc/self/fd/{n}" for n in (3, 4, 5, 6, 7, 8, 9, 10, 11, 12)])
def test_a_working_directory_outside_is_refused(runtime, cwd):
    """RT-02, CVE-2024-21626"""
    bundle = runtime.bundle("pwd")
    bundle.process["cwd"] = cwd
    assert runtime.run(bundle, status=1).stdout == ""


@pytest.mark.parametrize("target", ["/proc/sysrq-trigger", "/etc/passwd", "/dev/sda", "regular", "fifo"])
def test_masked_paths_stay_masked_whatever_dev_null_is(runtime, target):
    """RT-03, CVE-2025-31133"""
    bundle = runtime.bundle("sh", "-c", "cat /proc/keys; cat /proc/timer_list; ls /proc/acpi | wc -l; wc -c </proc/interrupts")
    bundle.config["mounts"] = [m for m in bundle.config["mounts"] if not m["destination"].startswith("/dev")]
    null = bundle.rootfs / "dev/null"
    if target == "regular":
        null.write_text("x")
    elif target == "fifo":
        os.mkfifo(null)
    else:
        null.symlink_to(target)
    # A node that is not the null device is refused; nothing is mounted from it.
    done = runtime.run(bundle, status=1)
    assert "make the device null" in done.stderr


def test_masked_and_readonly_paths(runtime):
    script = "cat /proc/keys /proc/timer_list; ls /sys/firmware; echo 1 >/proc/sys/kernel/hostname; chmod 755 /proc/irq; echo done"
    done = runtime.run(runtime.bundle("sh", "-c", script))
    assert done.stdout == "done\n"
    assert done.stderr.count("Read-only file system") == 2, done.stderr


@pytest.mark.parametrize("link", ["/", "../../../../../../../..", "dir", "/tmp"])
def test_a_symlinked_dev_makes_nothing_on_the_host(runtime, link):
    """RT-05, CVE-2026-41579"""
    bundle = runtime.bundle("true")
    host = bundle.path / "host"
    unchanged = canary(host)
    (bundle.rootfs / "dev").rmdir()
    (bundle.rootfs / "dev").symlink_to(host if link == "dir" else link)
    runtime.run(bundle, status=None)
    assert unchanged()
    # and the same without a tmpfs on it
    bundle.config["mounts"] = [m for m in bundle.config["mounts"] if not m["destination"].startswith("/dev")]
    bundle.mount("/vol", source=host, options=["rbind"])
    (bundle.rootfs / "dev").unlink()
    (bundle.rootfs / "dev").symlink_to("/vol")
    runtime.run(bundle, status=1)
    assert unchanged()


@pytest.mark.parametrize("name", ["pts", "shm", "mqueue"])
@pytest.mark.parametrize("link", ["absolute", "relative"])
def test_symlinks_below_dev_lead_nowhere(runtime, name, link):
    """RT-05, RT-10"""
    bundle = runtime.bundle("true")
    host = bundle.path / "host"
    unchanged = canary(host)
    bundle.config["mounts"] = [m for m in bundle.config["mounts"] if m["destination"] != "/dev"]
    (bundle.rootfs / "dev" / name).symlink_to(host if link == "absolute" else "../../host")
    runtime.run(bundle, status=None)
    assert unchanged()


@pytest.mark.parametrize("path", ["/data", "/data/deep/er", "/etc/hosts", "/work/dir"])
def test_mount_points_and_folders_are_made_inside(runtime, path):
    """RT-09, RT-10, CVE-2021-30465, CVE-2024-45310"""
    bundle = runtime.bundle("true")
    host = bundle.path / "host"
    unchanged = canary(host)
    first = path.split("/")[1]
    if (bundle.rootfs / first).exists():
        (bundle.rootfs / first).rename(bundle.rootfs / "moved")
    (bundle.rootfs / first).symlink_to(host)
    source = bundle.path / "source"
    source.mkdir()
    bundle.mount(path, source=source, options=["rbind"])
    bundle.process["cwd"] = "/work/dir"
    runtime.run(bundle, status=None)
    assert unchanged()


@pytest.mark.parametrize(
    "destination, status",
    [
        ("/proc", 1), ("/proc/self", 1), ("/proc/self/attr", 1), ("/proc/sys", 1), ("//proc/./thread-self", 1), ("/tmp/../proc", 1),
        ("/link", 1), ("/link/self", 1), ("/proc/meminfo", 0), ("/proc/uptime", 0), ("/", 1), ("/.", 1),
    ],
)
@pytest.mark.parametrize("early", [False, True])
def test_nothing_but_procfs_is_mounted_on_proc(runtime, destination, status, early):
    """RT-08, RT-12, CVE-2019-16884, CVE-2015-3631"""
    bundle = runtime.bundle("true")
    (bundle.rootfs / "link").symlink_to("/proc")
    source = bundle.path / "source"
    if destination in ("/proc/meminfo", "/proc/uptime"):
        source.write_text("x")
    else:
        source.mkdir()
    bundle.mount(destination, source=source, options=["bind"])
    if early:
        bundle.config["mounts"].insert(0, bundle.config["mounts"].pop())
    if early and destination == "/link/self":
        status = 0  # a folder of the image's, which the procfs then covers
        bundle.process["args"] = ["cat", "/proc/self/status"]
    done = runtime.run(bundle, status=status)
    assert status == 0 or "is not allowed" in done.stderr or "mount point" in done.stderr


def test_tmpfs_on_proc_is_refused(runtime):
    bundle = runtime.bundle("true")
    bundle.config["mounts"] = [m for m in bundle.config["mounts"] if m["destination"] != "/proc"]
    bundle.mount("/proc", "tmpfs")
    assert "is not allowed" in runtime.run(bundle, status=1).stderr


def test_readonly_root_and_mounts_are_readonly(runtime):
    """RT-07"""
    bundle = runtime.bundle("sh", "-c", "touch /x; touch /ro/x; touch /rot/x; touch /rw/x && echo rw; touch /rec/sub/x")
    bundle.config["root"]["readonly"] = True
    for name in ("ro", "rw", "rot", "rec"):
        (bundle.rootfs / name).mkdir()
    source = bundle.path / "source"
    (source / "sub").mkdir(parents=True)
    bundle.mount("/ro", source=source, options=["rbind", "ro"])
    bundle.mount("/rw", source=source, options=["rbind"])
    bundle.mount("/rec", source=source, options=["rbind", "rro"])
    bundle.mount("/rot", "tmpfs", options=["ro"])
    done = runtime.run(bundle, status=None)
    assert done.stdout == "rw\n" and done.stderr.count("Read-only file system") == 4


def test_pipes_are_the_users_and_the_null_device_is_nobodys(runtime):
    """RT-06"""
    before = os.stat("/dev/null")
    read, write = os.pipe()
    bundle = runtime.bundle("sh", "-c", "echo x >/dev/stdout")
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.write()
    subprocess.run(runtime.command("run", "--bundle", str(bundle.path), runtime.new_id()), stdin=subprocess.DEVNULL, stdout=write, check=True)
    assert os.fstat(write).st_uid == 1000
    assert os.read(read, 10) == b"x\n"
    os.close(read)
    os.close(write)
    after = os.stat("/dev/null")
    assert (before.st_uid, before.st_gid, before.st_mode) == (after.st_uid, after.st_gid, after.st_mode)


@pytest.mark.parametrize("how", ["entrypoint", "script", "exec", "exec-script"])
def test_the_runtime_is_never_what_proc_self_exe_leads_to(runtime, how):
    """RT-01, CVE-2019-5736. What runs then must not be the runtime's file on the host."""
    bundle = runtime.bundle("/proc/self/exe")
    script = bundle.rootfs / "tmp/script"
    script.write_text("#!/proc/self/exe\n")
    script.chmod(0o755)
    before = Path(runtime.program).read_bytes()
    if how in ("entrypoint", "script"):
        bundle.process["args"] = ["/proc/self/exe" if how == "entrypoint" else "/tmp/script", "--version"]
        done = runtime.run(bundle, status=None)
    else:
        bundle.process["args"] = ["sleep", "100"]
        name = runtime.start(bundle)
        done = runtime("exec", name, "/proc/self/exe" if how == "exec" else "/tmp/script", "--version", status=None)
    # Had the runtime's own file been executed, it would have said its version.
    assert "kist-runtime version" not in done.stdout
    assert Path(runtime.program).read_bytes() == before


def test_the_check_of_proc_self_exe_would_notice(runtime):
    """The control for the test above: the same with a runtime that has no such protection."""
    bundle = runtime.bundle("/bin/copy", "--version")
    import shutil

    shutil.copy(runtime.program, bundle.rootfs / "bin/copy")
    assert "kist-runtime version" in runtime.run(bundle).stdout


@pytest.mark.parametrize("uid", [0, 1000])
def test_capabilities_are_what_was_asked_for(runtime, uid):
    """ID-01"""
    bundle = runtime.bundle("cat", "/proc/self/status")
    bundle.process["user"] = {"uid": uid, "gid": uid, "additionalGids": [7, 8]}
    fields = dict(line.split(":", 1) for line in runtime.run(bundle).stdout.splitlines())
    want = 0xA80425FB
    assert int(fields["CapBnd"], 16) == want
    assert int(fields["CapPrm"], 16) == int(fields["CapEff"], 16) == (want if uid == 0 else 0)
    assert int(fields["CapInh"], 16) == int(fields["CapAmb"], 16) == 0
    assert fields["Groups"].split() == ["7", "8"]
    assert fields["Uid"].split() == [str(uid)] * 4


def test_capabilities_beyond_the_bounding_set_are_cut_with_a_warning(runtime):
    bundle = runtime.bundle("cat", "/proc/self/status")
    everything = [f"CAP_{n}" for n in ("CHOWN", "SYS_RESOURCE", "SYS_ADMIN")]
    bundle.process["capabilities"] = {"bounding": everything, "permitted": everything, "effective": everything}
    fields = dict(line.split(":", 1) for line in runtime.run(bundle).stdout.splitlines())
    have = int([l for l in Path("/proc/self/status").read_text().splitlines() if l.startswith("CapBnd")][0].split()[1], 16)
    want = (1 << 0 | 1 << 21 | 1 << 24) & have
    assert int(fields["CapEff"], 16) == want
    if want != (1 << 0 | 1 << 21 | 1 << 24):
        assert runtime.last_error()["level"] == "warning"


@pytest.mark.parametrize("uid", [-1, 2**32, 2**32 - 1, "0", 1.5, "1000"])
def test_user_ids_that_wrap_are_refused(runtime, uid):
    """ID-03"""
    bundle = runtime.bundle("id")
    bundle.process["user"] = {"uid": uid, "gid": 0}
    assert "process.user.uid" in runtime.run(bundle, status=1).stderr


def test_a_limit_that_cannot_be_raised_says_so(runtime):
    bundle = runtime.bundle("sh", "-c", "ulimit -n")
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 88}]
    assert runtime.run(bundle).stdout == "77\n"
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 2**30, "hard": 2**30}]
    done = runtime.run(bundle, status=None)
    if done.returncode:
        assert "RLIMIT_NOFILE" in done.stderr and "cannot be raised" in done.stderr or "RLIMIT_NOFILE" in done.stderr


@pytest.mark.parametrize("kind", ["symlink", "fifo", "dir", "huge-line", "missing"])
def test_home_comes_from_a_regular_passwd_only(runtime, kind):
    """ID-05"""
    bundle = runtime.bundle("sh", "-c", "echo $HOME")
    passwd = bundle.rootfs / "etc/passwd"
    assert runtime.run(bundle).stdout == "/root\n"
    passwd.unlink()
    if kind == "symlink":
        passwd.symlink_to("/../../../../../../etc/passwd")
    elif kind == "fifo":
        os.mkfifo(passwd)
    elif kind == "dir":
        passwd.mkdir()
    elif kind == "huge-line":
        with passwd.open("w") as file:
            file.write("x" * 3_000_000 + "\nroot:x:0:0::/late:/bin/sh\n")
    assert runtime.run(bundle).stdout == "/\n"


def test_cgroup_limits_bite(runtime):
    """ID-10"""
    bundle = runtime.bundle("sh", "-c", "cat /proc/self/cgroup; for i in 1 2 3 4 5 6 7 8 9; do sleep 2 & done; echo alive")
    bundle.linux["resources"] |= {"memory": {"limit": 33554432}, "pids": {"limit": 5}, "cpu": {"shares": 512, "quota": 50000, "period": 100000}}
    done = runtime.run(bundle, status=None)
    assert "can't fork" in done.stderr
    assert all(line.endswith(":/") for line in done.stdout.splitlines() if ":" in line)


@pytest.mark.parametrize("limit, status", [(4096, 1), (131072, None), (1048575, 0), (2**63 - 1, 0)])
def test_a_memory_limit_below_what_can_start_says_so(runtime, limit, status):
    bundle = runtime.bundle("true")
    bundle.linux["resources"]["memory"] = {"limit": limit}
    done = runtime.run(bundle, status=status)
    assert done.returncode == 0 or "too low to start" in done.stderr or "died" in done.stderr or status is None
    assert not (runtime.root / runtime.ids[-1]).exists()


@pytest.mark.parametrize("rules", [None, [], [{"allow": False, "access": "rwm"}], [{"allow": False, "type": "a", "access": ""}]])
def test_device_rules(runtime, rules):
    """RT-17"""
    script = "mknod /tmp/mem c 1 1 && cat /tmp/mem; mknod /tmp/kmsg c 1 11; head -c1 /tmp/kmsg; head -c1 /dev/zero | wc -c; echo x >/dev/null && echo ok"
    bundle = runtime.bundle("sh", "-c", script)
    if rules is None:
        del bundle.linux["resources"]
    else:
        bundle.linux["resources"]["devices"] = rules
    done = runtime.run(bundle, status=None)
    assert done.stdout == "1\nok\n"
    assert done.stderr.count("Operation not permitted") == 2


def test_device_rules_add_up_and_the_last_one_counts(runtime):
    # Nothing drives these numbers: who may open them is told that.
    script = """mknod /tmp/c c 1 99; mknod /tmp/b b 240 0
        { (exec 3</tmp/c); (exec 3>/tmp/c); (exec 3<>/tmp/c); (exec 3</tmp/b); (exec 3>/tmp/b); } 2>&1
        (exec 3<>/dev/null) && echo null"""
    bundle = runtime.bundle("sh", "-c", script)
    one = {"type": "c", "major": 1, "minor": 99}
    bundle.linux["resources"]["devices"] = [
        {"allow": True, "type": "b", "access": "rwm"},
        {"allow": False, "access": "rwm"},
        {"allow": True, "type": "b", "major": 240, "minor": 0, "access": "rw"},
        {"allow": True, **one, "access": "r"},
        {"allow": True, **one, "access": "w"},
        {"allow": False, "type": "b", "major": 240, "minor": 0, "access": "w"},
    ]
    lines = [line.rpartition(": ")[2] for line in runtime.run(bundle).stdout.splitlines()]
    assert lines == ["No such device or address"] * 4 + ["Operation not permitted", "null"]


def test_namespaces_of_its_own_or_by_path(runtime):
    bundle = runtime.bundle("sh", "-c", "for n in pid net ipc uts mnt cgroup; do readlink /proc/self/ns/$n; done; ifconfig lo; hostname")
    bundle.config["hostname"] = "inside"
    lines = runtime.run(bundle).stdout.splitlines()
    for name, line in zip(("pid", "net", "ipc", "uts", "mnt", "cgroup"), lines):
        assert line.startswith(name + ":[") and line != os.readlink(f"/proc/self/ns/{name}")
    assert any("UP LOOPBACK" in line for line in lines) and lines[-1] == "inside"
    holder = subprocess.Popen(["unshare", "-n", "sleep", "100"])
    try:
        kist.wait_until(lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net"), what="unshare")
        fd = os.open(f"/proc/{holder.pid}/ns/net", os.O_RDONLY)
        for entry in bundle.linux["namespaces"]:
            if entry["type"] == "network":
                entry["path"] = f"/proc/{os.getpid()}/fd/{fd}"
        assert runtime.run(bundle, status=None).stdout.splitlines()[1] == os.readlink(f"/proc/{holder.pid}/ns/net")
        os.close(fd)
    finally:
        kist.kill_and_reap(holder)


def test_sysctls_only_of_the_container(runtime):
    bundle = runtime.bundle("cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/msgmax")
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4096"}
    before = Path("/proc/sys/kernel/msgmax").read_text()
    assert runtime.run(bundle).stdout == "1\n4096\n"
    assert Path("/proc/sys/kernel/msgmax").read_text() == before
    canary = [Path(p).read_text() for p in ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness")]
    for key in ("kernel.core_pattern", "net/../kernel.core_pattern", "vm.swappiness", "kernel/../vm/swappiness", "../x"):
        bundle.linux["sysctl"] = {key: canary[0] if "core" in key else canary[1]}  # harmless even if it got through
        assert f"sysctl {key} is not allowed" in runtime.run(bundle, status=1).stderr
    bundle.linux["namespaces"] = [n for n in bundle.linux["namespaces"] if n["type"] != "network"]
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": Path("/proc/sys/net/ipv4/ip_forward").read_text().strip()}
    assert "shares that namespace" in runtime.run(bundle, status=1).stderr


def test_seccomp(runtime):
    """SC-05, SC-06: the engine's default profile."""
    bundle = runtime.bundle("sh", "-c", "unshare -m true; mount -t tmpfs x /tmp; grep Seccomp: /proc/self/status; chmod 700 /tmp && echo ok")
    bundle.process["noNewPrivileges"] = False
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}],
    }
    for _ in range(2):
        done = runtime.run(bundle, status=None)
        assert "Seccomp:\t2" in done.stdout and "No space left" in done.stderr and "ok" not in done.stdout
    cache = runtime.root / ".seccomp"
    files = list(cache.iterdir())
    assert len(files) == 1 and stat.S_IMODE(files[0].stat().st_mode) == 0o600 and stat.S_IMODE(cache.stat().st_mode) == 0o700
    # a damaged cache is not believed
    data = bytearray(files[0].read_bytes())
    data[40] ^= 1
    files[0].write_bytes(data)
    assert "No space left" in runtime.run(bundle, status=None).stderr


@pytest.mark.parametrize(
    "change, text",
    [
        ({"defaultAction": "SCMP_ACT_WHATEVER"}, "SCMP_ACT_WHATEVER"),
        ({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_Z80"]}, "SCMP_ARCH_Z80"),
        ({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["X"]}, "the flag X"),
        ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "X"}]}, "the action X"),
        (
            {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [
                {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]}]},
            "two conditions on one argument",
        ),
    ],
)
def test_unknown_words_of_a_profile_fail_closed(runtime, change, text):
    """SC-04, SC-03"""
    bundle = runtime.bundle("true")
    bundle.linux["seccomp"] = change
    assert text in runtime.run(bundle, status=1).stderr


def test_a_terminal_is_sent_to_the_console_socket(runtime):
    """RT-04, RT-19"""
    bundle = runtime.bundle("sh", "-c", "test -t 0 && test -t 2 && ls -l /dev/console /proc/self/fd/1; readlink /proc/self/fd/0")
    bundle.process["terminal"] = True
    bundle.write()
    folder = tempfile.mkdtemp()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/s")
        listener.listen()
        name = runtime.new_id()
        subprocess.run(runtime.command("run", "-d", "--console-socket", f"{folder}/s", "--bundle", str(bundle.path), name),
                       stdin=subprocess.DEVNULL, check=True, timeout=30)
        connection, _ = listener.accept()
        data, fds, _, _ = socket.recv_fds(connection, 64, 4)
        connection.close()
    os.unlink(f"{folder}/s")
    os.rmdir(folder)
    assert len(fds) == 1 and data
    text = b""
    try:
        while True:
            piece = os.read(fds[0], 4096)
            if not piece:
                break
            text += piece
    except OSError:
        pass
    os.close(fds[0])
    assert b"/dev/pts/0" in text and b"136,   0" in text, text


def test_hooks_run_in_their_order_with_the_state(runtime):
    bundle = runtime.bundle("sh", "-c", "cat /tmp/inside; sleep 100")
    log = bundle.path / "hooks"

    def hook(name, script):
        return {"path": "/bin/sh", "args": ["sh", "-c", script.format(name=name, log=log)], "env": ["PATH=/usr/bin:/bin"], "timeout": 10}

    outside = "printf '%s ' {name} >>{log}; cat >>{log}; echo >>{log}"
    bundle.config["hooks"] = {name: [hook(name, outside)] for name in ("prestart", "createRuntime", "createContainer", "poststart", "poststop")}
    bundle.config["hooks"]["startContainer"] = [hook("startContainer", "cat >/tmp/inside")]
    name = runtime.start(bundle)
    pid = runtime.state(name)["pid"]
    runtime("delete", "--force", name)
    lines = [line.split(" ", 1) for line in log.read_text().splitlines()]
    assert [line[0] for line in lines] == ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
    states = {line[0]: json.loads(line[1]) for line in lines}
    assert states["prestart"]["pid"] == pid and states["prestart"]["status"] == "created"
    assert states["createRuntime"]["status"] == "creating"
    assert states["poststop"]["status"] == "stopped"
    assert json.loads((bundle.rootfs / "tmp/inside").read_text())["id"] == name


def test_a_hook_that_fails_ends_it(runtime):
    bundle = runtime.bundle("true")
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/false"}]}
    assert "error running hook /bin/false: exit status 1" in runtime.run(bundle, status=1).stderr
    assert runtime("list", "-q").stdout == ""
