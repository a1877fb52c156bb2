"""User, time and joined namespaces, id-mapped mounts, and what else a process can be given, seen from outside."""

import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path

import kist
import pytest

MAPS = [{"containerID": 0, "hostID": 100000, "size": 1000}, {"containerID": 1000, "hostID": 200000, "size": 10}]


def own_ids(bundle, path=None):
    """Gives the bundle a user namespace, new or joined, and the files to its root."""
    bundle.linux["namespaces"].append({"type": "user"} | ({"path": path} if path else {}))
    if not path:
        bundle.linux["uidMappings"] = bundle.linux["gidMappings"] = MAPS
    subprocess.run(["chown", "-R", "-h", "100000:100000", str(bundle.rootfs)], check=True)
    return bundle


def namespace_of(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{kind}")


def test_root_of_a_user_namespace_is_nobody_outside(runtime):
    bundle = own_ids(runtime.bundle("sleep", "100"))
    bundle.process["oomScoreAdj"] = 500
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    name = runtime.start(bundle)
    pid = runtime.state(name)["pid"]
    status = Path(f"/proc/{pid}/status").read_text()
    assert re.search(r"^Uid:\t100000\t100000\t100000\t100000$", status, re.M)
    assert Path(f"/proc/{pid}/uid_map").read_text().split() == ["0", "100000", "1000", "1000", "200000", "10"]
    assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "500"
    assert namespace_of(pid, "user") != namespace_of("self", "user")
    script = "id -u; cat /proc/sys/net/ipv4/ip_forward; touch /tmp/made; echo x >/dev/null && mknod /tmp/n c 1 3"
    done = runtime("exec", name, "sh", "-c", script, status=1)
    assert done.stdout == "0\n1\n" and "not permitted" in done.stderr
    assert (bundle.rootfs / "tmp/made").stat().st_uid == 100000
    assert runtime("exec", "--user", "1001:1001", name, "id", "-u").stdout == "1001\n"
    assert runtime("exec", "--user", "1000000", name, "true", status=255).stderr


def test_a_joined_user_namespace_is_entered_by_the_container_alone(runtime):
    first = own_ids(runtime.bundle("sleep", "100"))
    pid = runtime.state(runtime.start(first))["pid"]
    second = own_ids(runtime.bundle("sleep", "100"), f"/proc/{pid}/ns/user")
    name = runtime.start(second)
    joined = runtime.state(name)["pid"]
    assert namespace_of(joined, "user") == namespace_of(pid, "user")
    assert namespace_of(joined, "pid") != namespace_of(pid, "pid")
    assert runtime("exec", name, "id", "-u").stdout == "0\n"


@pytest.mark.parametrize("kind, name", [("network", "net"), ("ipc", "ipc"), ("uts", "uts"), ("pid", "pid"), ("cgroup", "cgroup")])
def test_a_namespace_can_be_joined_and_must_be_of_its_kind(runtime, kind, name):
    pid = runtime.state(runtime.start(runtime.bundle("sleep", "100")))["pid"]
    bundle = runtime.bundle("sleep", "100")
    entry = next(entry for entry in bundle.linux["namespaces"] if entry["type"] == kind)
    entry["path"] = f"/proc/{pid}/ns/{name}"
    bundle.config.pop("hostname", None)
    joined = runtime.start(bundle)
    assert namespace_of(runtime.state(joined)["pid"], name) == namespace_of(pid, name)
    entry["path"] = f"/proc/{pid}/ns/{'uts' if name != 'uts' else 'ipc'}"
    assert f"is no {kind} namespace" in runtime.run(bundle, status=1).stderr


def test_a_time_namespace_has_its_offsets_and_exec_is_in_it(runtime):
    bundle = runtime.bundle("sleep", "100")
    bundle.linux["namespaces"].append({"type": "time"})
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 1000000}}
    log = bundle.path / "hook"
    bundle.config["hooks"] = {"createContainer": [{"path": "/bin/sh", "args": ["sh", "-c", f"cat >{log}"]}]}
    name = runtime.start(bundle)
    pid = runtime.state(name)["pid"]
    assert runtime.state(name)["status"] == "running"
    assert namespace_of(pid, "time") != namespace_of("self", "time")
    inside = float(runtime("exec", name, "cat", "/proc/uptime").stdout.split()[0])
    outside = float(Path("/proc/uptime").read_text().split()[0])
    assert 999000 < inside - outside < 1001000
    assert json.loads(log.read_text())["pid"] == pid


