"""What options change of the sandbox, and that they change nothing else."""

import os
from pathlib import Path

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
