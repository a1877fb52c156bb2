"""Verbs that change a container or look into it: pause, rename, update, diff, top, stats, restart policies."""

import json
import os
import signal
import subprocess
import time

import kist
import pytest


def state(engine, name):
    return engine.inspect(name)["State"]


def test_what_is_paused_stands_still_and_says_so(engine):
    engine.kist("run", "-d", "--name", "box", "busybox", "sh", "-c", "while :; do i=$((i+1)); echo $i > /tick; done")
    assert engine.out("pause", "box") == "box"
    assert state(engine, "box")["Paused"] and state(engine, "box")["Status"] == "paused"
    assert "(Paused)" in engine.out("ps")
    assert "already paused" in engine.kist("pause", "box", status=1).stderr
    assert "is paused" in engine.kist("rm", "box", status=1).stderr
    folder = next((engine.root / "containers").iterdir())
    before = (folder / "diff" / "tick").read_text()
    time.sleep(0.1)
    assert (folder / "diff" / "tick").read_text() == before
    engine.kist("unpause", "box")
    assert not state(engine, "box")["Paused"]
    kist.wait_until(lambda: (folder / "diff" / "tick").read_text() not in ("", before), what="it to go on")
    assert "is not paused" in engine.kist("unpause", "box", status=1).stderr
    engine.kist("pause", "box")
    engine.kist("stop", "-t", "5", "box")  # let go once the signal waits
    assert "is not running" in engine.kist("pause", "box", status=1).stderr


def test_a_renamed_container_is_found_by_its_new_name_alone(engine):
    engine.kist("run", "-d", "--name", "one", "busybox", "sleep", "100")
    engine.kist("create", "--name", "two", "busybox", "true")
    engine.kist("rename", "one", "uno")
    assert engine.inspect("uno")["Name"] == "/uno" and "uno" in engine.out("ps")
    assert "No such container" in engine.kist("stop", "one", status=1).stderr
    engine.kist("create", "--name", "one", "busybox", "true")
    assert 'name "/two" is already in use' in engine.kist("rename", "uno", "two", status=1).stderr
    assert "same name" in engine.kist("rename", "uno", "uno", status=1).stderr
    assert "Invalid container name" in engine.kist("rename", "uno", "a/b", status=1).stderr
    assert "may be empty" in engine.kist("rename", "uno", "", status=1).stderr
    assert sorted(os.listdir(engine.root / "names")) == ["one", "two", "uno"]


def test_of_many_who_want_a_name_one_gets_it(engine):
    for number in range(4):
        engine.kist("create", "--name", f"box{number}", "busybox", "true")
    races = [engine.start("rename", f"box{number}", "prize") for number in range(4)]
    assert sorted(race.wait() for race in races) == [0, 1, 1, 1]
    for race in races:
        race.communicate()
    names = sorted(os.listdir(engine.root / "names"))
    assert len(names) == 4 and "prize" in names
    assert sorted(engine.out("ps", "-a", "--format", "{{.Names}}").split()) == names