def test_an_id_mapped_mount_shows_other_owners(runtime):
    bundle = runtime.bundle("stat", "-c", "%u:%g", "/data/file")
    source = bundle.path / "source"
    source.mkdir()
    (source / "file").touch()
    os.chown(source / "file", 3, 4)
    mapping = [{"containerID": 0, "hostID": 5000, "size": 100}]
    bundle.mount("/data", source=source, options=["bind", "idmap"])
    bundle.config["mounts"][-1] |= {"uidMappings": mapping, "gidMappings": mapping}
    done = runtime.run(bundle, status=None)
    if "cannot map ids" in done.stderr:
        pytest.skip("the file system of the temporary folder cannot map ids")
    assert done.stdout == "5003:5004\n"
    assert (source / "file").stat().st_uid == 3


def test_tmpcopyup_brings_what_it_covers(runtime):
    bundle = runtime.bundle("sh", "-c", "cat /etc/deep/file; readlink /etc/link; stat -c %a /etc/deep; touch /etc/new")
    (bundle.rootfs / "etc/deep").mkdir(mode=0o751)
    (bundle.rootfs / "etc/deep/file").write_text("kept\n")
    (bundle.rootfs / "etc/link").symlink_to("deep/file")
    bundle.mount("/etc", "tmpfs", options=["tmpcopyup"])
    assert runtime.run(bundle).stdout == "kept\ndeep/file\n751\n"
    assert not (bundle.rootfs / "etc/new").exists()


def test_recursive_read_only_reaches_the_mounts_below(runtime):
    bundle = runtime.bundle("sh", "-c", "touch /data/a; touch /data/sub/b; grep -c ' /data' /proc/mounts")
    source = bundle.path / "source"
    (source / "sub").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "sub", str(source / "sub")], check=True)
    try:
        bundle.mount("/data", source=source, options=["rbind", "rro"])
        done = runtime.run(bundle)
        assert done.stdout == "2\n" and done.stderr.count("Read-only file system") == 2
    finally:
        subprocess.run(["umount", str(source / "sub")], check=True)


def test_a_symlink_is_copied_where_that_is_asked_for(runtime):
    bundle = runtime.bundle("readlink", "/etc/localtime")
    link = bundle.path / "link"
    link.symlink_to("/usr/share/zoneinfo/UTC")
    bundle.mount("/etc/localtime", source=link, options=["bind", "copy-symlink", "src-nofollow"])
    assert runtime.run(bundle).stdout == "/usr/share/zoneinfo/UTC\n"


def test_scheduling_is_as_asked(runtime):
    bundle = runtime.bundle("sleep", "100")
    bundle.process["scheduler"] = {"policy": "SCHED_BATCH", "nice": 7}
    bundle.process["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 6}
    bundle.linux["personality"] = {"domain": "LINUX32"}
    name = runtime.start(bundle)
    pid = runtime.state(name)["pid"]
    assert os.sched_getscheduler(pid) == os.SCHED_BATCH and os.getpriority(os.PRIO_PROCESS, pid) == 7
    assert subprocess.run(["ionice", "-p", str(pid)], capture_output=True, text=True, check=True).stdout == "best-effort: prio 6\n"
    assert Path(f"/proc/{pid}/personality").read_text().strip() == "00000008"


def test_the_session_keyring_is_the_containers_own(runtime):
    def keyring(*options):
        bundle = runtime.bundle("cat", "/proc/keys")
        bundle.linux["maskedPaths"] = []
        before = keyrings(Path("/proc/keys").read_text())
        return keyrings(runtime.run(bundle, *options).stdout) - before

    def keyrings(text):
        return set(re.findall(r"_ses\.c\S*(?=:)", text))

    assert len(keyring()) == 1
    assert not keyring("--no-new-keyring")


def test_a_network_device_moves_in_with_its_addresses(runtime):
    subprocess.run(["ip", "link", "add", "moved0", "type", "veth", "peer", "name", "moved1"], check=True)
    subprocess.run(["ip", "addr", "add", "10.77.0.5/24", "dev", "moved0"], check=True)
    bundle = runtime.bundle("sh", "-c", "ifconfig inside0")
    bundle.linux["netDevices"] = {"moved0": {"name": "inside0"}}
    done = runtime.run(bundle)
    assert "10.77.0.5" in done.stdout and "UP" in done.stdout
    assert not Path("/sys/class/net/moved0").exists()
    bundle.linux["netDevices"] = {"nosuch0": {}}
    assert "find the network device nosuch0" in runtime.run(bundle, status=1).stderr


def test_a_seccomp_listener_is_handed_over_with_the_state(runtime):
    bundle = runtime.bundle("sleep", "100")
    path = f"/run/l{os.getpid()}"
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(2)
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": path, "listenerMetadata": '"pid":4194305',
        "syscalls": [{"names": ["mknod"], "action": "SCMP_ACT_NOTIFY"}],
    }
    try:
        name = runtime.start(bundle)
        for status in ("creating", "running"):
            if status == "running":
                runtime("exec", name, "true")
            connection, _ = server.accept()
            text, fds, _, _ = socket.recv_fds(connection, 65536, 4)
            connection.close()
            message = json.loads(text)
            assert len(fds) == 1 and message["fds"] == ["seccompFd"] and message["metadata"] == '"pid":4194305'
            assert message["state"]["status"] == status and message["state"]["pid"] == runtime.state(name)["pid"]
            assert "seccomp" in os.readlink(f"/proc/self/fd/{fds[0]}")
            os.close(fds[0])
    finally:
        server.close()
        os.unlink(path)


