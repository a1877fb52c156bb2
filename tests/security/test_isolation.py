"""What options change of the sandbox, and that they change nothing else."""

import json
import os
import subprocess
import time
from pathlib import Path

import hostile
import kist
import pytest

CAPABILITIES_ALL = (1 << 41) - 1


def status(engine, *options, command="cat /proc/self/status"):
    text = engine.out("run", "--rm", *options, "busybox", "sh", "-c", command)
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def bounding():
    return int(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapBnd")).split()[1], 16)


def test_capabilities_are_added_and_dropped(engine):
    assert int(status(engine)["CapEff"], 16) == 0xA80425FB
    assert int(status(engine, "--cap-add", "net_admin", "--cap-drop", "CAP_CHOWN")["CapBnd"], 16) == 0xA80425FA | 1 << 12
    assert int(status(engine, "--cap-drop", "ALL")["CapPrm"], 16) == 0
    assert int(status(engine, "--cap-drop", "all", "--cap-add", "kill")["CapEff"], 16) == 1 << 5
    everything = bounding() & CAPABILITIES_ALL
    assert int(status(engine, "--cap-add", "ALL", "--cap-drop", "SYS_MODULE")["CapEff"], 16) == everything & ~(1 << 16)


def test_a_privileged_container_gets_what_there_is(engine):
    lines = status(engine, "--privileged")
    assert int(lines["CapEff"], 16) == bounding() & CAPABILITIES_ALL
    assert lines["Seccomp"] == "0"
    assert int(engine.out("run", "--rm", "--privileged", "busybox", "sh", "-c", "ls /dev | wc -l")) > 15


def test_namespaces(engine):
    for name in "ipc", "pid", "uts", "cgroup":
        option = {"cgroup": "--cgroupns"}.get(name, f"--{name}")
        own = engine.out("run", "--rm", "busybox", "readlink", f"/proc/self/ns/{name}").strip()
        host = engine.out("run", "--rm", option, "host", "busybox", "readlink", f"/proc/self/ns/{name}").strip()
        assert host == os.readlink(f"/proc/self/ns/{name}") != own


def test_init(engine):
    out = engine.out("run", "--rm", "--init", "busybox", "sh", "-c", "cat /proc/1/cmdline | tr '\\0' ' '; echo $$")
    assert out.startswith("/sbin/docker-init -- sh -c"), out
    engine.kist("run", "--rm", "--init", "busybox", "sh", "-c", "exit 9", status=9)
    engine.kist("run", "--rm", "--init", "busybox", "nosuch", status=127)


def test_shareable(engine):
    engine.kist("run", "-d", "--name", "aa", "--ipc", "shareable", "--shm-size", "1m", "busybox", "sleep", "60")
    engine.kist("exec", "aa", "sh", "-c", "echo hi > /dev/shm/x")
    assert engine.out("run", "--rm", "--ipc", "container:aa", "busybox", "cat", "/dev/shm/x") == "hi"
    assert engine.out("run", "--rm", "--pid", "container:aa", "busybox", "cat", "/proc/1/cmdline") == "sleep\x0060\0"
    a = engine.out("exec", "aa", "sh", "-c", "readlink /proc/self/ns/net; cat /etc/hosts")
    assert engine.out("run", "--rm", "--network", "container:aa", "busybox", "sh", "-c", "readlink /proc/self/ns/net; cat /etc/hosts") == a
    engine.kist("rm", "-f", "aa")


def test_limits(engine):
    out = engine.out("run", "--rm", "--ulimit", "nofile=99:100", "--sysctl", "net.core.somaxconn=77", "--shm-size", "2m", "--oom-score-adj", "300",
                     "--domainname", "example.org", "--group-add", "users", "--group-add", "77", "--device", "/dev/full:/dev/abc/full:r", "busybox", "sh", "-c",
                     "ulimit -n; ulimit -Hn; cat /proc/sys/net/core/somaxconn; df -k /dev/shm | tail -1 | awk '{print $2}'; cat /proc/self/oom_score_adj;"
                     "cat /proc/sys/kernel/domainname; id -G; ls -l /dev/abc/full; cat /etc/hosts")
    print(out)
    assert out.split("\n")[:6] == ["99", "100", "77", "2048", "300", "example.org"]


# Attacks, each with the control that shows what would happen without the guard ----------------------

def test_sysctls_of_the_whole_machine_are_refused(engine, tmp_path):
    """CVE-2022-0811: the key, in every spelling, and with a value that names more."""
    before = Path("/proc/sys/kernel/core_pattern").read_text()
    for option in ("kernel.core_pattern=|/x", "kernel/core_pattern=|/x", "net/../kernel/core_pattern=|/x", "net.ipv4./../../kernel.core_pattern=x",
                   "net..ipv4=1", "vm.swappiness=1", "fs.mqueue.=1", "net.core.somaxconn", "kernel.shmmax =1", "kernel.hostname=x"):
        done = engine.kist("run", "--rm", "--sysctl", option, "busybox", "true", status=125)
        assert option.split("=")[0].split("/")[0].split(".")[0] in done.stderr, done
    assert Path("/proc/sys/kernel/core_pattern").read_text() == before
    # In the host's own namespaces the same keys would be the host's.
    for options in (["--network", "host", "--sysctl", "net.core.somaxconn=7"], ["--ipc", "host", "--sysctl", "kernel.shmmax=65536"]):
        somaxconn = Path("/proc/sys/net/core/somaxconn").read_text()
        engine.kist("run", "--rm", *options, "busybox", "true", status=125)
        assert Path("/proc/sys/net/core/somaxconn").read_text() == somaxconn
    # The control: where the namespace is its own, both are written.
    out = engine.out("run", "--rm", "--sysctl", "net.core.somaxconn=7", "--sysctl", "kernel.shmmax=65536", "busybox",
                     "cat", "/proc/sys/net/core/somaxconn", "/proc/sys/kernel/shmmax")
    assert out.split() == ["7", "65536"]


def test_a_private_ipc_namespace_is_not_joined(engine):
    engine.kist("run", "-d", "--name", "private", "busybox", "sleep", "60")
    done = engine.kist("run", "--rm", "--ipc", "container:private", "busybox", "true", status=125)
    assert "non-shareable IPC (hint: use IpcMode:shareable for the donor container)" in done.stderr
    engine.kist("create", "--name", "still", "--ipc", "shareable", "busybox", "true")
    done = engine.kist("run", "--rm", "--ipc", "container:still", "busybox", "true", status=125)
    assert "non running container" in done.stderr
    done = engine.kist("run", "--rm", "--ipc", "container:nobody", "busybox", "true", status=125)
    assert "No such container: nobody" in done.stderr


def test_the_shared_memory_goes_with_its_container(engine):
    engine.kist("run", "-d", "--name", "donor", "--ipc", "shareable", "busybox", "sleep", "60")
    shm = [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(engine.runroot) in line]
    assert len(shm) == 1 and shm[0].startswith("shm "), "one mount, and it is seen where the others are"
    engine.kist("rm", "-f", "donor")
    assert str(engine.runroot) not in Path("/proc/self/mounts").read_text()


def test_devices_stay_inside_of_the_root(bare_engine, canary):
    """The path of a device leads through the image's symlinks, and they end at its root."""
    from hostile import link

    image = hostile.load(bare_engine, {"out": link("/etc"), "up": link("../../../../../../etc"), "abs": link(str(canary.folder))})
    for target in ("/out/null", "/up/null", "/abs/null"):
        text = bare_engine.out("run", "--rm", "--device", f"/dev/null:{target}", image, "ls", "-lL", target)
        assert text.startswith("c"), text
    assert not os.path.exists("/etc/null") and canary.unchanged()


def test_a_device_is_opened_only_as_was_allowed(engine):
    """The machine's own loop-control, which no container has: by the node that was given, and by one it makes itself."""
    number = os.stat("/dev/loop-control").st_rdev
    script = (f"mknod /tmp/own c {os.major(number)} {os.minor(number)}; for node in /dev/mine /tmp/own; do"
              " (: <$node) && echo read; (: >>$node) && echo written; done")

    def run(*options):
        return engine.kist("run", "--rm", *options, "busybox", "sh", "-c", script, status=None).stdout.split()

    assert run("--device", "/dev/loop-control:/dev/mine:w") == ["written", "written"]
    assert run("--device", "/dev/loop-control:/dev/mine:r") == ["read", "read"]
    assert run("--device", "/dev/null:/dev/mine") == ["read", "written"]
    # The controls: a rule opens the own node, and --privileged everything.
    assert run("--device", "/dev/null:/dev/mine", "--device-cgroup-rule", f"c {os.major(number)}:* rw") == ["read", "written"] * 2
    assert run("--privileged", "--device", "/dev/loop-control:/dev/mine:r") == ["read", "written"] * 2


def test_what_is_no_device_is_not_given(engine, tmp_path):
    done = engine.kist("run", "--rm", "--device", "/etc/passwd", "busybox", "true", status=125)
    assert 'error gathering device information while adding custom device "/etc/passwd": not a device node' in done.stderr
    done = engine.kist("run", "--rm", "--device", "/nowhere", "busybox", "true", status=125)
    assert "/nowhere" in done.stderr and "No such file or directory" in done.stderr


def test_new_privileges_are_not_to_be_had(engine, tmp_path):
    """A set-user-id program raises nobody; the control is the same program without the option."""
    program = tmp_path / "who"
    (tmp_path / "who.c").write_text("#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf(\"%u\\n\", geteuid()); }\n")
    subprocess.run(["cc", "-static", "-o", program, tmp_path / "who.c"], check=True)
    program.chmod(0o4755)
    tmp_path.chmod(0o755)
    options = ["run", "--rm", "-u", "65534", "-v", f"{tmp_path}:/mnt"]
    assert engine.out(*options, "busybox", "/mnt/who") == "0"
    assert engine.out(*options, "--security-opt", "no-new-privileges", "busybox", "/mnt/who") == "65534"


def test_a_profile_of_ones_own_is_carried_out(engine, tmp_path):
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
        {"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]}))
    options = ["--security-opt", f"seccomp={profile}"]
    done = engine.kist("run", "--rm", *options, "busybox", "mkdir", "/x", status=1)
    assert "No space left" in done.stderr
    engine.kist("run", "--rm", *options, "busybox", "chmod", "0", "/tmp")
    engine.kist("run", "--rm", "--cap-add", "SYS_ADMIN", *options, "busybox", "chmod", "0", "/tmp", status=1)
    for text, words in (("{", "Decoding seccomp profile failed"), ('{"defaultAction": "SCMP_ACT_X"}', "SCMP_ACT_X")):
        profile.write_text(text)
        assert words in engine.kist("run", "--rm", *options, "busybox", "true", status=125).stderr
    done = engine.kist("run", "--rm", "--security-opt", "seccomp=/nowhere", "busybox", "true", status=125)
    assert "opening seccomp profile (/nowhere) failed" in done.stderr


def test_an_exec_may_what_its_container_may(engine):
    """RT-18, CVE-2019-10144: not less guarded, and not more."""
    fields = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Groups")
    for options in ([], ["--privileged"], ["--cap-drop", "ALL"], ["--cap-add", "NET_ADMIN", "--security-opt", "no-new-privileges"],
                    ["--group-add", "77"], ["--security-opt", "seccomp=unconfined"]):
        engine.kist("run", "-d", "--name", "box", *options, "busybox", "sleep", "60")
        init = engine.out("exec", "box", "cat", "/proc/1/status").splitlines()
        own = engine.out("exec", "box", "cat", "/proc/self/status").splitlines()
        pick = lambda lines: [line for line in lines if line.startswith(fields)]  # noqa: E731
        assert pick(init) == pick(own), options
        engine.kist("rm", "-f", "box")


def test_what_a_container_can_grow_is_on_the_disk(engine):
    """AP-08, CVE-2020-8557: what is appended to /etc/hosts is not taken from the memory of /run."""
    engine.kist("run", "-d", "--name", "grows", "busybox", "sleep", "60")
    engine.kist("exec", "grows", "sh", "-c", "for f in hosts hostname resolv.conf; do dd if=/dev/zero bs=64k count=16 2>/dev/null >>/etc/$f; done")
    grown = {path for top in (engine.root, engine.runroot) for path in Path(top).glob("containers/*/*")
             if path.name in ("hosts", "hostname", "resolv.conf") and path.stat().st_size >= 1 << 20}
    assert len(grown) == 3 and all(str(path).startswith(str(engine.root)) for path in grown), grown
    # The control: the folder they were in before is on another file system than the disk.
    assert os.stat(engine.root).st_dev == next(iter(grown)).stat().st_dev


def test_an_image_of_a_distribution_with_resolved_starts(bare_engine):
    from hostile import link

    image = hostile.load(bare_engine, {"etc/resolv.conf": link("../run/systemd/resolve/stub-resolv.conf")})
    text = bare_engine.out("run", "--rm", image, "sh", "-c", "readlink /etc/resolv.conf; cat /etc/resolv.conf")
    assert text.startswith("../run/systemd/resolve/stub-resolv.conf") and "nameserver" in text


# Words ---------------------------------------------------------------------------------------------

def test_names_and_addresses(engine):
    out = engine.out("run", "--rm", "--mac-address", "92:d0:c6:0a:29:33", "-h", "box", "--domainname", "example.org", "busybox", "sh", "-c",
                     "cat /sys/class/net/eth0/address /etc/hosts /proc/sys/kernel/domainname; hostname").split("\n")
    assert out[0] == "92:d0:c6:0a:29:33" and out[-2:] == ["example.org", "box"]
    assert any(line.split()[1:] == ["box.example.org", "box"] for line in out)


@pytest.mark.parametrize("options, words", [
    (["--cap-add", "nothing"], 'invalid CapAdd: unknown capability: "CAP_NOTHING"'),
    (["--cap-drop", "CAP_X"], 'invalid CapDrop: unknown capability: "CAP_X"'),
    (["--security-opt", "x"], 'invalid --security-opt: "x"'),
    (["--security-opt", "a=b"], 'invalid --security-opt 2: "a=b"'),
    (["--pid", "other"], "--pid: invalid PID mode"),
    (["--uts", "other"], "--uts: invalid UTS mode"),
    (["--userns", "other"], "--userns: invalid USER mode"),
    (["--cgroupns", "other"], "--cgroupns: invalid CGROUP mode"),
    (["--ipc", "other"], "invalid IPC mode: other"),
    (["--ulimit", "nofile=5:1"], 'invalid argument "nofile=5:1" for "--ulimit" flag: ulimit soft limit must be less than or equal to hard limit: 5 > 1'),
    (["--sysctl", "vm.swappiness=1"], "sysctl 'vm.swappiness=1' is not allowed"),
    (["--device-cgroup-rule", "x"], "invalid device cgroup format 'x'"),
    (["--oom-score-adj", "1001"], "Invalid value 1001, range for oom score adj is [-1000, 1000]"),
    (["--memory-swappiness", "101"], "valid memory swappiness range is 0-100"),
    (["--blkio-weight", "9"], "Range of blkio weight is from 10 to 1000"),
    (["--cpuset-cpus", "9999"], "Requested CPUs are not available - requested 9999"),
    (["--group-add", "nosuch"], "Unable to find group nosuch"),
    (["--mac-address", "x"], "x is not a valid mac address"),
    (["--ip", "1.2.3.4"], "user specified IP address is supported on user defined networks only"),
    (["--gpus", "all"], "could not select device driver"),
    (["--uts", "host", "-h", "x"], "conflicting options: hostname and the UTS mode"),
    (["--network", "container:x", "-h", "x"], "conflicting options: hostname and the network mode"),
    (["--network", "container:x", "-p", "80:80"], "conflicting options: port publishing and the container type network mode"),
    (["--network", "container:"], "invalid container format container:<name|id>"),
    (["--network", "container:x"], "No such container: x"),
    (["--mount", "type=bind,source=/nowhere,target=/x"], 'invalid mount config for type "bind": bind source path does not exist: /nowhere'),
    (["--mount", "type=tmpfs,target=/x,bind-propagation=rslave"], "cannot mix 'bind-*' options with mount type 'tmpfs'"),
    (["--mount", "type=odd,target=/x"], "mount type unknown"),
    (["--mount", "x"], "invalid field 'x' must be a key=value pair"),
    (["--mount", "type=volume,source=a,target=/x,volume-subpath=y"], "not supported"),
])
def test_what_is_wrong_is_said_in_dockers_words(shared_engine, options, words):
    done = shared_engine.kist("run", "--rm", *options, "busybox", "true", status=125)
    assert words in done.stderr, done.stderr
    assert done.stdout == ""


def test_long_mounts(engine, tmp_path):
    (tmp_path / "f").write_text("here\n")
    out = engine.out("run", "--rm", "--mount", f"type=bind,source={tmp_path},target=/b,readonly", "--mount", "type=tmpfs,dst=/t,tmpfs-mode=700,tmpfs-size=1m",
                     "--mount", "type=volume,source=vol,target=/v", "busybox", "sh", "-c",
                     "cat /b/f; touch /b/x 2>/dev/null || echo read-only; stat -c %a /t; df -k /t | tail -1 | awk '{print $2}'; touch /v/kept && echo kept")
    assert out.split() == ["here", "read-only", "700", "1024", "kept"]
    assert engine.out("run", "--rm", "-v", "vol:/v", "busybox", "ls", "/v") == "kept"


def test_what_the_machine_lacks_is_warned_of_or_refused(engine):
    if not os.path.exists("/sys/fs/cgroup/blkio/blkio.weight") and not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        done = engine.kist("run", "--rm", "--blkio-weight", "100", "busybox", "true")
        assert "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded." in done.stderr
    done = engine.kist("run", "--rm", "--security-opt", "label=type:x_t", "busybox", "true")
    assert "label=type:x_t" in done.stderr
    lacking = [n for n in range(41) if not bounding() >> n & 1]
    done = engine.kist("run", "--rm", "--privileged", "busybox", "true")
    assert ("without" in done.stderr) == bool(lacking), done.stderr
    if 24 in lacking:
        done = engine.kist("run", "--rm", "--cap-add", "SYS_RESOURCE", "busybox", "true", status=125)
        assert "capability not supported by your kernel or not available in the current environment" in done.stderr
        done = engine.kist("run", "--rm", "--ulimit", "nofile=999999999", "busybox", "true", status=None)
        assert done.returncode == 125 and "CAP_SYS_RESOURCE" in done.stderr, done


# kist-init -----------------------------------------------------------------------------------------

def test_init_reaps_what_nobody_waits_for(engine):
    """The control is the same container without it: sleep is process 1 then, and waits for nobody."""
    for options, zombies in (([], 1), (["--init"], 0)):
        engine.kist("run", "-d", "--name", "orphan", *options, "busybox", "sh", "-c", "(sleep 0.1 &); exec sleep 60")
        time.sleep(0.5 * kist.PATIENCE)
        states = engine.out("exec", "orphan", "sh", "-c", "grep -h State: /proc/[0-9]*/status")
        assert states.count("Z (zombie)") == zombies, (options, states)
        engine.kist("rm", "-f", "orphan")


def test_init_passes_signals_on_and_ends_as_its_child(engine):
    script = "trap 'exit 42' TERM; trap 'echo usr1' USR1; echo ready; while :; do sleep 0.1; done"
    engine.kist("run", "-d", "--name", "told", "--init", "busybox", "sh", "-c", script)
    kist.wait_until(lambda: "ready" in engine.out("logs", "told"), what="the script")
    engine.kist("kill", "-s", "USR1", "told")
    kist.wait_until(lambda: "usr1" in engine.out("logs", "told"), what="the signal")
    engine.kist("stop", "told")
    assert engine.inspect("told")["State"]["ExitCode"] == 42
    engine.kist("rm", "told")
    engine.kist("run", "--rm", "--init", "busybox", "sh", "-c", "kill -9 $$", status=137)
    engine.kist("run", "--rm", "--init", "busybox", "/etc", status=126)


def test_init_is_nobodys_to_change(engine):
    """CVE-2019-5736: it is the host's file, on a mount that cannot be written to."""
    before = Path(kist.program("kist-init")).read_bytes()
    out = engine.out("run", "--rm", "--init", "busybox", "sh", "-c",
                     "for f in /proc/1/exe /sbin/docker-init; do (echo x >$f) 2>/dev/null && echo written; done; mount -o remount,rw /sbin/docker-init 2>&1; true")
    assert "written" not in out and Path(kist.program("kist-init")).read_bytes() == before