@pytest.mark.parametrize("point", ["renameat", "unlinkat", "linkat", "fsync"])
def test_a_rename_that_is_killed_leaves_one_name(engine, point):
    if not os.path.exists("/usr/bin/strace"):
        pytest.skip("strace is not installed")
    engine.kist("create", "--name", "old", "busybox", "true")
    for when in range(1, 7):
        subprocess.run(["timeout", "20", "strace", "-o", "/dev/null", "-e", f"inject={point}:signal=KILL:when={when}",
                        *engine.command("rename", "old", "new")], env=engine.env, check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        names = engine.out("ps", "-a", "--format", "{{.Names}}").split()
        assert names == os.listdir(engine.root / "names") and names in (["old"], ["new"])
        assert os.listdir(engine.root / "intents") == []
        if names == ["new"]:
            engine.kist("rename", "new", "old")


def test_diff_says_what_has_changed(engine):
    engine.kist("run", "--name", "box", "-v", "/vol", "busybox", "sh", "-c",
                "echo x > /etc/new; rm /www/index.html; mkdir -p /a/b; touch /a/b/c; chmod 700 /home; "
                "touch /etc/group; rm -r /usr; mkdir /usr; cat /etc/passwd; echo y > /vol/f")
    assert engine.out("diff", "box").splitlines() == [
        "A /a", "A /a/b", "A /a/b/c", "C /etc", "C /etc/group", "A /etc/new", "C /home",
        "D /usr/bin", "D /usr/sbin", "A /vol", "C /www", "D /www/index.html"] or engine.out("diff", "box").splitlines() == [
        "A /a", "A /a/b", "A /a/b/c", "C /etc", "C /etc/group", "A /etc/new", "C /home",
        "C /usr", "D /usr/bin", "D /usr/sbin", "A /vol", "C /www", "D /www/index.html"]


def test_top_shows_what_ps_of_the_machine_shows(engine):
    engine.kist("run", "-d", "--name", "box", "busybox", "sh", "-c", "sleep 1000 & exec sleep 2000")
    kist.wait_until(lambda: len(engine.out("top", "box").splitlines()) == 3)
    lines = engine.out("top", "box").splitlines()
    assert lines[0].split() == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    assert [line.split()[7:] for line in lines[1:]] == [["sleep", "2000"], ["sleep", "1000"]]
    pid = str(state(engine, "box")["Pid"])
    assert lines[1].split()[1] == pid
    for form in (["-o", "pid,ppid,pgid,sid,user,stat,comm,args,nlwp,ni,vsz"], ["-eo", "pid,uid,gid,s,tty,cmd"]):
        ours = [line.split() for line in engine.out("top", "box", *form).splitlines()]
        theirs = subprocess.check_output(["ps", "-p", pid, "-o", form[-1]], text=True).splitlines()
        assert ours[:2] == [line.split() for line in theirs]
    assert engine.out("top", "box", "aux").splitlines()[0].split()[:4] == ["USER", "PID", "%CPU", "%MEM"]
    assert "is not supported" in engine.kist("top", "box", "--sort=pid", status=1).stderr
    assert "no column" in engine.kist("top", "box", "-o", "pid,soup", status=1).stderr


def test_a_hostile_name_shifts_no_column(engine):
    engine.kist("run", "-d", "--name", "box", "busybox", "sh", "-c",
                "while :; do sleep 1; done #\n 1 1 1\tPID 77")
    lines = engine.out("top", "box", "-o", "args=A", "-o", "pid").splitlines()
    assert "#? 1 1 1?PID 77" in lines[1] and lines[1].split()[-1] == str(state(engine, "box")["Pid"])


def test_stats_shows_memory_processes_and_work(engine):
    engine.kist("run", "-d", "--name", "box", "-m", "64m", "busybox", "sh", "-c", "sleep 1000 & while :; do :; done")
    engine.kist("run", "-d", "--name", "idle", "busybox", "sleep", "1000")
    rows = {row["Name"]: row for row in map(json.loads, engine.out("stats", "--no-stream", "--format", "json").splitlines())}
    assert set(rows) == {"box", "idle"}
    assert rows["box"]["MemUsage"].endswith("/ 64MiB") and rows["box"]["PIDs"] == "2"
    assert float(rows["box"]["CPUPerc"].rstrip("%")) > 5 > float(rows["idle"]["CPUPerc"].rstrip("%"))
    heads = engine.out("stats", "--no-stream", "idle").splitlines()
    assert heads[0].split("  ")[0] == "CONTAINER ID" and len(heads) == 2


def test_update_changes_limits_in_force_and_on_record(engine):
    engine.kist("run", "-d", "--name", "box", "-m", "64m", "busybox", "sleep", "1000")
    engine.kist("update", "-m", "80m", "--memory-swap", "200m", "--cpus", "0.5", "--pids-limit", "50", "box")
    host = engine.inspect("box")["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (80 << 20, 500000000, 50)
    row = json.loads(engine.out("stats", "--no-stream", "--format", "json", "box"))
    assert row["MemUsage"].endswith("/ 80MiB")
    assert "smaller than already set memoryswap" in engine.kist("update", "-m", "1g", "box", status=1).stderr
    assert "CPU Quota cannot be updated" in engine.kist("update", "--cpu-quota", "5000", "box", status=1).stderr
    assert engine.inspect("box")["HostConfig"]["Memory"] == 80 << 20
    engine.kist("stop", "-t", "0", "box")
    engine.kist("update", "--restart", "on-failure:2", "box")
    assert engine.inspect("box")["HostConfig"]["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 2}


# ------------------------------------------------------------------------------------------ restarts


def test_on_failure_restarts_as_often_as_it_may(engine):
    engine.kist("run", "-d", "--name", "box", "--restart", "on-failure:2", "busybox", "sh", "-c", "echo again; exit 3")
    kist.wait_until(lambda: state(engine, "box")["Status"] == "exited", what="the last end")
    assert engine.inspect("box")["RestartCount"] == 2 and engine.out("logs", "box") == "again\n" * 2 + "again"
    engine.kist("run", "--name", "good", "--restart", "on-failure", "busybox", "true")
    time.sleep(0.3)
    assert state(engine, "good")["Status"] == "exited" and engine.inspect("good")["RestartCount"] == 0


def test_stop_ends_it_running_or_waiting(engine):
    engine.kist("run", "-d", "--name", "box", "--restart", "always", "busybox", "sleep", "1000")
    engine.kist("stop", "-t", "0", "box")
    time.sleep(0.3)
    assert state(engine, "box")["Status"] == "exited"
    engine.kist("start", "box")
    first = state(engine, "box")["Pid"]
    os.kill(first, signal.SIGKILL)
    kist.wait_until(lambda: state(engine, "box")["Pid"] not in (0, first), what="the restart")
    engine.kist("rm", "-f", "box")
    engine.kist("run", "-d", "--name", "flap", "--restart", "unless-stopped", "busybox", "false")
    kist.wait_until(lambda: state(engine, "flap")["Restarting"] and engine.inspect("flap")["RestartCount"] > 2)
    assert "is restarting" in engine.kist("rm", "flap", status=1).stderr
    engine.kist("stop", "flap")
    count = engine.inspect("flap")["RestartCount"]
    time.sleep(1)
    assert engine.inspect("flap")["RestartCount"] == count and state(engine, "flap")["Status"] == "exited"
    assert os.listdir(engine.root / "intents") == []


def test_a_waiter_that_was_killed_is_replaced_by_the_next_command(engine):
    engine.kist("run", "-d", "--name", "box", "--restart", "always", "busybox", "false")

    def waiter():
        found = subprocess.run(["pgrep", "-f", f"{engine.root}.*cleanup --restart"], stdout=subprocess.PIPE, text=True,
                               check=False).stdout.split()
        return [int(pid) for pid in found if kist.alive(pid)]

    kist.wait_until(lambda: engine.inspect("box")["RestartCount"] >= 4 and waiter(), what="a long wait")
    count = engine.inspect("box")["RestartCount"]
    for pid in waiter():
        os.kill(pid, signal.SIGKILL)
    kist.wait_until(lambda: engine.inspect("box")["RestartCount"] > count, seconds=20, what="the next restart")
    engine.kist("rm", "-f", "box")
    kist.wait_until(lambda: not waiter(), what="the waiter to go")


def test_after_a_boot_those_that_shall_run_do(engine):
    for policy in ("no", "always", "unless-stopped"):
        engine.kist("run", "-d", "--name", policy, "--restart", policy, "busybox", "sleep", "1000")
    engine.kist("run", "-d", "--name", "stopped", "--restart", "unless-stopped", "busybox", "sleep", "1000")
    engine.kist("stop", "-t", "0", "stopped")
    for name in ("no", "always", "unless-stopped"):
        folder = engine.runroot / "containers" / engine.inspect(name)["Id"]
        pid = state(engine, name)["Pid"]
        os.kill(json.loads((folder / "monitor.json").read_text())["pid"], signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        kist.wait_until(lambda pid=pid: not kist.alive(pid))
    (engine.runroot / "boot-id").write_text("another boot")
    engine.kist("ps")
    kist.wait_until(lambda: state(engine, "always")["Running"] and state(engine, "unless-stopped")["Running"])
    assert not state(engine, "no")["Running"] and not state(engine, "stopped")["Running"]
