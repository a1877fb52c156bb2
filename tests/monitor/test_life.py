"""From the start of a container to its exit record: what the monitor promises of a life."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from monitor import (ATTACH, CLEANING, COMMIT, EXITED, STARTED, STDERR, STDIN, STDOUT, WAIT, alive, cgroup_processes, runtime_path,
                     wait_until)


@pytest.mark.parametrize("command, code", [
    ("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137), ("kill -15 $$; sleep 9", 143),
])
def test_the_exit_code_is_the_process_s(make, command, code):
    # a signal the first process sends itself is ignored by the kernel: a second shell gets it
    script = f"sh -c '{command}'; exit $?" if "kill" in command else command
    c = make(["sh", "-c", script])
    owner = c.run()
    told = owner.exited()
    assert told["code"] == code and not told["oom"]
    assert c.exit_record() == told
    assert c.wait() == 0


def test_a_first_process_killed_from_outside_exits_with_128_and_the_signal(make):
    c = make(["sleep", "1000"])
    owner = c.run()
    os.kill(c.state["pid"], signal.SIGKILL)
    assert owner.exited()["code"] == 137
    assert c.exit_record()["code"] == 137


def test_the_records_name_monitor_and_process(make):
    c = make(["sleep", "1000"])
    c.run()
    with open(f"{c.bundle}/monitor.json") as f:
        assert json.load(f)["pid"] == c.process.pid
    with open(f"{c.bundle}/state.json") as f:
        state = json.load(f)
    with open(f"/proc/{c.state['pid']}/stat") as f:
        ticks = int(f.read().rsplit(")", 1)[1].split()[19])
    assert state == {"pid": c.state["pid"], "start": ticks, "started": c.state["time"]}
    assert c.state["ticks"] == ticks
    assert abs(state["started"] / 1e9 - time.time()) < 60


def test_the_exit_record_is_in_place_before_anybody_is_told(make):
    c = make(["sh", "-c", "sleep 0.2; exit 3"])
    owner = c.run()
    waiter = c.connect()
    waiter.send(WAIT)
    for connection in (waiter, owner):
        assert connection.exited()["code"] == 3
        assert c.exit_record()["code"] == 3
        assert connection.receive() is None


def switches(pid):
    with open(f"/proc/{pid}/status") as f:
        return [line for line in f if "ctxt_switches" in line]


def test_a_container_that_ends_before_the_commit_waits_for_it(make):
    c = make(["sh", "-c", "echo said; exit 4"])
    owner = c.start()
    state = owner.started()
    wait_until("the process ends", lambda: not alive(state["pid"]))
    time.sleep(0.1)
    before = switches(c.process.pid)
    time.sleep(0.3)
    assert switches(c.process.pid) == before
    assert not os.path.exists(c.exit)
    owner.send(ATTACH, bytes([STDOUT]))
    owner.send(COMMIT)
    assert owner.exited()["code"] == 4
    assert owner.output[1] == b"said\n"


def test_a_commit_may_come_before_the_start(make):
    c = make(["sh", "-c", "echo early; exit 5"])
    owner = c.start()
    owner.send(ATTACH, bytes([STDOUT | STDERR]))
    owner.send(COMMIT)
    owner.send(CLEANING)
    owner.cleaning = True
    assert owner.started()["pid"] > 1
    assert owner.exited()["code"] == 5
    assert owner.output[1] == b"early\n"
    assert c.wait() == 0


def test_an_out_of_memory_kill_is_told(make):
    c = make(["sh", "-c", "tail /dev/zero; exit $?"], memory=16 << 20,
             config=lambda spec: spec["mounts"].append(
                 {"destination": "/dev/zero", "type": "bind", "source": "/dev/zero", "options": ["bind"]}))
    owner = c.run()
    told = owner.exited()
    assert told["oom"] and told["code"] == 137
    assert c.exit_record()["oom"] is True


def test_a_kill_by_the_user_is_no_out_of_memory_kill(make):
    c = make(["sleep", "1000"], memory=16 << 20)
    owner = c.run()
    os.kill(c.state["pid"], signal.SIGKILL)
    assert owner.exited() == {**c.exit_record(), "code": 137, "oom": False}


def test_orphans_are_reaped(make):
    """A process that leaves the container's session and pid namespace is ours to reap."""
    c = make(["sh", "-c", "(sleep 0.1 & ) ; sleep 0.5"],
             config=lambda spec: spec["linux"].update(
                 namespaces=[n for n in spec["linux"]["namespaces"] if n["type"] != "pid"]))
    owner = c.run()
    time.sleep(0.3)
    with open(f"/proc/{c.process.pid}/task/{c.process.pid}/children") as f:
        children = f.read().split()
    assert children == [str(c.state["pid"])]
    assert owner.exited()["code"] == 0


