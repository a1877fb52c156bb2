"""The life of a container under kist-runtime, seen from outside."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import kist
import pytest


def test_run_gives_output_and_exit_status(runtime):
    done = runtime.run(runtime.bundle("sh", "-c", "echo out; echo err >&2; exit 7"), status=7)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")
    assert json.loads(runtime("list", "-f", "json").stdout) is None


def test_a_signal_is_128_more(runtime):
    assert runtime.run(runtime.bundle("sh", "-c", "kill -9 $$; sleep 1; exit 3"), status=None).returncode in (3, 137)


def test_detached_it_outlives_the_runtime(runtime):
    bundle = runtime.bundle("sleep", "100")
    pid_file = bundle.path / "pid"
    name = runtime.start(bundle, "--pid-file", str(pid_file))
    state = runtime.state(name)
    assert state["status"] == "running" and state["pid"] == int(pid_file.read_text())
    assert state["bundle"] == str(bundle.path)
    assert kist.alive(state["pid"])
    assert runtime("delete", name, status=1).stderr.startswith("kist-runtime: cannot delete")
    runtime("kill", name, "KILL")
    kist.wait_until(lambda: runtime.state(name)["status"] == "stopped", what="its end")
    runtime("delete", name)
    assert "does not exist" in runtime("state", name, status=1).stderr


def test_created_it_waits_for_start(runtime):
    bundle = runtime.bundle("sh", "-c", "touch /tmp/started; sleep 100")
    bundle.write()
    name = runtime.new_id()
    subprocess.run(
        runtime.command("create", "--bundle", str(bundle.path), name),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=30,
    )
    assert runtime.state(name)["status"] == "created"
    assert not (bundle.rootfs / "tmp/started").exists()
    runtime("start", name)
    kist.wait_until((bundle.rootfs / "tmp/started").exists, what="the program")
    assert runtime.state(name)["status"] == "running"
    assert "not created" in runtime("start", name, status=1).stderr
    runtime("delete", "--force", name)


def test_the_same_id_twice_is_refused(runtime):
    bundle = runtime.bundle("sleep", "100")
    name = runtime.start(bundle)
    done = runtime("run", "--bundle", str(bundle.path), name, status=1)
    assert "already exists" in done.stderr
    assert runtime.state(name)["status"] == "running"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "-x", ".x", "x" * 200, "a b", "a\n"])
def test_ids_that_are_paths_are_refused(runtime, name):
    bundle = runtime.bundle("true")
    bundle.write()
    runtime("run", "--bundle", str(bundle.path), "--", name, status=1)
    assert not runtime.root.exists() or not [e for e in runtime.root.iterdir() if e.name != ".seccomp"]


@pytest.mark.parametrize(
    "command, kind, text",
    [
        ("nosuch", "command-not-found", 'exec: "nosuch": executable file not found in $PATH'),
        ("/nosuch", "command-not-found", "no such file or directory"),
        ("/etc/passwd", "command-not-executable", 'exec: "/etc/passwd": permission denied'),
        ("/tmp", "command-not-executable", 'exec: "/tmp": permission denied'),
    ],
)
def test_errors_of_the_command_say_which_kind(runtime, command, kind, text):
    done = runtime.run(runtime.bundle(command), status=1)
    assert text in done.stderr
    error = runtime.last_error()
    assert error["level"] == "error" and error["kind"] == kind and text in error["msg"] and "time" in error


def test_a_file_that_is_no_program_is_not_executable(runtime):
    bundle = runtime.bundle("/tmp/text")
    (bundle.rootfs / "tmp/text").write_text("\x01no program\n")
    (bundle.rootfs / "tmp/text").chmod(0o755)
    runtime.run(bundle, status=1)
    assert runtime.last_error()["kind"] == "command-not-executable"


def test_exec_joins_everything(runtime):
    bundle = runtime.bundle("sleep", "100")
    name = runtime.start(bundle)
    pid = runtime.state(name)["pid"]
    script = "for n in pid net ipc uts mnt cgroup; do readlink /proc/self/ns/$n; done; cat /proc/self/cgroup"
    lines = runtime("exec", name, "sh", "-c", script).stdout.splitlines()
    assert lines[:6] == [os.readlink(f"/proc/{pid}/ns/{n}") for n in ("pid", "net", "ipc", "uts", "mnt", "cgroup")]
    assert all(line.endswith(":/") for line in lines[6:])
    assert runtime("exec", name, "sh", "-c", "exit 9", status=9).stdout == ""
    done = runtime("exec", "--user", "1000:1001", "--env", "A=b c", "--cwd", "/tmp", name, "sh", "-c", "id -u; id -g; echo $A; pwd")
    assert done.stdout == "1000\n1001\nb c\n/tmp\n"
    runtime("exec", name, "nosuch", status=255)
    assert runtime.last_error()["kind"] == "command-not-found"


def test_exec_has_what_the_first_process_has(runtime):
    """security.md RT-18"""
    bundle = runtime.bundle("sleep", "100")
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW"}
    bundle.process["oomScoreAdj"] = 77
    name = runtime.start(bundle)
    pid = runtime.state(name)["pid"]
    keys = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters", "SigBlk", "SigIgn")

    def fields(text):
        return {line.partition(":")[0]: line.partition(":")[2].split() for line in text.splitlines() if line.partition(":")[0] in keys}

    inside = runtime("exec", name, "cat", "/proc/self/status", "/proc/self/oom_score_adj").stdout
    assert fields(inside) == fields(Path(f"/proc/{pid}/status").read_text())
    assert inside.splitlines()[-1] == "77"
    assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "77\n"


def test_exec_of_a_process_file(runtime):
    bundle = runtime.bundle("sleep", "100")
    name = runtime.start(bundle)
    process = {"args": ["sh", "-c", "echo $X; exit 5"], "cwd": "/", "env": ["PATH=/bin", "X=y"], "user": {"uid": 5, "gid": 6}}
    file = bundle.path / "process.json"
    file.write_text(json.dumps(process))
    assert runtime("exec", "--process", str(file), name, status=5).stdout == "y\n"
    file.write_text("{}")
    runtime("exec", "--process", str(file), name, status=255)


def test_pause_and_resume(runtime):
    name = runtime.start(runtime.bundle("sleep", "100"))
    runtime("pause", name)
    assert runtime.state(name)["status"] == "paused"
    assert "paused" in runtime("exec", name, "true", status=255).stderr
    runtime("resume", name)
    assert runtime.state(name)["status"] == "running"
    runtime("pause", name)
    runtime("delete", "--force", name)


def test_kill_all_reaches_every_process(runtime):
    bundle = runtime.bundle("sh", "-c", "sleep 100 & sleep 100 & wait")
    bundle.linux["namespaces"] = [n for n in bundle.linux["namespaces"] if n["type"] != "pid"]
    name = runtime.start(bundle)
    kist.wait_until(lambda: len(json.loads(runtime("ps", "-f", "json", name).stdout)) == 3, what="three processes")
    pids = json.loads(runtime("ps", "-f", "json", name).stdout)
    runtime("kill", "--all", name, "KILL")
    kist.wait_until(lambda: not any(kist.alive(pid) for pid in pids), what="their end")
    runtime("delete", name)


@pytest.mark.parametrize("moment", range(0, 24))
def test_killed_at_any_moment_delete_force_leaves_nothing(runtime, moment):
    bundle = runtime.bundle("sleep", "1000")
    bundle.write()
    name = runtime.new_id()
    process = subprocess.Popen(
        runtime.command("run", "--detach", "--bundle", str(bundle.path), name),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    time.sleep(moment * 0.0005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    runtime("delete", "--force", name)
    path = bundle.linux["cgroupsPath"].lstrip("/")
    left = [h for h in Path("/sys/fs/cgroup").iterdir() if (h / path).exists()]
    assert not left and not (Path("/sys/fs/cgroup") / path).exists()
    assert not (runtime.root / name).exists()