def test_update_changes_limits_and_events_counts(runtime):
    bundle = runtime.bundle("sleep", "100")
    bundle.linux["resources"] |= {"memory": {"limit": 33554432}}
    name = runtime.start(bundle)
    runtime("update", "--memory", "48M", "--pids-limit", "20", name)
    stats = json.loads(runtime("events", "--stats", name).stdout)
    assert stats["type"] == "stats" and stats["id"] == name
    assert stats["data"]["memory"]["usage"]["limit"] == 48 << 20 and stats["data"]["pids"]["limit"] == 20
    runtime("update", "--resources", "-", name, stdin=None, input='{"pids":{"limit":30}}')
    assert json.loads(runtime("events", "--stats", name).stdout)["data"]["pids"]["limit"] == 30
    assert "no number" in runtime("update", "--memory", "1x1", name, status=1).stderr


def test_start_container_hooks_have_no_more_than_the_container(runtime):
    bundle = runtime.bundle("true")
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.process["capabilities"] = {}
    (bundle.rootfs / "tmp").chmod(0o777)
    bundle.config["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "id -u >/tmp/who; grep CapEff /proc/self/status >>/tmp/who"]}]}
    runtime.run(bundle)
    assert (bundle.rootfs / "tmp/who").read_text() == "1000\nCapEff:\t0000000000000000\n"


def test_a_changed_bundle_does_not_change_what_was_created(runtime):
    bundle = runtime.bundle("sh", "-c", "touch /tmp/old; sleep 100")
    log = bundle.path / "hook"
    bundle.config["hooks"] = {"poststart": [{"path": "/bin/sh", "args": ["sh", "-c", f"echo old >{log}"]}]}
    bundle.write()
    name = runtime.new_id()
    subprocess.run(runtime.command("create", "--bundle", str(bundle.path), name), stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=30)
    held = {os.readlink(entry) for entry in Path(f"/proc/{runtime.state(name)['pid']}/fd").iterdir()}
    assert not [path for path in held if path.startswith("/") and path != "/dev/null" and "memfd" not in path], held
    (bundle.path / "config.json").write_text('{"ociVersion": "1.0.0"}')
    runtime("start", name)
    kist.wait_until((bundle.rootfs / "tmp/old").exists, what="the program")
    assert log.read_text() == "old\n"


def test_a_program_that_is_not_there_is_missed_by_create(runtime):
    bundle = runtime.bundle("/nosuch")
    bundle.write()
    name = runtime.new_id()
    assert "no such file" in runtime("create", "--bundle", str(bundle.path), name, status=1).stderr
    assert "does not exist" in runtime("state", name, status=1).stderr


def test_a_terminal_in_front_is_the_callers(runtime):
    import pty

    bundle = runtime.bundle("sh", "-c", "tty; stty size 2>/dev/null; read line; echo got $line; exit 4")
    bundle.process["terminal"] = True
    bundle.write()
    pid, fd = pty.fork()
    if pid == 0:
        command = runtime.command("run", "--bundle", str(bundle.path), "front")
        os.execv(command[0], command)
    runtime.ids.append("front")
    text = b""
    deadline = time.monotonic() + 20
    while b"/dev/pts/0" not in text and time.monotonic() < deadline:
        text += os.read(fd, 4096)
    os.write(fd, b"hello\r")
    try:
        while piece := os.read(fd, 4096):
            text += piece
    except OSError:
        pass
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4
    assert b"got hello" in text