# Who ends what


OWNER = """
import sys, time
sys.path.insert(0, {here!r})
import monitor
monitor.Monitor.count = 10
c = monitor.Monitor({folder!r}, ["sh", "-c", "echo living; sleep 1000"], cleanup=True)
owner = c.start()
state = owner.started()
{commit}
print(c.process.pid, state["pid"], c.id, flush=True)
time.sleep(1000)
"""


def start_owner(folder, commit):
    """An owner in a process of its own: (process, monitor's pid, container's pid, id)."""
    code = OWNER.format(here=os.path.dirname(__file__), folder=str(folder),
                        commit="owner.send(monitor.COMMIT)" if commit else "")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with process.stdout:
        monitor_pid, pid, name = process.stdout.readline().split()
    return process, int(monitor_pid), int(pid), name


def test_an_owner_killed_before_the_commit_leaves_nothing(tmp_path):
    process, monitor_pid, pid, name = start_owner(tmp_path / "c", commit=False)
    process.kill()
    process.wait()
    wait_until("the container ends", lambda: not alive(pid))
    wait_until("the monitor ends", lambda: not alive(monitor_pid))
    assert not cgroup_processes(name)
    assert os.listdir(tmp_path / "c" / "runtime") == []
    assert not os.path.exists(tmp_path / "c" / "cleaned")
    assert not os.path.exists(tmp_path / "c" / "exit.json")


def test_an_owner_killed_after_the_commit_leaves_a_whole_container(tmp_path):
    process, monitor_pid, pid, name = start_owner(tmp_path / "c", commit=True)
    time.sleep(0.2)
    process.kill()
    process.wait()
    time.sleep(0.3)
    assert alive(pid) and alive(monitor_pid)
    os.kill(pid, signal.SIGTERM)  # ignored by a first process without a handler
    os.kill(pid, signal.SIGKILL)
    wait_until("cleanup", lambda: os.path.exists(tmp_path / "c" / "cleanup-fds"))
    wait_until("the monitor ends", lambda: not alive(monitor_pid))
    with open(tmp_path / "c" / "exit.json") as f:
        assert json.load(f)["code"] == 137
    with open(tmp_path / "c" / "log.json") as f:
        assert json.loads(f.readline())["log"] == "living\n"
    subprocess.run([runtime_path(), "--root", str(tmp_path / "c/runtime"), "delete", "--force", name], check=False)


@pytest.mark.parametrize("delay", [0, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08])
def test_an_owner_gone_at_any_moment_of_the_start_leaves_nothing(make, delay):
    c = make(["sleep", "1000"])
    owner = c.start()
    time.sleep(delay)
    owner.close()
    assert c.wait() != 0
    assert not cgroup_processes(c.id)
    assert not os.path.exists(c.runtime_root) or os.listdir(c.runtime_root) == []
    assert not os.path.exists(f"{c.bundle}/monitor.json")


def test_an_owner_that_commits_and_dies_at_once_has_committed(tmp_path):
    for i in range(15):
        folder = str(tmp_path / f"c{i}")
        code = OWNER.format(here=os.path.dirname(__file__), folder=folder,
                            commit="print(c.process.pid, state['pid'], c.id, flush=True); owner.send(monitor.COMMIT); "
                                   "import os; os._exit(0)")
        process = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
        monitor_pid, pid, name = process.stdout.split()
        time.sleep(0.02)
        assert alive(int(pid)) and alive(int(monitor_pid))
        os.kill(int(pid), signal.SIGKILL)
        wait_until("the monitor ends", lambda: not alive(int(monitor_pid)))
        subprocess.run([runtime_path(), "--root", f"{folder}/runtime", "delete", "--force", name], check=False)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1,
                                 signal.SIGPIPE, signal.SIGALRM])
def test_signals_to_a_monitor_harm_nobody(make, sig):
    c = make(["sh", "-c", "sleep 0.3; exit 6"], cleanup=True)
    owner = c.run()
    time.sleep(0.05)
    c.process.send_signal(sig)
    assert owner.exited()["code"] == 6
    assert c.wait() == 0
    assert os.path.exists(c.path("cleaned"))


def test_a_killed_monitor_leaves_the_container_and_its_output(make):
    c = make(["sh", "-c", "echo before; sleep 0.3; seq 1 5000; echo after >&2; sleep 1000"])
    owner = c.run(attach=STDOUT)
    pid = c.state["pid"]
    time.sleep(0.1)
    os.kill(c.process.pid, signal.SIGKILL)
    c.wait()
    time.sleep(0.6)
    assert alive(pid)
    # the FIFOs can be found by name, and hold what nobody has read
    fd = os.open(f"{c.bundle}/stdout", os.O_RDONLY | os.O_NONBLOCK)
    data = b""
    while True:
        try:
            data += os.read(fd, 65536)
        except BlockingIOError:
            break
    os.close(fd)
    assert data == b"".join(b"%d\n" % i for i in range(1, 5001))
    fd = os.open(f"{c.bundle}/stderr", os.O_RDONLY | os.O_NONBLOCK)
    assert os.read(fd, 100) == b"after\n"
    os.close(fd)
    assert c.logged() == "before\n"
    os.kill(pid, signal.SIGKILL)


