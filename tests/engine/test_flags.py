"""Every flag of run and create, observed from inside the container or from the host."""

import json
import os
from pathlib import Path

import kist
import pytest


def sh(engine, *args, script, **options):
    return engine.out("run", "--rm", *args, "busybox", "sh", "-c", script, **options)


@pytest.mark.parametrize("args, script, expected", [
    (("-e", "A=1", "--env", "A=2"), "echo $A", "2"),
    (("-w", "/new/folder"), "pwd", "/new/folder"),
    (("-u", "daemon"), "id", "uid=1(daemon) gid=1(daemon) groups=1(daemon)"),
    (("-u", "7:8"), "id -u; id -g; id -G", "7\n8\n8"),
    (("-u", "7"), "echo $HOME", "/"),
    ((), "echo $HOME; pwd; id -u", "/root\n/\n0"),
    (("-h", "box"), "hostname; grep -c box /etc/hosts", "box\n1"),
    (("--hostname=box",), "cat /etc/hostname", "box"),
    (("--network", "none"), "ls /sys/class/net", "lo"),
    (("--read-only",), "touch /x 2>&1", "touch: /x: Read-only file system"),
    (("--read-only", "--tmpfs", "/t:size=64k"), "touch /t/x && df -k /t | tail -1 | awk '{print $2}'", "64"),
    (("--tmpfs", "/t"), "grep -c ' /t tmpfs .*noexec' /proc/mounts", "1"),
    (("--add-host", "a.b:1.2.3.4"), "grep -F a.b /etc/hosts | tr '\\t' ' '", "1.2.3.4 a.b"),
    (("--dns", "9.9.9.9", "--dns-search", "x.y"), "sort /etc/resolv.conf", "nameserver 9.9.9.9\nsearch x.y"),
])
def test_a_flag_shows_inside(shared_engine, args, script, expected):
    done = shared_engine.kist("run", "--rm", *args, "busybox", "sh", "-c", script, status=None)
    assert done.stdout.rstrip("\n") == expected


def test_the_hostname_is_the_beginning_of_the_id(shared_engine):
    container = shared_engine.out("run", "-d", "--name", "hostname", "busybox", "sleep", "100")
    assert shared_engine.out("exec", "hostname", "hostname") == container[:12]
    shared_engine.kist("rm", "-f", "hostname")


def test_entrypoint_replaces_the_command_of_the_image(shared_engine):
    assert shared_engine.out("run", "--rm", "--entrypoint", "echo", "busybox", "a", "b") == "a b"
    assert "no command specified" in shared_engine.kist(
        "run", "--rm", "--entrypoint", "", "busybox", status=125).stderr


def test_env_files_and_own_variables(shared_engine, tmp_path):
    (tmp_path / "env").write_text("# comment\n\nA=from file\nOWN\nABSENT\nB=1\n")
    env = {**shared_engine.env, "OWN": "mine"}
    out = shared_engine.out("run", "--rm", "--env-file", tmp_path / "env", "-e", "B=2", "busybox", "sh", "-c",
                            'echo "$A $OWN $B ${ABSENT-none}"', env=env)
    assert out == "from file mine 2 none"
    (tmp_path / "bad").write_text("A B=1\n")
    assert "contains whitespaces" in shared_engine.kist(
        "run", "--rm", "--env-file", tmp_path / "bad", "busybox", "true", status=125).stderr


def test_bind_mounts(shared_engine, tmp_path):
    assert sh(shared_engine, "-v", f"{tmp_path}/made/deep:/d", script="echo x > /d/f; cat /d/f") == "x"
    assert (tmp_path / "made/deep/f").read_text() == "x\n"
    assert "Read-only" in sh(shared_engine, "-v", f"{tmp_path}:/d:ro", script="touch /d/f 2>&1; true")
    (tmp_path / "file").write_text("content")
    assert sh(shared_engine, "-v", f"{tmp_path}/file:/etc/file", script="cat /etc/file") == "content"


def test_a_named_volume_takes_over_what_the_image_has_and_stays(shared_engine):
    assert sh(shared_engine, "-v", "data:/www", script="cat /www/index.html; echo 1 > /www/n") == "Hello, World!"
    assert sh(shared_engine, "-v", "data:/www", script="cat /www/n") == "1"
    assert (shared_engine.root / "volumes/data/_data/n").exists()
    assert sh(shared_engine, "-v", "empty:/www:nocopy", script="ls /www") == ""
    for name in ("data", "empty"):
        for folder, folders, files in os.walk(shared_engine.root / "volumes" / name, topdown=False):
            [os.unlink(os.path.join(folder, f)) for f in files]
            [os.rmdir(os.path.join(folder, f)) for f in folders]
        os.rmdir(shared_engine.root / "volumes" / name)


def test_anonymous_volumes_go_with_rm_and_with_rm_v(shared_engine):
    volumes = shared_engine.root / "volumes"

    def count():
        return len(list(volumes.iterdir())) if volumes.exists() else 0

    before = count()
    sh(shared_engine, "-v", "/anonymous", script="echo x > /anonymous/x")
    assert count() == before
    shared_engine.kist("create", "--name", "vo", "-v", "/anonymous", "busybox", "true")
    assert count() == before + 1
    shared_engine.kist("rm", "-v", "vo")
    assert count() == before