# Cleanup


@pytest.mark.parametrize("told_to", ["stays", "leaves", "cleans", "cleans and leaves"])
def test_cleanup_is_executed_exactly_when_the_owner_does_not_do_it(make, told_to):
    c = make(["sh", "-c", "sleep 0.3"], cleanup=True)
    owner = c.run(cleaning="cleans" in told_to)
    if "leaves" in told_to:
        owner.close()
    else:
        owner.exited()
    assert c.wait() == 0
    assert os.path.exists(c.path("cleaned")) == (told_to != "cleans")
    if told_to != "cleans":
        with open(c.path("cleaned")) as f:
            assert json.load(f) == c.exit_record()


def test_the_cleanup_command_inherits_no_descriptor(make):
    c = make(["true"], cleanup=True)
    c.run().exited()
    assert c.wait() == 0
    with open(c.path("cleanup-fds")) as f:
        numbers = {line.split()[-3] if "->" in line else line.split()[-1] for line in f.read().splitlines()[1:]}
    assert numbers <= {"0", "1", "2", "3"}


def test_a_failed_start_needs_no_cleanup(make):
    c = make(["nonexistent"], cleanup=True)
    c.start().failed()
    assert c.wait() == 125
    assert not os.path.exists(c.path("cleaned"))


def test_after_the_end_nobody_finds_a_monitor(make):
    c = make(["true"])
    c.run().exited()
    c.wait()
    for name in ("control", "monitor.json"):
        assert not os.path.exists(f"{c.bundle}/{name}")


# Errors


@pytest.mark.parametrize("command, kind", [
    ("nonexistent", "command-not-found"), ("/bin/nonexistent", "command-not-found"),
    ("/tmp", "command-not-executable"), ("/plain", "command-not-executable"),
])
def test_a_command_that_cannot_be_executed_has_its_kind(make, command, kind):
    c = make([command])
    with open(c.path("layer/plain"), "w") as f:
        f.write("no program")
    owner = c.start()
    told, message = owner.failed()
    assert told == kind and command in message
    assert owner.receive() is None
    assert c.wait() == 125


@pytest.mark.parametrize("spoil, words", [
    (lambda c: os.rename(c.path("layer"), c.path("gone")), ["layer", "No such file"]),
    (lambda c: os.rename(c.path("work"), c.path("gone")), ["work", "No such file"]),
    (lambda c: os.unlink(f"{c.bundle}/config.json"), ["config.json"]),
    (lambda c: c.args.__setitem__(c.args.index("--runtime") + 1, "/nonexistent/runtime"), ["/nonexistent/runtime"]),
    (lambda c: c.args.__setitem__(c.args.index("--runtime") + 1, "/bin/false"), ["/bin/false", "status 1"]),
    (lambda c: c.args.__setitem__(c.args.index("--log") + 1, "/nonexistent/log"), ["log", "/nonexistent/log"]),
    (lambda c: c.args.__setitem__(c.args.index("--bundle") + 1, "/nonexistent"), ["bundle /nonexistent"]),
    (lambda c: c.args.__setitem__(c.args.index("--work") + 1, "/proc"), ["overlay"]),
])
def test_a_failed_start_says_why_in_one_sentence(make, spoil, words):
    c = make(["true"])
    spoil(c)
    kind, message = c.start().failed()
    assert kind != "none" and "\n" not in message
    for word in words:
        assert word in message
    assert c.wait() == 125


@pytest.mark.parametrize("change", [
    lambda args: args.remove("--upper"), lambda args: args.append("operand"), lambda args: args.append("--unknown"),
    lambda args: args.__setitem__(args.index("--bundle") + 1, "relative"), lambda args: args.extend(["--hold-fd", "99"]),
    lambda args: args.extend(["--rootfs", "/"]), lambda args: args.__setitem__(args.index("--id") + 1, "--help"),
])
def test_a_wrong_command_line_is_refused_without_effect(make, change):
    c = make(["true"])
    change(c.args)
    owner = c.start(stderr=subprocess.PIPE)
    assert c.process.stderr.read().strip()
    c.process.stderr.close()
    assert owner.receive() is None
    assert c.wait() == 125
    assert sorted(os.listdir(c.bundle)) == ["config.json"]