def cgroup_value(pid, controller, name):
    """From the host: what the file of the process's cgroup says."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return Path(f"/sys/fs/cgroup/{controllers}{path}/{name}").read_text().strip()
        if controllers == "" and Path("/sys/fs/cgroup/cgroup.controllers").exists():
            return Path(f"/sys/fs/cgroup{path}/{name}").read_text().strip()
    raise AssertionError(f"no {controller}")


def test_resources_reach_the_cgroup(shared_engine):
    v2 = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    shared_engine.kist("run", "-d", "--name", "limited", "-m", "64m", "--memory-swap", "96m", "--cpus", "0.5",
                       "--pids-limit", "50", "-c", "512", "busybox", "sleep", "100")
    pid = shared_engine.inspect("limited")["State"]["Pid"]
    rows = [("memory", "memory.max", "67108864"), ("memory", "memory.swap.max", "33554432"),
            ("cpu", "cpu.max", "50000 100000"), ("pids", "pids.max", "50")] if v2 else [
            ("memory", "memory.limit_in_bytes", "67108864"),
            ("memory", "memory.memsw.limit_in_bytes", "100663296"),
            ("cpu", "cpu.cfs_quota_us", "50000"), ("cpu", "cpu.shares", "512"), ("pids", "pids.max", "50")]
    for controller, name, value in rows:
        assert cgroup_value(pid, controller, name) == value, name
    shared_engine.kist("rm", "-f", "limited")


def test_a_container_out_of_memory_says_so(shared_engine):
    shared_engine.kist("run", "--name", "oom", "-m", "16m", "--memory-swap", "16m", "busybox", "sh", "-c",
                       "x=a; while :; do x=$x$x; done", status=137)
    assert shared_engine.inspect("oom")["State"]["OOMKilled"]
    shared_engine.kist("rm", "oom")


def test_cgroup_parent(shared_engine):
    parent = shared_engine.tag + "/sub"
    container = shared_engine.out("run", "-d", "--cgroup-parent", "/" + parent, "busybox", "sleep", "100")
    pid = shared_engine.inspect(container)["State"]["Pid"]
    assert f"/{parent}/{container}" in Path(f"/proc/{pid}/cgroup").read_text()
    shared_engine.kist("rm", "-f", container)
    # A parent that somebody named is not ours to remove.
    for folder in [Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").iterdir()]:
        if (folder / parent).is_dir():
            (folder / parent).rmdir()


def test_labels_and_cidfile(shared_engine, tmp_path):
    cidfile = tmp_path / "cid"
    container = shared_engine.out("create", "-l", "a=1", "--label", "b", "--cidfile", cidfile, "busybox", "true")
    assert cidfile.read_text() == container
    labels = shared_engine.inspect(container)["Config"]["Labels"]
    assert labels["a"] == "1" and labels["b"] == ""
    assert "container ID file found" in shared_engine.kist(
        "create", "--cidfile", cidfile, "busybox", "true", status=1).stderr
    shared_engine.kist("rm", container)


def test_publish(shared_engine):
    port = kist.free_port()
    shared_engine.kist("run", "-d", "--name", "web", "-p", f"{port}:80", "busybox", "httpd", "-f", "-h", "/www")
    assert kist.fetch(f"http://127.0.0.1:{port}/") == b"Hello, World!\n"
    done = shared_engine.kist("run", "--rm", "-p", f"{port}:81", "busybox", "true", status=125)
    assert "port is already allocated" in done.stderr
    shared_engine.kist("rm", "-f", "web")


def test_publish_all(bare_engine):
    bare_engine.kist("import", "-c", "EXPOSE 80", kist.busybox_file(), "web")
    bare_engine.kist("run", "-d", "--name", "web", "-P", "web", "httpd", "-f", "-h", "/www")
    binding = bare_engine.inspect("web")["NetworkSettings"]["Ports"]["80/tcp"][0]
    assert kist.fetch(f"http://127.0.0.1:{binding['HostPort']}/") == b"Hello, World!\n"
    bare_engine.kist("rm", "-f", "web")


def test_the_image_gives_defaults(bare_engine):
    changes = ('ENTRYPOINT ["echo"]', 'CMD ["a"]', "ENV X=1", "USER daemon", "WORKDIR /tmp", "VOLUME /data",
               "STOPSIGNAL USR1", "LABEL l=v")
    bare_engine.kist("import", *[word for change in changes for word in ("-c", change)], kist.busybox_file(), "img")
    assert bare_engine.out("run", "--rm", "img") == "a"
    assert bare_engine.out("run", "--rm", "img", "b") == "b"
    assert bare_engine.out("run", "--rm", "--entrypoint", "sh", "img", "-c", "echo $X; id -un; pwd") == "1\ndaemon\n/tmp"
    container = bare_engine.out("create", "img")
    record = json.loads((bare_engine.root / "containers" / container / "record.json").read_text())
    assert record["config"]["stopSignal"] == 10
    assert record["config"]["mounts"][0]["target"] == "/data"
    bare_engine.kist("rm", "-v", container)
